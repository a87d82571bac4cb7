"""How far off a regression's numbers are, for pages."""

from __future__ import annotations

from datetime import date

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.report import errors
from dashboard.ui.load import ENTRIES, Key, days, key, model_of
from dashboard.ui.state import Scope

Bars = tuple[NDArray[np.float64], NDArray[np.float64]]


def error_bars(scope: Scope) -> Bars:
    """Returns the errors of the scope's window as bars: edges in the label's unit, shares of all labelled cases."""
    return _error_bars(key(scope.model), *days(scope, labels=True), scope.version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _error_bars(key: Key, since: date, until: date, version: str | None) -> Bars:
    found = model_of(key)
    return errors.error_bars(found.source(), found.scope(since, until, version=version))
