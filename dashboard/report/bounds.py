"""What the labels that are missing could make of a reading, in words beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from dashboard.metrics import balance, multiclass, performance, worst_case
from dashboard.metrics.performance import Confusion
from dashboard.rates import Measure
from dashboard.report.cells import Cells
from dashboard.report.scope import needs_labels

Note = Callable[[str, str | None, Measure], str]  # metric, class, measure -> words
FUNCTIONS: dict[str, Callable[[Confusion], Measure]] = {
    **{name: function for name, function in performance.RATES.items() if needs_labels(name)},
    "f1": performance.f1,
    "balanced_accuracy": balance.balanced_accuracy,
    "matthews_correlation": balance.matthews_correlation,
}


def of_counts(cells: Cells) -> Note:
    """Returns what says it of the metrics of one group of a binary model."""
    confusion = Confusion.of(cells.table, weights=cells.weights)
    return lambda metric, _, measure: _of(metric, confusion, measure)


def of_classes(cells: Cells) -> Note:
    """Returns what says it of accuracy over several classes, and of the metrics of each class against the rest."""
    without = int(cells.table[-1, :-1].sum())
    matrix = multiclass.Matrix(cells.classes, cells.table, weights=cells.weights)
    rest = multiclass.one_vs_rest(matrix) if without else {}

    def said(metric: str, of_class: str | None, measure: Measure) -> str:
        if of_class is not None:
            return _of(metric, rest[of_class], measure) if of_class in rest else ""
        if metric != "accuracy" or cells.weights is not None or not measure.denominator:
            return ""
        found = worst_case.share_bounds(measure.numerator or 0, measure.denominator, without)
        return worst_case.note(found, without)

    return said


def of_differences(groups: Mapping[str, Cells], base: str | None) -> Callable[[str, str, Measure], str]:
    """Returns what says it of a rate's differences to the reference: of a rate, a group and their difference."""
    counts = {group: Confusion.of(cells.table, weights=cells.weights) for group, cells in groups.items()}

    @cache
    def bounds(rate: str, group: str) -> tuple[worst_case.Bounds | None, int]:
        cells = counts[group]
        return worst_case.bounds(rate, FUNCTIONS[rate], cells), worst_case.missing(rate, cells)

    def said(rate: str, group: str, difference: Measure) -> str:
        if difference.value is None or rate not in FUNCTIONS or base is None:
            return ""
        (one, missing), (other, more) = bounds(rate, group), bounds(rate, base)
        return worst_case.note(worst_case.apart(one, other), missing + more)

    return said


def nothing_said(rate: str, group: str, difference: Measure) -> str:
    """Returns "": of several classes nothing is said of differences."""
    return ""


def _of(metric: str, cells: Confusion, measure: Measure) -> str:
    if metric not in FUNCTIONS or measure.value is None:
        return ""
    missing = worst_case.missing(metric, cells)
    return worst_case.note(worst_case.bounds(metric, FUNCTIONS[metric], cells), missing) if missing else ""
