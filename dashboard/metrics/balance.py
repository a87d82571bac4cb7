"""Numbers in which the rarer class weighs as much as the other: balanced accuracy and Matthews' correlation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.clusters import influence_design_effect, subject_design_effect
from dashboard.metrics.performance import Confusion, true_negative_rate, true_positive_rate
from dashboard.rates import Estimate, Limits, Rate, undefined, wilson

Floats = NDArray[np.float64]
ADDED = 2.0  # cases spread over all cells before the variance is taken: half a case in each of four
WORTH = "Wilson of the effective number"


def balanced_accuracy(cells: Confusion) -> Estimate:
    """Returns the mean of true positive rate and true negative rate; 1 is best, 0.5 is chance.

    Interval: the two Wilson intervals joined (MOVER; the two rates are of different cases, so independent), or
    `estimate`, the wider. Source: Zou and Donner, Statistics in Medicine 27 (2008) 1693.

    >>> balanced_accuracy(Confusion.of([[45, 15], [20, 20]])).value
    0.625
    """
    rates, names = (true_negative_rate(cells), true_positive_rate(cells)), ("negative", "positive")
    joined, table = mean_of_rates(rates, names), _table(cells)
    if joined.value is None:
        return joined
    return wider(estimate(table, joined.value, _mean_recall(table.smooth), joined.smallest), rates, names)


def _table(cells: Confusion) -> Table:
    buckets = None if cells.buckets is None else cells.buckets[:2, :2]
    weights = None if cells.weights is None else cells.weights[:, :2, :2]
    return Table.of(np.array(cells.counts)[:2, :2], buckets, weights)


def _mean_recall(table: Floats) -> tuple[float, Floats]:
    """Returns the mean share right of each label's cases, and what one case more in each cell would add to it."""
    labels = table.sum(axis=1)[:, None]
    right = np.diag(table)[:, None] / labels
    return float(right.mean()), (np.eye(len(table)) - right) / (labels * len(table))


def mean_of_rates(rates: tuple[Rate, ...], names: tuple[str, ...]) -> Estimate:
    """Returns the plain mean of rates of different cases; it cannot be computed while one of them has no trials.

    >>> mean_of_rates((Rate(1, 2), Rate(3, 4)), ("a", "b")).value
    0.625
    """
    n = sum(rate.n for rate in rates)
    empty = [name for name, rate in zip(names, rates, strict=True) if not rate.n]
    if empty:
        return undefined(f"no {' and no '.join(empty)} case with label and decision", n, method="MOVER of Wilson")
    value = sum(rate.hits / rate.trials for rate in rates) / len(rates)
    independent = sum(rate.independent for rate in rates)
    note = f"about {independent:.0f} independent" if any(rate.clustered for rate in rates) else ""
    return Estimate(value, n, "MOVER of Wilson", partial(_joined, rates), min(rate.n for rate in rates), note=note)


def wider(measure: Estimate, rates: tuple[Rate, ...], names: tuple[str, ...]) -> Estimate:
    """Returns the measure, a mean of these rates, with the wider of its limits and of the rates' own, joined.

    The rates' own are too narrow where several are nearly 1, the measure's where one class is far rarer than others:
    simulated, each alone covers down to 88 %, the wider at least 94.
    """
    joined = mean_of_rates(rates, names)
    return replace(measure, method=f"{WORTH} or {joined.method}", bounds=partial(_wider, measure.bounds, joined.bounds))


def _wider(one: Callable[[float], Limits], other: Callable[[float], Limits], level: float) -> Limits:
    (low, high), (below, above) = one(level), other(level)
    return min(low or 0.0, below or 0.0), max(1.0 if high is None else high, 1.0 if above is None else above)


def _joined(rates: tuple[Rate, ...], level: float) -> Limits:
    limits = [rate.limits(level) for rate in rates]
    value = sum(p for p, _, _ in limits) / len(limits)
    below = sqrt(sum((p - low) ** 2 for p, low, _ in limits)) / len(limits)
    above = sqrt(sum((high - p) ** 2 for p, _, high in limits)) / len(limits)
    return max(value - below, 0.0), min(value + above, 1.0)


def matthews_correlation(cells: Confusion) -> Estimate:
    """Returns the correlation of label and decision over all cases that have both, -1 to 1; 1 is best, 0 is chance.

    (tp tn - fp fn) / sqrt((tp+fp)(tp+fn)(tn+fp)(tn+fn)); where one of the four margins is 0 it cannot be computed.
    Interval: `estimate`. Source: Matthews, Biochimica et Biophysica Acta 405 (1975) 442.

    >>> round(matthews_correlation(Confusion.of([[45, 15], [20, 20]])).value, 4)
    0.2568
    """
    return correlation(_table(cells))


