"""The tables of a regression: sums of errors and labels, counts by size of the error, sums by subject bucket.

Errors and labels are counted in the frozen units of `Bins.scale`; what lies more than `LARGEST` units out is counted
as that, and counted in `clipped`, `label_clipped` or `relative_clipped`. Powers are products, never `pow`: every
machine multiplies alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.bins import Scale, nearest_bin
from dashboard.metrics.errors import LARGEST, SCALE, edges
from dashboard.rollup.chunk import Chunk, Mask, Table, named
from dashboard.rollup.outcomes import in_largest
from dashboard.rollup.sums import grouped
from dashboard.rollup.tallying import Key, tally

# Fourth powers are rounded up and their like with the opposite sign down, so that no interval gets too narrow.
SUMS = {
    "labelled": "count(error)",
    "error_sum": "sum(error)",
    "absolute_sum": "sum(abs(error))",
    "square_sum": "sum(error::HUGEINT * error)",
    "label_sum": "sum(label_steps)",
    "label_sq": "sum(label_steps::HUGEINT * label_steps)",
    "relative": "count(relative)",
    "relative_sum": "sum(relative)",
    "beyond": "count(*) FILTER (beyond)",
}
MORE = {
    "n": "count(*)",
    "fourth_sum": f"sum(ceil(e * e * e * e * {SCALE})::HUGEINT)",
    "label_cube": f"sum(round(y * y * y * {SCALE})::HUGEINT)",
    "label_fourth": f"sum(ceil(y * y * y * y * {SCALE})::HUGEINT)",
    "square_label": f"sum(round(e * e * y * {SCALE})::HUGEINT)",
    "square_label_sq": f"sum(floor(e * e * y * y * {SCALE})::HUGEINT)",
    "relative_sq": "sum(relative::HUGEINT * relative)",
    "clipped": f"count(*) FILTER (abs(e) = {LARGEST})",
    "label_clipped": f"count(*) FILTER (abs(y) = {LARGEST})",
    "relative_clipped": f"count(*) FILTER (relative = {LARGEST * SCALE:.0f})",
}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A chunk's rows in units: error and label (NaN: no label), the error by the label's size, all cut off."""

    e: Floats
    y: Floats
    relative: Floats
    beyond: Mask

    @property
    def known(self) -> Mask:
        there: Mask = ~np.isnan(self.e)
        return there


def error_tables(connection: Any, chunk: Chunk) -> Iterator[Table]:
    """Yields a regression's sums, its error bins and, where the contract names a subject, the sums by bucket."""
    scale = chunk.bins.scale
    if scale is None:
        return
    measured = _measured(chunk, scale)
    counted = replace(chunk, rows=_with_columns(chunk.rows, measured))
    for table in grouped(connection, counted, SUMS | MORE):
        yield "errors", table
    if chunk.coding.has_subject:
        for table in grouped(connection, counted, SUMS, ("bucket",)):
            yield "subject_errors", table
    bins = _bins(measured)
    for name, attributes in chunk.coding.breakdowns:
        groups = chunk.groups(attributes)
        where = measured.known & in_largest(chunk.bins, groups)
        yield "error_bins", named(tally(chunk.always.by(*groups, bins), where=where), name, attributes)


def _measured(chunk: Chunk, scale: Scale) -> Measured:
    truth = chunk.column("truth").astype(float)
    relative = np.full(len(truth), np.nan)
    with np.errstate(over="ignore"):
        off = chunk.score - truth
        e, y = off / scale.error, (truth - scale.centre) / scale.label
        np.divide(np.abs(off), np.abs(truth), out=relative, where=truth != 0)
    y[np.isnan(e)] = np.nan
    tolerance = chunk.coding.contract.tolerance
    # Whole steps are compared: 8.3 - 3.3 is a hair above 5 in binary, and not beyond a tolerance of 5.
    beyond = np.rint(np.abs(e) * SCALE) > (np.inf if tolerance is None else np.rint(tolerance / scale.error * SCALE))
    e, y, relative = (np.clip(values, -LARGEST, LARGEST) for values in (e, y, relative))
    return Measured(e, y, relative, beyond)


def label_steps(values: Floats, scale: Scale) -> Floats:
    """Returns numbers of a label's kind in whole steps from the centre, cut off; 0 where there is none."""
    units = np.clip((values - scale.centre) / scale.label, -LARGEST, LARGEST)
    return np.rint(np.nan_to_num(units * SCALE))


def _with_columns(rows: pa.Table, measured: Measured) -> pa.Table:
    """Returns the coded rows with what is summed: whole steps, and units where powers are needed."""
    whole = {"error": measured.e, "label_steps": measured.y, "relative": measured.relative}
    columns = {name: pa.array(values, from_pandas=True) for name, values in (("e", measured.e), ("y", measured.y))}
    columns |= {
        name: pa.array(np.rint(np.nan_to_num(values * SCALE)).astype(np.int64), mask=np.isnan(values))
        for name, values in whole.items()
    }
    columns |= {"beyond": pa.array(measured.beyond)}
    for name, column in columns.items():
        rows = rows.append_column(name, column)
    return rows


def _bins(measured: Measured) -> Key:
    """Returns the bin of every error, negative where it is too low."""
    largest = len(edges())
    size = nearest_bin(np.abs(measured.e), np.array(edges()))
    signed = np.where(measured.e < 0, -size, size)
    return Key("bin", signed + largest, pa.array(range(-largest, largest + 1), pa.int32()))
