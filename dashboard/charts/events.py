"""What happened when: versions and schema changes on one line, findings and sign-offs on the days they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, GRID, Drawn, sheet
from dashboard.charts.palette import QUIET, STATES
from dashboard.charts.words import missing, window

KINDS = {
    "version": ("line-ns-open", "#2f78b7"),
    "schema": ("square-open", STATES["inconclusive"].colour),
    "incident": ("triangle-up", STATES["outside"].colour),
    "sign-off": ("diamond", STATES["within"].colour),
}


def timeline(events: pd.DataFrame, log: tuple[object, object] | None = None) -> go.Figure:
    """Returns what happened on a line, and below it a bar for each stretch of days that something is said of.

    `events` has the columns time, until (None for a moment), kind (of KINDS) and text; `log` is the first and the last
    day to show, whatever happened on them.
    """
    rows = events.sort_values("time").to_dict("records")
    lasting = [row for row in rows if not missing(row.get("until"))]
    line = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 0, "y1": 0, "line": {"color": GRID, "width": 2}}
    moments = [row for row in rows if missing(row.get("until"))]
    drawn = [_point(row, 0.0, 0.62 if place % 2 == 0 else -0.62) for place, row in enumerate(moments)]
    drawn += [_bar(row, -1.6 - place, _late(row, log)) for place, row in enumerate(lasting)]
    return sheet(
        120 + 34 * len(lasting),
        [mark for mark, _ in drawn],
        shapes=[line],
        annotations=[words for _, words in drawn],
        yaxis={"visible": False, "range": [-1.2 - len(lasting), 1.1]},
        xaxis=DATES | {"range": _span(log)},
    )


def _span(log: tuple[object, object] | None) -> list[pd.Timestamp] | None:
    """Returns the days to show, with room for half a mark at both ends."""
    if log is None:
        return None
    first, last = (pd.Timestamp(str(end)) for end in log)
    room = (last - first) / 60
    return [first - room, last + room]


def _point(row: Mapping[Any, Any], y: float, words: float) -> tuple[Drawn, Drawn]:
    """Returns what happened at a moment: its mark and its words."""
    symbol, colour = KINDS.get(row["kind"], ("circle", QUIET))
    mark = {
        "type": "scatter", "x": [row["time"]], "y": [y], "mode": "markers",
        "hovertemplate": f"{row['text']}<br>%{{x|%-d %B %Y}}<extra></extra>",
        "marker": {"symbol": symbol, "color": colour, "size": 13, "line": {"width": 2, "color": colour}},
    }  # fmt: skip
    at = {"x": row["time"], "y": words, "xanchor": "left", "xshift": -4}
    return mark, at | {"text": row["text"], "showarrow": False}


def _late(row: Mapping[Any, Any], log: tuple[object, object] | None) -> bool:
    """Returns whether days lie in the later half of the log: their words would run out of the picture."""
    if log is None:
        return False
    first, last = (pd.Timestamp(str(end)) for end in log)
    return bool(row["time"] - first > last - row["until"])


def _bar(row: Mapping[Any, Any], y: float, late: bool) -> tuple[Drawn, Drawn]:
    """Returns a stretch of days as a bar, its mark at the start; its words before it where it is late, else after."""
    symbol, colour = KINDS.get(row["kind"], ("circle", QUIET))
    days = window(row["time"].date(), row["until"].date(), year=True)
    bar = {
        "type": "scatter", "x": [row["time"], row["until"]], "y": [y, y], "mode": "lines+markers",
        "line": {"color": colour, "width": 4}, "hovertemplate": f"{row['text']}<br>{days}<extra></extra>",
        "marker": {"symbol": [symbol, "line-ns"], "color": colour, "size": [12, 0]},
    }  # fmt: skip
    at, side = (row["time"], "right") if late else (row["until"], "left")
    return bar, {
        "x": at,
        "y": y,
        "text": row["text"],
        "showarrow": False,
        "xanchor": side,
        "xshift": -11 if late else 11,
    }
