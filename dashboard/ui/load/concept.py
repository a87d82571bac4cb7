"""What the view on labels and scores reads: the shift, and the curves then and now."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashboard.report.concept_curves import concept_curves
from dashboard.ui.load import ENTRIES, Key, days, held, key, model_of
from dashboard.ui.state import Scope
from dashboard.workspace import frame

NAME = "concept_shift"
Both = tuple[pd.DataFrame, pd.DataFrame]


def window(scope: Scope) -> tuple[date, date]:
    """Returns the days that are looked at: the last window whose labels are complete, else the scope's own."""
    return days(scope, labels=True)


def shifts(scope: Scope, attribute: str | None = None) -> Both:
    """Returns the shift of everybody or of each group, and the curves then and now behind it."""
    if held(scope.model).plan.by_log.reference is None:
        return frame([]), frame([])
    return _shifts(key(scope.model), *window(scope), scope.version, attribute)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _shifts(key: Key, since: date, until: date, version: str | None, attribute: str | None) -> Both:
    found = model_of(key)
    asked = {"version": version, "attributes": (attribute,) if attribute else ()}
    scope = found.scope(since, until, metrics=(NAME,), kinds=("drift",), **asked)
    return frame(found.readings(scope)), concept_curves(found.source(), scope)
