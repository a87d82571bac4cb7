"""Two versions compared: on the same cases by pairs, on others by two intervals; always second minus first.

Cases that both versions scored are alike, so a difference between the versions is known better than two separate
intervals say: what matters is on how many cases they differ. `Joint` counts them by label and both decisions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

from dashboard.errors import EvenhandError
from dashboard.metrics import performance
from dashboard.metrics.differences import difference_of, mover
from dashboard.metrics.performance import Confusion
from dashboard.rates import NO_LIMITS, Limits, Measure, Rate, wilson

Floats = NDArray[np.float64]
SAME_TRIALS = (
    "accuracy", "true_positive_rate", "true_negative_rate", "false_positive_rate", "false_negative_rate",
    "selection_rate", "prevalence",
)  # fmt: skip


def mcnemar_exact(first: int, second: int) -> float:
    """Returns McNemar's exact two-sided p from how many cases only the first and only the second got.

    Twice the smaller tail of the binomial of first + second and 1/2, at most 1. Source: McNemar, Psychometrika 12
    (1947) 153.

    >>> round(mcnemar_exact(6, 16), 6)
    0.052479
    """
    return min(1.0, 2 * float(bdtr(min(first, second), first + second, 0.5)))


def mcnemar_mid_p(first: int, second: int) -> float:
    """Returns McNemar's two-sided mid-p: what was seen counts half, so that it is right on average, not too cautious.

    Source: Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13 (2013) 91.

    >>> round(mcnemar_mid_p(6, 16), 6), mcnemar_mid_p(0, 0)
    (0.03469, 1.0)
    """
    fewer, both = min(first, second), first + second
    below = float(bdtr(fewer - 1, both, 0.5)) if fewer else 0.0
    return min(1.0, below + float(bdtr(fewer, both, 0.5)))


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Returns the rate of the second minus that of the first on the same trials, with Newcombe's paired interval.

    `both`, `second` and `first` count the hits of both, of the second only and of the first only; `deff` is the design
    effect of clustered trials. Wilson's two intervals, joined by the correlation phi (with a continuity correction
    where it is positive). Source: Newcombe, Statistics in Medicine 17 (1998) 2635, method 10.

    >>> found = PairedDifference(both=20, second=12, first=2, neither=16)
    >>> found.value, [round(limit, 4) for limit in found.interval()]
    (0.2, [0.0562, 0.3292])
    """

    both: int
    second: int
    first: int
    neither: int
    deff: float = 1.0

    @property
    def n(self) -> int:
        return self.both + self.second + self.first + self.neither

    @property
    def value(self) -> float | None:
        return (self.second - self.first) / self.n if self.n else None

    @property
    def numerator(self) -> float | None:
        return self.both + self.second

    @property
    def denominator(self) -> float | None:
        return self.n

    @property
    def method(self) -> str:
        return "Newcombe, paired"

    @property
    def note(self) -> str:
        if not self.n:
            return "cannot be computed: 0 pairs"
        apart = f"they differ on {self.second + self.first:,} cases ({self.second:,} against {self.first:,})"
        if self.deff > 1:  # McNemar's p knows no subjects
            return f"{apart}; about {self.n / self.deff:.0f} independent"
        return f"{apart}; McNemar's mid-p {_p(mcnemar_mid_p(self.first, self.second))}"

    def minimum(self) -> int:
        return self.n

    def interval(self, level: float = 0.95) -> Limits:
        if not self.n:
            return NO_LIMITS
        n = self.n / self.deff
        sides = []
        for hits in (self.both + self.second, self.both + self.first):
            low, high = wilson(hits / self.deff, n, level)
            sides.append((hits / self.n, low, high))
        return mover(sides[0], sides[1], self._phi())

    def _phi(self) -> float:
        """Returns the correlation of the two hits, taken towards 0 by half a case where it is positive."""
        a, b, c, d = (count / self.deff for count in (self.both, self.second, self.first, self.neither))
        margins = (a + b) * (c + d) * (a + c) * (b + d)
        apart = a * d - b * c
        if margins <= 0:
            return 0.0
        return (max(apart - (a + b + c + d) / 2, 0.0) if apart > 0 else apart) / sqrt(margins)


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 0.001 else "under 0.001"


