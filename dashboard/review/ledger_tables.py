"""The ledger's tables, and the triggers that refuse to change what stands in them, for each database."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

METADATA = sa.MetaData()
EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("identity", sa.Text, nullable=False, server_default=""),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("version", sa.Text),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body_digest", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Index("events_by_model", "model", "kind", "sequence"),
)
# What was written lives beside the event, which holds its keyed digest only: the chain can outlive an erasure.
BODIES = sa.Table(
    "bodies",
    METADATA,
    sa.Column("sequence", sa.Integer, sa.ForeignKey("events.sequence"), primary_key=True, autoincrement=False),
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
# What is the case now: a fold over the events, kept so that a page need not fold. It can be made again at any time.
STATES = sa.Table(
    "states",
    METADATA,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Index("states_by_model", "kind", "model", "status"),
)
SAYS = "the ledger is append-only"
# Of a body only its text may go, and only once an event says that it was erased.
_ERASED = """EXISTS (SELECT 1 FROM events WHERE kind = 'erased'
  AND subject = '{"sequence":"' || OLD.sequence || '"}')"""
_CLEARED = f"NEW.sequence = OLD.sequence AND NEW.body = '' AND NEW.salt = '' AND {_ERASED}"

_REFUSE = "CREATE TRIGGER IF NOT EXISTS {table}_{act} BEFORE {act} ON {table}\nBEGIN SELECT RAISE(ABORT, '{says}'); END"
# An INSERT OR REPLACE deletes without firing a delete trigger, so the insert itself must be the next one.
_NEXT = """CREATE TRIGGER IF NOT EXISTS {table}_insert BEFORE INSERT ON {table}
WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM {table}) {also}
BEGIN SELECT RAISE(ABORT, '{says}'); END"""
_ONCE = "OR EXISTS (SELECT 1 FROM events WHERE event_id = NEW.event_id OR digest = NEW.digest)"
_CLEARING = f"""CREATE TRIGGER IF NOT EXISTS bodies_update BEFORE UPDATE ON bodies
WHEN NOT ({_CLEARED})
BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"""
_REFUSED = (("events", "update"), ("events", "delete"), ("bodies", "delete"))
_SQLITE = (
    *(_REFUSE.format(table=table, act=act, says=SAYS) for table, act in _REFUSED),
    _CLEARING,
    _NEXT.format(table="events", also=_ONCE, says=SAYS),
    _NEXT.format(table="bodies", also="", says=SAYS),
)

_FUNCTION = """CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN {body} END $$"""
_RAISE = f"RAISE EXCEPTION '{SAYS}';"
_GUARD = "CREATE OR REPLACE TRIGGER {table}_{act} BEFORE {act} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()"
_POSTGRESQL = (
    _FUNCTION.format(name="evenhand_refuse", body=_RAISE),
    _FUNCTION.format(name="evenhand_clear", body=f"IF {_CLEARED} THEN RETURN NEW; END IF; {_RAISE}"),
    *(_GUARD.format(table=t, act=act, each="ROW", name="evenhand_refuse") for t, act in _REFUSED),
    _GUARD.format(table="bodies", act="update", each="ROW", name="evenhand_clear"),
    *(
        _GUARD.format(table=table, act="truncate", each="STATEMENT", name="evenhand_refuse")
        for table in ("events", "bodies")
    ),
)
GUARDS: Mapping[str, tuple[str, ...]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
NAMES: Mapping[str, frozenset[str]] = {
    dialect: frozenset(sql.split()[offset] for sql in guards if " TRIGGER " in sql)
    for (dialect, guards), offset in zip(GUARDS.items(), (5, 4), strict=True)
}
"""The triggers each database must have, by name."""
