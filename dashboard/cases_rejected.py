"""Rows that were turned away: counted from the records, read from the log's rejected files, written out whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from dashboard import log, store
from dashboard.log import FileEntry, Record
from dashboard.settings import ModelPaths
from dashboard.sql import literal

Form = Literal["csv", "parquet"]
COLUMNS = ("reason", "source", "arrived_at", "number", "row")
FORMULA = "^[=+@\\t\\r\\n-]"  # what a spreadsheet would take for the beginning of a formula (OWASP, CSV injection)


@dataclass(frozen=True)
class Wanted:
    """Which rows are wanted; None is any. `arrived` is the day of arrival, `batch` a delivery's."""

    reason: str | None = None
    batch: str | None = None
    arrived: date | None = None

    def of(self, record: Record) -> int:
        """Returns how many rows of a delivery are wanted."""
        other_day = self.arrived is not None and record.arrived_at[:10] != self.arrived.isoformat()
        if other_day or self.batch not in (None, record.batch):
            return 0
        return sum(n for reason, n in record.reasons.items() if self.reason in (None, reason))


def rejected(paths: ModelPaths, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
    """Returns up to `limit` rows that were turned away, newest delivery first: COLUMNS, the row as delivered."""
    known = log.read_records(paths.log)
    held = {record.batch: wanted.of(record) for record in known}
    place = {batch: k for k, batch in enumerate(held)}
    some: list[FileEntry] = []
    for entry in sorted(_files(paths, known, wanted), key=lambda entry: -place[entry.batch]):
        if sum(held[one.batch] for one in some) >= limit:
            break
        some.append(entry)
    if not some:
        return []
    with store.connect(temp_directory=paths.staging) as connection:
        select, parameters = _select(connection, some, known, wanted)
        found = connection.execute(f"{select} LIMIT {int(limit)}", parameters).fetchall()
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def write(paths: ModelPaths, wanted: Wanted, file: Path, form: Form) -> None:
    """Does write all rows that were turned away and are wanted, straight from the log, whatever their number.

    In CSV a text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    known = log.read_records(paths.log)
    with store.connect(temp_directory=paths.staging) as connection:
        select, parameters = _select(connection, _files(paths, known, wanted), known, wanted)
        if form == "csv":
            texts = ", ".join(
                f"CASE WHEN regexp_matches({name}, {literal(FORMULA)}) THEN '''' || {name} ELSE {name} END AS {name}"
                for name in ("reason", "source", '"row"')
            )
            select = f"SELECT * REPLACE ({texts}) FROM ({select})"  # noqa: S608
        options = "FORMAT csv, HEADER" if form == "csv" else "FORMAT parquet, COMPRESSION zstd"
        connection.execute(f"COPY ({select}) TO {literal(str(file))} ({options})", parameters)


def _files(paths: ModelPaths, known: Sequence[Record], wanted: Wanted) -> list[FileEntry]:
    batches = {record.batch for record in known if wanted.of(record)}
    return [entry for entry in log.entries(paths.log, list(known), "rejected") if entry.batch in batches]


def _select(
    connection: Any, entries: Sequence[FileEntry], known: Sequence[Record], wanted: Wanted
) -> tuple[str, dict[str, Any]]:
    """Returns the statement of the wanted rows, and its parameters."""
    connection.execute("CREATE TEMP TABLE delivered (batch VARCHAR, source VARCHAR)")
    chosen = {entry.batch for entry in entries}
    named = [(record.batch, record.source) for record in known if record.batch in chosen]
    if not entries:
        nothing = (
            "NULL::VARCHAR AS reason, NULL::VARCHAR AS source, NULL::TIMESTAMP AS arrived_at, NULL::BIGINT AS number"
        )
        return f'SELECT {nothing}, NULL::VARCHAR AS "row" LIMIT 0', {}
    connection.executemany("INSERT INTO delivered VALUES (?, ?)", [list(pair) for pair in named])
    files = store.paths([entry.path for entry in entries])
    return (
        'SELECT reason, source, arrived_at, number, "row" '  # noqa: S608
        f"FROM read_parquet({files}, union_by_name = true, filename = true, hive_partitioning = false) "
        "JOIN delivered ON batch = regexp_extract(filename, '([^/\\\\]+)\\.parquet$', 1) "
        "WHERE $reason IS NULL OR reason = $reason ORDER BY arrived_at DESC, number",
        {"reason": wanted.reason},
    )
