"""How good the model is, from counts of label and decision: the rates, F1 and label coverage.

Each function takes a `Confusion` and returns what it is named for. Cases without a label or without a decision are
cells of their own and belong to the rates that do not need what is missing: a selection rate does not wait for labels.
What needs scores is in `ranking` and `losses`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.errors import EvenhandError
from dashboard.metrics.clusters import subject_design_effect
from dashboard.rates import Estimate, Exact, Limits, Rate, undefined, wilson

TN, FP, UNDECIDED_NEGATIVE = (0, 0), (0, 1), (0, 2)
FN, TP, UNDECIDED_POSITIVE = (1, 0), (1, 1), (1, 2)
UNLABELLED_NEGATIVE, UNLABELLED_POSITIVE, NEITHER = (2, 0), (2, 1), (2, 2)
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Holds the counts of label and decision of one group, `counts[label][decision]`, index 2 = none there.

    `buckets`, of shape (3, 3, subject buckets), are the same counts by bucket of the subject's hash; with them
    intervals allow for cases of one person not being independent. `weights`, of shape (2, 3, 3), are the sums of
    weights and of squared weights of a log that is a weighted sample. Confusions add up.

    >>> Confusion.of([[990, 805], [532, 1369]]).tp
    1369
    """

    counts: tuple[tuple[int, ...], ...]
    buckets: NDArray[np.int64] | None = field(default=None, compare=False, repr=False)
    weights: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, counts: ArrayLike, buckets: ArrayLike | None = None, weights: ArrayLike | None = None) -> Confusion:
        """Returns the confusion of a 3 x 3 array of counts, or of 2 x 2 where everything is labelled and decided."""
        table = np.zeros((3, 3), dtype=np.int64)
        given = np.asarray(counts)
        if given.shape not in ((2, 2), (3, 3)):
            raise EvenhandError(f"Counts of shape {given.shape}.", "2 x 2 or 3 x 3: label by decision, then none.")
        table[: given.shape[0], : given.shape[1]] = given
        return cls(
            tuple(tuple(row) for row in table.tolist()),
            None if buckets is None else np.asarray(buckets, dtype=np.int64),
            None if weights is None else np.asarray(weights, dtype=float),
        )

    def __add__(self, other: Confusion) -> Confusion:
        buckets = None if self.buckets is None or other.buckets is None else self.buckets + other.buckets
        weights = None if self.weights is None or other.weights is None else self.weights + other.weights
        return Confusion.of(np.add(self.counts, other.counts), buckets, weights)

    @property
    def tp(self) -> int:
        return self.counts[1][1]

    @property
    def fp(self) -> int:
        return self.counts[0][1]

    @property
    def fn(self) -> int:
        return self.counts[1][0]

    @property
    def tn(self) -> int:
        return self.counts[0][0]

    @property
    def n(self) -> int:
        return sum(map(sum, self.counts))

    def total(self, *cells: Cell) -> int:
        """Returns the count in these cells together."""
        return sum(self.counts[label][decision] for label, decision in cells)


def _rate(cells: Confusion, hits: tuple[Cell, ...], misses: tuple[Cell, ...]) -> Rate:
    """Returns hits of hits and misses, with the design effect of its subjects and weights where there are any."""
    good, bad = cells.total(*hits), cells.total(*misses)
    if good + bad == 0:
        return Rate(0, 0)
    deff = 1.0
    if cells.buckets is not None:
        found, missed = (sum(cells.buckets[cell] for cell in side) for side in (hits, misses))
        deff = subject_design_effect(found, found + missed)
    if cells.weights is None:
        return Rate(good, good + bad, deff)
    (hit, _), (total, squares) = (_weight(cells.weights, side) for side in (hits, (*hits, *misses)))
    return Rate(hit, total, deff * squares / total, good + bad) if total > 0 else Rate(0, 0)


def _weight(weights: NDArray[np.float64], chosen: tuple[Cell, ...]) -> tuple[float, float]:
    """Returns the sums of weights and of squared weights in these cells together."""
    return sum(float(weights[0][cell]) for cell in chosen), sum(float(weights[1][cell]) for cell in chosen)


def accuracy(cells: Confusion) -> Rate:
    """Returns (tp + tn) / (tp + fp + fn + tn); 1 is best.

    >>> accuracy(Confusion.of([[50, 10], [20, 20]])).value
    0.7
    """
    return _rate(cells, (TP, TN), (FP, FN))


def true_positive_rate(cells: Confusion) -> Rate:
    """Returns tp / (tp + fn), also sensitivity or recall; 1 is best.

    >>> true_positive_rate(Confusion.of([[50, 10], [20, 20]])).value
    0.5
    """
    return _rate(cells, (TP,), (FN,))


def true_negative_rate(cells: Confusion) -> Rate:
    """Returns tn / (tn + fp), also specificity; 1 is best.

    >>> true_negative_rate(Confusion.of([[45, 15], [20, 20]])).value
    0.75
    """
    return _rate(cells, (TN,), (FP,))


