"""What each input's drift does: a dot and its interval for each, around no effect."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import upright
from dashboard.charts.groups import dots


def effect_dots(effects: pd.DataFrame) -> go.Figure:
    """Returns effects of inputs, the largest on top; `effects` has the columns of readings and `state`."""
    rows = [{str(key): value for key, value in row.items()} for row in effects.to_dict("records")]
    figure = dots(rows, [str(row["feature"]).replace("_", " ") for row in rows], (0.0, 0.0), None)
    upright(figure, 0.0, "no effect")
    figure.update_layout(margin_t=28)
    return figure
