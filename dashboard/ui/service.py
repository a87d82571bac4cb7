"""How fast answers come and whether they come at all: the heat map, the requests, the failures, the numbers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.ui import load, parts, say
from dashboard.ui.state import Scope


def answers(scope: Scope, readings: pd.DataFrame, says: str) -> None:
    """Does draw every answer of the window, the failures by day, and the table of numbers."""
    found = load.latencies(scope)
    daily = load.readings(scope, kinds=("service",), by="day")
    if found.empty:
        parts.nothing("No latencies in this window.", "The contract names the column that holds them: latency_ms.")
    else:
        parts.section(
            "Every answer",
            "The stronger the colour, the larger the share of that period's answers. Lines: half, 95 and 99 of 100.",
        )
        promise = (load.promise(scope, "latency_p95") or (None, None))[1]
        parts.picture(charts.heat_map(found, daily, promise), "latency", says)
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


def load_over_time(scope: Scope) -> None:
    """Does draw how many answers came, over the window."""
    requests = load.volume(scope)
    if requests.empty:
        parts.nothing("No latencies in this window.", "The contract names the column that holds them: latency_ms.")
        return
    parts.section("Requests", "How many answers came, over the same time.")
    parts.picture(charts.load_line(requests), "volume", say.volume(requests))