def false_positive_rate(cells: Confusion) -> Rate:
    """Returns fp / (fp + tn); 0 is best.

    >>> round(false_positive_rate(Confusion.of([[990, 805], [532, 1369]])).value, 4)  # ProPublica on COMPAS, 2016
    0.4485
    """
    return _rate(cells, (FP,), (TN,))


def false_negative_rate(cells: Confusion) -> Rate:
    """Returns fn / (fn + tp); 0 is best.

    >>> round(false_negative_rate(Confusion.of([[990, 805], [532, 1369]])).value, 4)  # ProPublica on COMPAS, 2016
    0.2799
    """
    return _rate(cells, (FN,), (TP,))


def precision(cells: Confusion) -> Rate:
    """Returns tp / (tp + fp), also positive predictive value; 1 is best.

    >>> precision(Confusion.of([[50, 10], [20, 30]])).value
    0.75
    """
    return _rate(cells, (TP,), (FP,))


def negative_predictive_value(cells: Confusion) -> Rate:
    """Returns tn / (tn + fn); 1 is best.

    >>> negative_predictive_value(Confusion.of([[60, 10], [20, 30]])).value
    0.75
    """
    return _rate(cells, (TN,), (FN,))


def false_discovery_rate(cells: Confusion) -> Rate:
    """Returns fp / (fp + tp); 0 is best.

    >>> false_discovery_rate(Confusion.of([[50, 10], [20, 30]])).value
    0.25
    """
    return _rate(cells, (FP,), (TP,))


def false_omission_rate(cells: Confusion) -> Rate:
    """Returns fn / (fn + tn); 0 is best.

    >>> false_omission_rate(Confusion.of([[60, 10], [20, 30]])).value
    0.25
    """
    return _rate(cells, (FN,), (TN,))


def selection_rate(cells: Confusion) -> Rate:
    """Returns the share decided positive of all that have a decision, labelled or not.

    >>> selection_rate(Confusion.of([[4, 1, 0], [1, 1, 0], [1, 2, 0]])).value
    0.4
    """
    return _rate(cells, (TP, FP, UNLABELLED_POSITIVE), (FN, TN, UNLABELLED_NEGATIVE))


def prevalence(cells: Confusion) -> Rate:
    """Returns the share labelled positive of all that have a label, decided or not.

    >>> prevalence(Confusion.of([[4, 1, 1], [1, 1, 2], [9, 9, 9]])).value
    0.4
    """
    return _rate(cells, (TP, FN, UNDECIDED_POSITIVE), (FP, TN, UNDECIDED_NEGATIVE))


def label_coverage(cells: Confusion) -> Rate:
    """Returns the share of all cases that have their label; 1 is best.

    >>> label_coverage(Confusion.of([[4, 1, 0], [1, 2, 0], [1, 1, 0]])).value
    0.8
    """
    labelled = (TP, FP, FN, TN, UNDECIDED_POSITIVE, UNDECIDED_NEGATIVE)
    return _rate(cells, labelled, (UNLABELLED_POSITIVE, UNLABELLED_NEGATIVE, NEITHER))


def count(cells: Confusion) -> Exact:
    """Returns the number of cases.

    >>> count(Confusion.of([[4, 1, 0], [1, 2, 0], [1, 1, 0]])).value
    10.0
    """
    return Exact(float(cells.n), cells.n, cells.n)


def f1(cells: Confusion) -> Estimate:
    """Returns 2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall; 1 is best.

    Given tp + fp + fn, tp is binomial with J = tp / (tp + fp + fn): Wilson for J, mapped by 2 J / (1 + J).

    >>> f1(Confusion.of([[90, 10], [10, 30]])).value
    0.75
    """
    jaccard = _rate(cells, (TP,), (FP, FN))
    if not jaccard.trials:
        return undefined("no case is positive in label or decision (0 of 0)", method="Wilson of Jaccard")
    doubled = jaccard.trials + jaccard.hits
    bounds = partial(_f1_limits, jaccard.hits / jaccard.deff, jaccard.trials / jaccard.deff)
    value, n = 2 * jaccard.hits / doubled, jaccard.n
    return Estimate(value, n, "Wilson of Jaccard", bounds, n, 2 * jaccard.hits, doubled, jaccard.note)


def _f1_limits(hits: float, trials: float, level: float) -> Limits:
    low, high = wilson(hits, trials, level)
    return 2 * low / (1 + low), 2 * high / (1 + high)


RATES: Mapping[str, Callable[[Confusion], Rate]] = {
    function.__name__: function
    for function in (
        accuracy,
        true_positive_rate,
        true_negative_rate,
        false_positive_rate,
        false_negative_rate,
        precision,
        negative_predictive_value,
        false_discovery_rate,
        false_omission_rate,
        selection_rate,
        prevalence,
    )
}
