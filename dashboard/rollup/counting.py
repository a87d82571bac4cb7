"""Counting: the touched days, in chunks that fit in memory, from log files to the rollup's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard import store
from dashboard.contract import Contract
from dashboard.log import FileEntry
from dashboard.rollup.bins import SCORE_CELLS, Bins, score_lists
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
    """Does make the lookup tables that a coded chunk needs: the score lists and each feature's cells."""
    lower, following = score_lists(bins.score_edges)
    connection.execute("CREATE OR REPLACE TEMP TABLE score_lists (lower_bins USMALLINT[], next_edges DOUBLE[])")
    connection.execute("INSERT INTO score_lists VALUES ($lower, $following)", {"lower": lower, "following": following})
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
    predictions = _typed(connection, contract, part)
    source = _source(connection, predictions, part)
    coding = _coding(connection, contract, bins, predictions, part)
    chunk = Chunk(coding, part.days[0].isoformat())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE coded AS {coded(coding, source, chunk.first_day)}")
    for statement in [
        *(input_inserts(chunk) if part.inputs else ()),
        *(outcome_inserts(chunk) if part.outcomes else ()),
    ]:
        connection.execute(statement)


def _read(entries: Sequence[FileEntry]) -> str:
    files = store.paths([entry.path for entry in entries])
    return f"read_parquet({files}, union_by_name = true, hive_partitioning = true, hive_types = {{'day': DATE}})"


def _typed(connection: Any, contract: Contract, part: Work) -> str:
    """Returns the chunk's predictions with every column that the contract names, in its type.

    A column that no file of the chunk has is NULL; one that was text before the contract made it a number is cast.
    """
    read = _read(part.predictions)
    found = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()}  # noqa: S608
    wanted = {f"x_{name}": "DOUBLE" if name in contract.numeric else "VARCHAR" for name in contract.named_columns}
    absent = [f"NULL::{kind} AS {identifier(name)}" for name, kind in wanted.items() if name not in found]
    cast = [
        f"TRY_CAST({identifier(name)} AS {kind}) AS {identifier(name)}"
        for name, kind in wanted.items()
        if found.get(name, kind) != kind
    ]
    replaced = f" REPLACE ({', '.join(cast)})" if cast else ""
    return f"(SELECT {', '.join(['*' + replaced, *absent])} FROM {read}{_once(part)})"  # noqa: S608


def _once(part: Work) -> str:
    """A day of several batches may hold a key twice (two writers at once): the row that came first counts."""
    if len({entry.day for entry in part.predictions}) == len({(e.day, e.batch) for e in part.predictions}):
        return ""
    return " QUALIFY row_number() OVER (PARTITION BY day, id, version ORDER BY arrived_at, score, decision) = 1"


def _source(connection: Any, predictions: str, part: Work) -> str:
    """Returns the FROM clause of the chunk's rows with their latest labels and the days these took to come."""
    if not part.labels:
        return f"(SELECT *, greatest(date_diff('day', time, labeled_at), 0) AS delay FROM {predictions})"  # noqa: S608
    versioned = _latest_labels(connection, part)
    known_at = "CASE WHEN late.label IS NULL THEN p.labeled_at ELSE late.known_at END"
    same_version = " AND (late.version IS NULL OR late.version = p.version)" if versioned else ""
    best = (
        " QUALIFY row_number() OVER (PARTITION BY p.day, p.id, p.version ORDER BY late.known_at DESC NULLS LAST, "
        "late.arrived_at DESC, late.label DESC) = 1"
        if versioned
        else ""
    )
    return (
        f"(SELECT p.* EXCLUDE (label), coalesce(late.label, p.label) AS label, "  # noqa: S608
        f"greatest(date_diff('day', p.time, {known_at}), 0) AS delay FROM {predictions} AS p "
        f"LEFT JOIN late ON late.day = p.day AND late.id = p.id{same_version}{best})"
    )


def _latest_labels(connection: Any, part: Work) -> bool:
    """Does make `late`: per key the latest label: by labeled_at, else by arrival, then by value.

    Returns whether any label names a version; one that names none holds for every version of its case.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE late AS SELECT day, id, version, label, "  # noqa: S608
        f"coalesce(labeled_at, arrived_at) AS known_at, arrived_at FROM {_read(part.labels)} "
        "QUALIFY row_number() OVER (PARTITION BY day, id, version ORDER BY known_at DESC, arrived_at DESC, label DESC) = 1"
    )
    (versioned,) = connection.execute("SELECT count(version) FROM late").fetchall()[0]
    return bool(versioned)


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
