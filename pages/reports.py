"""Reports in the shape that rules ask for: the four-fifths screen, Local Law 144's tables; a screen, not a verdict."""

from functools import partial

import streamlit as st

from dashboard.ui import load, parts, reports, state

scope = state.scope()
if load.contract(scope.model).task != "binary":
    parts.sentence("Reports", reports.ASKS, "These rules count who is selected, and this model does not select.")
    parts.nothing("They need a model that says yes or no.", "Differences between groups are on Fairness.")
elif scope.attribute is None:
    parts.sentence("Reports", reports.ASKS, "No protected attribute is declared.")
    parts.nothing("The contract names none.", 'Add a section such as [attributes.sex] with column = "sex".')
else:
    head = st.container()
    views = {
        "Four-fifths rule": partial(reports.four_fifths, scope, head),
        "Local Law 144": partial(reports.local_law_144, scope, head),
    }
    parts.views("report", views)
