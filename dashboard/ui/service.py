"""How fast answers come and whether they come at all: the heat map, the requests, the failures, the numbers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import Unit, interval, missing, number
from dashboard.metrics.load import LoadClass
from dashboard.rates import Measure
from dashboard.ui import load, parts, say
from dashboard.ui.load import service
from dashboard.ui.state import Scope

HOW = (
    "A dot is an hour: its requests, and the latency that 95 of 100 of its answers stayed within. Lines: half and "
    "95 of 100 of all answers in hours about as busy, with 95 % intervals."
)


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
    box = parts.opened("By version, endpoint and status", "service-parts")
    if box:
        with box:
            by_part(scope)
    with st.expander("By day"):
        parts.readings_table(daily[daily["metric"] == "latency_p95"], "Latency p95 by day", by="since")
        parts.download(daily, "service-by-day")


def by_part(scope: Scope) -> None:
    """Does write the latencies of each version, endpoint and status, a row each."""
    found = service.by_part(scope)
    for column, readings in found.items():
        name = "version" if column == "version" else "feature"
        rows = [
            {
                column.capitalize(): str(place).removeprefix(f"{column}="),
                "Half within": _of(group, "latency_p50"),
                "95 of 100 within": _of(group, "latency_p95"),
                "99 of 100 within": _of(group, "latency_p99"),
                "Failed": _of(group, "error_rate", "share"),
                "Requests": "".join(f"{int(n):,}" for n in group[group["metric"] == "throughput"]["n"]),
            }
            for place, group in readings.groupby(name)
        ]
        numbers = ("Half within", "95 of 100 within", "99 of 100 within", "Failed", "Requests")
        if column == "status":  # says itself whether it is a failure
            rows = [{key: cell for key, cell in row.items() if key != "Failed"} for row in rows]
        parts.table(rows, f"By {column}, with 95 % intervals", numbers)
    parts.download(pd.concat(found.values(), ignore_index=True), "latency-by-part")


def _of(readings: pd.DataFrame, metric: str, unit: Unit = "ms") -> str:
    for row in readings[readings["metric"] == metric].to_dict("records"):
        if not missing(row["value"]):
            return f"{number(row['value'], unit)} ({interval(row['low'], row['high'], unit)})"
    return "–"


def against_load(scope: Scope) -> None:
    """Does draw latency against the requests of an hour, and how many answers came over the window."""
    requests, found = load.volume(scope), service.against_load(scope)
    if requests.empty:
        parts.nothing("No latencies in this window.", "The contract names the column that holds them: latency_ms.")
        return
    says = slower(found.classes)
    parts.section("Does it get slower when more is asked of it?", says)
    parts.note(HOW)
    parts.picture(charts.latency_against_load(found.hours, found.classes), "latency-against-load", says)
    rows = [
        {
            "Requests an hour": span(one),
            "Hours": f"{one.hours:,}",
            "Half within": _within(one.p50),
            "95 of 100 within": _within(one.p95),
            "n": f"{one.p95.n:,}",
        }
        for one in found.classes
    ]
    parts.table(rows, "Latency by load, with 95 % intervals", ("Hours", "Half within", "95 of 100 within", "n"))
    parts.note("Load is not all that differs between hours: the time of day and who asks differ with it.")
    parts.download(found.hours, "latency-against-load", "Download the hours (CSV)")
    parts.section("Requests", "How many answers came, over the same time.")
    parts.picture(charts.load_line(requests), "volume", say.volume(requests))


def slower(classes: Sequence[LoadClass]) -> str:
    """Returns in words whether the busiest hours answer slower than the quietest; only what intervals tell apart."""
    if len(classes) < 2:
        return "All hours are about as busy: load cannot be told from anything else here."
    quiet, busy = classes[0], classes[-1]
    (_, top), (low, _) = quiet.p95.interval(), busy.p95.interval()
    (bottom, _), (_, high) = quiet.p95.interval(), busy.p95.interval()
    ends = f"{number(quiet.p95.value, 'ms')} to {number(busy.p95.value, 'ms')}"
    when = f"when {span(busy)} requests come in an hour instead of {span(quiet)}"
    if top is not None and low is not None and low > top:
        return f"The latency of 95 of 100 answers rises from {ends} {when}."
    if high is not None and bottom is not None and high < bottom:
        return f"The latency of 95 of 100 answers falls from {ends} {when}."
    return f"No difference is shown: the latency of 95 of 100 answers goes from {ends} {when}, within chance."


def span(one: LoadClass) -> str:
    """Returns a class's requests an hour: `3 to 12`."""
    return f"{one.low:,} to {one.high:,}" if one.low < one.high else f"{one.low:,}"


def _within(measure: Measure) -> str:
    return f"{number(measure.value, 'ms')} ({interval(*measure.interval(), 'ms')})"
