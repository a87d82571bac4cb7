"""How scores lie among the positive and the negative cases of one group, in small: up and down from one axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.charts.calibration import HIGH, INK, WIDE
from dashboard.charts.figure import in_unit
from dashboard.charts.palette import QUIET, REFERENCE, UNJUDGED

LEFT, RIGHT, MIDDLE, REACH = (
    8,
    8,
    104,
    82,
)  # the picture's margins, its axis, how far its tallest bar reaches, in pixels
ACROSS = WIDE - LEFT - RIGHT
SIDES = {"positive": (-1, UNJUDGED.colour), "negative": (1, REFERENCE)}


def small_mirrored(
    bars: pd.DataFrame, tallest: Mapping[str, float], medians: Mapping[str, float | None], threshold: float | None
) -> str:
    """Returns one group's scores as SVG: positive cases above the axis, negative ones below, its words in INK.

    `bars` has the columns label, low, high and share; `tallest` is the share that each side's room stands for, the
    same in all pictures beside each other; `medians` are marked, and so is the threshold, by an upright line.
    """
    top = float(bars["high"].max())
    drawn = [_bar(row, tallest, top) for row in bars.to_dict("records") if row["share"] > 0]
    drawn.append(f'<path d="M{LEFT} {MIDDLE}h{ACROSS}" stroke="{QUIET}"/>')
    drawn += [_median(label, at, top) for label, at in medians.items() if at is not None]
    if threshold is not None and threshold <= top:
        drawn.append(_threshold(threshold, top))
    drawn += _ticks(top)
    size = f'width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}"'
    font = f'font-family="sans-serif" font-size="13" fill="{INK}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(drawn)}</svg>'


def _x(score: float, top: float) -> float:
    return LEFT + min(score / top, 1.0) * ACROSS


def _bar(row: Mapping[Any, Any], tallest: Mapping[str, float], top: float) -> str:
    way, colour = SIDES[row["label"]]
    high = row["share"] / (tallest[row["label"]] or 1.0) * REACH
    x, wide = _x(row["low"], top), _x(row["high"], top) - _x(row["low"], top)
    y = MIDDLE - high if way < 0 else MIDDLE
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide - 0.8:.1f}" height="{high:.1f}" fill="{colour}"/>'


def _median(label: str, at: float, top: float) -> str:
    """Returns a median as a triangle that points at the axis from the far end of its side."""
    way, _ = SIDES[label]
    x, y = _x(at, top), MIDDLE + way * (REACH + 12)
    return f'<path d="M{x - 5:.1f} {y:.1f}h10l-5 {-way * 9}z" fill="{INK}"/>'


def _threshold(at: float, top: float) -> str:
    x = _x(at, top)
    line = f"M{x:.1f} {MIDDLE - REACH}V{MIDDLE + REACH}"
    return f'<path d="{line}" stroke="{INK}" stroke-width="1.4" stroke-dasharray="4 4"/>'


def _ticks(top: float) -> list[str]:
    ticks = in_unit(0, top, "number")["tickvals"][::2]
    return [
        f'<text x="{_x(at, top):.1f}" y="{HIGH - 4}" text-anchor="{"start" if at == 0 else "middle"}">{at:.3g}</text>'
        for at in ticks
        if _x(at, top) < WIDE - 2 * RIGHT or at == 0
    ]
