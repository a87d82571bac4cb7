"""Numbers and names as people read them: "71 %", "66 to 76 %", "312 of 440", "3 March"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

from dashboard.metrics import METRICS

Unit = Literal["share", "points", "ratio", "ms", "count", "percent", "label", "number"]
_STYLES: dict[str, Unit] = {
    "share": "share",
    "points": "points",
    "ratio": "ratio",
    "score": "ratio",
    "ms": "ms",
    "count": "count",
    "per hour": "count",
    "percent": "percent",
    "label": "label",
}
SPACE = "\u202f"
MINUS = "\u2212"


def unit_of(metric: str) -> Unit:
    """Returns how a metric's value is written.

    >>> unit_of("true_positive_rate"), unit_of("estimated_accuracy"), unit_of("latency_p95"), unit_of("psi")
    ('share', 'share', 'ms', 'number')
    """
    known = METRICS.get(metric.removeprefix("estimated_"))
    return _STYLES.get(known.unit, "number") if known else "number"


def missing(value: object) -> bool:
    """Returns whether a value is absent: None, NaN or pandas' NA."""
    return value is None or value != value or str(value) == "<NA>"


def digits(value: float, unit: Unit) -> str:
    """Returns a value's digits without its unit, two or three of them significant.

    >>> digits(0.7134, "share"), digits(0.0932, "share"), digits(-0.14, "points"), digits(1204, "count")
    ('71', '9.3', '−14', '1,204')
    """
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if unit in ("share", "points", "percent"):
        percent = value * 100
        fine = abs(percent) < 9.95 or (unit == "share" and 99 < percent < 100)
        text = f"{percent:.1f}".removesuffix(".0") if fine else f"{percent:.0f}"
    elif unit == "ratio":
        text = f"{value:.2f}" if abs(value) >= 0.095 or value == 0 else f"{value:.3f}"
    elif unit == "count" or abs(value) >= 100 or (unit == "ms" and abs(value) >= 10):
        text = f"{value:,.0f}"
    elif unit == "label" and 0 < abs(value) < 0.01:
        text = f"{value:.2g}"  # labels may be tiny altogether
    else:
        text = f"{value:.3f}" if abs(value) < 0.01 else f"{value:#.2g}" if abs(value) < 10 else f"{value:.3g}"
    return re.sub(r"^-(?=0*\.?0*$)", "", text).replace("-", MINUS)


def suffix(unit: Unit) -> str:
    """Returns what follows the digits: " %", " points", " ms" or nothing."""
    return {"share": f"{SPACE}%", "percent": f"{SPACE}%", "points": " points", "ms": f"{SPACE}ms"}.get(unit, "")


def number(value: float | None, unit: Unit) -> str:
    """Returns a value with its unit, or an en dash where there is none.

    >>> number(None, "share")
    '–'
    """
    return "–" if value is None or missing(value) else digits(float(value), unit) + suffix(unit)


def interval(low: float | None, high: float | None, unit: Unit) -> str:
    """Returns an interval in words; an open end is said.

    >>> interval(0.66, 0.76, "points"), interval(None, 0.2, "ratio"), interval(0.5, None, "ratio")
    ('66 to 76', 'at most 0.20', 'at least 0.50')
    """
    if missing(low) and missing(high):
        return "no interval"
    if missing(low) or low is None:
        return f"at most {digits(float(high or 0), unit)}"
    if missing(high) or high is None:
        return f"at least {digits(float(low), unit)}"
    return f"{digits(float(low), unit)} to {digits(float(high), unit)}"


def counts(numerator: float | None, denominator: float | None) -> str:
    """Returns the two counts behind a rate.

    >>> counts(312, 440), counts(None, 440)
    ('312 of 440', '440')
    """
    if missing(denominator) or denominator is None:
        return ""
    whole = f"{denominator:,.0f}"
    return whole if missing(numerator) or numerator is None else f"{numerator:,.0f} of {whole}"


def made_of(numerator: float | None, denominator: float | None, unit: Unit) -> str:
    """Returns the counts behind a value: of a share two, of a mean of numbers only over how many it is taken.

    >>> made_of(312, 440, "share"), made_of(812.5, 440, "number")
    ('312 of 440', '440')
    """
    return counts(numerator if unit in ("share", "points", "ratio") else None, denominator)


def title(metric: str) -> str:
    """Returns a metric's title, "Estimated" before it where labels have not arrived."""
    name = metric.removeprefix("estimated_")
    known = METRICS.get(name)
    text = known.title if known else name.replace("_", " ")
    return f"Estimated {text[0].lower()}{text[1:]}" if metric != name else text[0].upper() + text[1:]


def question(metric: str) -> str:
    """Returns the plain question a metric answers; its title where none is written."""
    known = METRICS.get(metric)
    return known.question if known else title(metric)


def day(value: object, year: bool = False) -> str:
    """Returns a date as "3 March", with its year on request.

    >>> day("2026-03-03"), day("2026-03-03", year=True)
    ('3 March', '3 March 2026')
    """
    if missing(value):
        return "–"
    on = value if isinstance(value, date) else datetime.fromisoformat(str(value)[:10])
    return f"{on.day} {on:%B}" + (f" {on.year}" if year else "")


def window(since: object, until: object, year: bool = False) -> str:
    """Returns a window, whose end is exclusive, by its first and last day.

    >>> window("2026-03-01", "2026-03-29"), window("2025-12-30", "2026-01-03", year=True)
    ('1 to 28 March', '30 December 2025 to 2 January 2026')
    """
    if missing(since) or missing(until):
        return "all days"
    first = date.fromisoformat(str(since)[:10])
    last = date.fromisoformat(str(until)[:10]) - timedelta(days=1)
    if first == last:
        return day(first, year)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last, year)}"
    return f"{day(first, year=first.year != last.year)} to {day(last, year or first.year != last.year)}"


def group_name(group: object) -> str:
    """Returns a group as people say it.

    >>> group_name("F*65+")
    'F, 65+'
    """
    return "everybody" if missing(group) else str(group).replace("*", ", ")


def in_order(groups: Iterable[str]) -> list[str]:
    """Returns groups in the order people expect: bands by their number, names by the alphabet, "unknown" last.

    >>> in_order(["unknown", "18-39", "65+", "<18"])
    ['<18', '18-39', '65+', 'unknown']
    """

    def place(group: str) -> list[tuple[int, float, str]]:
        return [_place(part) for part in group.split("*")]

    return sorted(set(groups), key=place)


def _place(part: str) -> tuple[int, float, str]:
    found = re.search(r"\d+(\.\d+)?", part)
    number_there = float(found.group()) - 0.5 * part.startswith("<") if found else 0.0
    return (int(part == "unknown"), number_there, part)
