"""Is anyone treated worse, and are we sure? One metric at a time, by its plain question; verdicts only by policy."""

from functools import partial

import streamlit as st

from dashboard.ui import all_metrics, fairness, gap_mix, over_time, parts, state, verdicts

scope = state.scope()
if scope.attribute is None:
    parts.sentence("Fairness", "Is anyone treated worse?", "No protected attribute is declared.")
    parts.nothing("The contract names none.", 'Add a section such as [attributes.sex] with column = "sex".')
    st.stop()

head = st.container()
with st.container(horizontal=True, vertical_alignment="bottom"):
    scope = fairness.of_class(scope)
    metric = parts.question_box(verdicts.rates(scope))
asked = fairness.asked_of(scope, metric)
with head:
    fairness.opening(asked)

views = {
    "By group": fairness.by_group,
    "All metrics": all_metrics.view,
    "Over time": over_time.section,
    "Mix against rate": gap_mix.section,
    "Before labels": fairness.before_labels,
    "In one number": fairness.summary,
}
if not asked.computed:
    fairness.uncomputed(asked)
    views = {name: views[name] for name in ("All metrics", "Before labels")} if asked.waiting else {}
if views:
    parts.views("view", {name: partial(draw, asked) for name, draw in views.items()})
