"""Ratios to the highest rate, with the line that a rule draws."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import in_unit, upright
from dashboard.charts.groups import interval_dots


def ratio_dots(readings: pd.DataFrame, highest: str, line: float, words: str) -> go.Figure:
    """Returns a dot for each group's ratio to the highest group, which comes first, and the line at `line`.

    `readings` has group, value, numerator, denominator, n and note.
    """
    rows = readings.assign(metric="selection_rate_ratio", low=None, high=None, state=None)
    figure = interval_dots(rows, reference=highest)
    upright(figure, line, words)
    figure.update_xaxes(**in_unit(-0.02, 1.14, "ratio"))
    figure.update_layout(margin_t=28)
    return figure
