"""What every threshold would do: the ROC curve, and precision against recall."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import GRID, SIZE, Drawn, in_unit, sheet
from dashboard.charts.palette import QUIET, UNJUDGED, group_colours
from dashboard.charts.words import group_name, number

Curve = tuple[str | None, pd.DataFrame, tuple[float | None, float | None]]  # group, x and y, where the decisions lie
AXES = {
    "roc": ("false alarms among the negative", "found among the positive"),
    "precision-recall": ("found among the positive (recall)", "right when it selects (precision)"),
}


def threshold_curves(kind: str, curves: Sequence[Curve], chance: float | None = None) -> go.Figure:
    """Returns one line for each group, a dot where the model's own decisions lie; dashed: what chance would do.

    `kind` is "roc" or "precision-recall"; `chance` the height of chance for the latter, the share of positive cases.
    """
    across, up = AXES[kind]
    groups = [group for group, _, _ in curves if group]
    colours = group_colours(groups)
    axis = in_unit(-0.02, 1.02, "share") | {"showgrid": True, "gridcolor": GRID}
    traces = [_line(curve, colours, across, up) for curve in curves]
    traces += [_dot(curve, colours) for curve in curves if None not in curve[2]]
    line = {"type": "line", "layer": "below", "line": {"color": QUIET, "width": 1.5, "dash": "dash"}}
    ends = {"y0": 0, "y1": 1} if kind == "roc" else {"y0": chance, "y1": chance}
    return sheet(
        440, traces, shapes=[line | {"x0": 0, "x1": 1} | ends] if kind == "roc" or chance is not None else [],
        showlegend=bool(groups), legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis=axis | {"title": {"text": across}}, yaxis=axis | {"title": {"text": up}},
    )  # fmt: skip


def _line(curve: Curve, colours: dict[str, str], across: str, up: str) -> Drawn:
    group, points, _ = curve
    name = group_name(group)
    return {
        "type": "scatter", "mode": "lines", "x": points["x"], "y": points["y"], "name": name, "cliponaxis": False,
        "line": {"color": colours.get(group or "", UNJUDGED.colour), "width": 2}, "hoverinfo": "text",
        "hovertext": [f"<b>{name}</b><br>{number(y, 'share')} {up}<br>at {number(x, 'share')} {across}"
                      for x, y in zip(points["x"], points["y"], strict=True)],
    }  # fmt: skip


def _dot(curve: Curve, colours: dict[str, str]) -> Drawn:
    group, _, (x, y) = curve
    return {
        "type": "scatter", "mode": "markers", "x": [x], "y": [y], "showlegend": False, "hoverinfo": "text",
        "hovertext": [f"<b>{group_name(group)}</b><br>its own decisions"], "cliponaxis": False,
        "marker": {"size": SIZE, "color": colours.get(group or "", UNJUDGED.colour)},
    }  # fmt: skip
