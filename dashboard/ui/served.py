"""Whom the model serves: each group's share of all predictions, week by week, against the reference window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import counts, digits, group_name, in_order, interval, missing, number, window
from dashboard.contract import UNKNOWN_GROUP
from dashboard.ui import load, parts, say
from dashboard.ui.crossed import ASKS
from dashboard.ui.load import groups
from dashboard.ui.load.groups import Served
from dashboard.ui.state import Scope

Row = Mapping[Any, Any]
HOW = (
    "A dot is a {by}'s share of all predictions, with its 95 % interval; each picture has its own scale, from 0. "
    "Dashed: the share in the reference window, which is shaded."
)
NUMBERS = ("Reference", "Now", "Change", "95 % interval", "Counts then", "Counts now", "Labelled now")


def section(scope: Scope, head: Any) -> None:
    """Does draw the mix of the scope's attribute over time, its sentence into `head`."""
    by = str(st.selectbox("By", ["week", "month"], key="mix-by", width=120))
    found = groups.served(scope, by)
    if found.table.empty or not found.over["n"].sum():
        _opening(scope, head, found, "There are no predictions in these days.")
        parts.nothing("Nobody was served.", "Choose another version, or another window at the top.")
        return
    psi = groups.mix_psi(scope) if found.reference else {}
    attribute = scope.attribute or ""
    says, more = sentence(found, attribute, psi)
    _opening(scope, head, found, says, more)
    judged = [f for f in load.findings(scope, "drift") if f.metric == "mix_psi" and f.attribute == attribute]
    parts.findings([(finding.state, finding.sentence) for finding in judged])
    parts.section(f"Who is served, by {say.plain(attribute)}", HOW.format(by=by))
    drawn = pictures(found, load.version_starts(scope.model))
    parts.side_by_side(drawn)
    left = len(found.table) - len(drawn)
    if left > 0:
        parts.note(f"{len(drawn)} of {len(found.table)} groups are drawn, the largest; the table has all.")
    if UNKNOWN_GROUP not in set(found.table["group"]):
        parts.note(f"The {say.plain(attribute)} of every case is known.")
    parts.table(in_numbers(found), f"Shares of all predictions by {say.plain(attribute)}", NUMBERS)
    parts.note(f"Change in points, now minus reference, each with its own interval. {_coverage(scope)}")
    if psi and not missing(psi["value"]):
        parts.note(f"Population stability index: {psi['note']}.")
    parts.download(found.table, f"mix-by-{attribute.replace('*', '-')}")
    parts.download(found.over, f"mix-by-{attribute.replace('*', '-')}-and-{by}", f"Download the {by}s (CSV)")


def _opening(scope: Scope, head: Any, found: Served, says: str, more: str = "") -> None:
    with head:
        parts.sentence("Groups", ASKS, says, more)
        parts.note(say.drift_window(load.drift_days(scope), found.reference))


def _coverage(scope: Scope) -> str:
    end: date = load.drift_days(scope)[1]
    return "Labels of these days are still coming." if end > load.complete_until(scope.model) else ""


def sentence(found: Served, attribute: str, psi: Row) -> tuple[str, str]:
    """Returns the largest change of a group's share against the reference, and whether the mix moved beyond chance."""
    known = [row for row in found.table.to_dict("records") if row["known"] and not missing(row["now_value"])]
    if not known:
        return "There are no predictions of a known group in the days looked at.", ""
    compared = [row for row in known if not missing(row["change_value"])]
    if not compared:
        most = max(known, key=lambda row: row["now_value"])
        says = f"By {say.plain(attribute)}, most predictions are for {group_name(most['group'])}:"
        why = "There is no reference window to compare with" if found.reference is None else "The reference is empty"
        return f"{says} {say.of_100(most['now_value'])}.", f"{why}."
    largest = max(compared, key=lambda row: abs(row["change_value"]))
    if missing(psi.get("value")) or not psi["low"]:
        more = f"The largest change: {_change(largest)}. {_index(psi)}"
        return f"By {say.plain(attribute)}, the mix is not shown to have changed.", more.strip()
    return f"{_change(largest)}.", f"The mix by {say.plain(attribute)} moved more than chance. {_index(psi)}"


def _change(row: Row) -> str:
    """Returns how a group's share changed, in words."""
    then, now = say.of_100(row["reference_value"]), say.of_100(row["now_value"])
    change = number(abs(row["change_value"]), "points")
    side = "more" if row["change_value"] > 0 else "fewer"
    ends = (row["change_low"], row["change_high"])
    low, high = sorted(map(abs, ends)) if ends[0] > 0 or ends[1] < 0 else ends
    between = interval(low, high, "points")
    return f"{group_name(row['group'])} went from {then} predictions to {now}, {change} {side} ({between})"


def _index(psi: Row) -> str:
    if missing(psi.get("value")):
        return ""
    between = interval(psi["low"], psi["high"], "ratio")
    windows = re.search(r"among (\d+) earlier windows", str(psi["note"]))
    held = f"held against {windows[1]} windows of the reference" if windows else "days assumed independent"
    return f"Population stability index {digits(psi['value'], 'ratio')} ({between}; {held})."


def _share(value: Any) -> str:
    """Returns a share; one that rounding would hide is said to be small.

    >>> _share(6 / 18_469).replace("\u202f", " "), _share(0.0)
    ('under 0.1 %', '0\u202f%')
    """
    return f"under {number(0.001, 'share')}" if not missing(value) and 0 < value < 0.0005 else number(value, "share")


def pictures(found: Served, starts: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Returns (name, SVG, words) of each drawn group's share over time, unknown last."""
    rows = {row["group"]: row for row in found.table.to_dict("records")}
    drawn = []
    for group in in_order(str(name) for name in found.over["group"].unique()):
        row, weeks = rows[group], found.over[found.over["group"] == group]
        reference = None
        if found.reference and not missing(row["reference_value"]):
            reference = (row["reference_value"], *(day.isoformat() for day in found.reference))
        drawn.append((group_name(group), charts.small_shares(weeks, reference, starts), _told(row, weeks)))
    return drawn


def _told(row: Row, weeks: pd.DataFrame) -> str:
    values = weeks["value"].dropna()
    first, last = (weeks.iloc[at] for at in (0, -1))
    told = f"{group_name(row['group'])}: {_share(row['reference_value'])} in the reference, "
    told += f"{_share(row['now_value'])} now; from {number(values.min(), 'share')} to "
    return f"{told}{number(values.max(), 'share')} between {window(first['since'], last['until'])}"


def in_numbers(found: Served) -> list[dict[str, object]]:
    """Returns each group's share in the reference and now, the change with its interval, how many have a label."""
    rows = {str(row["group"]): row for row in found.table.to_dict("records")}
    return [_written(group, rows[group]) for group in in_order(rows)]


def _written(group: str, row: Row) -> dict[str, object]:
    changed = not missing(row["change_value"])
    return {
        "Group": group_name(group),
        "Reference": _share(row["reference_value"]),
        "Counts then": counts(row["reference_numerator"], row["reference_n"]),
        "Now": _share(row["now_value"]),
        "Counts now": counts(row["now_numerator"], row["now_n"]),
        "Change": digits(row["change_value"], "points") if changed else "–",
        "95 % interval": interval(row["change_low"], row["change_high"], "points") if changed else "",
        "Labelled now": number(row["labelled"], "share"),
    }
