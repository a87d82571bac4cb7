"""The ledger's two tables, and the triggers that refuse to change what stands in them."""

from __future__ import annotations

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
_REFUSE = """CREATE TRIGGER IF NOT EXISTS {table}_{act} BEFORE {act} ON {table}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"""
# An INSERT OR REPLACE deletes without firing a delete trigger, so the insert itself must be the next one.
_NEXT = """CREATE TRIGGER IF NOT EXISTS {table}_insert BEFORE INSERT ON {table}
WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM {table}) {also}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"""
_ONCE = "OR EXISTS (SELECT 1 FROM events WHERE event_id = NEW.event_id OR digest = NEW.digest)"
TRIGGERS = (
    *(_REFUSE.format(table=table, act=act) for table in ("events", "bodies") for act in ("update", "delete")),
    _NEXT.format(table="events", also=_ONCE),
    _NEXT.format(table="bodies", also=""),
)
