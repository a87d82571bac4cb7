"""Drift readings: each feature, the score, the decision and the label against the reference window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.bins import Grid
from dashboard.metrics import METRICS, drift
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.rates import Measure, undefined
from dashboard.report.cells import arrays, ordered, rows
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

Shape = Histogram | Categories
Days = tuple[date, date]
Where = tuple[date | None, str | None, str]  # bucket, version, feature
Shapes = dict[Where, Shape]
Beside = tuple[Where, Shape, "drift.Compared[Any] | None"]  # where, now, beside the reference where that has it
Counts = NDArray[np.int64]
OWN = ("score", "confidence", "decision", "label")
HALF = 32  # bits of a total's lower part


def drift_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the readings of the kind drift: every feature in every period of the scope against the reference."""
    wanted = [name for name in METRICS if is_of_features(name) and scope.wants(name)]
    if not wanted:
        return
    refused = refusal(scope)
    for (bucket, version, feature), now, beside in compared(source, scope):
        place = Place(version, feature=feature, bucket=bucket)
        for metric, measure in _measures(wanted, refused, now, beside):
            yield reading(scope, metric, place, measure)


def is_of_features(metric: str) -> bool:
    """Returns whether a metric is a feature's drift; that of the mix of groups is not.

    >>> is_of_features("psi"), is_of_features("mix_psi")
    (True, False)
    """
    return METRICS[metric].kind == "drift" and METRICS[metric].of_feature


def _measures(
    wanted: Sequence[str], refused: str, now: Shape, compared: drift.Compared[Any] | None
) -> Iterator[tuple[str, Measure]]:
    """Yields the measures of one feature; categories have no cumulative distribution."""
    if not refused and compared is not None:
        yield from drift.measures(compared, wanted)
        return
    for metric in wanted:
        if isinstance(now, Histogram) or metric not in drift.NUMERIC:
            yield metric, undefined(refused or "the reference window has no rows", now.n)


def compared(source: Source, scope: Scope) -> list[Beside]:
    """Returns every feature of the scope beside the reference and the windows in it; kept a while of a whole window."""

    def make() -> list[Beside]:
        before, earlier = _held_against(source, scope)
        found: list[Beside] = []
        for key, now in ordered(shapes(source, scope)):
            of = (None, None, key[2])
            windows = [window[of] for window in earlier if of in window]
            found.append((key, now, drift.Compared(before[of], now, windows) if of in before else None))
        return found

    asked = (scope.since, scope.until, scope.version, scope.features, scope.reference, scope.reference_windows)
    found: list[Beside] = make() if scope.by else source.snapshot.lately(("compared", *asked), make)
    return found


def refusal(scope: Scope) -> str:
    """Returns why nothing can be compared with the reference, "" where it can."""
    if scope.reference is None:
        return "there is no reference window: the log is too short for one"
    since, until = scope.reference
    overlap = scope.since < until and since < scope.until and not scope.by
    return "the window shares days with the reference" if overlap else ""


def _held_against(source: Source, scope: Scope) -> tuple[Shapes, list[Shapes]]:
    """Returns the reference's shapes and those of the windows in it."""
    if scope.reference is None:
        return {}, []
    asked = scope.reference_windows
    return reference_shapes(source, scope.reference), source.snapshot.once(
        ("windows", asked), lambda: _windows(source, asked)
    )


def reference_shapes(source: Source, reference: Days) -> Shapes:
    """Returns the shapes of the reference window, read once for all that is held against it."""
    found: Shapes = source.snapshot.once(("reference", reference), lambda: shapes(source, Scope(*reference)))
    return found


def _windows(source: Source, windows: Sequence[Days]) -> list[Shapes]:
    """Returns the shapes of the windows, which follow each other and are of one length, in one reading."""
    if not windows:
        return []
    (since, until), end = windows[0], windows[-1][1]
    found: dict[date | None, Shapes] = defaultdict(dict)
    for (bucket, version, feature), shape in shapes(source, Scope(since, end, by=str((until - since).days))).items():
        found[bucket][None, version, feature] = shape
    return list(found.values())


