"""Labels in time: how long they take, the last day whose labels have practically all come, and whose come later."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from dashboard.contract import UNKNOWN_GROUP
from dashboard.metrics import METRICS
from dashboard.metrics.delays import DelayCurve, curve_of, later
from dashboard.metrics.fairness import homogeneity
from dashboard.rates import Rate
from dashboard.report.cells import rows
from dashboard.report.performance import Source, performance_readings
from dashboard.report.scope import Scope, needs_labels
from dashboard.store import Snapshot

NEARLY_ALL = 0.99
ENOUGH = 100  # labels of a group before its own delay counts, and cases before its coverage is compared
BEYOND = 1.25
APART = 0.05  # how far coverages differ before it is worth a warning
LEVEL = 0.05
COVERAGE = "label_coverage"
Curves = dict[tuple[str, str, str | None], DelayCurve]  # attribute ('' is everybody), group, label


def last_label(snapshot: Snapshot, last: date) -> date | None:
    """Returns the last day on which a label came, None where nobody knows when labels came.

    Days are those of the prediction plus the label's delay. A label that says it became known after the rollup was
    counted, and after the log's last day, is not believed.
    """
    facts = snapshot.meta()
    limit = facts.get("known_before") or facts["built_at"]
    ((found,),) = rows(snapshot, "last_label", {"last": last, "limit": limit[:10]})
    return found  # type: ignore[no-any-return]


def curves(snapshot: Snapshot, attribute: str | None = "", by_label: bool = False, least: int = 1) -> Curves:
    """Returns the delay curve of every group of an attribute ('' is everybody, None all attributes).

    With `by_label` one for each label value; without, the label is None.
    """
    made: Curves = snapshot.once(
        ("delay curves", attribute, by_label, least), lambda: _curves(snapshot, attribute, by_label, least)
    )
    return made


def _curves(snapshot: Snapshot, attribute: str | None, by_label: bool, least: int) -> Curves:
    ((_, last, *_),) = rows(snapshot, "extent", {})
    edge = last_label(snapshot, last) if last else None
    if edge is None:
        return {}
    counts: dict[tuple[str, str, str | None], dict[bool, list[tuple[int, int]]]] = defaultdict(
        lambda: {True: [], False: []}
    )
    asked = {"edge": edge, "attribute": attribute, "by_label": by_label}
    for name, group, label, by_delay, days, n in rows(snapshot, "label_delays", asked):
        counts[name, group, label][by_delay].append((days, n))
    made = {key: curve_of(_dense(both[True]), _dense(both[False]), least) for key, both in counts.items()}
    return {key: curve for key, curve in made.items() if curve is not None}


def _dense(found: list[tuple[int, int]]) -> Any:
    days, n = np.array(found, dtype=np.int64).T
    return np.bincount(days, n)


def complete_until(snapshot: Snapshot, first: date, last: date) -> date:
    """Returns the day from which on labels are still coming (exclusive): matured are the days before it.

    It lies the slowest group's 99 % delay before the last day on which labels came, and is the log's end where labels
    come with the predictions. A group counts with at least 100 labels old enough to have shown its longest delay; so
    does each label value, since positives can be one label in a hundred, and late. A log too young to have shown a
    delay a quarter longer may have seen only the quick ones: no day of it is complete yet. Days before the first case
    without its label are complete whatever the delays.
    """
    end = last + timedelta(days=1)
    edge = last_label(snapshot, last)
    if edge is None:
        return end
    ((missing,),) = rows(snapshot, "first_missing", {})
    slowest = _slowest(snapshot)
    shown = (edge - first).days >= slowest * BEYOND
    return max(missing or end, min(end, edge + timedelta(days=1 - slowest)) if shown else first)


def _slowest(snapshot: Snapshot) -> int:
    """Returns the 99 % delay of the slowest group or label value, of everybody where none has labels enough."""
    known = [*curves(snapshot, None, least=ENOUGH).values(), *curves(snapshot, "", True, ENOUGH).values()]
    return max(curve.quantile(NEARLY_ALL) for curve in known or curves(snapshot).values())


@dataclass(frozen=True)
class Uneven:
    """Says that fewer labels of one group have come than of the others together, on one window.

    `days` is by how many its labels come later on average, 0 where that is not what tells them apart.
    """

    attribute: str
    group: str
    since: date
    until: date
    coverage: Rate
    others: Rate
    days: int
    p: float

    def sentence(self, window: str = "", attribute: str = "") -> str:
        """Returns it in words; `window` and `attribute` are theirs, ISO dates and the attribute's name without."""
        of_group = f"{self.group.replace('*', ', ')} ({attribute or self.attribute})"
        here, others = (f"{100 * (rate.value or 0):.0f}\u202f%" for rate in (self.coverage, self.others))
        of_cases = f"of the cases from {window or f'{self.since} to {self.until - timedelta(days=1)}'} {here}"
        days = f"{self.days} day{'' if self.days == 1 else 's'}"
        told = (
            f"Labels of {of_group} come {days} later than the others’: {of_cases} have theirs, against {others}"
            if self.days
            else f"Fewer labels of {of_group} have come: {of_cases} have theirs, against {others}"
        )
        return f"{told}. Rates that need labels can mislead here."


