"""Whether scores can be taken at their word: readings by version, group, class and period.

A binary model's score is its probability. Of a multiclass model the probability of the decision is held against
whether the decision was right; and class by class, one against the rest (the reading's `feature` is the class).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics import calibration as measures
from dashboard.metrics import losses, multiclass, performance
from dashboard.metrics.clusters import loss_design_effect
from dashboard.metrics.reliability import BINS, Reliability
from dashboard.metrics.reliability import reliability as curve_of
from dashboard.rates import Estimate, Measure, undefined
from dashboard.report.cells import UNWEIGHTED, Key, ordered, outcomes, rows
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

CURVED = {
    "expected_calibration_error": measures.expected_calibration_error,
    "maximum_calibration_error": measures.maximum_calibration_error,
    "brier_reliability": measures.brier_reliability,
    "brier_resolution": measures.brier_resolution,
    "brier_uncertainty": measures.brier_uncertainty,
}
Where = tuple[Any, ...]  # bucket, version, group, class
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Binned:
    """Cases by fine score bin: what those that occur stand for, and where they begin and end; counts beside them."""

    values: Floats
    ends: tuple[Floats, Floats]
    positives: Counts
    negatives: Counts
    unlabelled: Counts

    def curve(self, deff: float = 1.0, bins: int = BINS) -> Reliability:
        return curve_of(self.positives, self.negatives, self.values, bins, ends=self.ends, deff=deff)

    def error(self, deff: float = 1.0) -> Estimate:
        """Returns the calibration error, every score taken at what its bin stands for."""
        v, hits, n = self.values, self.positives, self.positives + self.negatives
        said, squares = n @ v, hits @ (1 - v) ** 2 + self.negatives @ v**2
        coarse = float(n @ np.maximum(v - self.ends[0], self.ends[1] - v)) / max(int(n.sum()), 1)
        scores, squared = (round(float(total) * losses.SCALE) for total in (said, squares))
        return measures.calibration_error(int(hits.sum()), scores, squared, int(n.sum()), deff=deff, coarse=coarse)

    @property
    def n(self) -> Counts:
        """All cases, labelled or not."""
        return self.positives + self.negatives + self.unlabelled


@dataclass(frozen=True)
class Sums:
    """Exact sums of one group: of scored cases, and of labelled ones among them; losses and scores times 1e9."""

    scored: int = 0
    entropy: int = 0
    entropy_sq: int = 0
    labelled: int = 0
    positives: int = 0
    score: int = 0
    brier: int = 0


def calibration_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields how far scores can be taken at their word, for everybody or each group of the scope's attributes."""
    if source.contract.task == "regression":
        return
    for attribute in scope.attributes or ("",):
        if scope.any_of("calibration_error", "mean_entropy", *CURVED):
            yield from _of_everybody(source, scope, attribute)
        if source.contract.task == "multiclass" and scope.any_of("calibration_error", *CURVED):
            yield from _of_classes(source, scope, attribute)


