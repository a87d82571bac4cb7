"""The rollup's tables from one coded chunk: which keys and which sums each has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dashboard.bins import Bins, nearest_bin, score_bin
from dashboard.contract import Attribute
from dashboard.metrics.service import edges as latency_edges
from dashboard.rollup.tallying import Cells, Key, Keys, cells, fixed, tally
from dashboard.sql.coding import NONE, Coding, delivered

SCALE = 1_000_000_000  # fixed point of scores and losses
CLIP = 1e-15  # log loss sees no probability below this
Table = tuple[str, pa.Table]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Chunk:
    """One coded chunk: its coding, the frozen bins, the dates its day codes stand for, and the coded columns."""

    coding: Coding
    bins: Bins
    days: pa.Array
    rows: pa.Table

    def column(self, name: str) -> NDArray[Any]:
        """Returns a coded column; a missing number is NaN."""
        return self.rows.column(name).combine_chunks().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]

    def key(self, column: str, names: Sequence[str | None], called: str = "") -> Key:
        return Key(called or column, self.column(column), pa.array(names, pa.string()))

    @cached_property
    def always(self) -> Keys:
        """The keys of every tally: day and version."""
        return Keys.of(
            Key("day", self.column("day"), self.days), self.key("version", [None, *self.coding.names["version"]])
        )

    @cached_property
    def rows_by_day(self) -> Cells:
        """How many rows each day and version has."""
        return cells(self.always, {})

    @cached_property
    def score(self) -> NDArray[np.float64]:
        return self.column("score").astype(float, copy=False)

    @cached_property
    def truth(self) -> list[Key]:
        """Label and decision, None where there is none."""
        task = self.coding.contract.task
        names = {"binary": ["0", "1"], "multiclass": [*self.coding.names.get("label", ())]}.get(task, [])
        stands_for = pa.array([*names, None], pa.string())
        codes = {name: self.column(name) for name in ("label", "decision")}
        return [Key(name, np.where(code == NONE, len(names), code), stands_for) for name, code in codes.items()]

    @cached_property
    def attributes(self) -> dict[str, Key]:
        """The groups of every attribute, by its name."""
        declared = enumerate(self.coding.contract.attributes)
        return {a.name: self.key(f"group_{i}", self.coding.groups(a), a.name) for i, a in declared}

    def groups(self, attributes: Sequence[Attribute]) -> list[Key]:
        """Returns a key for each of these attributes."""
        return [self.attributes[attribute.name] for attribute in attributes]


def outcome_tables(chunk: Chunk) -> Iterator[Table]:
    """Yields what needs labels, for every breakdown: outcomes, bins, subjects, delays."""
    contract = chunk.coding.contract
    said = Keys.of(*chunk.truth)
    losses = _losses(chunk) if contract.task == "binary" else {}
    scored = ~np.isnan(chunk.score)
    everything = chunk.always.by(*chunk.groups(contract.attributes)).holding(said)
    crossed = cells(everything, {"scored": scored, "score_sum": fixed(chunk.score, SCALE), **losses})
    bins = Keys.of(_score_bins(chunk)).holding(said) if contract.task == "binary" else None
    delays = chunk.column("delay")
    delay = Keys.of(chunk.truth[0], Key("delay", delays, _numbered(int(delays.max(initial=0)) + 1)))
    for name, attributes in chunk.coding.breakdowns:
        groups = chunk.groups(attributes)
        keys = chunk.always.by(*groups)
        if contract.task != "regression":
            chosen = [attribute.name for attribute in attributes]
            outcomes = crossed.over("day", "version", *chosen, "label", "decision")
            yield "outcomes", _named(outcomes.table(), name, attributes)
            if chunk.coding.has_subject:
                yield "subjects", _named(_subjects(chunk, keys, losses), name, attributes)
        if bins:
            binned = tally(keys.holding(bins), where=scored & _in_largest(chunk.bins, groups))
            yield "bins", _named(binned, name, attributes)
        if delays.max(initial=-1) >= 0:
            yield "delays", _named(tally(keys.holding(delay), where=delays >= 0), name, attributes)


def input_tables(chunk: Chunk) -> Iterator[Table]:
    """Yields what needs no labels: latency, volume, features, categories, quality."""
    statuses = chunk.key("status", [None, *chunk.coding.names["status"]])
    yield "volume", _timed(tally(_hourly(chunk), _volume_sums(chunk, statuses)))
    yield "latency", _latency(chunk, statuses)
    for index, name in enumerate(chunk.coding.features("numeric")):
        yield from _number(chunk, index, name)
    for index, name in enumerate(chunk.coding.features("categorical")):
        yield from _category(chunk, index, name)


def _losses(chunk: Chunk) -> dict[str, NDArray[Any]]:
    """Returns the losses of labelled rows in fixed point, from the probability given to the label; 0 elsewhere."""
    label = chunk.column("label")
    given = np.where(label == 1, chunk.score, 1 - chunk.score)
    np.copyto(given, 1.0, where=(label == NONE) | np.isnan(given))
    log_loss = -np.log(np.maximum(given, CLIP))
    brier = (1 - given) ** 2
    losses = {"brier_sum": brier, "brier_sq": brier**2, "log_loss_sum": log_loss, "log_loss_sq": log_loss**2}
    return {name: np.rint(loss * SCALE) for name, loss in losses.items()} | {"clipped": given < CLIP}


def _score_bins(chunk: Chunk) -> Key:
    edges = chunk.bins.score_edges
    return Key("bin", score_bin(chunk.score, edges), _numbered(len(edges) + 1))


def _numbered(size: int) -> pa.Array:
    return pa.array(range(size), pa.int32())


def _subjects(chunk: Chunk, keys: Keys, losses: dict[str, NDArray[Any]]) -> pa.Table:
    buckets = Key("bucket", chunk.column("bucket"), _numbered(256))
    sums = {name: values for name, values in losses.items() if name in ("brier_sum", "log_loss_sum")}
    return tally(keys.by(buckets, *chunk.truth), sums)


def _in_largest(bins: Bins, groups: Sequence[Key]) -> Mask:
    """Returns which rows' scores are binned: all, but for an attribute of many groups those of the groups it names.

    They are frozen: a group binned on some days only would have an area of those days only.
    """
    kept = bins.groups.get(groups[0].name) if len(groups) == 1 else None
    if kept is None:
        return np.ones(1, dtype=bool)
    named: Mask = np.array([name in kept for name in groups[0].stands_for.to_pylist()])[groups[0].codes]
    return named


def _named(table: pa.Table, name: str, attributes: Sequence[Attribute]) -> pa.Table:
    """Returns the table with `attribute` and `grp` in place of a column for each attribute; F*65+ is of two."""
    columns = [table.column(attribute.name) for attribute in attributes]
    if len(columns) > 1:
        crossed = pc.binary_join_element_wise(*(column.cast(pa.string()) for column in columns), "*")
        columns = [crossed.dictionary_encode()]
    kept = table.drop_columns([attribute.name for attribute in attributes])
    return _about("attribute", name, kept).append_column("grp", columns[0] if columns else _same("", len(table)))


def _about(column: str, name: str, table: pa.Table) -> pa.Table:
    """Returns the table with a column that says the same in every row."""
    return table.append_column(column, _same(name, len(table)))


def _same(text: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), pa.array([text]))


def _hourly(chunk: Chunk) -> Keys:
    """Returns the keys day, version and hour; hours are counted from midnight UTC, whatever the days' zone."""
    midnight = 24 * (date.fromisoformat(chunk.coding.first_day) - date(1970, 1, 1)).days
    hours = chunk.column("hour").astype(np.int64) - midnight - 24 * chunk.column("day").astype(np.int64)
    first, last = int(hours.min(initial=0)), int(hours.max(initial=0))
    return chunk.always.by(Key("hour", hours - first, pa.array(range(first, last + 1), pa.int64())))


