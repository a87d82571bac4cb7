"""Can its percentages be taken at their word? What it says against what happens, by group; how sure it is."""

import streamlit as st

from dashboard import charts
from dashboard.ui import calibration_words as words
from dashboard.ui import load, parts, say, state
from dashboard.ui.load import calibration

scope = state.scope()
task = load.contract(scope.model).task
ASKS = "Can its percentages be taken at their word?"
if task == "regression":
    parts.sentence("Calibration", ASKS, "This model predicts a number, not a probability.")
    parts.nothing("Nothing to hold against what happens.", "How far off its numbers are is on Performance.")
    st.stop()

sure = task == "multiclass"
curves, scores = calibration.curves(scope)
curve, of_all = words.marked(curves[curves["class"].isna()]), scores[scores["class"].isna()]
readings = load.readings(scope, words.NUMBERS, ("performance",), labels=True)
groups = words.by_group(scope)
says, more = words.sentence(curve, readings, sure)
farthest = words.group_sentence(groups)
parts.sentence("Calibration", ASKS, says, f"{more} {farthest}".strip())
parts.note(words.days(scope, not curve.empty))
parts.findings(words.judged(scope))

if of_all.empty:
    parts.nothing("No scores in these days.", "Deliver the probability behind each decision and name its column.")
    st.stop()
if curve.empty:
    parts.nothing("No labels yet for these days.", "Choose an earlier window.", "How sure it is needs none: see below.")
else:
    parts.section("What it says, and what happens", words.HOW_TO_READ)
    drawn, written = st.columns([11, 9], gap="large")
    with drawn:
        figure = charts.reliability_curve(words.named(curve, sure), of_all, *words.AXES[sure])
        parts.picture(figure, "reliability", f"{says} {words.alt(curve)}")
    with written:
        parts.table(words.table(curve, sure), words.CAPTION, numbers=(words.HEADS[sure][1], "Interval", "Counts"))
        parts.download(curves, "reliability")

if scope.attribute and groups["value"].notna().any():
    parts.section(f"By {say.plain(scope.attribute)}", farthest or words.NO_GROUP)
    parts.picture(charts.gap_dots(groups), "calibration-by-group", say.alt(groups))
    of_groups, _ = calibration.curves(scope, scope.attribute)
    parts.side_by_side(words.in_small(of_groups[of_groups["class"].isna()]))
    parts.download(of_groups, f"reliability-by-{scope.attribute}")

if sure and len(curves) > len(curve):
    parts.section("Class by class", "Each against all others: what it says of the class, and how often it is that one.")
    parts.side_by_side(words.in_small(curves[curves["class"].notna()], "class"))

confidence = calibration.confidence(scope)
if len(confidence):
    parts.section("How sure it is, week by week", f"{words.how_sure(confidence)} {words.SURE_HOW}")
    figure = charts.confidence_bands(confidence, load.version_starts(scope.model))
    parts.picture(figure, "confidence", words.how_sure(confidence))
    parts.download(confidence, "confidence")

parts.section("In numbers", "Distances from the dashed line are held against what chance alone would show.")
shown = readings[readings["feature"].isna() & (readings["value"].notna() | (not curve.empty))]
parts.readings_table(shown, "Each with its 95 % interval", by="metric")
parts.download(readings, "calibration")
