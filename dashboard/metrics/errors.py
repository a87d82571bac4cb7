"""How far off a predicted number is, beyond means of errors: R2, percentage error, tolerance, median, heavy tails.

Errors are counted in bins whose edges, `edges()`, grow by 3 %, in units of the frozen scale: the middle of a bin is
within 1.5 % of every |error| in it. An error's bin is numbered by how many edges are not above its size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from math import ceil, exp, inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from dashboard.metrics.clusters import subject_design_effect
from dashboard.metrics.losses import FARTHEST, mean
from dashboard.metrics.quantiles import bin_of_rank, limit_ranks
from dashboard.rates import Estimate, Limits, Rate, undefined

SMALLEST, LARGEST, GROWTH = 1e-4, 1e6, 1.03
SCALE = 10**6  # fixed point of every sum here
LARGEST_SHARE = 0.01
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Holds sums over n labelled rows, each times `SCALE`; e is value - label, y the label from any centre.

    `error_unit` and `label_unit` are what 1 is of e and of y, in the label's unit.
    """

    n: int
    square: int  # e^2
    fourth: int  # e^4
    label: int  # y
    label_sq: int  # y^2
    label_cube: int  # y^3
    label_fourth: int  # y^4
    square_label: int  # e^2 y
    square_label_sq: int  # e^2 y^2
    error_unit: float = 1.0
    label_unit: float = 1.0

    @classmethod
    def of(cls, labels: ArrayLike, values: ArrayLike) -> Moments:
        """Returns the sums of raw rows."""
        y = np.asarray(labels, dtype=float)
        e = np.asarray(values, dtype=float) - y
        powers = (e**2, e**4, y, y**2, y**3, y**4, e**2 * y, e**2 * y**2)
        return cls(len(y), *(round(float(power.sum()) * SCALE) for power in powers))


def r2_score(sums: Moments, deff: float = 1.0) -> Estimate:
    """Returns the share of the labels' variance that the values explain: 1 is best, the labels' own mean has 0.

    1 - a / v, a the mean of e^2 and v the variance of y; it has no lower bound. Interval by the delta method on the
    scale of log(a / v), where it covers best: variance of e^2 / a - z^2 / v over n, z = y - mean y, Student's t.
    Source of the definition: Kvalseth, The American Statistician 39 (1985) 279, R1.

    >>> found = r2_score(Moments.of([1, 2, 3, 4], [1.5, 2, 2.5, 4]))
    >>> found.value, found.method
    (0.9, 'delta method, log scale')
    """
    method = "delta method, log scale"
    if sums.n < 2 or sums.n * sums.label_sq * SCALE <= sums.label**2:
        return undefined(f"the labels of {sums.n} rows do not differ", sums.n, sums.n, method)
    off, spread = sums.square / sums.n / SCALE, _spread(sums)
    ratio = off / spread * (sums.error_unit / sums.label_unit) ** 2
    variance = _log_variance(sums, off, spread) if off else 0.0
    bounds = partial(_r2_limits, ratio, variance, sums.n / deff)
    note = f"about {sums.n / deff:.0f} independent" if deff > 1 else ""
    return Estimate(1 - ratio, sums.n, method, bounds, sums.n, note=note)


def r2_design_effect(sums: Moments, rows: Floats, squares: Floats, labels: Floats, label_sqs: Floats) -> float:
    """Returns how many times larger clustering makes the variance of R2, at least 1, from sums per subject bucket.

    Sums are of rows, e^2, y and y^2, each times `SCALE` but the rows.

    >>> sums, once = Moments.of([0, 2, 0, 2], [1, 2, 0, 3]), np.array([2.0, 2.0])
    >>> r2_design_effect(sums, once, np.array([1e6, 1e6]), np.array([2e6, 2e6]), np.array([4e6, 4e6]))
    1.0
    """
    blocks = int(np.count_nonzero(rows))
    if sums.n < 2 or blocks < 2 or not sums.square or sums.n * sums.label_sq * SCALE <= sums.label**2:
        return 1.0
    off, spread, middle = sums.square / sums.n / SCALE, _spread(sums), sums.label / sums.n / SCALE
    alone = _log_variance(sums, off, spread) * sums.n
    distances = label_sqs / SCALE - 2 * middle * labels / SCALE + middle**2 * rows
    residual = squares / SCALE / off - distances / spread
    if alone <= 0:
        return 1.0
    return min(max(1.0, float(residual @ residual) * blocks / (blocks - 1) / alone), float(sums.n))


