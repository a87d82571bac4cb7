"""What will it turn out to be? Estimates hollow and dashed with their band, realised values solid beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import band, hover, in_unit, sheet, starts_of, upright
from dashboard.charts.groups import interval_dots
from dashboard.charts.palette import QUIET, UNJUDGED
from dashboard.charts.words import Unit, day, interval, made_of, missing, unit_of, window

PALE = "rgba(125, 133, 143, 0.20)"
PREFIX = "estimated_"


def beside(
    readings: pd.DataFrame,
    settled: str,
    allowed: Sequence[float | None] | None = None,
    starts: Mapping[str, str] | None = None,
) -> go.Figure:
    """Returns one metric over time as it was estimated and, up to `settled`, as it came.

    `readings` has the 17 columns, rows of `<metric>` and of `estimated_<metric>` by period; periods without an
    estimate leave a gap. `allowed` is the policy's range, `starts` says when each version came into service.
    """
    figure = sheet(height=340)
    known = readings[readings["value"].notna()].sort_values("since")
    if known.empty:
        return figure
    unit = unit_of(str(known["metric"].iloc[0]))
    if allowed:
        band(figure, allowed, "y")
    estimated = known["metric"].str.startswith(PREFIX)
    before, after = known[estimated], known[~estimated & (known["until"].astype(str) <= settled)]
    for run in _runs(before):
        _band(figure, run)
        _line(figure, run, unit, hollow=True)
    for run in _runs(after):
        _line(figure, run, unit, hollow=False)
    for line, words in starts_of(starts):
        figure.add_shape(**line)
        figure.add_annotation(**words)
    _coming(figure, before, settled)
    figure.update_layout(margin_t=28)
    figure.update_yaxes(**in_unit(*_extent(pd.concat([before, after])), unit))
    ends = [known["since"].min(), known["until"].max()]  # given, or the words on top would widen it
    figure.update_xaxes(type="date", tickformat="%-d %b", nticks=8, range=ends)
    return figure


def _runs(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yields stretches of periods that follow each other."""
    if len(rows):
        begins = rows["since"].astype(str) != rows["until"].astype(str).shift()
        yield from (run for _, run in rows.groupby(begins.cumsum()))


def _band(figure: go.Figure, rows: pd.DataFrame) -> None:
    at, low, high = _middle(rows), rows["low"].astype(float), rows["high"].astype(float)
    figure.add_scatter(
        x=pd.concat([at, at[::-1]]), y=pd.concat([high, low[::-1]]), mode="lines", fill="toself", fillcolor=PALE,
        line={"width": 0}, hoverinfo="skip",
    )  # fmt: skip
    if len(rows) == 1:  # a band of one period has no width: a line instead
        figure.add_scatter(
            x=[at.iloc[0]] * 2, y=[low.iloc[0], high.iloc[0]], mode="lines", hoverinfo="skip",
            line={"color": PALE, "width": 12},
        )  # fmt: skip


def _line(figure: go.Figure, rows: pd.DataFrame, unit: Unit, hollow: bool) -> None:
    colour = QUIET if hollow else UNJUDGED.colour
    figure.add_scatter(
        x=_middle(rows), y=rows["value"].astype(float), mode="lines+markers", hoverinfo="text",
        hovertext=[_facts(row, unit) for row in rows.to_dict("records")],
        line={"color": colour, "width": 1.5, "dash": "dash" if hollow else "solid"},
        marker={"symbol": "circle-open" if hollow else "circle", "size": 10 if hollow else 7, "color": colour,
                "line": {"width": 2, "color": colour}},
    )  # fmt: skip


def _coming(figure: go.Figure, estimated: pd.DataFrame, settled: str) -> None:
    """Marks where labels stop being complete; the words stand left of it, where there is room."""
    if len(estimated) and str(estimated["until"].iloc[-1]) > settled:
        upright(figure, settled, "")
        last = date.fromisoformat(settled) - timedelta(days=1)
        figure.add_annotation(
            x=settled, y=1, yref="paper", text=f"labels complete to {day(last)}", showarrow=False, xanchor="right",
            yanchor="bottom", xshift=-3,
        )  # fmt: skip


def _middle(rows: pd.DataFrame) -> pd.Series[Any]:
    since, until = pd.to_datetime(rows["since"]), pd.to_datetime(rows["until"])
    return since + (until - since) / 2


def _facts(row: Mapping[Any, Any], unit: Unit) -> str:
    which = "estimated" if str(row["metric"]).startswith(PREFIX) else "realised"
    between = interval(row["low"], row["high"], unit)
    of = made_of(row["numerator"], row["denominator"], unit)
    note = "" if missing(row["note"]) else str(row["note"]).replace("; ", "<br>")
    return hover(f"{window(row['since'], row['until'])}, {which}", row["value"], unit, between, of, note)


def _extent(rows: pd.DataFrame) -> tuple[float, float]:
    estimated = rows["metric"].str.startswith(PREFIX)
    ends = pd.concat([rows["value"], rows.loc[estimated, "low"], rows.loc[estimated, "high"]]).astype(float).dropna()
    low, high = float(ends.min()), float(ends.max())
    room = (high - low) or abs(high) or 1.0
    return low - 0.15 * room, high + 0.15 * room


def estimated_dots(
    readings: pd.DataFrame, allowed: Sequence[float | None] | None = None, reference: str | None = None
) -> go.Figure:
    """Returns estimated readings, one row a group, like `interval_dots`; every dot hollow, every interval dashed."""
    figure = interval_dots(readings.drop(columns="state", errors="ignore"), allowed, reference)
    for trace in figure.data:
        if trace.mode == "lines":
            trace.line.dash = "dot"
        elif trace.mode == "markers" and trace.marker.symbol is not None:
            symbols = trace.marker.symbol if isinstance(trace.marker.symbol, tuple) else (trace.marker.symbol,)
            trace.marker.symbol = [f"{symbol}-open" for symbol in symbols]
    return figure
