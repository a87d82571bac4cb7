"""Is anyone treated worse? A dot and its interval for each group, or for each feature, worst first or in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import band, hover, in_unit, marks, sheet, upright, whiskers
from dashboard.charts.palette import REFERENCE, STATES, state_of
from dashboard.charts.words import group_name, in_order, interval, made_of, missing, number, unit_of

Row = dict[str, Any]


def interval_dots(
    readings: pd.DataFrame, allowed: Sequence[float | None] | None = None, reference: str | None = None
) -> go.Figure:
    """Returns one metric's readings, one row a group: a dot, its interval, its counts; the allowed range behind.

    `readings` has the 17 columns and optionally `state`. The reference group is neutral and comes first.
    """
    order = in_order(readings["group"].dropna().astype(str))
    order = [reference, *[g for g in order if g != reference]] if reference in order else order
    rows = {str(row["group"]): row for row in _rows(readings)}
    return dots([rows[group] for group in order], [group_name(group) for group in order], allowed, reference)


def ranked_dots(readings: pd.DataFrame, allowed: Sequence[float | None] | None = None, limit: str = "") -> go.Figure:
    """Returns one metric's readings, a row a feature, the largest on top; `limit` names the range's upper end."""
    ranked = readings.assign(_key=readings["value"].astype(float).fillna(-1)).sort_values("_key", ascending=False)
    figure = dots(_rows(ranked), [str(name) for name in ranked["feature"]], allowed, None)
    if limit and allowed and not missing(allowed[1]):
        upright(figure, allowed[1], limit)
        figure.update_layout(margin_t=28)
    return figure


def _rows(readings: pd.DataFrame) -> list[Row]:
    return [{str(key): value for key, value in row.items()} for row in readings.to_dict("records")]


def dots(rows: list[Row], names: list[str], allowed: Sequence[float | None] | None, reference: str | None) -> go.Figure:
    """Returns a dot with its interval for each row, from top to bottom, named at the left."""
    unit = unit_of(str(rows[0]["metric"])) if rows else "share"
    tall = 44 if reference or len(rows) < 10 else 32
    named = (
        26 if unit == "points" or len(rows) == 1 else 0
    )  # room for the axis' name, or plotly drops the ticks of a low picture
    figure = sheet(height=46 + named + tall * max(len(rows), 1))
    if allowed:
        band(figure, allowed)
    places = list(range(len(rows)))
    colours = [
        REFERENCE if row["group"] == reference and reference else state_of(row.get("state")).colour for row in rows
    ]
    whiskers(figure, [(y, r["low"], r["high"], c) for y, r, c in zip(places, rows, colours, strict=True)])
    seen = [(y, r, n) for y, r, n in zip(places, rows, names, strict=True) if not missing(r["value"])]
    others = [(y, r, n) for y, r, n in seen if not (reference and r["group"] == reference)]
    marks(
        figure, [r["value"] for _, r, _ in others], [y for y, _, _ in others], [r.get("state") for _, r, _ in others],
        [_facts(r, n) for _, r, n in others],
    )  # fmt: skip
    for y, row, name in seen:
        if reference and row["group"] == reference:
            figure.add_scatter(
                x=[row["value"]], y=[y], mode="markers", hovertext=[_facts(row, name)], hoverinfo="text",
                marker={"symbol": "diamond", "size": 12, "color": REFERENCE, "line_color": REFERENCE},
            )  # fmt: skip
    figure.layout.annotations = [_label(y, row, reference) for y, row in zip(places, rows, strict=True)]
    figure.update_xaxes(
        showgrid=True, title="points" if unit == "points" else None, **in_unit(*_extent(rows, allowed), unit)
    )
    figure.update_yaxes(
        tickvals=places, ticktext=[_tick(row, name, reference) for row, name in zip(rows, names, strict=True)],
        range=[len(rows) - 0.4, -0.6], showgrid=False, ticks="",
    )  # fmt: skip
    return figure


def _tick(row: Row, name: str, reference: str | None) -> str:
    ref = "reference, " if reference and row["group"] == reference else ""
    unit = unit_of(str(row["metric"]))
    behind = made_of(row.get("numerator"), row.get("denominator"), unit) or f"n {row['n']:,}"
    break_ = " " if row.get("feature") else "<br>"
    return f"<b>{name}</b>{break_}<span style='font-size:0.88em'>{ref}{behind}</span>"


def _label(y: int, row: Row, reference: str | None) -> dict[str, Any]:
    """Returns the value and the state's mark, to stand at the interval's right end; the words stand in the key."""
    unit = unit_of(str(row["metric"]))
    state = row.get("state")
    value = number(None if missing(row["value"]) else float(row["value"]), unit)
    glyph = STATES[state].glyph if state in STATES and row["group"] != reference else ""
    ends = [row["high"], row["value"], 0.0]
    at = next(float(end) for end in ends if not missing(end))
    text = value.removesuffix(" points") if not missing(row["value"]) else ""
    words = "  ".join(part for part in (text, glyph) if part)
    return {"x": at, "y": y, "text": words, "showarrow": False, "xanchor": "left", "xshift": 9}


def _facts(row: Row, name: str) -> str:
    unit = unit_of(str(row["metric"]))
    between, of = interval(row["low"], row["high"], unit), made_of(row["numerator"], row["denominator"], unit)
    return hover(name, row["value"], unit, between, of, "" if missing(row["note"]) else str(row["note"]))


def _extent(rows: list[Row], allowed: Sequence[float | None] | None) -> tuple[float, float]:
    """Returns the axis' range: all intervals, the allowed range's ends, and room for the words at the right."""
    ends = [float(row[key]) for row in rows for key in ("value", "low", "high") if not missing(row[key])]
    ends += [float(end) for end in allowed or () if end is not None and not missing(end) and abs(float(end)) < 1e6]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = (high - low) or abs(high) or 1.0
    return low - 0.06 * room, high + 0.24 * room