def _spread(sums: Moments) -> float:
    """Returns the variance of y, from integers: the difference of two large sums would lose the digits that matter."""
    return (sums.n * sums.label_sq * SCALE - sums.label**2) / (sums.n * SCALE) ** 2


def _log_variance(sums: Moments, off: float, spread: float) -> float:
    """Returns the variance of e^2 / a - z^2 / v, whose mean is 0."""
    total = sums.n * SCALE
    first, second, third, fourth = (
        power / total for power in (sums.label, sums.label_sq, sums.label_cube, sums.label_fourth)
    )
    kurtosis = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    shared = sums.square_label_sq / total - 2 * first * sums.square_label / total + first**2 * off
    return max(sums.fourth / total / off**2 - 2 * shared / (off * spread) + kurtosis / spread**2, 0.0)


def _r2_limits(ratio: float, variance: float, n: float, level: float) -> Limits:
    if ratio == 0:
        return 1.0, 1.0
    if n <= 1:
        return None, 1.0
    reach = -float(stdtrit(n - 1, (1 - level) / 2)) * sqrt(variance / (n - 1))
    return 1 - ratio * exp(reach) if reach < FARTHEST else None, 1 - ratio * exp(-reach)


def mean_absolute_percentage_error(
    total: int, squares: int, n: int, zeros: int = 0, deff: float = 1.0, note: str = ""
) -> Estimate:
    """Returns the mean of |value - label| / |label| over the n rows whose label is not 0, from sums times `SCALE`.

    0 is best; 0.1 is 10 %. Small labels dominate it, and the same error weighs more below the label than above: the
    note says so, and how many rows with label 0 it leaves out.
    Source: Hyndman and Koehler, Int. J. Forecasting 22 (2006) 679, 2.2.

    >>> found = mean_absolute_percentage_error(3 * 10**5, 5 * 10**4, 2, zeros=1)
    >>> found.value, found.note
    (0.15, 'the smallest labels weigh most; 1 row with label 0 left out')
    """
    if not n:
        return undefined(f"0 rows with a label other than 0, {zeros} with label 0", method="Student's t, log scale")
    left = f"{zeros} row{'' if zeros == 1 else 's'} with label 0 left out" if zeros else ""
    told = "; ".join(part for part in ("the smallest labels weigh most", left, note) if part)
    return mean(total, squares, n, SCALE, deff, floor=0.0, note=told)


def beyond_tolerance_rate(beyond: int, n: int, buckets: tuple[Floats, Floats] | None = None) -> Rate:
    """Returns the share of rows whose |value - label| is above the contract's tolerance; 0 is best.

    `buckets` are the counts beyond and of rows, per bucket of subjects.

    >>> beyond_tolerance_rate(9, 100).value
    0.09
    """
    return Rate(beyond, n, subject_design_effect(*buckets) if buckets else 1.0)


@cache
def edges() -> tuple[float, ...]:
    """Returns the edges of the bins of |error| in units, to eight digits so that every machine has the same.

    >>> len(edges()), edges()[:2]
    (780, (0.0001, 0.000103))
    """
    found: list[float] = []
    edge = SMALLEST
    while not found or found[-1] < LARGEST:
        found.append(float(f"{edge:.8g}"))
        edge *= GROWTH
    return tuple(found)


