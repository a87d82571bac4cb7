"""Means of losses and errors, from sums and sums of squares: Brier score, log loss, MAE, mean error, RMSE.

Sums come as fixed-point integers, so that they add up to the same digits in any order; `SCALE` is what one unit is
stored as, of a value and of its square alike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import exp, inf, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from dashboard.rates import Estimate, Limits, undefined

SCALE = 10**9
FARTHEST = 300.0  # on a log scale: a limit beyond is none
Bounds = Callable[[float], Limits]


def mean(
    total: int,
    squares: int,
    n: int,
    scale: int = SCALE,
    deff: float = 1.0,
    floor: float = -inf,
    ceiling: float = inf,
    note: str = "",
) -> Estimate:
    """Returns the mean of n values from their sum and sum of squares (both times `scale`), with Student's interval.

    Values are within [floor, ceiling] and so are the limits. Of values that are never below 0 the reach is laid off on
    the log scale: losses have a long right tail, and plainly laid off it misses their mean in up to 12 of 100 samples,
    nearly always from below (docs/intervals.md). One value has a mean and no interval.

    >>> round(mean(6 * 10**9, 14 * 10**9, 3).interval()[1], 3)  # 1, 2 and 3
    4.484
    >>> [round(limit, 3) for limit in mean(6 * 10**9, 14 * 10**9, 3, floor=0.0).interval()]
    [0.578, 6.926]
    """
    method = "Student's t, log scale" if floor == 0 else "Student's t"
    if n == 0:
        return undefined("0 rows", method=method)
    centre = total / n / scale
    # Integers throughout: the difference of two large sums would lose the digits that matter.
    spread = (squares * n * scale - total * total) / (n * scale) ** 2
    bounds = partial(_student, centre, max(spread, 0.0), n / deff, floor, ceiling)
    notes = (note, f"about {n / deff:.0f} independent" if deff > 1 else "")
    return Estimate(centre, n, method, bounds, n, total / scale, n, "; ".join(part for part in notes if part))


def _student(centre: float, variance: float, n: float, floor: float, ceiling: float, level: float) -> Limits:
    """Returns the limits of a mean from the variance of the values (divisor n)."""
    if n <= 1:
        return None if floor == -inf else floor, None if ceiling == inf else ceiling
    reach = -float(stdtrit(n - 1, (1 - level) / 2)) * sqrt(variance / (n - 1))
    if floor == 0 and centre > 0:
        low, high = centre * exp(-reach / centre), inf if reach > FARTHEST * centre else centre * exp(reach / centre)
    else:
        low, high = max(centre - reach, floor), centre + reach
    return low, None if min(high, ceiling) == inf else min(high, ceiling)


def brier_score(
    total: int, squares: int, n: int, scale: int = SCALE, deff: float = 1.0, worst: float = 1.0, note: str = ""
) -> Estimate:  # fmt: skip
    """Returns the mean of (score - label)^2 from the sums of it and of its square; 0 is best.

    Always saying 0.5 has 0.25. Of several classes the squares are summed over them, and `worst` is 2.
    Source: Brier, Monthly Weather Review 78 (1950) 1.

    >>> brier_score(25 * 10**7, 625 * 10**5, 1).value
    0.25
    """
    return mean(total, squares, n, scale, deff, floor=0.0, ceiling=worst, note=note)


def log_loss(
    total: int, squares: int, n: int, clipped: int = 0, scale: int = SCALE, deff: float = 1.0, note: str = ""
) -> Estimate:  # fmt: skip
    """Returns the mean of -ln(probability given to the label) in nats; 0 is best, always saying 0.5 is 0.69.

    `clipped` counts the rows whose probability was raised to 1e-15 and is said in the note.

    >>> log_loss(2 * 10**9, 2 * 10**9, 2, clipped=1).note
    '1 loss clipped at probability 1e-15'
    """
    said = f"{clipped} loss{'' if clipped == 1 else 'es'} clipped at probability 1e-15" if clipped else ""
    notes = "; ".join(part for part in (said, note) if part)
    return mean(total, squares, n, scale, deff, floor=0.0, note=notes)


def heavy_tail(losses: ArrayLike, counts: ArrayLike) -> str:
    """Returns "heavy tail" where the largest hundredth of losses holds over half of their sum, else nothing.

    `losses` occur `counts` times. The mean then hangs on a few cases, and its interval is too narrow.

    >>> heavy_tail([0.01, 35.0], [999, 1]), heavy_tail([0.1, 2.0], [900, 100])
    ('heavy tail', '')
    """
    loss, n = np.asarray(losses, dtype=float), np.asarray(counts, dtype=float)
    order = np.argsort(-loss, kind="stable")
    loss, n = loss[order], n[order]
    largest = np.clip(n.sum() / 100 - (np.cumsum(n) - n), 0.0, n)
    return "heavy tail" if float(loss @ largest) > float(loss @ n) / 2 else ""


def mean_absolute_error(
    total: int, squares: int, n: int, scale: int = SCALE, deff: float = 1.0, note: str = ""
) -> Estimate:
    """Returns the mean of |value - label| in the label's unit, from its sum and the sum of squared errors; 0 is best.

    >>> mean_absolute_error(4 * 10**9, 8 * 10**9, 2).value
    2.0
    """
    return mean(total, squares, n, scale, deff, floor=0.0, note=note)


def mean_error(total: int, squares: int, n: int, scale: int = SCALE, deff: float = 1.0) -> Estimate:
    """Returns the mean of value - label (bias) in the label's unit; 0 is best, above 0 it says too much.

    >>> mean_error(-4 * 10**9, 10 * 10**9, 2).value
    -2.0
    """
    return mean(total, squares, n, scale, deff)


def root_mean_squared_error(
    squares: int, fourths: int, n: int, scale: int = SCALE, deff: float = 1.0, note: str = ""
) -> Estimate:
    """Returns the square root of the mean squared error in the label's unit; 0 is best.

    From the sums of squared errors and of their squares; the limits are the roots of those of the mean square.

    >>> root_mean_squared_error(8 * 10**9, 32 * 10**9, 2).value
    2.0
    """
    square = mean(squares, fourths, n, scale, deff, floor=0.0, note=note)
    if square.value is None:
        return square
    bounds = partial(_root_limits, square.bounds)
    return Estimate(sqrt(square.value), n, square.method, bounds, n, square.numerator, n, square.note)


def _root_limits(bounds: Bounds, level: float) -> Limits:
    low, high = bounds(level)
    return None if low is None else sqrt(low), None if high is None else sqrt(high)
