"""The tables that need no labels, from one coded chunk: latency, volume, features, their quality, attributions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.bins import nearest_bin
from dashboard.metrics.energy import AMOUNTS, MOST_COST, MOST_WH, WATT_HOURS
from dashboard.metrics.service import edges as latency_edges
from dashboard.rollup.chunk import SCALE, UNITS, Chunk, Mask, Table, about
from dashboard.rollup.errors import label_steps
from dashboard.rollup.tallying import Cells, Key, Keys, cells, fixed, tally
from dashboard.sql.coding import delivered

MOST = 1e13  # steps of an attribution: as many rows as a day can have add up within 2^62


def input_tables(chunk: Chunk) -> Iterator[Table]:
    """Yields what needs no labels: latency, volume, answers, features, categories, quality, attributions."""
    statuses = chunk.key("status", [None, *chunk.coding.names["status"]])
    hourly = _hourly(chunk)
    yield "volume", _timed(tally(hourly, _volume_sums(chunk, statuses)))
    endpoints = chunk.key("endpoint", [None, *chunk.coding.names["endpoint"]])
    yield "latency", _latency(chunk, hourly.by(endpoints, statuses))
    yield "answers", _timed(tally(hourly.by(endpoints, statuses), _used(chunk)))
    for index, name in enumerate(chunk.coding.features("numeric")):
        yield from _number(chunk, index, name)
    for index, name in enumerate(chunk.coding.features("categorical")):
        yield from _category(chunk, index, name)
    for index, name in enumerate(chunk.coding.contract.attributions):
        yield "attributions", _attribution(chunk, index, name)


def _hourly(chunk: Chunk) -> Keys:
    """Returns the keys day, version and hour; hours are counted from midnight UTC, whatever the days' zone."""
    midnight = 24 * (date.fromisoformat(chunk.coding.first_day) - date(1970, 1, 1)).days
    hours = chunk.column("hour").astype(np.int64) - midnight - 24 * chunk.column("day").astype(np.int64)
    first, last = int(hours.min(initial=0)), int(hours.max(initial=0))
    return chunk.always.by(Key("hour", hours - first, pa.array(range(first, last + 1), pa.int64())))


def _timed(table: pa.Table) -> pa.Table:
    """Returns the table with each hour as an instant."""
    import pyarrow.compute as pc  # slow to import

    days = table.column("day").cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    hours = pc.add(pc.multiply(days, 24), table.column("hour").cast(pa.int64()))
    instants = pc.multiply(hours, 3600).cast(pa.timestamp("s"))
    return table.set_column(table.column_names.index("hour"), "hour", instants)


def _volume_sums(chunk: Chunk, statuses: Key) -> dict[str, NDArray[Any]]:
    failed = np.array([name not in (None, "ok") for name in statuses.stands_for.to_pylist()])
    sums = {"failed": failed[statuses.codes], "scored": ~np.isnan(chunk.score), "missing": _missing(chunk)}
    if chunk.coding.contract.task != "regression":
        return sums | {"score_sum": chunk.score_steps}
    # What a regression predicts has no bounds: it is cut off like labels are.
    return sums if chunk.bins.scale is None else sums | {"score_sum": label_steps(chunk.score, chunk.bins.scale)}


def _missing(chunk: Chunk) -> NDArray[np.int64]:
    """Returns how many declared features each row lacks."""
    found = np.zeros(len(chunk.score), dtype=np.int64)
    for index in range(len(chunk.coding.features("numeric"))):
        found += np.isnan(chunk.column(f"number_{index}").astype(float, copy=False))
    for index in range(len(chunk.coding.features("categorical"))):
        found += chunk.column(f"category_{index}") == 0
    return found


def _used(chunk: Chunk) -> dict[str, NDArray[Any]]:
    """Returns which answers have a measured energy, which a logged cost, and both amounts in fixed point."""
    energy = _amount(chunk, "energy_wh", ("measured", "energy"), MOST_WH, WATT_HOURS)
    return energy | _amount(chunk, "cost", ("priced", "cost"), MOST_COST, AMOUNTS)


