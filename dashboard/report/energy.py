"""Energy, CO2e and cost of 1,000 answers, of what the log measures and the contract states."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dashboard.metrics import energy
from dashboard.rates import Measure, undefined
from dashboard.report.cells import rows
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

NAMES = ("energy_per_1000", "co2e_per_1000", "cost_per_1000")
NO_COLUMN = "the contract names no energy_wh column"
NO_GRID = "the contract states no grid_gco2_per_kwh in [service]"
NO_COST = "the contract names no cost column and states no cost_per_1000 in [service]"
LOGGED, STATED = "logged with each answer", "stated by the contract"


def energy_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields them per period and version; what is not declared only where it is asked for by name, saying so."""
    contract = source.contract
    stated, measured = contract.service, "energy_wh" in contract.columns
    grid = stated.grid_gco2_per_kwh if stated else None
    absent = {"energy_per_1000": None if measured else NO_COLUMN}
    absent["co2e_per_1000"] = absent["energy_per_1000"] or (NO_GRID if grid is None else None)
    logged, agreed = "cost" in contract.columns, stated.cost_per_1000 if stated else None
    absent["cost_per_1000"] = NO_COST if agreed is None and not logged else None
    for name, why in absent.items():
        if why and scope.names(name):
            yield reading(scope, name, Place(scope.version), undefined(why))
    wanted = [name for name in NAMES if scope.wants(name) and not absent[name]]
    if {"energy_per_1000", "co2e_per_1000"} & set(wanted):
        for bucket, version, n, sums in rows(source.snapshot, "energy", scope.parameters(contract)):
            hours = np.array(sums, dtype=float) / energy.WATT_HOURS
            if "energy_per_1000" in wanted:
                measure: Measure = energy.energy_per_1000(n, hours)
                yield reading(scope, "energy_per_1000", Place(version, bucket=bucket), measure, "Wh")
            if "co2e_per_1000" in wanted and grid is not None:
                measure = energy.co2e_per_1000(n, hours, grid)
                yield reading(scope, "co2e_per_1000", Place(version, bucket=bucket), measure, _grid(source, grid))
    if "cost_per_1000" in wanted and logged:
        yield from cost_by(source, scope)
    elif "cost_per_1000" in wanted and agreed is not None:
        for bucket, version, n, *_ in rows(source.snapshot, "volume", scope.parameters(contract)):
            measure = energy.cost_per_1000(agreed, n)
            yield reading(scope, "cost_per_1000", Place(version, bucket=bucket), measure, _money(source, STATED))


def cost_by(source: Source, scope: Scope, column: str | None = None, name: str | None = None) -> Iterator[Reading]:
    """Yields what 1,000 answers cost, as logged; with a `column` of an endpoint or status, or of each ("*")."""
    found = False
    parameters = scope.parameters(source.contract, column=column, name=name)
    for bucket, version, part, n, sums in rows(source.snapshot, "cost", parameters):
        found = True
        measure = energy.logged_cost_per_1000(n, np.array(sums, dtype=float) / energy.AMOUNTS)
        place = Place(version, feature=f"{column}={part}" if column else None, bucket=bucket)
        yield reading(scope, "cost_per_1000", place, measure, _money(source, LOGGED))
    if not found and column is None and not scope.by:
        yield reading(scope, "cost_per_1000", Place(scope.version), energy.logged_cost_per_1000([], []))


def _money(source: Source, whence: str) -> str:
    unit = source.contract.service.cost_unit if source.contract.service else ""
    return "; ".join(part for part in (unit, whence) if part)


def _grid(source: Source, grid: float) -> str:
    text = source.contract.service.grid_source if source.contract.service else ""
    return f"g; {grid:g} g per kWh" + (f", {text}" if text else "")
