"""What the model's work is worth: a value for each outcome by the contract's matrix, or one logged with each case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.clusters import influence_design_effect, loss_design_effect, subject_design_effect
from dashboard.metrics.losses import mean
from dashboard.metrics.performance import FN, FP, TN, TP, Confusion
from dashboard.rates import SUBJECT_BUCKETS, Estimate, Exact, Limits, Measure, undefined, wilson

PLACES = {"tp": TP, "fp": FP, "fn": FN, "tn": TN}
UNITS = 10**6  # fixed point of logged values
METHOD = "Wilson, by cell"


@dataclass(frozen=True, slots=True)
class Logged:
    """Holds the sums of a logged value: `total` and `squares` times UNITS; `rows` and `totals` by subject bucket."""

    n: int
    total: int
    squares: int
    rows: NDArray[np.float64] | None = None
    totals: NDArray[np.float64] | None = None

    @property
    def deff(self) -> float:
        """How many times larger clustering makes the variance of the mean."""
        return loss_design_effect(self.rows, self.totals, self.total, self.squares, UNITS)


def value_per_case(cells: Confusion, worth: Mapping[str, float], deff: float | None = None) -> Estimate:
    """Returns the mean of `worth` (of tp, fp, fn and tn) over the cases with label and decision.

    Where the cells do not say how alike one person's cases are, `deff` may.

    >>> found = value_per_case(Confusion.of([[60, 10], [5, 25]]), {"tp": 90, "fp": -10, "fn": -200, "tn": 0})
    >>> found.value, [round(limit, 1) for limit in found.interval()]
    (11.5, [-3.3, 22.4])
    """
    counts, _ = _counts(cells)
    if not sum(counts.values()):
        return undefined("no case has both label and decision (0 of 0)", cells.n, method=METHOD)
    times: dict[float, float] = {}
    for name in PLACES:
        times[worth[name]] = times.get(worth[name], 0.0) + counts[name]
    return mean_of_values(times, design_effect(cells, worth) if deff is None else deff, cells.total(*PLACES.values()))


def mean_of_values(times: Mapping[float, float], deff: float = 1.0, rows: int | None = None) -> Estimate:
    """Returns the mean of a number that takes few values, from how often each occurs; all that are possible are named.

    With the values sorted v0 < v1 < ..., the mean is v0 + sum (v_j - v_(j-1)) P(value >= v_j): each of these rates has
    Wilson's interval, joined by their correlations (Zou, Psychological Methods 12 (2007) 399). Of two values it is
    Wilson's own; where all cases have one value it still says how rare the others may be. `deff` is the design effect
    of clustered or weighted cases, `rows` how many they are where `times` are sums of weights.

    >>> found = mean_of_values({0: 980, 290: 15, -10: 5})
    >>> found.value, [round(limit, 1) for limit in found.interval()]
    (4.3, [2.6, 7.1])
    """
    n = sum(times.values())
    if not n:
        return undefined("no case (0 of 0)", method=METHOD)
    counted = int(n) if rows is None else rows
    total = sum(value * often for value, often in times.items())
    values = sorted(times)
    above = tuple(sum(often for value, often in times.items() if value >= step) / deff for step in values[1:])
    steps = tuple(high - low for low, high in pairwise(values))
    note = f"about {n / deff:.0f} independent" if n / deff < counted * (1 - 1e-9) else ""
    bounds = partial(_limits, values[0], steps, above, n / deff)
    return Estimate(total / n, counted, METHOD, bounds, counted, total, n, note)


def design_effect(cells: Confusion, worth: Mapping[str, float]) -> float:
    """Returns how many times larger subjects and weights make the variance of the mean of `worth`, 1 of no case."""
    counts, kish = _counts(cells)
    n = sum(counts.values())
    mean = sum(worth[name] * counts[name] for name in PLACES) / n if n else 0.0
    return kish * _clustering(cells, {name: worth[name] - mean for name in PLACES}) if n else 1.0


def largest_design_effect(cells: Confusion) -> float:
    """Returns what `design_effect` is at most: as if all cases of one subject had one value.

    >>> largest_design_effect(Confusion.of([[60, 10], [5, 25]]))
    1.0
    """
    _, kish = _counts(cells)
    if cells.buckets is None:
        return kish
    trials = sum(cells.buckets[place] for place in PLACES.values())
    return kish * subject_design_effect(np.zeros(SUBJECT_BUCKETS), trials)


def _counts(cells: Confusion) -> tuple[dict[str, float], float]:
    """Returns the weight of each cell (its count where nothing is weighted) and Kish's design effect."""
    if cells.weights is None:
        return {name: cells.total(place) for name, place in PLACES.items()}, 1.0
    counts = {name: float(cells.weights[0][place]) for name, place in PLACES.items()}
    squares, total = sum(float(cells.weights[1][place]) for place in PLACES.values()), sum(counts.values())
    return counts, squares / total if total else 1.0


