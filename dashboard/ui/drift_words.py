"""Drift in words: what moved, in the feature's own unit; the table of inputs; which of them come first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard import charts
from dashboard.charts.words import digits, interval, missing, number
from dashboard.policy.verdicts import excess
from dashboard.report.moved import MEAN, SHARE, SPREAD
from dashboard.ui import load
from dashboard.ui.marks import Linked, Pictured

Row = Mapping[Any, Any]
Opens = Mapping[str, Mapping[str, str]]  # feature -> what stands in the URL that opens it
ARROW = "→"
NAMED = 3  # unseen categories that are named
TRAIL = "PSI by window"
ANSWERS = {
    "binary": "Its scores and decisions, and the labels that have come. Confidence is the probability of the likelier "
    "class.",
    "multiclass": "The score of each class, how sure it is, its decisions, and the labels that have come. Top score: "
    "the likeliest class’s. Margin: by how much it leads the second. Entropy: 0 where one class has it all, 1 where "
    "all have the same.",
    "regression": "The score is the number it predicts. Where a cut-off decides, also decisions, and the labels that "
    "have come.",
}
NUMBERS = ("PSI now", "Judged interval", "Missing")


def ranked(rows: pd.DataFrame, allowed: Sequence[float | None] | None) -> pd.DataFrame:
    """Returns readings with the strongest evidence first: by state, then by how far beyond the limit they lie."""
    limits = (None, allowed[1]) if allowed else (None, None)
    place = rows["state"].map({state: at for at, state in enumerate(load.STATES)}).fillna(len(load.STATES))
    beyond = [excess(None if missing(value) else value, limits, 0.0) for value in rows["value"]] if allowed else None
    by = rows.assign(_place=place, _beyond=beyond if beyond is not None else rows["value"].astype(float))
    return by.sort_values(["_place", "_beyond", "feature"], ascending=[True, False, True]).drop(
        columns=["_place", "_beyond"]
    )


def what(fact: Row | None, unit: str = "") -> str:
    """Returns what moved in a feature, in its unit.

    >>> fact = {"what": "mean", "then": 58.2, "now": 64.1, "category": None, "unseen": ()}
    >>> what(fact, "years")
    'mean 58.2 → 64.1 years'
    >>> what({"what": "share", "then": 0.4, "now": 0.552, "category": "emergency", "unseen": ("none",)})
    'emergency 40 → 55\\u202f%; new: none'
    """
    if not fact or missing(fact["then"]) or missing(fact["now"]):
        return "no values to compare"
    then, now = float(fact["then"]), float(fact["now"])
    if fact["what"] == SHARE:
        new = list(fact["unseen"])
        more = f" and {len(new) - NAMED} more" if len(new) > NAMED else ""
        told = f"; new: {', '.join(new[:NAMED])}{more}" if new else ""
        name = str(fact["category"])
        name = f"“{name}”" if name[-1:].isdigit() else name  # or it would read as one number with the shares
        return f"{name} {digits(then, 'share')} {ARROW} {number(now, 'share')}{told}"
    before, after = pair(then, now)
    name = {MEAN: "mean", SPREAD: "standard deviation"}[fact["what"]]
    return f"{name} {before} {ARROW} {after}{' ' + unit if unit else ''}"


def pair(then: float, now: float) -> tuple[str, str]:
    """Returns two numbers with as many decimals as show how they differ, at least three digits of the larger.

    >>> pair(58.21, 64.1), pair(1.02, 1.019), pair(12345.6, 12950.2)
    (('58.2', '64.1'), ('1.020', '1.019'), ('12,346', '12,950'))
    """
    largest, apart = max(abs(then), abs(now)), abs(now - then)
    wanted = 0 if largest >= 100 else 1 if largest >= 10 else 2 if largest >= 1 else 3
    while apart and wanted < 6 and apart < 0.5 * 10.0**-wanted and apart > 1e-4 * largest:
        wanted += 1
    return f"{then:,.{wanted}f}".replace("-", "−"), f"{now:,.{wanted}f}".replace("-", "−")


def gone(fact: Row | None) -> str:
    """Returns the missing share then and now, a dash where nothing was or is missing.

    >>> gone({"missing_then": 0.02, "missing_now": 0.31})
    '2 → 31\\u202f%'
    """
    if not fact or missing(fact["missing_then"]) or missing(fact["missing_now"]):
        return "–"
    then, now = float(fact["missing_then"]), float(fact["missing_now"])
    return f"{digits(then, 'share')} {ARROW} {number(now, 'share')}" if then or now else "–"


def table(
    rows: pd.DataFrame, facts: pd.DataFrame, trail: pd.DataFrame, units: Mapping[str, str], opens: Opens
) -> list[dict[str, object]]:
    """Returns a line for each feature; `opens` is what opens it in the URL, `trail` the PSI of earlier windows."""
    beside: dict[Any, Row] = {fact["feature"]: fact for fact in facts.to_dict("records")}
    trails = {name: [None if missing(v) else float(v) for v in own["value"]] for name, own in trail.groupby("feature")}
    lines = []
    for row in rows.to_dict("records"):
        name, known = str(row["feature"]), not missing(row["value"])
        line: dict[str, object] = {"Feature": Linked(name, "drift", opens[name]) if name in opens else name}
        line["State"] = row["state"]
        if name in trails:
            line[TRAIL] = Pictured(charts.spark(trails[name], row.get("limit"), row["state"]), "", _went(trails[name]))
        line |= {
            "PSI now": number(row["value"], "number") if known else "–",
            "Judged interval": interval(row["low"], row["high"], "number") if known else "",
            "What moved": what(beside.get(name), units.get(name, "")),
            "Missing": gone(beside.get(name)),
        }
        lines.append(line)
    return lines


def _went(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "no value in any window"
    least, most = number(min(known), "number"), number(max(known), "number")
    return f"from {least} to {most} in {len(known)} windows, {number(known[-1], 'number')} in the last"


def group_table(rows: pd.DataFrame, unit: str) -> list[dict[str, object]]:
    """Returns a line for each group: how far its values moved, and what moved."""
    return [
        {
            "Group": row["group"].replace("*", ", "),
            "PSI": number(row["value"], "number"),
            "95 % interval": "" if missing(row["value"]) else interval(row["low"], row["high"], "number"),
            "What moved": what(row, unit),
            "Missing": gone(row),
            "n then": number(row["n_then"], "count"),
            "n now": number(row["n_now"], "count"),
        }
        for row in rows.to_dict("records")
    ]


def groups_say(rows: pd.DataFrame, attribute: str, unit: str) -> str:
    """Returns which group's values moved furthest, or that none is shown to have moved.

    A group has moved where its interval at 95 % lies above 0.
    """
    known = rows[rows["value"].notna()]
    moved = known[known["low"] > 0].sort_values("value", ascending=False)
    if known.empty:
        return f"No {attribute} has enough values in both windows."
    if moved.empty:
        return f"By {attribute}, no group’s values are shown to have moved."
    first = moved.iloc[0].to_dict()
    says = (
        f"{len(moved)} of {len(known)} groups moved more than chance, {first['group'].replace('*', ', ')} the furthest"
    )
    return f"{says}: {what(first, unit)}."
