"""Scores by group: how well they rank, whether they can be taken at their word, how they lie for either label."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import counts, digits, group_name, in_order, interval, missing, number
from dashboard.rates import z_of
from dashboard.ui import calibration_words, labels, load, parts, say, verdicts
from dashboard.ui.crossed import ASKS
from dashboard.ui.load import calibration, groups
from dashboard.ui.state import Scope

Row = Mapping[Any, Any]
SIZES = 12  # groups whose scores are drawn
AREA, APART, ERROR, EXPECTED = "roc_auc", "roc_auc_difference", "calibration_error", "expected_calibration_error"
HOW = (
    "Above the line, in blue: cases labelled positive; below it, in grey: those labelled negative. A bar is a share of "
    "the group's own cases with that label; either side has its own scale, the same for all groups. The last bar holds "
    "whatever lies higher. Triangles point at the medians."
)
NUMBERS = (
    "AUC", "Cases", "Against reference", "Judged interval", "Interval", "95 % interval", "Happens minus says",
    "Between", "ECE", "By chance alone",
)  # fmt: skip
MEDIANS = ("Median, positive", "Cases, positive", "Median, negative", "Cases, negative")


def section(scope: Scope, head: Any) -> None:
    """Does draw how the scores of the scope's groups rank, hold and lie, its sentence into `head`."""
    task = load.contract(scope.model).task
    if task == "regression":
        _opening(scope, head, "This model predicts a number, not a probability.")
        parts.nothing("There are no scores to compare.", "How far off its numbers are by group: see Crossed.")
        return
    of_class = (
        str(st.selectbox("Class", load.contract(scope.model).classes, key="score-class", width=220))
        if task == "multiclass" and load.contract(scope.model).classes
        else None
    )
    bars, medians = (_of(frame, of_class, "class") for frame in groups.shapes(scope))
    if bars.empty:
        _opening(scope, head, "There are no scores in these days.")
        parts.nothing("Groups are compared by their scores.", "Deliver the score and name its column in the contract.")
        return
    if not medians["n"].sum():
        _opening(scope, head, "No labels yet for these days: what the scores are worth can’t be said.")
        parts.nothing("Scores are held against labels.", "Choose an earlier window at the top.")
        return
    threshold = load.contract(scope.model).threshold if task == "binary" else None
    base = load.reference(scope)
    table = numbers(scope, of_class)
    says = sentence(medians, base, groups.minimum_n(scope), threshold, of_class)
    farthest = calibration_words.group_sentence(table[ERROR])
    _opening(scope, head, says, f"{ranking(table[APART], base)} {farthest}".strip())
    _side_by_side(scope, table, base)
    _distributions(scope, bars, medians, threshold, says)
    box = parts.opened("What the scores say and what happens, group by group", "reliability")
    if box is not None:
        with box:
            curves, _ = calibration.curves(scope, scope.attribute)
            parts.note(calibration_words.HOW_TO_READ)
            parts.side_by_side(calibration_words.in_small(_of(curves, of_class, "class")))
            parts.download(curves, f"reliability-by-{scope.attribute}")


def _opening(scope: Scope, head: Any, says: str, more: str = "") -> None:
    with head:
        parts.sentence("Groups", ASKS, says, more)
        parts.note(say.window(load.days(scope, labels=True), load.complete_until(scope.model)))
        labels.careful(scope)


def _of(frame: pd.DataFrame, of_class: str | None, column: str) -> pd.DataFrame:
    return frame[frame[column].isna() if of_class is None else frame[column] == of_class]


def numbers(scope: Scope, of_class: str | None) -> dict[str, pd.DataFrame]:
    """Returns the readings by group of how well scores rank and whether they hold, by metric, of known groups."""
    attribute = scope.attribute
    found = load.readings(scope, (AREA, ERROR, EXPECTED), ("performance",), labels=True, attribute=attribute)
    found = pd.concat([found, load.readings(scope, (APART,), ("fairness",), labels=True, attribute=attribute)])
    known, _ = verdicts.known_groups(_of(found, of_class, "feature").reset_index(drop=True))
    return {metric: known[known["metric"] == metric] for metric in (AREA, APART, ERROR, EXPECTED)}


