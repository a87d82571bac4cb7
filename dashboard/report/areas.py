"""How well scores rank the cases of each group, compared with the reference group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

from dashboard.metrics.differences import difference_of
from dashboard.metrics.ranking import roc_auc
from dashboard.rates import Measure, undefined
from dashboard.report.cells import UNWEIGHTED, ordered, outcomes, scores
from dashboard.report.contrasts import absent
from dashboard.report.performance import ranked
from dashboard.report.scope import Place, Reading, Scope, reading

if TYPE_CHECKING:
    from dashboard.report.performance import Source

METRIC = "roc_auc_difference"


def area_readings(
    source: Source, scope: Scope, attribute: str, known: frozenset[str], base: str | None
) -> Iterator[Reading]:
    """Yields each known group's AUC minus the reference's, where it is asked for by name."""
    if not scope.names(METRIC):
        return
    binned = scores(source.snapshot, source.contract, scope, attribute, len(source.bins.score_edges) + 1)
    periods: dict[tuple[date | None, str | None], dict[str, Measure]] = defaultdict(dict)
    for key, cells in outcomes(source.snapshot, source.contract, scope, attribute).items():
        bucket, version, group = key
        if group in known:
            periods[bucket, version][group] = ranked(source, cells, binned.get(key), roc_auc)
    note = UNWEIGHTED if "weight" in source.contract.columns else ""
    for (bucket, version), areas in ordered(periods):
        for group in sorted(areas):
            if group != base:
                place = Place(version, attribute, group, base, bucket=bucket)
                yield reading(scope, METRIC, place, apart(areas, group, base), note)


def apart(areas: Mapping[str, Measure], group: str, base: str | None) -> Measure:
    """Returns a group's area minus the reference's: no case is in both, so the two are independent."""
    area = areas[group]
    if base is None or base not in areas:
        return undefined(absent(base), area.n)
    other = areas[base]
    empty = [(name, of) for name, of in (("group", area), ("reference", other)) if of.value is None]
    if empty:
        why = "; ".join(f"{name}: {of.note.removeprefix('cannot be computed: ')}" for name, of in empty)
        return undefined(why, area.n, min(area.minimum(), other.minimum()))
    notes = (f"{name}: {of.note}" for name, of in (("group", area), ("reference", other)) if of.note)
    return difference_of(area, other, note="; ".join(notes))