def uneven(source: Source, since: date, until: date, version: str | None = None) -> list[Uneven]:
    """Returns, for each attribute whose groups' label coverage differs, the group that has fewest; the worst first.

    Differs: Pearson's test of homogeneity at 0.05 over the number of attributes, and at least 5 points to the others
    together. Groups under 100 cases and the unknown are left out.
    """
    names = source.contract.attribute_names
    found = (_uneven(source, Scope(since, until, version, (name,)), LEVEL / len(names)) for name in names)
    return sorted((one for one in found if one), key=lambda one: (one.coverage.value or 0) - (one.others.value or 0))


def advice(source: Source, scope: Scope) -> list[str]:
    """Returns in sentences whose labels are fewer on the days on which a scope reads what needs labels."""
    version = None if scope.version == "*" else scope.version
    read = [part for part in scope.parts() if part.any_of(*filter(needs_labels, METRICS))]
    return [one.sentence() for part in read for one in uneven(source, part.since, part.until, version)]


def _uneven(source: Source, scope: Scope, level: float) -> Uneven | None:
    (attribute,) = scope.attributes
    rates = coverage(source, scope)
    p = homogeneity(rates)
    if p is None or p >= level:
        return None
    beside = {group: _together([rate for other, rate in rates.items() if other != group]) for group in rates}
    least = min(rates, key=lambda group: (rates[group].value or 0) - (beside[group].value or 0))
    if (beside[least].value or 0) - (rates[least].value or 0) < APART:
        return None
    days = days_later(source.snapshot, attribute, least)
    return Uneven(attribute, least, scope.since, scope.until, rates[least], beside[least], days, p)


def coverage(source: Source, scope: Scope) -> dict[str, Rate]:
    """Returns the label coverage of an attribute's groups that are large enough to be compared."""
    asked = Scope(scope.since, scope.until, scope.version, scope.attributes, kinds=("data",), metrics=(COVERAGE,))
    found = {str(one.group): one.measure for one in performance_readings(source, asked)}
    return {
        group: rate
        for group, rate in found.items()
        if isinstance(rate, Rate) and rate.n >= ENOUGH and group != UNKNOWN_GROUP
    }


def _together(rates: list[Rate]) -> Rate:
    hits, trials = (sum(getattr(rate, name) for rate in rates) for name in ("hits", "trials"))
    return Rate(hits, trials)


def days_later(snapshot: Snapshot, attribute: str, group: str) -> int:
    """Returns by how many days a group's labels come later than the others', on average; 0 if not, or by chance."""
    known = {name: curve for (_, name, _), curve in curves(snapshot, attribute).items()}
    rest = [curve for name, curve in known.items() if name != group]
    if group not in known or not rest:
        return 0
    return max(0, _apart(known[group], sum(rest[1:], rest[0])))


def _apart(one: DelayCurve, other: DelayCurve) -> int:
    _, p = later(one, other)
    return round(one.mean - other.mean) if p < LEVEL else 0


def labels_later(snapshot: Snapshot) -> dict[str, int]:
    """Returns, for each label value, by how many days its labels come later than the others' on average; sooner: < 0.

    Left out are those that the log-rank test in reverse time does not tell from the others.
    """
    known = {str(label): curve for (_, _, label), curve in curves(snapshot, "", True).items() if label is not None}
    found = {}
    for label, curve in known.items():
        rest = [other for name, other in known.items() if name != label]
        if rest and (days := _apart(curve, sum(rest[1:], rest[0]))):
            found[label] = days
    return found
