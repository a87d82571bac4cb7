"""What a rollup holds: its days, rows and versions, and from when on labels still come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dashboard.report.cells import rows
from dashboard.report.labels import complete_until
from dashboard.report.performance import Source


@dataclass(frozen=True)
class Extent:
    """First and last day (both in it), rows, versions; from when on labels still come."""

    first: date
    last: date
    rows: int
    versions: tuple[str, ...]
    complete_until: date


def extent(source: Source) -> Extent:
    """Returns what a rollup holds."""
    ((first, last, n, versions),) = rows(source.snapshot, "extent", {})
    return Extent(first, last, n, tuple(versions), complete_until(source.snapshot, first, last))
