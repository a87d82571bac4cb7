"""What deliveries were like: which columns each had, and of which type; values that changed their unit."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, Drawn, sheet
from dashboard.charts.palette import QUIET, STATES, UNJUDGED
from dashboard.charts.words import day

THERE = [[0.0, "rgba(107, 127, 149, 0)"], [1.0, "rgba(107, 127, 149, 0.32)"]]
HAPPENED = {  # what happened: its words, plotly's symbol, the colour
    "appeared": ("appeared", "triangle-up", UNJUDGED.colour),
    "vanished": ("vanished", "x", STATES["outside"].colour),
    "type": ("changed its type", "diamond", STATES["inconclusive"].colour),
}


def columns_strip(columns: pd.DataFrame) -> go.Figure:
    """Returns which columns (rows) each delivery (columns, in order of arrival) has: grey there, blank absent.

    What happened to a column has a mark where it happened. `columns` has the columns column, delivery, batch, arrived,
    type and what.
    """
    batches = columns.drop_duplicates("batch").set_index("batch")["delivery"].astype(str)
    place = {batch: k for k, batch in enumerate(batches.index)}
    names = list(dict.fromkeys(columns["column"]))
    there = columns[columns["type"] != ""]
    table = there.assign(there=1).pivot_table(index="column", columns="batch", values="there", aggfunc="max")
    types = there.pivot_table(index="column", columns="batch", values="type", aggfunc="first")
    table, types = (part.reindex(index=names, columns=list(batches.index)) for part in (table, types))
    figure = sheet(height=90 + 20 * len(names))
    figure.add_heatmap(
        x=list(place.values()), y=names, z=table.fillna(0).to_numpy(), customdata=types.fillna("absent").to_numpy(),
        zmin=0, zmax=1, xgap=1, ygap=2, colorscale=THERE, showscale=False,
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )  # fmt: skip
    for what, (words, symbol, colour) in HAPPENED.items():
        rows = columns[columns["what"] == what]
        if len(rows):
            hover = [f"{name} {words}: {type_ or 'absent'}" for name, type_ in rows[["column", "type"]].to_numpy()]
            figure.add_scatter(
                x=[place[batch] for batch in rows["batch"]], y=rows["column"], mode="markers", name=words,
                marker={"symbol": symbol, "color": colour, "size": 11}, hovertext=hover, hoverinfo="text",
                showlegend=True,
            )  # fmt: skip
    every = max(1, -(-len(place) // 8))
    ticks = list(place.values())[::every]
    figure.update_xaxes(tickvals=ticks, ticktext=[batches.iloc[k] for k in ticks])
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", type="category")
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "itemclick": False}
    figure.update_layout(showlegend=bool((columns["what"] != "").any()), legend=legend)
    return figure


def daily_medians(medians: pd.DataFrame, since: object, until: object | None, unit: str) -> go.Figure:
    """Returns each day's median (columns day and median), on a logarithmic axis where all are above 0.

    Where the unit changed, and where it changed back, is a line with the day beside it.
    """
    value = medians["median"].astype(float)
    trace = {
        "type": "scatter", "x": medians["day"], "y": value, "mode": "markers", "hoverinfo": "text",
        "marker": {"size": 6, "color": UNJUDGED.colour},
        "hovertext": [f"{day(on)}<br>{middle:.3g} {unit}" for on, middle in zip(medians["day"], value, strict=True)],
    }  # fmt: skip
    lines: list[Drawn] = []
    named: list[Drawn] = []
    for at in (since, until):
        if at is not None:
            across = {"x0": str(at), "x1": str(at), "y0": 0, "y1": 1, "yref": "paper"}
            lines.append({"type": "line", "line": {"color": QUIET, "width": 1, "dash": "dot"}} | across)
            named.append(
                {"x": str(at), "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False, "text": day(at)}
            )
    ticks = [digit * 10.0**power for power in range(-6, 9) for digit in (1, 2, 5)]
    log = {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:,.10g}" for tick in ticks]}
    scale = log if bool((value > 0).all()) else {}
    return sheet(
        220, [trace], shapes=lines, annotations=named, margin={"l": 8, "r": 8, "t": 28, "b": 8},
        xaxis=DATES, yaxis=scale | {"title": {"text": unit}},
    )  # fmt: skip