@dataclass(frozen=True, slots=True)
class Joint:
    """Holds the cases that two versions both decided: `counts[label][first's decision][second's]`, label 2 = none.

    >>> Joint.of([[[50, 5], [3, 2]], [[4, 6], [1, 29]], [[0, 0], [0, 0]]]).second.tp
    35
    """

    counts: tuple[tuple[tuple[int, ...], ...], ...]

    @classmethod
    def of(cls, counts: ArrayLike) -> Joint:
        """Returns the joint counts of an array of shape (3, 2, 2)."""
        table = np.asarray(counts, dtype=np.int64)
        if table.shape != (3, 2, 2):
            raise EvenhandError(f"Counts of shape {table.shape}.", "3 x 2 x 2: label by both decisions.")
        return cls(tuple(tuple(tuple(row) for row in side) for side in table.tolist()))

    @property
    def array(self) -> NDArray[np.int64]:
        return np.array(self.counts, dtype=np.int64)

    @property
    def first(self) -> Confusion:
        return self._marginal(2)

    @property
    def second(self) -> Confusion:
        return self._marginal(1)

    def _marginal(self, away: int) -> Confusion:
        table = np.zeros((3, 3), dtype=np.int64)
        table[:, :2] = self.array.sum(axis=away)
        return Confusion.of(table)

    @property
    def n(self) -> int:
        return int(self.array.sum())


def paired_difference(metric: str, joint: Joint, deff: float = 1.0) -> Measure:
    """Returns a rate (or f1) of the second version minus that of the first on the cases that both decided.

    Rates whose trials do not depend on the decision are compared case by case (Newcombe's paired interval). Precision,
    negative predictive value and F1 have other trials in each version: there the two intervals are joined by the
    correlation of the residuals hit - rate x trial over the joint cells (delta method; Zou 2007).

    >>> joint = Joint.of([[[50, 5], [3, 2]], [[4, 6], [1, 29]], [[0, 0], [0, 0]]])
    >>> round(paired_difference("true_positive_rate", joint).value, 3), paired_difference("precision", joint).method
    (0.125, 'MOVER, paired')
    """
    if metric in SAME_TRIALS:
        hits, trials = _cells(metric)
        table = _two_by_two(joint.array, hits, trials)
        return PairedDifference(*table, deff)
    second, first = (_with_deff(metric, side, deff) for side in (joint.second, joint.first))
    note = f"about {joint.n / deff:.0f} independent" if deff > 1 else ""
    return difference_of(second, first, _residual_correlation(metric, joint), note)


def _with_deff(metric: str, side: Confusion, deff: float) -> Measure:
    if metric != "f1":
        rate = performance.RATES[metric](side)
        return Rate(rate.hits, rate.trials, deff)
    found, jaccard = performance.f1(side), Rate(side.tp, side.tp + side.fp + side.fn, deff)
    return replace(found, bounds=partial(_f1_limits, jaccard)) if found.value is not None else found


def _f1_limits(jaccard: Rate, level: float) -> Limits:
    low, high = jaccard.interval(level)
    return 2 * (low or 0.0) / (1 + (low or 0.0)), 2 * (high or 0.0) / (1 + (high or 0.0))


def _two_by_two(joint: NDArray[np.int64], hits: Floats, trials: Floats) -> tuple[int, int, int, int]:
    """Returns how many trials both hit, only the second, only the first, neither."""
    counted = joint * trials[:, :1, None]
    first, second = np.broadcast_to(hits[:, :, None], joint.shape), np.broadcast_to(hits[:, None, :], joint.shape)
    both, neither = first * second, (1 - first) * (1 - second)
    parts = (both, second - both, first - both, neither)
    return tuple(int((counted * part).sum()) for part in parts)  # type: ignore[return-value]


@cache
def _cells(metric: str) -> tuple[Floats, Floats]:
    """Returns the hits and trials of one case in each cell of label (none last) and decision, from the rate itself."""
    hits, trials = np.zeros((3, 2)), np.zeros((3, 2))
    for label in range(3):
        for decision in range(2):
            one = np.zeros((3, 3), dtype=np.int64)
            one[label, decision] = 1
            cells = Confusion.of(one)
            if metric == "f1":
                hits[label, decision] = 2 * cells.tp
                trials[label, decision] = 2 * cells.tp + cells.fp + cells.fn
            else:
                rate = performance.RATES[metric](cells)
                hits[label, decision], trials[label, decision] = rate.hits, rate.trials
    return hits, trials


def _residual_correlation(metric: str, joint: Joint) -> float:
    """Returns the correlation of two ratios of counts over the same cases, by the delta method."""
    hits, trials = _cells(metric)
    counts = joint.array
    residuals = []
    for away in (1, 2):  # the second version's cells, then the first's
        marginal = counts.sum(axis=away)
        total = float((marginal * trials).sum())
        rate = float((marginal * hits).sum()) / total if total else 0.0
        own = hits - rate * trials
        residuals.append(np.broadcast_to(own[:, None, :] if away == 1 else own[:, :, None], counts.shape))
    return _correlation(counts.astype(float), *residuals)


def _correlation(counts: Floats, one: Floats, other: Floats) -> float:
    """Returns the correlation of two residuals (of mean 0) over cells that occur `counts` times; 0 without spread."""
    spread = float((counts * one * one).sum()) * float((counts * other * other).sum())
    return float((counts * one * other).sum()) / sqrt(spread) if spread > 0 else 0.0
