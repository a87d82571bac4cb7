"""The tables of a regression: sums of errors, for every breakdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dashboard.rollup.chunk import Chunk, Table
from dashboard.rollup.sums import grouped
from dashboard.sql.coding import STEPS

KNOWN = "FILTER (error IS NOT NULL)"
SUMS = {
    "n": "count(*)",
    "labelled": "count(error)",
    "error_sum": "sum(error)",
    "absolute_sum": "sum(abs(error))",
    "square_sum": "sum(error::HUGEINT * error)",
    "fourth_sum": f"sum(round(pow(error / {STEPS}, 4) * {STEPS})::HUGEINT)",
    "label_sum": f"sum(truth) {KNOWN}",
    "label_sq": f"sum(truth::HUGEINT * truth) {KNOWN}",
}


def error_tables(connection: Any, chunk: Chunk) -> Iterator[Table]:
    """Yields a regression's error sums."""
    if chunk.coding.contract.task == "regression":
        for table in grouped(connection, chunk, SUMS):
            yield "errors", table
