"""A heat map as a table: words in every cell, deeper where there is more; it scrolls inside itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from dashboard.ui import marks

STEPS = 9
HUE = "#0072b2"
LEAST, MOST = 5, 58  # the hue's part of a step, in per cent: words keep 4.5:1 on the deepest, by day and by night
FEW, NONE = "few", "none"


@dataclass(frozen=True)
class Cell:
    """What stands in one cell: a value, what it is made of, a mark; `look` is a step of the scale, FEW or NONE."""

    value: str
    facts: Sequence[str] = ()
    look: int | str | None = None
    state: str | None = None
    said: str = ""  # instead of the state's own word
    named: str = ""  # "lowest": the cell that the sentence speaks of
    margin: bool = False


def style_rules() -> str:
    """Returns the CSS of the scale: one hue, deeper in even steps, on whatever the page's ground is."""
    step = (MOST - LEAST) / (STEPS - 1)
    depths = (
        f".eh-heat-{k} {{ background: color-mix(in srgb, {HUE} {LEAST + step * k:.0f}%, transparent); }}"
        for k in range(STEPS)
    )
    return "\n".join(depths)


def step_of(value: float, low: float, high: float) -> int:
    """Returns the step of a value on a scale from low to high.

    >>> step_of(0.2, 0.2, 0.8), step_of(0.5, 0.2, 0.8), step_of(0.8, 0.2, 0.8), step_of(1.0, 1.0, 1.0)
    (0, 4, 8, 4)
    """
    if high <= low:
        return STEPS // 2
    return min(max(round((value - low) / (high - low) * (STEPS - 1)), 0), STEPS - 1)


def table(corner: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell]]], caption: str) -> str:
    """Returns the map: a head for each column, a row for each name with its cells."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(f'<tr><th scope="row">{escape(name)}</th>{"".join(map(_cell, cells))}</tr>' for name, cells in rows)
    return (
        f'<div class="eh-scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="eh-heat">'
        f'<caption>{escape(caption)}</caption><thead><tr><th scope="col">{escape(corner)}</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def key(low: str, high: str, few: str = "") -> str:
    """Returns the key to the colours: the scale from the lowest to the highest value, and what hatching means."""
    steps = "".join(f'<span class="eh-heat-{k}"></span>' for k in range(STEPS))
    hatched = f'<span><span class="eh-swatch eh-heat-few"></span> {escape(few)}</span>' if few else ""
    return (
        f'<div class="eh-key"><span>{escape(low)} <span class="eh-ramp" aria-hidden="true">{steps}</span> '
        f"{escape(high)}</span>{hatched}</div>"
    )


def _cell(cell: Cell) -> str:
    looks = [f"eh-heat-{cell.look}"] if cell.look is not None else []
    looks += ["margin"] * cell.margin + ["named"] * bool(cell.named)
    facts = "".join(f"<small>{escape(fact)}</small>" for fact in cell.facts if fact)
    told = f"<small>{marks.mark(cell.state, cell.said)}</small>" if cell.state else ""
    named = f"<small><b>{escape(cell.named)}</b></small>" if cell.named else ""
    return f'<td class="{" ".join(looks)}"><b>{escape(cell.value)}</b>{facts}{told}{named}</td>'
