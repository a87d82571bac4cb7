"""Metrics of labels that have not come: from expected counts, each with the interval of the value to be realised.

The variance of a metric is that of the labels to come (delta method on the two free cells, or on the label of every
score bin) plus the mean square by which the reference, drawn again, moves it. Limits are normal on the metric's own
scale, cut to what it can be: on the logit scale a realised 0 or 1 of few cases would lie outside any interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.estimation import DRAWS, Expected
from dashboard.rates import Estimate, Limits, undefined, z_of

Floats = NDArray[np.float64]
METHOD = "CBPE, prediction interval"
NOTHING: Floats = np.zeros(DRAWS)
STEP = 1e-20  # of the complex-step derivative: exact to the last digit, nothing is subtracted


@dataclass(frozen=True)
class Cells:
    """The four cells, as numbers or arrays."""

    tp: Any
    fp: Any
    fn: Any
    tn: Any


@dataclass(frozen=True)
class Forecast:
    """One metric to come: its expected value, the variance that its labels give it, and its values as drawn.

    `hits` of `trials` are expected counts where it is made of such; `smallest` is the smallest expected denominator.
    """

    value: float | None
    noise: float
    draws: Floats
    n: int
    smallest: int
    hits: float | None = None
    trials: float | None = None
    why: str = ""


Function = Callable[[Cells], Any]
# Hits and trials of what is a share of counts, and the denominators of what is not.
SHARES: Mapping[str, tuple[Function, Function]] = {
    "accuracy": (lambda c: c.tp + c.tn, lambda c: c.tp + c.fp + c.fn + c.tn),
    "true_positive_rate": (lambda c: c.tp, lambda c: c.tp + c.fn),
    "true_negative_rate": (lambda c: c.tn, lambda c: c.tn + c.fp),
    "false_positive_rate": (lambda c: c.fp, lambda c: c.tn + c.fp),
    "false_negative_rate": (lambda c: c.fn, lambda c: c.tp + c.fn),
    "precision": (lambda c: c.tp, lambda c: c.tp + c.fp),
    "negative_predictive_value": (lambda c: c.tn, lambda c: c.tn + c.fn),
    "false_discovery_rate": (lambda c: c.fp, lambda c: c.tp + c.fp),
    "false_omission_rate": (lambda c: c.fn, lambda c: c.tn + c.fn),
    "prevalence": (lambda c: c.tp + c.fn, lambda c: c.tp + c.fp + c.fn + c.tn),
    "f1": (lambda c: 2 * c.tp, lambda c: 2 * c.tp + c.fp + c.fn),
}
OTHERS: Mapping[str, Function] = {
    "balanced_accuracy": lambda c: (c.tp / (c.tp + c.fn) + c.tn / (c.tn + c.fp)) / 2,
    "matthews_correlation": lambda c: (
        (c.tp * c.tn - c.fp * c.fn) / np.sqrt((c.tp + c.fp) * (c.tp + c.fn) * (c.tn + c.fp) * (c.tn + c.fn))
    ),
}
LOWEST = {"matthews_correlation": -1.0}


def forecast(metric: str, found: Expected) -> Forecast:
    """Returns the forecast of a metric that the four cells or the bins give; raises KeyError for any other.

    >>> from dashboard.metrics.estimation import Calibrator, Part, expected
    >>> half = Calibrator(np.array([0.25, 0.75]), np.full((DRAWS, 2), 0.5), 1, 1, True, np.zeros(2))
    >>> found = forecast("precision", expected([Part(np.array([8.0, 0.0]), np.array([0.0, 4.0]), half)]))
    >>> found.value, found.hits, found.trials, round(found.noise, 6)
    (0.75, 3.0, 4.0, 0.046875)
    """
    if metric in SCORED:
        return SCORED[metric](found)
    if metric in SHARES:
        hits, trials = SHARES[metric]
        cells = _cells(found, found.tp, found.fn)
        of = float(trials(cells))
        if of <= 0:
            return _none(found, "0 of 0 expected")
        smallest = int(of - found.tp if metric == "f1" else of)
        return _of_cells(lambda c: hits(c) / trials(c), found, smallest, float(hits(cells)), of)
    cells = _cells(found, found.tp, found.fn)
    margins = [cells.tp + cells.fn, cells.tn + cells.fp]
    if metric == "matthews_correlation":
        margins += [found.selected, found.rest]
    if min(margins) <= 0:
        return _none(found, "a margin of the expected counts is 0")
    return _of_cells(OTHERS[metric], found, int(min(margins)))


def _none(found: Expected, why: str) -> Forecast:
    return Forecast(None, 0.0, NOTHING, found.n, 0, why=why)


def _cells(found: Expected, tp: Any, fn: Any) -> Cells:
    return Cells(tp, found.selected - tp, fn, found.rest - fn)


def _of_cells(
    function: Function, found: Expected, smallest: int, hits: float | None = None, trials: float | None = None
) -> Forecast:
    """Returns a function of the cells with the delta method's variance and its value for every draw."""
    value = float(function(_cells(found, found.tp, found.fn)))
    by_tp = complex(function(_cells(found, complex(found.tp, STEP), found.fn))).imag / STEP
    by_fn = complex(function(_cells(found, found.tp, complex(found.fn, STEP)))).imag / STEP
    noise = by_tp**2 * found.tp_variance + by_fn**2 * found.fn_variance
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.asarray(function(_cells(found, found.tp_draws, found.fn_draws)), dtype=float)
    draws = np.where(np.isfinite(drawn), drawn, value)
    return Forecast(value, noise, draws, found.n, smallest, hits, trials)


