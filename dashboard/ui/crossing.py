"""One metric where attributes cross, laid out as a map: what stands in each cell, which is worst, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from dashboard.charts.words import group_name, in_order, interval, made_of, missing, number, unit_of
from dashboard.metrics import METRICS
from dashboard.policy import Finding
from dashboard.ui import heat, say
from dashboard.ui.headlines import VERBS
from dashboard.ui.load import STATES

Row = Mapping[Any, Any]
Place = tuple[str | None, str | None]  # a group of the rows' attribute, one of the columns'; None is all of them
ROWS, COLUMNS = 30, 12  # more are in the table only
ALL = "all"


@dataclass(frozen=True)
class Crossing:
    """What is crossed: the attributes of rows and columns, of several maps the one that tells them apart (`each`)."""

    name: str  # as the contract declares it: sex*age_band
    rows: str
    columns: str
    each: str | None = None

    def needs(self, declared: Sequence[str]) -> tuple[str, ...]:
        """Returns the attributes and intersections that the maps and their margins are made of."""
        own = {self.rows, self.columns, *([self.each] if self.each else [])}
        return tuple(name for name in declared if set(name.split("*")) <= own)


@dataclass(frozen=True)
class Map:
    """One map of a metric: the readings by place. `minimum` is the smallest denominator that counts as enough."""

    metric: str
    crossing: Crossing
    cells: Mapping[Place, Row]
    states: Mapping[str, str]  # by group of the intersection
    minimum: int
    group: str | None = None  # of `each`

    @cached_property
    def row_names(self) -> list[str]:
        return self._largest(0, ROWS)

    @cached_property
    def column_names(self) -> list[str]:
        return self._largest(1, COLUMNS)

    def _largest(self, side: int, limit: int) -> list[str]:
        sizes: dict[str, int] = {}
        for place, row in self.cells.items():
            name = place[side]
            if name is not None:
                sizes[name] = sizes.get(name, 0) + int(row["n"])
        return in_order(sorted(sizes, key=lambda name: -sizes[name])[:limit])

    def enough(self, place: Place) -> bool:
        """Returns whether a cell's value rests on enough cases to be compared."""
        row = self.cells.get(place)
        return row is not None and not missing(row["value"]) and int(row["smallest"]) >= self.minimum

    def inside(self) -> dict[Place, Row]:
        """Returns the cells of crossed groups with enough cases."""
        return {place: row for place, row in self.cells.items() if None not in place and self.enough(place)}


def maps(
    readings: pd.DataFrame, crossing: Crossing, findings: Sequence[Finding], metric: str, minimum: int
) -> list[Map]:
    """Returns the map of a crossing, or one for each group of its third attribute; what is unknown is in none."""
    placed: dict[str | None, dict[Place, Row]] = {}
    for row in readings.to_dict("records"):
        where = _where(row)
        if "unknown" in where.values() or (crossing.each is not None) != (crossing.each in where):
            continue
        group = where.pop(crossing.each, None) if crossing.each else None
        if set(where) <= {crossing.rows, crossing.columns}:
            placed.setdefault(group, {})[where.get(crossing.rows), where.get(crossing.columns)] = row
    states = states_of(findings, crossing.name, metric)
    order: list[Any] = in_order(str(group) for group in placed) if crossing.each else [None]
    return [Map(metric, crossing, placed.get(group, {}), states, minimum, group) for group in order]


def _where(row: Row) -> dict[str, str]:
    """Returns the group of each attribute that a reading is about; {} is everybody."""
    if missing(row["attribute"]):
        return {}
    parts = re.split(r"(?<!\\)\*", str(row["group"]))
    return dict(zip(str(row["attribute"]).split("*"), parts, strict=True))


def states_of(findings: Sequence[Finding], attribute: str, metric: str) -> dict[str, str]:
    """Returns the worst state that the policy gives each group on a metric, or on its contrast with the reference."""
    about = {metric, f"{metric}_difference", f"{metric}_ratio"}
    found: dict[str, str] = {}
    for finding in findings:
        if finding.attribute == attribute and finding.group and finding.metric in about:
            states = (finding.state, found.get(finding.group, finding.state))
            found[finding.group] = min(states, key=STATES.index)
    return found


def worst(drawn: Sequence[Map]) -> tuple[str, list[Row]]:
    """Returns which end of a metric is the worse one, and the crossed groups with enough cases, the worst first."""
    rows = [row for one in drawn for row in one.inside().values()]
    better = METRICS[drawn[0].metric].better if drawn else "context"
    if better == "near zero":
        return "farthest from 0", sorted(rows, key=lambda row: -abs(row["value"]))
    if better == "lower":
        return "highest", sorted(rows, key=lambda row: -row["value"])
    return "lowest", sorted(rows, key=lambda row: row["value"])


