"""Where intervals of counts are enumerated: sizes and rates, and what is found there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement, product

import numpy as np
from scipy.stats import binom, norm

from dashboard.rates_limits import wider
from tests.coverage.enumeration import Floats, Limits, limits, of_a_pair, of_a_rate, worst_of_a_rate

SIZES = (50, 60, 75, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000)
HUNDREDTHS = np.arange(2, 99) / 100
EVERY_SIZE = tuple(range(50, 501))  # where every rate between 0.02 and 0.98 is looked at
PAIRED_SIZES = (50, 100, 200, 500, 1000, 2000, 5000)
PAIRED_RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
SEARCHED_SIZES = (*range(50, 61), 65, 70, 75, 80, 90, 100)
SEARCHED_RATES = (*(k / 100 for k in range(2, 13)), 0.5, *(k / 100 for k in range(88, 99)))
FEW_SIZES = (10, 20, 30, 40)
RARE_RATES = np.array([0.001, 0.002, 0.005, 0.01])


@dataclass(frozen=True)
class Pair:
    """Holds the coverage of a difference and of a ratio at one point."""

    n: int
    m: int
    p: float
    q: float
    difference: float
    ratio: float


@cache
def rates() -> Floats:
    """Returns Wilson's coverage, shape (SIZES, HUNDREDTHS)."""
    return np.array([of_a_rate(n, HUNDREDTHS) for n in SIZES])


def wald(n: int) -> Floats:
    """Returns the coverage of p +- z sqrt(p (1 - p) / n), which Evenhand does not use, at HUNDREDTHS."""
    hits, value = np.arange(n + 1)[:, None], limits(n)[0][:, None]
    inside = np.abs(value - HUNDREDTHS) <= norm.ppf(0.975) * np.sqrt(value * (1 - value) / n)
    found: Floats = (binom.pmf(hits, n, HUNDREDTHS) * inside).sum(axis=0)
    return found


@cache
def between() -> tuple[tuple[int, float, float], ...]:
    """Returns for every size from 50 to 500 the smallest coverage of Wilson's over every rate, and the rate."""
    return tuple((n, *worst_of_a_rate(n)) for n in EVERY_SIZE)


def pairs() -> tuple[Pair, ...]:
    """Returns the coverage of differences and ratios; the second group is the larger.

    Turned round, a difference changes its sign and a ratio becomes its inverse, and so do their intervals.
    """
    return pairs_of(wider)


@cache
def pairs_of(of: Limits) -> tuple[Pair, ...]:
    """Returns the same where the contrasts are made of other limits of each rate."""
    return _enumerated(PAIRED_SIZES, PAIRED_RATES, of)


@cache
def searched() -> tuple[Pair, ...]:
    """Returns the coverage of small groups with extreme rates, where it is worst."""
    return _enumerated(SEARCHED_SIZES, SEARCHED_RATES)


@cache
def outside() -> tuple[tuple[Pair, ...], tuple[Pair, ...]]:
    """Returns the coverage of groups smaller and of rates rarer than a figure is claimed for."""
    rare = tuple(float(rate) for rate in RARE_RATES)
    beside = _enumerated((50, 100, 500), (*rare, 0.1, 0.5))
    return _enumerated((20, 30), PAIRED_RATES), tuple(pair for pair in beside if pair.p in rare or pair.q in rare)


def _enumerated(sizes: tuple[int, ...], rates: tuple[float, ...], of: Limits = wider) -> tuple[Pair, ...]:
    return tuple(
        Pair(n, m, p, q, *of_a_pair(n, p, m, q, of))
        for (n, m), (p, q) in product(combinations_with_replacement(sizes, 2), product(rates, rates))
    )
