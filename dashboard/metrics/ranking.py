"""How well scores put positive cases above negative ones, from counts by score bin: ROC, precision and recall."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, floor, log, log10, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, expit

from dashboard.rates import Estimate, Limits, undefined, wilson, z_of

Floats = NDArray[np.float64]

FEW = 100
NEARLY_PERFECT, FEW_NEARLY_PERFECT = 0.95, 500


def roc_auc(positives: ArrayLike, negatives: ArrayLike, exact: bool = False, deff: float = 1.0) -> Estimate:
    """Returns the share of (positive, negative) pairs in which the positive scores higher, ties half; 0.5 is chance.

    Arguments are counts per score bin, bins in ascending order; `exact` says that a bin is one score, otherwise pairs
    inside a bin are unknown and the note says how far the value can be off. Interval: DeLong (1988) on the logit scale;
    where the smaller class is under 100, or under 500 with an AUC beyond 0.95, method 5 of Newcombe (Statistics in
    Medicine 25 (2006) 559), which also covers an AUC of 1. That method supposes the same spread in both classes; where
    DeLong sees a larger variance than it does, the ratio of the two widens it (with positives spread twice as widely it
    would cover 85 %). Subjects are not counted by score: give the design effect of a rate of the decisions as `deff`.

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
    variance = deff * (_variance(pos, ranks_of_pos / N) / P + _variance(neg, ranks_of_neg / P) / N)
    if smaller < FEW or (smaller < FEW_NEARLY_PERFECT and max(area, 1 - area) > NEARLY_PERFECT) or area in (0.0, 1.0):
        method, bounds = "Newcombe (2006), method 5", partial(_newcombe_limits, area, variance, P / deff, N / deff)
    else:
        method, bounds = "DeLong, logit", partial(_logit_limits, area, sqrt(variance))
    return Estimate(area, int(P + N), method, bounds, smaller, note="; ".join(notes))


def average_precision(positives: ArrayLike, negatives: ArrayLike, exact: bool = False, deff: float = 1.0) -> Estimate:
    """Returns the precision at each positive case's score, averaged over the positive cases; 1 is best.

    sum of (R_k - R_{k-1}) P_k over the scores from the highest down, R recall and P precision of all from there up:
    scikit-learn's definition. Chance is the prevalence. Arguments as in `roc_auc`. Interval: on each side the wider of
    Wilson's with as many trials as positive cases (Boyd, Eng and Page, ECML 2013, use their number alike) and of the
    infinitesimal jackknife on the logit scale: each is too narrow where the other is not.

    >>> round(average_precision([0, 1, 0, 1], [1, 0, 1, 0], exact=True).value, 4)
    0.8333
    """
    pos, neg = (np.asarray(side, dtype=float)[::-1] for side in (positives, negatives))
    P, N = float(pos.sum()), float(neg.sum())
    if not P or not N:
        why = f"{int(P)} positive and {int(N)} negative cases with a score"
        return undefined(why, int(P + N), method="Wilson and jackknife")
    found, false = np.cumsum(pos), np.cumsum(neg)
    above = np.maximum(found + false, 1.0)
    value = min(float(pos @ (found / above)) / P, 1.0)
    notes = [] if exact else [f"binning moves it by at most {rounded_up(_inside_bins(pos, neg, value))}"]
    if deff > 1:
        notes.append(f"about {(P + N) / deff:.0f} independent")
    error = sqrt(deff * _jackknife(pos, neg, value))
    bounds = partial(_average_limits, value, P / deff, error)
    return Estimate(value, int(P + N), "Wilson and jackknife", bounds, int(min(P, N)), note="; ".join(notes))


def _inside_bins(pos: Floats, neg: Floats, value: float) -> float:
    """Returns how far the order of cases inside bins, from the highest down, can move the average precision.

    At best all positives of a bin tie above its negatives; at worst they follow them one by one: the sum over i of
    (a + i) / (b + i), a the positives above, b all above and the bin's negatives.
    """
    found, false = np.cumsum(pos), np.cumsum(neg)
    best = float(pos @ (found / np.maximum(found + false - neg, 1.0)))
    a, b = found - pos, found - pos + false
    worst = float((pos - (b - a) * (digamma(b + pos + 1) - digamma(b + 1))).sum())
    P = float(pos.sum())
    return max(best / P - value, value - worst / P, 0.0)


