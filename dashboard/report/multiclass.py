"""Readings of a model of several classes: over all classes, and of each against the rest (`feature` is the class)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics import multiclass, performance
from dashboard.metrics.ranking import average_precision, roc_auc
from dashboard.rates import Estimate, Exact, Measure
from dashboard.report.bounds import of_classes
from dashboard.report.cells import UNWEIGHTED, Cells, Key, arrays, counted_cells, ordered, place_of, rows
from dashboard.report.losses import LOSSES, log_tail, losses_of
from dashboard.report.scope import Reading, Scope, reading

if TYPE_CHECKING:
    from dashboard.report.performance import Source

FIRST = {"top_2_accuracy": 2, "top_3_accuracy": 3}
AREAS = ("roc_auc", "roc_auc_macro", "average_precision")
WORST_BRIER = 2.0
Binned = Mapping[str, NDArray[np.int64]]  # class -> counts of the others and of the class itself, by score bin
Ranks = Mapping[int, int]
Named = tuple[str, str | None, Measure]  # metric, class, measure


def multiclass_readings(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    """Yields the readings of everybody ('') or of each group of an attribute."""
    binned = _binned(source, scope, attribute) if scope.any_of(*AREAS, "log_loss") else {}
    ranks = _ranks(source, scope, attribute) if scope.any_of(*FIRST) else {}
    for key, cells in ordered(counted_cells(source.snapshot, source.contract, scope, attribute)):
        missing = of_classes(cells)
        for metric, of_class, measure in _measures(source, scope, cells, binned.get(key, {}), ranks.get(key, {})):
            note = UNWEIGHTED if metric in (*AREAS, *FIRST) and cells.weights is not None else ""
            note = note or missing(metric, of_class, measure)
            if of_class is None or scope.features is None or of_class in scope.features:
                yield reading(scope, metric, place_of(attribute, key, of_class), measure, note)


def _measures(source: Source, scope: Scope, cells: Cells, binned: Binned, ranks: Ranks) -> Iterator[Named]:
    matrix = cells.matrix()
    if scope.wants("accuracy"):
        yield "accuracy", None, multiclass.accuracy(matrix)
    for name, function in multiclass.AVERAGES.items():
        if scope.wants(name):
            yield name, None, function(matrix)
    yield from _counted(scope, cells)
    if source.contract.classes:
        yield from _scored(source, scope, cells, matrix, binned, ranks)
    yield from _of_classes(scope, matrix)


def _counted(scope: Scope, cells: Cells) -> Iterator[Named]:
    if scope.wants("count"):
        yield "count", None, Exact(float(cells.n), cells.n, cells.n)
    if scope.wants("label_coverage"):
        yield "label_coverage", None, performance.label_coverage(_all_in_one(cells))


def _all_in_one(cells: Cells) -> performance.Confusion:
    """Returns the cells with all classes taken for one: what is labelled and decided, and what is not."""
    parts = (cells.table, cells.buckets, *(cells.weights if cells.weights is not None else ()))
    table, buckets, *weights = (None if part is None else _folded(part) for part in parts)
    return performance.Confusion.of(table, buckets, np.stack(weights) if weights else None)  # type: ignore[arg-type]


def _folded(table: NDArray[Any]) -> NDArray[Any]:
    found = np.zeros((3, 3, *table.shape[2:]), dtype=table.dtype)
    found[1, 1], found[1, 2] = table[:-1, :-1].sum(axis=(0, 1)), table[:-1, -1].sum(axis=0)
    found[2, 1], found[2, 2] = table[-1, :-1].sum(axis=0), table[-1, -1]
    return found


def _scored(
    source: Source, scope: Scope, cells: Cells, matrix: multiclass.Matrix, binned: Binned, ranks: Ranks
) -> Iterator[Named]:
    if scope.any_of(*LOSSES):
        for name, loss in losses_of(scope, cells, ("", _tail(source, binned)), WORST_BRIER):
            yield name, None, loss
    deff = multiclass.accuracy(matrix).deff if cells.hashed else 1.0
    for name, k in FIRST.items():
        if scope.wants(name):
            yield name, None, multiclass.top_k_accuracy(ranks, k, len(source.contract.classes), deff)
    if scope.any_of(*AREAS):
        yield from _areas(source, scope, binned, deff)


def _tail(source: Source, binned: Binned) -> str:
    """Returns what is to be said of the log losses: each is of the probability that its label was given."""
    given = np.array(source.bins.score_values)
    return log_tail(given, sum((counts[1] for counts in binned.values()), start=np.zeros(len(given), dtype=np.int64)))


def _areas(source: Source, scope: Scope, binned: Binned, deff: float) -> Iterator[Named]:
    exact, none = source.bins.score_exact, np.zeros((2, 1), dtype=np.int64)
    areas: dict[str, Estimate] = {}
    for name in source.contract.classes:
        others, own = binned.get(name, none)
        if scope.any_of("roc_auc", "roc_auc_macro"):
            areas[name] = roc_auc(own, others, exact=exact, deff=deff)
        if scope.wants("average_precision"):
            yield "average_precision", name, average_precision(own, others, exact=exact, deff=deff)
    if scope.wants("roc_auc"):
        yield from (("roc_auc", name, area) for name, area in areas.items())
    if scope.wants("roc_auc_macro"):
        yield "roc_auc_macro", None, multiclass.roc_auc_macro(areas)


def _of_classes(scope: Scope, matrix: multiclass.Matrix) -> Iterator[Named]:
    names = [name for name in performance.RATES if name != "accuracy" and scope.wants(name)]
    if not names and not scope.wants("f1"):
        return
    for of_class, confusion in multiclass.one_vs_rest(matrix).items():
        yield from ((name, of_class, performance.RATES[name](confusion)) for name in names)
        if scope.wants("f1"):
            yield "f1", of_class, performance.f1(confusion)


def _binned(source: Source, scope: Scope, attribute: str) -> dict[Key, dict[str, NDArray[np.int64]]]:
    """Returns for each class the cases of the others and its own by score bin of its probability."""
    found: dict[Key, dict[str, NDArray[np.int64]]] = defaultdict(dict)
    parameters = scope.parameters(source.contract, attribute=attribute, each=True)
    for bucket, version, group, of_class, bins, own, others, _ in arrays(source.snapshot, "reliability", parameters):
        counts = np.zeros((2, len(source.bins.score_edges) + 1), dtype=np.int64)
        counts[:, bins] += (others, own)
        found[bucket, version, group][of_class] = counts
    return dict(found)


def _ranks(source: Source, scope: Scope, attribute: str) -> dict[Key, dict[int, int]]:
    found: dict[Key, dict[int, int]] = defaultdict(dict)
    for *key, rank, n in rows(source.snapshot, "ranks", scope.parameters(source.contract, attribute=attribute)):
        bucket, version, group = key
        found[bucket, version, group][rank] = n
    return dict(found)
