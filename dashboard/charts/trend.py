"""Has it changed? A metric over time with its interval; versions marked; what is only estimated hollow and dashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, Drawn, band_of, hover, in_unit, sheet, starts_of
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
    if readings.empty:
        return sheet(height=320)
    unit = unit_of(str(readings["metric"].iloc[0]))
    uprights = starts_of(starts)
    shapes, words = [line for line, _ in uprights], [name for _, name in uprights]
    lines: list[Drawn] = []
    groups = in_order(str(group) for group in readings["group"].dropna())
    colours = group_colours(groups, reference)
    for group in (*groups, *(() if groups else (None,))):
        of_group = readings if group is None else readings[readings["group"] == group]
        colour = colours.get(group or "", UNJUDGED.colour)
        for hollow, rows in of_group.groupby(_open(of_group, settled)):
            lines.append(_line(rows.sort_values("since"), group, colour, bool(hollow)))
        words += _name(of_group, group, colour)
    return sheet(
        320,
        lines,
        shapes=[*([band_of(allowed, "y")] if allowed else []), *shapes],
        annotations=words,
        margin={"l": 8, "r": 90 if groups else 8, "t": 28, "b": 8},
        yaxis=in_unit(*_extent(readings, unit), unit),
        xaxis=DATES,
    )


def _open(readings: pd.DataFrame, settled: str | None) -> pd.Series[bool]:
    """Returns which readings may still change: estimates, and those of days whose labels are still coming."""
    estimated = readings["metric"].str.startswith("estimated_")
    return estimated if settled is None else estimated | (readings["until"].astype(str) > settled)


def _line(rows: pd.DataFrame, group: str | None, colour: str, hollow: bool) -> Drawn:
    unit = unit_of(str(rows["metric"].iloc[0]))
    known = rows[rows["value"].notna()]
    value = known["value"].astype(float)
    return {
        "type": "scatter", "x": _middle(known), "y": value, "mode": "lines+markers", "hoverinfo": "text",
        "hovertext": [_facts(row, group, unit) for row in known.to_dict("records")],
        "line": {"color": colour, "width": 1.5, "dash": "dot" if hollow else "solid"},
        "marker": {"symbol": "circle-open" if hollow else "circle", "size": 8, "color": colour,
                   "line": {"width": 2, "color": colour}},
        "error_y": {
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.5, "width": 0,
            "array": (known["high"].astype(float) - value).fillna(0),
            "arrayminus": (value - known["low"].astype(float)).fillna(0),
        },
    }  # fmt: skip


def _name(rows: pd.DataFrame, group: str | None, colour: str) -> list[Drawn]:
    """Returns a group's name, to stand at the right end of its line."""
    known = rows[rows["value"].notna()].sort_values("since")
    if group is None or known.empty:
        return []
    at = {"x": 1, "xref": "paper", "y": float(known["value"].iloc[-1]), "xanchor": "left", "xshift": 6}
    return [at | {"text": group_name(group), "showarrow": False, "font": {"color": colour}}]


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
