"""Has it changed? A metric over time with its interval; versions marked; what is only estimated hollow and dashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import band, hover, in_unit, sheet, upright
from dashboard.charts.palette import UNJUDGED, group_colours
from dashboard.charts.words import Unit, group_name, in_order, interval, made_of, missing, number, unit_of, window


def over_time(
    readings: pd.DataFrame,
    allowed: Sequence[float | None] | None = None,
    starts: Mapping[str, str] | None = None,
    reference: str | None = None,
    settled: str | None = None,
) -> go.Figure:
    """Returns one metric by bucket: a dot and interval for each; one line for each group where there are groups.

    `readings` has the 17 columns; rows named `estimated_<metric>`, and those that end after `settled` (the day from
    which on labels are still coming), are drawn hollow and dashed. `allowed` is the policy's range; `starts` says on
    which day each version came into service.
    """
    figure = sheet(height=320)
    if readings.empty:
        return figure
    unit = unit_of(str(readings["metric"].iloc[0]))
    if allowed:
        band(figure, allowed, "y")
    groups = in_order(str(group) for group in readings["group"].dropna())
    colours = group_colours(groups, reference)
    for group in (*groups, *(() if groups else (None,))):
        of_group = readings if group is None else readings[readings["group"] == group]
        colour = colours.get(group or "", UNJUDGED.colour)
        for hollow, rows in of_group.groupby(_open(of_group, settled)):
            _line(figure, rows.sort_values("since"), group, colour, bool(hollow))
        _name(figure, of_group, group, colour)
    for version, day in (starts or {}).items():
        upright(figure, day, version)
    figure.update_layout(margin_t=28, margin_r=90 if groups else 8)
    figure.update_yaxes(**in_unit(*_extent(readings, unit), unit))
    figure.update_xaxes(type="date", tickformat="%-d %b", nticks=8)
    return figure


def _open(readings: pd.DataFrame, settled: str | None) -> pd.Series[bool]:
    """Returns which readings may still change: estimates, and those of days whose labels are still coming."""
    estimated = readings["metric"].str.startswith("estimated_")
    return estimated if settled is None else estimated | (readings["until"].astype(str) > settled)


def _line(figure: go.Figure, rows: pd.DataFrame, group: str | None, colour: str, hollow: bool) -> None:
    unit = unit_of(str(rows["metric"].iloc[0]))
    known = rows[rows["value"].notna()]
    value = known["value"].astype(float)
    figure.add_scatter(
        x=_middle(known), y=value, mode="lines+markers", hoverinfo="text",
        hovertext=[_facts(row, group, unit) for row in known.to_dict("records")],
        line={"color": colour, "width": 1.5, "dash": "dot" if hollow else "solid"},
        marker={"symbol": "circle-open" if hollow else "circle", "size": 8, "color": colour,
                "line": {"width": 2, "color": colour}},
        error_y={
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.5, "width": 0,
            "array": (known["high"].astype(float) - value).fillna(0),
            "arrayminus": (value - known["low"].astype(float)).fillna(0),
        },
    )  # fmt: skip


def _name(figure: go.Figure, rows: pd.DataFrame, group: str | None, colour: str) -> None:
    """Writes a group's name at the right end of its line."""
    known = rows[rows["value"].notna()].sort_values("since")
    if group is None or known.empty:
        return
    figure.add_annotation(
        x=1, xref="paper", y=float(known["value"].iloc[-1]), text=group_name(group), showarrow=False, xanchor="left",
        xshift=6, font={"color": colour},
    )  # fmt: skip


def _middle(rows: pd.DataFrame) -> pd.Series[Any]:
    since, until = pd.to_datetime(rows["since"]), pd.to_datetime(rows["until"])
    return since + (until - since) / 2


def _facts(row: Mapping[Any, Any], group: str | None, unit: Any) -> str:
    head = window(row["since"], row["until"]) + (f", {group_name(group)}" if group else "")
    note = "" if missing(row["note"]) else str(row["note"])
    between = interval(row["low"], row["high"], unit)
    return hover(head, row["value"], unit, between, made_of(row["numerator"], row["denominator"], unit), note)


def _extent(readings: pd.DataFrame, unit: Unit) -> tuple[float, float]:
    """Returns the axis' range: all values and the intervals of usual width; a wider one runs out of the picture."""
    value, low, high = (readings[key].astype(float) for key in ("value", "low", "high"))
    usual = (high - low) <= 4 * (high - low).median()
    ends = pd.concat([value, low[usual], high[usual]]).dropna()
    least, most = (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 1.0)
    room = (most - least) or abs(most) or 1.0
    bottom, top = least - 0.15 * room, most + 0.15 * room
    return (max(bottom, -0.02 * room), min(top, 1 + 0.02 * room)) if unit == "share" else (bottom, top)


def small_trend(readings: pd.DataFrame) -> go.Figure:
    """Returns a word-sized trend without axes, its last value marked: what stands beside a number."""
    figure = sheet(height=56)
    rows = readings[readings["value"].notna()].sort_values("since")
    if rows.empty:
        return figure
    value, unit = rows["value"].astype(float), unit_of(str(rows["metric"].iloc[0]))
    at = _middle(rows)
    figure.add_scatter(
        x=pd.concat([at, at[::-1]]), y=pd.concat([rows["high"].astype(float), rows["low"].astype(float)[::-1]]),
        fill="toself", fillcolor="rgba(47, 120, 183, 0.15)", line={"width": 0}, hoverinfo="skip", mode="lines",
    )  # fmt: skip
    figure.add_scatter(
        x=at, y=value, mode="lines", line={"color": UNJUDGED.colour, "width": 1.5}, hoverinfo="text",
        hovertext=[f"{window(r['since'], r['until'])}<br>{number(r['value'], unit)}" for r in rows.to_dict("records")],
    )  # fmt: skip
    figure.add_scatter(
        x=at[-1:], y=value[-1:], mode="markers", marker={"color": UNJUDGED.colour, "size": 7}, hoverinfo="skip"
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure
