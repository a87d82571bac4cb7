"""Do the inputs look as they used to? Features ranked by how far they moved; one opened against the reference."""

import streamlit as st

from dashboard import charts
from dashboard.ui import concept, headlines, load, parts, say, state, together, verdicts

scope = state.scope()
readings = load.drift(scope, ("psi",))
findings = load.findings(scope, "drift")
moved = verdicts.with_states(readings, findings)
says, more = headlines.drift(findings, len(moved))
parts.sentence("Drift", "Do the inputs look as they used to?", says, more)

if moved.empty:
    parts.nothing(
        "There is nothing to compare with.",
        "The policy names a reference window: [windows] reference = { since, until } in policy.toml.",
    )
    st.stop()

parts.note(say.drift_window(load.drift_days(scope), load.reference_days(scope)))
allowed = verdicts.allowed(scope, "psi")
parts.section("How far each has moved", "Population stability index; its interval is the one the verdict is read off.")
figure = charts.ranked_dots(moved, allowed, "enough to matter")
parts.picture(figure, "drift", say.alt(moved, "feature"), states=moved["state"])
parts.download(lambda: load.drift(scope), "drift")

parts.section("One of them, reference against now")
feature = st.selectbox(
    "Feature", list(moved.sort_values("value", ascending=False)["feature"]), key="feature", width=280
)
shares = load.distribution(scope, feature)
if shares.empty:
    parts.nothing("This one has no distribution to draw.", "Its values are all missing in one of the two windows.")
elif "category" in shares:
    parts.picture(charts.categories_against_now(shares), f"shares-{feature}", say.shares(shares))
else:
    parts.picture(
        charts.reference_against_now(shares, load.unit(scope, feature)), f"shares-{feature}", say.moved(moved, feature)
    )
parts.download(shares, f"distribution-{feature}")

weekly = load.drift(scope, ("psi",), feature, by="week")
if weekly["value"].notna().any():
    parts.section(f"{feature} by week")
    starts = load.version_starts(scope.model)
    parts.picture(charts.over_time(weekly, allowed, starts), f"psi-{feature}", say.alt(weekly, "since"))

if everything := parts.opened("All measures of every feature", "all-measures"):
    with everything:
        shown = load.drift(scope).drop(columns=["kind", "attribute", "group", "reference"])
        parts.grid(shown, "drift", "Drift readings")

if labels := parts.opened("Labels and scores: does a score still mean what it meant?", "labels-and-scores"):
    with labels:
        concept.section(scope)

if inputs := parts.opened("Inputs together: what no single one shows", "inputs-together"):
    with inputs:
        together.section(scope)
