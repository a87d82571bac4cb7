"""Can the data be trusted? Rows turned away and why, what is missing where, and how the delivery changed."""

import streamlit as st

from dashboard import charts
from dashboard.ui import deliveries, load, parts, say, state
from dashboard.ui.load import quality as qualities

scope = state.scope()
records = load.batches(scope.model)
units = qualities.unit_changes(scope.model)
says, more = deliveries.sentence(records)
parts.sentence("Data", "Can the data be trusted?", deliveries.with_units(says, units), more)

if units:
    parts.section("Values in another unit", deliveries.looked_at(units))
    parts.findings([(None, change.sentence) for change in units])
    parts.table(deliveries.units(units), "Inputs whose unit seems to have changed", numbers=deliveries.MEASURED)

turned = deliveries.reasons(records)
if turned:
    parts.section("Turned away", "Kept with the reason and the row as delivered; nothing is lost.")
    parts.table(turned, "Rows turned away, by reason", numbers=("Rows",))
    examples = deliveries.rejected(scope.model)
    with st.expander("Examples"):
        parts.grid(examples, "rejected", "Rejected rows with their reasons")
    parts.download(examples, "rejected", "Download the examples (CSV)")

quality = load.missing(scope)
parts.section("Missing values", deliveries.missing(quality))
if quality.empty:
    parts.nothing("No input is declared.", "Features in the contract are watched for missing and impossible values.")
else:
    parts.picture(charts.missing_strip(quality), "missing", deliveries.missing(quality))
    with st.expander("By input"):
        parts.table(deliveries.by_feature(quality), "Missing and out of range, by input", numbers=deliveries.COUNTED)
    parts.download(quality, "missing")

changes = deliveries.changes(records)
if changes:
    parts.section("How the delivery changed")
    parts.table(changes, "What was new, gone or of another type, by delivery")

coverage = load.readings(scope, ("label_coverage",), ("data",), by="week", everything=True)
if coverage["value"].notna().any():
    parts.section("Labels", "Share of each week's predictions whose label has arrived; hollow where they still come.")
    settled = load.complete_until(scope.model).isoformat()
    figure = charts.over_time(coverage, load.promise(scope, "label_coverage"), settled=settled)
    parts.picture(figure, "labels", say.alt(coverage, "since"))

parts.section("Deliveries")
parts.grid(deliveries.frame(records), "deliveries", "Every delivery: when it came, its rows, how many were accepted")
parts.download(deliveries.frame(records), "deliveries")