def _timed(table: pa.Table) -> pa.Table:
    """Returns the table with each hour as an instant."""
    days = table.column("day").cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    hours = pc.add(pc.multiply(days, 24), table.column("hour").cast(pa.int64()))
    instants = pc.multiply(hours, 3600).cast(pa.timestamp("s"))
    return table.set_column(table.column_names.index("hour"), "hour", instants)


def _volume_sums(chunk: Chunk, statuses: Key) -> dict[str, NDArray[Any]]:
    failed = np.array([name not in (None, "ok") for name in statuses.stands_for.to_pylist()])
    return {
        "failed": failed[statuses.codes],
        "scored": ~np.isnan(chunk.score),
        "score_sum": fixed(chunk.score, SCALE),
    }


def _latency(chunk: Chunk, statuses: Key) -> pa.Table:
    latency = chunk.column("latency_ms").astype(float, copy=False)
    edges = np.array(latency_edges())
    bins = nearest_bin(latency, edges)
    first = int(bins.min(initial=len(edges)))
    occurring = Key("bin", bins - first, pa.array(range(first, int(bins.max(initial=first)) + 1), pa.int32()))
    endpoints = chunk.key("endpoint", [None, *chunk.coding.names["endpoint"]])
    return _timed(tally(_hourly(chunk).by(endpoints, statuses, occurring), where=~np.isnan(latency)))


def _number(chunk: Chunk, index: int, name: str) -> Iterator[Table]:
    """Yields the histogram of a numeric feature (bin -1: missing) and what is wrong with it."""
    values = chunk.column(f"number_{index}").astype(float, copy=False)
    grid = chunk.bins.grids[name]
    missing = np.isnan(values)
    steps = grid.steps(values)
    np.copyto(steps, 0, where=missing)
    bins = grid.bin_of(steps)
    np.copyto(bins, grid.bins, where=missing)
    stands_for = pa.array([*range(grid.bins), -1], pa.int32())
    yield "features", _about("feature", name, tally(chunk.always.by(Key("bin", bins, stands_for)), {"total": steps}))
    feature = next(f for f in chunk.coding.contract.features if f.name == name)
    beyond = np.zeros(len(values), dtype=bool)
    for limit, outside in ((feature.minimum, np.less), (feature.maximum, np.greater)):
        if limit is not None:
            beyond |= outside(values, limit)
    yield "quality", _about("feature", name, _quality(chunk, missing, beyond))


def _category(chunk: Chunk, index: int, name: str) -> Iterator[Table]:
    """Yields the counts of a categorical feature's categories (NULL: missing) and how many are missing."""
    names = [None, *chunk.coding.names[delivered(name)]]
    key = chunk.key(f"category_{index}", names, "category")
    yield "categories", _about("feature", name, tally(chunk.always.by(key)))
    yield "quality", _about("feature", name, _quality(chunk, key.codes == 0, None))


def _quality(chunk: Chunk, missing: Mask, beyond: Mask | None) -> pa.Table:
    """Returns rows, missing and out-of-range values by day and version."""
    rows, positions, size = chunk.rows_by_day, chunk.always.positions, prod(chunk.always.sizes)
    found = {
        name: np.zeros(size, dtype=np.int64) if mask is None else np.bincount(positions[mask], minlength=size)
        for name, mask in (("missing", missing), ("out_of_range", beyond))
    }
    where = np.ravel_multi_index([key.codes for key in rows.keys], chunk.always.sizes)
    return Cells(rows.keys, rows.sums | {name: counts[where] for name, counts in found.items()}).table()
