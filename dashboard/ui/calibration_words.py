"""Calibration in words: when it says 30 %, how often does it happen?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dashboard.charts import small_reliability, top_of
from dashboard.charts.words import counts, digits, group_name, in_order, interval, number
from dashboard.rates import z_of
from dashboard.ui import load
from dashboard.ui.headlines import FEW, most_urgent
from dashboard.ui.say import drift_window, many, one, window
from dashboard.ui.state import Scope
from dashboard.ui.verdicts import drawn, known_groups

MATTERS, RELATIVE = 0.01, 0.1  # a bin's gap counts from one point on, or a tenth of what is said
SURE = 0.05  # calibrated is said where the mean distance is shown to be under so much
SIZES = 12  # groups drawn in small
HOW_TO_READ = (
    "Cases are sorted by score and cut into steps, ten at most, of about as many each. A dot on the dashed line "
    "happens as often as it says. The intervals hold together: a perfect model has one off the line in only 5 of 100 "
    "such pictures."
)
NO_GROUP = "No group is shown to be off: with so many groups, one or the other interval leaves out 0 by chance."
SURE_HOW = "How sure: the probability of the likelier answer. Dark: the middle half of the cases; pale: eight tenths."
CAPTION = "What it says, step by step, and what happened to those cases"
AXES = {False: ("what it says", "what happens", "happens"), True: ("how sure it is", "how often it is right", "right")}
HEADS = {False: ("It says", "It happens"), True: ("It is sure", "It is right")}
NUMBERS = (
    "calibration_error", "expected_calibration_error", "maximum_calibration_error", "brier_reliability",
    "brier_resolution", "brier_uncertainty", "mean_entropy",
)  # fmt: skip


def marked(curve: pd.DataFrame) -> pd.DataFrame:
    """Returns the curve with `past`: by how much a bin's interval leaves out what is said, 0 where it does not.

    Nor where the gap is worth nothing, or where rounding hides it: words must not contradict words.

    >>> curve = pd.DataFrame({"score": [0.1, 0.3], "observed": [0.1, 0.36], "low": [0.08, 0.33], "high": [0.13, 0.39]})
    >>> marked(curve)["past"].round(2).tolist()
    [0.0, 0.03]
    """
    said, happens, low, high = (curve[name].to_numpy(dtype=float) for name in ("score", "observed", "low", "high"))
    past, gap = np.maximum(low - said, said - high), np.abs(happens - said)
    off = (past > 0) & ((gap >= MATTERS) | (gap >= RELATIVE * said))
    off[off] = [_apart(*ends) for ends in zip(said[off], low[off], high[off], strict=True)]
    return curve.assign(past=np.where(off, past, 0.0))


def _apart(said: float, low: float, high: float) -> bool:
    """Returns whether what is said lies outside the interval as both are written, too."""
    return digits(said, "share") not in (digits(low, "share"), digits(high, "share"))


def beyond(curve: pd.DataFrame) -> pd.DataFrame:
    """Returns the bins of a marked curve that are off, the farthest first."""
    return curve[curve["past"] > 0].sort_values("past", ascending=False)


def sentence(curve: pd.DataFrame, readings: pd.DataFrame, sure: bool = False) -> tuple[str, str]:
    """Returns what happens where it departs most from what is said, and how far it is off overall.

    `sure`: the score is how sure a multiclass model was of its decision, and what happens is that it was right.
    """
    if curve.empty or curve["n"].sum() == 0:
        return "Whether its percentages hold can’t be said yet: no labels have come for these days.", ""
    if curve["n"].sum() < FEW:
        return f"Only {many(int(curve['n'].sum()), 'case').lower()} with a label: too few to hold its word against.", ""
    far, more = beyond(curve), _overall(readings, sure)
    if len(far):
        return _says(far.iloc[0].to_dict(), sure), f"{_how_many(far, curve, sure)} {more}"
    error = one(readings, "expected_calibration_error")
    at_most = error["high"] if error is not None else 1.0
    overall = one(readings, "calibration_error")
    if overall is not None and not overall["low"] <= 0 <= overall["high"]:
        return more, f"No step of its scores by itself is off by more than chance. {_for_example(curve, sure)}"
    if at_most <= SURE:
        says = "Its percentages can be taken at their word."
        return says, f"On average they are at most {_points(at_most)} off. {_for_example(curve, sure)} {more}"
    return (
        "Nothing shows that its percentages are off, but there are too few cases to be sure.",
        f"On average they may be up to {_points(at_most)} off. {more}",
    )


def _says(row: Mapping[Any, Any], sure: bool) -> str:
    said, happened = number(row["score"], "share"), number(row["observed"], "share")
    inside = f"{interval(row['low'], row['high'], 'share')}; {counts(row['positives'], row['n'])}"
    if sure:
        return f"When it is {said} sure, it is right {happened} of the time ({inside})."
    return f"When it says {said}, it happens {happened} of the time ({inside})."


def _for_example(curve: pd.DataFrame, sure: bool) -> str:
    """Returns the bin nearest to 30 %, or for a multiclass model to 80 %, as an example."""
    nearest = (curve["score"] - (0.8 if sure else 0.3)).abs().argmin()
    return _says(curve.iloc[int(nearest)].to_dict(), sure)


def _how_many(far: pd.DataFrame, curve: pd.DataFrame, sure: bool) -> str:
    """Returns how many bins are off, and to which side."""
    often = int((far["observed"] > far["score"]).sum())
    it, they = ("it is right", "are right") if sure else ("it happens", "happen")
    if len(curve) == 1:
        return "All its scores are alike."
    if len(far) == 1:
        return f"Of {len(curve)} steps of its scores, that is the only one that is off by more than chance."
    if often in (0, len(far)):
        side = "more" if often else "less"
        return f"In {len(far)} of {len(curve)} steps of its scores {it} {side} often than it says, beyond chance."
    return (
        f"Of {len(curve)} steps of its scores, {often} {they} more often than it says and {len(far) - often} less "
        "often, beyond chance."
    )


def _overall(readings: pd.DataFrame, sure: bool) -> str:
    """Returns by how much it is off over all cases: what happened minus what was said."""
    row = one(readings, "calibration_error")
    if row is None:
        return ""
    verb = "are right" if sure else "happen"
    if row["low"] <= 0 <= row["high"]:
        within = max(abs(row["low"]), abs(row["high"]))
        return f"Over all cases, as many {verb} as it says, to within {_of_100(within)} of 100."
    return f"Over all cases, {_more(row)} {verb} than it says {_between(row)}."


def _more(row: Mapping[Any, Any]) -> str:
    return f"{_of_100(abs(row['value']))} of 100 {'more' if row['value'] > 0 else 'fewer'}"


def _between(row: Mapping[Any, Any]) -> str:
    low, high = sorted((abs(row["low"]), abs(row["high"])))
    return f"({_of_100(low)} to {_of_100(high)})"


def _of_100(value: float) -> str:
    return digits(value, "points")


def _points(value: float) -> str:
    return number(value, "points")


def named(curve: pd.DataFrame, sure: bool = False) -> pd.DataFrame:
    """Returns a marked curve with words for the one dot that the headline speaks of."""
    said, happens = ("sure", "right") if sure else ("says", "happens")
    words = [""] * len(curve)
    if len(curve) and curve["past"].max() > 0:
        place = int(curve["past"].to_numpy().argmax())
        row = curve.iloc[place]
        words[place] = f"{said} {number(row['score'], 'share')}, {happens} {number(row['observed'], 'share')}"
    return curve.assign(named=words)


def alt(curve: pd.DataFrame) -> str:
    """Returns every dot of a curve in words."""
    return "; ".join(_dot(row) for row in curve.to_dict("records")) or "no labels yet"


def _dot(row: Mapping[Any, Any]) -> str:
    inside = f"{interval(row['low'], row['high'], 'share')}; {counts(row['positives'], row['n'])}"
    return f"says {number(row['score'], 'share')}: happens {number(row['observed'], 'share')} ({inside})"


def table(curve: pd.DataFrame, sure: bool = False) -> list[dict[str, object]]:
    """Returns a row for each step: what it says, what happens, and whether the two agree."""
    said, happens = HEADS[sure]
    rows: list[dict[str, object]] = []
    for row in curve.to_dict("records"):
        side = "more often" if row["observed"] > row["score"] else "less often"
        rows.append(
            {
                said: number(row["score"], "share"),
                happens: number(row["observed"], "share"),
                "Interval": interval(row["low"], row["high"], "share"),
                "Counts": counts(row["positives"], row["n"]),
                "Which is": side if row["past"] > 0 else "as said",
            }
        )
    return rows


def days(scope: Scope, labelled: bool) -> str:
    """Returns which days are looked at, and whether their labels are complete where there are any."""
    chosen = load.days(scope, labels=True)
    return window(chosen, load.complete_until(scope.model)) if labelled else drift_window(chosen, None)


def judged(scope: Scope) -> list[tuple[str | None, str]]:
    """Returns what the policy says of calibration that is not within range, as (state, sentence)."""
    policy = load.policy(scope.model)
    if policy is None or not any(rule.metric in NUMBERS for rule in policy.rules):
        return []
    found = [finding for finding in load.findings(scope, "performance") if finding.metric in NUMBERS]
    return [(finding.state, finding.sentence) for finding in most_urgent(found)]


def in_small(curves: pd.DataFrame, by: str = "group") -> list[tuple[str, str, str]]:
    """Returns (name, SVG, words) of the groups or classes that are drawn in small: the largest, in their order."""
    sizes = curves.groupby(by)["n"].sum().sort_values(ascending=False)
    known = [name for name in sizes.index if "unknown" not in str(name).split("*")][:SIZES]
    top = top_of(curves[curves[by].isin(known)])
    each = ((group_name(name), curves[curves[by] == name]) for name in in_order(known))
    return [(name, small_reliability(own, top), f"{name}: {alt(own)}") for name, own in each]


def by_group(scope: Scope) -> pd.DataFrame:
    """Returns how far it is off in each known group of the scope's attribute, the largest where there are many."""
    if scope.attribute is None:
        return load.readings(scope, ("calibration_error",), ("performance",), labels=True).head(0)
    metric = ("calibration_error",)
    found = load.readings(scope, metric, ("performance",), labels=True, attribute=scope.attribute)
    known, _ = known_groups(found[found["feature"].isna()])
    return drawn(known, None, 2 * SIZES)


def group_sentence(readings: pd.DataFrame) -> str:
    """Returns for which group what happens is farthest from what is said; "" where none is off by more than chance.

    With several groups one is soon off by chance: the interval is taken as wide as it takes for all to hold together.
    """
    rows = readings[readings["value"].notna()]
    if rows.empty:
        return ""
    value, reach = rows["value"].astype(float), (rows["high"] - rows["low"]).astype(float) / 2
    off = rows[value.abs() > reach * (z_of(1 - 0.05 / len(rows)) / z_of(0.95))]
    if off.empty:
        return ""
    worst = off.iloc[int(off["value"].astype(float).abs().argmax())].to_dict()
    return f"Farthest off is {group_name(worst['group'])}: {_more(worst)} than it says {_between(worst)}."


def how_sure(confidence: pd.DataFrame) -> str:
    """Returns how sure the scores were in the first and in the last whole period."""
    first, last = confidence.iloc[0], confidence.iloc[-2 if len(confidence) > 2 else -1]
    return (
        f"It was at least {number(first['q50'], 'share')} sure of half of the cases in the first week, and "
        f"{number(last['q50'], 'share')} in the last."
    )
