"""What a rollup holds: which days, how many rows, which versions, and until when its labels are complete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dashboard.report.cells import rows
from dashboard.report.labels import complete_until
from dashboard.report.performance import Source


@dataclass(frozen=True)
class Extent:
    """What a rollup holds: first and last day (both in it), rows, versions; from when on labels still come."""

    first: date
    last: date
    rows: int
    versions: tuple[str, ...]
    complete_until: date


def extent(source: Source) -> Extent:
    """Returns which days, rows and versions a rollup holds, and until when labels are complete; read once."""
    found: Extent = source.snapshot.once("extent", lambda: _read(source))
    return found


def _read(source: Source) -> Extent:
    ((first, last, n, versions),) = rows(source.snapshot, "extent", {})
    return Extent(first, last, n, tuple(versions), complete_until(source.snapshot, first, last))
