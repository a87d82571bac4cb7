"""What happened when: versions, schema changes, sign-offs and incidents on one line."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import GRID, sheet
from dashboard.charts.palette import QUIET, STATES

KINDS = {
    "version": ("line-ns-open", "#2f78b7"),
    "schema": ("square-open", STATES["inconclusive"].colour),
    "incident": ("triangle-up", STATES["outside"].colour),
    "sign-off": ("diamond", STATES["within"].colour),
}


def timeline(events: pd.DataFrame) -> go.Figure:
    """Returns events on a line, words above and below in turn; columns time, kind (of KINDS) and text."""
    figure = sheet(height=130)
    figure.add_shape(type="line", x0=0, x1=1, xref="paper", y0=0, y1=0, line={"color": GRID, "width": 2})
    rows = events.sort_values("time")
    for place, row in enumerate(rows.to_dict("records")):
        symbol, colour = KINDS.get(row["kind"], ("circle", QUIET))
        figure.add_scatter(
            x=[row["time"]], y=[0], mode="markers", hovertemplate=f"{row['text']}<br>%{{x|%-d %B %Y}}<extra></extra>",
            marker={"symbol": symbol, "color": colour, "size": 13, "line": {"width": 2, "color": colour}},
        )  # fmt: skip
        figure.add_annotation(
            x=row["time"],
            y=0.55 if place % 2 == 0 else -0.55,
            text=row["text"],
            showarrow=False,
            xanchor="left",
            xshift=-4,
        )
    figure.update_yaxes(visible=False, range=[-1, 1])
    figure.update_xaxes(type="date", tickformat="%-d %b", nticks=8)
    return figure
