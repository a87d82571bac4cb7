"""What the page on thresholds reads: counts by score bin, and the best that thresholds can do."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashboard.metrics.lots import Lots
from dashboard.report import what_if
from dashboard.report.what_if import WhatIf, Worth, gap, lots, rates, reached, value_table, worths
from dashboard.ui.load import ENTRIES, Key, days, key, model_of
from dashboard.ui.state import Scope

__all__ = [
    "Lots", "WhatIf", "Worth", "counts", "frontiers", "gap", "lots", "rates", "reached", "value_table", "worths",
]  # fmt: skip


def counts(scope: Scope) -> WhatIf | None:
    """Returns the counts of the scope's labelled window by its attribute; None where no score is counted."""
    return _counts(key(scope.model), *days(scope, labels=True), scope.version, scope.attribute)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _counts(key: Key, since: date, until: date, version: str | None, attribute: str | None) -> WhatIf | None:
    found = model_of(key)
    attributes = (attribute,) if attribute else ()
    return what_if.what_if(found.source(), found.scope(since, until, version=version, attributes=attributes))


def frontiers(scope: Scope, rate: str, goal: str) -> pd.DataFrame:
    """Returns the best that one threshold, or one for each group, can do: goal against gap."""
    asked = key(scope.model), *days(scope, labels=True), scope.version, scope.attribute
    return _frontiers(*asked, rate, goal)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _frontiers(
    key: Key, since: date, until: date, version: str | None, attribute: str | None, rate: str, goal: str
) -> pd.DataFrame:
    found = _counts(key, since, until, version, attribute)
    return pd.DataFrame() if found is None else what_if.frontiers(found, rate, goal)
