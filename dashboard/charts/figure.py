"""The sheet every picture is drawn on: quiet axes, no box, room for words; and the marks that plotly lacks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.charts.palette import BAND, QUIET, STATES, state_of
from dashboard.charts.words import MINUS, Unit, missing, number

Figure = go.Figure
Drawn = dict[str, Any]  # a trace, a shape or an annotation
GRID = "rgba(125, 133, 143, 0.18)"
SIZE, TEXT = 11, 14
DATES = {
    "type": "date",
    "tickformat": "%-d %b",
    "nticks": 8,
    "tickformatstops": [{"dtickrange": ["M3", None], "value": "%-d %b\n%Y"}],  # over a year: each year once, below
}


def sheet(height: int, traces: Sequence[Drawn] = (), **layout: Any) -> go.Figure:
    """Returns a figure: no title (the page's sentence is the title), no legend, a transparent ground.

    Give everything at once, traces, shapes, annotations and what `xaxis` and `yaxis` have of their own, as plain
    dicts: plotly checks a whole figure in the time that one update of an axis or one added line takes.
    """
    axis = {"zeroline": False, "automargin": True, "tickfont": {"size": TEXT - 1}}
    drawn: dict[str, Any] = {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"align": "left", "font": {"size": TEXT}},
        "font": {"size": TEXT},
        "dragmode": False,
        "xaxis": axis | {"showgrid": False, "ticks": "outside", "tickcolor": GRID},
        "yaxis": axis | {"gridcolor": GRID},
    }
    for name in ("xaxis", "yaxis"):
        drawn[name] |= layout.pop(name, {})
    return go.Figure(list(traces), drawn | layout)


def inked(figure: go.Figure, colour: str) -> go.Figure:
    """Returns the figure with its words in one colour: that of the page's text. Names that carry a colour keep it.

    Annotations take the layout's font; axes and legend have one of their own in Streamlit's theme.
    """
    layout = figure.layout
    for words in (layout.font, layout.legend.font, layout.xaxis.tickfont):
        words.color = colour
    for axis in (layout.xaxis, layout.yaxis):
        axis.title.font.color = colour
    for axis in figure.select_yaxes():
        axis.tickfont.color = colour
    return figure


def in_unit(low: float, high: float, unit: Unit, about: int = 6) -> dict[str, Any]:
    """Returns an axis' settings: its range, and about so many round ticks in a unit; no share is above 100 %."""
    top = min(high, 1.0) if unit == "share" else high
    rough = (top - low) / about or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999)
    ticks = [step * k for k in range(math.ceil(low / step - 1e-9), math.floor(top / step + 1e-9) + 1)]
    return {"range": [low, high], "tickvals": ticks, "ticktext": [_tick(round(tick, 12), unit) for tick in ticks]}


def _tick(value: float, unit: Unit) -> str:
    """Returns a tick's words: points and plain numbers without their unit, which would not fit a phone."""
    plain = f"{value:,.10g}".replace("-", MINUS)
    if unit == "points":
        return f"{round(value * 100, 9):.10g}".replace("-", MINUS)
    return plain if unit in ("number", "ratio") else number(value, unit)


def band(figure: go.Figure, allowed: Sequence[float | None], axis: str = "x") -> None:
    """Draws the policy's allowed range, pale and behind the data; an open end runs to the edge."""
    figure.add_shape(**band_of(allowed, axis))


