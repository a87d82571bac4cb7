"""The record of what people did: append-only, in order, each event holding the digest of the one before.

The only place that knows a database: SQLite, or PostgreSQL. Every act is one transaction: who may do it is checked,
what it builds on is read, the event is appended and the current states it touches are written. Reading a ledger that
does not exist yet makes none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from dashboard.errors import EvenhandError
from dashboard.review import ledger_engines, ledger_rows, roles, states
from dashboard.review.events import Act, Event, sound
from dashboard.review.ledger_rows import Recorded, Verification, canonical_event
from dashboard.review.ledger_tables import BODIES, EVENTS, STATES
from dashboard.review.proof import NOTHING, canonical_json
from dashboard.review.roles import Person, Rules
from dashboard.settings import Settings

__all__ = ["Ledger", "Recorded", "Verification", "canonical_event"]


class Ledger:
    """The append-only record behind one database URL. Every call opens and closes its own connection.

    `rules` is what the workspace demands of its people; without them anybody may act under a typed name.
    """

    def __init__(self, url: str, rules: Rules | None = None) -> None:
        self.url = ledger_engines.checked(url)
        self.rules = rules or Rules()
        self._engine = ledger_engines.engine(self.url)

    def append(self, act: Act, by: Person | None = None, *, expected: int | None = None) -> Recorded:
        """Does record an act and returns it with its place; the same event id again returns what is recorded already.

        `by` is who acts, None the one local person under the act's own name. `expected` is the sequence of the state
        that was on the screen: where another act came between, nothing is recorded. When it returns, the event is on
        the disk. Raises EvenhandError where the person may not, the state forbids it, or the id was used before.
        """
        given = sound(act.event())
        person, now = by or roles.typed(given.actor), datetime.now(UTC)
        event = _signed_by(given, person, roles.authorise(person, given.kind, self.rules, now), named=by is not None)
        with self._transaction(write=True) as connection:
            ledger_engines.create(connection)
            known = ledger_rows.by_id(connection, event.event_id)
            if known is None:
                return self._act(connection, event, person, now, expected)
        if _content(known.event) != _content(event):
            raise EvenhandError(
                f"The event id {event.event_id} already stands for something else (event {known.sequence})",
                "Every act has an id of its own",
                "Reload the page and do it again",
            )
        return known

    def _act(
        self, connection: sa.Connection, event: Event, person: Person, now: datetime, expected: int | None
    ) -> Recorded:
        found = {key: _state(connection, key) for key in states.touched(event)}
        newest = max((sequence for sequence, _ in found.values()), default=0)
        if expected is not None and newest > expected:
            raise EvenhandError(
                "Somebody acted on this in the meantime", "An act builds on what was on the screen", "Reload the page"
            )
        states.refuse(event, {key: state for key, (_, state) in found.items()}, person, self.rules, now)
        recorded = ledger_rows.insert(connection, event, now)
        for key, (_, state) in found.items():
            _write(
                connection, key, event.model, states.step(key, state, event, recorded.at, recorded.sequence), recorded
            )
        if event.kind == "erased":
            _erase(connection, int(event.subject["sequence"]))
        return recorded

    def events(
        self,
        model: str | None = None,
        kind: str | None = None,
        *,
        version: str | None = None,
        actor: str | None = None,
        subject: Mapping[str, str] | None = None,
        since: date | None = None,
        until: date | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Recorded]:
        """Returns the recorded events, in order, that match everything given; days are UTC, `until` not among them."""
        wanted = {"model": model, "kind": kind, "version": version, "actor": actor}
        wanted["subject"] = None if subject is None else canonical_json(subject)
        conditions = _matching(wanted, since, until)
        order = EVENTS.c.sequence.desc() if newest_first else EVENTS.c.sequence
        with self._reading() as connection:
            if connection is None:
                return []
            wanted_rows = ledger_rows.select().where(*conditions).order_by(order).limit(limit).offset(offset)
            return [ledger_rows.recorded(row) for row in connection.execute(wanted_rows).mappings()]

    def count(self, since: date | None = None, until: date | None = None, **wanted: str | None) -> int:
        """Returns how many events match everything given: model, kind, version, actor, days."""
        counted = sa.select(sa.func.count()).select_from(EVENTS).where(*_matching(wanted, since, until))
        with self._reading() as connection:
            return 0 if connection is None else int(connection.execute(counted).scalar_one())

    def known(self, name: str) -> list[str]:
        """Returns the values that a column has, in order: `actor`, `kind` or `model`."""
        column = EVENTS.c[name]
        with self._reading() as connection:
            if connection is None:
                return []
            return list(connection.execute(sa.select(column).distinct().order_by(column)).scalars())

    def newest(self) -> tuple[int, str]:
        """Returns the place and digest of the newest event; 0 and zeros where there is none."""
        last = sa.select(EVENTS.c.sequence, EVENTS.c.digest).order_by(EVENTS.c.sequence.desc()).limit(1)
        with self._reading() as connection:
            row = None if connection is None else connection.execute(last).first()
        return (0, NOTHING) if row is None else (row.sequence, row.digest)

    def states(
        self, kind: str, model: str | None = None, *, status: Sequence[str] = (), key: str | None = None
    ) -> list[dict[str, Any]]:
        """Returns the current states of a kind ("case", "release"), each with its `key` and last `sequence`.

        They come in the order of their last event.
        """
        conditions = [STATES.c.kind == kind]
        conditions += [] if model is None else [STATES.c.model == model]
        conditions += [] if key is None else [STATES.c.key == key]
        conditions += [STATES.c.status.in_(status)] if status else []
        ordered = sa.select(STATES).where(*conditions).order_by(STATES.c.sequence, STATES.c.key)
        with self._reading(STATES.name) as connection:
            if connection is None:
                return []
            return [
                {**json.loads(row["state"]), "key": row["key"], "sequence": row["sequence"]}
                for row in connection.execute(ordered).mappings()
            ]

    def rebuild(self, *, check: bool = False) -> list[str]:
        """Does make the current states again from the events; returns, in words, which were not what the events say.

        With `check` nothing is written.
        """
        with self._transaction(write=True) as connection:
            ledger_engines.create(connection)
            ordered = connection.execute(ledger_rows.select().order_by(EVENTS.c.sequence)).mappings()
            recorded = [ledger_rows.recorded(row) for row in ordered]
            owners = {key: one for one in recorded for key in states.touched(one.event)}
            right = states.fold((one.event, one.at, one.sequence) for one in recorded)
            held = {(row.kind, row.key): row for row in connection.execute(sa.select(STATES))}
            wrong = [key for key, state in right.items() if not _same(held.get(key), state, owners[key].sequence)]
            wrong += [key for key in held if key not in right]
            if wrong and not check:
                connection.execute(STATES.delete())
                for key, state in right.items():
                    _write(connection, key, owners[key].event.model, state, owners[key])
        return [f"The state of {kind} {key} is not what the events say." for kind, key in wrong]

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Yields every event as it stands in the tables, in order, with its body and salt."""
        with self._reading() as connection:
            if connection is None:
                return
            ordered = ledger_rows.select().order_by(EVENTS.c.sequence).execution_options(yield_per=1000)
            yield from (dict(row) for row in connection.execute(ordered).mappings())

    def verify(self) -> Verification:
        """Returns whether every event is there, in order, unchanged, and what this check cannot detect."""
        with self._reading() as connection:
            if connection is None:
                return Verification(0, NOTHING, ())
            broken, count, last = ledger_engines.missing_guards(connection), 0, NOTHING
            erased = set(connection.execute(sa.select(EVENTS.c.subject).where(EVENTS.c.kind == "erased")).scalars())
            ordered = ledger_rows.select().order_by(EVENTS.c.sequence).execution_options(yield_per=1000)
            for row in connection.execute(ordered).mappings():
                count += 1
                broken += [f"Event {row['sequence']} {what}." for what in ledger_rows.faults(row, count, last, erased)]
                last = row["digest"]
        return Verification(count, last, tuple(broken))

    @contextmanager
    def _transaction(self, write: bool) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect().execution_options(write=write) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise ledger_engines.in_words(self.url, error) from error

    @contextmanager
    def _reading(self, table: str = "events") -> Iterator[sa.Connection | None]:
        if not ledger_engines.exists(self.url):
            yield None
            return
        with self._transaction(write=False) as connection:
            found, older = ledger_engines.kept(connection, table)
            if not older:
                yield connection if found else None
                return
        with self._transaction(write=True) as connection:
            ledger_engines.create(connection)
        with self._transaction(write=False) as connection:
            yield connection


