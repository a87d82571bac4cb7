"""What the Data page reads beside the rollup: units that seem to have changed, rows that were turned away."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from dashboard.cases_rejected import COLUMNS, Wanted
from dashboard.cases_rejected import rejected as found
from dashboard.report import rows
from dashboard.report.stuck import Stuck
from dashboard.report.unit_changes import UnitChange
from dashboard.ui.load import ENTRIES, Key, held, key, model_of


def unit_changes(name: str) -> list[UnitChange]:
    """Returns the features whose unit seems to have changed, largest first; of one rollup looked for once."""
    return _unit_changes(key(name))


@st.cache_data(max_entries=ENTRIES, show_spinner="Looking for values in another unit")
def _unit_changes(key: Key) -> list[UnitChange]:
    return model_of(key).unit_changes()


def stuck(name: str) -> list[Stuck]:
    """Returns the features that have one value, or had for days, those that still have first."""
    return model_of(key(name)).stuck()


def not_looked_at(name: str) -> list[str]:
    """Returns the features that were too many to look at in the log for another unit."""
    return model_of(key(name)).units_not_looked_at()


def rejected(name: str, wanted: Wanted, limit: int) -> pd.DataFrame:
    """Returns rows that were turned away, newest delivery first, with the row as delivered."""
    return _rejected(key(name), len(model_of(key(name)).batches()), wanted, limit)


@st.cache_data(max_entries=50, show_spinner=False)
def _rejected(key: Key, deliveries: int, wanted: Wanted, limit: int) -> pd.DataFrame:
    return pd.DataFrame(found(model_of(key).paths, wanted, limit), columns=list(COLUMNS))


def new_categories(name: str) -> pd.DataFrame:
    """Returns the categories that first came after the reference window: feature, category, since, n."""
    return _new_categories(key(name))


@st.cache_data(max_entries=50, show_spinner=False)
def _new_categories(key: Key) -> pd.DataFrame:
    model, reference = model_of(key), held(key[1]).plan.by_log.reference
    asked = {"shadow": list(model.contract.shadow), "after": reference.until if reference else date.max}
    new = rows(model.source().snapshot, "new_categories", asked)
    return pd.DataFrame(new, columns=["feature", "category", "since", "n"])
