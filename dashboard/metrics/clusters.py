"""How much clustering by subject widens the interval of a mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.losses import SCALE


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