def shapes(source: Source, scope: Scope) -> Shapes:
    """Returns the histogram or categories of every feature of the scope, per period and version."""
    kinds = {feature.name: feature.kind for feature in source.contract.features}
    wanted = {name for name in (*kinds, *OWN) if scope.features is None or name in scope.features}
    numbers, names = ({name for name in wanted if kinds.get(name) == kind} for kind in ("numeric", "categorical"))
    found: Shapes = {}
    if numbers:
        asked = _only(source, scope, numbers)
        for bucket, version, feature, bins, counts, totals in arrays(source.snapshot, "features", asked):
            if feature in numbers:
                found[bucket, version, feature] = _histogram(source.bins.grids[feature], bins, counts, totals)
    if names:
        asked = _only(source, scope, names)
        for bucket, version, feature, categories, counts in rows(source.snapshot, "categories", asked):
            if feature in names:
                found[bucket, version, feature] = _categories(categories, counts)
    return found | (_own(source, scope) if wanted & {*OWN} else {})


def _only(source: Source, scope: Scope, wanted: set[str]) -> dict[str, Any]:
    """Returns a statement's parameters, with the feature where it is one."""
    return scope.parameters(source.contract, feature=next(iter(wanted)) if len(wanted) == 1 else None)


def _histogram(grid: Grid, bins: Counts, counts: Counts, totals: Counts) -> Histogram:
    """Returns the histogram that those of several days and versions, one after the other, add up to."""
    place = np.where(bins < 0, grid.bins, bins)
    # Sums of floats, exact up to 2^53: totals in two parts, since those of many days might go beyond.
    number, low, high = (
        np.bincount(place, weights, grid.bins + 1) for weights in (counts, totals & ((1 << HALF) - 1), totals >> HALF)
    )
    whole = number[:-1].astype(np.int64)
    total = (high * 2.0**HALF + low).astype(np.float64)
    return Histogram.of(whole, grid.value(total[:-1], whole), int(number[-1]))


def _categories(names: list[str | None], counts: list[int]) -> Categories:
    found = dict(zip(names, counts, strict=True))
    missing = found.pop(None, 0)
    return Categories({str(name): count for name, count in found.items()}, missing)


def _own(source: Source, scope: Scope) -> Shapes:
    """Returns the shapes of what the model says, and of the labels that have come: score, decision, label.

    Of two classes also the confidence, from the score's bins.
    """
    parameters, found = scope.parameters(source.contract), Shapes()
    outcomes: dict[tuple[date | None, str | None, str], dict[str | None, int]] = defaultdict(lambda: defaultdict(int))
    for bucket, version, label, decision, n in rows(source.snapshot, "said", parameters):
        outcomes[bucket, version, "decision"][decision] += n
        if label is not None:
            outcomes[bucket, version, "label"][label] += n
    for key, counts in outcomes.items():
        found[key] = _categories(list(counts), list(counts.values()))
    middles, (lefts, place, sure) = score_middles(source), confidences(source)
    for bucket, version, bins, counts in arrays(source.snapshot, "score_bins", parameters):
        binned = np.bincount(bins, counts, len(middles)).astype(np.int64)
        found[bucket, version, "score"] = Histogram.of(binned, binned * middles)
        if source.contract.task == "binary":
            folded, total = (np.bincount(place, weights, len(lefts)) for weights in (binned, binned * sure))
            found[bucket, version, "confidence"] = Histogram.of(folded.astype(np.int64), total)
    return {key: shape for key, shape in found.items() if scope.features is None or key[2] in scope.features}


def confidences(source: Source) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """Returns the left ends of the bins of confidence, and for each score bin which one it is in and its confidence.

    Confidence is the probability of the likelier of two classes: the score, or 1 less it. Where each score has a bin
    each confidence has one; else they are hundredths, at which score bins end (within a lookup cell, 2e-5).
    """
    middles = score_middles(source)
    sure = np.maximum(middles, 1 - middles)
    key = sure.round(9) if source.bins.score_exact else np.minimum(np.floor(sure * 100), 99) / 100
    lefts, place = np.unique(key, return_inverse=True)
    return lefts, place, sure


def score_middles(source: Source) -> NDArray[np.float64]:
    """Returns the score that stands for each bin: the score itself where each has a bin, else the middle."""
    edges = np.array([0.0, *source.bins.score_edges])
    return edges if source.bins.score_exact else (edges + np.array([*source.bins.score_edges, 1.0])) / 2
