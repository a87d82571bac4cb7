"""The record of what people did: append-only, in order, each event holding the digest of the one before.

The only place that knows a database. SQLite in rollback-journal mode: before 3.51.3 its WAL mode can
corrupt a file that several processes write. Reading a ledger that does not exist yet makes none.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event as hooks
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from dashboard.errors import EvenhandError
from dashboard.review.events import Act, Event
from dashboard.review.ledger_tables import BODIES, EVENTS, METADATA, TRIGGERS
from dashboard.review.proof import NOTHING, canonical_json, keyed_digest, sha256

Row = Mapping[str, Any] | sa.RowMapping
BUSY_SECONDS = 30  # 42 appends a second leave room for a thousand waiting people
FORMAT = 1

CANNOT_DETECT = (
    "A rewrite of the whole record, digests included, by someone who can write the file: "
    "keep the last digest somewhere else and compare it.",
    "The newest events cut off: the same digest, kept elsewhere, shows it.",
    "What was never recorded, or was recorded but is untrue.",
    "Whether a person is who the name says, where an event is marked as not verified.",
)


@dataclass(frozen=True)
class Recorded:
    """An event with its place. `at` is UTC; `digest` covers the event and, through `previous`, all before it."""

    sequence: int
    at: datetime
    event: Event
    previous: str
    digest: str


@dataclass(frozen=True)
class Verification:
    """What a check of the whole record found: `broken` in words, and in `cannot_detect` what no such check sees."""

    events: int
    last_digest: str
    broken: tuple[str, ...]
    cannot_detect: tuple[str, ...] = CANNOT_DETECT

    @property
    def intact(self) -> bool:
        """Returns whether nothing was found broken."""
        return not self.broken

    def lines(self) -> list[str]:
        """Returns the result as sentences: what is intact or broken first, then what cannot be detected."""
        found = f"{self.events:,} events, in order and unchanged." if self.intact else "The record is broken."
        ending = "This check cannot detect:", *(f"  {sentence}" for sentence in self.cannot_detect)
        return [found, *self.broken, f"Last digest: {self.last_digest}", *ending]


class Ledger:
    """The append-only record behind one database URL (SQLite). Every call opens and closes its own connection."""

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self._engine = sa.create_engine(self.url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
        hooks.listen(self._engine, "connect", _configure)
        hooks.listen(self._engine, "begin", _begin)

    def append(self, act: Act) -> Recorded:
        """Does record an act and returns it with its place; the same event id again returns what is recorded already.

        When it returns, the event is on the disk. Raises EvenhandError where the id was used for a different act.
        """
        event = act.event()
        with self._transaction(write=True) as connection:
            _create(connection)
            known = _by_id(connection, event.event_id)
            if known is None:
                return _insert(connection, event)
        if _content(known.event) != _content(event):
            raise EvenhandError(
                f"The event id {event.event_id} already stands for something else (event {known.sequence})",
                "Every act has an id of its own",
                "Reload the page and do it again",
            )
        return known

    def events(
        self,
        model: str | None = None,
        kind: str | None = None,
        *,
        version: str | None = None,
        actor: str | None = None,
        subject: Mapping[str, str] | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[Recorded]:
        """Returns the recorded events, in order, that match everything given."""
        wanted = {"model": model, "kind": kind, "version": version, "actor": actor}
        wanted["subject"] = None if subject is None else canonical_json(subject)
        conditions = [EVENTS.c[name] == value for name, value in wanted.items() if value is not None]
        order = EVENTS.c.sequence.desc() if newest_first else EVENTS.c.sequence
        with self._reading() as connection:
            if connection is None:
                return []
            return [
                _recorded(row)
                for row in connection.execute(_select().where(*conditions).order_by(order).limit(limit)).mappings()
            ]

    def verify(self) -> Verification:
        """Returns whether every event is there, in order, unchanged, and what this check cannot detect."""
        with self._reading() as connection:
            if connection is None:
                return Verification(0, NOTHING, ())
            broken, count, last = _tampered_schema(connection), 0, NOTHING
            ordered = _select().order_by(EVENTS.c.sequence).execution_options(yield_per=1000)
            for row in connection.execute(ordered).mappings():
                count += 1
                broken += [f"Event {row['sequence']} {what}." for what in _faults(row, count, last)]
                last = row["digest"]
        return Verification(count, last, tuple(broken))

    def rows(self) -> Iterator[Row]:
        """Yields every event as it is stored, its salt and body beside it, in order."""
        with self._reading() as connection:
            if connection is not None:
                ordered = _select().order_by(EVENTS.c.sequence).execution_options(yield_per=1000)
                yield from connection.execute(ordered).mappings()

    @contextmanager
    def _transaction(self, write: bool) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect().execution_options(write=write) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise _in_words(self.url, error) from error

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection | None]:
        if not _file(self.url).exists():
            yield None
            return
        with self._transaction(write=False) as connection:
            yield connection if sa.inspect(connection).has_table("events") else None


def _checked(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        dialect = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise EvenhandError(
            f"'{url}' is not a database URL", "Such as sqlite:////srv/evenhand/ledger.sqlite"
        ) from error
    if dialect != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise EvenhandError(
            f"The ledger cannot be kept in '{parsed.render_as_string()}'",
            "It is kept in an SQLite file, such as sqlite:////srv/evenhand/ledger.sqlite",
            "Correct the URL in evenhand.toml, section [ledger]",
        )
    return parsed


def _file(url: sa.URL) -> Path:
    return Path(url.database or "")


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver at the first INSERT
    settings = ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
    for setting in settings:
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _create(connection: sa.Connection) -> None:
    if sa.inspect(connection).has_table("bodies"):
        return
    METADATA.create_all(connection)
    for trigger in TRIGGERS:
        connection.exec_driver_sql(trigger)


def _insert(connection: sa.Connection, event: Event) -> Recorded:
    newest = connection.execute(_select().order_by(EVENTS.c.sequence.desc()).limit(1)).mappings().first()
    salt, body = secrets.token_hex(16), canonical_json(event.body)
    row: dict[str, Any] = {
        name: getattr(event, name) for name in ("event_id", "kind", "actor", "role", "verified", "model", "version")
    }
    row |= {"sequence": newest["sequence"] + 1 if newest else 1, "previous": newest["digest"] if newest else NOTHING}
    row |= {
        "at": _instant(datetime.now(UTC)),
        "subject": canonical_json(event.subject),
        "body_digest": keyed_digest(salt, body),
    }
    row["digest"] = sha256(canonical_event(row))
    connection.execute(EVENTS.insert().values(row))
    connection.execute(BODIES.insert().values(sequence=row["sequence"], salt=salt, body=body))
    return _recorded(row | {"body": body})


def canonical_event(row: Row) -> str:
    """Returns the canonical JSON that an event's digest covers: the format and every column but the digest itself."""
    named = {column.name: row[column.name] for column in EVENTS.columns if column.name != "digest"}
    return canonical_json(named | {"format": FORMAT, "verified": bool(row["verified"])})


