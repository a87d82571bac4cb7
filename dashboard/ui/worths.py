"""What a case is worth under other thresholds: now, then and the change, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.charts.words import group_name, in_order, interval
from dashboard.rates import Measure
from dashboard.ui import parts
from dashboard.ui.load.what_if import WhatIf, Worth, value_table, worths
from dashboard.ui.value import money
from dashboard.ui.what_if import changed

NUMBERS = ("Labelled cases", "A case now", "A case then", "Change of a case", "Change of all")
HOW = "By the contract’s value matrix, over labelled cases with a score. The change is of the same cases under both."
ALIKE = (
    "How alike one person’s cases are is not counted by score: the change’s interval takes them all to change alike, "
    "which is wider than need be."
)
WEIGHTS = "Every case counts alike here, whatever its weight."


def sentence(of: Mapping[str, Worth], unit: str) -> str:
    """Returns what a case is worth to everybody under both thresholds, the change with its interval, and of all cases.

    >>> from dashboard.metrics.value import mean_of_values
    >>> worth = Worth(*(mean_of_values(given) for given in ({0: 90, 10: 10}, {0: 85, 10: 15}, {0: 95, 10: 5})))
    >>> sentence({"": worth}, "EUR").partition(": ")[2]
    'a change of +0.50 (0.22 to 1.1) EUR, +50 EUR over these 100 cases.'
    """
    worth = of.get("")
    if worth is None or worth.now.value is None or worth.then.value is None:
        return ""
    low, high = worth.change.interval()
    unsure = low is not None and high is not None and low <= 0 <= high
    chance = " Chance alone may explain it." if unsure and worth.change.value else ""
    return (
        f"By the value matrix a case is worth {money(worth.then.value, unit)} instead of "
        f"{money(worth.now.value, unit)}: a change of {_with_limits(worth.change, unit, signed=True)}, "
        f"{_signed(_together(worth.change), unit)} over these {worth.change.n:,} cases.{chance}"
    )


def section(found: WhatIf, places: list[int], unit: str) -> None:
    """Does write what a case of each group is worth now and then; nothing where the contract has no value matrix."""
    of = worths(found, places)
    if not of:
        return
    parts.section("What it is worth, now and then", HOW)
    moved = changed(found, places)
    parts.table(table(of, unit, moved), "Value of a case now and under the chosen thresholds", NUMBERS)
    parts.note(" ".join(note for note, said in ((ALIKE, moved and _alike(found)), (WEIGHTS, found.weighted)) if said))
    parts.download(value_table(found, places), "what-if-value")


def _alike(found: WhatIf) -> bool:
    """Returns whether cases of one person make an interval wider."""
    return any(deff > 1 for (name, _), deff in found.deffs.items() if name == "change")


def table(of: Mapping[str, Worth], unit: str, moved: bool = True) -> list[dict[str, object]]:
    """Returns a row for everybody and each group: the value of a case now, then, the change, and that of all cases.

    Where no threshold was `moved` it is what a case is worth now.
    """
    groups = in_order(name for name in of if name)
    return [_row("Everybody", of[""], unit, moved), *(_row(group_name(name), of[name], unit, moved) for name in groups)]


def _row(name: str, worth: Worth, unit: str, moved: bool) -> dict[str, object]:
    now = {"Group": name, "Labelled cases": f"{worth.change.n:,}", "A case now": _with_limits(worth.now, unit)}
    then = {"A case then": _with_limits(worth.then, unit), "Change of a case": _with_limits(worth.change, unit, True)}
    then["Change of all"] = "–" if worth.change.value is None else _signed(_together(worth.change), unit)
    return {**now, **(then if moved else {})}


def _together(change: Measure) -> float:
    return change.numerator or 0.0


def _signed(value: float, unit: str) -> str:
    return ("+" if value > 0 else "") + money(value, unit)


def _with_limits(one: Measure, unit: str, signed: bool = False) -> str:
    """Returns a value with its limits and unit, or a dash; of a change that cannot be, only 0."""
    if one.value is None:
        return "–"
    low, high = one.interval()
    value = (_signed if signed else money)(one.value, "")
    return f"{value} {unit}".strip() if low == high else f"{value} ({interval(low, high, 'number')}) {unit}".strip()
