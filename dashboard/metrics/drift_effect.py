"""What one input's drift does to a metric: the labelled reference, reweighed to where that input's values lie now."""

from __future__ import annotations

from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from dashboard.rates import Estimate, Limits, undefined

METHOD = "delta method, by whole days"
COVERED = 0.05  # of the current cases: above it the effect says how many have no like in the reference
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def drift_effect(sums: Floats, trials: Whole, now: Whole) -> Estimate:
    """Returns by how much a mean would change if only this input had moved as it did, in the mean's unit.

    `sums` and `trials` are the labelled reference's by day and bin (hits for accuracy, absolute errors for MAE), `now`
    the current cases by day and bin; missing and unseen are bins of their own. The effect is the mean of the bins'
    means, weighed by their current shares, less the reference's mean. Bins that the reference has no rows of are left
    out; the note says their share where it is above 5 %. It holds while the same values mean the same (no concept
    drift). Days are the units of the interval, Student's quantile has Welch's degrees of freedom.
    Source: Shimodaira, Journal of Statistical Planning and Inference 90 (2000) 227, with weights by bin.

    >>> days = np.ones((4, 1), dtype=np.int64)
    >>> found = drift_effect(days * [90.0, 50.0], days * [100, 100], days * [20, 80])
    >>> round(found.value, 3)
    -0.12
    """
    rows, current = trials.sum(axis=0), now.sum(axis=0)
    known = rows > 0
    n, cases = int(rows.sum()), int(current[known].sum())
    smallest = min(n, cases)
    days = [int((counts.sum(axis=1) > 0).sum()) for counts in (trials, now[:, known])]
    if min(days) < 2:
        return undefined("each window needs two days with rows", n, smallest, METHOD)
    means, share = sums[:, known].sum(axis=0) / rows[known], current[known] / cases
    whole = float(sums.sum() / n)
    then = (sums[:, known] - means * trials[:, known]) @ (share / rows[known])
    then -= (sums.sum(axis=1) - whole * trials.sum(axis=1)) / n
    since = (now[:, known] - share * now[:, known].sum(axis=1, keepdims=True)) @ means / cases
    parts = [day * float(moved @ moved) / (day - 1) for day, moved in zip(days, (then, since), strict=True)]
    value = float(means @ share) - whole
    note = _note(1 - cases / int(current.sum()))
    return Estimate(value, n, METHOD, partial(_limits, value, *_error(parts, days)), smallest, note=note)


def _error(parts: list[float], days: list[int]) -> tuple[float, float]:
    """Returns the standard error and Welch's degrees of freedom."""
    variance = sum(parts)
    if variance <= 0:
        return 0.0, 1.0
    spent = sum(part**2 / (day - 1) for part, day in zip(parts, days, strict=True))
    return sqrt(variance), variance**2 / spent


def _limits(value: float, error: float, freedom: float, level: float) -> Limits:
    reach = float(stdtrit(freedom, (1 + level) / 2)) * error
    return value - reach, value + reach


def _note(lost: float) -> str:
    return (
        f"{lost:.1%} of the current cases are not covered: the reference has none like them" if lost > COVERED else ""
    )
