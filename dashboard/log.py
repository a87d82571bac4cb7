"""The log's table of contents: what was delivered, and which files hold it.

A batch exists if and only if its record does (`batches/<batch>.json`, renamed into place last). Readers list
records, never folders: a file exists if and only if a record names it and no later record replaces it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from dashboard.errors import EvenhandError

What = Literal["predictions", "labels", "rejected", "waiting"]
BatchKind = Literal["predictions", "labels"]
NO_DAY = date.min  # of labels whose prediction has not come


@dataclass(frozen=True)
class FileEntry:
    """One file of the log. `path` is absolute; `day` is NO_DAY for waiting labels."""

    path: Path
    day: date
    rows: int
    batch: str
    what: What


@dataclass(frozen=True)
class Record:
    """What one batch record says. `digest` is that of the delivered content, `files` as the record names them.

    `tallies` are what its rows were worth by day and version (`ingest.tallies`); of labels, and of what was taken in
    before they were kept, there are none.
    """

    batch: str
    kind: BatchKind
    source: str
    digest: str
    arrived_at: str
    columns: Mapping[str, str]
    accepted: int
    repeated: int
    rejected: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()
    replaces: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tallies: tuple[Mapping[str, Any], ...] = ()

    @property
    def rows(self) -> int:
        """The rows delivered."""
        return self.accepted + self.repeated + self.rejected


def read_records(log: Path) -> list[Record]:
    """Returns every batch record in order of arrival; raises EvenhandError for one that cannot be read."""
    folder = log / "batches"
    if not folder.is_dir():
        return []
    found = [_read(path) for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith(".")]
    return sorted(found, key=lambda record: (record.arrived_at, record.batch))


def records(log: Path) -> list[dict[str, Any]]:
    """Returns every batch record in order of arrival, as the dictionaries that the files hold."""
    return [asdict(record) for record in read_records(log)]


def _read(path: Path) -> Record:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        lists = {name: tuple(content.get(name, ())) for name in ("files", "replaces", "notes", "tallies")}
        return Record(**{**content, **lists})
    except (OSError, ValueError, TypeError) as error:
        raise EvenhandError(
            f"The batch record {path} cannot be read: {error}",
            "Batch records are written once and never edited",
            "Restore it from a copy; the files that it names are untouched",
        ) from error


def files(log: Path, what: What) -> list[FileEntry]:
    """Returns the files of one kind that exist, by day and batch."""
    return entries(log, read_records(log), what)


def entries(log: Path, known: list[Record], what: What) -> list[FileEntry]:
    """Returns the files of one kind that the records name and none replaces, by day and batch."""
    gone = {path for record in known for path in record.replaces}
    found = [
        FileEntry(
            log / entry["path"],
            date.fromisoformat(entry["day"]) if entry["day"] else NO_DAY,
            entry["rows"],
            record.batch,
            what,
        )
        for record in known
        for entry in record.files
        if entry["what"] == what and entry["path"] not in gone
    ]
    return sorted(found, key=lambda entry: (entry.day, entry.batch, entry.path))


def standing(known: Sequence[Record]) -> list[Record]:
    """Returns the deliveries that count: one that was taken in again does no longer stand for its rows."""
    gone = {path for record in known for path in record.replaces}
    return [one for one in known if not one.files or any(file["path"] not in gone for file in one.files)]


def columns_before(known: list[Record], kind: BatchKind = "predictions") -> dict[str, str]:
    """Returns every column delivered so far with its latest known type."""
    types: dict[str, str] = {}
    for record in known:
        if record.kind == kind:
            types |= {name: kind_ for name, kind_ in record.columns.items() if kind_ != "NULL" or name not in types}
    return types


def write_record(log: Path, staging: Path, record: Record) -> Path:
    """Does publish a batch: its record is written and synced in `staging`, then renamed into `batches`."""
    draft = staging / "record.json"
    with draft.open("w", encoding="utf-8") as sink:
        json.dump(asdict(record), sink, ensure_ascii=False, indent=1)
        sink.flush()
        os.fsync(sink.fileno())
    path = log / "batches" / f"{record.batch}.json"
    draft.replace(path)
    sync_folder(path.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Does flush a directory, so that renames into it survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
