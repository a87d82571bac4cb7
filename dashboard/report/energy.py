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
NO_COST = "the contract states no cost_per_1000 in [service]"


def energy_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields them per period and version; what is not declared only where it is asked for by name, saying so."""
    contract = source.contract
    stated, measured = contract.service, "energy_wh" in contract.columns
    grid = stated.grid_gco2_per_kwh if stated else None
    absent = {"energy_per_1000": None if measured else NO_COLUMN}
    absent["co2e_per_1000"] = absent["energy_per_1000"] or (NO_GRID if grid is None else None)
    absent["cost_per_1000"] = NO_COST if stated is None or stated.cost_per_1000 is None else None
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
    if "cost_per_1000" in wanted and stated is not None and stated.cost_per_1000 is not None:
        for bucket, version, n, *_ in rows(source.snapshot, "volume", scope.parameters(contract)):
            measure = energy.cost_per_1000(stated.cost_per_1000, n)
            note = "; ".join(part for part in (stated.cost_unit, "stated by the contract") if part)
            yield reading(scope, "cost_per_1000", Place(version, bucket=bucket), measure, note)


def _grid(source: Source, grid: float) -> str:
    text = source.contract.service.grid_source if source.contract.service else ""
    return f"g; {grid:g} g per kWh" + (f", {text}" if text else "")