def band_of(allowed: Sequence[float | None], axis: str = "x") -> Drawn:
    """Returns the shape of the policy's allowed range."""
    low, high = allowed
    edges = {f"{axis}0": -1e9 if missing(low) else low, f"{axis}1": 1e9 if missing(high) else high}
    other = "y" if axis == "x" else "x"
    across = {f"{other}0": 0, f"{other}1": 1, f"{other}ref": "paper"}
    return {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": BAND} | edges | across


def marks(
    figure: go.Figure, xs: Sequence[Any], ys: Sequence[Any], states: Sequence[str | None], hover: Sequence[str]
) -> None:
    """Draws a mark for each point by its state: disc, triangle, half disc, dashed ring."""
    trace, drawn = marks_of(xs, ys, states, hover)
    figure.add_trace(trace)
    figure.layout.shapes = (*figure.layout.shapes, *drawn)


def marks_of(
    xs: Sequence[Any], ys: Sequence[Any], states: Sequence[str | None], hover: Sequence[str], yaxis: str = "y"
) -> tuple[Drawn, list[Drawn]]:
    """Returns the trace that holds a mark for each point, and the shapes of those that plotly has no symbol for."""
    looks = [state_of(state) for state in states]
    dashed = [state == "cannot be computed" for state in states]
    trace = {
        "type": "scatter", "x": list(xs), "y": list(ys), "yaxis": yaxis, "mode": "markers", "hovertext": list(hover),
        "hoverinfo": "text", "cliponaxis": False,
        "marker": {
            "symbol": [look.symbol for look in looks],
            "size": [SIZE + 2 if look.symbol == "triangle-up" else SIZE for look in looks],
            "color": [look.colour for look in looks],
            "opacity": [0.0 if ring else 1.0 for ring in dashed],
            "line": {"width": 2, "color": [look.colour for look in looks]},
        },
    }  # fmt: skip
    drawn = [
        (_half_disc(x, y) if state == "inconclusive" else _dashed_ring(x, y)) | {"yref": yaxis}
        for x, y, state in zip(xs, ys, states, strict=True)
        if state in ("inconclusive", "cannot be computed")
    ]
    return trace, drawn


def _half_disc(x: Any, y: Any) -> dict[str, Any]:
    """Returns the left half of a ring, filled; plotly's shapes know no arcs: two Bezier curves, 4/3 tan(pi/8)."""
    r, k = SIZE / 2, SIZE / 2 * 0.5523
    path = f"M 0 {r} C {-k} {r} {-r} {k} {-r} 0 C {-r} {-k} {-k} {-r} 0 {-r} Z"
    fill = {"fillcolor": STATES["inconclusive"].colour, "line": {"width": 0}}
    return {"type": "path", "path": path} | _anchored(x, y) | fill


def _dashed_ring(x: Any, y: Any) -> dict[str, Any]:
    r = SIZE / 2
    line = {"color": STATES["cannot be computed"].colour, "width": 2, "dash": "2px,2px"}
    return {"type": "circle", "x0": -r, "x1": r, "y0": -r, "y1": r, "line": line} | _anchored(x, y)


def _anchored(x: Any, y: Any) -> dict[str, Any]:
    """Returns what makes a shape's coordinates pixels around a point of the data."""
    return {"xsizemode": "pixel", "ysizemode": "pixel", "xanchor": x, "yanchor": y}


def whiskers(figure: go.Figure, rows: Sequence[tuple[Any, Any, Any, str]], axis: str = "x") -> None:
    """Draws intervals as (where, low, high, colour); without both ends there is none. One broken line a colour."""
    other = "y" if axis == "x" else "x"
    lines: dict[str, tuple[list[Any], list[Any]]] = {}
    for where, low, high, colour in rows:
        if not missing(low) and not missing(high):
            ends, places = lines.setdefault(colour, ([], []))
            ends += [low, high, None]
            places += [where, where, None]
    figure.add_traces(
        [
            {"type": "scatter", axis: ends, other: places, "mode": "lines", "hoverinfo": "skip",
             "line": {"color": colour, "width": 2.5}}
            for colour, (ends, places) in lines.items()
        ]
    )  # fmt: skip


def upright(figure: go.Figure, at: Any, text: str) -> None:
    """Draws a thin upright line with a few words on top: a new version, a threshold."""
    line, words = upright_of(at, text)
    figure.add_shape(**line)
    figure.add_annotation(**words)


def upright_of(at: Any, text: str) -> tuple[Drawn, Drawn]:
    """Returns a thin upright line and the words on its top."""
    line = {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "layer": "below"}
    words = {"x": at, "y": 1, "yref": "paper", "text": text, "showarrow": False}
    return (
        line | {"line": {"color": QUIET, "width": 1, "dash": "dot"}},
        words | {"xanchor": "left", "yanchor": "bottom", "xshift": 3},
    )


def starts_of(starts: Mapping[str, str] | None) -> list[tuple[Drawn, Drawn]]:
    """Returns an upright line for each day on which versions came into service, with all their names.

    A log that names no version has none.

    >>> [words["text"] for _, words in starts_of({"v1": "2026-01-01", "v2": "2026-03-01", "v3": "2026-03-01"})]
    ['v1', 'v2, v3']
    """
    if set(starts or {}) == {"unversioned"}:
        return []
    days: dict[str, list[str]] = {}
    for version, day in (starts or {}).items():
        days.setdefault(day, []).append(version)
    return [upright_of(day, ", ".join(versions)) for day, versions in days.items()]


def level_of(at: float, text: str) -> tuple[Drawn, Drawn]:
    """Returns a thin level line and a few words at its left end: a promise, a limit."""
    line = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": at, "y1": at}
    words = {"x": 0, "xref": "paper", "y": at, "text": text, "showarrow": False, "xanchor": "left"}
    return line | {"line": {"color": QUIET, "width": 1.5, "dash": "dash"}}, words | {"yanchor": "bottom"}


def hover(head: str, value: object, unit: Unit, *lines: str) -> str:
    """Returns what the pointer shows: the name, the number, then a line for each fact that there is."""
    shown = None if missing(value) else float(str(value))
    return "<br>".join([f"<b>{head}</b>", number(shown, unit), *[line for line in lines if line]])
