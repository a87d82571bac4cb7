"""Is anyone treated worse, and are we sure? One metric at a time, by its plain question; verdicts only by policy."""

import streamlit as st

from dashboard import charts
from dashboard.charts import words
from dashboard.ui import estimates, headlines, labels, load, parts, say, state, verdicts

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
reference = load.reference(scope)
known, unknown = verdicts.known_groups(rates)
if not rates["value"].notna().any():
    parts.nothing("Nothing can be computed here.", "Labels may be missing in this window: choose an earlier one.")
    st.stop()

differences = verdicts.judged(findings)
if findings:
    parts.section(verdicts.contrast(findings, say.group(reference)), headlines.judged(findings))
    shown = verdicts.drawn(differences, reference)
    figure = charts.interval_dots(shown, findings[0].allowed)
    parts.picture(figure, f"{metric}-difference", say.alt(shown), states=shown["state"])
    parts.note(say.some(shown, differences))

parts.section(words.question(metric), f"{words.title(metric)}, each group by itself, with its 95 % interval.")
shown = verdicts.drawn(known, reference)
parts.picture(charts.interval_dots(shown, reference=reference), metric, say.alt(shown))
parts.note(say.some(shown, known))
parts.fairness_table(known, differences, f"{words.title(metric)} by {say.plain(scope.attribute)}")
parts.note(say.left_out(unknown, scope.attribute))
parts.download(verdicts.together(rates, differences), f"{metric}-by-{scope.attribute}")

if over_time := parts.opened("Over time", "over-time"):
    with over_time:
        months = load.readings(
            scope, (metric,), ("performance",), attribute=scope.attribute, by="month", everything=True
        )
        shown, starts = (
            verdicts.drawn(verdicts.known_groups(months)[0], reference, 10),
            load.version_starts(scope.model),
        )
        settled = load.complete_until(scope.model).isoformat()
        parts.note(say.still_coming(shown, settled))
        figure = charts.over_time(shown, None, starts, reference, settled)
        parts.picture(figure, f"{metric}-by-month", say.alt(shown))
        parts.download(months, f"{metric}-by-month")

if late and (estimated := parts.opened("Estimated, before the labels arrive", "estimated")):
    with estimated:
        estimates.by_group(scope, metric)

if summary := parts.opened("The field's own summary numbers (largest against smallest group)", "summary"):
    with summary:
        named = load.readings(scope, kinds=("fairness",), labels=True, attribute=scope.attribute)
        named = named[named["group"].isna()]
        parts.readings_table(named, "As fairlearn defines them, with intervals over all pairs of groups", by="metric")
        parts.download(named, f"summary-by-{scope.attribute}")
