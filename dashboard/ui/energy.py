"""What 1,000 answers use: energy, the CO2e that goes with it, what they cost; by version, endpoint, status, week."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from dashboard import charts
from dashboard.charts.words import digits, missing
from dashboard.contract import Contract
from dashboard.ui import load, parts, say
from dashboard.ui.load import service
from dashboard.ui.state import Scope

NAMES = ("energy_per_1000", "co2e_per_1000", "cost_per_1000")
HOW = {
    "energy_per_1000": 'Energy: deliver watt-hours per prediction, named in [columns]: energy_wh = "energy_wh".',
    "co2e_per_1000": 'CO2e: with energy, state the grid in [service]: grid_gco2_per_kwh = 380, grid_source = "...".',
    "cost_per_1000": (
        'Cost: deliver it per prediction, named in [columns]: cost = "cost_usd"; or state it in [service]: '
        'cost_per_1000 = 0.40, cost_unit = "EUR".'
    ),
}


def section(scope: Scope) -> None:
    """Does say what 1,000 answers use, for each version, and draw their energy by week; or how to declare it."""
    whole = load.readings(scope, NAMES, ("service",))
    known = whole[whole["value"].notna()]
    if known.empty:
        parts.nothing("Neither energy nor cost is declared, or none was measured in this window.", *HOW.values())
        return
    parts.section("What 1,000 answers use", sentence(known))
    parts.note(source(load.contract(scope.model).service))
    parts.note(cost_source(load.contract(scope.model), known))
    each = load.readings(scope, NAMES, ("service",), version="*")
    each = each[each["value"].notna()]
    stated = load.contract(scope.model).service
    money = f"Cost ({stated.cost_unit})" if stated and stated.cost_unit else "Cost"
    heads = dict(zip(NAMES, ("Energy (Wh)", "CO2e (g)", money), strict=True))
    rows = [
        {"Version": str(version)} | {heads[name]: _of(group, name) for name in NAMES} | {"n": _n(group)}
        for version, group in each.groupby("version")
    ]
    shown = [name for name in NAMES if name in set(known["metric"])]
    kept = [{name: cell for name, cell in row.items() if cell} for row in rows]
    parts.table(kept, "1,000 answers of each version, with 95 % intervals", (*heads.values(), "n"))
    weekly = load.readings(scope, ("energy_per_1000",), ("service",), by="week")
    if weekly["value"].notna().any():
        parts.section("Energy by week", "Watt-hours of 1,000 answers, with 95 % intervals: hours are the blocks.")
        parts.picture(charts.over_time(weekly), "energy", say.alt(weekly, "since"))
    costs = {column: found for column, found in service.cost_by_part(scope).items() if not found.empty}
    for column, found in costs.items():
        cells = [
            {
                column.capitalize(): str(part).removeprefix(f"{column}="),
                money: _of(group, "cost_per_1000"),
                "n": _n(group),
            }
            for part, group in found.groupby("feature")
        ]
        parts.table(cells, f"What 1,000 answers of each {column} cost, with 95 % intervals", (money, "n"))
    if "cost" in load.contract(scope.model).columns:
        costly = load.readings(scope, ("cost_per_1000",), ("service",), by="week")
        if costly["value"].notna().any():
            parts.section(
                "Cost by week", f"{money} of 1,000 answers, as logged, with 95 % intervals: hours are the blocks."
            )
            parts.picture(charts.over_time(costly), "cost", say.alt(costly, "since"))
    parts.download(pd.concat([whole, each, *costs.values()], ignore_index=True), "energy-and-cost")
    for name, todo in HOW.items():
        if name not in shown:
            parts.note(f"Not declared. {todo}")


def sentence(known: pd.DataFrame) -> str:
    """Returns what 1,000 answers use in words."""
    units = {"energy_per_1000": "watt-hours", "co2e_per_1000": "g of CO2e", "cost_per_1000": ""}
    said = []
    for name, unit in units.items():
        for row in known[known["metric"] == name].to_dict("records"):
            own = str(row["note"]).split("; ")[0] if name == "cost_per_1000" and "; " in str(row["note"]) else unit
            value, between = _amount(row)
            said.append(f"{value} {own}{between}".rstrip())
    return f"1,000 answers: {say.listed(said)}."


def cost_source(contract: Contract, known: pd.DataFrame) -> str:
    """Returns which of two costs is shown, the log's or the contract's; "" where there is none."""
    shown, stated = known[known["metric"] == "cost_per_1000"], contract.service
    if shown.empty:
        return ""
    if "cost" not in contract.columns:
        return "Cost as stated by the contract: nothing of it is measured, so it has no interval."
    told = f"Cost as logged with each answer: {_n(shown)} answers of this window have one."
    if stated is None or stated.cost_per_1000 is None:
        return told
    unit = f" {stated.cost_unit}" if stated.cost_unit else ""
    return f"{told} The {digits(stated.cost_per_1000, 'number')}{unit} that the contract states is set aside."


def source(stated: object) -> str:
    """Returns the grid intensity that the contract states, and where it is from."""
    grid = getattr(stated, "grid_gco2_per_kwh", None)
    if grid is None:
        return ""
    return f"CO2e at {grid:g} g per kilowatt-hour, as the contract states: {getattr(stated, 'grid_source', '')}."


def _amount(row: Mapping[Hashable, Any]) -> tuple[str, str]:
    """Returns a value and its interval with as many decimals as tell the interval's ends apart."""
    low, high = row["low"], row["high"]
    if missing(low) or low == high:
        return digits(row["value"], "number"), ""
    decimals = next((d for d in range(2, 7) if high - low >= 2 * 10**-d), 7)
    value, least, most = (f"{number:,.{decimals}f}" for number in (row["value"], low, high))
    return value, f" ({least} to {most})"


def _of(readings: pd.DataFrame, metric: str) -> str:
    for row in readings[readings["metric"] == metric].to_dict("records"):
        if not missing(row["value"]):
            return "".join(_amount(row))
    return ""


def _n(readings: pd.DataFrame) -> str:
    return f"{int(readings['n'].iloc[0]):,}"
