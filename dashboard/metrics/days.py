"""Whether a window differs from earlier windows by more than they differ from each other.

Days are not independent: a holiday, an epidemic, a batch of one clinic move many rows at once, and a test that counts
rows finds every window significant. With at least 8 earlier windows of the same length the current one is held
against them by Student's prediction interval, for the statistics that a drift would move.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr

from dashboard.metrics.histograms import Categories, Feature, Histogram, folded, paired

ENOUGH = 8
Floats = NDArray[np.float64]
Statistics = tuple[Floats, Floats]


def p_of_days(reference: Feature, current: Feature, windows: Sequence[Feature]) -> float | None:
    """Returns the p-value of the current window among earlier ones of its length; None with fewer than 8 of them.

    For each statistic s: t = (s - mean s_k) / (max(sd s_k, i.i.d. sd) sqrt(1 + 1/K)), K - 1 degrees of freedom,
    two-sided, the smallest p times the number of statistics that are not the same in all windows. Numeric: mean and
    standard deviation of the bins' normal scores, and the share missing. Categories: the share of every bin of the
    comparison.
    """
    kept = [window for window in windows if window.n]
    if len(kept) < ENOUGH or not current.n or not reference.n:
        return None
    found, alone = _statistics(reference, current, kept)
    now, before = found[0], found[1:]
    spread = np.maximum(before.std(axis=0, ddof=1), alone) * sqrt(1 + 1 / len(kept))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(now - before.mean(axis=0)) / spread
    p = 2 * stdtr(len(kept) - 1, -np.nan_to_num(t, nan=0.0, posinf=np.inf))
    vary = int(np.any(found != now, axis=0).sum())  # what is the same in every window cannot be surprising
    return min(1.0, float(p.min()) * max(vary, 1))


def _statistics(reference: Feature, current: Feature, windows: Sequence[Feature]) -> Statistics:
    """Returns the statistics of the current window and of each earlier one, a row each, and the deviation of each.

    The deviation is the one that the current window's statistics would have with independent rows.
    """
    sides = (current, *windows)
    if isinstance(reference, Histogram):
        numbers = [side for side in sides if isinstance(side, Histogram)]
        if len(numbers) == len(sides):
            return _of_numbers(reference, numbers)
    if isinstance(reference, Categories):
        categories = [side for side in sides if isinstance(side, Categories)]
        if len(categories) == len(sides):
            return _of_categories(reference, categories)
    raise TypeError("A histogram and categories cannot be compared.")


def _of_numbers(reference: Histogram, sides: Sequence[Histogram]) -> Statistics:
    total = reference.present
    ranks = (np.cumsum(reference.counts) - reference.counts / 2) / max(total, 1)
    scores = ndtri(np.clip(ranks, 0.5 / (total + 1), 1 - 0.5 / (total + 1)))
    mean, deviation, _ = _moments(np.array([side.counts for side in sides]), scores)
    usual, fourth = (float(moment[0]) for moment in _moments(reference.counts[np.newaxis], scores)[1:])
    current = sides[0]
    n = current.present
    missing = (reference.missing + current.missing + 0.5) / (reference.n + current.n + 1)
    alone = (
        usual / sqrt(max(n, 1)),
        sqrt(max(fourth - usual**4, 0.0) / max(4 * usual**2 * n, 1e-300)) if usual else 0.0,
        sqrt(missing * (1 - missing) / current.n),
    )
    return np.column_stack([mean, deviation, [side.missing / side.n for side in sides]]), np.array(alone)


def _moments(counts: NDArray[np.int64], scores: NDArray[np.float64]) -> tuple[Floats, Floats, Floats]:
    """Returns mean, standard deviation and fourth central moment of each row of counts."""
    n = np.maximum(counts.sum(axis=1), 1)
    mean = counts @ scores / n
    square = (scores - mean[:, np.newaxis]) ** 2
    second, fourth = (np.einsum("ij,ij->i", counts, power) / n for power in (square, square * square))
    return mean, np.sqrt(second), fourth


def _of_categories(reference: Categories, sides: Sequence[Categories]) -> Statistics:
    current = sides[0]
    common = paired(reference, current)
    assert isinstance(common.bin_of, dict)
    shares = [folded(side.counts, side.missing, common.bin_of, common.bins) / side.n for side in sides]
    pooled = (common.reference + common.current + 0.5) / (common.reference.sum() + common.current.sum() + 1)
    return np.array(shares), np.sqrt(pooled * (1 - pooled) / current.n)