def _matching(wanted: Mapping[str, Any], since: date | None, until: date | None) -> list[sa.ColumnElement[bool]]:
    """Returns the conditions of a question; instants are text that sorts by time."""
    conditions = [EVENTS.c[name] == value for name, value in wanted.items() if value is not None]
    conditions += [] if since is None else [EVENTS.c.at >= since.isoformat()]
    return conditions + ([] if until is None else [EVENTS.c.at < until.isoformat()])


def of(settings: Settings) -> Ledger:
    """Returns a workspace's ledger, with what the workspace demands of its people."""
    return Ledger(settings.ledger, roles.rules(settings.tables))


def _signed_by(event: Event, person: Person, role: str, *, named: bool) -> Event:
    """Returns the event with who did it; a role is typed only where no login says it.

    How and when the person signed in goes with what is signed: the page cannot say it otherwise.
    """
    if event.kind in roles.FRESH and person.verified:
        at = person.authenticated_at.isoformat() if person.authenticated_at else None
        event = replace(event, body={**event.body, "authentication": {"method": person.method, "at": at}})
    if not named:
        return replace(event, verified=False, identity="")
    return replace(
        event,
        actor=person.name,
        role=role if person.verified else event.role or role,
        verified=person.verified,
        identity=person.identity,
    )


