"""Who is treated worse where attributes cross, whom does it serve worst, and whom does it serve at all?"""

from functools import partial

import streamlit as st

from dashboard.ui import crossed, group_scores, parts, served, state, worst_groups

scope, head = state.scope(), st.container()
views = {
    "Crossed": partial(crossed.section, scope, head),
    "Worst groups": partial(worst_groups.section, scope, head),
    "Scores": partial(group_scores.section, scope, head),
    "Who is served": partial(served.section, scope, head),
}
if scope.attribute is None:  # groups can still be found by what the model is given
    views = {"Worst groups": views["Worst groups"]}
parts.views("view", views)
