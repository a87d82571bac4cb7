"""What the page on why a rate changed reads: the windows there are, and the change taken apart."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard.metrics import METRICS
from dashboard.report.change import BY_VERSION, Change
from dashboard.ui.load import ENTRIES, Key, days, held, key, model_of
from dashboard.ui.state import Scope

Days = tuple[date, date]


def windows(scope: Scope, metric: str) -> tuple[list[Days], Days]:
    """Returns the windows that may be looked at before, the newest first, and the one that is looked at now."""
    needs = "labels" in METRICS[metric].needs
    now = days(scope, labels=needs)
    plan = held(scope.model).plan
    schedule = plan.by_labels if needs else plan.by_log
    listed = [(window.since, window.until) for window in reversed(schedule.windows)]
    listed += [(plan.by_log.reference.since, plan.by_log.reference.until)] if plan.by_log.reference else []
    before = [window for window in listed if window[1] <= now[0]]
    first, just = held(scope.model).extent.first, (now[0] - (now[1] - now[0]), now[0])
    if not before and just[1] > first:
        before = [(max(just[0], first), just[1])]
    return before, now


def attributes(scope: Scope) -> list[str]:
    """Returns by what a change can be taken apart: the contract's attributes and intersections, and the version."""
    contract = model_of(key(scope.model)).contract
    crossed = ["*".join(names) for names in contract.intersections]
    versions = [BY_VERSION] if len(held(scope.model).extent.versions) > 1 and scope.version is None else []
    return [*contract.attribute_names, *crossed, *versions]


def change(scope: Scope, metric: str, by: str, now: Days, before: Days) -> Change:
    """Returns why a rate changed from one window to another, for the scope's version."""
    return _change(key(scope.model), metric, by, now, before, scope.version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _change(key: Key, metric: str, by: str, now: Days, before: Days, version: str | None) -> Change:
    return model_of(key).why(metric, by, now, before, version)
