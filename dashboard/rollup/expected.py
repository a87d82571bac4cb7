"""How far off a regression is expected to be, before labels come: each row's inputs looked up in the loss model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from dashboard.bins import Grid
from dashboard.bins_losses import LOSSES, MODELS
from dashboard.rollup.chunk import Chunk, Mask, Table, named
from dashboard.rollup.tallying import tally
from dashboard.sql.coding import delivered

MOST = 2.0**40  # no row is expected to be further off, in millionths of units: their sums must fit
COLUMNS = tuple(f"{loss}_{model}" for loss in LOSSES for model in range(MODELS))
Whole = NDArray[np.int64]
Levels = Mapping[str, Sequence[str | None]]


def expected_tables(chunk: Chunk) -> Iterator[Table]:
    """Yields the expected errors of the rows whose version the loss model knows, for every breakdown."""
    facts, tables = chunk.bins.losses, chunk.bins.loss_tables
    if facts is None or tables is None:
        return
    versions = [None, *chunk.coding.names["version"]]
    ours: Mask = np.array([name in facts.versions for name in versions])[chunk.column("version")]
    known = ours & ~np.isnan(chunk.score)
    losses = np.clip(tables.of_rows(codes(chunk, tables.levels)), -MOST, MOST)
    losses[~known] = 0
    sums = {"known": known} | dict(zip(COLUMNS, losses.T.astype(float), strict=True))
    for name, attributes in chunk.coding.breakdowns:
        keys = chunk.always.by(*chunk.groups(attributes))
        yield "expected_errors", named(tally(keys, sums, ~np.isnan(chunk.score)), name, attributes)


def codes(chunk: Chunk, levels: Levels) -> dict[str, Whole]:
    """Returns every row's code of each input: its frozen bin, or the place of its name among the input's levels."""
    scale, coding = chunk.bins.scale, chunk.coding
    found = {} if scale is None else {"value": _binned(scale.values, chunk.score)}
    for index, name in enumerate(coding.features("numeric")):
        found[f"number:{name}"] = _binned(chunk.bins.grids[name], chunk.column(f"number_{index}").astype(float))
    for name, (of_rows, names) in texts(chunk).items():
        known = {level: place for place, level in enumerate(levels[name])}
        found[name] = np.array([known.get(text, len(known)) for text in names])[of_rows]
    return found


def texts(chunk: Chunk) -> dict[str, tuple[Whole, list[str | None]]]:
    """Returns, for each input of text, every row's code in the chunk and the names that these stand for."""
    found: dict[str, tuple[Whole, list[str | None]]] = {}
    for index, name in enumerate(chunk.coding.features("categorical")):
        found[f"category:{name}"] = chunk.column(f"category_{index}"), [None, *chunk.coding.names[delivered(name)]]
    for name, attributes in chunk.coding.breakdowns:
        if not attributes:
            continue
        keys = chunk.groups(attributes)
        crossed = np.ravel_multi_index([key.codes for key in keys], [len(key.stands_for) for key in keys])
        names = product(*(key.stands_for.to_pylist() for key in keys))
        found[f"group:{name}"] = crossed, ["*".join(parts) for parts in names]
    return found


def _binned(grid: Grid, values: NDArray[np.float64]) -> Whole:
    """Returns the bin of every value, the one after the last where it is missing."""
    missing = np.isnan(values)
    bins = grid.bin_of(np.where(missing, 0.0, grid.steps(values)))
    return np.where(missing, grid.bins, bins)
