"""Which statuses make the failures: bars of what failed by day, a colour for each status, a panel for each part."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, GRID, TEXT, Drawn, in_unit, sheet
from dashboard.charts.palette import QUIET, group_colours
from dashboard.charts.words import number, window

PANEL, NAME, FOOT, TOP = 130, 28, 30, 34  # pixels: a panel, the name above it, the dates below all, the key above
OTHERS = "other"


def failures_by_status(drawn: pd.DataFrame, statuses: Sequence[str], since: object, until: object) -> go.Figure:
    """Returns stacked bars: the share of each period's requests that failed, by status; all panels to one scale.

    `drawn` has the columns part, since, until, status, n, requests and share; `statuses` come from the bottom up.
    """
    parts = list(dict.fromkeys(drawn["part"]))
    tall = TOP + FOOT + len(parts) * (PANEL + NAME)
    inside = tall - TOP - FOOT
    colours = group_colours(set(statuses) - {OTHERS}) | {OTHERS: QUIET}
    top = float(drawn.groupby(["part", "since"])["share"].sum().max()) * 1.08
    traces: list[Drawn] = []
    words: list[Drawn] = []
    axes: dict[str, Drawn] = {}
    for place, part in enumerate(parts):
        name = "" if place == 0 else str(place + 1)
        above = 1 - (place * (PANEL + NAME) + NAME) / inside
        plain = {"zeroline": False, "automargin": True, "tickfont": {"size": TEXT - 2}, "gridcolor": GRID}
        reach = {"domain": [max(above - PANEL / inside, 0), above]}
        axes[f"yaxis{name}"] = plain | in_unit(0, top, "share", about=3) | reach
        rows = drawn[drawn["part"] == part]
        for status in statuses:
            own = rows[rows["status"] == status]
            if len(own):  # the key shows a status where it first has bars
                shown = not any(trace["name"] == status for trace in traces)
                traces.append(_bars(own, status, colours[status], f"y{name}", shown))
        if part:
            words.append({
                "text": f"<b>{part}</b>", "x": 0, "xref": "paper", "xanchor": "left", "y": above, "yref": "paper",
                "yanchor": "bottom", "showarrow": False, "font": {"size": TEXT},
            })  # fmt: skip
    last = f"y{len(parts)}" if len(parts) > 1 else "y"
    legend = {"orientation": "h", "x": 0, "y": 1 + 4 / inside, "yanchor": "bottom", "itemclick": False}
    return sheet(
        tall, traces, annotations=words, barmode="stack", bargap=0.15, showlegend=True,
        legend=legend | {"itemdoubleclick": False, "traceorder": "normal"},
        margin={"l": 8, "r": 8, "t": TOP, "b": FOOT},
        xaxis=DATES | {"range": [str(since), str(until)], "anchor": last}, **axes,
    )  # fmt: skip


def _bars(own: pd.DataFrame, status: str, colour: str, yaxis: str, shown: bool) -> Drawn:
    told = [
        f"{window(row['since'], row['until'])}<br>{status}: {row['n']:,} of {row['requests']:,} requests "
        f"({number(row['share'], 'share')})"
        for row in own.to_dict("records")
    ]
    middle = own["since"] + (own["until"] - own["since"]) / 2
    width = [
        (until - since).total_seconds() * 1000 * 0.85 for since, until in zip(own["since"], own["until"], strict=True)
    ]
    return {
        "type": "bar", "x": middle, "y": own["share"], "width": width, "name": status, "yaxis": yaxis,
        "marker": {"color": colour, "line": {"width": 0}}, "hovertext": told, "hoverinfo": "text",
        "legendgroup": status, "showlegend": shown,
    }  # fmt: skip
