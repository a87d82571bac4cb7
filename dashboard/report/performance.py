"""Performance and data readings: how good, per group, period and version, and how many labels are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.bins import Bins
from dashboard.contract import Contract
from dashboard.metrics import balance, performance
from dashboard.metrics.clusters import area_design_effect
from dashboard.metrics.ranking import average_precision, roc_auc
from dashboard.rates import Measure, undefined
from dashboard.report.bounds import of_counts
from dashboard.report.cells import UNWEIGHTED, Cells, counted_cells, ordered, place_of, scores
from dashboard.report.errors import error_readings
from dashboard.report.losses import LOSSES, losses_of, tails_of
from dashboard.report.multiclass import multiclass_readings
from dashboard.report.scope import Reading, Scope, reading
from dashboard.settings import ModelPaths
from dashboard.store import Snapshot

RANKED: dict[str, Callable[..., Measure]] = {"roc_auc": roc_auc, "average_precision": average_precision}
Binned = NDArray[np.int64] | None
MORE: dict[str, Callable[[performance.Confusion], Measure]] = {
    "f1": performance.f1,
    "balanced_accuracy": balance.balanced_accuracy,
    "matthews_correlation": balance.matthews_correlation,
    "count": performance.count,
    "label_coverage": performance.label_coverage,
}


@dataclass(frozen=True)
class Source:
    """Where readings come from: one rollup, the contract and the bins that it was counted with; the log beside it."""

    snapshot: Snapshot
    contract: Contract
    bins: Bins
    paths: ModelPaths | None = None


def performance_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the readings of the kinds performance and data, for everybody or each group of the scope's attributes."""
    of_task = {"binary": _binary, "multiclass": multiclass_readings, "regression": _regression}
    for attribute in scope.attributes or ("",):
        yield from of_task[source.contract.task](source, scope, attribute)


def _binary(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    binned = {}
    if scope.any_of(*RANKED, *LOSSES):
        binned = scores(source.snapshot, source.contract, scope, attribute, len(source.bins.score_edges) + 1)
    for key, cells in ordered(counted_cells(source.snapshot, source.contract, scope, attribute)):
        missing = of_counts(cells)
        for metric, measure in _measures(source, scope, cells, binned.get(key)):
            note = UNWEIGHTED if metric in RANKED and cells.weights is not None else ""
            note = note or missing(metric, None, measure)
            yield reading(scope, metric, place_of(attribute, key), measure, note)


def _regression(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    """Yields how far off it is, and with a cut-off the rates of the decision that follows the number."""
    yield from error_readings(source, scope, attribute)
    if not source.contract.decides or not scope.any_of(*performance.RATES):
        return
    for key, cells in ordered(counted_cells(source.snapshot, source.contract, scope, attribute)):
        missing, confusion = of_counts(cells), cells.confusion()
        for metric, function in performance.RATES.items():
            if scope.wants(metric):
                measure = function(confusion)
                yield reading(scope, metric, place_of(attribute, key), measure, missing(metric, None, measure))


def _measures(source: Source, scope: Scope, cells: Cells, binned: Binned) -> Iterator[tuple[str, Measure]]:
    confusion = cells.confusion()
    for name, function in {**performance.RATES, **MORE}.items():
        if scope.wants(name):
            yield name, function(confusion)
    if scope.any_of(*LOSSES):
        tails = ("", "") if binned is None else tails_of(binned[:2], np.array(source.bins.score_values))
        yield from losses_of(scope, cells, tails)
    for name, of_bins in RANKED.items():
        if scope.wants(name):
            yield name, ranked(source, cells, binned, of_bins)


def ranked(source: Source, cells: Cells, binned: Binned, function: Callable[..., Measure]) -> Measure:
    """Returns a measure of how well scores rank the cases; `binned` counts them by label and score bin."""
    if binned is None:
        return undefined("no scores are counted here", cells.n)
    negatives, positives, _ = binned
    deff = area_design_effect(cells.rank_buckets, binned[:2], source.bins.score_ranks)
    if cells.rank_buckets is not None and cells.lossy < cells.labelled:
        # Buckets count rows without a score, too: their ranks would be taken for low ones.
        deff = performance.accuracy(cells.confusion()).deff
    return function(positives, negatives, exact=source.bins.score_exact, deff=deff)
