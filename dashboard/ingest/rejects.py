"""Rejected rows: kept with the reason, as they were delivered, under the day of arrival."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from dashboard.ingest.batches import Delivery, file_entries
from dashboard.ingest.checking import row_as_delivered
from dashboard.ingest.staging import Staged
from dashboard.sql import literal


def write(delivery: Delivery, staged: Staged, batch: str, arrived_at: datetime, duplicate: str) -> list[dict[str, Any]]:
    """Does write the rejected rows of a batch: reason, row, number, arrived_at; returns the file's entry, if any.

    `number` counts the file's rows from 1; for a broken line of CSV it is the number of the line.
    """
    connection = delivery.connection
    connection.execute('CREATE OR REPLACE TEMP TABLE broken (reason VARCHAR, "row" VARCHAR, number BIGINT)')
    if staged.broken:
        rows = [(line.reason, line.text, line.number) for line in staged.broken]
        connection.executemany("INSERT INTO broken VALUES (?, ?, ?)", rows)
    twice = connection.execute("SELECT count(*) FROM verdicts WHERE verdict = 'rejected'").fetchall()[0][0]
    if not twice and not staged.reasons:
        return []
    parts = [
        f'SELECT reason, "row", number + 1 AS number FROM {staged.relation} WHERE reason IS NOT NULL',
    ]
    if staged.broken:
        connection.register("broken_lines", _broken(staged))
        parts.append("FROM broken_lines")
    if twice:
        parts.append(_duplicates(staged, duplicate))
    folder = delivery.out / "rejected" / f"day={arrived_at.date().isoformat()}"
    folder.mkdir(parents=True)
    arrived = f"TIMESTAMP {literal(arrived_at.isoformat(sep=' '))}"
    select = f"SELECT *, {arrived} AS arrived_at FROM ({' UNION ALL '.join(parts)}) ORDER BY number"
    path = folder / f"{batch}.parquet"
    [[rows_written]] = connection.execute(
        f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchall()
    return file_entries(delivery.out, [(str(path), rows_written)], "rejected")


def _broken(staged: Staged) -> pa.Table:
    columns = {
        "reason": [line.reason for line in staged.broken],
        "row": [line.text for line in staged.broken],
        "number": pa.array([line.number for line in staged.broken], pa.int64()),
    }
    return pa.table(columns)


def _duplicates(staged: Staged, duplicate: str) -> str:
    """Returns the rejected duplicates as they were delivered: the file is read once more for them."""
    return (
        f'SELECT {literal(duplicate)} AS reason, "row", number '
        f'FROM (SELECT {row_as_delivered(staged.source)} AS "row", '
        f"row_number() OVER () AS number FROM {staged.source.relation}) AS delivered "
        "SEMI JOIN (SELECT number + 1 AS number FROM verdicts WHERE verdict = 'rejected') AS refused USING (number)"
    )
