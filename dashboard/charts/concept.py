"""What the same scores went with then and now: two curves, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.calibration import BASE, HIGH, INK, LEFT, SIDE, WIDE
from dashboard.charts.figure import Drawn, in_unit, sheet
from dashboard.charts.palette import QUIET, STATES, UNJUDGED
from dashboard.charts.words import counts, interval, number, suffix

THEN, NOW = "reference", "now"


def then_and_now(curves: pd.DataFrame, said: str, happens: str) -> go.Figure:
    """Returns what happens by score, the reference grey and now in colour; a bin that differs is a triangle.

    `curves` has the columns low, high, then, n_then, now, n_now, difference, least, most and differs; `said` and
    `happens` are the words of the two axes.
    """
    return sheet(
        420,
        [_line(curves, "then"), _line(curves, "now")],
        margin={"l": 8, "r": 96, "t": 28, "b": 8},
        annotations=[_named(curves, "then", THEN), _named(curves, "now", NOW)],
        xaxis=in_unit(0.0, 1.0, "share") | {"title": {"text": said}, "range": [-0.02, 1.02]},
        yaxis=in_unit(0.0, 1.0, "share") | {"title": {"text": happens}, "range": [-0.03, 1.05]},
    )


def _line(curves: pd.DataFrame, side: str) -> Drawn:
    now = side == "now"
    outside = STATES["outside"]
    differs = [now and bool(bin) for bin in curves["differs"]]
    return {
        "type": "scatter", "mode": "lines+markers", "hoverinfo": "text", "cliponaxis": False,
        "x": _middles(curves), "y": curves[side].tolist(),
        "hovertext": [_facts(row) for row in curves.to_dict("records")],
        "line": {"color": UNJUDGED.colour if now else QUIET, "width": 2.5 if now else 4},
        "marker": {
            "symbol": [outside.symbol if bin else "circle" for bin in differs],
            "color": [outside.colour if bin else UNJUDGED.colour if now else QUIET for bin in differs],
            "size": [13 if bin else 7 for bin in differs],
        },
    }  # fmt: skip


def _middles(curves: pd.DataFrame) -> list[float]:
    middles: list[float] = ((curves["low"] + curves["high"]) / 2).tolist()
    return middles


def _named(curves: pd.DataFrame, side: str, name: str) -> dict[str, Any]:
    """Returns a curve's name at its end, the higher one's above."""
    there = curves[curves[side].notna()]
    last = there.iloc[-1]
    other = last["now" if side == "then" else "then"]
    up = bool(last[side] >= other) if pd.notna(other) else True
    colour = {"color": UNJUDGED.colour} if side == "now" else {}
    return {
        "x": (last["low"] + last["high"]) / 2, "y": last[side], "text": name, "showarrow": False, "xanchor": "left",
        "xshift": 10, "yshift": 10 if up else -10, "font": {"size": 14} | colour,
    }  # fmt: skip


def _facts(row: Mapping[Any, Any]) -> str:
    sides = [
        f"{name}: {number(row[side], 'share')} ({counts(round(row[side] * row[n]), row[n])})"
        for side, n, name in (("then", "n_then", THEN), ("now", "n_now", NOW))
        if pd.notna(row[side])
    ]
    return "<br>".join([f"<b>score {interval(row['low'], row['high'], 'share')}{suffix('share')}</b>", *sides])


def small_then_and_now(curves: pd.DataFrame) -> str:
    """Returns the two curves in small as SVG, axes from 0 to 1; its words in the colour INK."""
    drawn = []
    for tick in (0.0, 0.5, 1.0):
        x, y = LEFT + tick * SIDE, BASE - tick * SIDE
        drawn.append(f'<path d="M{LEFT} {y:.1f}h{SIDE}M{x:.1f} {BASE}v-{SIDE}" stroke="{QUIET}" stroke-opacity=".25"/>')
        drawn.append(f'<text x="{LEFT - 6}" y="{y + 4.5:.1f}" text-anchor="end">{100 * tick:.0f}</text>')
        drawn.append(f'<text x="{x:.1f}" y="{BASE + 18}" text-anchor="middle">{100 * tick:.0f}</text>')
    for side, colour, width in (("then", QUIET, 4), ("now", UNJUDGED.colour, 2.5)):
        points = [
            (LEFT + x * SIDE, BASE - y * SIDE, bool(differs) and side == "now")
            for x, y, differs in zip(_middles(curves), curves[side], curves["differs"], strict=True)
            if pd.notna(y)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
        drawn += [
            f'<path d="M{x:.1f} {y - 7:.1f}l6.5 11.5h-13z" fill="{STATES["outside"].colour}"/>'
            for x, y, differs in points
            if differs
        ]
    size = f'width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}"'
    font = f'font-family="sans-serif" font-size="13" fill="{INK}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(drawn)}</svg>'
