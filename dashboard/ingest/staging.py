"""Staging: the one pass over a delivered file, cast and checked into one Parquet file in the file's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dashboard import store
from dashboard.ingest import salvage
from dashboard.ingest.batches import Delivery, run
from dashboard.ingest.duplicates import staged_relation
from dashboard.ingest.sources import Source
from dashboard.sql import literal

BESIDE = ("reason", "row", "lost", "number")


@dataclass(frozen=True)
class Staged:
    """A staged file: `days` has the good rows of each day, `reasons` the rejected ones, broken lines included.

    `relation` has the log's columns, day, reason, row, lost and number (from 0).
    """

    source: Source
    path: Path
    days: Mapping[date, int]
    reasons: Mapping[str, int]
    notes: tuple[str, ...]
    broken: tuple[salvage.BrokenLine, ...]
    columns: tuple[str, ...]

    @property
    def relation(self) -> str:
        return staged_relation(self.path)


def stage(delivery: Delivery, select: Callable[[Source], str]) -> Staged:
    """Does the pass; returns what was found. `select` makes the checking SELECT of a source."""
    source, path = delivery.source, delivery.folder / "staged.parquet"
    try:
        _copy(delivery, select(source), path)
        broken = salvage.broken_lines(delivery.connection, source)
        mend = any(line.swallowed for line in broken)
    except store.Error as error:
        mend = source.form == "csv" and "state machine" in str(error)
        if not mend:
            raise
    if mend:
        source, broken = salvage.mended(source, delivery.folder)
        _copy(delivery, select(source), path)
    return _staged(delivery, source, path, broken)


def _copy(delivery: Delivery, select: str, path: Path) -> None:
    salvage.forget(delivery.connection)
    # read once and thrown away: dictionaries would cost a fifth of the pass
    options = "FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1"
    run(delivery, f"COPY ({select}) TO {literal(str(path))} ({options})", 0.0, 0.6)


def _staged(delivery: Delivery, source: Source, path: Path, broken: tuple[salvage.BrokenLine, ...]) -> Staged:
    connection, relation, notes = delivery.connection, staged_relation(path), list[str]()
    columns = tuple(row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall())
    counted = connection.execute(
        "SELECT day, reason, count(*), count(lost) "
        "FROM (SELECT CASE WHEN reason IS NULL THEN day END AS day, reason, lost "
        f"FROM {relation}) GROUP BY ALL"
    ).fetchall()
    days = {day: n for day, reason, n, _ in counted if reason is None}
    reasons = {reason: n for _, reason, n, _ in counted if reason is not None}
    for line in broken:
        reasons[line.reason] = reasons.get(line.reason, 0) + 1
    if any(lost for *_, lost in counted):
        notes += _losses(connection, relation)
    if not counted and not broken:
        notes.append("the file has no rows")
    kept = tuple(name for name in columns if name not in BESIDE)
    return Staged(source, path, dict(sorted(days.items())), reasons, tuple(notes), broken, kept)


def _losses(connection: store.Connection, relation: str) -> list[str]:
    lost = connection.execute(
        f"SELECT name, count(*) FROM (SELECT unnest(lost) AS name FROM {relation} "
        "WHERE reason IS NULL AND lost IS NOT NULL) GROUP BY name ORDER BY name"
    ).fetchall()
    return [f"column '{name}': {n:,} values are not numbers: null" for name, n in lost]
