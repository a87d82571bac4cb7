"""Which groups' values of one feature moved: its counts by group then and now, from the log, in the frozen bins.

No rollup table crosses features with groups: one feature is opened at a time, and its two windows are read then.
Scores of classes, decisions and labels are in the rollup by group.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from dashboard import log, store
from dashboard.bins import CELLS, LARGEST, SHIFT, Grid
from dashboard.metrics import drift
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.rates import Measure
from dashboard.report.moved import Moved, moved
from dashboard.report.own import Shape, answered
from dashboard.report.performance import Source
from dashboard.report.scope import Scope
from dashboard.rollup.rows import typed
from dashboard.settings import ModelPaths
from dashboard.sql import identifier
from dashboard.sql.cases import group, own_number

LARGE = 12  # groups that are drawn and written, the largest


@dataclass(frozen=True)
class GroupMoved:
    """How far one group's values of a feature moved, and what moved most in them."""

    group: str
    psi: Measure
    moved: Moved


def by_group(paths: ModelPaths, source: Source, scope: Scope, feature: str) -> list[GroupMoved]:
    """Returns a feature in the scope's window against the reference, by group of its one attribute, largest first.

    Every group is held against itself in the reference, of all versions together. Days are assumed independent. Read
    from the rows of the log that the rollup has counted; kept a while.
    """
    asked = ("by group", scope.since, scope.until, scope.version, scope.attributes, scope.reference, feature)
    found: list[GroupMoved] = source.snapshot.lately(asked, lambda: _by_group(paths, source, scope, feature))
    return found


def _by_group(paths: ModelPaths, source: Source, scope: Scope, feature: str) -> list[GroupMoved]:
    if scope.reference is None:
        return []
    both = ((scope.reference, None), ((scope.since, scope.until), scope.version))
    if feature in source.contract.own_features and feature not in source.bins.own_grids:
        sides = [_answers(source, scope.attributes[0], feature, *days) for days in both]
    else:
        sides = [shapes(paths, source, scope.attributes, feature, *days) for days in both]
    then: dict[str, Any] = sides[0]
    now: dict[str, Any] = sides[1]
    names = sorted(now.keys() & then.keys(), key=lambda name: (-now[name].n, name))[:LARGE]
    return [GroupMoved(name, drift.psi(then[name], now[name]), moved(feature, then[name], now[name])) for name in names]


def _answers(
    source: Source, attribute: str, feature: str, days: tuple[date, date], version: str | None
) -> dict[str, Shape]:
    """Returns the shape of an answer in each group in some days, which the rollup knows."""
    found = answered(source, Scope(*days, version=version), attribute)
    return {group: shape for (_, _, name, group), shape in found.items() if name == feature}


def shapes(
    paths: ModelPaths,
    source: Source,
    attributes: tuple[str, ...],
    feature: str,
    days: tuple[date, date],
    version: str | None,
) -> dict[str, Shape]:
    """Returns the feature's shape in each group in some days; of a version, or of all that are in service.

    Of a number made of the model's answers, the rows that have it.
    """
    contract, counted = source.contract, source.snapshot.batches()
    known = [record for record in log.read_records(paths.log) if record.batch in counted]
    files = [e for e in log.entries(paths.log, known, "predictions") if days[0] <= e.day < days[1]]
    if not files:
        return {}
    chosen = "NOT list_contains($shadow, version)" if version is None else "version = $version"
    asked = {"shadow": list(contract.shadow)} if version is None else {"version": version}
    name = " || '*' || ".join(group(contract.attribute(one)) for one in attributes[0].split("*"))
    own = source.bins.own_grids if feature in contract.own_features else {}
    grid = own.get(feature) or source.bins.grids.get(feature)
    value = own_number(contract, feature) if own else identifier(f"x_{feature}")
    with store.connect(temp_directory=paths.staging) as connection:
        read = typed(connection, contract, files)
        rows = connection.execute(
            f"SELECT {name} AS name, {_place(value, grid)} AS place, count(*), {_total(value, grid)} "  # noqa: S608
            f"FROM {read} WHERE {chosen} GROUP BY ALL",
            asked,
        ).fetchall()
    found: dict[str, list[tuple[Any, int, int]]] = defaultdict(list)
    for one, place, n, total in rows:
        if place is None and own:
            continue
        found[one].append((place, n, total))
    return {one: _shape(counts, grid) for one, counts in found.items()}


def _steps(value: str, grid: Grid) -> str:
    """The steps of `Grid.steps`, in SQL; NULL of what is no number, which `least` would pass over."""
    steps = f"least(greatest(floor(({value} - {grid.low!r}) * {grid.scale!r}), {-LARGEST!r}), {LARGEST!r})"
    return f"CASE WHEN {value} IS NOT NULL AND NOT isnan({value}) THEN {steps} END"


def _place(value: str, grid: Grid | None) -> str:
    """A row's place: of a number the cell that `Grid.bin_of` looks up, else its category."""
    if grid is None:
        return value
    cell = f"trunc(({_steps(value, grid)}) * {2.0**-SHIFT!r})"
    return f"CASE WHEN {cell} IS NOT NULL THEN least(greatest({cell}, 0), {CELLS - 1})::INTEGER END"


def _total(value: str, grid: Grid | None) -> str:
    return "0" if grid is None else f"sum(({_steps(value, grid)})::BIGINT)"


def _shape(counts: list[tuple[Any, int, int]], grid: Grid | None) -> Shape:
    missing = sum(n for place, n, _ in counts if place is None)
    kept = [row for row in counts if row[0] is not None]
    if grid is None:
        return Categories({str(place): n for place, n, _ in kept}, missing)
    places, numbers, totals = (np.array([row[i] for row in kept], dtype=float) for i in range(3))
    where = grid.bin_of(places * (1 << SHIFT))
    number, total = (np.bincount(where, weights, grid.bins).astype(float) for weights in (numbers, totals))
    whole = number.astype(np.int64)
    return Histogram.of(whole, grid.value(total, whole), missing)