def sentence(drawn: Sequence[Map], of_class: str | None = None) -> tuple[str, str]:
    """Returns which crossed group is worst off, and what either attribute alone would have shown."""
    end, rows = worst(drawn)
    crossing, metric = drawn[0].crossing, drawn[0].metric
    by = say.plain(crossing.name)
    about = f"{of_class}: " if of_class else ""
    if not rows:
        return f"No group by {by} has enough cases to say.", f"The policy asks for {drawn[0].minimum:,} each."
    if len(rows) == 1:
        return f"{about}Only {group_name(rows[0]['group'])} has enough cases by {by}.", _told(rows[0]) + "."
    several = f"of {len(rows)} groups with enough cases"
    if METRICS[metric].better == "context":
        says = f"{_told(rows[0])}, and {_value(rows[-1])} among {group_name(rows[-1]['group'])}"
        return f"{about}{says}: the lowest and the highest {several}.", apart(drawn)
    return f"{about}{_told(rows[0])}, the {end} {several}.", apart(drawn)


def _told(row: Row) -> str:
    """Returns one group's value, of a rate as a natural frequency."""
    metric, group = str(row["metric"]), group_name(row["group"])
    if metric in VERBS:
        return VERBS[metric].format(here=_value(row), group=group)
    return f"{say.plain_title(metric)} is {_value(row)} for {group}"


def _value(row: Row) -> str:
    metric = str(row["metric"])
    return say.of_100(float(row["value"])) if metric in VERBS else number(float(row["value"]), unit_of(metric))


def apart(drawn: Sequence[Map]) -> str:
    """Returns how far apart the groups of either attribute by itself lie, and how far the crossed ones."""
    if len(drawn) != 1:
        return ""
    one, crossing = drawn[0], drawn[0].crossing
    rows = _spread(one, [place for place in one.cells if place[0] is not None and place[1] is None])
    columns = _spread(one, [place for place in one.cells if place[0] is None and place[1] is not None])
    inside = _spread(one, list(one.inside()))
    if not (rows and columns and inside):
        return ""
    alone = f"By {say.plain(crossing.rows)} alone the groups lie {rows} apart, by {say.plain(crossing.columns)} alone"
    return f"{alone} {columns}; crossed, {inside}."


def _spread(one: Map, places: Sequence[Place]) -> str:
    values = [float(one.cells[place]["value"]) for place in places if one.enough(place)]
    unit = unit_of(one.metric)
    return number(max(values) - min(values), "points" if unit == "share" else unit) if len(values) > 1 else ""


def scale(drawn: Sequence[Map]) -> tuple[float, float] | None:
    """Returns the lowest and the highest value of all cells with enough cases, margins among them."""
    values = [float(row["value"]) for one in drawn for place, row in one.cells.items() if one.enough(place)]
    return (min(values), max(values)) if values else None


def cells(one: Map, ends: tuple[float, float] | None, named: Mapping[str, str]) -> list[tuple[str, list[heat.Cell]]]:
    """Returns the map's rows of cells, each attribute by itself as the last column and row; `named` by group."""
    places: list[tuple[str, str | None]] = [*((name, name) for name in one.row_names), (ALL, None)]
    columns = [*one.column_names, None]
    return [(label, [_cell(one, (row, column), ends, named) for column in columns]) for label, row in places]


def _cell(one: Map, place: Place, ends: tuple[float, float] | None, named: Mapping[str, str]) -> heat.Cell:
    row, margin = one.cells.get(place), None in place
    if row is None:
        return heat.Cell("not counted" if margin else "no cases", look=heat.NONE, margin=margin)
    unit = unit_of(one.metric)
    behind = made_of(row["numerator"], row["denominator"], unit) or f"n {int(row['n']):,}"
    group = "" if margin else str(row["group"])
    state = one.states.get(group)
    if missing(row["value"]):
        return heat.Cell("–", (behind, "can’t be computed" if state is None else ""), heat.FEW, state, margin=margin)
    enough = one.enough(place) and ends is not None
    look = heat.step_of(float(row["value"]), *ends) if enough and ends else heat.FEW
    facts = (interval(row["low"], row["high"], unit), behind)
    said = "too few to judge" if state == "cannot be computed" else ""
    return heat.Cell(number(float(row["value"]), unit), facts, look, state, said, named.get(group, ""), margin)


def table(drawn: Sequence[Map], unknown: Sequence[Row] = ()) -> list[dict[str, object]]:
    """Returns every crossed group as a row of a table, the worst first, those without enough cases last."""
    _, ranked = worst(drawn)
    first = {str(row["group"]): place for place, row in enumerate(ranked)}
    inside = [row for one in drawn for place, row in one.cells.items() if None not in place]
    states = drawn[0].states if drawn else {}
    rows: list[dict[str, object]] = []
    for row in [*sorted(inside, key=lambda row: first.get(str(row["group"]), len(first))), *unknown]:
        unit, value = unit_of(str(row["metric"])), None if missing(row["value"]) else float(row["value"])
        cells: dict[str, object] = {"Group": group_name(row["group"]), "Value": number(value, unit)}
        cells["95 % interval"] = "" if value is None else interval(row["low"], row["high"], unit)
        cells["Counts"] = made_of(row["numerator"], row["denominator"], unit) or f"{int(row['n']):,}"
        cells["State"] = states.get(str(row["group"]))
        cells["Enough cases"] = "" if int(row["smallest"]) >= drawn[0].minimum else "too few"
        rows.append(cells)
    empty = {name for name in ("State", "Enough cases") if not any(row[name] for row in rows)}
    return [{name: value for name, value in row.items() if name not in empty} for row in rows]
