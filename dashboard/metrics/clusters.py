"""How much less than its count a clustered sample is worth: the design effect of a rate or a mean, from sums per block.

Stays of one patient, requests of one hour are alike; an interval that took them for independent would be too narrow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.losses import SCALE
from dashboard.rates import SUBJECT_BUCKETS


def design_effect(hits: ArrayLike, trials: ArrayLike) -> float:
    """Returns how many times larger clustering makes the variance of a rate, at least 1, from counts per block.

    The variance of the block residuals h - r t over the binomial one; 1 where it cannot be seen: a single block, or a
    rate of 0 or 1.

    >>> design_effect([10, 0, 10, 0], [10, 10, 10, 10])
    13.333333333333334
    """
    h, t = np.asarray(hits, dtype=float), np.asarray(trials, dtype=float)
    total, blocks = float(t.sum()), int(np.count_nonzero(t))
    rate = float(h.sum()) / total if total else 0.0
    if blocks < 2 or not 0 < rate < 1:
        return 1.0
    residual = h - rate * t
    found = float(residual @ residual) * blocks / (blocks - 1) / (total * rate * (1 - rate))
    return min(max(1.0, found), total)


def subject_design_effect(hits: ArrayLike, trials: ArrayLike) -> float:
    """Returns the design effect of a rate from counts in `SUBJECT_BUCKETS` hash buckets of subjects.

    For a rate of 0 or 1, or in a single bucket, no residual shows, though the trials may all be of one subject: there
    it is the largest that the subjects' sizes allow, sum of m^2 / T over subjects, estimated from the buckets by
    taking away what chance alone puts together.

    >>> subject_design_effect([0, 0], [0, 50])  # 50 rows of one subject, none a hit: worth one row
    50.0
    """
    h, t = np.asarray(hits, dtype=float), np.asarray(trials, dtype=float)
    total = float(t.sum())
    if total and (float(h.sum()) in (0.0, total) or np.count_nonzero(t) == 1):
        squares = float(t @ t) / total
        return min(max(1.0, (SUBJECT_BUCKETS * squares - total) / (SUBJECT_BUCKETS - 1)), total)
    return design_effect(h, t)


def influence_design_effect(slopes: ArrayLike, buckets: ArrayLike | None) -> float:
    """Returns how many times larger clustering makes the variance of any function of a table of counts, at least 1.

    `slopes` say how much one case more in each cell adds to it (sum of slope x count = 0: the scale does not matter);
    `buckets`, the counts by bucket of subjects, have one axis more, the last. 1 where there are none.

    >>> influence_design_effect([0.5, -0.5], [[10, 0, 10, 0], [0, 10, 0, 10]])
    13.333333333333334
    """
    if buckets is None:
        return 1.0
    slope, counts = np.asarray(slopes, dtype=float), np.asarray(buckets, dtype=float)
    alone = float((slope**2 * counts.sum(axis=-1)).sum())
    blocks = int(np.count_nonzero(counts.reshape(-1, counts.shape[-1]).sum(axis=0)))
    if blocks < 2 or alone <= 0:
        return 1.0
    residual = np.tensordot(slope, counts, axes=slope.ndim)
    found = float(residual @ residual) * blocks / (blocks - 1) / alone
    return min(max(1.0, found), float(counts.sum()))


def loss_design_effect(
    rows: NDArray[np.float64] | None, totals: NDArray[np.float64] | None, total: int, squares: int, scale: int = SCALE
) -> float:
    """Returns how many times larger clustering makes the variance of a mean loss, at least 1.

    `rows` and `totals` are, per bucket of subjects, the number of labelled rows and the sum of their losses (times
    `scale`); `total` and `squares` are the sums of all losses and of their squares (times `scale`). The variance of
    the bucket residuals S - mean m over that of independent rows; 1 where there are no buckets.

    >>> loss_design_effect(np.array([2.0, 2.0]), np.array([2e9, 0.0]), 2 * 10**9, 2 * 10**9)
    4.0
    """
    if rows is None or totals is None or not rows.sum():
        return 1.0
    n, blocks = float(rows.sum()), int(np.count_nonzero(rows))
    mean = total / n / scale
    alone = squares / scale - n * mean * mean
    if blocks < 2 or alone <= 0:
        return 1.0
    residual = totals / scale - mean * rows
    return min(max(1.0, float(residual @ residual) * blocks / (blocks - 1) / alone), n)


def area_design_effect(buckets: NDArray[np.float64] | None, counts: NDArray[np.int64], ranks: ArrayLike) -> float:
    """Returns how many times larger clustering makes the variance of an area under the ROC curve, at least 1.

    The area is (nearly) a difference of mean ranks, positives less negatives, and varies as that does. `buckets`, of
    shape (2, 2, buckets), are rows and sums of ranks by bucket of subjects, of negatives and of positives; `counts`,
    of shape (2, bins), the same cases by score bin, whose ranks are `ranks`.

    >>> pairs = np.array([[[2.0, 2.0], [0.4, 1.2]], [[2.0, 2.0], [1.8, 1.0]]])
    >>> counts = np.array([[2, 0, 2, 0], [0, 2, 0, 2]])
    >>> round(area_design_effect(pairs, counts, [0.2, 0.5, 0.6, 0.9]), 6)
    8.0
    """
    n = counts.sum(axis=1).astype(float)
    if buckets is None or not n.all() or not buckets[:, 0].sum(axis=1).all():
        return 1.0
    blocks = int(np.count_nonzero(buckets[:, 0].sum(axis=0)))
    rank = np.asarray(ranks, dtype=float)
    mean = counts @ rank / n
    alone = float(((counts * (rank - mean[:, None]) ** 2).sum(axis=1) / n**2).sum())
    if blocks < 2 or alone <= 0:
        return 1.0
    size, total = buckets[:, 0], buckets[:, 1]
    apart = (total - size * (total.sum(axis=1) / size.sum(axis=1))[:, None]) / size.sum(axis=1)[:, None]
    residual = apart[1] - apart[0]
    return min(max(1.0, float(residual @ residual) * blocks / (blocks - 1) / alone), float(n.sum()))
