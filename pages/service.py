"""How fast does it answer, and does it answer at all? Every answer in a heat map, the quantiles over it."""

import streamlit as st

from dashboard import charts
from dashboard.ui import headlines, load, parts, say, state

scope = state.scope()
readings = load.readings(scope, kinds=("service",))
promise = (load.promise(scope, "latency_p95") or (None, None))[1]
says, more = headlines.service(readings, promise)
parts.sentence("Service", "How fast does it answer, and does it answer at all?", says, more)
parts.note(say.drift_window(load.days(scope), None))
findings = load.findings(scope, "service")
parts.findings([(finding.state, finding.sentence) for finding in findings])

answers = load.latencies(scope)
daily = load.readings(scope, kinds=("service",), by="day")
if answers.empty:
    parts.nothing("No latencies in this window.", "The contract names the column that holds them: latency_ms.")
else:
    parts.section(
        "Every answer",
        "The stronger the colour, the larger the share of that period's answers. Lines: half, 95 and 99 of 100.",
    )
    parts.picture(charts.heat_map(answers, daily, promise), "latency", f"{says} {more}")
    parts.section("Requests", "How many answers came, over the same time.")
    requests = load.volume(scope)
    parts.picture(charts.load_line(requests), "volume", say.volume(requests))

errors = daily[daily["metric"] == "error_rate"]
if errors["value"].notna().any():
    parts.section("Failures", "Share of requests that failed, by day.")
    parts.picture(charts.over_time(errors, load.promise(scope, "error_rate")), "errors", say.alt(errors, "since"))

parts.section("The numbers")
parts.readings_table(readings, "This window, with 95 % intervals", by="metric")
parts.download(readings, "service")
with st.expander("By day"):
    parts.readings_table(daily[daily["metric"] == "latency_p95"], "Latency p95 by day", by="since")
    parts.download(daily, "service-by-day")
