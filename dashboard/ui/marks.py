"""Marks, sentences and tables as HTML: a shape, a word and a colour, and everything a person typed escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, urlencode

from dashboard.charts.palette import STATES, state_of

_SHAPES = {
    "within": '<circle cx="8" cy="8" r="7" fill="{c}"/>',
    "outside": '<path d="M8 0.8 L15.6 14.6 L0.4 14.6 Z" fill="{c}"/>',
    "inconclusive": '<circle cx="8" cy="8" r="6.4" fill="none" stroke="{c}" stroke-width="2"/>'
    '<path d="M8 1.6 A6.4 6.4 0 0 0 8 14.4 Z" fill="{c}"/>',
    "cannot be computed": '<circle cx="8" cy="8" r="6.4" fill="none" stroke="{c}" stroke-width="2"'
    ' stroke-dasharray="2.6 2.4"/>',
}
_PLAIN = '<circle cx="8" cy="8" r="3.4" fill="{c}"/>'


def style_rules() -> str:
    """Returns the CSS that draws the shapes, as pictures inside the style sheet: Streamlit strips SVG from HTML."""
    rules = []
    for state in (*STATES, ""):
        drawing = _SHAPES.get(state, _PLAIN).format(c=state_of(state).colour)
        picture = quote(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{drawing}</svg>')
        rules.append(f'.eh-shape.{_css(state)} {{ background-image: url("data:image/svg+xml,{picture}"); }}')
    return "\n".join(rules)


def _css(state: str | None) -> str:
    return f"eh-{state.replace(' ', '-')}" if state in _SHAPES else "eh-plain"


def shape(state: str | None) -> str:
    """Returns a state's mark, which a screen reader passes over: the word beside it says the same."""
    return f'<span class="eh-shape {_css(state)}" aria-hidden="true"></span>'


def mark(state: str | None, words: str = "") -> str:
    """Returns a mark and its word.

    >>> mark("within").endswith("within range</span>")
    True
    """
    return f'<span class="eh-mark">{shape(state)}{escape(words or state_of(state).word)}</span>'


def key(states: Iterable[str]) -> str:
    """Returns the key to the marks that a picture shows, in the fixed order, once each."""
    shown = set(states)
    return '<div class="eh-key">' + "".join(mark(state) for state in STATES if state in shown) + "</div>"


def table(
    rows: Sequence[Mapping[str, object]], caption: str, numbers: Iterable[str] = (), marks: Iterable[str] = ()
) -> str:
    """Returns rows as an HTML table, its first column the row's header; `numbers` set right, `marks` hold states."""
    if not rows:
        return ""
    names, right, marked = list(rows[0]), set(numbers), set(marks)
    head = "".join(f'<th scope="col"{_side(name, right)}>{escape(name)}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(_cell(row[name], name, i == 0, right, marked) for i, name in enumerate(names)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="eh-scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="eh-table">'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def small_pictures(drawn: Iterable[tuple[str, str, str]]) -> str:
    """Returns small pictures, each under its name: (name, SVG, what it shows in words)."""
    figures = "".join(
        f"<figure><figcaption>{escape(name)}</figcaption>"
        f'<img alt="{escape(words)}" src="data:image/svg+xml,{quote(svg)}"></figure>'
        for name, svg, words in drawn
    )
    return f'<div class="eh-multiples">{figures}</div>'


@dataclass(frozen=True)
class Judged:
    """A cell of a matrix: a value in words, the state it was judged to have (None: no rule), its counts if too few."""

    words: str
    state: str | None = None
    few: str = ""


def matrix(
    heads: Sequence[tuple[str, str]], columns: Sequence[str], cells: Sequence[Sequence[Judged]], caption: str
) -> str:
    """Returns a table of marks: a row for each (name, what stands small below it), too small counts hatched."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("Group", *columns))
    body = "".join(
        f'<tr><th scope="row">{escape(name)}<small>{escape(below)}</small></th>{"".join(map(_judged, row))}</tr>'
        for (name, below), row in zip(heads, cells, strict=True)
    )
    return (
        f'<div class="eh-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="eh-table eh-matrix"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _judged(cell: Judged) -> str:
    spoken = f'<span class="eh-spoken">, {escape(state_of(cell.state).word)}</span>' if cell.state else ""
    mark_ = shape(cell.state) if cell.state else '<span class="eh-noshape"></span>'
    below = f"<small>{escape(cell.few)}</small>" if cell.few else ""
    side = ' class="eh-few"' if cell.few else ""
    return f'<td{side}>{mark_}<span class="eh-value">{escape(cell.words)}</span>{spoken}{below}</td>'


@dataclass(frozen=True)
class Pictured:
    """A cell with a small picture: before words that say the same, so that a screen reader passes the picture over;
    or by itself, then `alt` says what it shows."""

    svg: str
    words: str
    alt: str = ""


@dataclass(frozen=True)
class Linked:
    """A cell that leads to a page, with what stands in its URL."""

    words: str
    page: str
    query: Mapping[str, str]


def _side(name: str, right: set[str]) -> str:
    return ' class="num"' if name in right else ""


def _cell(value: object, name: str, first: bool, right: set[str], marked: set[str]) -> str:
    text = _shown(value)
    text = mark(str(value)) if name in marked and value else text
    return f'<th scope="row">{text}</th>' if first else f"<td{_side(name, right)}>{text}</td>"


def _shown(value: object) -> str:
    if isinstance(value, Pictured):
        return _pictured(value)
    if isinstance(value, Linked):
        return (
            f'<a href="{escape(value.page)}?{escape(urlencode(value.query))}" target="_self">{escape(value.words)}</a>'
        )
    return escape("" if value is None else str(value))


def _pictured(cell: Pictured) -> str:
    if cell.alt:
        return f'<img class="eh-spark" alt="{escape(cell.alt)}" src="data:image/svg+xml,{quote(cell.svg)}">'
    return f'<img class="eh-strip" alt="" src="data:image/svg+xml,{quote(cell.svg)}"><br>{escape(cell.words)}'
