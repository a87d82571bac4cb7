"""What a delivered file's columns look like: the material from which a contract is guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dashboard import store
from dashboard.ingest.batches import as_evenhand
from dashboard.ingest.sources import Source, family, opened
from dashboard.sql import identifier

ROWS = 200_000
"""The first rows of a file, from which it is profiled."""
VALUES = 30


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a file's first rows: `kind` its type, `values` its commonest values with their counts."""

    name: str
    kind: str
    rows: int
    missing: int
    distinct: int
    values: tuple[tuple[str, int], ...]
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    shares: int = 0  # numbers in [0, 1]

    @property
    def family(self) -> str:
        """What the type is to a reader: number, text, truth, time or unknown."""
        return family(self.kind)

    @property
    def given(self) -> int:
        """The rows with a value."""
        return self.rows - self.missing

    @property
    def unique(self) -> bool:
        """Whether no value comes twice."""
        return self.given > 0 and self.distinct == self.given


@dataclass(frozen=True)
class FileProfile:
    """A file's columns, and the first and last day of the time column once it is known."""

    path: Path
    source: Source
    columns: tuple[ColumnProfile, ...]


def profile(path: str | Path) -> list[ColumnProfile]:
    """Returns what a file's columns look like, from its first 200,000 rows; raises EvenhandError."""
    return list(file_profile(Path(path)).columns)


def file_profile(path: Path) -> FileProfile:
    """Returns the profile of a file."""
    with as_evenhand(str(path)), TemporaryDirectory() as folder, store.connect(temp_directory=folder) as connection:
        source = opened(path, connection)
        connection.execute(f"CREATE TEMP TABLE sample AS FROM {source.first(ROWS)}")
        columns = tuple(_column(connection, source, name) for name in source.columns)
    return FileProfile(path, source, columns)


def _column(connection: store.Connection, source: Source, name: str) -> ColumnProfile:
    value, kind = identifier(name), source.columns[name]
    text = f"nullif(trim(CAST({value} AS VARCHAR)), '')"
    number = f"TRY_CAST({text} AS DOUBLE)"
    finite = f"CASE WHEN isfinite({number}) THEN {number} END"
    counts: list[tuple[Any, ...]] = connection.execute(
        f"SELECT count(*), count(*) - count({text}), count(DISTINCT {text}), min({finite}), max({finite}), "
        f"coalesce(bool_and({finite} = trunc({finite})), false), count(*) FILTER ({finite} BETWEEN 0 AND 1) FROM sample"
    ).fetchall()
    [(rows, missing, distinct, low, high, whole, shares)] = counts
    commonest = connection.execute(
        f"SELECT {text}, count(*) FROM sample WHERE {text} IS NOT NULL GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT {VALUES}"
    ).fetchall()
    if family(kind) != "number":
        low = high = None
    return ColumnProfile(name, kind, rows, missing, distinct, tuple(commonest), low, high, bool(whole), shares)


def days(path: Path, source: Source, time: str) -> tuple[date, date] | None:
    """Returns the first and last day that a time column names, from the whole file; None if it cannot be read."""
    value = f"TRY_CAST({identifier(time)} AS TIMESTAMPTZ)"
    if family(source.kind(time)) == "number":
        return None
    with as_evenhand(str(path)), store.connect() as connection:
        found = connection.execute(
            f"SELECT min(t), max(t) FROM (SELECT CAST(make_timestamp(epoch_us({value})) AS DATE) AS t "
            f"FROM {source.first()} WHERE isfinite({value}))"
        ).fetchall()
    first, last = found[0]
    return None if first is None else (first, last)


def slow(path: Path, source: Source, latency: str, time: str, since: date | None, length: int) -> tuple[float, int]:
    """Returns the latency that 99 of 100 answers of the first `length` days stay within, and of how many; whole file.

    Without `since` of all days. 0 where there is no latency.
    """
    value, at = (
        f"TRY_CAST({identifier(name)} AS {kind})" for name, kind in ((latency, "DOUBLE"), (time, "TIMESTAMPTZ"))
    )
    known = f"isfinite({value}) AND {value} >= 0"
    parameters: dict[str, Any] = {}
    if since is not None:
        known += f" AND CAST(make_timestamp(epoch_us({at})) AS DATE) < $until"
        parameters = {"until": since + timedelta(days=length)}
    with as_evenhand(str(path)), store.connect() as connection:
        found = connection.execute(
            f"SELECT coalesce(quantile_cont({value}, 0.99), 0), count(*) FROM {source.first()} WHERE {known}",
            parameters,
        ).fetchall()
    return float(found[0][0]), int(found[0][1])
