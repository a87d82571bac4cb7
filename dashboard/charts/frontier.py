"""What thresholds can reach: how good it is overall against how far apart the groups are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import GRID, Drawn, hover, in_unit, sheet
from dashboard.charts.palette import GROUPS, QUIET, STATES
from dashboard.charts.words import Unit

KINDS = {
    "one": ("one threshold for everybody", "circle", "solid", GROUPS[0]),
    "each": ("one threshold for each group", "square-open", "dash", GROUPS[1]),
}
MARKED = {"now": ("x", QUIET), "chosen": ("diamond", STATES["within"].colour)}
Places = Mapping[str, tuple[float, float]]  # now, chosen: gap and goal


def frontier(reached: pd.DataFrame, marked: Places, across: str, up: str, unit: Unit = "share") -> go.Figure:
    """Returns a line for one threshold and one for a threshold each, what holds now and what is chosen marked.

    `reached` has the columns kind, gap, goal and words (the thresholds, for the pointer). Further left the groups are
    closer together, further up it is better.
    """
    traces = [_line(kind, rows, unit) for kind, rows in reached.groupby("kind", sort=False) if kind in KINDS]
    traces += [_mark(name, *at, unit) for name, at in marked.items()]
    gaps = [*reached["gap"], *(gap for gap, _ in marked.values())]
    goals = [*reached["goal"], *(goal for _, goal in marked.values())]
    return sheet(
        420, traces, showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        annotations=[_name(name, *at, marked) for name, at in marked.items()],
        xaxis=in_unit(*_room(gaps, 0.0), "points") | {"title": {"text": across}, "showgrid": True, "gridcolor": GRID},
        yaxis=in_unit(*_room(goals, None), unit) | {"title": {"text": up}},
    )  # fmt: skip


def _line(kind: object, rows: pd.DataFrame, unit: Unit) -> Drawn:
    name, symbol, dash, colour = KINDS[str(kind)]
    return {
        "type": "scatter", "mode": "lines+markers", "x": rows["gap"], "y": rows["goal"], "name": name,
        "line": {"color": colour, "width": 2, "dash": dash, "shape": "hv"}, "cliponaxis": False, "hoverinfo": "text",
        "marker": {"symbol": symbol, "size": 7, "color": colour},
        "hovertext": [hover(words, goal, unit, f"gap {gap * 100:.1f} points")
                      for words, goal, gap in zip(rows["words"], rows["goal"], rows["gap"], strict=True)],
    }  # fmt: skip


def _mark(name: str, gap: float, goal: float, unit: Unit) -> Drawn:
    symbol, colour = MARKED[name]
    return {
        "type": "scatter", "mode": "markers", "x": [gap], "y": [goal], "showlegend": False, "cliponaxis": False,
        "marker": {"symbol": symbol, "size": 14, "color": colour, "line": {"width": 1.5, "color": colour}},
        "hoverinfo": "text", "hovertext": [hover(name, goal, unit, f"gap {gap * 100:.1f} points")],
    }  # fmt: skip


def _name(name: str, gap: float, goal: float, marked: Places) -> Drawn:
    """Returns the word beside a mark: above the higher one, below the lower, so that the words keep apart."""
    others = [up for other, (_, up) in marked.items() if other != name]
    above = all(goal > up or (goal == up and name == "chosen") for up in others)
    place = {"yanchor": "bottom", "yshift": 9} if above else {"yanchor": "top", "yshift": -9}
    return {"x": gap, "y": goal, "text": name, "showarrow": False} | place


def _room(values: Sequence[float], least: float | None) -> tuple[float, float]:
    low, high = min(values), max(values)
    more = 0.08 * (high - low) or 0.05
    return (low - more if least is None else min(least, low) - more / 3), high + more
