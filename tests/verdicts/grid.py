"""The worlds looked at: no disparity, every difference at the range's edge, and one gap where nothing else differs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
from scipy.stats import binom

from tests.verdicts.views import GAP, ROOM, Floats, World, alarms, newcombe, z_at

VIEWS = 1000
FAMILIES = tuple(product((2, 4, 12), (1, 7)))  # groups, metrics
RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
SIZES = ((50, 50), (200, 200), (2000, 2000), (2000, 200), (2000, 50), (200, 2000), (50, 2000))
NOWHERE, EDGES = ((0.0,),), ((-ROOM,), (ROOM,), (-ROOM, ROOM))
MIDDLE = (0.3, 0.7)  # where differences of unequal groups keep the figure at the range's edge
FIGURE, FOUND = 0.05, 0.95
LOWEST, HIGHEST = 0.2, 0.95  # the rates between which a gap is found
LARGE, LARGEST = 2000, 77  # the denominators in which a gap is found; 11 differences of each of 7 rates
Cell = tuple[float, tuple[int, int]]


def worlds(rate: float, sizes: tuple[int, int], apart: tuple[tuple[float, ...], ...]) -> Iterator[World]:
    """Yields the worlds of one cell: everywhere as far apart, in families of every size."""
    for each, (groups, metrics) in product(apart, FAMILIES):
        yield World(rate, each, groups, metrics, *sizes)


@cache
def cells(apart: tuple[tuple[float, ...], ...], alpha: float) -> dict[Cell, float]:
    """Returns for every rate and pair of sizes the largest share of views with something outside."""
    return {
        (rate, sizes): max(alarms(world, VIEWS, alpha) for world in worlds(rate, sizes, apart))
        for rate, sizes in product(RATES, SIZES)
    }


def claimed(rate: float, sizes: tuple[int, int], alpha: float, apart: tuple[tuple[float, ...], ...]) -> bool:
    """Returns whether a cell is claimed to keep the figure."""
    equal = sizes[0] == sizes[1]
    return apart == NOWHERE or equal or alpha < FIGURE or MIDDLE[0] <= rate <= MIDDLE[1]


def gaps(groups: int, metrics: int) -> Iterator[World]:
    """Yields the worlds in which one group's one rate lies a gap from the reference's, both in LOWEST to HIGHEST."""
    for rate in np.arange(LOWEST, HIGHEST - GAP + 1e-9, 0.05).round(4).tolist():
        yield World(rate, (GAP,), groups, metrics, LARGE, LARGE, alone=True)
        yield World(round(rate + GAP, 4), (-GAP,), groups, metrics, LARGE, LARGE, alone=True)


def surely_found(rate: float, gap: float, trials: int, alpha: float, size: int = LARGEST) -> float:
    """Returns the exact chance that a difference is outside where nothing else of its family is.

    Every outcome is weighted. Where something else is too, the intervals are narrower and it is found more often.
    """
    hits = [_likely(rate, trials), _likely(rate + gap, trials)]
    both = np.stack(np.meshgrid(*hits, indexing="ij"), axis=-1)
    low, high = newcombe(both, np.array([trials, trials], dtype=float), z_at(np.array(1 - alpha / size)))
    apart = ((low > ROOM) | (high < -ROOM))[..., 0]
    first, second = binom.pmf(hits[0], trials, rate), binom.pmf(hits[1], trials, rate + gap)
    return float(first @ apart @ second)


@cache
def least_found(alpha: float, gap: float = GAP, trials: int = LARGE) -> tuple[float, float]:
    """Returns the smallest such chance over the rates from LOWEST to HIGHEST, and the lower of the two rates there."""
    lower = np.arange(LOWEST, HIGHEST - gap + 1e-9, 0.05).round(4).tolist()
    return min((surely_found(rate, gap, trials, alpha), rate) for rate in lower)


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
