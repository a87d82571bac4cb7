"""What is taken for what, and the curves of every threshold, for pages."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashboard.report import classes
from dashboard.report.classes import Curves
from dashboard.ui.load import ENTRIES, Key, days, key, model_of
from dashboard.ui.state import Scope

__all__ = ["Curves", "confusion", "curves"]


def confusion(scope: Scope) -> pd.DataFrame:
    """Returns the cases of the scope's labelled window: label, decision, n."""
    return _confusion(key(scope.model), *days(scope, labels=True), scope.version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _confusion(key: Key, since: date, until: date, version: str | None) -> pd.DataFrame:
    found = model_of(key)
    return classes.confusion(found.source(), found.scope(since, until, version=version))


def curves(scope: Scope) -> list[Curves]:
    """Returns the curves of everybody, or of each group of the scope's attribute."""
    return _curves(key(scope.model), *days(scope, labels=True), scope.version, scope.attribute)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _curves(key: Key, since: date, until: date, version: str | None, attribute: str | None) -> list[Curves]:
    found = model_of(key)
    attributes = (attribute,) if attribute else ()
    return classes.curves(found.source(), found.scope(since, until, version=version, attributes=attributes))
