"""Performance before labels arrive: expected counts of label and decision, from scores whose meaning is known.

A reference with labels says how often a score turned out positive (`calibrate`). Cases without a label then count by
that probability, with the decision the model took (`expected`). The interval of every metric is that of the value that
will be realised: it allows for chance in the labels to come and for what the reference leaves open. It assumes
P(label | score, group) to be what it was in the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.resampling import seed_of

Floats = NDArray[np.float64]
DRAWS = 200  # of the reference
FOLDS = 5
ENOUGH_DAYS = 10  # from so many on whole days are drawn, below single cases
LABELS, OF_EACH = 500, 50  # a calibration needs so many labels, and so many of each


@dataclass(frozen=True)
class Calibrator:
    """What each score bin means: P(positive | bin), shape (bins,), and as it might have been, shape (DRAWS, bins).

    `isotonic` says whether the scores are corrected; where not, the probability is the score, `scores`. Draws are made
    for sums over many cases: a single one may lie outside [0, 1].
    """

    probability: Floats
    draws: Floats
    negatives: int
    positives: int
    isotonic: bool
    scores: Floats


def too_few(counts: NDArray[np.int64]) -> str:
    """Returns why labels (days, 2, bins) are too few for a calibration of their own; "" where they are enough.

    >>> too_few(np.full((1, 2, 1), 300)), too_few(np.array([[[900], [12]]]))
    ('', '912 labels in the reference, 12 of them positive; it needs 500, with 50 of each')
    """
    negatives, positives = (int(n) for n in counts.sum(axis=(0, 2)))
    if negatives + positives >= LABELS and min(negatives, positives) >= OF_EACH:
        return ""
    found = f"{negatives + positives:,} labels in the reference, {positives:,} of them positive"
    return f"{found}; it needs {LABELS}, with {OF_EACH} of each"


def calibrate(counts: ArrayLike, scores: ArrayLike, days: ArrayLike) -> Calibrator:
    """Returns the meaning of score bins, from the reference's counts of shape (days, 2, bins): label 0, label 1.

    `scores` is the score that stands for each bin, ascending; `days` the days' ordinals: day d is in fold d mod 5.
    Isotonic regression of the label on the score, clipped outside, linear between bins that have labels; taken only
    where it lowers the cross-validated Brier score. Draws are of whole days, all groups alike (`day_weights`), of
    single cases where there are fewer than 10 days.
    Source: Zadrozny and Elkan, KDD (2002) 694; interval as `expected` says.

    >>> found = calibrate([[[80, 40], [20, 60]]], [0.1, 0.9], [0])
    >>> found.isotonic, found.probability.tolist()
    (True, [0.2, 0.6])
    """
    by_day, values = np.asarray(counts, dtype=float), np.asarray(scores, dtype=float)
    total: Floats = by_day.sum(axis=0)
    fitted = isotonic(total, values)
    corrects = _cross_validated(by_day, values, np.asarray(days)) < _brier(total, values)
    # What the reference leaves open is drawn whether or not it could show the scores to be off: where it could not,
    # the distance of the regressions from the scores is part of it. A regression flatters (it fits noise), one of a
    # draw flatters twice: mirrored about the first it errs by as much to the other side (the basic bootstrap).
    draws = 2 * fitted - np.stack([isotonic(drawn, values) for drawn in _resampled(by_day, np.asarray(days))])
    negatives, positives = (int(n) for n in total.sum(axis=1))
    return Calibrator(fitted if corrects else values, draws, negatives, positives, corrects, values)


def isotonic(counts: Floats, scores: Floats) -> Floats:
    """Returns P(positive) per bin that never falls with the score, from counts of shape (2, bins); least squares.

    Source: Barlow et al. (1972), pool adjacent violators; bins without labels lie between their neighbours.

    >>> isotonic(np.array([[1.0, 0.0, 2.0], [1.0, 0.0, 2.0]]), np.array([0.1, 0.2, 0.5])).tolist()
    [0.5, 0.5, 0.5]
    """
    from scipy.optimize import isotonic_regression

    n = counts.sum(axis=0)
    there = n > 0
    if not there.any():
        return scores
    found = isotonic_regression(counts[1, there] / n[there], weights=n[there]).x
    level: Floats = np.interp(scores, scores[there], found)
    return level


def _brier(counts: Floats, probability: Floats) -> float:
    """Returns the sum of (probability - label)^2 over counts of shape (2, bins)."""
    return float(counts[0] @ probability**2 + counts[1] @ (1 - probability) ** 2)


def _cross_validated(by_day: Floats, scores: Floats, days: NDArray[Any]) -> float:
    """Returns the Brier sum of isotonic regressions on the other folds: folds of days, of cases where days are few."""
    folds = np.zeros((FOLDS, *by_day.shape[1:]))
    if len(days) >= FOLDS:
        np.add.at(folds, days.astype(np.int64) % FOLDS, by_day)
    else:
        total = by_day.sum(axis=0).astype(np.int64)
        folds = np.moveaxis(np.random.default_rng(seed_of(total)).multinomial(total, [1 / FOLDS] * FOLDS), -1, 0) * 1.0
    total_counts = folds.sum(axis=0)
    return sum(_brier(fold, isotonic(total_counts - fold, scores)) for fold in folds)


def day_weights(days: ArrayLike) -> Floats:
    """Returns how often each day is drawn, shape (DRAWS, days): the same for every group, which are so drawn together.

    >>> day_weights(range(56)).sum(axis=1).tolist() == [56.0] * DRAWS
    True
    """
    known = np.asarray(days, dtype=np.int64)
    drawn = np.random.default_rng(seed_of(known)).multinomial(len(known), np.full(len(known), 1 / len(known)), DRAWS)
    return drawn.astype(float)


def _resampled(by_day: Floats, days: NDArray[Any]) -> Floats:
    """Returns counts of shape (DRAWS, 2, bins)."""
    if len(days) < ENOUGH_DAYS:
        total = by_day.sum(axis=0)
        return np.random.default_rng(seed_of(total)).poisson(total, (DRAWS, *total.shape)).astype(float)
    # einsum, not @: for so small a product the threads of a BLAS cost more than they bring.
    drawn: Floats = np.einsum("wd,dlb->wlb", day_weights(days), by_day)
    return drawn


@dataclass(frozen=True)
class Part:
    """The cases of one group and version: counts by score bin, decided negative and positive; and their calibrator."""

    rest: Floats
    selected: Floats
    calibrator: Calibrator

    @cached_property
    def chance(self) -> Floats:
        """The variance of one label per bin, p(1 - p)."""
        return self.calibrator.probability * (1 - self.calibrator.probability)


@dataclass(frozen=True)
class Expected:
    """Expected counts: tp and fn, the free cells, with the variance of each and how they might have come out.

    `selected` and `rest` are known: the cases decided positive and negative. `parts` are what it was made of.
    """

    tp: float
    fn: float
    selected: float
    rest: float
    tp_variance: float
    fn_variance: float
    tp_draws: Floats
    fn_draws: Floats
    parts: tuple[Part, ...]

    @property
    def n(self) -> int:
        return round(self.selected + self.rest)


def expected(parts: Sequence[Part]) -> Expected:
    """Returns the expected cells of cases without labels, from the parts they consist of.

    tp = sum over decision 1 of p, fn = sum over decision 0 of p, fp and tn what is left of either. The labels are
    independent given the scores (Poisson-binomial): var tp = sum over decision 1 of p(1 - p), var fn likewise. How far
    the reference may have misled is in the draws.

    >>> sure = Calibrator(np.array([0.25, 0.75]), np.zeros((DRAWS, 2)), 1, 1, True, np.zeros(2))
    >>> found = expected([Part(np.array([8.0, 0.0]), np.array([0.0, 4.0]), sure)])
    >>> found.tp, found.fn, found.tp_variance
    (3.0, 2.0, 0.75)
    """
    sides = ([part.selected for part in parts], [part.rest for part in parts])
    tp, fn = (sum(float(n @ p.calibrator.probability) for n, p in zip(s, parts, strict=True)) for s in sides)
    tp_var, fn_var = (sum(float(n @ p.chance) for n, p in zip(s, parts, strict=True)) for s in sides)
    nothing = np.zeros(DRAWS)
    tp_draws, fn_draws = (
        sum((p.calibrator.draws @ n for n, p in zip(s, parts, strict=True)), nothing) for s in sides
    )  # fmt: skip
    selected, rest = (sum(float(n.sum()) for n in s) for s in sides)
    return Expected(tp, fn, selected, rest, tp_var, fn_var, tp_draws, fn_draws, tuple(parts))
