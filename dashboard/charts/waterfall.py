"""Why did it change? From the rate before to the rate now: other shares of the groups, then each group by itself."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts.figure import hover, in_unit, sheet
from dashboard.charts.palette import QUIET, REFERENCE, STATES
from dashboard.charts.words import MINUS, SPACE, digits

SHOWN = 7
MIX = "Other shares of the groups"


def waterfall(
    ends: tuple[tuple[str, float], tuple[str, float]], mix: float, rates: Sequence[tuple[str, float]], better: str
) -> go.Figure:
    """Returns the change of a rate: a dot before, a bar for the mix and for each group's own change, a dot now.

    `ends` are (name, rate) before and now, `rates` (group, part) the largest first; beyond seven they are one bar.
    Improvements and deteriorations are told apart by colour and sign, by `better` ("higher" or "lower").
    """
    steps = [(MIX, mix), *_within(rates)]
    names = [ends[0][0], *(name for name, _ in steps), ends[1][0]]
    figure = sheet(height=46 + 34 * len(names))
    at, starts = ends[0][1], []
    for _, part in steps:
        starts.append(at)
        at += part
    figure.add_bar(
        orientation="h", y=list(range(1, len(steps) + 1)), base=starts, x=[part for _, part in steps], width=0.55,
        marker={"color": [_colour(part, better) for _, part in steps]}, hoverinfo="text",
        hovertext=[hover(name, part, "points") for name, part in steps],
    )  # fmt: skip
    figure.add_scatter(
        x=[ends[0][1], ends[1][1]], y=[0, len(steps) + 1], mode="markers", hoverinfo="text", cliponaxis=False,
        hovertext=[f"<b>{name}</b><br>{percent(value)}" for name, value in ends],
        marker={"symbol": "diamond", "size": 12, "color": REFERENCE},
    )  # fmt: skip
    figure.layout.annotations = [
        *(_label(max(start, start + part), row, _signed(part)) for row, (start, (_, part)) in _rows(starts, steps)),
        *(_label(value, row, percent(value)) for row, (_, value) in ((0, ends[0]), (len(steps) + 1, ends[1]))),
    ]
    reached = [*starts, at, ends[1][1]]
    room = (max(reached) - min(reached)) or 0.01
    axis = in_unit(min(reached) - 0.08 * room, max(reached) + 0.24 * room, "share")
    figure.update_xaxes(showgrid=True, **axis | {"ticktext": [percent(tick) for tick in axis["tickvals"]]})
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.4, -0.6], showgrid=False, ticks=""
    )
    return figure


def percent(value: float) -> str:
    """Returns a rate with one decimal, so that small changes show.

    >>> percent(0.8739).replace(SPACE, " ")
    '87.4 %'
    """
    return f"{value * 100:.1f}{SPACE}%"


def _rows(
    starts: Sequence[float], steps: Sequence[tuple[str, float]]
) -> list[tuple[int, tuple[float, tuple[str, float]]]]:
    return list(enumerate(zip(starts, steps, strict=True), 1))


def _within(rates: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Returns the groups that have a bar, the others as one."""
    if len(rates) <= SHOWN + 1:
        return list(rates)
    rest = rates[SHOWN:]
    return [*rates[:SHOWN], (f"{len(rest)} other groups", sum(part for _, part in rest))]


def _colour(part: float, better: str) -> str:
    if better not in ("higher", "lower") or part == 0:
        return QUIET
    return STATES["within" if (part > 0) == (better == "higher") else "outside"].colour


def _signed(part: float) -> str:
    text = digits(part, "points")
    return text if text.startswith(MINUS) or text == "0" else f"+{text}"


def _label(at: float, row: int, text: str) -> dict[str, object]:
    return {"x": at, "y": row, "text": text, "showarrow": False, "xanchor": "left", "xshift": 9}
