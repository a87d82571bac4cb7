"""By how much is it off? Every error in a histogram around 0, with what the contract tolerates behind it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.charts.figure import band, sheet, upright
from dashboard.charts.palette import UNJUDGED
from dashboard.charts.words import number


def error_histogram(
    edges: NDArray[np.float64], shares: NDArray[np.float64], tolerance: float | None = None, mean: float | None = None
) -> go.Figure:
    """Returns the errors as bars: too low at the left of 0, too high at its right.

    `edges` are one more than `shares`, of all errors; within `tolerance` of 0 the ground is that of a range allowed;
    a dotted line stands at the `mean` error.
    """
    figure = sheet(height=300, margin={"l": 8, "r": 8, "t": 34, "b": 8})
    if tolerance is not None:
        band(figure, (-tolerance, tolerance))
    middles = (edges[:-1] + edges[1:]) / 2
    figure.add_bar(
        x=middles, y=shares, width=np.diff(edges) * 0.92, marker={"color": UNJUDGED.colour, "line_width": 0},
        hoverinfo="text",
        hovertext=[
            f"{_off(low)} to {_off(high)}<br>{number(float(share), 'share')} of cases"
            for low, high, share in zip(edges, edges[1:], shares, strict=False)
        ],
    )  # fmt: skip
    if mean is not None:
        upright(figure, mean, "on average")
    reach = float(np.abs(edges).max()) * 1.02
    for x, anchor, words in ((0, "left", "← too low"), (1, "right", "too high →")):
        figure.add_annotation(
            x=x, xref="paper", y=1, yref="paper", text=words, showarrow=False, xanchor=anchor, yanchor="bottom"
        )
    figure.update_xaxes(range=[-reach, reach], zeroline=True, title="predicted minus label")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=5)
    return figure


def _off(value: float) -> str:
    return number(value, "label")
