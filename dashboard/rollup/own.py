"""Numbers made of what a model answers, binned as features are: how sure several classes are, a regression's score."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.contract import SURE
from dashboard.rollup.chunk import Chunk, Table, about
from dashboard.rollup.tallying import Key, cells

Floats = NDArray[np.float64]


def how_sure(given: Floats) -> dict[str, Floats]:
    """Returns the top score, the margin and the entropy of the scores of rows with a probability for each class.

    Margin: the first less the second. Entropy: of the probabilities over their sum, 0 (one class) to 1 (all alike), the
    base being the number of classes. NaN where a probability is missing, or all are 0.

    >>> found = how_sure(np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0], [0.5, np.nan, 0.5]]))
    >>> [values.round(3).tolist() for values in found.values()]
    [[0.7, 1.0, nan], [0.5, 1.0, nan], [0.73, 0.0, nan]]
    """
    classes = given.shape[1]
    total = given.sum(axis=1)
    total[total <= 0] = np.nan  # NaN already where a probability is
    ordered = np.partition(given, max(classes - 2, 0), axis=1)
    top, second = ordered[:, -1], ordered[:, -2] if classes > 1 else np.zeros(len(given))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = given / total[:, None]
        parts = np.where(shares > 0, shares * np.log(shares), 0.0)
    entropy = np.clip((0.0 - parts.sum(axis=1)) / np.log(max(classes, 2)), 0.0, 1.0)
    found = (top, top - second, entropy)
    return {name: np.where(np.isnan(total), np.nan, values) for name, values in zip(SURE, found, strict=True)}


def own_tables(chunk: Chunk) -> Iterator[Table]:
    """Yields the histograms of these numbers, rows without one left out; a model of two classes has none."""
    grids = chunk.bins.own_grids
    numbers = {"score": chunk.score} if chunk.bins.scale else how_sure(chunk.probabilities) if grids else {}
    for name, values in numbers.items():
        there = ~np.isnan(values)
        steps = grids[name].steps(np.where(there, values, 0.0))
        bins = Key("bin", grids[name].bin_of(steps), pa.array(range(grids[name].bins), pa.int16()))
        found = cells(chunk.always.by(bins), {"total": steps}, there)
        yield "own_features", about("feature", name, found.gathered("bins", counts="n", totals="total"))
