"""When it says 30 %, how often does it happen? The reliability curve, for everybody or in small; how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, GRID, Drawn, in_unit, sheet, starts_of, upright
from dashboard.charts.groups import interval_dots
from dashboard.charts.palette import QUIET, UNJUDGED
from dashboard.charts.words import counts, digits, interval, number, suffix, window

PALE = "rgba(47, 120, 183, 0.16)"
MIDDLE = "rgba(47, 120, 183, 0.30)"
WIDE, HIGH, LEFT, BASE, SIDE = 246, 226, 46, 200, 188  # a small picture, in pixels: its size, axes, their length
INK = "#123456"  # stands for the page's colour of words in a small picture, until the page puts its own
STRIP = 0.17  # the share of the picture's height that the strip of all scores takes


def reliability_curve(
    curve: pd.DataFrame,
    spread: pd.DataFrame,
    said: str = "what it says",
    observed: str = "what happens",
    happens: str = "happens",
) -> go.Figure:
    """Returns what happens against what is said: a dot and its interval for each bin, the diagonal, all scores below.

    `curve` has the columns score, observed, low, high, n and positives, and `named`: a few words beside a dot, "" for
    none; `spread` low, high and n of the scores of all cases, on bins of equal width. The last three are words: of the
    two axes, and of what lies off the diagonal.
    """
    top = top_of(curve, spread)
    notes = [_name(row, top) for row in curve.to_dict("records") if row["named"]]
    notes += [_corner(0.02 * top, 0.98 * top, happens, "more"), _corner(top, 0.05 * top, happens, "less")]
    axis = in_unit(-0.02 * top, 1.02 * top, "share") | {"range": [-0.02 * top, 1.02 * top]}
    diagonal = {"type": "line", "x0": 0, "y0": 0, "x1": top, "y1": top, "layer": "below"}
    return sheet(
        520,
        [_dots(curve), _strip(spread)],
        shapes=[diagonal | {"line": {"color": QUIET, "width": 1.5, "dash": "dash"}}],
        annotations=notes,
        xaxis=axis | {"title": {"text": f"{said}; bars: how often"}, "showgrid": True, "gridcolor": GRID,
                      "anchor": "y2"},
        yaxis=axis | {"title": {"text": observed}, "domain": [STRIP + 0.03, 1]},
        yaxis2={"domain": [0, STRIP], "anchor": "x", "showgrid": False, "showticklabels": False, "zeroline": False,
                "rangemode": "tozero"},
    )  # fmt: skip


def _corner(x: float, y: float, happens: str, side: str) -> dict[str, Any]:
    """Returns what it means to lie on one side of the diagonal, written into the corner there."""
    left = side == "more"
    return {
        "x": x, "y": y, "text": f"{happens} {side} often<br>than it says", "showarrow": False, "opacity": 0.8,
        "xanchor": "left" if left else "right", "align": "left" if left else "right",
        "yanchor": "top" if left else "bottom", "font": {"size": 13},
    }  # fmt: skip


def _name(row: Mapping[Any, Any], top: float) -> dict[str, Any]:
    """Returns a few words that point at a dot, on its side of the diagonal where there is room for them."""
    x, y = row["score"], row["observed"]
    if y >= x:
        over = max(row["high"] + 0.07 * top, 0.64 * top)
        place = (0.03 * top, over, "left") if x < 0.4 * top else (x - 0.05 * top, y, "right")
    else:
        under = min(row["low"] - 0.07 * top, 0.36 * top)
        place = (0.98 * top, under, "right") if x > 0.6 * top else (x + 0.05 * top, y, "left")
    return {
        "x": x, "y": y, "ax": place[0], "ay": place[1], "xanchor": place[2], "axref": "x", "ayref": "y",
        "text": row["named"], "showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": QUIET, "standoff": 8,
    }  # fmt: skip


def _dots(curve: pd.DataFrame) -> Drawn:
    colour = UNJUDGED.colour
    observed = curve["observed"].to_numpy()
    return {
        "type": "scatter", "x": curve["score"].tolist(), "y": observed.tolist(), "mode": "markers",
        "hoverinfo": "text", "cliponaxis": False, "hovertext": [_facts(row) for row in curve.to_dict("records")],
        "marker": {"symbol": "circle", "size": 9, "color": colour},
        "error_y": {
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.8, "width": 0,
            "array": (curve["high"].to_numpy() - observed).tolist(),
            "arrayminus": (observed - curve["low"].to_numpy()).tolist(),
        },
    }  # fmt: skip


def _facts(row: Mapping[Any, Any]) -> str:
    of = counts(row["positives"], row["n"])
    between = interval(row["low"], row["high"], "share")
    return (
        f"<b>says {number(row['score'], 'share')}</b> ({interval(row['least'], row['most'], 'share')})<br>"
        f"happens {number(row['observed'], 'share')} ({between}; {of})"
    )


def _strip(spread: pd.DataFrame) -> Drawn:
    """Returns where all scores lie, under the curve and on its axis."""
    low, high, n = (spread[name].to_numpy() for name in ("low", "high", "n"))
    total = max(int(n.sum()), 1)
    return {
        "type": "bar", "x": ((low + high) / 2).tolist(), "y": (n / total).tolist(),
        "width": ((high - low) * 0.88).tolist(), "yaxis": "y2", "marker": {"color": QUIET, "line": {"width": 0}},
        "hoverinfo": "text",
        "hovertext": [
            f"says {interval(least, most, 'share')}{suffix('share')}<br>{k:,} cases, {number(k / total, 'share')}"
            for least, most, k in zip(low, high, n, strict=True)
        ],
    }  # fmt: skip


def small_reliability(curve: pd.DataFrame, top: float) -> str:
    """Returns a curve in small as SVG, its axes as long as those beside it: 0 to `top`; its words in the colour INK.

    Drawn by hand: a dozen of plotly's pictures would take longer than the rest of the page.
    """
    at = np.clip(curve[["score", "observed", "low", "high"]].to_numpy(dtype=float) / top, 0, 1.04)
    xs, middles, lows, highs = at.T * SIDE
    xs, ys, lows, highs = LEFT + xs, BASE - middles, BASE - lows, BASE - highs
    axis = in_unit(0, top, "share")
    drawn = []
    for tick, words in list(zip(axis["tickvals"], axis["ticktext"], strict=True))[::2]:
        x, y = LEFT + tick / top * SIDE, BASE - tick / top * SIDE
        drawn.append(f'<path d="M{LEFT} {y:.1f}h{SIDE}M{x:.1f} {BASE}v-{SIDE}" stroke="{QUIET}" stroke-opacity=".25"/>')
        drawn.append(f'<text x="{LEFT - 6}" y="{y + 4.5:.1f}" text-anchor="end">{words}</text>')
        drawn.append(f'<text x="{x:.1f}" y="{BASE + 18}" text-anchor="middle">{words}</text>')
    drawn.append(
        f'<path d="M{LEFT} {BASE}l{SIDE} -{SIDE}" stroke="{QUIET}" stroke-width="1.5" stroke-dasharray="6 5"/>'
    )
    whiskers = "".join(f"M{x:.1f} {low:.1f}V{high:.1f}" for x, low, high in zip(xs, lows, highs, strict=True))
    drawn.append(f'<path d="{whiskers}" stroke="{UNJUDGED.colour}" stroke-width="1.8"/>')
    drawn += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="{UNJUDGED.colour}"/>' for x, y in zip(xs, ys, strict=True)
    ]
    size = f'width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}"'
    font = f'font-family="sans-serif" font-size="13" fill="{INK}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(drawn)}</svg>'


def gap_dots(readings: pd.DataFrame) -> go.Figure:
    """Returns calibration errors, a row a group, against the line on which it happens as often as it says."""
    figure = interval_dots(readings)
    ends = [0.0, *readings["low"].dropna().astype(float), *readings["high"].dropna().astype(float)]
    room = max(ends) - min(ends) or 0.1
    upright(figure, 0, "as often as it says")
    figure.update_layout(margin_t=28, xaxis=in_unit(min(ends) - 0.06 * room, max(ends) + 0.24 * room, "points"))
    return figure


def top_of(curves: pd.DataFrame, spread: pd.DataFrame | None = None) -> float:
    """Returns how far the axes of curves reach, so that all intervals of usual width and all scores are seen."""
    ends = [float(curves["score"].max()), float(curves["observed"].max()), float(curves["high"].quantile(0.95))]
    if spread is not None and (spread["n"] > 0).any():
        ends.append(float(spread.loc[spread["n"] > 0, "high"].max()))
    return min(1.0, max(ends))


def confidence_bands(confidence: pd.DataFrame, starts: Mapping[str, str] | None = None) -> go.Figure:
    """Returns how sure the scores are over time: the middle half and eight tenths of cases as bands, the median a line.

    `confidence` has the columns since, until, n, q10, q25, q50, q75 and q90; `starts` says on which day each version
    came into service.
    """
    since, until = pd.to_datetime(confidence["since"]), pd.to_datetime(confidence["until"])
    at = (since + (until - since) / 2).tolist()
    lines = starts_of(starts)
    least = min(0.5, float(confidence["q10"].min()))
    return sheet(
        300,
        [
            _band(at, confidence, "q10", "q90", PALE),
            _band(at, confidence, "q25", "q75", MIDDLE),
            _median(at, confidence),
        ],
        margin={"l": 8, "r": 118, "t": 28, "b": 8},
        shapes=[line for line, _ in lines],
        annotations=[*_ends(confidence.iloc[-1]), *(words for _, words in lines)],
        xaxis=DATES,
        yaxis=in_unit(least, 1.0, "share"),
    )


def _band(at: list[Any], confidence: pd.DataFrame, low: str, high: str, colour: str) -> Drawn:
    ends = [*confidence[high], *reversed(confidence[low].tolist())]
    return {"type": "scatter", "x": [*at, *reversed(at)], "y": ends, "fill": "toself", "fillcolor": colour,
            "line": {"width": 0}, "mode": "lines", "hoverinfo": "skip"}  # fmt: skip


def _median(at: list[Any], confidence: pd.DataFrame) -> Drawn:
    return {
        "type": "scatter", "x": at, "y": confidence["q50"].tolist(), "mode": "lines+markers",
        "line": {"color": UNJUDGED.colour, "width": 2}, "marker": {"size": 6}, "hoverinfo": "text",
        "hovertext": [_sure(row) for row in confidence.to_dict("records")],
    }  # fmt: skip


def _ends(last: pd.Series[Any]) -> list[Drawn]:
    """Returns the names of the bands' ends, where they end."""
    named = (("q90", "top tenth", "bottom"), ("q50", "median", "top"), ("q10", "lowest tenth", "top"))
    return [
        {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 6, "y": float(last[name]), "showarrow": False,
         "yanchor": anchor, "text": f"{words} {digits(float(last[name]), 'share')}", "font": {"size": 13}}
        for name, words, anchor in named
    ]  # fmt: skip


def _sure(row: Mapping[Any, Any]) -> str:
    half = interval(row["q25"], row["q75"], "share")
    return (
        f"<b>{window(row['since'], row['until'])}</b><br>half of the cases at most {number(row['q50'], 'share')} sure"
        f"<br>the middle half {half}<br>{row['n']:,} cases"
    )
