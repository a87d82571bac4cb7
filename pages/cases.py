"""Is this prediction wrong? Rows of the log, filtered; one opened, against the reference; a flag that is kept."""

import streamlit as st

from dashboard import charts
from dashboard.ui import case_view, load, parts, people, say, similar, state

scope = state.scope()
head = st.container()
filters = case_view.filter_row(scope)
found = load.cases(scope, case_view.LIMIT, **filters)
says, more = case_view.sentence(found, filters)
with head:
    parts.sentence("Cases", "Is this prediction wrong?", says, more)
    parts.note(say.window(load.days(scope), load.complete_until(scope.model)))
if found.empty:
    parts.nothing("No case fits.", "Widen the filter, or choose another window at the top.")
    st.stop()

address = case_view.chosen(case_view.table(found))
parts.download(found, "cases")
case = load.case(scope.model, *address) if address else None
if case is None:
    parts.nothing("Select a row to open the case.", "The box below the table does the same by keyboard.")
    st.stop()

parts.section(f"Case {case['id']}", case_view.answer(case))
caption = (
    "What the model was given; the strip shows where it lies among all of the reference, its line what is possible"
)
parts.table(case_view.inputs(scope, case), caption)
feature = st.selectbox("Against the reference", case_view.features(scope, case), key="case-feature", width=280)
shares = load.distribution(scope, feature) if feature else None
if shares is not None and "low" in shares:
    figure = charts.reference_against_now(shares, load.unit(scope, feature), here=case_view.value(case, feature))
    parts.picture(figure, f"case-{feature}", case_view.here(case, feature))

similar.section(scope, case)
case_view.flags(people.flags(scope.model, case))
case_view.flag_form(scope, case)