def sentence(
    medians: pd.DataFrame, base: str | None, minimum: int, threshold: float | None, of_class: str | None = None
) -> str:
    """Returns in which group positive cases score lowest, by their median; beside it the reference's.

    >>> rows = {"group": ["F", "M"], "label": "positive", "n": [300, 400], "median": [0.2, 0.4]}
    >>> sentence(pd.DataFrame(rows), "M", 50, 0.25)
    'Half of the positive cases among F score 0.20 or less, among M 0.40; the threshold is 0.25.'
    """
    what = f"cases of class {of_class}" if of_class else "positive cases"
    rows = [row for row in _known(medians) if row["label"] == "positive" and row["n"] >= minimum]
    if not rows:
        return f"No group has enough {what} to say how they score."
    lowest = min(rows, key=lambda row: row["median"])
    other = next((row for row in rows if row["group"] == base), None)
    if other is None or other is lowest:
        other = max(rows, key=lambda row: row["median"])
    beside = f", among {group_name(other['group'])} {_score(other['median'])}" if other is not lowest else ""
    limit = f"; the threshold is {_score(threshold)}" if threshold is not None else ""
    half = f"Half of the {what} among {group_name(lowest['group'])} score {_score(lowest['median'])} or less"
    return f"{half}{beside}{limit}."


def _known(frame: pd.DataFrame) -> list[Row]:
    return [row for row in frame.to_dict("records") if "unknown" not in str(row["group"]).split("*")]


def _score(value: float | None) -> str:
    return "–" if value is None or missing(value) else f"{value:.2f}" if value >= 0.095 else f"{value:.2g}"


def ranking(differences: pd.DataFrame, base: str | None) -> str:
    """Returns whose cases scores rank worse or better than the reference's, beyond chance over all groups."""
    rows = differences[differences["value"].notna()]
    if rows.empty or base is None:
        return ""
    value, reach = rows["value"].astype(float), (rows["high"] - rows["low"]).astype(float) / 2
    apart = rows[value.abs() > reach * (z_of(1 - 0.05 / len(rows)) / z_of(0.95))]
    if apart.empty:
        return f"Nothing shows that they rank the cases of any group worse or better than those of {group_name(base)}."
    row = apart.iloc[int(apart["value"].astype(float).abs().argmax())].to_dict()
    near, far = sorted((abs(row["low"]), abs(row["high"])))
    side = "under" if row["value"] < 0 else "above"
    told = f"{digits(abs(row['value']), 'ratio')} {side} that of {group_name(base)}"
    return f"The area under the ROC curve of {group_name(row['group'])} is {told} ({interval(near, far, 'ratio')})."


def _side_by_side(scope: Scope, table: Mapping[str, pd.DataFrame], base: str | None) -> None:
    judged = [f for f in load.findings(scope, "fairness") if f.metric == APART and f.attribute == scope.attribute]
    parts.findings([(one.state, one.sentence) for one in judged if one.state == "outside"])
    least = groups.minimum_n(scope)
    ranked, kept = (table[name][table[name]["value"].notna() & (table[name]["n"] >= least)] for name in (AREA, ERROR))
    left, right = st.columns(2, gap="large")
    with left:
        parts.section(
            "How well they rank", "Area under the ROC curve: 1 ranks every positive case above every negative."
        )
        shown = verdicts.drawn(ranked, base, 2 * SIZES)
        if len(shown):
            parts.picture(charts.interval_dots(shown, reference=base), "area-by-group", say.alt(shown))
    with right:
        parts.section("Whether they hold", "What happens minus what the scores say, on average, in points.")
        shown = verdicts.drawn(kept, base, 2 * SIZES)
        if len(shown):
            parts.picture(charts.gap_dots(shown), "error-by-group", say.alt(shown))
    few = say.many(int((table[ERROR]["n"] < least).sum()), "group")
    parts.note("" if few.startswith("No ") else f"{few} with fewer than {least:,} labelled cases: in the table only.")
    states = {str(one.group): one for one in judged}
    parts.table(in_numbers(table, base, states), f"Scores by {say.plain(scope.attribute or '')}", NUMBERS, ("State",))
    parts.note(
        "ECE: how far what is said lies from what happens, on average, in points; chance alone moves it above 0."
    )
    together = pd.concat(list(table.values()))
    parts.download(together, f"scores-by-{(scope.attribute or '').replace('*', '-')}")


