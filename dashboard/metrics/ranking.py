"""How well scores put positive cases above negative ones: the area under the ROC curve from counts by score bin."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, floor, log, log10, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from dashboard.rates import Estimate, Limits, undefined, z_of

FEW = 100
NEARLY_PERFECT, FEW_NEARLY_PERFECT = 0.95, 500


def roc_auc(positives: ArrayLike, negatives: ArrayLike, exact: bool = False, deff: float = 1.0) -> Estimate:
    """Returns the share of (positive, negative) pairs in which the positive scores higher, ties half; 0.5 is chance.

    Arguments are counts per score bin, bins in ascending order; `exact` says that a bin is one score, otherwise pairs
    inside a bin are unknown and the note says how far the value can be off. Interval: DeLong (1988) on the logit scale;
    where the smaller class is under 100, or under 500 with an AUC beyond 0.95, method 5 of Newcombe (Statistics in
    Medicine 25 (2006) 559), which also covers an AUC of 1. Subjects are not counted by score: give the design effect
    of a rate of the decisions as `deff`.

    >>> roc_auc([0, 1, 0, 1], [1, 0, 1, 0], exact=True).value
    0.75
    """
    pos, neg = np.asarray(positives, dtype=float), np.asarray(negatives, dtype=float)
    P, N = float(pos.sum()), float(neg.sum())
    smaller = int(min(P, N))
    if not smaller:
        why = f"{int(P)} positive and {int(N)} negative cases with a score"
        return undefined(why, int(P + N), method="DeLong, logit")
    ranks_of_pos, ranks_of_neg = np.cumsum(neg) - neg / 2, P - np.cumsum(pos) + pos / 2
    area = float(pos @ ranks_of_pos) / (P * N)
    notes = [] if exact else [f"binning moves it by at most {rounded_up(float(pos @ neg) / (2 * P * N))}"]
    if deff > 1:
        notes.append(f"about {(P + N) / deff:.0f} independent")
    if smaller < FEW or (smaller < FEW_NEARLY_PERFECT and max(area, 1 - area) > NEARLY_PERFECT) or area in (0.0, 1.0):
        method, bounds = "Newcombe (2006), method 5", partial(_newcombe_limits, area, P / deff, N / deff)
    else:
        method = "DeLong, logit"
        error = sqrt(deff * (_variance(pos, ranks_of_pos / N) / P + _variance(neg, ranks_of_neg / P) / N))
        bounds = partial(_logit_limits, area, error)
    return Estimate(area, int(P + N), method, bounds, smaller, note="; ".join(notes))


def rounded_up(number: float) -> str:
    """Returns a bound with one digit, which is never less than the bound.

    >>> rounded_up(0.0014), rounded_up(0.2), rounded_up(0)
    ('0.002', '0.2', '0')
    """
    unit = 10.0 ** floor(log10(number)) if number else 1.0
    return f"{ceil(number / unit - 1e-9) * unit:.1g}"


def _variance(counts: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Returns the sample variance of values that occur `counts` times."""
    total = float(counts.sum())
    mean = float(counts @ values) / total
    return float(counts @ (values - mean) ** 2) / (total - 1)


def _logit_limits(area: float, error: float, level: float) -> Limits:
    reach = z_of(level) * error / (area * (1 - area))
    odds = log(area / (1 - area))
    return float(expit(odds - reach)), float(expit(odds + reach))


def _newcombe_limits(area: float, positives: float, negatives: float, level: float) -> Limits:
    """Returns the areas at which the estimate lies z standard errors away, the error taken at that area."""
    z = z_of(level)
    middle = (positives + negatives) / 2 - 1

    def beyond(theta: float) -> bool:
        spread = 1 + max(middle, 0.0) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (area - theta) ** 2 > z * z * theta * (1 - theta) * spread / (positives * negatives)

    return _edge(0.0, area, beyond), _edge(1.0, area, beyond)


def _edge(outside: float, inside: float, beyond: Callable[[float], bool]) -> float:
    """Returns where `beyond` turns true between inside and outside; outside itself if it never does."""
    if inside == outside:
        return outside
    for _ in range(60):
        between = (outside + inside) / 2
        outside, inside = (between, inside) if beyond(between) else (outside, between)
    return outside
