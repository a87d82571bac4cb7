"""How much less than its count a clustered sample is worth: the design effect of a rate, from counts per block.

Stays of one patient, requests of one hour are alike; an interval that took them for independent would be too narrow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

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
