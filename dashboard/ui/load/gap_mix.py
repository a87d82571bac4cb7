"""What the view of mix against rate reads: a gap taken apart by another attribute, now and since an earlier window."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard.report.gap_mix import Gap, GapChange, crossing
from dashboard.ui.load import ENTRIES, Key, contract, key, model_of
from dashboard.ui.state import Scope

Days = tuple[date, date]


def attributes(scope: Scope) -> tuple[list[str], list[str]]:
    """Returns by which other attributes the scope's can be taken apart, and by which it could be once declared."""
    of, attribute = contract(scope.model), scope.attribute or ""
    others = [name for name in of.attribute_names if name not in attribute.split("*")]
    counted = [name for name in others if crossing(of, attribute, name)]
    return counted, [name for name in others if name not in counted]


def gap(scope: Scope, metric: str, group: str, by: str, now: Days) -> Gap:
    """Returns a group's gap to the reference, taken apart by another attribute."""
    return _gap(key(scope.model), metric, scope.attribute or "", group, by, now, scope.version, scope.of_class)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _gap(
    key: Key, metric: str, attribute: str, group: str, by: str, now: Days, version: str | None, of_class: str | None
) -> Gap:
    return model_of(key).gap(metric, attribute, group, by, now, version, of_class)


def gap_change(scope: Scope, metric: str, group: str, by: str, now: Days, before: Days) -> GapChange:
    """Returns why that gap changed from one window to another."""
    return _gap_change(
        key(scope.model), metric, scope.attribute or "", group, by, now, before, scope.version, scope.of_class
    )


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _gap_change(
    key: Key,
    metric: str,
    attribute: str,
    group: str,
    by: str,
    now: Days,
    before: Days,
    version: str | None,
    of_class: str | None,
) -> GapChange:
    return model_of(key).gap_change(metric, attribute, group, by, now, before, version, of_class)
