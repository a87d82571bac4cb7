"""Sums that outgrow 64 bits: DuckDB adds them up as HUGEINTs, for every breakdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from dashboard.rollup.chunk import UNITS, Chunk, Table
from dashboard.sql import identifier, literal


def grouped(connection: Any, chunk: Chunk, sums: Mapping[str, str], keys: Sequence[str] = ()) -> Iterator[pa.Table]:
    """Yields, for each breakdown, `sums` (column -> aggregate of the coded rows) by day, version, group and `keys`.

    `keys` are coded columns that stand for themselves. NULL sums become 0.
    """
    wanted = ", ".join(f"coalesce({expression}, 0) AS {identifier(name)}" for name, expression in sums.items())
    by = "".join(f"{identifier(key)}, " for key in keys)
    for name, attributes in chunk.coding.breakdowns:
        rows = chunk.rows
        for key in (*chunk.always.keys, *chunk.groups(attributes)):
            rows = rows.append_column(f"named_{key.name}", key.stands_for.take(pa.array(key.codes)))
        group = " || '*' || ".join(identifier(f"named_{attribute.name}") for attribute in attributes) or "''"
        connection.register("coded", rows)
        yield connection.sql(
            f"SELECT named_day AS day, named_version AS version, {literal(name)} AS attribute, {group} AS grp, {by}"  # noqa: S608
            f"{wanted} FROM coded GROUP BY ALL"
        ).to_arrow_table()
        connection.unregister("coded")


def value_tables(connection: Any, chunk: Chunk) -> Iterator[Table]:
    """Yields the sums of the logged business value, where the contract names such a column."""
    if "value" not in chunk.coding.contract.columns:
        return
    sums = {
        "n": "count(value)",
        "total": f"sum(round(value * {UNITS})::HUGEINT)",
        "squares": f"sum(round(value * value * {UNITS})::HUGEINT)",
    }
    for table in grouped(connection, chunk, sums):
        yield "value_sums", table
    if chunk.coding.has_subject:
        of_subjects = {name: sums[name] for name in ("n", "total")}
        for table in grouped(connection, chunk, of_subjects, ("bucket",)):
            yield "subject_values", table
