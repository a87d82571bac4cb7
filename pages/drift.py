"""Do the inputs look as they used to? Every input a line, the strongest evidence first; one opened on request."""

from functools import partial

import streamlit as st

from dashboard.ui import drift, parts, state

asked = drift.asked(state.scope())
drift.opening(asked)
if asked.rows.empty:
    parts.nothing(
        "There is nothing to compare with.",
        "The policy names a reference window: [windows] reference = { since, until } in policy.toml.",
    )
    st.stop()

views = {
    drift.INPUTS: drift.inputs,
    drift.ONE: drift.one,
    drift.DOES: drift.does,
    drift.TOGETHER: drift.together,
    drift.LABELS: drift.labels,
    drift.WHY: drift.why,
    drift.ALL: drift.measures,
}
parts.views("view", {name: partial(draw, asked) for name, draw in views.items()})
