"""Whether scores still mean what they meant: labels against scores, by score bin, then and now.

Of a multiclass model: how often its decision is right, against the probability that it gave to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.concept import Sides, concept_shift
from dashboard.rates import Measure, undefined
from dashboard.report.calibration import Binned, Where, binned_scores, design_effects
from dashboard.report.cells import UNWEIGHTED, ordered
from dashboard.report.drift import refusal
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

NAME = "concept_shift"
Floats = NDArray[np.float64]


def concept_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields by how much labels and scores have parted since the reference, where it is asked for by name."""
    if not scope.names(NAME) or source.contract.task == "regression":
        return
    note = UNWEIGHTED if "weight" in source.contract.columns else ""
    for attribute in scope.attributes or ("",):
        for (bucket, version, group), found in ordered(sides(source, scope, attribute)):
            place = Place(version, attribute or None, group if attribute else None, bucket=bucket)
            yield reading(scope, NAME, place, _measure(refusal(scope), found), note)


def _measure(refused: str, found: Sides) -> Measure:
    return undefined(refused, int(found.n[1].sum())) if refused else concept_shift(found)


def sides(source: Source, scope: Scope, attribute: str) -> dict[Where, Sides]:
    """Returns labelled cases by fine score bin of the reference and of each period, version and group beside it.

    The reference is of all versions together, as for the drift of features.
    """
    now, now_deffs = binned_scores(source, scope, attribute), design_effects(source, scope, attribute)
    then, then_deffs = _reference(source, scope, attribute)
    found = {}
    for (bucket, version, group, _), binned in now.items():
        before = then.get((None, None, group, None))
        deffs = then_deffs.get((None, None, group), 1.0), now_deffs.get((bucket, version, group), 1.0)
        found[bucket, version, group] = _beside(source, before, binned, deffs)
    return found


def _reference(source: Source, scope: Scope, attribute: str) -> Any:
    """Returns cases by score bin and design effects of the reference, read once."""
    if scope.reference is None:
        return {}, {}
    whole = Scope(*scope.reference)
    return source.snapshot.once(
        ("concept", scope.reference, attribute),
        lambda: (binned_scores(source, whole, attribute), design_effects(source, whole, attribute)),
    )


def _beside(source: Source, then: Binned | None, now: Binned, deffs: tuple[float, float]) -> Sides:
    values = np.array(source.bins.score_values)
    found = [_filled(binned, values) for binned in (then, now)]
    lows, highs = np.array([0.0, *source.bins.score_edges]), np.array([*source.bins.score_edges, 1.0])
    ends = (values, values) if source.bins.score_exact else (lows, highs)
    (then_hits, then_n), (now_hits, now_n) = found
    return Sides((then_hits, now_hits), (then_n, now_n), ends, deffs)


def _filled(binned: Binned | None, values: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns hits and labelled cases of every fine bin there is, 0 where none occurs."""
    hits, n = (np.zeros(len(values), dtype=np.int64) for _ in range(2))
    if binned is not None:
        at = np.searchsorted(values, binned.values)
        hits[at], n[at] = binned.positives, binned.positives + binned.negatives
    return hits, n
