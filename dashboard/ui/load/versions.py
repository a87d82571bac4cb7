"""What the page on two versions reads: their differences, judged together, and each version's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
import streamlit as st

from dashboard.metrics import METRICS
from dashboard.metrics.table.versions import SUFFIX, VERSIONS
from dashboard.policy.rules import MINIMUM_N
from dashboard.report import Reading
from dashboard.report.standings import Standing, standings
from dashboard.report.versions import Met, meeting, side_by_side
from dashboard.ui.load import ENTRIES, Key, days, held, key, model_of, version_starts
from dashboard.ui.state import Scope
from dashboard.workspace import frame

FIRST = ("accuracy", "true_positive_rate", "true_negative_rate")  # looked at whatever is drawn
Window = tuple[date, date]


@dataclass(frozen=True)
class Compared:
    """Two versions on one window. `differences` are readings with `verdict` and `level`; `own` is each version's."""

    challenger: str
    champion: str
    window: Window
    met: Met
    differences: pd.DataFrame
    own: pd.DataFrame


def pair(scope: Scope) -> tuple[str, str] | None:
    """Returns the version to judge and the one to compare it with: the scope's, else the newest, and the one before.

    Of two that began on the same day a shadow is the newer. None where the log has a single version.
    """
    starts = version_starts(scope.model)
    shadow = model_of(key(scope.model)).contract.shadow
    known = held(scope.model).extent.versions
    newest = sorted(known, key=lambda name: (starts.get(name, ""), name in shadow, name), reverse=True)
    if len(newest) < 2:
        return None
    judged = scope.version if scope.version in newest else newest[0]
    older = newest[newest.index(judged) + 1 :]
    return str(judged), (older or newest)[0]


def metrics(scope: Scope) -> list[str]:
    """Returns what versions of this model can be compared by."""
    task = model_of(key(scope.model)).contract.task
    return [metric.name.removesuffix(SUFFIX) for metric in VERSIONS if task in metric.tasks]


def compared(scope: Scope, challenger: str, champion: str, metric: str, attribute: str | None) -> Compared:
    """Returns the comparison by a metric, and by those that show harm to a group.

    On the scope's window where both versions have cases in it, else on all days whose labels are complete.
    """
    there = held(scope.model).extent
    whole = there.first, max(there.complete_until, date.fromordinal(there.first.toordinal() + 1))
    asked = tuple(dict.fromkeys((metric, *FIRST)))
    return _compared(key(scope.model), challenger, champion, days(scope, labels=True), whole, asked, attribute)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _compared(
    key: Key, challenger: str, champion: str, asked: Window, whole: Window, names: Sequence[str], attribute: str | None
) -> Compared:
    model = model_of(key)
    window, met = asked, _met(key, challenger, champion, asked)
    if not all(met.cases):
        window, met = whole, _met(key, challenger, champion, whole)
    chosen = tuple(name + SUFFIX for name in names if model.contract.task in METRICS[name].tasks)
    found: list[Reading] = []
    own: list[Reading] = []
    for attributes in ((), (attribute,)) if attribute else ((),):
        scope = model.scope(*window, kinds=("performance",), metrics=chosen, version=challenger, attributes=attributes)
        for differences, of_each in side_by_side(model.source(), replace(scope, versus=champion)):
            found += differences
            own += of_each
    judged = standings(found, model.policy.minimum_n if model.policy else MINIMUM_N)
    return Compared(challenger, champion, window, met, _table(judged), frame(own))


def _met(key: Key, challenger: str, champion: str, window: Window) -> Met:
    model = model_of(key)
    scope = replace(model.scope(*window, version=challenger), versus=champion)
    return meeting(model.source(), scope)


def _table(judged: Sequence[Standing]) -> pd.DataFrame:
    rows = frame([one.reading for one in judged])
    return rows.assign(verdict=[one.verdict for one in judged], level=[one.level for one in judged])
