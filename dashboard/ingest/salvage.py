"""Broken lines of CSV: found, kept as they came, and kept from swallowing the lines after them.

DuckDB lists a broken line once per error, calls the whole rest of the file one line after a quote that is never
closed, and refuses a file whose lines end in both LF and CRLF. Such files are copied without their broken lines,
and read again.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dashboard import store
from dashboard.ingest.sources import Source, open_text

LONGEST = 10_000
"""DuckDB keeps this much of a broken line."""
FOLLOWED = 200
"""Lines that a quoted field may span before its opening quote counts as broken."""
REASONS = {
    "TOO MANY COLUMNS": "broken line: too many fields",
    "MISSING COLUMNS": "broken line: too few fields",
    "UNQUOTED VALUE": "broken line: quote not closed",
    "INVALID ENCODING": "broken line: not UTF-8",
    "LINE SIZE OVER MAXIMUM": "broken line: too long",
}


@dataclass(frozen=True)
class BrokenLine:
    """One line that is no row. `swallowed` where it runs over the lines after it."""

    number: int
    reason: str
    text: str
    swallowed: bool = False


def forget(connection: store.Connection) -> None:
    """Does drop the rejects of an earlier read."""
    for table in ("reject_errors", "reject_scans"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")


def broken_lines(connection: store.Connection, source: Source) -> tuple[BrokenLine, ...]:
    """Returns the broken lines of the CSV file just read, each once."""
    if source.form != "csv":
        return ()
    found = connection.execute(
        "SELECT line, min_by(CAST(error_type AS VARCHAR), column_idx), any_value(csv_line), min(line_byte_position) "
        "FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    exact = _exact(source, [row for row in found if row[1] == "INVALID ENCODING" or len(row[2] or "") >= LONGEST])
    return tuple(
        BrokenLine(
            line,
            REASONS.get(error, f"broken line: {error.lower()}"),
            exact.get(line, (text or "").strip("\r\n")),
            error in ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM"),
        )
        for line, error, text, _ in found
    )


def _exact(source: Source, rows: list[tuple[int, str, str, int | None]]) -> dict[int, str]:
    """Returns lines as they are in the file, bytes that are not UTF-8 written as backslash escapes."""
    lines: dict[int, str] = {}
    if not rows:
        return lines
    with open_text(source.path) as file:
        for line, _, _, position in sorted(rows, key=lambda row: row[3] or 0):
            if position is not None:
                file.seek(position)
                raw = file.readline()
                lines[line] = (
                    (raw if raw.strip() else file.readline()).decode("utf-8", "backslashreplace").strip("\r\n")
                )
    return lines


def mended(source: Source, folder: Path) -> tuple[Source, tuple[BrokenLine, ...]]:
    """Returns a copy of a CSV file without its broken lines, and those lines."""
    path = folder / "mended.csv"
    broken: list[BrokenLine] = []
    with open_text(source.path) as file, path.open("wb") as sink:
        for number, raw, reason in _records(file, source):
            if reason:
                broken.append(BrokenLine(number, reason, raw.decode("utf-8", "backslashreplace").strip("\r\n")))
            else:
                sink.write(raw.rstrip(b"\r\n") + b"\n")
    return replace(source, path=path), tuple(broken)


def _records(file: Iterable[bytes], source: Source) -> Iterator[tuple[int, bytes, str]]:
    """Yields every record with its line's number and the reason if it is broken; the header first."""
    lines, held = enumerate(file, 1), deque[tuple[int, bytes]]()
    while line := held.popleft() if held else next(lines, None):
        number, raw = line
        if not raw.strip():
            continue
        whole = raw
        ahead: list[tuple[int, bytes]] = []
        while _open(whole) and len(ahead) < FOLLOWED and (after := held.popleft() if held else next(lines, None)):
            ahead.append(after)
            whole += after[1]
        if ahead and _reason(whole, source):
            held.extendleft(reversed(ahead))
            yield number, raw, REASONS["UNQUOTED VALUE"]
        else:
            yield number, whole, _reason(whole, source)


def _open(raw: bytes) -> bool:
    return raw.count(b'"') % 2 == 1


def _reason(raw: bytes, source: Source) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return REASONS["INVALID ENCODING"]
    if _open(raw):
        return REASONS["UNQUOTED VALUE"]
    try:
        fields = next(csv.reader([text], delimiter=source.delimiter, strict=True))
    except (csv.Error, StopIteration):
        return REASONS["UNQUOTED VALUE"]
    if len(fields) != len(source.columns):
        return REASONS["TOO MANY COLUMNS" if len(fields) > len(source.columns) else "MISSING COLUMNS"]
    return ""