def _amount(chunk: Chunk, role: str, names: tuple[str, str], most: float, scale: int) -> dict[str, NDArray[Any]]:
    known, total = names
    if role not in chunk.coding.contract.columns:
        rows = len(chunk.score)
        return {known: np.zeros(rows, dtype=bool), total: np.zeros(rows, dtype=np.int64)}
    amount = np.minimum(chunk.column(role).astype(float, copy=False), most)
    return {known: ~np.isnan(amount), total: fixed(amount, scale)}


def _latency(chunk: Chunk, keys: Keys) -> pa.Table:
    latency = chunk.column("latency_ms").astype(float, copy=False)
    edges = np.array(latency_edges())
    bins = nearest_bin(latency, edges)
    first = int(bins.min(initial=len(edges)))
    occurring = Key("bin", bins - first, pa.array(range(first, int(bins.max(initial=first)) + 1), pa.int16()))
    found = cells(keys.by(occurring), {}, ~np.isnan(latency))
    return _timed(found.gathered("bins", counts="n"))


def _number(chunk: Chunk, index: int, name: str) -> Iterator[Table]:
    """Yields the histogram of a numeric feature (bin -1: missing) and what is wrong with it."""
    values = chunk.column(f"number_{index}").astype(float, copy=False)
    grid = chunk.bins.grids[name]
    missing = np.isnan(values)
    steps = grid.steps(values)
    np.copyto(steps, 0, where=missing)
    bins = grid.bin_of(steps)
    np.copyto(bins, grid.bins, where=missing)
    stands_for = pa.array([*range(grid.bins), -1], pa.int16())
    found = cells(chunk.always.by(Key("bin", bins, stands_for)), {"total": steps})
    yield "features", about("feature", name, found.gathered("bins", counts="n", totals="total"))
    feature = next(f for f in chunk.coding.contract.features if f.name == name)
    beyond = np.zeros(len(values), dtype=bool)
    for limit, outside in ((feature.minimum, np.less), (feature.maximum, np.greater)):
        if limit is not None:
            beyond |= outside(values, limit)
    yield "quality", about("feature", name, _quality(chunk, missing, beyond))


def _category(chunk: Chunk, index: int, name: str) -> Iterator[Table]:
    """Yields the counts of a categorical feature's categories (NULL: missing) and how many are missing."""
    names = [None, *chunk.coding.names[delivered(name)]]
    key = chunk.key(f"category_{index}", names, "category")
    yield "categories", about("feature", name, tally(chunk.always.by(key)))
    yield "quality", about("feature", name, _quality(chunk, key.codes == 0, None))


def _attribution(chunk: Chunk, index: int, name: str) -> pa.Table:
    """Returns how many attributions of an input there are, and the sums of their sizes and of themselves."""
    values = chunk.column(f"attribution_{index}").astype(float, copy=False)
    steps = np.clip(fixed(values, UNITS if chunk.coding.contract.task == "regression" else SCALE), -MOST, MOST)
    sums = {"absolute_sum": np.abs(steps), "total": steps}
    return about("feature", name, tally(chunk.always, sums, ~np.isnan(values)))


def _quality(chunk: Chunk, missing: Mask, beyond: Mask | None) -> pa.Table:
    """Returns rows, missing and out-of-range values by day and version."""
    rows, positions, size = chunk.rows_by_day, chunk.always.positions, prod(chunk.always.sizes)
    found = {
        name: np.zeros(size, dtype=np.int64) if mask is None else np.bincount(positions[mask], minlength=size)
        for name, mask in (("missing", missing), ("out_of_range", beyond))
    }
    where = np.ravel_multi_index([key.codes for key in rows.keys], chunk.always.sizes)
    return Cells(rows.keys, rows.sums | {name: counts[where] for name, counts in found.items()}).table()
