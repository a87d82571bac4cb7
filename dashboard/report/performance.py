"""Performance and data readings: how good, per group, period and version, and how many labels are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.bins import Bins
from dashboard.contract import Contract
from dashboard.metrics import balance, losses, performance
from dashboard.metrics.clusters import loss_design_effect
from dashboard.metrics.ranking import average_precision, roc_auc
from dashboard.rates import Exact, Measure, Rate, undefined
from dashboard.report.cells import Cells, Key, ordered, outcomes, scores
from dashboard.report.errors import error_readings
from dashboard.report.scope import Place, Reading, Scope, reading
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
    """Where readings come from: one rollup, the contract and the bins that it was counted with."""

    snapshot: Snapshot
    contract: Contract
    bins: Bins


def performance_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the readings of the kinds performance and data, for everybody or each group of the scope's attributes."""
    for attribute in scope.attributes or ("",):
        if source.contract.task == "regression":
            yield from error_readings(source, scope, attribute)
        else:
            yield from _of_outcomes(source, scope, attribute)


def _place(attribute: str, key: Key) -> Place:
    bucket, version, group = key
    return Place(version, attribute or None, group if attribute else None, bucket=bucket)


def _of_outcomes(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    cells = outcomes(source.snapshot, source.contract, scope, attribute)
    if not cells and not scope.by:
        cells = {(None, None if scope.version == "*" else scope.version, ""): Cells()} if not attribute else {}
    binned = {}
    if scope.any_of(*RANKED) and source.contract.task == "binary":
        binned = scores(source.snapshot, source.contract, scope, attribute, len(source.bins.score_edges) + 1)
    for key, sums in ordered(cells):
        for metric, measure in _measures(source, scope, sums, binned.get(key)):
            yield reading(scope, metric, _place(attribute, key), measure)


def _measures(source: Source, scope: Scope, sums: Cells, binned: Binned) -> Iterator[tuple[str, Measure]]:
    if source.contract.task == "multiclass":
        if scope.wants("accuracy"):
            yield "accuracy", performance.multiclass_accuracy(sums.right, sums.judged)
        yield from _counted(scope, sums.n, sums.labelled)
        return
    confusion = sums.confusion()
    for name, function in performance.RATES.items():
        if scope.wants(name):
            yield name, function(confusion)
    for name, measured in MORE.items():
        if scope.wants(name):
            yield name, measured(confusion)
    if scope.any_of(*RANKED, "brier_score", "log_loss"):
        yield from _scored(source, scope, sums, binned)


def _scored(source: Source, scope: Scope, sums: Cells, binned: Binned) -> Iterator[tuple[str, Measure]]:
    brier, brier_sq, log, log_sq, clipped = sums.losses
    rows, briers, logs = sums.loss_buckets if sums.loss_buckets is not None else (None, None, None)
    if scope.wants("brier_score"):
        deff = loss_design_effect(rows, briers, brier, brier_sq)
        yield "brier_score", losses.brier_score(brier, brier_sq, sums.lossy, deff=deff)
    if scope.wants("log_loss"):
        deff = loss_design_effect(rows, logs, log, log_sq)
        yield "log_loss", losses.log_loss(log, log_sq, sums.lossy, clipped, deff=deff)
    for name, function in RANKED.items():
        if scope.wants(name):
            yield name, _ranked(source, sums, binned, function)


def _ranked(source: Source, sums: Cells, binned: Binned, function: Callable[..., Measure]) -> Measure:
    if binned is None:
        return undefined("no scores are counted here", sums.n)
    negatives, positives, _ = binned
    deff = performance.accuracy(sums.confusion()).deff
    return function(positives, negatives, exact=source.bins.score_exact, deff=deff)


def _counted(scope: Scope, n: int, labelled: int) -> Iterator[tuple[str, Measure]]:
    if scope.wants("count"):
        yield "count", Exact(float(n), n, n)
    if scope.wants("label_coverage"):
        yield "label_coverage", Rate(labelled, n)