@cache
def middles() -> Floats:
    """Returns what each bin of |error| stands for in units: 0, the geometric middle, the last edge."""
    known = np.array(edges())
    return np.concatenate(([0.0], np.sqrt(known[:-1] * known[1:]), known[-1:]))


def median_absolute_error(counts: Floats, unit: float = 1.0, deff: float = 1.0) -> Estimate:
    """Returns the |value - label| that half of the rows stay within, in the label's unit; 0 is best.

    `counts` are rows by bin of |error|, `unit` what the edges are multiples of. The middle of the bin of rank n / 2,
    at most 1.5 % off. Interval from order statistics, as for latencies: the lower edge of the bin of rank
    qbinom(a/2, n, 1/2), the upper edge of that of rank qbinom(1 - a/2, n, 1/2) + 1.

    >>> counts = np.bincount(np.searchsorted(edges(), [1, 2, 3, 4, 5], side="right"), minlength=len(edges()) + 1)
    >>> round(median_absolute_error(counts).value, 1)
    3.0
    """
    n = int(counts.sum())
    method = "order statistics"
    if not n:
        return undefined("0 rows", method=method)
    cumulative = np.cumsum(counts, dtype=np.float64)
    value = float(middles()[bin_of_rank(cumulative, ceil(n / 2))]) * unit
    note = f"about {n / deff:.0f} independent" if deff > 1 else ""
    return Estimate(value, n, method, partial(_median_limits, cumulative, unit, deff), n, note=note)


def _median_limits(cumulative: Floats, unit: float, deff: float, level: float) -> Limits:
    low, high = limit_ranks(int(cumulative[-1]), deff, 0.5, level)
    known = (0.0, *edges(), inf)
    lower = known[bin_of_rank(cumulative, low)] * unit if low else 0.0
    upper = inf if high == inf else known[bin_of_rank(cumulative, int(high)) + 1] * unit
    return lower, None if upper == inf else upper


def heavy_tail(counts: Floats, power: int = 1) -> str:
    """Returns a note where the largest 1 % of |error|^power hold over half of their sum, else ''.

    >>> heavy_tail(np.bincount([0, 500], weights=[990, 10], minlength=len(edges()) + 1))
    'heavy tail: the largest 1 % of errors hold 100 % of the sum'
    """
    losses = counts * middles() ** power
    total, left = float(losses.sum()), float(counts.sum()) * LARGEST_SHARE
    above = np.cumsum(counts[::-1])
    taken = np.minimum(counts[::-1], np.maximum(left - (above - counts[::-1]), 0.0))
    share = float(taken @ middles()[::-1] ** power) / total if total else 0.0
    of = "errors" if power == 1 else "squared errors"
    return f"heavy tail: the largest 1 % of {of} hold {100 * share:.0f} % of the sum" if share > 0.5 else ""


def in_unit(found: Estimate, unit: float, power: int = 1) -> Estimate:
    """Returns an estimate of units in the label's unit; its numerator is a sum of errors to that power.

    >>> in_unit(median_absolute_error(np.bincount([0, 0], minlength=len(edges()) + 1)), 10.0).value
    0.0
    """
    if unit == 1 or found.value is None:
        return found
    numerator = None if found.numerator is None else times(found.numerator, unit**power)
    bounds = partial(_in_unit, found, unit)
    return replace(found, value=times(found.value, unit), bounds=bounds, numerator=numerator)


def _in_unit(found: Estimate, unit: float, level: float) -> Limits:
    low, high = found.bounds(level)
    return None if low is None else times(low, unit), None if high is None else times(high, unit)


def times(value: float, unit: float) -> float:
    """Returns value x unit; a unit below 1 is a power of ten, and dividing by its inverse keeps its decimals.

    >>> times(3.0, 0.1), 3.0 * 0.1
    (0.3, 0.30000000000000004)
    """
    return value * unit if unit >= 1 else value / round(1 / unit)
