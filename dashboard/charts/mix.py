"""One group's share over time, in small: a dot and its interval for each week, the reference's share as a line."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from dashboard.charts.calibration import INK
from dashboard.charts.figure import in_unit
from dashboard.charts.palette import QUIET, UNJUDGED
from dashboard.charts.words import missing

WIDE, HIGH, LEFT, BASE, UP, ACROSS = 256, 172, 46, 146, 122, 200  # pixels: size, axes, their length
SHADE = "rgba(107, 127, 149, 0.17)"  # the reference's neutral colour, pale


def small_shares(
    weeks: pd.DataFrame,
    reference: tuple[float | None, str, str] | None = None,
    starts: Mapping[str, str] | None = None,
) -> str:
    """Returns the shares as SVG, from 0 up to the group's own largest; its words in the colour INK.

    `weeks` has the columns since, until, value, low and high; `reference` is the share in the reference window, which
    is shaded, and its first and last day; `starts` says on which day each version came into service.
    """
    known = weeks[weeks["value"].notna()]
    since, until = pd.to_datetime(weeks["since"]), pd.to_datetime(weeks["until"])
    first, last = since.min(), until.max()
    top = float(known["high"].quantile(0.95)) if len(known) else 1.0
    top = min(max(top, *known["value"], *([reference[0] or 0.0] if reference else [])) * 1.06 or 1.0, 1.0)

    def across(at: Any) -> float:
        return float(LEFT + (pd.Timestamp(at) - first) / (last - first) * ACROSS)

    def up(share: float) -> float:
        return BASE - min(max(share, 0.0) / top, 1.0) * UP

    drawn = _grid(top)
    if reference and not missing(reference[0]):
        drawn += _reference(reference, across, up)
    drawn += [_start(across(day), version) for version, day in (starts or {}).items() if pd.Timestamp(day) > first]
    for row in known.to_dict("records"):
        x = across(pd.Timestamp(row["since"]) + (pd.Timestamp(row["until"]) - pd.Timestamp(row["since"])) / 2)
        whisker = f"M{x:.1f} {up(row['low']):.1f}V{up(row['high']):.1f}"
        drawn.append(f'<path d="{whisker}" stroke="{UNJUDGED.colour}" stroke-width="1.6"/>')
        drawn.append(f'<circle cx="{x:.1f}" cy="{up(row["value"]):.1f}" r="2.9" fill="{UNJUDGED.colour}"/>')
    drawn.append(f'<text x="{LEFT}" y="{HIGH - 6}">{first:%-d %b}</text>')
    drawn.append(
        f'<text x="{LEFT + ACROSS}" y="{HIGH - 6}" text-anchor="end">{last - pd.Timedelta(days=1):%-d %b}</text>'
    )
    size = f'width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}"'
    font = f'font-family="sans-serif" font-size="13" fill="{INK}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(drawn)}</svg>'


def _grid(top: float) -> list[str]:
    axis = in_unit(0, top, "share")
    pairs = list(zip(axis["tickvals"], axis["ticktext"], strict=True))[::2]
    return [
        f'<path d="M{LEFT} {BASE - at / top * UP:.1f}h{ACROSS}" stroke="{QUIET}" stroke-opacity=".25"/>'
        f'<text x="{LEFT - 6}" y="{BASE - at / top * UP + 4.5:.1f}" text-anchor="end">{words}</text>'
        for at, words in pairs
    ]


def _reference(reference: tuple[float | None, str, str], across: Any, up: Any) -> list[str]:
    share, since, until = reference
    left, right, y = across(since), across(until), up(share or 0.0)
    shade = f'<rect x="{left:.1f}" y="{BASE - UP}" width="{right - left:.1f}" height="{UP}" fill="{SHADE}"/>'
    line = f'<path d="M{LEFT} {y:.1f}h{ACROSS}" stroke="{QUIET}" stroke-width="1.5" stroke-dasharray="6 5"/>'
    return [shade, line]


def _start(x: float, version: str) -> str:
    line = f'<path d="M{x:.1f} {BASE}V{BASE - UP - 4}" stroke="{QUIET}" stroke-dasharray="2 3"/>'
    return f'{line}<text x="{x + 3:.1f}" y="{BASE - UP - 6}">{escape(version)}</text>'
