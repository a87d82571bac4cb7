"""The language of the marks: a shape, a word and a colour for each state, one colour for each group everywhere.

Every colour here is of middling lightness, so that it stands out at 3:1 or better on the light and on the dark page
(WCAG 1.4.11); a figure therefore looks right in both without knowing which one it is on. The hues are Okabe and Ito's
(2008), those too light for white paper darkened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PAPER, NIGHT = "#ffffff", "#11161c"
INKS = {"light": "#1b2127", "dark": "#e8eaed"}
REFERENCE = "#6b7f95"
QUIET = "#7d858f"
BAND = "rgba(0, 158, 115, 0.11)"
GROUPS = (
    "#0072b2",
    "#c65a00",
    "#00936b",
    "#bf6a9a",
    "#2f8fc4",
    "#a67c00",
    "#8a6fd1",
    "#b8553f",
    "#5f8a3a",
    "#937a6a",
)


@dataclass(frozen=True)
class State:
    """What a finding looks like: the word on screen, the character in plain text, plotly's symbol, the colour."""

    word: str
    glyph: str
    symbol: str
    colour: str


STATES = {
    "outside": State("outside range", "▲", "triangle-up", "#d55e00"),
    "inconclusive": State("can’t tell yet", "◐", "circle-open", "#ad7a00"),
    "cannot be computed": State("can’t be computed", "○", "circle-open", "#7d858f"),
    "within": State("within range", "●", "circle", "#00936b"),
}
UNJUDGED = State("no rule", "•", "circle", "#2f78b7")


def luminance(colour: str) -> float:
    """Returns the relative luminance of `#rrggbb`, 0 for black to 1 for white (WCAG 2.2).

    >>> luminance("#ffffff")
    1.0
    """
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Returns the contrast ratio of two colours, 1 to 21 (WCAG 2.2).

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def group_colours(groups: Iterable[str], reference: str | None = None) -> dict[str, str]:
    """Returns a colour for each group by its place in the alphabet; the reference is the neutral one, "unknown" grey.

    >>> group_colours(["F", "M", "unknown"], "M")
    {'F': '#0072b2', 'M': '#6b7f95', 'unknown': '#7d858f'}
    """
    fixed = {"unknown": QUIET} | ({reference: REFERENCE} if reference else {})
    others = sorted(set(groups) - set(fixed))
    coloured = fixed | {group: GROUPS[i % len(GROUPS)] for i, group in enumerate(others)}
    return {group: coloured[group] for group in sorted(set(groups))}


def state_of(name: str | None) -> State:
    """Returns the look of a state; of what no rule judges, a plain dot."""
    return STATES.get(name or "", UNJUDGED)
