"""How good a model of several classes is: each class against the rest, averages over classes, the first k places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.errors import EvenhandError
from dashboard.metrics import performance
from dashboard.metrics.balance import WORTH, Floats, Table, correlation, estimate, wider
from dashboard.metrics.performance import Confusion
from dashboard.rates import Estimate, Limits, Rate, undefined

Average = tuple[float, Floats]  # of a table: its value, and what one case more in each cell adds to it
Share = Callable[[Floats, NDArray[np.bool_], bool], Average]


@dataclass(frozen=True)
class Matrix:
    """Holds the counts of label (rows) by decision (columns) of one group; the last row and column: none there.

    `buckets`, with the subject's bucket as a third axis, and `weights` (sums of weights, sums of squared weights) as in
    `performance.Confusion`.
    """

    classes: tuple[str, ...]
    counts: NDArray[np.int64]
    buckets: NDArray[np.int64] | None = field(default=None, repr=False)
    weights: Floats | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, classes: Sequence[str], counts: ArrayLike, buckets: NDArray[np.int64] | None = None,
        weights: Floats | None = None,
    ) -> Matrix:  # fmt: skip
        """Returns the matrix of K x K counts, where all is labelled and decided, or of (K + 1) x (K + 1)."""
        given, k = np.asarray(counts, dtype=np.int64), len(classes)
        if given.shape not in ((k, k), (k + 1, k + 1)):
            raise EvenhandError(f"Counts of shape {given.shape}.", f"{k} x {k}, or one more each: label by decision.")
        table = np.zeros((k + 1, k + 1), dtype=np.int64)
        table[: len(given), : len(given)] = given
        return cls(tuple(classes), table, buckets, weights)

    @property
    def table(self) -> Table:
        """The cases that have both label and decision."""
        buckets = None if self.buckets is None else self.buckets[:-1, :-1]
        weights = None if self.weights is None else self.weights[:, :-1, :-1]
        return Table.of(self.counts[:-1, :-1], buckets, weights)


def one_vs_rest(matrix: Matrix) -> dict[str, Confusion]:
    """Returns for each class the confusion in which it is the positive one and all others together the negative.

    >>> one_vs_rest(Matrix.of(("a", "b", "c"), [[5, 1, 0], [1, 5, 0], [0, 2, 6]]))["b"].counts
    ((11, 3, 0), (1, 5, 0), (0, 0, 0))
    """
    counts = _against_rest(matrix.counts)
    buckets = None if matrix.buckets is None else _against_rest(matrix.buckets)
    weights = None if matrix.weights is None else np.stack([_against_rest(side) for side in matrix.weights], axis=1)
    return {
        name: Confusion.of(counts[i], None if buckets is None else buckets[i], None if weights is None else weights[i])
        for i, name in enumerate(matrix.classes)
    }


def _against_rest(table: NDArray[np.generic]) -> NDArray[np.generic]:
    """Returns (K, 3, 3, ...): for each class label by decision as not it, it, none."""
    rows, columns = table[:-1].sum(axis=0), table[:, :-1].sum(axis=1)
    both = rows[:-1].sum(axis=0)
    k = len(table) - 1
    found = np.empty((k, 3, 3, *table.shape[2:]), dtype=table.dtype)
    right = table[np.arange(k), np.arange(k)]
    found[:, 1, 1], found[:, 1, 0], found[:, 0, 1] = right, columns[:-1] - right, rows[:-1] - right
    found[:, 0, 0] = both - columns[:-1] - rows[:-1] + right
    found[:, 1, 2], found[:, 0, 2] = table[:-1, -1], rows[-1] - table[:-1, -1]
    found[:, 2, 1], found[:, 2, 0] = table[-1, :-1], columns[-1] - table[-1, :-1]
    found[:, 2, 2] = table[-1, -1]
    return found


def _recall(table: Floats, kept: NDArray[np.bool_], by_size: bool) -> Average:
    labels = table.sum(axis=1)
    of_class = np.divide(np.diag(table), labels, out=np.zeros(len(table)), where=labels > 0)
    share, more = _shares(table, kept, by_size, of_class)
    slopes = np.where(labels > 0, share / np.maximum(labels, 1e-300), 0.0)[:, None]
    return float(share @ of_class), slopes * (np.eye(len(table)) - of_class[:, None]) + more


def _precision(table: Floats, kept: NDArray[np.bool_], by_size: bool) -> Average:
    decisions = table.sum(axis=0)
    of_class = np.divide(np.diag(table), decisions, out=np.zeros(len(table)), where=decisions > 0)
    share, more = _shares(table, kept, by_size, of_class)
    slopes = np.where(decisions > 0, share / np.maximum(decisions, 1e-300), 0.0)[None, :]
    return float(share @ of_class), slopes * (np.eye(len(table)) - of_class[None, :]) + more


def _f1(table: Floats, kept: NDArray[np.bool_], by_size: bool) -> Average:
    both = table.sum(axis=0) + table.sum(axis=1)
    of_class = np.divide(2 * np.diag(table), both, out=np.zeros(len(table)), where=both > 0)
    share, more = _shares(table, kept, by_size, of_class)
    slopes = np.where(both > 0, share / np.maximum(both, 1e-300), 0.0)
    less = slopes * of_class
    return float(share @ of_class), np.diag(2 * slopes) - less[:, None] - less[None, :] + more


def _shares(table: Floats, kept: NDArray[np.bool_], by_size: bool, of_class: Floats) -> tuple[Floats, Floats]:
    """Returns how much each class counts, and what a case more of each label adds by changing that."""
    if not by_size:
        return kept / kept.sum(), np.zeros((len(table), 1))
    labels = np.where(kept, table.sum(axis=1), 0.0)
    share = labels / labels.sum()
    return share, (kept * (of_class - share @ of_class) / labels.sum())[:, None]


def _average(matrix: Matrix, share: Share, by_size: bool, sizes: Floats) -> Estimate:
    """Returns the average over the classes that have one, by the number of their labels or all alike."""
    table, kept = matrix.table, sizes > 0
    counted = kept & (table.counts.sum(axis=1) > 0) if by_size else kept
    if not counted.any():
        return undefined("no labelled class has one (0 of 0)", table.rows, method=WORTH)
    empty = [name for name, known in zip(matrix.classes, kept, strict=True) if not known]
    note = f"left out, 0 of 0: {', '.join(empty)}" if empty else ""
    value, _ = share(table.counts, kept, by_size)
    return estimate(table, value, share(table.smooth, kept, by_size), int(sizes[counted].min()), note=note)


def _with_own(matrix: Matrix, measure: Estimate, of_class: Callable[[Confusion], Rate]) -> Estimate:
    """Returns the plain mean of a rate of each class with limits that allow for each class's own."""
    if measure.value is None:
        return measure
    rates = {name: of_class(cells) for name, cells in one_vs_rest(matrix).items()}
    known = {name: rate for name, rate in rates.items() if rate.n}
    return wider(measure, tuple(known.values()), tuple(known))