def _erase(connection: sa.Connection, sequence: int) -> None:
    """Does remove the text of one flag, and from the state of its case what came from there."""
    row = connection.execute(ledger_rows.select().where(EVENTS.c.sequence == sequence)).mappings().first()
    if row is None or row["kind"] != "flagged":
        raise EvenhandError(
            f"The text of event {sequence} cannot be erased", "Of flags it can: what was answered or signed stands"
        )
    connection.execute(BODIES.update().where(BODIES.c.sequence == sequence).values(salt="", body=""))
    (key,) = states.touched(ledger_rows.recorded(row).event)
    about = EVENTS.c.model == row["model"]
    recorded = [
        ledger_rows.recorded(one)
        for one in connection.execute(ledger_rows.select().where(about).order_by(EVENTS.c.sequence)).mappings()
    ]
    of_case = [one for one in recorded if key in states.touched(one.event)]
    state = states.fold((one.event, one.at, one.sequence) for one in of_case)[key]
    _write(connection, key, row["model"], state, of_case[-1])


def _state(connection: sa.Connection, key: states.Key) -> tuple[int, states.State | None]:
    wanted = sa.select(STATES).where(STATES.c.kind == key[0], STATES.c.key == key[1])
    row = connection.execute(wanted).mappings().first()
    return (0, None) if row is None else (row["sequence"], json.loads(row["state"]))


def _write(connection: sa.Connection, key: states.Key, model: str, state: states.State, by: Recorded) -> None:
    row = {"kind": key[0], "key": key[1], "model": model, "status": state["status"]}
    row |= {"sequence": by.sequence, "state": canonical_json(state)}
    connection.execute(STATES.delete().where(STATES.c.kind == key[0], STATES.c.key == key[1]))
    connection.execute(STATES.insert().values(row))


def _same(row: Any, state: states.State, sequence: int) -> bool:
    return row is not None and row.state == canonical_json(state) and row.sequence == sequence


def _content(event: Event) -> str:
    return canonical_json({name: getattr(event, name) for name in Event.__dataclass_fields__})
