"""Thresholds chosen by hand: what each group's rates would be, in words and a table."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isnan
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.words import counts, group_name, in_order, interval, missing, number, question
from dashboard.contract import Contract
from dashboard.rates import Measure
from dashboard.ui import parts, say
from dashboard.ui.load.what_if import WhatIf, gap

MOST = 10  # groups that each can have a slider
ONE, EACH = "One for everybody", "One for each group"
RATES = ("true_positive_rate", "false_positive_rate", "selection_rate", "precision")
GOALS = {
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "share of right decisions",
    "value_per_case": "value of a case",
}
WARNINGS = (
    "These intervals are too narrow for a threshold that was chosen on the same cases: judge a proposal on later days.",
    "Thresholds for each group treat people differently because of the group they belong to. That can be unlawful, and "
    "it needs the group of every case at the moment of the prediction. Ask before you use them.",
    "Nothing here is drawn by lot: whoever has the same score in the same group gets the same decision. fairlearn’s "
    "ThresholdOptimizer comes nearer to equal rates by deciding some cases at random, and it needs the group at the "
    "moment of the prediction too.",
)


def chosen_question(contract: Contract) -> tuple[str, str]:
    """Returns the rate whose gap is looked at and the goal it is weighed against, as chosen; both stand in the URL."""
    goals = [name for name in GOALS if name != "value_per_case" or (contract.value and contract.value.cells)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rate = parts.linked_box("Gap between groups in", "gap-in", {name: question(name) for name in RATES}, 420)
        goal = parts.linked_box("Against", "goal", {name: GOALS[name] for name in goals}, 260)
    return rate, goal


def chosen(found: WhatIf, attribute: str | None) -> list[int]:
    """Returns the place of each group's threshold, as the sliders say; they stand in the URL."""
    step, digits = (0.001, 3) if _low(found) else (0.01, 2)
    many = 1 < len(found.groups) <= MOST
    how = st.radio("Thresholds", [ONE, EACH], key="thresholds", horizontal=True, bind="query-params") if many else ONE
    if attribute and not many and len(found.groups) > 1:
        parts.note(f"A threshold for each group is offered for at most {MOST} groups; here are {len(found.groups)}.")
    if how != EACH:
        return [_slider(found, "Threshold for everybody", "threshold", step, digits)] * len(found.groups)
    columns = st.columns(min(len(found.groups), 3))
    places = {}
    for k, group in enumerate(in_order(found.groups)):
        with columns[k % len(columns)]:
            places[group] = _slider(found, f"Threshold for {group_name(group)}", f"threshold-{group}", step, digits)
    return [places[group] for group in found.groups]


def _low(found: WhatIf) -> bool:
    """Returns whether nearly all scores are so low that hundredths are too coarse."""
    above = found.binned.above.sum(axis=(0, 1))
    return bool(above[found.place(0.2)] < 0.02 * above[0])


def _slider(found: WhatIf, label: str, key: str, step: float, digits: int) -> int:
    now = round(found.asked, digits)
    at = st.slider(label, 0.0, 1.0, now, step, f"%.{digits}f", key=key, bind="query-params")
    return found.present if at == now else found.place(float(at))


def moved(found: WhatIf) -> str:
    """Returns where a threshold lies on no edge, and how far the nearest is."""
    at = found.threshold(found.present)
    note = "Thresholds are edges of the score bins; another is moved to the nearest one."
    if abs(at - found.asked) > 1e-9:
        note += f" The model’s own, {found.asked:g}, is taken as {at:.4g}, {abs(at - found.asked):.2g} away."
    return note


def changed(found: WhatIf, places: list[int]) -> bool:
    """Returns whether any threshold differs from the one in use."""
    return any(place != found.present for place in places)


def told_at(found: WhatIf, place: int) -> str:
    """Returns the threshold at a place in words."""
    at = found.threshold(place)
    return "above all scores" if at == inf else f"{at:.4g}" if round(at, 2) != at else f"{at:.2f}"


def in_words(found: WhatIf, places: list[int] | tuple[int, ...]) -> str:
    """Returns the thresholds of all groups in words."""
    if len(set(places)) == 1:
        return told_at(found, places[0])
    of = dict(zip(found.groups, places, strict=True))
    return "; ".join(f"{group_name(group)}: {told_at(found, of[group])}" for group in in_order(found.groups))


def instead(found: WhatIf, places: list[int]) -> str:
    """Returns the thresholds that differ from the one in use."""
    other = [k for k, place in enumerate(places) if place != found.present]
    if len(set(places)) == 1:
        return told_at(found, places[0])
    if len(other) > 3:
        return f"other thresholds for {len(other)} groups"
    return say.listed([f"{told_at(found, places[k])} for {group_name(found.groups[k])}" for k in other])


