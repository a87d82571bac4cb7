"""Frames: pandas, polars and Arrow tables, written as Parquet and from there on a file like any other.

They go through Arrow: a reversed pandas frame read by DuckDB directly raises `std::bad_cast`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from dashboard import store
from dashboard.errors import EvenhandError
from dashboard.ingest.sources import Source
from dashboard.sql import identifier


def write(data: Any, path: Path) -> Path:
    """Does write a frame as Parquet; raises EvenhandError for what is no table."""
    import pyarrow.parquet as pq  # slow to import

    table = _arrow(data)
    if not table.num_columns:
        raise EvenhandError("The frame has no columns", "A table of predictions was expected")
    pq.write_table(table, path, compression="snappy")
    return path


def _arrow(data: Any) -> pa.Table:
    try:
        if isinstance(data, pa.Table):
            return data
        if hasattr(data, "iloc"):
            return _pandas(data)
        if hasattr(data, "collect") and hasattr(data, "lazy"):
            data = data.collect()
        if hasattr(data, "to_arrow"):
            return data.to_arrow()
        return pa.table(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise EvenhandError(
            f"The frame, a {type(data).__name__}, cannot be read as a table: {error}",
            "A pandas, polars or Arrow table was expected",
        ) from error


def _pandas(data: Any) -> pa.Table:
    """Returns a pandas frame as Arrow; a column of mixed Python objects becomes text."""
    columns = {}
    for place, name in enumerate(data.columns):
        values = data.iloc[:, place]
        try:
            columns[str(name)] = pa.array(values, from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError):
            columns[str(name)] = pa.array([None if value is None else str(value) for value in values])
    if len(columns) < len(data.columns):
        raise ValueError("two columns have the same name")
    return pa.table(columns)


def digest(source: Source, connection: store.Connection, key: str | None) -> str:
    """Returns the SHA-256 of the key, else of an order-free sum of row hashes: the same rows, the same digest."""
    if key is not None:
        return hashlib.sha256(f"key:{key}".encode()).hexdigest()
    parts = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), chr(0))" for name in sorted(source.columns))
    rows = connection.execute(
        f"SELECT count(*), sum(md5_number_lower(concat_ws(chr(31), {parts}))) FROM {source.relation}"
    ).fetchall()
    content = f"{sorted(source.columns.items())}{rows}"
    return hashlib.sha256(content.encode()).hexdigest()
