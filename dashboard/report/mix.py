"""Whom the model serves: each group's share of all predictions, and how far the mix has moved since the reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dashboard.contract import UNKNOWN_GROUP
from dashboard.metrics import drift
from dashboard.metrics.clusters import subject_design_effect
from dashboard.metrics.histograms import Categories
from dashboard.rates import SUBJECT_BUCKETS, Measure, Rate, undefined
from dashboard.report.cells import arrays, ordered, rows
from dashboard.report.drift import refusal
from dashboard.report.fairness import is_unknown
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

Where = tuple[date | None, str | None]  # bucket, version
Days = tuple[date, date]
UNWEIGHED = "cases are counted without weights"


@dataclass
class Mix:
    """The cases of one period by group, what is unknown (in part) together; of subjects by bucket where they are known.

    >>> Mix({"F": 30, "M": 60, "unknown": 10}).share("F").value
    0.3
    """

    cases: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    labelled: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    subjects: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return sum(self.cases.values())

    @cached_property
    def together(self) -> NDArray[np.int64]:
        """The cases of all groups by bucket of subjects."""
        return sum(self.subjects.values(), np.zeros(SUBJECT_BUCKETS, dtype=np.int64))

    def share(self, group: str) -> Rate:
        """Returns a group's share of all cases, allowing for several cases of one subject."""
        hits = self.cases.get(group, 0)
        if not self.subjects or not self.n:
            return Rate(hits, self.n)
        return Rate(hits, self.n, subject_design_effect(self.subjects.get(group, 0 * self.together), self.together))

    def coverage(self, group: str) -> Rate:
        """Returns the share of a group's cases that have a label."""
        return Rate(self.labelled.get(group, 0), self.cases.get(group, 0))

    def categories(self) -> Categories:
        """Returns the mix as a feature whose categories are the known groups; unknown is missing."""
        known = {group: n for group, n in self.cases.items() if group != UNKNOWN_GROUP}
        return Categories(known, self.cases.get(UNKNOWN_GROUP, 0))


def mix_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the PSI of the mix by each of the scope's attributes, where it is asked for by name."""
    if not scope.names("mix_psi"):
        return
    contract = source.contract
    crossed = ("*".join(names) for names in contract.intersections)
    note = UNWEIGHED if "weight" in contract.columns else ""
    for attribute in scope.attributes or (*contract.attribute_names, *crossed):
        before, earlier = _held_against(source, scope, attribute)
        for (bucket, version), now in ordered(mixes(source, scope, attribute)):
            place = Place(version, attribute, bucket=bucket)
            yield reading(scope, "mix_psi", place, _moved(refusal(scope), before, now, earlier), note)


def _moved(refused: str, before: Mix, now: Mix, earlier: Sequence[Mix]) -> Measure:
    if refused or not before.n:
        return undefined(refused or "the reference window has no rows", now.n)
    windows = [window.categories() for window in earlier]
    return drift.psi(before.categories(), now.categories(), windows)


def _held_against(source: Source, scope: Scope, attribute: str) -> tuple[Mix, Sequence[Mix]]:
    """Returns the mix of the reference, and of the windows in it, which follow each other and are of one length."""
    if scope.reference is None:
        return Mix(), ()
    before = reference_mix(source, scope.reference, attribute)
    if not scope.reference_windows:
        return before, ()
    (since, until), end = scope.reference_windows[0], scope.reference_windows[-1][1]
    return before, list(mixes(source, Scope(since, end, by=str((until - since).days)), attribute).values())


def reference_mix(source: Source, reference: Days, attribute: str) -> Mix:
    """Returns the mix of the reference window, of all versions together."""
    found = mixes(source, Scope(*reference), attribute)
    return found.get((None, None), Mix())


def mixes(source: Source, scope: Scope, attribute: str) -> Mapping[Where, Mix]:
    """Returns the cases of each period and version by group of an attribute."""
    found: dict[Where, Mix] = defaultdict(Mix)
    parameters = scope.parameters(source.contract, attribute=attribute)
    for bucket, version, group, n, labelled in rows(source.snapshot, "mix", parameters):
        mix, name = found[bucket, version], _named(group)
        mix.cases[name] += n
        mix.labelled[name] += labelled
    if "subject" in source.contract.columns and source.contract.task != "regression":
        for bucket, version, group, hashes, counts in arrays(source.snapshot, "mix_subjects", parameters):
            mix, name = found[bucket, version], _named(group)
            own = mix.subjects.setdefault(name, np.zeros(SUBJECT_BUCKETS, dtype=np.int64))
            np.add.at(own, hashes, counts)
    return dict(found)


def over_time(source: Source, scope: Scope, attribute: str, by: str) -> Mapping[Where, Mix]:
    """Returns the mix of each week or month of the scope."""
    return mixes(source, replace(scope, by=by), attribute)


def _named(group: str) -> str:
    return UNKNOWN_GROUP if is_unknown(group) else group
