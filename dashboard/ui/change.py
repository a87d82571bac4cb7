"""Why did it change? A rate in two windows, taken apart by an attribute: other groups, or worse within the groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.waterfall import percent
from dashboard.charts.words import counts, group_name, missing, number, title, window
from dashboard.metrics import METRICS, RATES
from dashboard.report.change import Change, sentence
from dashboard.ui import load as loads
from dashboard.ui import parts, say
from dashboard.ui.load import change as load
from dashboard.ui.load.change import Days
from dashboard.ui.state import Scope

MORE_RATES = ("label_coverage", "beyond_tolerance_rate")


def section(scope: Scope) -> None:
    """Does draw the section, or nothing where the model has no rate or no attribute to take it apart by."""
    rates, known = _rates(scope), load.attributes(scope)
    if not rates or not known:
        return
    parts.section("Why did it change?", "Other groups, or the same groups treated otherwise: the change, taken apart.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = str(st.selectbox("Rate", rates, format_func=title, key="change-metric", width=340))
        place = known.index(scope.attribute) if scope.attribute in known else 0
        by = str(st.selectbox("Taken apart by", known, place, format_func=say.plain, key="change-by", width=220))
        listed, now = load.windows(scope, metric)
        before = st.selectbox("Compared with", listed, format_func=_days, key="change-before", width=240)
    if not listed:
        parts.nothing(f"Nothing lies before {_days(now)}.", "Choose a later window: a change needs two.")
        return
    found = load.change(scope, metric, by, now, before)
    if not found.parts:
        parts.nothing(sentence(found), "Choose other windows, or a rate that does not wait for labels.")
        return
    _drawn(found, now, before)


def _rates(scope: Scope) -> list[str]:
    """Returns the rates of the model's task."""
    contract = loads.contract(scope.model)
    known = [name for name in (*RATES, *MORE_RATES) if set(contract.tasks) & set(METRICS[name].tasks)]
    return [name for name in known if name != "beyond_tolerance_rate" or contract.tolerance is not None]


def _days(days: Days) -> str:
    return window(*days)


def _drawn(found: Change, now: Days, before: Days) -> None:
    value = float(found.difference.value or 0.0)
    better = METRICS[found.metric].better
    outside = not found.by_chance and ((value < 0) if better == "higher" else (value > 0)) and better != "context"
    state = "inconclusive" if found.by_chance else "outside" if outside else None
    word = "Within chance" if found.by_chance else ("Worse" if outside else "" if better == "context" else "Better")
    state = "within" if word == "Better" else state
    parts.findings([(state, sentence(found), word)])
    parts.note(f"{say.plain_title(found.metric)}, {_days(now)} against {_days(before)}, by {say.plain(found.by)}.")
    ordered = sorted(found.parts, key=lambda part: -abs(part.rate))
    rates = [(f"{group_name(part.group)}: within", part.rate) for part in ordered]
    ends = (_days(before), found.difference.reference.value or 0.0), (_days(now), found.difference.group.value or 0.0)
    figure = charts.waterfall(ends, found.mix, rates, better)
    parts.picture(figure, f"change-{found.metric}", sentence(found))
    rows = found.frame()
    parts.table(table(rows), "What each group adds to the change", numbers=NUMBERS)
    parts.note("Mix: its share changed. Within: its own rate changed. The parts of all groups add up to the change.")
    parts.download(rows, f"change-{found.metric}-by-{found.by.replace('*', '-')}")


NUMBERS = ("Share before", "Share now", "Rate before", "Rate now", "Mix", "Within", "Together")


def table(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Returns a row for each group: shares and rates of both windows, and what they add to the change."""
    return [
        {
            "Group": group_name(row["group"]),
            "Share before": number(row["share_before"], "share"),
            "Share now": number(row["share_now"], "share"),
            "Rate before": _rate(row, "before"),
            "Rate now": _rate(row, "now"),
            "Mix": number(row["mix"], "points"),
            "Within": number(row["rate"], "points"),
            "Together": number(row["total"], "points"),
        }
        for row in rows.to_dict("records")
    ]


def _rate(row: Mapping[Any, Any], when: str) -> str:
    made = counts(row[f"hits_{when}"], row[f"trials_{when}"])
    value = row[f"rate_{when}"]
    return "–" if missing(value) else f"{percent(value)} ({made})"