def _roc_auc(found: Expected) -> Forecast:
    """Returns the area under the ROC curve from the expected positives and negatives of every bin, ties half."""
    n = sum(part.rest + part.selected for part in found.parts)
    positive = sum((part.rest + part.selected) * part.calibrator.probability for part in found.parts)
    chance = sum((part.rest + part.selected) * part.chance for part in found.parts)
    drawn = sum((part.rest + part.selected) * part.calibrator.draws for part in found.parts)
    area, of, against = _area(positive, n - positive)
    if not of * against:
        return _none(found, "it needs both classes, and one is not expected here")
    # What it changes when one case of a bin turns from negative to positive.
    below = np.cumsum(n - positive) - (n - positive) / 2
    above = of - np.cumsum(positive) + positive / 2
    moved = (below - above) / (of * against) - area * (1 / of - 1 / against)
    draws = np.nan_to_num(_area(drawn, n - drawn)[0], nan=float(area))
    return Forecast(float(area), float(chance @ moved**2), draws, found.n, int(min(of, against)))


def binning_bound(found: Expected) -> float:
    """Returns how far the bins can move the expected area under the curve: 0.5 sum of pos_b neg_b / (P N)."""
    n = sum(part.rest + part.selected for part in found.parts)
    positive = sum((part.rest + part.selected) * part.calibrator.probability for part in found.parts)
    pairs = float(np.sum(positive) * np.sum(n - positive))
    return float(np.sum(positive * (n - positive))) / (2 * pairs) if pairs else 0.0


def _area(positive: Any, negative: Any) -> tuple[Any, Any, Any]:
    """Returns area, positives and negatives of counts whose last axis is the bins."""
    of, against = positive.sum(axis=-1), negative.sum(axis=-1)
    below = np.cumsum(negative, axis=-1) - negative / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return (positive * below).sum(axis=-1) / (of * against), of, against


def _brier(found: Expected) -> Forecast:
    """Returns the mean of (score - label)^2, each score at the value that stands for its bin."""
    if not found.n:
        return _none(found, "0 cases")
    total = found.selected + found.rest
    value, noise, draws = 0.0, 0.0, np.zeros(DRAWS)
    for part in found.parts:
        n, scores = (part.rest + part.selected) / total, part.calibrator.scores
        value += float(n @ scores**2 + (n * (1 - 2 * scores)) @ part.calibrator.probability)
        noise += float((n / total * (1 - 2 * scores) ** 2) @ part.chance)
        draws = draws + (n @ scores**2 + part.calibrator.draws @ (n * (1 - 2 * scores)))
    return Forecast(value, noise, draws, found.n, found.n)


SCORED: Mapping[str, Callable[[Expected], Forecast]] = {"roc_auc": _roc_auc, "brier_score": _brier}
METRICS = (*SHARES, *OTHERS, *SCORED)


def measure(metric: str, found: Forecast, note: str = "") -> Estimate:
    """Returns a forecast as a measure: its interval at a level holds the realised value with that chance.

    Source: normal approximation to the Poisson-binomial; the bootstrap's mean square about the estimate.
    """
    if found.value is None:
        return undefined(found.why, found.n, method=METHOD)
    error = sqrt(found.noise + float(np.mean((found.draws - found.value) ** 2)))
    bounds = partial(limits, found.value, error, LOWEST.get(metric, 0.0), 1.0)
    return Estimate(found.value, found.n, METHOD, bounds, found.smallest, found.hits, found.trials, note)


def limits(value: float, error: float, floor: float, ceiling: float, level: float) -> Limits:
    """Returns value -+ z errors, cut to [floor, ceiling]."""
    reach = z_of(level) * error
    return max(value - reach, floor), min(value + reach, ceiling)
