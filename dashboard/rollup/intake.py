"""The table of what deliveries were worth: the batch records' own counts, in the rollup's terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from dashboard.log import Record, standing

SCHEMA = pa.schema([(name, pa.string()) for name in ("day", "version", "what", "feature")] + [
    ("delay", pa.int32()), ("n", pa.int64())
])  # fmt: skip
Row = tuple[str, str, str, str | None, int | None, int]


def write(connection: Any, records: Sequence[Record]) -> None:
    """Does put in place what the records tell; all of it, for a delivery may have been taken in again."""
    told = [row for record in standing(records) for tally in record.tallies for row in _rows(tally)]
    columns = list(zip(*told, strict=True)) if told else [()] * len(SCHEMA)
    connection.register("told", pa.table([pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)], SCHEMA))
    connection.execute("DELETE FROM rollup.intake")
    connection.execute(
        "INSERT INTO rollup.intake SELECT day::DATE, version, what, feature, delay, sum(n)::BIGINT FROM told "
        "GROUP BY ALL ORDER BY ALL"
    )
    connection.unregister("told")


def _rows(tally: Any) -> Iterator[Row]:
    for what in ("delivered", "accepted", "duplicates", "rejected"):
        if tally[what]:
            yield tally["day"], tally["version"], what, None, None, tally[what]
    for feature, n in tally.get("unread", {}).items():
        yield tally["day"], tally["version"], "unread", feature, None, n
    for days, n in tally.get("delayed", {}).items():
        yield tally["day"], tally["version"], "delayed", None, int(days), n
