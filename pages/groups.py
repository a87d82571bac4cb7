"""Who is treated worse where attributes cross, and whom does the model serve? Groups crossed, scored, counted."""

from functools import partial

import streamlit as st

from dashboard.ui import crossed, parts, state

scope = state.scope()
if scope.attribute is None:
    parts.sentence("Groups", crossed.ASKS, "No protected attribute is declared.")
    parts.nothing("The contract names none.", 'Add a section such as [attributes.sex] with column = "sex".')
else:
    head = st.container()
    views = {"Crossed": partial(crossed.section, scope, head)}
    parts.views("view", views)
