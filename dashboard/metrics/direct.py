"""Direct loss estimation (DLE): how far off a regression will turn out to be, before its labels arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, sqrt

from scipy.special import stdtrit

from dashboard.metrics.losses import FARTHEST
from dashboard.rates import Estimate, Limits, undefined

SCALE = 10**6
METHOD = "DLE"


@dataclass(frozen=True, slots=True)
class Residuals:
    """What the loss model's residuals on rows left out of it say: variance, design effect of blocks, their number.

    `rows` are the labelled reference rows that the level of the estimate comes from; `ratio` is how much larger the
    variance is expected to be in the window than in the reference.
    """

    variance: float
    deff: float
    rows: int
    blocks: int
    ratio: float = 1.0


def expected_loss(totals: Sequence[int], n: int, residuals: Residuals) -> Estimate:
    """Returns the mean loss expected of n rows, with a prediction interval for what it will turn out to be.

    `totals` are the rows' expected losses added up, times `SCALE`: by the model of the whole reference, then by those
    with a fold of its blocks left out. Variance: of the model, the larger of the jackknife's over the folds and
    deff v / rows, plus ratio deff v / n of what the n losses come to. Student's t on blocks - 1, on the log scale.
    Source of the idea: NannyML's direct loss estimation; of the jackknife: Tukey, Ann. Math. Stat. 29 (1958) 614.

    >>> found = expected_loss([200_000_000, 199_000_000, 201_000_000], 100, Residuals(1.0, 1.0, 400, 50))
    >>> found.value, [round(limit, 2) for limit in found.interval()]
    (2.0, [1.79, 2.24])
    """
    if not n:
        return undefined("0 cases with a score", method=METHOD)
    level, *folds = (total / n / SCALE for total in totals)
    middle = sum(folds) / len(folds)
    jackknife = (len(folds) - 1) / len(folds) * sum((fold - middle) ** 2 for fold in folds)
    alone = residuals.variance * residuals.deff
    variance = max(jackknife, alone / residuals.rows) + residuals.ratio * alone / n
    bounds = partial(_limits, max(level, 0.0), sqrt(variance), residuals.blocks - 1)
    return Estimate(max(level, 0.0), n, METHOD, bounds, min(n, residuals.rows))


def _limits(level: float, error: float, freedom: int, confidence: float) -> Limits:
    if freedom < 1:
        return 0.0, None
    reach = -float(stdtrit(freedom, (1 - confidence) / 2)) * error
    if level == 0:
        return 0.0, reach
    return level * exp(-reach / level), level * exp(reach / level) if reach < FARTHEST * level else None


def rooted(found: Estimate) -> Estimate:
    """Returns the square root of an expected mean square.

    >>> rooted(expected_loss([400_000_000] * 3, 100, Residuals(1.0, 1.0, 400, 50))).value
    2.0
    """
    if found.value is None:
        return found
    return Estimate(sqrt(found.value), found.n, METHOD, partial(_root_limits, found), found.smallest, note=found.note)


def _root_limits(found: Estimate, confidence: float) -> Limits:
    low, high = found.bounds(confidence)
    return None if low is None else sqrt(low), None if high is None else sqrt(high)
