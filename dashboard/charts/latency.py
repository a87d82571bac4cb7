"""How fast does it answer? Every answer in a heat map of time and latency, the quantiles drawn over it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import level, sheet
from dashboard.charts.palette import UNJUDGED
from dashboard.charts.words import number

INK = [[0.0, "rgba(47, 143, 196, 0)"], [0.02, "rgba(47, 143, 196, 0.10)"], [1.0, "rgba(47, 143, 196, 0.95)"]]
LINES = {"latency_p50": ("half", "solid"), "latency_p95": ("95 of 100", "dash"), "latency_p99": ("99 of 100", "dot")}
ROWS = 40


def heat_map(answers: pd.DataFrame, quantiles: pd.DataFrame, promise: float | None = None) -> go.Figure:
    """Returns latency over time: the darker a cell, the larger the share of that period's answers.

    `answers` has the columns time (a period's left edge), low, high (the latency bin's edges, ms) and n; `quantiles`
    are readings of latency_p50, p95 and p99 by period; `promise` is the policy's limit in ms.
    """
    figure = sheet(height=380, margin={"l": 8, "r": 74, "t": 8, "b": 8})
    if not answers.empty:
        _cells(figure, answers)
    ends: dict[str, float] = {}
    for metric, (words, dash) in LINES.items():
        rows = quantiles[(quantiles["metric"] == metric) & quantiles["value"].notna()].sort_values("since")
        if rows.empty:
            continue
        figure.add_scatter(
            x=pd.to_datetime(rows["since"]), y=rows["value"].astype(float), mode="lines", hoverinfo="text",
            hovertext=[f"<b>{words}</b> within {number(value, 'ms')}" for value in rows["value"]],
            line={"color": "#c65a00", "width": 2, "dash": dash},
        )  # fmt: skip
        ends[words] = float(np.log10(rows["value"].iloc[-1]))
    _names(figure, ends)
    if promise is not None:
        level(figure, promise, f"promise: {number(promise, 'ms')}")
        figure.layout.annotations[-1].update(y=float(np.log10(promise)))
    ticks = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000]
    figure.update_yaxes(type="log", tickvals=ticks, ticktext=[number(tick, "ms") for tick in ticks])
    figure.update_xaxes(type="date", tickformat="%-d %b", nticks=8)
    return figure


def _names(figure: go.Figure, ends: dict[str, float]) -> None:
    """Writes the lines' names at their right ends, apart from each other where the lines meet."""
    free = -np.inf
    for words, end in sorted(ends.items(), key=lambda item: item[1]):
        free = max(end, free + 0.11)
        figure.add_annotation(x=1, xref="paper", y=free, text=words, showarrow=False, xanchor="left", xshift=5)


def _cells(figure: go.Figure, answers: pd.DataFrame) -> None:
    """Draws the cells, fine latency bins merged into at most ROWS, each period's cells as shares of that period."""
    edges = np.geomspace(max(float(answers["low"].min()), 1e-3), float(answers["high"].max()), ROWS + 1)
    middle = np.sqrt(answers["low"].clip(lower=1e-3).astype(float) * answers["high"].astype(float))
    row = np.clip(np.searchsorted(edges, middle, side="right") - 1, 0, ROWS - 1)
    table = answers.assign(row=row).pivot_table(index="row", columns="time", values="n", aggfunc="sum", fill_value=0)
    shares = (table / table.sum()).reindex(range(ROWS), fill_value=0.0)
    figure.add_heatmap(
        x=shares.columns, y=edges, z=np.sqrt(shares.to_numpy()), colorscale=INK, showscale=False, zmin=0,
        customdata=100 * shares.to_numpy(),
        hovertemplate="%{x}<br>%{customdata:.2g} % around %{y:.3g} ms<extra></extra>",
    )  # fmt: skip


def load_line(volume: pd.DataFrame) -> go.Figure:
    """Returns requests by period as a filled line; columns time and n."""
    figure = sheet(height=150)
    figure.add_scatter(
        x=volume["time"], y=volume["n"], mode="lines", line={"shape": "hv", "width": 1, "color": UNJUDGED.colour},
        fill="tozeroy", fillcolor="rgba(47, 120, 183, 0.15)", hovertemplate="%{x}<br>%{y:,} requests<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", nticks=4)
    figure.update_xaxes(type="date", tickformat="%-d %b", nticks=8)
    return figure
