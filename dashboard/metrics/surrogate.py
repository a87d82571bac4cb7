"""A model of the model, learnt from its inputs and what it said: how much each input counts to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

FOLDS = 5
FEWEST = 200  # rows that a surrogate is learnt from, or none is
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Surrogate:
    """Each input's share of all importances with its 95 % limits, and the R2 on rows that were not learnt from."""

    share: Floats
    low: Floats
    high: Floats
    fit: float


def surrogate(inputs: Floats, said: Floats, subjects: Whole, categorical: tuple[int, ...] = ()) -> Surrogate | str:
    """Returns how much each input counts to trees that say what the model said; in words why that cannot be had.

    `said` has a column for each number that the model says of a row; inputs are NaN where missing. An input's
    importance is the root of what the squared error rises by when its values are shuffled, on rows and subjects that
    were held out: of a linear model it is in proportion to the mean size of its attributions. Five folds; the limits
    are Student's of the jackknife over folds, its variance raised as folds that share rows ask for.
    Source: Breiman, Machine Learning 45 (2001) 5; Nadeau and Bengio, Machine Learning 52 (2003) 239.
    """
    from threadpoolctl import threadpool_limits

    fold = np.unique(subjects, return_inverse=True)[1] % FOLDS
    if len(said) < FEWEST or len(np.unique(fold)) < FOLDS:
        return f"fewer than {FEWEST} rows to learn from"
    if not said.std(axis=0).any():
        return "the model said the same of every row"
    with threadpool_limits(1):  # small trees: several threads wait for each other longer than they work
        parts = [_fold(inputs, said, fold == place, categorical, place) for place in range(FOLDS)]
    wrong, spread = (float(sum(part[side] for part in parts)) for side in (0, 1))
    rises = np.array([part[2] for part in parts])
    sums = np.sqrt(np.maximum(np.vstack([rises.sum(axis=0), rises.sum(axis=0) - rises]), 0.0))
    totals = sums.sum(axis=1, keepdims=True)
    if not totals.all():
        return "no input counts to the surrogate"
    share, *without = sums / totals  # of all folds, and leaving out one after the other
    variance = (FOLDS - 1) / FOLDS * ((without - np.mean(without, axis=0)) ** 2).sum(axis=0)
    reach = float(stdtrit(FOLDS - 1, 0.975)) * np.sqrt(variance * (1 + FOLDS / (FOLDS - 1)))
    return Surrogate(share, np.maximum(share - reach, 0.0), np.minimum(share + reach, 1.0), 1 - wrong / spread)


def _fold(
    inputs: Floats, said: Floats, held: NDArray[np.bool_], categorical: tuple[int, ...], seed: int
) -> tuple[float, float, Floats]:
    """Returns of the rows held out the squared error, the squares about the mean, the rise by input shuffled."""
    random = np.random.default_rng(seed)
    shuffled = np.repeat(inputs[held][None], inputs.shape[1], axis=0)
    for column in range(inputs.shape[1]):
        shuffled[column, :, column] = random.permutation(shuffled[column, :, column])
    wrong, spread, rises = 0.0, 0.0, np.zeros(inputs.shape[1])
    for truth in said.T:
        model = _fitted(inputs[~held], truth[~held], categorical)
        here = truth[held]
        error = float(((model.predict(inputs[held]) - here) ** 2).sum())
        wrong, spread = wrong + error, spread + float(((here - truth[~held].mean()) ** 2).sum())
        rises += [float(((model.predict(rows) - here) ** 2).sum()) - error for rows in shuffled]
    return wrong, spread, rises


def _fitted(inputs: Floats, truth: Floats, categorical: tuple[int, ...]) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        max_iter=60,
        learning_rate=0.15,
        max_leaf_nodes=16,
        min_samples_leaf=20,
        max_bins=63,
        early_stopping=False,
        categorical_features=list(categorical) or None,
        random_state=0,
    )
    return model.fit(inputs, truth)
