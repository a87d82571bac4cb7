"""Whether a classifier can tell rows of one window from rows of another: how far all inputs together have moved.

It sees what no single input shows: two that moved against each other. Days are whole in every fold, and follow each
other there; subjects that are tested were not learnt from. Else a day or a person would be recognised, not a drift.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from dashboard.rates import Estimate, Limits, undefined

FOLDS = 4
FEWEST = 200  # rows of either side that a fold is learnt from
METHOD = "Student, by whole days"
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of the reference (`now` false) and of the window: inputs, NaN what is missing; day and subject numbered.

    `categorical` are the inputs whose values are codes. Without subjects every row is one of its own.
    """

    inputs: Floats
    now: NDArray[np.bool_]
    days: Whole
    subjects: Whole
    categorical: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Told:
    """What the classifier says: area with its standard error, days of the smaller side, what gives rows away.

    `importance` is by how much the area falls when an input's values are shuffled, `chances` how likely each row is
    of the window, said by a classifier that has not seen it.
    """

    area: float
    error: float
    days: int
    importance: Floats
    chances: Floats


def tell_apart(sample: Sample, progress: Progress = lambda done, total: None) -> Told | str:
    """Returns how well the two sides can be told apart; in words why that cannot be said."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # small trees: several threads wait for each other longer than they work
        return _told(sample, progress)


def _told(sample: Sample, progress: Progress) -> Told | str:
    fold, folds = _folds(sample)
    if folds < 2:
        return "each window needs two days with rows"
    random, parts = np.random.default_rng(0), []
    chances = np.full(len(fold), np.nan)
    falls = np.zeros((folds, sample.inputs.shape[1]))
    for place in range(folds):
        test = np.flatnonzero(fold == place)
        train = np.flatnonzero((fold != place) & ~np.isin(sample.subjects, sample.subjects[test]))
        sides = np.bincount(sample.now[train].astype(np.int64), minlength=2)
        if min(sides) < FEWEST or sample.now[test].all() or not sample.now[test].any():
            return f"a part of the days leaves fewer than {FEWEST} rows to learn from"
        model = _fitted(sample, train, sides)
        chances[test] = model.predict_proba(sample.inputs[test])[:, 1]
        parts.append((test, *_placements(chances[test], sample.now[test])))
        area = parts[-1][1]
        for column in range(sample.inputs.shape[1]):
            shuffled = sample.inputs[test].copy()
            shuffled[:, column] = random.permutation(shuffled[:, column])
            falls[place, column] = area - _placements(model.predict_proba(shuffled)[:, 1], sample.now[test])[0]
        progress(place + 1, folds)
    weights = np.array([float(len(test)) for test, *_ in parts])
    weights /= weights.sum()
    mean = float(weights @ np.array([area for _, area, _ in parts]))
    error, days = _error(sample, parts, weights)
    return Told(mean, error, days, np.maximum(weights @ falls, 0.0), chances)


def domain_auc(area: float, error: float, days: int, n: int, smallest: int, note: str = "") -> Estimate:
    """Returns the area under the ROC curve with which rows of the window are told from the reference's.

    0.5: not at all, 1: always. The standard error is DeLong's with days as its units, the quantile Student's with
    the days of the smaller side less one.
    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837; Obuchowski, Biometrics 53 (1997) 567.

    >>> found = domain_auc(0.71, 0.02, 7, 8000, 4000)
    >>> [round(limit, 3) for limit in found.interval()]
    [0.661, 0.759]
    """
    if days < 2:
        return undefined("each window needs two days with rows", n, smallest, METHOD)
    return Estimate(area, n, METHOD, partial(_limits, area, error, days), smallest, note=note)


def _limits(area: float, error: float, days: int, level: float) -> Limits:
    reach = float(stdtrit(days - 1, (1 + level) / 2)) * error
    return max(area - reach, 0.0), min(area + reach, 1.0)


def _folds(sample: Sample) -> tuple[Whole, int]:
    """Returns each row's fold: days of either side in runs, so that days that follow each other stay together."""
    sides = [np.unique(sample.days[sample.now == now]) for now in (False, True)]
    folds = min(FOLDS, *(len(days) for days in sides))
    found = np.zeros(len(sample.days), dtype=np.int64)
    for now, days in enumerate(sides):
        own = sample.now == bool(now)
        found[own] = np.searchsorted(days, sample.days[own]) * folds // max(len(days), 1)
    return found, folds


def _fitted(sample: Sample, train: Whole, sides: Whole) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.12,
        max_leaf_nodes=12,
        min_samples_leaf=30,
        max_bins=63,
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=list(sample.categorical) or None,
        random_state=0,
    )
    now = sample.now[train]
    return model.fit(sample.inputs[train], now, sample_weight=len(train) / 2 / sides[now.astype(np.int64)])


def _placements(chances: Floats, now: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Returns the area, and for each row the share of the other side that it stands on its own side of, ties half."""
    ours, theirs = np.sort(chances[now]), np.sort(chances[~now])
    found = np.empty(len(chances))
    low, high = (np.searchsorted(theirs, chances[now], side) for side in ("left", "right"))
    found[now] = (low + high) / 2 / len(theirs)
    low, high = (np.searchsorted(ours, chances[~now], side) for side in ("left", "right"))
    found[~now] = 1 - (low + high) / 2 / len(ours)
    return float(found[now].mean()), found


def _error(sample: Sample, parts: list[tuple[Whole, float, Floats]], weights: Floats) -> tuple[float, int]:
    """Returns the area's standard error, days (and not rows) being independent, and the days of the smaller side."""
    influence = np.zeros(len(sample.days))
    for weight, (test, area, placed) in zip(weights.tolist(), parts, strict=True):
        now = sample.now[test]
        sizes = np.where(now, now.sum(), (~now).sum())
        influence[test] = weight * (placed - area) / sizes
    variance, counted = 0.0, []
    for side in (False, True):
        own = sample.now == side
        days, numbers = np.unique(sample.days[own], return_inverse=True)
        sums = np.bincount(numbers, weights=influence[own])
        alone = float(influence[own] @ influence[own])
        variance += max(float(sums @ sums), alone) * len(days) / max(len(days) - 1, 1)
        counted.append(len(days))
    return sqrt(variance), min(counted)
