"""A version against another, on the same window: paired where both scored the same cases, else two samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.bins import COARSE
from dashboard.errors import EvenhandError, nearest
from dashboard.metrics import METRICS
from dashboard.metrics.differences import area_correlation, difference_of
from dashboard.metrics.pairs import Joint, PairedDifference, paired_difference
from dashboard.metrics.ranking import roc_auc
from dashboard.metrics.table.versions import SUFFIX, VERSIONS
from dashboard.rates import Difference, Measure, Rate, undefined
from dashboard.report.cells import arrays, rows
from dashboard.report.performance import Source, performance_readings
from dashboard.report.scope import Place, Reading, Scope, period, reading

ENOUGH = 0.5  # the share of the smaller version's cases from which on only the pairs are compared
Where = tuple[str, str]  # the period's first day, the group ('' is everybody)
Own = Mapping[tuple[str, str, str, str], Reading]  # metric, version, period, group
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Met:
    """How two versions met in a window: cases and days of each (challenger first), and cases that both scored."""

    cases: tuple[int, int]
    days: tuple[frozenset[date], frozenset[date]]
    pairs: int
    weighted: bool = False

    @property
    def paired(self) -> bool:
        """Whether the cases that both scored are what is compared."""
        return not self.weighted and min(self.cases) > 0 and self.pairs >= ENOUGH * min(self.cases)

    @property
    def apart(self) -> str:
        """Why a difference may be of the days and not of the versions; "" where they ran on the same days.

        >>> Met((5, 5), (frozenset({date(2026, 1, 2)}), frozenset({date(2026, 1, 1)})), 0).apart
        'not on the same days'
        """
        first, second = self.days
        if not first or not second or first == second:
            return ""
        both = len(first & second)
        return f"{both} of {len(first | second)} days in common" if both else "not on the same days"


@dataclass
class Joined:
    """The joint counts of one group: decisions by label (binary), right and wrong (multiclass), coarse score bins."""

    cells: Counts = field(default_factory=lambda: np.zeros((3, 2, 2), dtype=np.int64))
    right: Counts = field(default_factory=lambda: np.zeros((2, 2), dtype=np.int64))
    bins: Counts = field(default_factory=lambda: np.zeros((2, COARSE, COARSE), dtype=np.int64))
    n: int = 0


def version_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the scope's version minus `scope.versus` for everybody or each group of the scope's attributes.

    Raises EvenhandError where the scope does not name one version.
    """
    for differences, _ in side_by_side(source, scope):
        yield from differences


def side_by_side(source: Source, scope: Scope) -> Iterator[tuple[list[Reading], list[Reading]]]:
    """Yields, for everybody or each attribute, the differences of two versions and each version's own readings."""
    task = source.contract.task
    names = [m.name for m in VERSIONS if task in m.tasks and scope.wants(m.name)]
    if scope.versus is None or not names:
        return
    if scope.version in (None, "*", scope.versus) or scope.versus == "*":
        raise EvenhandError(
            f"Which version is compared with '{scope.versus}'?", "One version, and not the same", "Name it: --version"
        )
    met = meeting(source, scope)
    for attribute in scope.attributes or ("",):
        own = _own(source, scope, attribute, names)
        yield list(_of_attribute(source, scope, attribute, names, met, own)), list(own.values())


def meeting(source: Source, scope: Scope) -> Met:
    """Returns how the scope's version and the one it is compared with met in the window."""
    asked = _parameters(scope)
    found = {version: (n, days) for version, n, days in rows(source.snapshot, "version_days", asked)}
    sides = [found.get(str(name), (0, [])) for name in (scope.version, scope.versus)]
    paired = sum(row[-1] for row in rows(source.snapshot, "pairs", asked | {"attribute": "", "by": None}))
    cases, days = tuple(int(n) for n, _ in sides), tuple(frozenset(days) for _, days in sides)
    return Met((cases[0], cases[1]), (days[0], days[1]), paired, "weight" in source.contract.columns)


def _parameters(scope: Scope) -> dict[str, Any]:
    first, second = sorted((str(scope.version), str(scope.versus)))
    return {"since": scope.since, "until": scope.until, "first": first, "second": second}


def _own(source: Source, scope: Scope, attribute: str, names: list[str]) -> Own:
    """Returns each version's own readings of the metrics, and always its accuracy."""
    bases = [name.removesuffix(SUFFIX) for name in names]
    asked = replace(
        scope, version="*", versus=None, attributes=(attribute,) if attribute else (), kinds=("performance",),
        metrics=tuple(dict.fromkeys(("accuracy", *bases))),
    )  # fmt: skip
    return {
        (found.metric, str(found.version), found.since, found.group or ""): found
        for found in performance_readings(source, asked)
        if found.version in (scope.version, scope.versus) and found.feature is None
    }


def _of_attribute(
    source: Source, scope: Scope, attribute: str, names: list[str], met: Met, own: Own
) -> Iterator[Reading]:
    joined = _joined(source, scope, attribute) if met.paired else {}
    for since, group in sorted({(since, group) for _, _, since, group in own}):
        for name in names:
            sides = [own.get((name.removesuffix(SUFFIX), str(v), since, group)) for v in (scope.version, scope.versus)]
            side = sides[0] or sides[1]
            if side is None:
                continue
            measure, note = _compared(source, scope, name, sides, joined.get((since, group)), own, met)
            place = Place(scope.version, attribute or None, side.group, scope.versus)
            yield replace(reading(scope, name, place, measure, note), since=side.since, until=side.until)


