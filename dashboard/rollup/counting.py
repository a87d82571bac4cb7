"""Counting: the touched days, in chunks that fit in memory, from log files to the rollup's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.contract import Contract
from dashboard.log import FileEntry
from dashboard.metrics.service import GROWTH, SHORTEST_MS
from dashboard.metrics.service import edges as latency_edges
from dashboard.rollup.bins import SCORE_CELLS, Bins, score_lists
from dashboard.rollup.rows import typed, with_labels
from dashboard.sql import identifier, literal
from dashboard.sql.counting import Chunk, input_inserts, outcome_inserts
from dashboard.sql.tallies import CELLS, Coding, coded

CHUNK_ROWS = 2_000_000
Progress = Callable[[int, int], None]  # rows counted, rows in all


@dataclass(frozen=True)
class Work:
    """What one run counts: the days, and the files that hold their rows and labels."""

    days: tuple[date, ...]
    predictions: tuple[FileEntry, ...]
    labels: tuple[FileEntry, ...]
    inputs: bool  # count latency, volume and features
    outcomes: bool  # count what needs labels

    @property
    def rows(self) -> int:
        return sum(entry.rows for entry in self.predictions)


def chunks(work: Work) -> Iterator[Work]:
    """Yields the work in chunks of whole days with about CHUNK_ROWS rows each."""
    by_day = {day: sum(e.rows for e in work.predictions if e.day == day) for day in sorted(work.days)}
    days: list[date] = []
    rows = 0
    for day, count in by_day.items():
        if days and rows + count > CHUNK_ROWS:
            yield _part(work, days)
            days, rows = [], 0
        days.append(day)
        rows += count
    if days:
        yield _part(work, days)


def _part(work: Work, days: Sequence[date]) -> Work:
    chosen = set(days)
    return Work(
        tuple(days),
        tuple(e for e in work.predictions if e.day in chosen),
        tuple(e for e in work.labels if e.day in chosen),
        work.inputs,
        work.outcomes,
    )


def prepare(connection: Any, bins: Bins) -> None:
    """Does make the lookup tables that a coded chunk needs: one row of lists, and each feature's cells."""
    lower, following = score_lists(bins.score_edges)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE lookups AS SELECT $lower::USMALLINT[] AS lower_bins, "
        "$following::DOUBLE[] AS next_edges, $latency::DOUBLE[] AS latency_edges",
        {"lower": lower, "following": following, "latency": [*latency_edges()]},
    )
    for index, grid in enumerate(bins.grids.values()):
        cuts = "[" + ", ".join(str(cut) for cut in grid.cuts) + "]::INTEGER[]"
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE cells_{index} AS SELECT cell::INTEGER AS cell, "  # noqa: S608
            f"len(list_filter({cuts}, lambda cut: cut <= cell))::SMALLINT AS bin FROM range({CELLS}) AS cells(cell)"
        )


def count(connection: Any, contract: Contract, bins: Bins, work: Work, progress: Progress | None = None) -> None:
    """Does count the work's days into the attached database `rollup`, whose days must have been cleared."""
    prepare(connection, bins)
    done = 0
    for part in chunks(work):
        if part.predictions:
            _count_chunk(connection, contract, bins, part)
        done += part.rows
        if progress:
            progress(done, work.rows)


def _count_chunk(connection: Any, contract: Contract, bins: Bins, part: Work) -> None:
    predictions = typed(connection, contract, part.predictions)
    source = with_labels(connection, predictions, part.labels)
    coding = _coding(connection, contract, bins, predictions, part)
    chunk = Chunk(coding, part.days[0].isoformat())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE coded AS {coded(coding, source, chunk.first_day)}")
    for statement in [
        *(input_inserts(chunk) if part.inputs else ()),
        *(outcome_inserts(chunk) if part.outcomes else ()),
    ]:
        connection.execute(statement)


def _coding(connection: Any, contract: Contract, bins: Bins, predictions: str, part: Work) -> Coding:
    """Returns what the chunk's codes stand for: the distinct texts of its text columns."""
    columns = ["version", "status", "endpoint", *(["label"] if contract.task == "multiclass" else [])]
    columns += [f"x_{a.column}" for a in contract.attributes if not a.edges]
    categorical = tuple(f.name for f in contract.features if f.kind == "categorical")
    columns = list(dict.fromkeys([*columns, *(f"x_{name}" for name in categorical)]))
    names = _distinct(connection, columns, predictions)
    if contract.task == "multiclass":
        late = _distinct(connection, ["label"], "late")["label"] if part.labels else []
        decided = _distinct(connection, ["decision"], predictions)["decision"]
        names["label"] = sorted({*names["label"], *late, *decided, *contract.classes})
    return Coding(
        contract=contract,
        names=names,
        grids=bins.grids,
        score_edges=bins.score_edges,
        score_cells=SCORE_CELLS,
        latency=(SHORTEST_MS, GROWTH, len(latency_edges())),
        categories=categorical,
        groups_binned={},
        has_subject="subject" in contract.columns,
    )


def _distinct(connection: Any, columns: Sequence[str], source: str) -> dict[str, list[str]]:
    wanted = ", ".join(f"list(DISTINCT {identifier(column)})" for column in columns)
    (row,) = connection.execute(f"SELECT {wanted} FROM {source}").fetchall()  # noqa: S608
    return {
        column: sorted(value for value in found or () if value is not None)
        for column, found in zip(columns, row, strict=True)
    }


def clear(connection: Any, days: Sequence[date], tables: Sequence[str]) -> None:
    """Does remove the days from the attached rollup's tables."""
    listed = ", ".join(f"DATE {literal(day.isoformat())}" for day in days)
    for table in tables:
        connection.execute(f"DELETE FROM rollup.{table} WHERE day IN ({listed})")  # noqa: S608
