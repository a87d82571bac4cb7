"""Fairness readings: the groups of an attribute compared, of one decision, of each class, of a predicted number.

Of a number that is its errors, and where the contract has a cut-off the decision that follows there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from dashboard import sql
from dashboard.contract import UNKNOWN_GROUP
from dashboard.metrics import METRICS, multiclass, performance
from dashboard.metrics.differences import difference_of
from dashboard.metrics.performance import Confusion
from dashboard.metrics.table.groups import OF_ERRORS
from dashboard.rates import Difference, Measure, Rate, undefined
from dashboard.report.areas import area_readings
from dashboard.report.bounds import nothing_said, of_differences
from dashboard.report.cells import Cells, ordered, outcomes
from dashboard.report.contrasts import View, absent, contrasts_of
from dashboard.report.errors import MEASURES, Errors, error_sums
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

OF_CLASSES = {name: of for name, of in performance.RATES.items() if name != "accuracy"}


def fairness_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the readings of the kind fairness for each of the scope's attributes, for all where it names none.

    Of several classes: of accuracy, and of each class against the rest where the class is among the scope's features
    or the metric is named.
    """
    contract = source.contract
    names = scope.attributes or (*contract.attribute_names, *("*".join(crossed) for crossed in contract.intersections))
    if not any(scope.wants(name) for name, m in METRICS.items() if m.kind == "fairness"):
        return
    for attribute in names:
        base = reference_group(source, attribute)
        if contract.task == "regression":
            yield from _of_errors(source, scope, attribute, base)
        if contract.decides:
            yield from _of_attribute(source, scope, attribute, base)


def _of_attribute(source: Source, scope: Scope, attribute: str, base: str | None) -> Iterator[Reading]:
    cells = outcomes(source.snapshot, source.contract, scope, attribute)
    periods: dict[tuple[date | None, str | None], dict[str, Cells]] = defaultdict(dict)
    for (bucket, version, group), sums in cells.items():
        periods[bucket, version][group] = sums
    for (bucket, version), groups in ordered(periods):
        known = {group: groups[group] for group in sorted(groups) if not is_unknown(group)}
        left = sum(sums.n for group, sums in groups.items() if is_unknown(group))
        place, note = Place(version, attribute, bucket=bucket), _left_out(left, attribute)
        if source.contract.task == "multiclass":
            for view in _of_classes(scope, place, known, base, note):
                yield from contrasts_of(view)
        else:
            binary = {group: sums.confusion() for group, sums in known.items()}
            missing = of_differences(known, base)
            yield from contrasts_of(View(scope, place, binary, performance.RATES, base, scope.wants, missing, note))
    if source.contract.task == "binary":
        found = frozenset(group for _, _, group in cells if not is_unknown(group))
        yield from area_readings(source, scope, attribute, found, base)


def _left_out(rows: int, attribute: str) -> str:
    return f"{rows:,} rows with unknown {attribute.replace('*', ' or ')} are not in it" if rows else ""


def _of_classes(scope: Scope, place: Place, known: Mapping[str, Cells], base: str | None, note: str) -> Iterator[View]:
    """Yields right against wrong, then each class that is asked for against all others."""
    matrices = {group: sums.matrix() for group, sums in known.items()}
    right = {group: multiclass.right_or_wrong(matrix) for group, matrix in matrices.items()}
    yield View(scope, place, right, {"accuracy": performance.accuracy}, base, scope.wants, nothing_said, note)
    asks = scope.names if scope.features is None else scope.wants
    if not any(asks(name) for name, m in METRICS.items() if m.kind == "fairness" and "accuracy" not in name):
        return
    rest: dict[str, dict[str, Confusion]] = {
        group: multiclass.one_vs_rest(matrix) for group, matrix in matrices.items()
    }
    for name in next((matrix.classes for matrix in matrices.values()), ()):
        if scope.features is None or name in scope.features:
            cells = {group: of_class[name] for group, of_class in rest.items()}
            yield View(scope, replace(place, feature=name), cells, OF_CLASSES, base, asks, nothing_said, note)


def _of_errors(source: Source, scope: Scope, attribute: str, base: str | None) -> Iterator[Reading]:
    wanted = [name for name in OF_ERRORS if _asked(source, scope, name)]
    if not wanted:
        return
    periods: dict[tuple[date | None, str | None], dict[str, Errors]] = defaultdict(dict)
    for (bucket, version, group), found in error_sums(source, scope, attribute).items():
        if not is_unknown(group):
            periods[bucket, version][group] = found
    for (bucket, version), groups in ordered(periods):
        for name in wanted:
            measures = {group: MEASURES[name](groups[group]) for group in sorted(groups)}
            for group, measure in measures.items():
                if group != base:
                    place = Place(version, attribute, group, base, bucket=bucket)
                    yield reading(scope, f"{name}_difference", place, _apart(measure, measures, base))


def _asked(source: Source, scope: Scope, name: str) -> bool:
    """Returns whether differences of an error are read; of a tolerance that is not there, to say so by name only."""
    tolerated = name != "beyond_tolerance_rate" or source.contract.tolerance is not None
    return scope.wants(f"{name}_difference") and (tolerated or scope.names(f"{name}_difference"))


def _apart(measure: Measure, measures: Mapping[str, Measure], base: str | None) -> Measure:
    """Returns a group's mean or share minus the reference's, each worth as many cases as its subjects make it."""
    if base is None or base not in measures:
        return undefined(absent(base), measure.n)
    other = measures[base]
    if isinstance(measure, Rate) and isinstance(other, Rate):
        return Difference(measure, other)
    if measure.value is None and measure.n:
        return measure  # labelled rows without a value: it says why
    empty = [name for name, of in (("group", measure), ("reference", other)) if of.value is None]
    if empty:
        return undefined(f"{' and '.join(empty)} 0 labelled rows", measure.n, min(measure.n, other.n))
    notes = (f"{name}: {of.note}" for name, of in (("group", measure), ("reference", other)) if of.note)
    return difference_of(measure, other, note="; ".join(notes))


def is_unknown(group: str) -> bool:
    """Returns whether a group, or a part of an intersection's group, is unknown.

    >>> is_unknown("unknown*65+"), is_unknown("F*65+")
    (True, False)
    """
    return UNKNOWN_GROUP in re.split(r"(?<!\\)\*", group)


def reference_group(source: Source, attribute: str) -> str | None:
    """Returns the group that others are compared with: the contract's, else the largest of the whole log."""
    contract = source.contract
    parts = [contract.attribute(name).reference for name in attribute.split("*")]
    if all(parts):
        return "*".join(part or "" for part in parts)
    found = source.snapshot.rows(
        "SELECT grp, sum(n) AS n FROM outcomes WHERE attribute = $attribute GROUP BY grp ORDER BY n DESC, grp",
        {"attribute": attribute},
    ) or source.snapshot.rows(
        "SELECT grp, sum(n) AS n FROM errors WHERE attribute = $attribute GROUP BY grp ORDER BY n DESC, grp",
        {"attribute": attribute},
    )
    return next((group for group, _ in found if not is_unknown(group)), None)


def occurring_classes(source: Source) -> list[str]:
    """Returns the classes that labels and decisions of the whole log name, in the alphabet's order."""
    found = source.snapshot.rows(sql.statement("read/classes"), {})
    return sorted(name for (name,) in found)