@dataclass(frozen=True)
class Table:
    """Holds label by decision of the cases that have both, two classes or more, as a square of counts.

    Of a weighted log `counts` are sums of weights and `squares` sums of squared weights, both of a mean weight of 1;
    else both are the counts. `buckets` has one axis more: the bucket of the subject.
    """

    rows: int
    counts: Floats
    squares: Floats
    buckets: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, counts: ArrayLike, buckets: NDArray[np.int64] | None = None, weights: Floats | None = None) -> Table:
        """Returns the table of a square of counts; `weights` are the sums of weights and of their squares."""
        plain = np.asarray(counts, dtype=float)
        rows = int(plain.sum())
        if weights is None or not weights[0].sum():
            return cls(rows, plain, plain, buckets)
        scale = rows / float(weights[0].sum())
        return cls(rows, weights[0] * scale, weights[1] * scale**2, buckets)

    @property
    def smooth(self) -> Floats:
        """The counts with `ADDED` cases spread over all cells."""
        return self.counts + ADDED / self.counts.size

    def design_effect(self, slopes: Floats, extreme: bool) -> float:
        """Returns what clustering makes of a variance; at the end of a scale no residual shows: what sizes allow."""
        if not extreme or self.buckets is None:
            return influence_design_effect(slopes, self.buckets)
        sizes = self.buckets.reshape(-1, self.buckets.shape[-1]).sum(axis=0)
        return subject_design_effect(sizes, sizes)


def estimate(
    table: Table, value: float, smooth: tuple[float, Floats], smallest: int, floor: float = 0.0, note: str = ""
) -> Estimate:
    """Returns any function of a table, between `floor` and 1, with the interval of a share that varies as much.

    `smooth` is the function's value at the smoothed counts and what one case more in each cell adds to it there. By
    the delta method that is its variance, and value (1 - value) / variance the number of cases whose share right would
    vary alike: Wilson's interval for that number. Averages over classes are worth no more cases than there are.
    Simulated: the logit or atanh scale covers 51 to 82 % where a class has 20 cases and 1 % are wrong, this 90 to 96.
    """
    middle, slopes = (smooth[0] - floor) / (1 - floor), smooth[1] / (1 - floor)
    share = min(max((value - floor) / (1 - floor), 0.0), 1.0)
    deff = table.design_effect(slopes, share in (0.0, 1.0))
    variance = float(((table.squares + ADDED / table.counts.size) * slopes**2).sum())
    alike = middle * (1 - middle) / variance if variance else inf
    independent = float(table.counts.sum()) ** 2 / float(table.squares.sum())
    worth = (alike if floor else min(alike, independent)) / deff
    said = f"about {independent / deff:.0f} independent" if independent / deff < table.rows * (1 - 1e-9) else ""
    notes = "; ".join(part for part in (note, said) if part)
    return Estimate(value, table.rows, WORTH, partial(_worth_limits, share, worth, floor), smallest, note=notes)


def _worth_limits(share: float, worth: float, floor: float, level: float) -> Limits:
    low, high = wilson(share * worth, worth, level)
    return floor + (1 - floor) * low, floor + (1 - floor) * high


def correlation(table: Table) -> Estimate:
    """Returns Matthews' correlation of two classes or more, from -1 (for several classes from above it) to 1.

    Source: Gorodkin, Computational Biology and Chemistry 28 (2004) 367.

    >>> round(correlation(Table.of([[5, 1, 0], [1, 5, 0], [0, 2, 6]])).value, 4)
    0.7121
    """
    margins = table.counts.sum(axis=0), table.counts.sum(axis=1)
    for margin, what in zip(margins, ("decisions", "labels"), strict=True):
        if np.count_nonzero(margin) < 2:
            return undefined(f"all {what} are alike" if table.rows else "0 of 0", table.rows, method=WORTH)
    smallest = int(min(margin[margin > 0].min() for margin in margins))
    return estimate(table, _correlation(table.counts)[0], _correlation(table.smooth), smallest, floor=-1.0)


def _correlation(table: Floats) -> tuple[float, Floats]:
    """Returns the correlation and how much one case more in each cell would add to it."""
    n, right = float(table.sum()), float(np.trace(table))
    labels, decisions = table.sum(axis=1), table.sum(axis=0)
    above = right * n - float(labels @ decisions)
    spread_labels, spread_decisions = n * n - float(labels @ labels), n * n - float(decisions @ decisions)
    below = sqrt(spread_labels * spread_decisions)
    value = min(max(above / below, -1.0), 1.0)
    more = n * np.eye(len(table)) + right - decisions[:, None] - labels[None, :]
    widths = (n - decisions[None, :]) / spread_decisions + (n - labels[:, None]) / spread_labels
    return value, more / below - value * widths