def _of_everybody(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    """Yields the readings of the score, or of the probability of what was decided."""
    sums = _sums(source, scope, attribute)
    if not sums and not scope.by and not attribute:
        sums = {(None, None if scope.version == "*" else scope.version, ""): Sums()}
    binary = source.contract.task == "binary"
    curved = scope.any_of(*CURVED) or not binary
    binned = binned_scores(source, scope, attribute) if curved else {}
    deffs = design_effects(source, scope, attribute)
    for key, of in ordered(sums):
        deff, found = deffs.get(key, 1.0), binned.get((*key, None))
        for metric, measure in _measured(source, scope, of, found, deff):
            yield reading(scope, metric, _place(attribute, (*key, None)), measure, _note(source))


def _of_classes(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    """Yields the readings of each class against the rest."""
    deffs = design_effects(source, scope, attribute)
    for key, binned in ordered(binned_scores(source, scope, attribute, each=True)):
        if scope.features is None or key[3] in scope.features:
            for metric, measure in _of_bins(scope, binned, deffs.get(key[:3], 1.0)):
                yield reading(scope, metric, _place(attribute, key), measure, _note(source))


def _note(source: Source) -> str:
    return UNWEIGHTED if "weight" in source.contract.columns else ""


def _measured(
    source: Source, scope: Scope, sums: Sums, binned: Binned | None, deff: float
) -> Iterator[tuple[str, Measure]]:
    if source.contract.task == "binary":
        if scope.wants("calibration_error"):
            exact = sums.positives, sums.score, sums.brier, sums.labelled
            yield "calibration_error", measures.calibration_error(*exact, deff=deff)
        brier = sums.brier / losses.SCALE / sums.labelled if sums.labelled else None
        yield from _of_curve(scope, binned.curve(deff) if binned else None, brier, sums.scored)
    else:
        yield from _of_bins(scope, binned, deff)
    if scope.wants("mean_entropy"):
        classes = len(source.contract.classes) or 2
        yield "mean_entropy", measures.mean_entropy(sums.entropy, sums.entropy_sq, sums.scored, classes)


def _of_curve(scope: Scope, curve: Reliability | None, brier: float | None, n: int) -> Iterator[tuple[str, Measure]]:
    for name, function in CURVED.items():
        if not scope.wants(name):
            continue
        if curve is None:
            yield name, undefined("no scores are counted here" if n else measures.NONE, n)
        elif name == "brier_reliability":
            yield name, measures.brier_reliability(curve, brier)
        else:
            yield name, function(curve)


def _of_bins(scope: Scope, binned: Binned | None, deff: float) -> Iterator[tuple[str, Measure]]:
    """Yields what counts by score bin say without exact sums of the scores."""
    curve = binned.curve(deff) if binned else None
    if scope.wants("calibration_error"):
        yield "calibration_error", binned.error(deff) if binned else undefined("no probabilities are counted here")
    yield from _of_curve(scope, curve, None, curve.total if curve else 0)


def _place(attribute: str, key: Where) -> Place:
    bucket, version, group, class_ = key
    return Place(version, attribute or None, group if attribute else None, feature=class_, bucket=bucket)


def _sums(source: Source, scope: Scope, attribute: str) -> dict[Key, Sums]:
    parameters = scope.parameters(source.contract, attribute=attribute)
    return {
        (bucket, version, group): Sums(*(int(value or 0) for value in values))
        for bucket, version, group, *values in rows(source.snapshot, "calibration", parameters)
    }


def design_effects(source: Source, scope: Scope, attribute: str) -> dict[Key, float]:
    """Returns, where subjects are known, the larger of the design effects of squared errors and of labels.

    Of several classes: of being right in place of the label. Subjects are not counted by score: the scores explain
    part of what their labels have in common, so it is on the safe side.
    """
    if "subject" not in source.contract.columns:
        return {}
    found = {}
    for key, cells in outcomes(source.snapshot, source.contract, scope, attribute).items():
        if cells.loss_buckets is not None:
            counts, briers, _ = cells.loss_buckets
            of_loss = loss_design_effect(counts, briers, *cells.losses[:2])
            binary = source.contract.task == "binary"
            rate = performance.prevalence(cells.confusion()) if binary else multiclass.accuracy(cells.matrix())
            found[key] = max(rate.deff, of_loss)
    return found


def binned_scores(source: Source, scope: Scope, attribute: str, each: bool = False) -> dict[Where, Binned]:
    """Returns cases by fine score bin for each period, version, group and class (None: of the score, the decision)."""
    parameters = scope.parameters(source.contract, attribute=attribute, each=each)
    values = np.array(source.bins.score_values)
    lows = np.array([0.0, *source.bins.score_edges])
    highs = np.array([*source.bins.score_edges, 1.0])
    lows, highs = (values, values) if source.bins.score_exact else (lows, highs)
    found = {}
    for *key, bins, positives, negatives, unlabelled in rows(source.snapshot, "reliability", parameters):
        at = np.asarray(bins)
        counts = (np.asarray(counted) for counted in (positives, negatives, unlabelled))
        found[tuple(key)] = Binned(values[at], (lows[at], highs[at]), *counts)
    return found
