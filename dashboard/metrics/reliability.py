"""The reliability curve: what happened to the cases that were given about 30 %, bin by bin, from counts.

Fine score bins are merged into a few of about equal count. Scores are taken as given and labels as drawn: variances
and limits are about other labels that the same cases might have had.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, gammaln

from dashboard.metrics.resampling import seed_of

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
BINS = 10
DRAWS = 400
ADDED = 2.0  # hits and misses added to a bin before its variance is taken: none of 40 is not never


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """A reliability curve, one entry a bin, ascending: its ends, mean score, labelled cases, positives among them.

    `chance` is the variance of one label if the scores are right, the mean of s (1 - s); `coarse` by how much the fine
    bins can have moved a mean score; `deff` the design effect of clustered cases.
    """

    low: Floats
    high: Floats
    scores: Floats
    n: Counts
    positives: Counts
    chance: Floats
    coarse: Floats
    deff: float = 1.0

    @property
    def total(self) -> int:
        return int(self.n.sum())

    @property
    def share(self) -> Floats:
        """The share of the cases that each bin holds."""
        return self.n / max(self.total, 1)

    @property
    def gaps(self) -> Floats:
        """What happened minus what was said, bin by bin."""
        return self.positives / self.n - self.scores

    @property
    def variances(self) -> Floats:
        """The variance of each bin's observed rate, on the safe side: from its counts with a few added."""
        n = self.n / self.deff
        p = (self.positives / self.deff + ADDED) / (n + 2 * ADDED)
        return p * (1 - p) / n

    def limits(self, level: float = 0.95) -> Floats:
        """Returns limits of every observed rate, shape (bins, 2), that hold for all bins together.

        Clopper and Pearson's exact ones, each at 1 - (1 - level) / bins: so far out, with rare cases, Wilson's leave
        out the truth twice as often as they say. Source: Clopper and Pearson, Biometrika 26 (1934) 404.
        """
        tail = (1 - level) / 2 / max(len(self.n), 1)
        hits, misses = self.positives / self.deff, (self.n - self.positives) / self.deff
        low = np.where(hits > 0, betaincinv(np.maximum(hits, 1e-9), misses + 1, tail), 0.0)
        high = np.where(misses > 0, betaincinv(hits + 1, np.maximum(misses, 1e-9), 1 - tail), 1.0)
        return np.column_stack([low, high])


def reliability(
    positives: ArrayLike,
    negatives: ArrayLike,
    scores: ArrayLike,
    bins: int = BINS,
    edges: ArrayLike | None = None,
    ends: tuple[ArrayLike, ArrayLike] | None = None,
    deff: float = 1.0,
) -> Reliability:
    """Returns the reliability curve of labelled cases counted by fine score bin, in ascending order of score.

    `scores` is what a fine bin stands for, `ends` where it begins and ends. A fine bin goes where its middle case
    lies: place = floor(bins (cases before it + half of its own) / cases), so that bins hold about as many cases each
    and equal scores stay together; with `edges` it goes between those instead (left-closed).

    >>> curve = reliability([0, 1, 2], [2, 0, 0], [0.25, 0.55, 0.75], edges=[0.5])  # 2 bins of equal width
    >>> curve.scores.round(3).tolist(), curve.n.tolist(), curve.positives.tolist()
    ([0.25, 0.683], [2, 3], [0, 3])
    """
    pos, neg = (np.asarray(counts, dtype=np.int64) for counts in (positives, negatives))
    used = np.flatnonzero(pos + neg)
    pos, n, value = pos[used], (pos + neg)[used], np.asarray(scores, dtype=float)[used]
    from_, to = (value, value) if ends is None else (np.asarray(end, dtype=float)[used] for end in ends)
    first = _first(n, bins) if edges is None else _between(value, np.asarray(edges, dtype=float))
    last = np.append(first[1:], len(n)) - 1 if len(n) else first
    count = _summed(n, first)
    means = (
        _summed(n * each, first) / count for each in (value, value * (1 - value), np.maximum(value - from_, to - value))
    )
    mean, chance, coarse = means
    counted, hits = (sums.astype(np.int64) for sums in (count, _summed(pos, first)))
    return Reliability(from_[first], to[last], mean, counted, hits, chance, coarse, deff)


def _first(n: Counts, bins: int) -> Counts:
    """Returns the first fine bin of every merged one, of about equal count."""
    place = bins * (2 * np.cumsum(n) - n) // max(2 * int(n.sum()), 1)
    return np.flatnonzero(np.diff(place, prepend=-1))


def _between(values: Floats, edges: Floats) -> Counts:
    place = np.searchsorted(edges, values, side="right")
    return np.flatnonzero(np.diff(place, prepend=-1))


def _summed(values: NDArray[np.float64] | Counts, first: Counts) -> Floats:
    return np.add.reduceat(values, first).astype(float) if len(first) else np.zeros(0)


def mean_deviations(curve: Reliability) -> Floats:
    """Returns, bin by bin, the mean of |observed - mean score| if the scores are right.

    Of a binomial: 2 v C(n, v) p^v (1-p)^(n-v+1) / n, v = floor(np) + 1 (de Moivre 1730); scores that differ inside a
    bin let it scatter a little less, by the ratio of the standard deviations.

    >>> mean_deviations(reliability([1], [1], [0.5])).round(4).tolist()  # 0, 1 or 2 of 2
    [0.25]
    """
    n, p = curve.n / curve.deff, np.clip(curve.scores, 1e-12, 1 - 1e-12)
    v = np.minimum(np.floor(n * p) + 1, n)
    ways = gammaln(n + 1) - gammaln(v + 1) - gammaln(n - v + 1)
    deviation = 2 * v * np.exp(ways + v * np.log(p) + (n - v + 1) * np.log1p(-p)) / n
    return np.asarray(deviation * _narrower(curve))


def largest_deviation(curve: Reliability) -> float:
    """Returns the mean of the largest |observed - mean score| of all bins if the scores are right, from seeded draws.

    >>> 0.25 < largest_deviation(reliability([1, 1], [1, 1], [0.5, 0.5001])) < 0.5
    True
    """
    random = np.random.default_rng(seed_of(curve.n, curve.scores))
    trials = np.maximum(np.rint(curve.n / curve.deff).astype(np.int64), 1)
    drawn = random.binomial(trials, np.clip(curve.scores, 0, 1), (DRAWS, len(trials))) / trials
    return float((np.abs(drawn - curve.scores) * _narrower(curve)).max(axis=1).mean())


def _narrower(curve: Reliability) -> Floats:
    whole = curve.scores * (1 - curve.scores)
    return np.sqrt(np.divide(curve.chance, whole, out=np.zeros_like(whole), where=whole > 0))
