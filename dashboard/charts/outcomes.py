"""How good is it, in people: an icon array of 1,000."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.charts.figure import sheet
from dashboard.charts.palette import QUIET

PER_ROW = 50


@dataclass(frozen=True)
class Outcome:
    """What can become of a case: its words, symbol and colour."""

    words: str
    symbol: str
    colour: str
    opacity: float


OUTCOMES = {
    "tp": Outcome("found", "circle", "#00936b", 1.0),
    "fn": Outcome("missed", "x", "#d55e00", 1.0),
    "fp": Outcome("false alarm", "triangle-up-open", "#ad7a00", 1.0),
    "tn": Outcome("rightly left alone", "circle", QUIET, 0.35),
}


def per_thousand(tp: int, fn: int, fp: int, tn: int) -> dict[str, int]:
    """Returns the four counts scaled to 1,000 in all, whole, the largest remainders rounded up.

    >>> per_thousand(10, 5, 5, 80)
    {'tp': 100, 'fn': 50, 'fp': 50, 'tn': 800}
    """
    cells = {"tp": tp, "fn": fn, "fp": fp, "tn": tn}
    total = sum(cells.values())
    if total == 0:
        return dict.fromkeys(cells, 0)
    floors = {name: 1000 * n // total for name, n in cells.items()}
    by_rest = sorted(cells, key=lambda name: 1000 * cells[name] % total, reverse=True)
    short = 1000 - sum(floors.values())
    return {name: floors[name] + (name in by_rest[:short]) for name in cells}


def icon_array(tp: int, fn: int, fp: int, tn: int) -> go.Figure:
    """Returns 1,000 cases as 1,000 marks: found, missed, false alarm, rightly left alone, in that order."""
    figure = sheet(height=300)
    done = 0
    for name, n in per_thousand(tp, fn, fp, tn).items():
        look = OUTCOMES[name]
        places = range(done, done + n)
        done += n
        figure.add_scatter(
            x=[place % PER_ROW for place in places], y=[place // PER_ROW for place in places], mode="markers",
            name=f"{n:,} {look.words}", hovertemplate=f"{n:,} of 1,000: {look.words}<extra></extra>",
            opacity=look.opacity,
            marker={"symbol": look.symbol, "color": look.colour, "size": 7,
                    "line": {"width": 1.5, "color": look.colour}},
        )  # fmt: skip
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "itemclick": False}
    )
    figure.update_xaxes(visible=False, range=[-0.7, PER_ROW - 0.3])
    figure.update_yaxes(visible=False, range=[1000 / PER_ROW - 0.3, -0.7])
    return figure
