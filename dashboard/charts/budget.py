"""How much of a promise's budget is left? A line day by day with its interval, and where the budget is used up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, Drawn, level_of, sheet, starts_of
from dashboard.charts.palette import UNJUDGED
from dashboard.charts.words import MINUS, day

LOWEST = -1.5  # further down a line only says that much too much is spent


def budget_left(days: pd.DataFrame, starts: Mapping[str, str] | None = None) -> go.Figure:
    """Returns the share of the budget that was left when each day ended; columns day, left, low, high, n, broken.

    What lies below LOWEST is cut off; the pointer says how much it was.
    """
    known = days[days["left"].notna()]
    ends = [known[name].astype(float) for name in ("low", "left", "high")]
    low, left, high = (column.clip(lower=LOWEST) for column in ends)
    x = pd.to_datetime(known["day"])
    plain: Drawn = {"type": "scatter", "x": x, "mode": "lines", "hoverinfo": "skip", "line": {"width": 0}}
    line: Drawn = {
        "type": "scatter", "x": x, "y": left, "mode": "lines", "hoverinfo": "text",
        "line": {"color": UNJUDGED.colour, "width": 2},
        "hovertext": [_facts(row) for row in known.to_dict("records")],
    }  # fmt: skip
    used, words = level_of(0, "nothing left")
    uprights = starts_of(starts)
    bottom = min(0.0, float(low.min()) if len(low) else 0.0)
    ticks = [tick for tick in (1.0, 0.5, 0.0, -0.5, -1.0, -1.5) if tick >= bottom - 0.01]
    return sheet(
        240,
        [plain | {"y": low}, plain | {"y": high, "fill": "tonexty", "fillcolor": "rgba(47, 120, 183, 0.18)"}, line],
        shapes=[used, *(line for line, _ in uprights)],
        annotations=[words, *(name for _, name in uprights)],
        margin={"l": 8, "r": 8, "t": 26, "b": 8},
        yaxis={"range": [bottom - 0.08, 1.06], "tickvals": ticks, "ticktext": [per_cent(tick) for tick in ticks]},
        xaxis=DATES,
    )


def _facts(row: Mapping[Any, Any]) -> str:
    between = f"{per_cent(row['low'])} to {per_cent(row['high'])}"
    return f"<b>{day(row['day'])}</b><br>{per_cent(row['left'])} left<br>{between}<br>{row['broken']:,} of {row['n']:,}"


def per_cent(share: float) -> str:
    """Returns a share in per cent; one that is spent and more with a minus.

    >>> per_cent(0.42), per_cent(-2.138)
    ('42 %', '−214 %')
    """
    return f"{100 * share:,.0f} %".replace("-0 %", "0 %").replace("-", MINUS)
