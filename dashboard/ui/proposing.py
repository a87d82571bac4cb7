"""A proposal of other thresholds, kept in the record with a name and a reason."""

from __future__ import annotations

from datetime import date
from math import inf
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.words import missing
from dashboard.errors import EvenhandError
from dashboard.review.events import new_id
from dashboard.ui import login, parts, people
from dashboard.ui.load.what_if import WhatIf, value_table
from dashboard.ui.state import Scope
from dashboard.ui.what_if import changed, instead


def form(scope: Scope, found: WhatIf, places: list[int], rates: pd.DataFrame, days: tuple[date, date]) -> None:
    """Does offer to keep the chosen thresholds as a proposal, with a name, in the record."""
    parts.section("Save as a proposal", login.kept())
    if not changed(found, places):
        parts.note("Choose another threshold above first.")
        return
    kept = f"propose-{scope}-{places}"
    identity = st.session_state.setdefault(kept, new_id())
    with st.form("propose", border=True):
        name, role = login.name_and_role("propose", "Clinical lead")
        why = st.text_area("Why", key="propose-why")
        sent = st.form_submit_button(f"Propose {instead(found, places)}")
    if not sent:
        return
    try:
        typed = {
            "name": name,
            "role": role,
            "rationale": why,
            "shown": _shown(found, places, rates),
            "instead_of": found.asked,
        }
        recorded = people.propose(scope, days, identity, thresholds=_proposed(found, places), **typed)
    except EvenhandError as error:
        parts.nothing(f"Not saved. {error.found}", error.expected, error.todo)
        return
    del st.session_state[kept]
    st.success(f"Saved. Act {recorded.sequence} of the record.", icon=":material/check:")


def _proposed(found: WhatIf, places: list[int]) -> dict[str, float | None]:
    at = [None if found.threshold(place) == inf else found.threshold(place) for place in places]
    return {"": at[0]} if len(set(places)) == 1 else dict(zip(found.groups, at, strict=True))


def _shown(found: WhatIf, places: list[int], rates: pd.DataFrame) -> list[dict[str, Any]]:
    """Returns rates and values as they stand on the screen, for the record: no NaN, which JSON does not know."""
    kept = rates[["group", "rate", "value_now", "value", "low", "high", "numerator", "denominator"]]
    rows = [*kept.to_dict("records"), *value_table(found, places).to_dict("records")]
    return [{str(k): None if missing(v) else v for k, v in row.items()} for row in rows]
