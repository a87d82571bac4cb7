"""The worlds looked at: no disparity, every difference at the range's edge, and one gap where nothing else differs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
from scipy.stats import binom

from tests.verdicts.views import GAP, ROOM, Ends, Floats, World, alarms, apart, wider

VIEWS = 1000
FAMILIES = tuple(product((2, 4, 12), (1, 7)))  # groups, metrics
RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
SIZES = ((50, 50), (200, 200), (2000, 2000), (2000, 200), (2000, 50), (200, 2000), (50, 2000))
OTHER_RATES = (0.03, 0.04, 0.07, 0.15, 0.4, 0.6, 0.85, 0.93, 0.97)
OTHER_SIZES = ((60, 60), (1000, 50), (500, 50), (2000, 100), (50, 500), (100, 2000))
NOWHERE, EDGES = ((0.0,),), ((-ROOM,), (ROOM,), (-ROOM, ROOM))
FIGURE, FOUND = 0.05, 0.95
LOWEST, HIGHEST = 0.2, 0.95  # the rates between which a gap is found
LARGE, LARGEST = 2000, 77  # the denominators in which a gap is found; 11 differences of each of 7 rates
Cell = tuple[float, tuple[int, int]]
Truths = tuple[tuple[float, ...], ...]  # how far apart the groups are, one after the other


def worlds(rate: float, sizes: tuple[int, int], truths: Truths) -> Iterator[World]:
    """Yields the worlds of one cell: everywhere as far apart, in families of every size."""
    for each, (groups, metrics) in product(truths, FAMILIES):
        yield World(rate, each, groups, metrics, *sizes)


@cache
def cells(truths: Truths, alpha: float, ends: Ends = wider) -> dict[Cell, float]:
    """Returns for every rate and pair of sizes the largest share of views with something outside."""
    return {cell: _worst(cell, truths, alpha, ends) for cell in product(RATES, SIZES)}


@cache
def between() -> dict[Cell, float]:
    """Returns the same at the range's edge for rates and sizes between those."""
    return {cell: _worst(cell, EDGES, FIGURE, wider) for cell in product(OTHER_RATES, OTHER_SIZES)}


def _worst(cell: Cell, truths: Truths, alpha: float, ends: Ends) -> float:
    return max(alarms(world, VIEWS, alpha, ends) for world in worlds(*cell, truths))


def gaps(groups: int, metrics: int) -> Iterator[World]:
    """Yields the worlds in which one group's one rate lies a gap from the reference's, both in LOWEST to HIGHEST."""
    for rate in np.arange(LOWEST, HIGHEST - GAP + 1e-9, 0.05).round(4).tolist():
        yield World(rate, (GAP,), groups, metrics, LARGE, LARGE, alone=True)
        yield World(round(rate + GAP, 4), (-GAP,), groups, metrics, LARGE, LARGE, alone=True)


def surely_found(rate: float, gap: float, trials: int, alpha: float, size: int = LARGEST, ends: Ends = wider) -> float:
    """Returns the exact chance that a difference is outside where nothing else of its family is.

    Every outcome is weighted. Where something else is too, the intervals are narrower and it is found more often.
    """
    hits = [_likely(rate, trials), _likely(rate + gap, trials)]
    both = np.stack(np.meshgrid(*hits, indexing="ij"), axis=-1)
    found = apart(both, np.array([trials, trials]), 1 - alpha / size, ends)[..., 0]
    first, second = binom.pmf(hits[0], trials, rate), binom.pmf(hits[1], trials, rate + gap)
    return float(first @ found @ second)


@cache
def least_found(alpha: float, gap: float = GAP, trials: int = LARGE, ends: Ends = wider) -> tuple[float, float]:
    """Returns the smallest such chance over the rates from LOWEST to HIGHEST, and the lower of the two rates there."""
    lower = np.arange(LOWEST, HIGHEST - gap + 1e-9, 0.05).round(4).tolist()
    return min((surely_found(rate, gap, trials, alpha, ends=ends), rate) for rate in lower)


def gap_found(alpha: float) -> float:
    """Returns the smallest gap, in thousandths, that is found often enough at LARGE."""
    gaps = [k / 1000 for k in range(90, 154)]
    return gaps[bisect_left(gaps, FOUND, key=lambda gap: least_found(alpha, gap)[0])]


def size_for_the_gap(alpha: float) -> int:
    """Returns the smallest denominator, in fifties, in which GAP is found often enough."""
    sizes = range(1500, 4700, 50)
    return sizes[bisect_left(sizes, FOUND, key=lambda size: least_found(alpha, GAP, size)[0])]


def _likely(rate: float, trials: int) -> Floats:
    """Returns the numbers of hits that are not next to impossible."""
    middle, reach = rate * trials, 6 * np.sqrt(rate * (1 - rate) * trials) + 1
    return np.arange(max(0, int(middle - reach)), min(trials, int(middle + reach)) + 1, dtype=float)
