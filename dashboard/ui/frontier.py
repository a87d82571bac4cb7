"""What thresholds can reach at best: the picture of goal against gap; and beside it what drawing lots would reach."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard import charts
from dashboard.charts.words import group_name, in_order, number
from dashboard.ui import parts, say
from dashboard.ui.load.what_if import Lots, WhatIf, frontiers, lots
from dashboard.ui.state import Scope
from dashboard.ui.what_if import GOALS, in_words, points, told_at

LOTS = (
    "Lots treat two people with the same score in the same group differently, and need the group of every case at the "
    "moment of the prediction. The equality holds for these cases; on later ones it varies as every rate does."
)
NO_LOTS = "fairlearn’s ThresholdOptimizer has no rule that makes precision equal; choose another gap above."


def draw(scope: Scope, found: WhatIf, rate: str, goal: str, marked: dict[str, tuple[float, float]]) -> None:
    """Does draw the best that thresholds can reach, with the present and the chosen ones on it."""
    reached = frontiers(scope, rate, goal).assign(words=lambda all_: [in_words(found, at) for at in all_["places"]])
    if reached.empty or len(found.compared) < 2:
        parts.nothing("No gap to weigh.", "Two groups with 20 positive and 20 negative cases each are needed.")
        return
    parts.section("What thresholds can reach", "Further left: groups closer together. Further up: better for all.")
    unit: Any = "number" if goal == "value_per_case" else "share"
    across = f"largest gap between groups in: {say.lower(say.plain_title(rate))}, points"
    told = "; ".join(f"{name}: {GOALS[goal]} {number(up, unit)} at a gap of {points(gap)} points" for name, (gap, up)
                     in marked.items())  # fmt: skip
    figure = charts.frontier(reached, marked, across, GOALS[goal], unit)
    parts.picture(figure, "frontier", f"{told}. {_best(reached, marked['now'], unit)}")
    parts.note(_best(reached, marked["now"], unit))
    parts.table(_few(reached, unit, GOALS[goal]), "Points on the two lines", numbers=("Gap, points", _title(goal)))
    parts.download(reached.drop(columns="places"), "frontier")
    if box := parts.opened("Compared with fairlearn’s ThresholdOptimizer, which draws lots", "lots"):
        with box:
            _by_lot(found, rate, goal, reached, marked)


def _title(goal: str) -> str:
    return GOALS[goal][0].upper() + GOALS[goal][1:]


def _best(reached: pd.DataFrame, now: tuple[float, float], unit: Any) -> str:
    """Returns the smallest gap at which nothing is lost against now, by one threshold and by one for each group."""
    told = []
    for kind, name in (("one", "one threshold"), ("each", "one for each group")):
        rows = reached[(reached["kind"] == kind) & (reached["goal"] >= now[1] - 1e-12)]
        if len(rows):
            told.append(f"{name} can bring the gap to {points(float(rows['gap'].min()))} points")
    return f"At no loss overall against now, {' and '.join(told)}." if told else "Nothing reaches what holds now."


def _few(reached: pd.DataFrame, unit: Any, goal: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for kind, name in (("one", "one for everybody"), ("each", "one for each group")):
        mine = reached[reached["kind"] == kind]
        for one in mine.iloc[:: max(len(mine) // 5, 1)].to_dict("records"):
            row = {
                "Thresholds": name,
                "Gap, points": points(one["gap"]),
                goal[0].upper() + goal[1:]: number(one["goal"], unit),
            }
            rows.append(row | {"At": one["words"]})
    return rows


def _by_lot(found: WhatIf, rate: str, goal: str, reached: pd.DataFrame, marked: dict[str, tuple[float, float]]) -> None:
    """Does say what equal rates by drawing lots would cost, beside what is marked and the best without lots."""
    drawn = lots(found, rate, goal)
    if drawn is None:
        parts.note(NO_LOTS)
        return
    unit: Any = "number" if goal == "value_per_case" else "share"
    parts.note(f"{lots_sentence(drawn, rate, goal)} {_sought(goal)}")
    parts.table(beside(reached, marked, drawn, goal), "With and without lots", ("Gap, points", _title(goal)))
    parts.table(mixes(found, drawn), "What would decide each group’s cases", NUMBERS)
    parts.note(LOTS)
    frame = pd.DataFrame(mixes(found, drawn)).assign(rate=drawn.rate, goal=drawn.goal, unit=unit)
    parts.download(frame, "threshold-optimizer")


def lots_sentence(drawn: Lots, rate: str, goal: str) -> str:
    """Returns what equal rates by drawing lots would come to: the rate, the goal, how many cases are decided so.

    >>> lots_sentence(Lots(0.71, 0.78, ()), "true_positive_rate", "accuracy")
    'With lots every group has 71\u202f% at a share of right decisions of 78\u202f%; 0\u202f% of the cases are drawn.'
    """
    unit: Any = "number" if goal == "value_per_case" else "share"
    return (
        f"With lots every group has {number(drawn.rate, 'share')} at a {GOALS[goal]} of {number(drawn.goal, unit)}; "
        f"{number(drawn.share, 'share')} of the cases are drawn."
    )


def _sought(goal: str) -> str:
    if goal == "value_per_case":
        return "fairlearn knows no value of cases: this is what its method would reach with that goal."
    if goal == "balanced_accuracy":
        return (
            "Of all equal rates it takes the one that is best for the groups’ own balanced accuracies, by their size."
        )
    return ""


def beside(
    reached: pd.DataFrame, marked: dict[str, tuple[float, float]], drawn: Lots, goal: str
) -> list[dict[str, object]]:
    """Returns a row for each way: what is marked, the smallest gap without lots, and with lots."""
    unit: Any = "number" if goal == "value_per_case" else "share"
    ways = [(name.capitalize(), *of, "no") for name, of in marked.items()]
    for kind, name in (("one", "One threshold, smallest gap"), ("each", "One for each group, smallest gap")):
        rows = reached[reached["kind"] == kind].nsmallest(1, "gap").to_dict("records")
        ways += [(name, row["gap"], row["goal"], "no" if kind == "one" else "yes") for row in rows]
    ways.append(("ThresholdOptimizer, with lots", 0.0, drawn.goal, "yes"))
    return [
        {"Way": name, "Gap, points": points(gap), _title(goal): number(up, unit), "Needs the group": needs}
        for name, gap, up, needs in ways
    ]


NUMBERS = ("Selected from", "By lot from", "Chance", "Decided by lot")


def mixes(found: WhatIf, drawn: Lots) -> list[dict[str, object]]:
    """Returns a row for each group: from which score on it is selected, from which by lot, and with which chance."""
    rows: dict[str, dict[str, object]] = {}
    for mix in drawn.mixes:
        lot = mix.lot != mix.sure
        rows[found.groups[mix.group]] = {
            "Group": group_name(found.groups[mix.group]),
            "Selected from": told_at(found, mix.sure),
            "By lot from": told_at(found, mix.lot) if lot else "–",
            "Chance": number(mix.chance, "share") if lot else "–",
            "Decided by lot": f"{mix.drawn:,} of {mix.n:,}",
        }
    return [rows[name] for name in in_order(rows)]
