"""One delivery on its way in: what is taken, where to, how far it is, and the receipt at the end."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dashboard import log, store
from dashboard.contract import Contract
from dashboard.errors import EvenhandError
from dashboard.ingest.sources import Source, content_digest, family
from dashboard.settings import ModelPaths

Progress = Callable[[int, int], None]
"""Called with how much is done and of how much, from another thread, a few times a second."""
Told = Callable[[float], None]
"""Called with the share of one source that is done, 0 to 1."""
STEPS = 1000


def untold(share: float) -> None:
    """Does nothing with progress."""


def part(progress: Progress | None, place: int, of: int) -> Told:
    """Returns what tells `progress` the share done of the source at `place` among `of` sources."""
    if progress is None:
        return untold
    return lambda share: progress(round((place + share) * STEPS), of * STEPS)


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery: accepted + repeated + rejected = its rows. `days` are those it touched."""

    batch: str
    source: str
    accepted: int
    repeated: int
    rejected: int
    reasons: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    days: tuple[date, ...] = ()

    @property
    def rows(self) -> int:
        """The rows delivered."""
        return self.accepted + self.repeated + self.rejected


@dataclass(frozen=True)
class Delivery:
    """One source about to be taken in; `folder` is its workplace, `known_digest` None for a file not yet hashed."""

    paths: ModelPaths
    contract: Contract
    source: Source
    known_digest: str | None
    folder: Path
    connection: store.Connection
    progress: Told = untold
    again: bool = False

    @property
    def out(self) -> Path:
        """The folder whose files move into the log, under the same names."""
        return self.folder / "out"

    def digest(self) -> str:
        """Returns the SHA-256 of the delivered content."""
        return self.known_digest or content_digest(self.source.path)


def batch_name(kind: log.BatchKind, digest: str, times: int) -> str:
    """Returns a batch's name: the same content has the same name; taken in again it gets a number."""
    return f"{kind[0]}{digest[:20]}" + (f"-{times + 1}" if times else "")


def now() -> datetime:
    """Returns the instant of arrival in UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def repeated(delivery: Delivery, record: log.Record) -> Receipt:
    """Returns the receipt of content that the log already has."""
    note = f"the same content came before, on {record.arrived_at[:10]} as {record.source}; nothing changed"
    return Receipt(record.batch, delivery.source.name, 0, record.rows, 0, notes=(note,))


def receipt(record: log.Record) -> Receipt:
    """Returns the receipt of a new batch."""
    days = {date.fromisoformat(str(f["day"])) for f in record.files if f["what"] in ("predictions", "labels")}
    return Receipt(
        record.batch,
        record.source,
        record.accepted,
        record.repeated,
        record.rejected,
        dict(record.reasons),
        record.notes,
        tuple(sorted(days)),
    )


def schema_notes(source: Source, before: dict[str, str]) -> list[str]:
    """Returns in words how the columns differ from those delivered so far; nothing for the first batch."""
    if not before:
        return []
    notes = [f"column '{name}' is new since {source.name}" for name in source.columns if name not in before]
    for name, kind in source.columns.items():
        was = before.get(name, kind)
        if family(was) != family(kind) and "unknown" not in (family(was), family(kind)):
            notes.append(f"column '{name}' changed its type from {family(was)} ({was}) to {family(kind)} ({kind})")
    missing = [name for name in before if name not in source.columns]
    return notes + [f"column '{name}' was delivered before and is missing from {source.name}: null" for name in missing]


def run(delivery: Delivery, statement: str, since: float, until: float) -> list[Any]:
    """Returns a long statement's rows, telling the progress callback the share done, from `since` to `until`."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            with suppress(store.Error):
                share = max(0.0, delivery.connection.query_progress()) / 100
                delivery.progress(since + (until - since) * min(1.0, share))

    watcher = threading.Thread(target=watch, daemon=True)
    if delivery.progress is not untold:
        watcher.start()
    try:
        return delivery.connection.execute(statement).fetchall()
    finally:
        done.set()
        if watcher.is_alive():
            watcher.join()
        delivery.progress(until)


def file_entries(out: Path, written: Sequence[tuple[str, int]], what: log.What) -> list[dict[str, Any]]:
    """Returns what the record says of written files: (path, rows) as COPY returned them."""
    entries = []
    for name, rows in written:
        path = Path(name).relative_to(out)
        day = path.parent.name.removeprefix("day=") if path.parent.name.startswith("day=") else None
        entries.append({"path": path.as_posix(), "day": day, "rows": rows, "what": what})
    return sorted(entries, key=lambda entry: str(entry["path"]))


@contextmanager
def as_evenhand(name: str) -> Iterator[None]:
    """Does turn an error of the database or the file system into one that says what to do."""
    try:
        yield
    except store.Error as error:
        raise _said(name, error) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(name) from error
        raise EvenhandError(f"Could not take in {name}: {error}", todo="Check the path and its permissions") from error


def _said(name: str, error: store.Error) -> EvenhandError:
    text = str(error)
    if "No space left" in text or "ENOSPC" in text or "disk is full" in text.lower():
        return _disk_full(name)
    if "out of memory" in text.lower() or "OutOfMemory" in type(error).__name__:
        return EvenhandError(
            f"{name} needs more memory than it may use", todo="Raise memory_limit under [engine] in evenhand.toml"
        )
    first = text.splitlines()[0].partition(": ")[2] or text.splitlines()[0]
    return EvenhandError(
        f"Could not read {name}: {first}",
        "A whole file of rows was expected; nothing of it was taken in",
        "Check how it was written, or export it again",
    )


def _disk_full(name: str) -> EvenhandError:
    return EvenhandError(
        f"The disk is full: {name} was not taken in, and nothing of it was left behind",
        "Intake needs about twice the file's size for a while",
        "Free some space and run it again",
    )
