"""Why did it change? From the rate before to the rate now: other shares of the groups, then each group by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from dashboard.charts.figure import Drawn, hover, in_unit, sheet
from dashboard.charts.palette import QUIET, REFERENCE, STATES
from dashboard.charts.words import MINUS, SPACE, Unit, digits

Step = tuple[str, float]
SHOWN = 7
MIX = "Other shares of the groups"


def waterfall(
    ends: tuple[Step, Step], mix: float, rates: Sequence[Step], better: str, unit: Unit = "share", name: str = MIX
) -> go.Figure:
    """Returns the change of a rate: a dot before, a bar for the mix and for each group's own change, a dot now.

    `ends` are (name, rate) before and now, `rates` (group, part) the largest first; beyond seven they are one bar.
    Within the groups better and worse are told apart by colour and sign, by `better` ("higher" or "lower"). `unit` is
    that of the ends, "points" where they are gaps; `name` stands at the mix.
    """
    steps = [(name, mix), *_within(rates)]
    words = percent if unit == "share" else _signed
    names = [ends[0][0], *(name for name, _ in steps), ends[1][0]]
    at, starts = ends[0][1], []
    for _, part in steps:
        starts.append(at)
        at += part
    reached = [*starts, at, ends[1][1]]
    room = (max(reached) - min(reached)) or 0.01
    axis = in_unit(min(reached) - 0.08 * room, max(reached) + 0.24 * room, unit)
    axis |= {"ticktext": [percent(tick) for tick in axis["tickvals"]]} if unit == "share" else {"title": "points"}
    return sheet(
        46 + 34 * len(names) + (24 if unit == "points" else 0),
        [_bars(starts, steps, better), _ends(ends, len(steps) + 1, words)],
        annotations=_labels(ends, starts, steps, words),
        xaxis=axis | {"showgrid": True},
        yaxis={
            "tickvals": list(range(len(names))), "ticktext": names, "range": [len(names) - 0.4, -0.6],
            "showgrid": False, "ticks": "",
        },
    )  # fmt: skip


def _bars(starts: Sequence[float], steps: Sequence[Step], better: str) -> Drawn:
    return {
        "type": "bar", "orientation": "h", "y": list(range(1, len(steps) + 1)), "base": list(starts), "width": 0.55,
        "x": [part for _, part in steps], "hoverinfo": "text",
        "marker": {"color": [QUIET, *(_colour(part, better) for _, part in steps[1:])]},
        "hovertext": [hover(name, part, "points") for name, part in steps],
    }  # fmt: skip


def _ends(ends: tuple[Step, Step], last: int, words: Callable[[float], str]) -> Drawn:
    return {
        "type": "scatter", "x": [value for _, value in ends], "y": [0, last], "mode": "markers", "cliponaxis": False,
        "hoverinfo": "text", "hovertext": [f"<b>{name}</b><br>{words(value)}" for name, value in ends],
        "marker": {"symbol": "diamond", "size": 12, "color": REFERENCE},
    }  # fmt: skip


def _labels(
    ends: tuple[Step, Step], starts: Sequence[float], steps: Sequence[Step], words: Callable[[float], str]
) -> list[Drawn]:
    """Returns the numbers, each at the right end of its bar or dot."""
    told = [(max(start, start + part), _signed(part)) for start, (_, part) in zip(starts, steps, strict=True)]
    told = [(ends[0][1], words(ends[0][1])), *told, (ends[1][1], words(ends[1][1]))]
    return [
        {"x": at, "y": row, "text": text, "showarrow": False, "xanchor": "left", "xshift": 9}
        for row, (at, text) in enumerate(told)
    ]


def percent(value: float) -> str:
    """Returns a rate with one decimal, so that small changes show.

    >>> percent(0.8739).replace(SPACE, " ")
    '87.4 %'
    """
    return f"{value * 100:.1f}{SPACE}%"


def _within(rates: Sequence[Step]) -> list[Step]:
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
    if text == "0" and part:
        text = f"{MINUS if part < 0 else ''}{abs(part) * 100:.1g}"
    return text if text.startswith(MINUS) or text == "0" else f"+{text}"