def _labels(matrix: Matrix) -> Floats:
    return np.asarray(matrix.counts[:-1, :-1].sum(axis=1), dtype=float)


def _decisions(matrix: Matrix) -> Floats:
    return np.asarray(matrix.counts[:-1, :-1].sum(axis=0), dtype=float)


def _either(matrix: Matrix) -> Floats:
    return _labels(matrix) + _decisions(matrix) - np.diag(matrix.counts)[:-1]


def true_positive_rate_macro(matrix: Matrix) -> Estimate:
    """Returns the plain mean of the classes' recalls, right / labelled so; 1 is best. Also balanced accuracy.

    A class that no case is labelled as has none and is left out and named. Interval: `balance.estimate`, or the
    classes' Wilson intervals joined, the wider.

    >>> true_positive_rate_macro(Matrix.of(("a", "b"), [[3, 1], [2, 2]])).value
    0.625
    """
    return _with_own(matrix, _average(matrix, _recall, False, _labels(matrix)), performance.true_positive_rate)


def true_positive_rate_weighted(matrix: Matrix) -> Estimate:
    """Returns the mean of the classes' recalls by their number of labels, which is the accuracy; 1 is best.

    >>> true_positive_rate_weighted(Matrix.of(("a", "b"), [[6, 2], [2, 2]])).value
    0.6666666666666666
    """
    return _average(matrix, _recall, True, _labels(matrix))


def precision_macro(matrix: Matrix) -> Estimate:
    """Returns the plain mean of the classes' precisions, right / decided so; 1 is best.

    A class that no case is decided as has none and is left out and named. Interval as of the macro recall.

    >>> precision_macro(Matrix.of(("a", "b"), [[3, 1], [1, 1]])).value
    0.625
    """
    return _with_own(matrix, _average(matrix, _precision, False, _decisions(matrix)), performance.precision)


def precision_weighted(matrix: Matrix) -> Estimate:
    """Returns the mean of the classes' precisions by their number of labels; 1 is best.

    >>> precision_weighted(Matrix.of(("a", "b"), [[6, 2], [2, 2]])).value
    0.6666666666666666
    """
    return _average(matrix, _precision, True, _decisions(matrix))


def f1_macro(matrix: Matrix) -> Estimate:
    """Returns the plain mean of the classes' F1; 1 is best.

    >>> f1_macro(Matrix.of(("a", "b"), [[6, 2], [2, 2]])).value
    0.625
    """
    return _average(matrix, _f1, False, _either(matrix))


def f1_weighted(matrix: Matrix) -> Estimate:
    """Returns the mean of the classes' F1 by their number of labels; 1 is best.

    >>> f1_weighted(Matrix.of(("a", "b"), [[6, 2], [2, 2]])).value
    0.6666666666666666
    """
    return _average(matrix, _f1, True, _either(matrix))


