"""Counting: the touched days, in chunks that fit in memory, from log files to the rollup's tables."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import pyarrow as pa

from dashboard.bins import Bins
from dashboard.contract import Contract
from dashboard.log import FileEntry
from dashboard.rollup.chunk import Chunk, Table
from dashboard.rollup.errors import error_tables
from dashboard.rollup.expected import expected_tables
from dashboard.rollup.inputs import input_tables
from dashboard.rollup.outcomes import outcome_tables
from dashboard.rollup.own import own_tables
from dashboard.rollup.pairs import pair_tables
from dashboard.rollup.rows import read, typed, with_labels
from dashboard.rollup.sums import value_tables
from dashboard.sql import identifier, literal
from dashboard.sql.coding import Coding, coded, delivered

CHUNK_ROWS = 250_000
AT_ONCE = 2
INPUT_TABLES = (
    "latency",
    "volume",
    "answers",
    "features",
    "own_features",
    "categories",
    "quality",
    "attributions",
    "expected_errors",
)
OUTCOME_TABLES = (
    "outcomes",
    "errors",
    "error_bins",
    "subject_errors",
    "bins",
    "ranks",
    "subjects",
    "delays",
    "pairs",
    "pair_bins",
    "value_sums",
    "subject_values",
)
Names = dict[str, list[str]]
Progress = Callable[[int, int], None]  # rows counted, rows in all


@dataclass(frozen=True)
class Work:
    """What one run counts: the days, and the files that hold their rows and labels.

    What needs labels is always counted again; latency, volume and features only with `inputs`. With `known_before` no
    label counts that became known at that moment or later.
    """

    days: tuple[date, ...]
    predictions: tuple[FileEntry, ...]
    labels: tuple[FileEntry, ...]
    inputs: bool
    known_before: datetime | None = None

    @property
    def rows(self) -> int:
        return sum(entry.rows for entry in self.predictions)

    @property
    def tables(self) -> tuple[str, ...]:
        """Returns the tables that this work fills."""
        return (*(INPUT_TABLES if self.inputs else ()), *OUTCOME_TABLES)


def chunks(work: Work) -> Iterator[Work]:
    """Yields the work in chunks of whole days with about CHUNK_ROWS rows each."""
    days: list[date] = []
    rows = 0
    for day in sorted(work.days):
        count = sum(entry.rows for entry in work.predictions if entry.day == day)
        if days and rows + count > CHUNK_ROWS:
            yield _part(work, days)
            days, rows = [], 0
        days.append(day)
        rows += count
    if days:
        yield _part(work, days)


def _part(work: Work, days: Sequence[date]) -> Work:
    chosen = set(days)
    predictions, labels = ([e for e in files if e.day in chosen] for files in (work.predictions, work.labels))
    return replace(work, days=tuple(days), predictions=tuple(predictions), labels=tuple(labels))


def count(
    connection: Any, contract: Contract, bins: Bins, work: Work, progress: Progress, done: int, total: int
) -> None:
    """Does count the work's days into the attached database `rollup`, whose days must have been cleared.

    Chunks are counted two at a time, each with a cursor of its own; what they come to is stored here, in order.
    No more are begun than are counted at once, so that results do not pile up where storing is slower.
    """
    names = distinct_names(connection, contract, work)
    parts = chunks(work)
    with ThreadPoolExecutor(AT_ONCE) as pool:

        def begun(part: Work) -> tuple[Work, Future[dict[str, pa.Table]]]:
            return part, pool.submit(_counted, connection.cursor(), contract, bins, names, part)

        waiting = deque(begun(part) for part in islice(parts, AT_ONCE))
        while waiting:
            part, counting = waiting.popleft()
            tables = counting.result()
            del counting  # it holds the tables too
            waiting.extend(begun(following) for following in islice(parts, 1))
            while tables:
                _store(connection, *tables.popitem())
            done += part.rows
            progress(done, total)


def _counted(connection: Any, contract: Contract, bins: Bins, names: Names, part: Work) -> dict[str, pa.Table]:
    """Returns what one chunk comes to: a table of sums for each of the rollup's tables."""
    source = with_labels(connection, typed(connection, contract, part.predictions), part.labels, part.known_before)
    coding = Coding(contract, names, part.days[0].isoformat(), part.inputs)
    rows = connection.sql(coded(coding, source)).to_arrow_table()
    span = (part.days[-1] - part.days[0]).days + 1
    days = pa.array([part.days[0] + timedelta(days=after) for after in range(span)], pa.date32())
    chunk = Chunk(coding, bins, days, rows)
    found: dict[str, list[pa.Table]] = defaultdict(list)
    for name, table in _tables(connection, chunk):
        found[name].append(table)
    return {name: pa.concat_tables(tables) for name, tables in found.items()}


def _tables(connection: Any, chunk: Chunk) -> Iterator[Table]:
    yield from outcome_tables(chunk)
    yield from pair_tables(chunk)
    yield from error_tables(connection, chunk)
    yield from value_tables(connection, chunk)
    if chunk.coding.inputs:
        yield from input_tables(chunk)
        yield from own_tables(chunk)
        yield from expected_tables(chunk)


def _store(connection: Any, table: str, counted: pa.Table) -> None:
    connection.register("counted", counted)
    connection.execute(f"INSERT INTO rollup.{table} BY NAME SELECT * FROM counted")  # noqa: S608
    connection.unregister("counted")


def distinct_names(connection: Any, contract: Contract, work: Work) -> Names:
    """Returns what codes stand for: the distinct texts of the text columns, sorted."""
    predictions = typed(connection, contract, work.predictions)
    columns = ["version", "status", "endpoint"]
    columns += [delivered(attribute.column) for attribute in contract.attributes if not attribute.edges]
    columns += [delivered(feature.name) for feature in contract.features if feature.kind == "categorical"]
    names = _distinct(connection, list(dict.fromkeys(columns)), predictions)
    if contract.task == "multiclass":
        said = _distinct(connection, ["label", "decision"], predictions)
        late = _distinct(connection, ["label"], read(work.labels))["label"] if work.labels else []
        names["label"] = sorted({*said["label"], *said["decision"], *late, *contract.classes})
    return names


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
