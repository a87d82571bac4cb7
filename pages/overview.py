"""Is anything wrong? What needs attention first, then how each part stands, then what happened when."""

import streamlit as st

from dashboard import charts
from dashboard.ui import headlines, load, parts, people, say, state, verdicts

scope = state.scope()
findings = load.findings(scope)
says, more = headlines.attention(findings)
parts.sentence("Overview", "Is anything wrong?", says, more)
parts.findings([(finding.state, finding.sentence) for finding in headlines.most_urgent(findings)])
with st.container(horizontal=True):
    for page, words in (
        ("fairness", "Fairness"),
        ("drift", "Drift"),
        ("service", "Service"),
        ("performance", "Performance"),
    ):
        parts.link(page, f"{words} →")

performance = load.readings(scope, ("accuracy", "true_positive_rate"), ("performance",), labels=True)
service = load.readings(scope, ("latency_p95",), ("service",))
parts.tiles(headlines.standing(performance, service, findings))

weekly = load.readings(scope, ("accuracy",), ("performance",), by="week", everything=True)
if weekly["value"].notna().any():
    parts.section("Accuracy by week", "Of the labels that have arrived; each dot with its 95 % interval.")
    figure = charts.over_time(weekly, load.promise(scope, "accuracy"), load.version_starts(scope.model))
    parts.picture(figure, "accuracy-by-week", say.alt(weekly, "since"))

parts.section("What happened when")
events = people.events(scope.model)
parts.picture(charts.timeline(events), "timeline", "; ".join(events["text"]))

if findings:
    with st.expander(f"All {len(findings)} checks"):
        parts.findings_table(findings, "Every check of the policy, outside first")
        parts.download(verdicts.frame(findings), "findings", "Download all checks (CSV)")
