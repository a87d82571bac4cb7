"""The coverage of intervals of counts, exactly: every outcome weighted with its binomial probability.

Limits are the library's own (`dashboard.rates_limits`) for every count there can be. What `Difference` and `Ratio` make
of two of them is written again for whole tables at once; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from dashboard.rates_limits import wider, wilson

Floats = NDArray[np.float64]
Limits = Callable[[float, float, float], tuple[float, float]]  # hits, trials, level -> low, high
LEVEL = 0.95
LEFT_OUT = 1e-9  # of probability in either tail of a pair's outcomes; it counts as not covered
LEAST, MOST = 0.02, 0.98  # the rates for which a figure is claimed


@cache
def limits(n: int, of: Limits = wilson) -> tuple[Floats, Floats, Floats]:
    """Returns value, low and high of 0, 1, ... n hits of n: a rate's own, or those that contrasts are made of."""
    value, low, high = np.array([(hits / n, *of(hits, n, LEVEL)) for hits in range(n + 1)]).T
    return value, low, high


def of_a_rate(n: int, rates: Floats) -> Floats:
    """Returns how often Wilson's interval for n trials contains each of these rates."""
    _, low, high = limits(n)
    first, last = np.searchsorted(high, rates, "left"), np.searchsorted(low, rates, "right") - 1
    covered: Floats = binom.cdf(last, n, rates) - binom.cdf(first - 1, n, rates)
    return covered


def worst_of_a_rate(n: int) -> tuple[float, float]:
    """Returns the smallest coverage of Wilson's interval over every rate from 0.02 to 0.98, and where it is.

    Between two neighbouring limits the same hits cover; the probability of hits from a to b rises and then falls with
    the rate, so it is smallest at one of the two ends.
    """
    _, low, high = limits(n)
    ends = np.unique(np.clip(np.concatenate([low, high, [LEAST, MOST]]), LEAST, MOST))
    middles = (ends[:-1] + ends[1:]) / 2
    first, last = np.searchsorted(high, middles), np.searchsorted(low, middles, "right") - 1
    found = np.array([binom.cdf(last, n, end) - binom.cdf(first - 1, n, end) for end in (ends[:-1], ends[1:])])
    side, piece = np.unravel_index(int(found.argmin()), found.shape)
    return float(found[side, piece]), float(ends[piece + side])


@cache
def outcomes(n: int, rate: float) -> tuple[NDArray[np.int64], Floats]:
    """Returns the numbers of hits that can be met, and their probabilities."""
    hits = np.arange(int(binom.ppf(LEFT_OUT, n, rate)), int(binom.isf(LEFT_OUT, n, rate)) + 1)
    return hits, binom.pmf(hits, n, rate)


def of_a_pair(n: int, p: float, m: int, q: float, of: Limits = wider) -> tuple[float, float]:
    """Returns how often MOVER's interval contains p - q and MOVER-R's contains p / q."""
    (hits, weights), (others, other_weights) = outcomes(n, p), outcomes(m, q)
    group = tuple(side[hits][:, None] for side in limits(n, of))
    reference = tuple(side[others][None, :] for side in limits(m, of))
    found = []
    for (low, high), truth in ((mover(group, reference), p - q), (mover_ratio(group, reference), p / q)):
        found.append(float(weights @ ((low <= truth) & (truth <= high)) @ other_weights))
    return found[0], found[1]


def mover(group: tuple[Floats, ...], reference: tuple[Floats, ...]) -> tuple[Floats, Floats]:
    """Returns `Difference.interval` of tables of (value, low, high)."""
    (p, low, high), (q, below, above) = group, reference
    return p - q - np.sqrt((p - low) ** 2 + (above - q) ** 2), p - q + np.sqrt((high - p) ** 2 + (q - below) ** 2)


def mover_ratio(group: tuple[Floats, ...], reference: tuple[Floats, ...]) -> tuple[Floats, Floats]:
    """Returns `Ratio.interval` of tables of (value, low, high); inf where there is no upper limit."""
    (p, low, high), (q, below, above) = group, reference
    product = p * q
    least, most = low * (2 * p - low), above * (2 * q - above)
    root = product + np.sqrt(np.maximum(product * product - least * most, 0.0))
    lower = np.divide(np.broadcast_to(least, root.shape), root, out=np.zeros_like(root), where=root > 0)
    least, most = np.broadcast_to(below * (2 * q - below), root.shape), high * (2 * p - high)
    root = product + np.sqrt(np.maximum(product * product - least * most, 0.0))
    upper = np.divide(root, least, out=np.full_like(root, np.inf), where=least > 0)
    return np.maximum(lower, 0.0), upper
