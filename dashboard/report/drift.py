"""Drift readings: each feature, the score, the decision and the label against the reference window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from dashboard.metrics import METRICS, drift
from dashboard.metrics.histograms import Histogram
from dashboard.rates import Measure, undefined
from dashboard.report.cells import arrays, ordered, rows
from dashboard.report.own import Shape, Shapes, Where, categories, histogram, own_shapes
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

Days = tuple[date, date]
Beside = tuple[Where, Shape, "drift.Compared[Any] | None"]  # where, now, beside the reference where that has it


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
    """Returns whether a metric is a feature's drift; that of the mix of groups is not, nor what a drift does.

    >>> is_of_features("psi"), is_of_features("mix_psi"), is_of_features("accuracy_drift_effect")
    (True, False, False)
    """
    found = METRICS[metric]
    return found.kind == "drift" and found.of_feature and "inputs" not in found.needs


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
    own = source.contract.own_features
    wanted = {name for name in (*kinds, *own) if scope.features is None or name in scope.features}
    numbers, names = ({name for name in wanted if kinds.get(name) == kind} for kind in ("numeric", "categorical"))
    found: Shapes = {}
    if numbers:
        asked = _only(source, scope, numbers)
        for bucket, version, feature, bins, counts, totals in arrays(source.snapshot, "features", asked):
            if feature in numbers:
                found[bucket, version, feature] = histogram(source.bins.grids[feature], bins, counts, totals)
    if names:
        asked = _only(source, scope, names)
        for bucket, version, feature, named, counts in rows(source.snapshot, "categories", asked):
            if feature in names:
                found[bucket, version, feature] = categories(named, counts)
    return found | (own_shapes(source, scope) if wanted & {*own} else {})


def _only(source: Source, scope: Scope, wanted: set[str]) -> dict[str, Any]:
    """Returns a statement's parameters, with the feature where it is one."""
    return scope.parameters(source.contract, feature=next(iter(wanted)) if len(wanted) == 1 else None)
