"""How has it gone? A line as wide as a word, the limit dashed across it, the last value marked.

It is an SVG text, for use as a picture: pages put it beside words that say the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.charts.palette import QUIET, state_of

WIDTH, HEIGHT, EDGE = 120, 26, 4  # pixels: size, and room for the last value's mark


def spark(values: Sequence[float | None], limit: float | None = None, state: str | None = None) -> str:
    """Returns values as SVG from 0 up to the largest of them and the limit, evenly spaced; None leaves a hole.

    `state` colours the last value's mark.
    """
    known = [value for value in values if value is not None]
    top = max([*known, 1.25 * (limit or 0.0)], default=0.0) or 1.0
    points = [(place, value) for place, value in enumerate(values) if value is not None]

    def at(place: int, value: float) -> str:
        x = EDGE + place / max(len(values) - 1, 1) * (WIDTH - 2 * EDGE)
        return f"{x:.1f} {_up(value / top):.1f}"

    drawn = ""
    if limit is not None:
        drawn += f'<path d="M0 {_up(limit / top):.1f}H{WIDTH}" stroke="{QUIET}" stroke-dasharray="3 3"/>'
    for piece in _pieces(points):
        path = "L".join(at(*point) for point in piece)
        drawn += f'<path d="M{path}" fill="none" stroke="{QUIET}" stroke-width="1.6" stroke-linejoin="round"/>'
    if points:
        x, y = at(*points[-1]).split()
        drawn += f'<circle cx="{x}" cy="{y}" r="3.4" fill="{state_of(state).colour}"/>'
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{drawn}</svg>'


def _up(share: float) -> float:
    return HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE)


def _pieces(points: Sequence[tuple[int, float]]) -> list[list[tuple[int, float]]]:
    """Returns the runs of neighbours."""
    pieces: list[list[tuple[int, float]]] = []
    for point in points:
        if pieces and point[0] == pieces[-1][-1][0] + 1:
            pieces[-1].append(point)
        else:
            pieces.append([point])
    return pieces