def _compared(
    source: Source, scope: Scope, name: str, sides: list[Reading | None], joined: Joined | None, own: Own, met: Met
) -> tuple[Measure, str]:
    """Returns the difference of the two sides, and how it was made."""
    versions = (scope.version, scope.versus)
    absent = [str(v) for v, side in zip(versions, sides, strict=True) if side is None or side.measure is None]
    second, first = (side.measure if side else None for side in sides)
    if second is None or first is None:
        return undefined(f"{' and '.join(absent)} has no cases here"), met.apart
    metric = name.removesuffix(SUFFIX)
    if met.paired and METRICS[name].tasks != ("regression",):
        deff = max(_deff(own, metric, side) for side in sides)
        return _paired(source, scope, metric, joined or Joined(), (second, first), deff)
    if isinstance(second, Rate) and isinstance(first, Rate):
        measure: Measure = Difference(second, first)
    else:
        measure = difference_of(second, first, note=_binned((second, first)))
    counted = f"unpaired: {second.n:,} cases against {first.n:,}"
    return measure, ", ".join(part for part in (counted, met.apart) if part)


def _deff(own: Own, metric: str, side: Reading | None) -> float:
    """Returns the design effect of one version's rate; for what is not a rate, of its accuracy.

    Pairs are not counted by subject: the larger of the two versions' own design effects stands for theirs. A
    difference within cases varies less from subject to subject than each version does, so this is on the safe side.
    """
    if side is None:
        return 1.0
    rates = (side, own.get(("accuracy", str(side.version), side.since, side.group or "")))
    return next((found.measure.deff for found in rates if found and isinstance(found.measure, Rate)), 1.0)


def _paired(
    source: Source, scope: Scope, metric: str, joined: Joined, sides: tuple[Measure, Measure], deff: float
) -> tuple[Measure, str]:
    if metric == "roc_auc":
        return _areas(scope, joined, sides, deff)
    if source.contract.task == "multiclass":
        (neither, second), (first, both) = joined.right.tolist()
        measure: Measure = PairedDifference(both, second, first, neither, deff)
    else:
        measure = paired_difference(metric, Joint.of(joined.cells), deff)
    return measure, _of_both(measure.n, sides)


def _of_both(pairs: int, sides: tuple[Measure, Measure]) -> str:
    """Returns how many cases both versions scored, and of how many where it is not all."""
    most = max(side.n for side in sides)
    return f"the {pairs:,} cases that both scored" + (f", of {most:,}" if pairs < most else "")


def _areas(scope: Scope, joined: Joined, sides: tuple[Measure, Measure], deff: float) -> tuple[Measure, str]:
    """Returns the paired difference of areas: of the fine bins where both scored every case, else of the coarse."""
    negatives, positives = joined.bins
    n = int(joined.bins.sum())
    correlation = area_correlation(positives, negatives)
    second, first = sides
    if not n == second.n == first.n:
        fine = sides
        second, first = (
            roc_auc(positives.sum(axis=away), negatives.sum(axis=away), deff=deff) for away in (0, 1)
        )  # from 64 bins: of the pairs alone there are no finer ones
        sides = fine
    measure = difference_of(second, first, correlation, _binned((second, first)))
    note = f"paired DeLong, correlation {correlation:.2f}" if measure.value is not None else ""
    return measure, "; ".join(part for part in (note, _of_both(n, sides)) if part)


def _binned(sides: tuple[Measure, Measure]) -> str:
    """Returns how far binning may have moved either side, and what clustered cases are worth."""
    notes = [side.note for side in sides]
    return notes[0] if notes[0] == notes[1] else " against ".join(note for note in notes if note)


def _joined(source: Source, scope: Scope, attribute: str) -> dict[Where, Joined]:
    """Returns the joint counts of each period and group, the other version's axis first, this version's second."""
    asked = _parameters(scope) | {"attribute": attribute, "by": scope.by}
    turned = str(scope.version) < str(scope.versus)  # pairs are kept in the order of their names
    found: dict[Where, Joined] = {}
    for bucket, group, label, first, second, n in rows(source.snapshot, "pairs", asked):
        joined = found.setdefault((period(scope, bucket)[0].isoformat(), group), Joined())
        joined.n += n
        one, other = (second, first) if turned else (first, second)
        if one is None or other is None:
            continue
        if source.contract.task == "binary":
            joined.cells[2 if label is None else int(label), int(one), int(other)] += n
        elif label is not None:
            joined.right[int(one == label), int(other == label)] += n
    if source.contract.task == "binary":
        for bucket, group, label, firsts, seconds, counts in arrays(source.snapshot, "pair_bins", asked):
            joined = found.setdefault((period(scope, bucket)[0].isoformat(), group), Joined())
            axes = (seconds, firsts) if turned else (firsts, seconds)
            np.add.at(joined.bins[int(label)], axes, counts)
    return found


def metric_names(names: Sequence[str] | None) -> tuple[str, ...]:
    """Returns the differences that are meant: all, or those of the named metrics.

    >>> metric_names(("accuracy", "f1_version_difference"))
    ('accuracy_version_difference', 'f1_version_difference')
    """
    known = [metric.name for metric in VERSIONS]
    if not names:
        return tuple(known)
    for name in names:
        if name not in known and name + SUFFIX not in known:
            bases = [one.removesuffix(SUFFIX) for one in known]
            raise EvenhandError(f"Versions are not compared by '{name}'", todo=nearest(name, bases))
    return tuple(name if name in known else name + SUFFIX for name in names)
