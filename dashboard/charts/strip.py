"""Where does one value lie among all? A strip as wide as a word: the reference as a silhouette, the value as a mark.

It is an SVG text, for use as a picture: pages put it beside words that say the same.
"""

from __future__ import annotations

import pandas as pd

from dashboard.charts.palette import QUIET, REFERENCE, STATES, UNJUDGED

WIDTH, HEIGHT, BASE = 200, 30, 24
EDGE = 6  # room at both ends, where a value beyond the axis is drawn


def strip(bins: pd.DataFrame, value: float | None, minimum: float | None = None, maximum: float | None = None) -> str:
    """Returns the strip of one value as SVG: `bins` has low, high, reference (shares); the limits are the contract's.

    The line below the silhouette runs over the possible values only, and ends in a tick. A value that is not possible
    is a triangle, every other a bar with a dot; one beyond the axis stands at its end.
    """
    low, high = float(bins["low"].iloc[0]), float(bins["high"].iloc[-1])
    places = [_at(x, low, high) for x in (low, high)]
    first = _at(minimum, low, high) if minimum is not None and minimum > low else places[0]
    last = _at(maximum, low, high) if maximum is not None and maximum < high else places[1]
    drawn = [_silhouette(bins, low, high), f'<path d="M{first:.1f} {BASE}H{last:.1f}" stroke="{QUIET}"/>']
    drawn += [
        f'<path d="M{place:.1f} {BASE - 4}v8" stroke="{QUIET}"/>'
        for place, limit in ((first, minimum), (last, maximum))
        if limit is not None
    ]
    if value is not None:
        drawn.append(_mark(_at(value, low, high), _impossible(value, minimum, maximum)))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(drawn)}</svg>'


def _impossible(value: float, minimum: float | None, maximum: float | None) -> bool:
    return (minimum is not None and value < minimum) or (maximum is not None and value > maximum)


def _at(value: float, low: float, high: float) -> float:
    """Returns where a value stands; what lies beyond the axis stands at its end."""
    share = (value - low) / (high - low) if high > low else 0.5
    return EDGE + min(max(share, -0.02), 1.02) * (WIDTH - 2 * EDGE)


def _silhouette(bins: pd.DataFrame, low: float, high: float) -> str:
    width = (bins["high"] - bins["low"]).where(lambda w: w > 0, 1.0)
    density = (bins["reference"] / width).astype(float)
    tallest = float(density.max()) or 1.0
    steps = [
        f"L{_at(a, low, high):.1f} {BASE - 20 * d / tallest:.1f}L{_at(b, low, high):.1f} {BASE - 20 * d / tallest:.1f}"
        for a, b, d in zip(bins["low"], bins["high"], density, strict=True)
    ]
    return f'<path d="M{EDGE} {BASE}{"".join(steps)}L{WIDTH - EDGE} {BASE}Z" fill="{REFERENCE}" fill-opacity="0.4"/>'


def _mark(x: float, impossible: bool) -> str:
    if impossible:
        colour = STATES["outside"].colour
        return f'<path d="M{x:.1f} {BASE - 15}l6.5 12h-13Z" fill="{colour}"/>'
    colour = UNJUDGED.colour
    bar = f'<path d="M{x:.1f} 3V{BASE + 4}" stroke="{colour}" stroke-width="2"/>'
    return f'{bar}<circle cx="{x:.1f}" cy="5" r="4" fill="{colour}"/>'


def signed_bar(value: float, largest: float) -> str:
    """Returns a number as a bar right (more) or left (less) of a line in the middle, as SVG; `largest` fills it."""
    middle = WIDTH / 2
    reach = min(abs(value) / largest, 1.0) * (middle - EDGE) if largest else 0.0
    start = middle if value >= 0 else middle - reach
    bar = f'<rect x="{start:.1f}" y="9" width="{reach:.1f}" height="12" fill="{UNJUDGED.colour}"/>'
    line = f'<path d="M{middle:.1f} 3v{HEIGHT - 6}" stroke="{QUIET}"/>'
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{bar}{line}</svg>'
