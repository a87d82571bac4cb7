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
Statistics = tuple[NDArray[np.float64], NDArray[np.float64]]


def p_of_days(reference: Feature, current: Feature, windows: Sequence[Feature]) -> float | None:
    """Returns the p-value of the current window among earlier ones of its length; None with fewer than 8 of them.

    For each statistic s: t = (s - mean s_k) / (max(sd s_k, i.i.d. sd) sqrt(1 + 1/K)), K - 1 degrees of freedom,
    two-sided, the smallest p times the number of statistics. Numeric: mean and standard deviation of the bins' normal
    scores, and the share missing. Categories: the share of every bin of the comparison.
    """
    kept = [window for window in windows if window.n]
    if len(kept) < ENOUGH or not current.n or not reference.n:
        return None
    now, alone = _statistics(reference, current, current)
    before = np.array([_statistics(reference, current, window)[0] for window in kept])
    spread = np.maximum(before.std(axis=0, ddof=1), alone) * sqrt(1 + 1 / len(kept))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(now - before.mean(axis=0)) / spread
    p = 2 * stdtr(len(kept) - 1, -np.nan_to_num(t, nan=0.0, posinf=np.inf))
    return min(1.0, float(p.min()) * len(p))


def _statistics(reference: Feature, current: Feature, window: Feature) -> Statistics:
    """Returns the statistics of a window and the standard deviation each would have with independent rows."""
    if isinstance(reference, Histogram) and isinstance(window, Histogram):
        return _of_numbers(reference, window)
    if isinstance(reference, Categories) and isinstance(current, Categories) and isinstance(window, Categories):
        return _of_categories(reference, current, window)
    raise TypeError("A histogram and categories cannot be compared.")


def _of_numbers(reference: Histogram, window: Histogram) -> Statistics:
    n, total = window.present, reference.present
    ranks = (np.cumsum(reference.counts) - reference.counts / 2) / max(total, 1)
    scores = ndtri(np.clip(ranks, 0.5 / (total + 1), 1 - 0.5 / (total + 1)))
    mean, deviation, _ = _moments(window.counts, scores)
    _, usual, fourth = _moments(reference.counts, scores)
    missing = (reference.missing + window.missing + 0.5) / (reference.n + window.n + 1)
    alone = (
        usual / sqrt(max(n, 1)),
        sqrt(max(fourth - usual**4, 0.0) / max(4 * usual**2 * n, 1e-300)) if usual else 0.0,
        sqrt(missing * (1 - missing) / window.n),
    )
    return np.array([mean, deviation, window.missing / window.n]), np.array(alone)


def _moments(counts: NDArray[np.int64], scores: NDArray[np.float64]) -> tuple[float, float, float]:
    """Returns mean, standard deviation and fourth central moment."""
    n = max(int(counts.sum()), 1)
    mean = float(counts @ scores) / n
    centred = scores - mean
    return mean, sqrt(float(counts @ centred**2) / n), float(counts @ centred**4) / n


def _of_categories(reference: Categories, current: Categories, window: Categories) -> Statistics:
    common = paired(reference, current)
    assert isinstance(common.bin_of, dict)
    here = folded(window.counts, window.missing, common.bin_of, common.bins) / window.n
    pooled = (common.reference + common.current + 0.5) / (common.reference.sum() + common.current.sum() + 1)
    return here, np.sqrt(pooled * (1 - pooled) / window.n)
