"""Who is treated worse where attributes cross, and whom does the model serve? Groups crossed, scored, counted."""

from functools import partial

import streamlit as st

from dashboard.ui import crossed, group_scores, parts, served, state

scope = state.scope()
if scope.attribute is None:
    parts.sentence("Groups", crossed.ASKS, "No protected attribute is declared.")
    parts.nothing("The contract names none.", 'Add a section such as [attributes.sex] with column = "sex".')
else:
    head = st.container()
    views = {
        "Crossed": partial(crossed.section, scope, head),
        "Scores": partial(group_scores.section, scope, head),
        "Who is served": partial(served.section, scope, head),
    }
    parts.views("view", views)