def in_numbers(
    table: Mapping[str, pd.DataFrame], base: str | None, states: Mapping[str, Any]
) -> list[dict[str, object]]:
    """Returns a row for each group: its area, against the reference, calibration, what chance alone would show."""
    of = {metric: {row["group"]: row for row in frame.to_dict("records")} for metric, frame in table.items()}
    rows: list[dict[str, object]] = []
    for group in in_order({*of[AREA], *of[ERROR]}):
        area, apart, error, expected = (of[metric].get(group, {}) for metric in (AREA, APART, ERROR, EXPECTED))
        finding = states.get(group)
        judged = {"low": finding.low, "high": finding.high} if finding else apart
        cells: dict[str, object] = {"Group": group_name(group), "AUC": _number(area, "ratio")}
        cells |= {"95 % interval": _between(area, "ratio"), "Cases": number(area.get("n"), "count")}
        cells["Against reference"] = "reference" if group == base else _number(apart, "ratio")
        cells["Judged interval" if states else "Interval"] = "" if group == base else _between(judged, "ratio")
        cells |= {"State": finding.state if finding else None} if states else {}
        cells |= {"Happens minus says": _number(error, "points"), "Between": _between(error, "points")}
        cells |= {"ECE": _number(expected, "points"), "By chance alone": _by_chance(expected)}
        rows.append(cells)
    return rows


def _number(row: Row, unit: Any) -> str:
    value = row.get("value")
    return "–" if missing(value) else digits(float(str(value)), unit)


def _between(row: Row, unit: Any) -> str:
    low, high = row.get("low"), row.get("high")
    return "" if missing(low) and missing(high) else interval(low, high, unit)


def _by_chance(row: Row) -> str:
    """Returns what a perfectly calibrated group of this size would show, as the reading's note says it."""
    found = re.match(r"([\d.]+) points expected", str(row.get("note")))
    return found.group(1) if found else ""


def _distributions(scope: Scope, bars: pd.DataFrame, medians: pd.DataFrame, threshold: float | None, says: str) -> None:
    by = say.plain(scope.attribute or "")
    limit = f" Dashed: the threshold, {_score(threshold)}." if threshold is not None else ""
    parts.section(f"Scores by {by} and label", HOW + limit)
    parts.side_by_side(small(bars, medians, threshold))
    sizes = medians.groupby("group")["n"].sum()
    if len(sizes) > SIZES:
        parts.note(f"{SIZES} of {len(sizes)} groups are drawn, the largest; the table has all.")
    parts.table(written(medians), "Half of the cases score at most so much", MEDIANS)
    parts.download(bars, f"score-distributions-by-{(scope.attribute or '').replace('*', '-')}")


def small(bars: pd.DataFrame, medians: pd.DataFrame, threshold: float | None) -> list[tuple[str, str, str]]:
    """Returns (name, SVG, words) of the groups that are drawn: the largest, in their order, on one scale."""
    sizes = medians[medians["n"] > 0].groupby("group")["n"].sum().sort_values(ascending=False)
    known = [name for name in sizes.index if "unknown" not in str(name).split("*")][:SIZES]
    shown = bars[bars["group"].isin(known)]
    tallest = {label: float(shown.loc[shown["label"] == label, "share"].max()) for label in ("positive", "negative")}
    found = []
    for group in in_order(known):
        own = medians[medians["group"] == group]
        middles = {
            str(row["label"]): None if missing(row["median"]) else row["median"] for row in own.to_dict("records")
        }
        svg = charts.small_mirrored(bars[bars["group"] == group], tallest, middles, threshold)
        found.append((group_name(group), svg, f"{group_name(group)}: {_told(own.to_dict('records'))}"))
    return found


def _told(rows: Sequence[Row]) -> str:
    return "; ".join(
        f"half of {row['n']:,} {row['label']} cases score {_score(row['median'])} or less"
        for row in rows
        if not missing(row["median"])
    )


def written(medians: pd.DataFrame) -> list[dict[str, object]]:
    """Returns each group's medians with their intervals, positive and negative cases beside each other."""
    rows: list[dict[str, object]] = []
    for group in in_order(str(name) for name in medians["group"]):
        own = {str(row["label"]): row for row in medians[medians["group"] == group].to_dict("records")}
        cells: dict[str, object] = {"Group": group_name(group)}
        for label in ("positive", "negative"):
            row = own.get(label, {"n": 0, "median": None, "low": None, "high": None})
            ends = "" if missing(row["median"]) else f" ({_score(row['low'])} to {_score(row['high'])})"
            cells[f"Median, {label}"] = _score(row["median"]) + ends
            cells[f"Cases, {label}"] = counts(None, row["n"]) or "0"
        rows.append(cells)
    return rows
