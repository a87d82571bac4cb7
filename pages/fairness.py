"""Is anyone treated worse, and are we sure? One metric at a time, by its plain question; verdicts only by policy."""

from functools import partial

import streamlit as st

from dashboard.ui import fairness, gap_mix, headlines, labels, load, over_time, parts, say, state, verdicts

scope = state.scope()
if scope.attribute is None:
    parts.sentence("Fairness", "Is anyone treated worse?", "No protected attribute is declared.")
    parts.nothing("The contract names none.", 'Add a section such as [attributes.sex] with column = "sex".')
    st.stop()
if load.contract(scope.model).task == "regression":
    parts.sentence(
        "Fairness", "Is anyone treated worse?", "Fairness of a model that predicts a number is not measured yet."
    )
    parts.nothing("Its errors by group can be read from Python.", "model.readings(attributes=[...]) has them.")
    st.stop()

head = st.container()
metric = parts.question_box(verdicts.rates(scope))
everything = load.findings(scope, "fairness")
findings = verdicts.about(everything, scope.attribute, metric)
elsewhere = verdicts.elsewhere(everything, scope.attribute, metric)
late = verdicts.needs_labels(metric)
rates = load.readings(scope, (metric,), ("performance",), labels=late, attribute=scope.attribute)
says, more = headlines.fairness(findings, metric, scope.attribute, rates, elsewhere)
with head:
    parts.sentence("Fairness", "Is anyone treated worse, and are we sure?", says, more)
    parts.note(say.window(load.days(scope, labels=late), load.complete_until(scope.model) if late else None))
    if late:
        labels.careful(scope)
    for attribute, rate, n in elsewhere:
        parts.link("fairness", say.outside_elsewhere(attribute, rate, n), attribute=attribute, metric=rate)
if not rates["value"].notna().any():
    parts.nothing("Nothing can be computed here.", "Labels may be missing in this window: choose an earlier one.")
    st.stop()

asked = fairness.Asked(scope, metric, load.reference(scope), rates, findings)
views = {
    "By group": fairness.by_group,
    "Over time": over_time.section,
    "Mix against rate": gap_mix.section,
    "Before labels": fairness.before_labels,
    "In one number": fairness.summary,
}
parts.views("view", {name: partial(draw, asked) for name, draw in views.items()})
