"""One event of the record as a row: how it is written, read back, and checked."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dashboard.errors import EvenhandError
from dashboard.review.events import Event
from dashboard.review.ledger_tables import BODIES, EVENTS
from dashboard.review.proof import NOTHING, canonical_json, keyed_digest, sha256

Row = Mapping[str, Any] | sa.RowMapping
FORMAT = 1
ERASED: Mapping[str, Any] = {"erased": True}

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


def insert(connection: sa.Connection, event: Event, now: datetime) -> Recorded:
    newest = connection.execute(select().order_by(EVENTS.c.sequence.desc()).limit(1)).mappings().first()
    salt, body = secrets.token_hex(16), canonical_json(event.body)
    named = ("event_id", "kind", "actor", "role", "verified", "identity", "model", "version")
    row: dict[str, Any] = {name: getattr(event, name) for name in named}
    row |= {"sequence": newest["sequence"] + 1 if newest else 1, "previous": newest["digest"] if newest else NOTHING}
    row |= {"at": instant(now), "subject": canonical_json(event.subject), "body_digest": keyed_digest(salt, body)}
    row["digest"] = sha256(canonical_event(row))
    connection.execute(EVENTS.insert().values(row))
    connection.execute(BODIES.insert().values(sequence=row["sequence"], salt=salt, body=body))
    return recorded(row | {"body": body})


def canonical_event(row: Row) -> str:
    """Returns the canonical JSON that an event's digest covers: the format and every column but the digest itself.

    An identity is covered where there is one: events from before there were logins keep their digests.
    """
    named = {column.name: row[column.name] for column in EVENTS.columns if column.name != "digest"}
    if not named["identity"]:
        del named["identity"]
    return canonical_json(named | {"format": FORMAT, "verified": bool(row["verified"])})


def faults(row: Row, sequence: int, previous: str, erased: Iterable[str] = ()) -> list[str]:
    """Returns, in words, what is wrong with one event, given the place and the digest that come before it.

    `erased` are the subjects of the events that say of others that their text was erased.
    """
    found = []
    if row["sequence"] != sequence:
        found.append(f"stands where event {sequence} is expected")
    if row["previous"] != previous:
        found.append("does not follow from the event before it")
    if not _fits(row["digest"], lambda: sha256(canonical_event(row))):
        found.append("was changed: its digest does not fit")
    if row["body"] is None:
        found.append("lost its body")
    elif row["body"] == "" and erased_subject(row["sequence"]) in erased:
        pass
    elif not _fits(row["body_digest"], lambda: keyed_digest(row["salt"], row["body"])):
        found.append("had its body changed")
    return found


def _fits(digest: str, computed: Callable[[], str]) -> bool:
    try:
        return computed() == digest
    except (EvenhandError, ValueError, TypeError, AttributeError):  # a column was given a value of another type
        return False


def erased_subject(sequence: int) -> str:
    return canonical_json({"sequence": str(sequence)})


def select() -> sa.Select[Any]:
    return sa.select(EVENTS, BODIES.c.salt, BODIES.c.body).join_from(
        EVENTS, BODIES, EVENTS.c.sequence == BODIES.c.sequence, isouter=True
    )


def by_id(connection: sa.Connection, event_id: str) -> Recorded | None:
    row = connection.execute(select().where(EVENTS.c.event_id == event_id)).mappings().first()
    return None if row is None else recorded(row)


def recorded(row: Row) -> Recorded:
    same = {name: row[name] for name in ("event_id", "kind", "actor", "role", "model", "version", "identity")}
    body = json.loads(row["body"]) if row["body"] else dict(ERASED)
    event = Event(**same, subject=json.loads(row["subject"]), body=body, verified=bool(row["verified"]))
    return Recorded(row["sequence"], datetime.fromisoformat(row["at"]), event, row["previous"], row["digest"])


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
