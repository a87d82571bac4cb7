"""Why do two groups differ? A gap taken apart by another attribute: another mix, or another rate among like cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.waterfall import percent
from dashboard.charts.words import counts, group_name, missing, number, window
from dashboard.metrics import METRICS
from dashboard.report.gap_mix import Gap, GapChange, declare
from dashboard.report.gap_words import change_sentence, gap_sentence
from dashboard.ui import parts, say
from dashboard.ui.fairness import Asked
from dashboard.ui.load import change as changes
from dashboard.ui.load import gap_mix as load
from dashboard.ui.load.gap_mix import Days

URGENT = ("outside", "inconclusive", "within", "cannot be computed")
NOW_NUMBERS = ("Share", "Share of reference", "Rate", "Rate of reference", "Other mix", "Within", "Together")
CHANGE_NUMBERS = ("Rate before", "Rate now", "Reference before", "Reference now", "Other mix", "Within", "Together")


def section(asked: Asked) -> None:
    """Does take a group's gap to the reference apart, and then its change since an earlier window."""
    if METRICS[asked.metric].unit == "label":
        parts.nothing("A mean error is not taken apart.", "Choose a question that counts cases: hits of trials.")
        return
    counted, missing_ones = load.attributes(asked.scope)
    if not counted:
        _not_counted(asked.attribute, missing_ones)
        return
    groups = _groups(asked)
    if not groups:
        parts.nothing("There is no gap to take apart.", "Only the reference has cases in this window.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = str(st.selectbox("Group", groups, format_func=say.group, key="gap-of", width=240, bind="query-params"))
        by = str(st.selectbox("By", counted, format_func=say.plain, key="gap-by", width=220, bind="query-params"))
        before, now = changes.windows(asked.scope, asked.metric)
        then: Days | None = st.selectbox("Compared with", before, format_func=_days, key="gap-before", width=240)
    _gap(load.gap(asked.scope, asked.metric, group, by, now), now)
    if then is None:
        parts.nothing(f"Nothing lies before {_days(now)}.", "Choose a later window: a change needs two.")
    else:
        _change(load.gap_change(asked.scope, asked.metric, group, by, now, then), now, then)
    if missing_ones:
        parts.note(_also(asked.attribute, missing_ones))


def _groups(asked: Asked) -> list[str]:
    """Returns the groups that have a rate, but for the reference: the most urgent finding's first."""
    rates = asked.rates[asked.rates["value"].notna()]
    known = [str(group) for group in rates["group"].dropna() if str(group) != asked.reference]
    if asked.reference not in set(rates["group"]):
        return []
    findings = sorted(asked.findings, key=lambda finding: URGENT.index(finding.state))
    urgent = [str(finding.group) for finding in findings if finding.group in known]
    return list(dict.fromkeys((*urgent, *(group for group in known if "unknown" not in group.split("*")))))


def _not_counted(attribute: str, others: Sequence[str]) -> None:
    if not others:
        parts.nothing(f"There is no attribute to take {say.plain(attribute)} apart by.", "The contract declares one.")
        return
    parts.nothing(
        f"{say.plain(attribute).capitalize()} is not counted together with another attribute.",
        "A gap is taken apart by an attribute that is counted together with this one.",
        f"Declare for example {declare(attribute, others[0])} in contract.toml and count again: evenhand rollup MODEL.",
    )


def _also(attribute: str, others: Sequence[str]) -> str:
    named = say.listed([say.plain(name) for name in others])
    return f"Not by {named}: declare {declare(attribute, others[0])} or its like in contract.toml and count again."


def _days(days: Days) -> str:
    return window(*days)


def _gap(gap: Gap, now: Days) -> None:
    """Does draw the gap of one window, from the reference's rate to the group's."""
    of = gap.of
    parts.section(f"Why {say.group(of.group)} and {say.group(of.reference)} differ", f"{_days(now)}, {_what(of.by)}")
    if not gap.parts:
        parts.nothing(gap_sentence(gap), "Choose another window, or a rate that does not wait for labels.")
        return
    parts.findings([_said(gap, gap_sentence(gap), "The gap")])
    ordered = sorted(gap.parts, key=lambda part: -abs(part.rate))
    rates = [(f"{group_name(part.group)}: within", part.rate) for part in ordered]
    reference, group = gap.difference.reference.value or 0.0, gap.difference.group.value or 0.0
    ends = (say.group(of.reference), reference), (say.group(of.group), group)
    figure = charts.waterfall(ends, gap.mix, rates, METRICS[of.metric].better, name=f"Other mix: {_name(of.by)}")
    parts.picture(figure, f"gap-{of.metric}", gap_sentence(gap))
    rows = gap.frame()
    parts.table(now_table(rows, _name(of.by)), f"What each {_name(of.by)} adds to the gap", numbers=NOW_NUMBERS)
    parts.note("Shares are those of the cases that the rate counts. The parts add up to the gap.")
    parts.download(rows, f"gap-{of.metric}-{of.group.replace('*', '-')}-by-{of.by}")


def _change(change: GapChange, now: Days, before: Days) -> None:
    """Does draw the change of the gap, from the gap before to the gap now."""
    of = change.of
    parts.section("Why the gap changed", f"{_days(now)} against {_days(before)}, {_what(of.by)}")
    if not change.parts:
        parts.nothing(change_sentence(change), "Choose another window to compare with.")
        return
    parts.findings([_said(change, change_sentence(change), "The change")])
    ordered = sorted(change.parts, key=lambda part: -abs(part.rate))
    rates = [(f"{group_name(part.name)}: within", part.rate) for part in ordered]
    ends = (_days(before), change.was.value or 0.0), (_days(now), change.is_.value or 0.0)
    name = f"Other mix: {_name(of.by)}"
    figure = charts.waterfall(ends, change.mix, rates, METRICS[of.metric].better, "points", name)
    parts.picture(figure, f"gap-change-{of.metric}", change_sentence(change))
    rows = change.frame()
    parts.table(
        change_table(rows, _name(of.by)), f"What each {_name(of.by)} adds to the change", numbers=CHANGE_NUMBERS
    )
    parts.note(
        "The change of the group’s rate minus that of the reference’s, each taken apart; the parts add up to it."
    )
    parts.download(rows, f"gap-change-{of.metric}-{of.group.replace('*', '-')}-by-{of.by}")


def _said(found: Gap | GapChange, text: str, what: str) -> tuple[str | None, str, str]:
    """Returns the sentence with its mark: what chance may make can't be told; no rule judges it otherwise."""
    return ("inconclusive", text, "Within chance") if found.by_chance else (None, text, what)


def _name(by: str) -> str:
    return say.plain(by)


def _what(by: str) -> str:
    return f"by {say.plain(by)}: another mix, or another rate within the same {say.plain(by)}?"


def now_table(rows: pd.DataFrame, name: str) -> list[dict[str, object]]:
    """Returns a row for each group of the other attribute: shares and rates of both groups, what they add."""
    return [
        {
            name.capitalize(): group_name(row["among"]),
            "Share": number(row["share_group"], "share"),
            "Share of reference": number(row["share_reference"], "share"),
            "Rate": _rate(row, "group"),
            "Rate of reference": _rate(row, "reference"),
        }
        | _added(row)
        for row in rows.to_dict("records")
    ]


def change_table(rows: pd.DataFrame, name: str) -> list[dict[str, object]]:
    """Returns a row for each group of the other attribute: rates before and now, what they add to the change."""
    return [
        {
            name.capitalize(): group_name(row["among"]),
            "Rate before": number(row["rate_group_before"], "share"),
            "Rate now": number(row["rate_group_now"], "share"),
            "Reference before": number(row["rate_reference_before"], "share"),
            "Reference now": number(row["rate_reference_now"], "share"),
        }
        | _added(row)
        for row in rows.to_dict("records")
    ]


def _added(row: Mapping[Any, Any]) -> dict[str, object]:
    return {
        "Other mix": number(row["mix"], "points"),
        "Within": number(row["rate"], "points"),
        "Together": number(row["total"], "points"),
    }


def _rate(row: Mapping[Any, Any], whose: str) -> str:
    value = row[f"rate_{whose}"]
    made = counts(row[f"hits_{whose}"], row[f"trials_{whose}"])
    return "–" if missing(value) else f"{percent(value)} ({made})"
