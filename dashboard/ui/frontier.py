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
CLOSE = 0.01  # a gap that is nearly none
NO_LOTS = "fairlearn’s ThresholdOptimizer has no rule that makes precision equal; choose another gap above."


def draw(
    scope: Scope, found: WhatIf, places: list[int], rate: str, goal: str, marked: dict[str, tuple[float, float]]
) -> None:
    """Does draw the best that thresholds can reach, with the present and the chosen ones on it."""
    reached = frontiers(scope, rate, goal).assign(words=lambda all_: [in_words(found, at) for at in all_["places"]])
    if reached.empty or len(found.compared) < 2:
        parts.nothing("No gap to weigh.", "Two groups with 20 positive and 20 negative cases each are needed.")
        return
    parts.section("What thresholds can reach", "Further left: groups closer together. Further up: better for all.")
    unit = _unit(goal)
    across = f"gap in {say.lower(say.plain_title(rate))}, points"
    told = "; ".join(f"{name}: {GOALS[goal]} {number(up, unit)} at a gap of {points(gap)} points" for name, (gap, up)
                     in marked.items())  # fmt: skip
    figure = charts.frontier(reached, marked, across, GOALS[goal], unit)
    parts.picture(figure, "frontier", f"{told}. {_best(reached, marked['now'], unit)}")
    parts.note(_best(reached, marked["now"], unit))
    parts.table(_few(reached, unit, GOALS[goal]), "Points on the two lines", numbers=("Gap, points", _title(goal)))
    parts.download(reached.drop(columns="places"), "frontier")
    if box := parts.opened("Compared with fairlearn’s ThresholdOptimizer, which draws lots", "lots"):
        with box:
            _by_lot(found, rate, goal, beside(reached, marked, len(set(places)) > 1))


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


def _by_lot(found: WhatIf, rate: str, goal: str, ways: list[tuple[str, float, float, bool]]) -> None:
    """Does say what equal rates by drawing lots would cost, beside what is marked and the best without lots."""
    drawn = lots(found, rate, goal)
    if drawn is None:
        parts.note(NO_LOTS)
        return
    parts.note(f"{lots_sentence(drawn, rate, goal)} {_sought(goal)}")
    every = [*ways, ("ThresholdOptimizer, with lots", 0.0, drawn.goal, True)]
    parts.table(written(every, goal), "With and without lots", ("Gap, points", _title(goal)))
    parts.table(mixes(found, drawn), "What would decide each group’s cases", NUMBERS)
    parts.note(LOTS)
    parts.download(pd.DataFrame(mixes(found, drawn)).assign(rate=drawn.rate, goal=drawn.goal), "threshold-optimizer")


def lots_sentence(drawn: Lots, rate: str, goal: str) -> str:
    """Returns what equal rates by drawing lots would come to: the rate, the goal, how many cases are decided so.

    >>> lots_sentence(Lots(0.7, 0.8, ()), "true_positive_rate", "accuracy").replace("\u202f", " ")
    'With lots every group has a true positive rate of 70 %, at a share of right decisions of 80 %; 0 % are drawn.'
    """
    named = say.lower(say.plain_title(rate))
    return (
        f"With lots every group has a {named} of {number(drawn.rate, 'share')}, at a {GOALS[goal]} of "
        f"{number(drawn.goal, _unit(goal))}; {number(drawn.share, 'share')} are drawn."
    )


def _unit(goal: str) -> Any:
    return "number" if goal == "value_per_case" else "share"


def _sought(goal: str) -> str:
    if goal == "value_per_case":
        return "fairlearn knows no value of cases: this is what its method would reach with that goal."
    if goal == "balanced_accuracy":
        return (
            "Of all equal rates it takes the one that is best for the groups’ own balanced accuracies, by their size."
        )
    return ""


def beside(
    reached: pd.DataFrame, marked: dict[str, tuple[float, float]], several: bool
) -> list[tuple[str, float, float, bool]]:
    """Returns the ways without lots as (name, gap, goal, needs the group?): what is marked, and the best at CLOSE.

    `several` says whether the chosen thresholds differ from group to group.
    """
    ways = [(name.capitalize(), *of, several and name == "chosen") for name, of in marked.items()]
    for kind, name in (("one", "One threshold"), ("each", "One for each group")):
        rows = reached[(reached["kind"] == kind) & (reached["gap"] <= CLOSE)].nlargest(1, "goal").to_dict("records")
        ways += [(f"{name}, gap of at most 1 point", row["gap"], row["goal"], kind == "each") for row in rows]
    return ways


def written(ways: list[tuple[str, float, float, bool]], goal: str) -> list[dict[str, object]]:
    """Returns a row for each way."""
    return [
        {"Way": name, "Gap, points": points(gap), _title(goal): number(up, _unit(goal)),
         "Needs the group": "yes" if needs else "no"}
        for name, gap, up, needs in ways
    ]  # fmt: skip


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
