"""Dots with their intervals, one picture for a rate of the groups of an attribute, written as SVG without a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from dashboard.charts.palette import QUIET, REFERENCE
from dashboard.charts.words import group_name, in_order, interval, number, title, unit_of, window
from dashboard.pack.plain import visible

WIDTH, LINE, TOP, LEFT, RIGHT = 760, 26, 56, 210, 220
Rows = Sequence[Mapping[str, Any]]
MOST = 40  # groups in one picture; more are in the table only


def pictures(readings: Rows) -> dict[str, str]:
    """Returns a picture for each metric of each attribute on each window, by a file name made of what it shows."""
    by: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in readings:
        if row.get("attribute") and row.get("group") is not None and not row.get("feature"):
            key = tuple(str(row.get(name) or "") for name in ("metric", "attribute", "since", "until", "version"))
            by.setdefault(key, []).append(row)
    drawn = {}
    for place, (key, rows) in enumerate(sorted(by.items()), start=1):
        if any(row["value"] is not None for row in rows) and 1 < len(rows) <= MOST:
            drawn[f"{place:03d}-{_file(key[0])}-{_file(key[1])}"] = dots(rows)
    return drawn


def judged(drawn: Mapping[str, str], findings: Rows) -> dict[str, str]:
    """Returns those pictures whose metric of an attribute a finding is about: what the report shows of them all."""
    about = {f"-{_file(one['metric'])}-{_file(one['attribute'])}" for one in findings if one.get("attribute")}
    return {name: svg for name, svg in drawn.items() if name[3:] in about}


def dots(rows: Rows) -> str:
    """Returns one picture: a line for each group, its value as a dot, its 95 % interval as a bar, its n in words."""
    first = rows[0]
    unit = unit_of(str(first["metric"]))
    ordered = {name: k for k, name in enumerate(in_order(str(row["group"]) for row in rows))}
    rows = sorted(rows, key=lambda row: ordered[str(row["group"])])
    low, high = _span(rows, unit == "share")
    head = f"{title(str(first['metric']))} by {first['attribute']}"
    days = window(first["since"], first["until"], year=True)
    height = TOP + LINE * len(rows) + 30
    inside = [
        f"<title>{_text(head)}, {_text(days)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="22" font-weight="bold">{_text(head)}</text>',
        f'<text x="12" y="40" fill="#555d66">{_text(days)}; bars are 95 % intervals</text>',
    ]
    even = 1.0 if str(first["metric"]).endswith("_ratio") else 0.0
    if first.get("reference") and low < even < high:
        inside.append(f'<path d="M{_x(even, low, high):.1f} {TOP}v{LINE * len(rows)}" stroke="{QUIET}"/>')
    for k, row in enumerate(rows):
        inside.append(_line(row, TOP + LINE * k + LINE / 2, low, high))
    foot = TOP + LINE * len(rows) + 4
    inside.append(f'<path d="M{LEFT} {foot}H{WIDTH - RIGHT}" stroke="{QUIET}"/>')
    for at, anchor in ((low, "start"), (high, "end")):
        x = _x(at, low, high)
        inside.append(f'<text x="{x:.1f}" y="{foot + 16}" text-anchor="{anchor}">{_text(number(at, unit))}</text>')
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    style = 'font-family="sans-serif" font-size="13" fill="#1b2127" role="img"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{"".join(inside)}</svg>\n'


def _line(row: Mapping[str, Any], y: float, low: float, high: float) -> str:
    name = visible(group_name(row["group"]))
    short = name if len(name) <= 28 else name[:27] + "…"
    told = f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(short)}</text>'
    unit = unit_of(str(row["metric"]))
    if row["value"] is None:
        return told + f'<text x="{LEFT}" y="{y + 4:.1f}" fill="#555d66">cannot be computed, n {row["n"]:,}</text>'
    bar = ""
    if row["low"] is not None and row["high"] is not None:
        ends = (_x(row["low"], low, high), _x(row["high"], low, high))
        bar = f'<path d="M{ends[0]:.1f} {y:.1f}H{ends[1]:.1f}" stroke="{REFERENCE}" stroke-width="3"/>'
    dot = f'<circle cx="{_x(row["value"], low, high):.1f}" cy="{y:.1f}" r="5" fill="#0072b2"/>'
    between = f" ({interval(row['low'], row['high'], unit)})" if bar and row["low"] != row["high"] else ""
    words = f"{number(row['value'], unit)}{between}, n {row['n']:,}"
    return told + bar + dot + f'<text x="{WIDTH - RIGHT + 12}" y="{y + 4:.1f}">{_text(words)}</text>'


def _span(rows: Rows, share: bool) -> tuple[float, float]:
    known = [float(row[name]) for row in rows for name in ("value", "low", "high") if row[name] is not None]
    low, high = min(known), max(known)
    if share and low >= 0 and high <= 1:
        return 0.0, 1.0
    return (low, high) if high > low else (low - 1, high + 1)


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)


def _file(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c == "_") else "-" for c in name)[:60]


def _text(text: str) -> str:
    return escape(visible(text))
