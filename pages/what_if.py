"""What would another threshold do? Every group's rates before and after, what can be reached at all, a proposal."""

import streamlit as st

from dashboard.ui import frontier, load, parts, proposing, say, state, worths
from dashboard.ui import what_if as words
from dashboard.ui.load import what_if

ASKS = "What would another threshold do, and to whom?"
scope = state.scope()
contract = load.contract(scope.model)
if contract.task != "binary":
    parts.sentence("What-if", ASKS, "This model decides by no threshold.")
    parts.nothing("A threshold needs two outcomes and a score.", "How good it is stands on Performance.")
    st.stop()
found, days = what_if.counts(scope), load.days(scope, labels=True)
if found is None:
    parts.sentence("What-if", ASKS, "There are no scores in these days.")
    parts.nothing("A threshold needs scores.", "Choose another window, or name the score's column in the contract.")
    st.stop()
if not all(found.labelled):
    parts.sentence("What-if", ASKS, "No labels of both kinds have come for these days.")
    parts.nothing("What a threshold finds and misses needs labels.", "Choose an earlier window at the top.")
    st.stop()

head = st.container()
rate, goal = words.chosen_question(contract)
places = words.chosen(found, scope.attribute)
now = [found.present] * len(found.groups)
rates, points = what_if.rates(found, places), [what_if.reached(found, at, rate, goal) for at in (places, now)]
with head:
    says = words.sentence(found, places, rates, rate, (points[0].gap, points[1].gap))
    unit = contract.value.unit if contract.value else ""
    worth = worths.sentence(what_if.worths(found, places), unit) if words.changed(found, places) else ""
    parts.sentence("What-if", ASKS, says, worth)
    parts.note(f"{say.window(days, load.complete_until(scope.model))} {words.moved(found)}")
parts.note(words.as_decided(found, rates))

parts.section("Every group, now and then", "Now → under the chosen thresholds, each with its 95 % interval.")
parts.table(words.table(rates), "Rates now and under the chosen thresholds", numbers=words.NUMBERS)
parts.note(words.gap_words(found, places, rate))
parts.note(words.left_out(found))
parts.download(rates, "what-if")
worths.section(found, places, unit)

marked = {"now": (points[1].gap, points[1].goal)}
if words.changed(found, places):
    marked["chosen"] = (points[0].gap, points[0].goal)
frontier.draw(scope, found, places, rate, goal, marked)

parts.section("Before anybody uses it")
parts.findings([(None, text) for text in words.WARNINGS])
proposing.form(scope, found, places, rates, days)