def _clustering(cells: Confusion, slopes: Mapping[str, float]) -> float:
    if cells.buckets is None:
        return 1.0
    buckets = np.array([cells.buckets[place] for place in PLACES.values()])
    occurring = [slopes[name] for name, row in zip(PLACES, buckets, strict=True) if row.any()]
    if len({round(slope, 12) for slope in occurring}) < 2:  # all of one value: no residual shows
        return subject_design_effect(np.zeros(buckets.shape[1]), buckets.sum(axis=0))
    return influence_design_effect([slopes[name] for name in PLACES], buckets)


def _limits(least: float, steps: tuple[float, ...], above: tuple[float, ...], n: float, level: float) -> Limits:
    """Returns the limits of a mean from the numbers of cases at or above each value, in ascending order."""
    if not steps:
        return least, least
    limits = [wilson(hits, n, level) for hits in above]
    shares = [hits / n for hits in above]
    middle = least + sum(step * share for step, share in zip(steps, shares, strict=True))
    low = [step * (share - low) for step, share, (low, _) in zip(steps, shares, limits, strict=True)]
    high = [step * (high - share) for step, share, (_, high) in zip(steps, shares, limits, strict=True)]
    smooth = [(hits + 1) / (n + 2) for hits in above]  # no rate of 0 or 1, which has no correlation
    return middle - _joined(low, smooth), middle + _joined(high, smooth)


def _joined(parts: list[float], shares: list[float]) -> float:
    """Returns the root of the sum of part x part x correlation; of two nested events with P >= Q that is as below."""
    total = 0.0
    for i, (part, p) in enumerate(zip(parts, shares, strict=True)):
        for other, q in zip(parts[i + 1 :], shares[i + 1 :], strict=True):
            total += 2 * part * other * sqrt(q * (1 - p) / (p * (1 - q)))
        total += part * part
    return sqrt(total)


def total_value(cells: Confusion, worth: Mapping[str, float]) -> Measure:
    """Returns the sum of `worth` over the cases with label and decision: counted, not estimated.

    >>> total_value(Confusion.of([[60, 10], [5, 25]]), {"tp": 90, "fp": -10, "fn": -200, "tn": 0}).value
    1150.0
    """
    counts, _ = _counts(cells)
    rows = cells.total(*PLACES.values())
    if not rows:
        return undefined("no case has both label and decision (0 of 0)", cells.n)
    return Exact(float(sum(worth[name] * counts[name] for name in PLACES)), rows, denominator=rows)


def logged_value_per_case(values: Logged) -> Estimate:
    """Returns the mean of the logged value over the cases that carry one, with Student's interval.

    >>> logged_value_per_case(Logged(3, 6 * UNITS, 14 * UNITS)).value  # 1, 2 and 3
    2.0
    """
    return mean(values.total, values.squares, values.n, UNITS, values.deff)


def total_logged_value(values: Logged) -> Measure:
    """Returns the sum of the logged value: counted, not estimated.

    >>> total_logged_value(Logged(3, 6 * UNITS, 14 * UNITS)).value
    6.0
    """
    if not values.n:
        return undefined("0 rows")
    return Exact(values.total / UNITS, values.n, denominator=values.n)
