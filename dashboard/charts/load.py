"""Does it get slower when more is asked of it? Hours as dots, and the quantiles of classes of hours as lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import Drawn, sheet
from dashboard.charts.latency import TICKS
from dashboard.charts.palette import UNJUDGED
from dashboard.charts.words import interval, number
from dashboard.metrics.load import LoadClass
from dashboard.rates import Estimate

MOST_DOTS = 2000
INK = "#c65a00"
UNUSUAL = 5
ROUND = [step * 10**power for power in range(7) for step in (1, 2, 5)]


def latency_against_load(hours: pd.DataFrame, classes: Sequence[LoadClass]) -> go.Figure:
    """Returns latency (log scale) against requests an hour; hours have the columns hour, n and p95.

    A class stands at the median of its hours' requests. Of more than MOST_DOTS hours every so many-th is drawn.
    """
    shown = hours.iloc[:: -(-len(hours) // MOST_DOTS) or 1]
    at = shown["hour"].dt.to_pydatetime()  # plain ones are written out in a tenth of the time
    dots: Drawn = {
        "type": "scatter", "x": shown["n"], "y": shown["p95"], "mode": "markers", "hoverinfo": "text",
        "hovertext": [f"{hour:%-d %B, %H:%M}<br>{n:,} requests<br>p95 {number(p95, 'ms')}"
                      for hour, n, p95 in zip(at, shown["n"].tolist(), shown["p95"].tolist(), strict=True)],
        "marker": {"size": 4, "color": UNJUDGED.colour, "opacity": 0.35},
    }  # fmt: skip
    middle = [one.middle for one in classes]
    lines = [
        _line(middle, classes, [one.p50 for one in classes], "half", "solid"),
        _line(middle, classes, [one.p95 for one in classes], "95 of 100", "dash"),
    ]
    names = [
        {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 5, "y": float(np.log10(one.value)), "text": text,
         "showarrow": False}
        for text, one in (("half", classes[-1].p50), ("95 of 100", classes[-1].p95)) if one.value
    ] if classes else []  # fmt: skip
    values = [*shown["p95"], *(one.p50.value for one in classes if one.p50.value)]
    low, high = (np.log10(values).min() - 0.1, np.log10(values).max() + 0.1) if values else (0, 1)
    axis = {"type": "log", "range": [low, high], "tickvals": TICKS, "ticktext": [number(tick, "ms") for tick in TICKS]}
    return sheet(
        340,
        [dots, *lines],
        margin={"l": 8, "r": 74, "t": 8, "b": 8},
        annotations=names,
        yaxis=axis,
        xaxis={"title": {"text": "requests an hour"}} | _scale(hours["n"]),
    )


def _scale(requests: pd.Series[int]) -> Drawn:
    """Returns the axis of requests: from 0, or logarithmic where a few hours have many times the usual."""
    if len(requests) and requests.max() > UNUSUAL * requests.median():
        return {"type": "log", "tickvals": ROUND, "ticktext": [f"{tick:,}" for tick in ROUND]}
    return {"rangemode": "tozero"}


def _line(
    at: Sequence[float], classes: Sequence[LoadClass], values: Sequence[Estimate], words: str, dash: str
) -> Drawn:
    rows = [(x, c, v.value, v.interval()) for x, c, v in zip(at, classes, values, strict=True) if v.value is not None]
    return {
        "type": "scatter", "x": [x for x, *_ in rows], "y": [value for _, _, value, _ in rows],
        "mode": "lines+markers", "hoverinfo": "text",
        "hovertext": [
            f"<b>{words}</b> within {number(value, 'ms')}<br>{interval(*limits, 'ms')}<br>"
            f"{c.low:,} to {c.high:,} requests an hour, {c.hours:,} hours"
            for _, c, value, limits in rows
        ],
        "line": {"color": INK, "width": 2, "dash": dash}, "marker": {"size": 7, "color": INK},
        "error_y": {
            "type": "data", "symmetric": False, "color": INK, "thickness": 1.5, "width": 0,
            "array": [(high or value) - value for _, _, value, (_, high) in rows],
            "arrayminus": [value - (low or value) for _, _, value, (low, _) in rows],
        },
    }  # fmt: skip