def _faults(row: Row, sequence: int, previous: str) -> list[str]:
    """Returns, in words, what is wrong with one event, given the place and the digest that come before it."""
    faults = []
    if row["sequence"] != sequence:
        faults.append(f"stands where event {sequence} is expected")
    if row["previous"] != previous:
        faults.append("does not follow from the event before it")
    if not _fits(row["digest"], lambda: sha256(canonical_event(row))):
        faults.append("was changed: its digest does not fit")
    if row["body"] is None:
        faults.append("lost its body")
    elif not _fits(row["body_digest"], lambda: keyed_digest(row["salt"], row["body"])):
        faults.append("had its body changed")
    return faults


def _fits(digest: str, computed: Callable[[], str]) -> bool:
    try:
        return computed() == digest
    except (EvenhandError, ValueError, TypeError, AttributeError):  # a column was given a value of another type
        return False


def _tampered_schema(connection: sa.Connection) -> list[str]:
    """Returns, in words, which guards are gone or altered, and whether a body stands without its event."""
    found = set(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars())
    guards = (trigger.replace("IF NOT EXISTS ", "") for trigger in TRIGGERS)
    broken = [f"The guard {sql.split()[2]} was removed or altered." for sql in guards if sql not in found]
    orphans = sa.select(sa.func.count()).where(BODIES.c.sequence.not_in(sa.select(EVENTS.c.sequence)))
    if count := connection.execute(orphans).scalar():
        broken.append(f"{count} bodies stand without their event.")
    return broken


def _select() -> sa.Select[Any]:
    return sa.select(EVENTS, BODIES.c.salt, BODIES.c.body).join_from(
        EVENTS, BODIES, EVENTS.c.sequence == BODIES.c.sequence, isouter=True
    )


def _by_id(connection: sa.Connection, event_id: str) -> Recorded | None:
    row = connection.execute(_select().where(EVENTS.c.event_id == event_id)).mappings().first()
    return None if row is None else _recorded(row)


def _recorded(row: Row) -> Recorded:
    same = {name: row[name] for name in ("event_id", "kind", "actor", "role", "model", "version")}
    event = Event(
        **same, subject=json.loads(row["subject"]), body=json.loads(row["body"] or "{}"), verified=bool(row["verified"])
    )
    return Recorded(row["sequence"], datetime.fromisoformat(row["at"]), event, row["previous"], row["digest"])


def _content(event: Event) -> str:
    return canonical_json({name: getattr(event, name) for name in Event.__dataclass_fields__})


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _in_words(url: sa.URL, error: DBAPIError) -> EvenhandError:
    return EvenhandError(
        f"The ledger {url.database} could not be used: {error.orig}",
        "An SQLite file of this program, in a directory that may be written to, with room left",
        "Check the file, its permissions and the free space; nothing was half recorded",
    )
