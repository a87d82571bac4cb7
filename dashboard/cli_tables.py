"""What the command line prints: rows as a table, as JSON, as CSV."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from dashboard.errors import EvenhandError

WIDE = 250  # characters of a line that goes to a file


def write(format: str, rows: list[dict[str, Any]], columns: Sequence[str] = ()) -> None:
    """Does print rows to stdout; `columns` are those of a CSV without rows. Refuses a format that is not known."""
    if format == "json":
        print(json.dumps(rows, ensure_ascii=False, indent=1, allow_nan=False))
    elif format == "csv":
        _csv(rows, columns or list(rows[0] if rows else ()))
    elif format == "table":
        table(rows)
    else:
        raise EvenhandError(f"The format '{format}' is not known", "table, json or csv")


def _csv(rows: list[dict[str, Any]], columns: Sequence[str]) -> None:
    import csv

    writer = csv.DictWriter(sys.stdout, fieldnames=columns)
    writer.writeheader()
    writer.writerows(rows)


def table(rows: Iterable[dict[str, Any]]) -> None:
    """Does print rows as a table, without the columns that are empty in all of them."""
    from rich.console import Console
    from rich.table import Table

    kept = [{k: _text(v) for k, v in row.items()} for row in rows]
    used = [name for name in (kept[0] if kept else {}) if any(row[name] for row in kept)]
    drawn = Table(*used, box=None, pad_edge=False, header_style="bold")
    for row in kept:
        drawn.add_row(*(row[name] for name in used))
    wide = None if sys.stdout.isatty() else WIDE
    Console(width=wide, highlight=False, markup=False).print(drawn)


def days(since: str | None, until: str | None) -> str:
    """Returns a window by its first and last day, both in it.

    >>> days("2026-03-01", "2026-03-29")
    '2026-03-01 to 2026-03-28'
    """
    return f"{since} to {date.fromisoformat(until) - timedelta(days=1)}" if since and until else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
