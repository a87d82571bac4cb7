"""The groups that the model serves worst: each group's rate and interval, and everybody's as a line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.charts.figure import hover, in_unit, sheet, upright, whiskers
from dashboard.charts.palette import QUIET, UNJUDGED
from dashboard.charts.words import interval, made_of, missing, number, unit_of

WIDE = 42  # characters of a name's line, so that it fits a phone
LINE, ROOM = 19, 40  # pixels of a line of a name, and of a dot with the space around it


def worst_dots(rows: Sequence[Mapping[str, Any]], everybody: float | None) -> go.Figure:
    """Returns a dot with its interval for each group, its name above it; `rows` are records of worst groups.

    Filled dots are groups that a protected attribute describes, hollow ones those of features alone.
    """
    unit = unit_of(str(rows[0]["metric"]))
    names = [textwrap.wrap(str(row["group"]), WIDE) for row in rows]
    heights = [LINE * len(lines) + ROOM for lines in names]
    whole = sum(heights)
    figure = sheet(height=whole + 74, yaxis={"range": [whole, 0], "showgrid": False, "showticklabels": False})
    places = [sum(heights[: k + 1]) - ROOM / 2 - 6 for k in range(len(rows))]
    colours = [UNJUDGED.colour if row["attributes"] else QUIET for row in rows]
    whiskers(figure, [(y, r["low"], r["high"], c) for y, r, c in zip(places, rows, colours, strict=True)])
    figure.add_scatter(
        x=[row["value"] for row in rows], y=places, mode="markers", cliponaxis=False, hoverinfo="text",
        hovertext=[_facts(row) for row in rows],
        marker={
            "symbol": ["circle" if row["attributes"] else "circle-open" for row in rows], "size": 11,
            "color": colours, "line": {"width": 2, "color": colours},
        },
    )  # fmt: skip
    figure.layout.annotations = [
        note
        for row, lines, y, height in zip(rows, names, places, heights, strict=True)
        for note in _words(row, lines, y, height)
    ]
    ends = [float(row[key]) for row in rows for key in ("value", "low", "high") if not missing(row[key])]
    ends += [] if everybody is None else [everybody]
    low, high = min(ends), max(ends)
    room = (high - low) or abs(high) or 1.0
    figure.update_xaxes(showgrid=True, **in_unit(low - 0.06 * room, high + 0.2 * room, unit))
    if everybody is not None:
        upright(figure, everybody, "everybody")
        if everybody > (low + high) / 2:  # the words would leave a phone's screen
            figure.layout.annotations[-1].update(xanchor="right", xshift=-3)
    figure.update_layout(margin_t=28)
    return figure


def _words(row: Mapping[str, Any], lines: Sequence[str], y: float, height: int) -> list[dict[str, Any]]:
    """Returns a group's name with its counts above its interval, and its value at the interval's right end."""
    unit = unit_of(str(row["metric"]))
    end = next(float(at) for at in (row["high"], row["value"], 0.0) if not missing(at))
    top = y - height + ROOM / 2 + 6
    return [
        {"x": 0, "xref": "paper", "y": top, "text": "<br>".join(f"<b>{line}</b>" for line in lines),
         "showarrow": False, "xanchor": "left", "yanchor": "top", "align": "left"},
        {"x": end, "y": y, "text": number(row["value"], unit), "showarrow": False, "xanchor": "left", "xshift": 9},
    ]  # fmt: skip


def _facts(row: Mapping[str, Any]) -> str:
    unit = unit_of(str(row["metric"]))
    of, between = made_of(row["numerator"], row["n"], unit), interval(row["low"], row["high"], unit)
    return hover(str(row["group"]), row["value"], unit, between, of, f"everybody else: {number(row['rest'], unit)}")
