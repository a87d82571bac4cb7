"""Is anything wrong? What needs attention first, then how each part stands, then what happened when."""

import streamlit as st

from dashboard import charts
from dashboard.ui import happened, headlines, load, parts, say, state, verdicts
from dashboard.ui.load import quality

scope = state.scope()
findings = load.findings(scope)
says, more = headlines.attention(findings)
parts.sentence("Overview", "Is anything wrong?", says, more)
urgent = headlines.most_urgent(findings)
parts.linked_findings(urgent)
parts.note(headlines.not_listed(findings, urgent))
parts.linked_sentences(happened.units(quality.unit_changes(scope.model), scope), "units")
stuck = [(one.sentence, "data", scope.window) for one in quality.stuck(scope.model)]
parts.linked_sentences(stuck, "stuck")
happened.coming(scope)
events = happened.events(scope.model, findings)
happened.unusual(scope, events)

performance = load.readings(scope, headlines.STANDING, ("performance",), labels=True)
service = load.readings(scope, ("latency_p95",), ("service",))
parts.tiles(headlines.standing(performance, service, findings))

leading = headlines.leading(load.contract(scope.model).task)
weekly = load.readings(scope, (leading,), ("performance",), by="week", everything=True)
if weekly["value"].notna().any():
    settled = load.complete_until(scope.model).isoformat()
    parts.section(f"{say.plain_title(leading)} by week", say.still_coming(weekly, settled))
    starts = load.version_starts(scope.model)
    figure = charts.over_time(weekly, load.promise(scope, leading), starts, settled=settled)
    parts.picture(figure, f"{leading}-by-week", say.alt(weekly, "since"))

happened.timeline(scope, events)

if findings:
    with st.expander(f"All {len(findings)} checks"):
        parts.findings_table(findings, "Every check of the policy, outside first")
        parts.download(verdicts.frame(findings), "findings", "Download all checks (CSV)")
