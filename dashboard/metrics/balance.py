"""Numbers in which the rarer class weighs as much as the other: balanced accuracy and Matthews' correlation."""

from __future__ import annotations

from functools import partial
from math import atanh, sqrt, tanh

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.clusters import influence_design_effect
from dashboard.metrics.performance import Confusion, accuracy, true_negative_rate, true_positive_rate
from dashboard.rates import Estimate, Limits, Rate, undefined, z_of

Floats = NDArray[np.float64]
ADDED = 2.0  # cases spread over all cells before the variance is taken: half a case in each of four


def balanced_accuracy(cells: Confusion) -> Estimate:
    """Returns the mean of true positive rate and true negative rate; 1 is best, 0.5 is chance.

    The interval joins the two Wilson intervals (MOVER): the two rates are of different cases, so independent.
    Source: Zou and Donner, Statistics in Medicine 27 (2008) 1693.

    >>> balanced_accuracy(Confusion.of([[45, 15], [20, 20]])).value
    0.625
    """
    return mean_of_rates((true_positive_rate(cells), true_negative_rate(cells)), ("positive", "negative"))


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
    notes = [rate.note for rate in rates]
    independent = sum(rate.trials / rate.deff for rate in rates)
    note = f"about {independent:.0f} independent" if any(notes) else ""
    return Estimate(value, n, "MOVER of Wilson", partial(_joined, rates), min(rate.n for rate in rates), note=note)


def _joined(rates: tuple[Rate, ...], level: float) -> Limits:
    limits = [rate.limits(level) for rate in rates]
    value = sum(p for p, _, _ in limits) / len(limits)
    below = sqrt(sum((p - low) ** 2 for p, low, _ in limits)) / len(limits)
    above = sqrt(sum((high - p) ** 2 for p, _, high in limits)) / len(limits)
    return max(value - below, 0.0), min(value + above, 1.0)


def matthews_correlation(cells: Confusion) -> Estimate:
    """Returns the correlation of label and decision over all cases that have both, -1 to 1; 1 is best, 0 is chance.

    (tp tn - fp fn) / sqrt((tp+fp)(tp+fn)(tn+fp)(tn+fn)); where one of the four margins is 0 it cannot be computed.
    Interval: delta method on the atanh scale, 0.5 added to each cell (the value itself is of the plain counts).
    Source: Matthews, Biochimica et Biophysica Acta 405 (1975) 442; Agresti, Categorical Data Analysis, 14.1.

    >>> round(matthews_correlation(Confusion.of([[45, 15], [20, 20]])).value, 4)
    0.2568
    """
    overall = accuracy(cells)
    buckets = None if cells.buckets is None else cells.buckets[:2, :2]
    weights = None if cells.weights is None else cells.weights[:, :2, :2]
    return correlation(np.array(cells.counts)[:2, :2], buckets, weights, overall)


def correlation(counts: ArrayLike, buckets: ArrayLike | None, weights: Floats | None, overall: Rate) -> Estimate:
    """Returns Matthews' correlation of a square table, label by decision, of two classes or more.

    `overall` is the accuracy: its number of rows is n. `buckets` are the counts by bucket of subjects, `weights` the
    sums of weights and of squared weights of each cell, where there are any.
    Source: Gorodkin, Computational Biology and Chemistry 28 (2004) 367.
    """
    method = "delta method, atanh"
    table = np.asarray(counts if weights is None else weights[0], dtype=float)
    margins = np.concatenate([table.sum(axis=0), table.sum(axis=1)])
    if np.count_nonzero(table.sum(axis=0)) < 2 or np.count_nonzero(table.sum(axis=1)) < 2:
        found = "all labels are alike" if np.count_nonzero(table.sum(axis=1)) < 2 else "all decisions are alike"
        return undefined(found if overall.n else "0 of 0", overall.n, method=method)
    value, _ = _correlation(table)
    smooth = table + ADDED / table.size
    centre, slopes = _correlation(smooth)
    squares = smooth if weights is None else weights[1] + ADDED / table.size
    deff = influence_design_effect(slopes, buckets)
    error = sqrt(deff * float((squares * slopes**2).sum())) / (1 - centre * centre)
    smallest = int(min(margins[margins > 0]))
    worth = overall.trials / overall.deff if overall.deff > deff else overall.n / deff
    note = f"about {worth:.0f} independent" if worth < overall.n - 0.5 else ""
    return Estimate(value, overall.n, method, partial(_atanh_limits, value, atanh(centre), error), smallest, note=note)


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


def _atanh_limits(value: float, centre: float, error: float, level: float) -> Limits:
    reach = z_of(level) * error
    return min(tanh(centre - reach), value), max(tanh(centre + reach), value)
