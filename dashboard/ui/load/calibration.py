"""What the Calibration page reads: curves, where the scores lie, how sure they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import streamlit as st

from dashboard.report import calibration
from dashboard.ui.load import ENTRIES, Key, days, key, model_of
from dashboard.ui.state import Scope


def curves(scope: Scope, attribute: str | None = None) -> pd.DataFrame:
    """Returns the reliability curve of everybody, or of each group of an attribute, on days whose labels are there."""
    return _drawn(key(scope.model), "reliability", *days(scope, labels=True), scope.version, attribute)


def spread(scope: Scope) -> pd.DataFrame:
    """Returns where the scores of all cases lie."""
    return _drawn(key(scope.model), "spread", *days(scope, labels=True), scope.version, None)


def confidence(scope: Scope, by: str = "week") -> pd.DataFrame:
    """Returns how sure the scores are by period, over the whole log."""
    whole = days(replace(scope, window="all"))
    return _drawn(key(scope.model), "confidence", *whole, scope.version, None, by)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _drawn(
    key: Key, what: str, since: date, until: date, version: str | None, attribute: str | None, *more: str
) -> pd.DataFrame:
    found = model_of(key)
    asked = found.scope(since, until, version=version, attributes=(attribute,) if attribute else ())
    drawn: pd.DataFrame = getattr(calibration, what)(found.source(), asked, *more)
    return drawn
