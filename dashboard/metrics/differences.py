"""The difference of two estimates with intervals of their own, and how far two areas under the ROC curve go together.

Always the second minus the first: the version that is judged against the one it is judged by.
"""

from __future__ import annotations

from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.rates import Estimate, Limits, Measure, undefined

Floats = NDArray[np.float64]
PAIRED = "MOVER, paired"


def mover(second: tuple[float, float, float], first: tuple[float, float, float], correlation: float) -> Limits:
    """Returns the limits of second minus first from two (value, low, high) and the correlation of the estimates.

    Source: Zou, Psychological Methods 12 (2007) 399.

    >>> [round(limit, 4) for limit in mover((0.8, 0.6961, 0.8766), (0.6, 0.4905, 0.7000), 0.0)]
    [0.0558, 0.3336]
    """
    (p, low, high), (q, below, above) = second, first
    return p - q - _joined(p - low, above - q, correlation), p - q + _joined(high - p, q - below, correlation)


def _joined(one: float, other: float, correlation: float) -> float:
    return sqrt(max(one * one + other * other - 2 * correlation * one * other, 0.0))


def difference_of(second: Measure, first: Measure, correlation: float = 0.0, note: str = "") -> Measure:
    """Returns second minus first with the interval that follows from each one's own and their correlation.

    Without a correlation the two are of different cases.

    >>> from dashboard.rates import Rate
    >>> difference = difference_of(Rate(75, 100), Rate(60, 100))
    >>> round(difference.value, 2), difference.method
    (0.15, 'MOVER')
    """
    method = PAIRED if correlation else "MOVER"
    if second.value is None or first.value is None:
        empty = [name for name, of in (("this version", second), ("the other", first)) if of.value is None]
        why = "; ".join(of.note.removeprefix("cannot be computed: ") for of in (second, first) if of.value is None)
        return undefined(f"{' and '.join(empty)}: {why}", second.n, method=method)
    smaller = min(second.minimum(), first.minimum())
    bounds = partial(_difference_limits, second, first, correlation)
    return Estimate(
        second.value - first.value, second.n, method, bounds, smaller, second.numerator, second.denominator, note
    )  # fmt: skip


def _difference_limits(second: Measure, first: Measure, correlation: float, level: float) -> Limits:
    (low, high), (below, above) = second.interval(level), first.interval(level)
    p, q = second.value or 0.0, first.value or 0.0
    lower = None if low is None or above is None else p - q - _joined(p - low, above - q, correlation)
    upper = None if high is None or below is None else p - q + _joined(high - p, q - below, correlation)
    return lower, upper


def area_correlation(positives: ArrayLike, negatives: ArrayLike) -> float:
    """Returns the correlation of two areas under the ROC curve of the same cases, from joint counts of score bins.

    The arguments are counts of shape (first's bins, second's bins). DeLong's covariance: of the placements (the share
    of the other class that a case stands above, ties half), over the cases of each class; 0 without spread.
    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837.

    >>> round(area_correlation([[0, 0], [1, 3]], [[3, 1], [0, 0]]), 3)  # the first never errs
    0.0
    >>> area_correlation([[1, 0], [0, 3]], [[3, 0], [0, 1]])  # twice the same
    1.0
    """
    pos, neg = np.asarray(positives, dtype=float), np.asarray(negatives, dtype=float)
    if pos.sum() < 2 or neg.sum() < 2:
        return 0.0
    (a, first_of_pos, first_of_neg), (b, second_of_pos, second_of_neg) = (_placements(pos, neg, x) for x in (1, 0))
    covariance, variance, other = 0.0, 0.0, 0.0
    for counts, one, two in ((pos, first_of_pos - a, second_of_pos - b), (neg, first_of_neg - a, second_of_neg - b)):
        total = float(counts.sum())
        within = 1 / (total - 1) / total
        covariance += float(one @ counts @ two) * within
        variance += float(counts.sum(axis=1) @ one**2) * within
        other += float(counts.sum(axis=0) @ two**2) * within
    return covariance / sqrt(variance * other) if variance > 0 and other > 0 else 0.0


def _placements(pos: Floats, neg: Floats, away: int) -> tuple[float, Floats, Floats]:
    """Returns one version's area, and by score bin the placement of a positive and of a negative case."""
    positives, negatives = pos.sum(axis=away), neg.sum(axis=away)
    below = (np.cumsum(negatives) - negatives / 2) / negatives.sum()
    above = 1 - (np.cumsum(positives) - positives / 2) / positives.sum()
    return float(positives @ below) / float(positives.sum()), below, above