def sentence(found: WhatIf, places: list[int], rates: pd.DataFrame, rate: str, gaps: tuple[float, float]) -> str:
    """Returns what the chosen thresholds do in place of those in use: found, false alarms, the gap."""
    rows = {row["rate"]: row for row in rates[rates["group"].isna()].to_dict("records")}
    tpr, fpr = rows["true_positive_rate"], rows["false_positive_rate"]
    if missing(tpr["value"]) or missing(fpr["value"]):
        return "What it finds cannot be told: there are no positive or no negative cases with a label."
    then, before = gaps
    between = "between groups" + ("" if rate == RATES[0] else f" in {say.lower(say.plain_title(rate))}")
    if not changed(found, places):
        apart = "" if isnan(before) else f"; the largest gap {between} is {points(before)} points"
        return f"At {told_at(found, found.present)} it finds {_hundred(tpr['value_now'])} of 100 and raises " + (
            f"{_hundred(fpr['value_now'])} false alarms per 100 negative cases{apart}."
        )
    how = "stays at" if points(then) == points(before) else "shrinks" if then < before else "grows"
    told = f"{how} {points(then)}" if how == "stays at" else f"{how} from {points(before)} to {points(then)}"
    apart = "" if isnan(then) or isnan(before) else f"; the gap {between} {told} points"
    return (
        f"With {instead(found, places)} in place of {told_at(found, found.present)} it finds {_hundred(tpr['value'])} "
        f"of 100 instead of {_hundred(tpr['value_now'])}, and raises {_hundred(fpr['value'])} false alarms per "
        f"100 negative cases instead of {_hundred(fpr['value_now'])}{apart}."
    )


def _hundred(share: float) -> str:
    return number(share, "share").rstrip("%").strip()


def points(gap: float) -> str:
    """Returns a difference of two shares in points, without the word."""
    return number(gap, "points").removesuffix(" points")


def table(rates: pd.DataFrame) -> list[dict[str, object]]:
    """Returns a row for each group: each rate now and under the chosen thresholds, with intervals."""
    heads = {"true_positive_rate": "Found of the positive", "false_positive_rate": "False alarms"}
    heads |= {"precision": "Right when it selects", "selection_rate": "Selected"}
    rows: dict[str, dict[str, object]] = {}
    for one in rates.to_dict("records"):
        name = "Everybody" if missing(one["group"]) else group_name(one["group"])
        row = rows.setdefault(name, {"Group": name})
        row[heads[str(one["rate"])]] = f"{_cell(one, '_now')} → {_cell(one, '')}"
        if one["rate"] == "true_positive_rate":
            row["Positive cases"] = counts(None, one["denominator"])
    first = {name: rows.pop(name) for name in ("Everybody",) if name in rows}
    order = [group_name(group) for group in in_order(str(group) for group in rates["group"].dropna())]
    return [*first.values(), *(rows[name] for name in order)]


NUMBERS = ("Found of the positive", "False alarms", "Right when it selects", "Selected", "Positive cases")


def _cell(row: Mapping[Any, Any], end: str) -> str:
    if missing(row[f"value{end}"]):
        return "–"
    limits = interval(row[f"low{end}"], row[f"high{end}"], "share")
    return f"{number(row[f'value{end}'], 'share')} ({limits})"


def gap_words(found: WhatIf, places: list[int], rate: str) -> str:
    """Returns the gap between groups now and under the chosen thresholds, each with its interval over all pairs."""
    now = gap(found, [found.present] * len(found.groups), rate)
    if now.value is None:
        return ""
    told = f"Largest gap between groups in {say.lower(say.plain_title(rate))}: {_gap(now)}"
    return f"{told} now, {_gap(gap(found, places, rate))} then." if changed(found, places) else f"{told}."


def _gap(of: Measure) -> str:
    if of.value is None:
        return "none can be told"
    return f"{points(of.value)} points ({interval(*of.interval(), 'points')})"


def left_out(found: WhatIf) -> str:
    """Returns which groups no gap is told of, and which have no scores counted."""
    small = [group for group in found.groups if group and group not in found.compared]
    told = f"Not in the gap (unknown, or fewer than 20 positive or negative cases): {_some(small)}. " if small else ""
    if found.unbinned:
        n = sum(found.unbinned.values())
        told += (
            f"Scores are counted for the largest groups only; {n:,} cases of {_some([*found.unbinned])} are not in it."
        )
    return told.strip()


def _some(groups: list[str]) -> str:
    more = f" and {len(groups) - 8} more" if len(groups) > 8 else ""
    return "; ".join(group_name(group) for group in groups[:8]) + more


def as_decided(found: WhatIf, rates: pd.DataFrame) -> str:
    """Returns where the log's decisions are not those of the threshold: compared is threshold with threshold."""
    row = rates[rates["group"].isna() & (rates["rate"] == "selection_rate")].iloc[0]
    chosen = found.decided.counts
    selected, every = sum(line[1] for line in chosen), sum(line[0] + line[1] for line in chosen)
    if not every or missing(row["value_now"]) or abs(selected / every - float(row["value_now"])) < 0.005:
        return ""
    return (
        f"The log’s own decisions select {number(selected / every, 'share')}, scores at or above {found.asked:g} "
        f"{number(float(row['value_now']), 'share')}: compared here is threshold with threshold."
    )