def _jackknife(pos: Floats, neg: Floats, value: float) -> float:
    """Returns the variance of the average precision: the sum of squares of what one case more would add to it."""
    found, false = np.cumsum(pos), np.cumsum(neg)
    above, P = np.maximum(found + false, 1.0), float(pos.sum())
    more_found = np.cumsum((pos * false / above**2)[::-1])[::-1]
    more_false = np.cumsum((pos * found / above**2)[::-1])[::-1]
    of_positive = (found / above - value + more_found) / P
    return float(pos @ of_positive**2 + neg @ (more_false / P) ** 2)


def _average_limits(value: float, positives: float, error: float, level: float) -> Limits:
    low, high = wilson(value * positives, positives, level)
    if value < 1:
        below, above = _logit_limits(value, error, level)
        low, high = min(low, below or 0.0), max(high, above or 1.0)
    return low, high


def roc_curve(positives: ArrayLike, negatives: ArrayLike) -> tuple[Floats, Floats]:
    """Returns false and true positive rates of the thresholds between score bins, from (0, 0) to (1, 1).

    >>> [side.tolist() for side in roc_curve([0, 1, 0, 1], [1, 0, 1, 0])]
    [[0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0]]
    """
    true, false = (_from_above(side) for side in (positives, negatives))
    return false / max(false[-1], 1.0), true / max(true[-1], 1.0)


def precision_recall_curve(positives: ArrayLike, negatives: ArrayLike) -> tuple[Floats, Floats]:
    """Returns recall and precision of the thresholds between score bins, from the highest score down to all cases.

    >>> [side.round(2).tolist() for side in precision_recall_curve([0, 1, 0, 1], [1, 0, 1, 0])]
    [[0.5, 0.5, 1.0, 1.0], [1.0, 0.5, 0.67, 0.5]]
    """
    true, false = (_from_above(side)[1:] for side in (positives, negatives))
    kept = true + false > 0
    return true[kept] / max(true[-1], 1.0), true[kept] / (true + false)[kept]


def _from_above(counts: ArrayLike) -> Floats:
    """Returns how many cases score in the last 0, 1, 2 ... bins."""
    return np.concatenate([[0.0], np.cumsum(np.asarray(counts, dtype=float)[::-1])])


def rounded_up(number: float) -> str:
    """Returns a bound with one digit, which is never less than the bound.

    >>> rounded_up(0.0014), rounded_up(0.2), rounded_up(0)
    ('0.002', '0.2', '0')
    """
    unit = 10.0 ** floor(log10(number)) if number else 1.0
    return f"{ceil(number / unit - 1e-9) * unit:.1g}"


def _variance(counts: Floats, values: Floats) -> float:
    """Returns the sample variance of values that occur `counts` times; 0 of a single one."""
    total = float(counts.sum())
    mean = float(counts @ values) / total
    return float(counts @ (values - mean) ** 2) / max(total - 1, 1)


def _logit_limits(area: float, error: float, level: float) -> Limits:
    reach = z_of(level) * error / (area * (1 - area))
    odds = log(area / (1 - area))
    return float(expit(odds - reach)), float(expit(odds + reach))


def _newcombe_limits(area: float, variance: float, positives: float, negatives: float, level: float) -> Limits:
    """Returns the areas at which the estimate lies z standard errors away, the error taken at that area."""
    here = _newcombe_variance(area, positives, negatives)
    reach = z_of(level) ** 2 * (max(variance / here, 1.0) if here > 0 else 1.0)

    def beyond(theta: float) -> bool:
        return (area - theta) ** 2 > reach * _newcombe_variance(theta, positives, negatives)

    return _edge(0.0, area, beyond), _edge(1.0, area, beyond)


def _newcombe_variance(theta: float, positives: float, negatives: float) -> float:
    middle = max((positives + negatives) / 2 - 1, 0.0)
    spread = 1 + middle * ((1 - theta) / (2 - theta) + theta / (1 + theta))
    return theta * (1 - theta) * spread / (positives * negatives)


def _edge(outside: float, inside: float, beyond: Callable[[float], bool]) -> float:
    """Returns where `beyond` turns true between inside and outside; outside itself if it never does."""
    if inside == outside:
        return outside
    for _ in range(60):
        between = (outside + inside) / 2
        outside, inside = (between, inside) if beyond(between) else (outside, between)
    return outside
