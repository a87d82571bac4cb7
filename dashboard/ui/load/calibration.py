"""What the Calibration page reads: curves, where the scores lie, how sure they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.report import curves as pictures
from dashboard.ui.load import ENTRIES, Key, days, key, model_of
from dashboard.ui.state import Scope


def curves(scope: Scope, attribute: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns reliability curves and where all scores lie, of everybody or of each group, on days with their labels."""
    found: tuple[pd.DataFrame, pd.DataFrame]
    found = _drawn(key(scope.model), "curves", *days(scope, labels=True), scope.version, attribute)
    return found


def confidence(scope: Scope, by: str = "week") -> pd.DataFrame:
    """Returns how sure the scores are by period, over the whole log."""
    whole = days(replace(scope, window="all"))
    found: pd.DataFrame = _drawn(key(scope.model), "confidence", *whole, scope.version, None, by)
    return found


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _drawn(
    key: Key, what: str, since: date, until: date, version: str | None, attribute: str | None, *more: str
) -> Any:
    found = model_of(key)
    asked = found.scope(since, until, version=version, attributes=(attribute,) if attribute else ())
    return getattr(pictures, what)(found.source(), asked, *more)
