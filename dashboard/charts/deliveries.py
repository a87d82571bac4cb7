"""What deliveries were like: which columns each had, and of which type."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import sheet
from dashboard.charts.palette import STATES, UNJUDGED

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