def balanced_accuracy(matrix: Matrix) -> Estimate:
    """Returns the plain mean of the classes' recalls: `true_positive_rate_macro`; 1 is best.

    >>> balanced_accuracy(Matrix.of(("a", "b"), [[3, 1], [2, 2]])).value
    0.625
    """
    return true_positive_rate_macro(matrix)


def matthews_correlation(matrix: Matrix) -> Estimate:
    """Returns the correlation of label and decision, 1 is best, 0 is chance: `balance.correlation`.

    >>> round(matthews_correlation(Matrix.of(("a", "b"), [[45, 15], [20, 20]])).value, 4)
    0.2568
    """
    return correlation(matrix.table)


def accuracy(matrix: Matrix) -> Rate:
    """Returns the share of cases with label and decision whose decision is the label; 1 is best.

    >>> accuracy(Matrix.of(("a", "b"), [[3, 1], [2, 2]])).value
    0.625
    """
    return performance.accuracy(right_or_wrong(matrix))


def right_or_wrong(matrix: Matrix) -> Confusion:
    """Returns the cases with label and decision as the confusion whose tp are the right ones and whose fn the wrong.

    >>> right_or_wrong(Matrix.of(("a", "b"), [[3, 1], [2, 2]])).counts[1]
    (3, 5, 0)
    """
    same = np.eye(len(matrix.classes), dtype=bool)
    folded = [_right(side, same) for side in (matrix.counts, matrix.buckets) if side is not None]
    weights = None if matrix.weights is None else np.stack([_right(side, same) for side in matrix.weights])
    return Confusion.of(folded[0], folded[1] if len(folded) > 1 else None, weights)


def _right(table: NDArray[np.generic], same: NDArray[np.bool_]) -> NDArray[np.generic]:
    """Returns the 3 x 3 confusion whose tp are the right cases and whose fn the wrong ones."""
    found = np.zeros((3, 3, *table.shape[2:]), dtype=table.dtype)
    found[1, 1], found[1, 0] = table[:-1, :-1][same].sum(axis=0), table[:-1, :-1][~same].sum(axis=0)
    return found


def top_k_accuracy(ranks: Mapping[int, int], k: int, classes: int, deff: float = 1.0) -> Rate | Estimate:
    """Returns the share of cases whose label's probability is among the k highest; 1 is best.

    `ranks` counts cases by the place of their label's probability, 1 the highest, ties as scikit-learn's
    top_k_accuracy_score orders them. Subjects are not counted by rank: give the accuracy's design effect as `deff`.

    >>> top_k_accuracy({1: 60, 2: 25, 3: 10, 4: 5}, k=2, classes=4).value
    0.85
    """
    if classes <= k:
        return undefined(f"there are only {classes} classes", sum(ranks.values()))
    return Rate(sum(n for rank, n in ranks.items() if rank <= k), sum(ranks.values()), deff)


def roc_auc_macro(areas: Mapping[str, Estimate]) -> Estimate:
    """Returns the plain mean of the classes' areas under the ROC curve, each against the rest; 1 is best.

    The areas are of the same cases; how far they move together cannot be seen in each class's counts. The limits are
    the means of the classes' limits, as if they moved as one, which is never too narrow.

    >>> from dashboard.metrics.ranking import roc_auc
    >>> area = roc_auc([0, 1, 0, 1], [1, 0, 1, 0], exact=True)
    >>> roc_auc_macro({"a": area, "b": area}).value
    0.75
    """
    known = [area for area in areas.values() if area.value is not None]
    method = "mean of the classes' limits"
    if not known:
        return undefined("no class has cases both of it and of others with scores", method=method)
    empty = [name for name, area in areas.items() if area.value is None]
    notes = [f"left out: {', '.join(empty)}"] if empty else []
    moved = [said for area in known for said in area.note.split("; ") if said.startswith("binning")]
    notes += sorted(moved, key=lambda said: float(said.rpartition(" ")[2]))[-1:]
    value = sum(area.value or 0.0 for area in known) / len(known)
    bounds, smallest = partial(_mean_limits, tuple(known)), min(area.minimum() for area in known)
    return Estimate(value, max(area.n for area in known), method, bounds, smallest, note="; ".join(notes))


def _mean_limits(areas: tuple[Estimate, ...], level: float) -> Limits:
    lows, highs = zip(*(area.interval(level) for area in areas), strict=True)
    return sum(low or 0.0 for low in lows) / len(areas), sum(1.0 if h is None else h for h in highs) / len(areas)


AVERAGES: Mapping[str, Callable[[Matrix], Estimate]] = {
    function.__name__: function
    for function in (
        balanced_accuracy,
        matthews_correlation,
        true_positive_rate_macro,
        true_positive_rate_weighted,
        precision_macro,
        precision_weighted,
        f1_macro,
        f1_weighted,
    )
}
