"""How fast does it answer? Every answer in a heat map of time and latency, the quantiles drawn over it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, Drawn, level_of, sheet
from dashboard.charts.palette import UNJUDGED
from dashboard.charts.words import number

INK = [[0.0, "rgba(47, 143, 196, 0)"], [0.02, "rgba(47, 143, 196, 0.10)"], [1.0, "rgba(47, 143, 196, 0.95)"]]
LINES = {"latency_p50": ("half", "solid"), "latency_p95": ("95 of 100", "dash"), "latency_p99": ("99 of 100", "dot")}
ROWS = 40
TICKS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000]


def heat_map(answers: pd.DataFrame, quantiles: pd.DataFrame, promise: float | None = None) -> go.Figure:
    """Returns latency over time: the darker a cell, the larger the share of that period's answers.

    `answers` has the columns time (a period's left edge), low, high (the latency bin's edges, ms) and n; `quantiles`
    are readings of latency_p50, p95 and p99 by period; `promise` is the policy's limit in ms.
    """
    drawn = [] if answers.empty else [_cells(answers)]
    ends: dict[str, float] = {}
    for metric, (words, dash) in LINES.items():
        rows = quantiles[(quantiles["metric"] == metric) & quantiles["value"].notna()].sort_values("since")
        if rows.empty:
            continue
        line: Drawn = {
            "type": "scatter", "x": pd.to_datetime(rows["since"]), "y": rows["value"].astype(float), "mode": "lines",
            "hovertext": [f"<b>{words}</b> within {number(value, 'ms')}" for value in rows["value"]],
            "hoverinfo": "text", "line": {"color": "#c65a00", "width": 2, "dash": dash},
        }  # fmt: skip
        drawn.append(line)
        ends[words] = float(np.log10(rows["value"].iloc[-1]))
    lines, names = [], _names(ends)
    if promise is not None:
        line, name = level_of(promise, f"promise: {number(promise, 'ms')}")
        lines, names = [line], [*names, name | {"y": float(np.log10(promise))}]
    return sheet(
        380,
        drawn,
        margin={"l": 8, "r": 74, "t": 8, "b": 8},
        shapes=lines,
        annotations=names,
        yaxis={"type": "log", "tickvals": TICKS, "ticktext": [number(tick, "ms") for tick in TICKS]},
        xaxis=DATES,
    )


def _names(ends: dict[str, float]) -> list[Drawn]:
    """Returns the lines' names, to stand at their right ends, apart from each other where the lines meet."""
    free, found = -np.inf, []
    for words, end in sorted(ends.items(), key=lambda item: item[1]):
        free = max(end, free + 0.11)
        at = {"x": 1, "xref": "paper", "y": free, "xanchor": "left", "xshift": 5}
        found.append(at | {"text": words, "showarrow": False})
    return found


def _cells(answers: pd.DataFrame) -> Drawn:
    """Returns the cells, fine latency bins merged into at most ROWS, each period's cells as shares of that period."""
    edges = np.geomspace(max(float(answers["low"].min()), 1e-3), float(answers["high"].max()), ROWS + 1)
    middle = np.sqrt(answers["low"].clip(lower=1e-3).astype(float) * answers["high"].astype(float))
    row = np.clip(np.searchsorted(edges, middle, side="right") - 1, 0, ROWS - 1)
    times, column = np.unique(answers["time"].to_numpy(), return_inverse=True)
    table = np.bincount(row * len(times) + column, answers["n"], ROWS * len(times)).reshape(ROWS, len(times))
    shares = table / table.sum(axis=0)
    return {
        "type": "heatmap", "x": times, "y": edges, "z": np.sqrt(shares), "colorscale": INK, "showscale": False,
        "zmin": 0, "customdata": 100 * shares,
        "hovertemplate": "%{x}<br>%{customdata:.2g} % around %{y:.3g} ms<extra></extra>",
    }  # fmt: skip


def load_line(volume: pd.DataFrame) -> go.Figure:
    """Returns requests by period as a filled line; columns time and n."""
    line: Drawn = {
        "type": "scatter", "x": volume["time"], "y": volume["n"], "mode": "lines",
        "line": {"shape": "hv", "width": 1, "color": UNJUDGED.colour}, "fill": "tozeroy",
        "fillcolor": "rgba(47, 120, 183, 0.15)", "hovertemplate": "%{x}<br>%{y:,} requests<extra></extra>",
    }  # fmt: skip
    return sheet(150, [line], yaxis={"rangemode": "tozero", "nticks": 4}, xaxis=DATES)
