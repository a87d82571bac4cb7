"""Labels and scores: whether the same score still goes with as many positive labels as in the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.charts.concept import small_then_and_now, then_and_now
from dashboard.charts.words import counts, group_name, in_order, interval, missing, number, suffix
from dashboard.ui import load, parts, say
from dashboard.ui.load import concept
from dashboard.ui.state import Scope

Row = Mapping[Any, Any]
GROUPS = 12  # small pictures at most
HOW = (
    "Grey: the reference. Blue: these days. A triangle is a bin that differs by more than chance, all bins on the view "
    "allowed for. Other cases alone do not part the curves; another meaning of the score does."
)
NUMBERS = ("Reference", "Now", "Change in points", "Interval", "Labelled then", "Labelled now")
BY_GROUP = ("Shift in points", "95 % interval", "Labelled now", "Bins that differ")


def section(scope: Scope) -> None:
    """Does draw the view: the shift in a sentence, the curves then and now, groups in small."""
    if load.contract(scope.model).task == "regression":
        parts.nothing("This model predicts a number; it has no score whose meaning could shift.")
        return
    readings, curves = concept.shifts(scope)
    right = load.contract(scope.model).task == "multiclass"
    says = sentence(readings, right)
    parts.section(says, say.drift_window(concept.window(scope), load.reference_days(scope)))
    judged = [finding for finding in load.findings(scope, "drift") if finding.metric == concept.NAME]
    parts.findings([(finding.state, finding.sentence) for finding in judged])
    if curves.empty or curves["now"].isna().all():
        parts.nothing(
            "There is nothing to hold against each other.",
            "It takes labelled cases with a score, in the reference and after it. Choose a later window.",
        )
        return
    happens = "how often it is right" if right else "how often it happens"
    parts.picture(then_and_now(curves, "what it says", happens), "labels-and-scores", f"{says} {told(curves)}")
    parts.note(HOW)
    parts.table(in_numbers(curves), "By score, reference and now", NUMBERS)
    parts.download(curves, "labels-and-scores")
    if scope.attribute:
        _by_group(scope, scope.attribute)


def _by_group(scope: Scope, attribute: str) -> None:
    readings, curves = concept.shifts(scope, attribute)
    sizes = {str(row["group"]): int(row["n"]) for row in readings.to_dict("records")}
    largest = sorted((name for name in sizes if "unknown" not in name.split("*")), key=lambda name: -sizes[name])
    shown = in_order(largest[:GROUPS])
    by = say.plain(attribute)
    parts.section(f"By {by}", f"Across: what it says. Up: what happens. {GROUPS} groups at most, the largest.")
    drawn = [(group_name(name), curves[curves["group"] == name]) for name in shown]
    parts.side_by_side(
        [(name, small_then_and_now(own), f"{name}: {told(own)}") for name, own in drawn if own["now"].notna().any()]
    )
    differ = curves.groupby("group")["differs"].sum().to_dict()
    parts.table([_group(row, differ) for row in readings.to_dict("records")], f"Shift by {by}", BY_GROUP)
    parts.download(curves, f"labels-and-scores-by-{attribute.replace('*', '-')}")


def sentence(readings: pd.DataFrame, right: bool = False) -> str:
    """Returns the view's finding: by how much labels have parted from scores, or that chance alone could do it."""
    row: Row = readings.to_dict("records")[0] if len(readings) else {}
    value, low, high = (row.get(name) for name in ("value", "low", "high"))
    if value is None or low is None or high is None or missing(value):
        why = str(row.get("note") or "there is no reference window").removeprefix("cannot be computed: ")
        return f"Whether scores mean what they meant can't be said: {why.split(';')[0]}."
    between = f"{interval(low, high, 'points')} points"
    what = "decisions are right" if right else "it happens"
    if low <= 0 <= high:
        return f"The same scores still mean the same, as far as {row['n']:,} labelled cases can tell ({between})."
    more = "more" if value > 0 else "less"
    return f"At the same score {what} {more} often than it used to: {number(value, 'points')} ({between})."


def told(curves: pd.DataFrame) -> str:
    """Returns how many bins differ, and the first of them, in words."""
    rows = curves[curves["differs"].astype(bool)].to_dict("records")
    if not rows:
        return "No score bin differs by more than chance."
    one = rows[0]
    return (
        f"{len(rows)} of {len(curves)} score bins differ; at {_score(one)} it happened in "
        f"{number(one['then'], 'share')} and now in {number(one['now'], 'share')} of cases."
    )


def in_numbers(curves: pd.DataFrame) -> list[dict[str, object]]:
    """Returns a row for each score bin: then, now, the change and whether it is more than chance."""
    return [
        {
            "Score": _score(row),
            "Reference": number(row["then"], "share"),
            "Now": number(row["now"], "share"),
            "Change in points": number(row["difference"], "points"),
            "Interval": "" if missing(row["difference"]) else interval(row["least"], row["most"], "points"),
            "Labelled then": counts(None, row["n_then"]) or "0",
            "Labelled now": counts(None, row["n_now"]) or "0",
            "More than chance": "too few" if missing(row["difference"]) else "yes" if row["differs"] else "no",
        }
        for row in curves.to_dict("records")
    ]


def _group(row: Row, differ: Mapping[Any, Any]) -> dict[str, object]:
    bad = missing(row["value"])
    return {
        "Group": group_name(row["group"]),
        "Shift in points": "can't be computed" if bad else number(row["value"], "points"),
        "95 % interval": "" if bad else interval(row["low"], row["high"], "points"),
        "Labelled now": counts(None, row["n"]) or "0",
        "Bins that differ": str(int(differ.get(row["group"], 0))),
    }


def _score(row: Row) -> str:
    return f"{interval(row['low'], row['high'], 'share')}{suffix('share')}"
