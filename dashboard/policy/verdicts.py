"""One level for everything judged together, and the state of each finding read off its interval at that level.

Benjamini and Hochberg's procedure by algebra: with R findings outside among m, every interval is drawn at level
1 - alpha R / m, and exactly those R are disjoint from their range. Word and picture cannot contradict each other.
Source: Benjamini and Hochberg, JRSS B 57 (1995) 289; Benjamini and Yekutieli, JASA 100 (2005) 71.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from dashboard.policy.rules import Range

if TYPE_CHECKING:  # a policy is read without numpy
    from dashboard.rates import Measure

State = Literal["outside", "inconclusive", "cannot be computed", "within"]
STATES: tuple[State, ...] = ("outside", "inconclusive", "cannot be computed", "within")
Limits = tuple[float | None, float | None]


def computable(measure: Measure, minimum_n: int) -> bool:
    """Returns whether a measure may be judged: it has a value, from denominators of at least the policy's minimum."""
    return measure.value is not None and measure.minimum() >= minimum_n


def position(interval: Limits, allowed: Range) -> State:
    """Returns where an interval lies: inside the allowed range, disjoint from it, or neither.

    >>> position((0.82, 0.86), (0.8, None)), position((0.7, 0.79), (0.8, None)), position((0.7, None), (0.8, None))
    ('within', 'outside', 'inconclusive')
    """
    low, high = _ends(interval)
    least, most = _ends(allowed)
    if low > most or high < least:
        return "outside"
    return "within" if least <= low and high <= most else "inconclusive"


def common_level(family: Mapping[Hashable, Sequence[tuple[Measure, Range]]], alpha: float) -> float:
    """Returns the level at which every interval of a family is drawn.

    A family maps what counts once (a measure and its mirror images) to what is judged of it; only what is
    computable belongs in it. Starting from all, R falls to the number disjoint at R's level until it stays: the
    largest i with p_(i) <= alpha i / m, since intervals are nested.
    """
    size = len(family)
    if not size:
        return 1 - alpha
    outside, left = size, list(family.values())
    while left:
        level = 1 - alpha * outside / size
        left = [members for members in left if any(_disjoint(measure, allowed, level) for measure, allowed in members)]
        if len(left) == outside:
            break
        outside = len(left)
    return 1 - alpha * max(outside, 1) / size


def p_value(measure: Measure, allowed: Range, precision: float = 1e-12) -> float:
    """Returns 1 - the highest level at which the interval is still disjoint from the allowed range, by bisection.

    1 where it never is. The verdicts do not need it; it is for showing and for checking them.
    """
    low, high = precision, 1 - precision
    if not _disjoint(measure, allowed, 1 - high):
        return 1.0
    if _disjoint(measure, allowed, 1 - low):
        return low
    while high - low > precision and high / low > 1 + 1e-9:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if _disjoint(measure, allowed, 1 - middle) else (middle, high)
    return high


def excess(value: float | None, allowed: Range, ideal: float | None) -> float:
    """Returns how far a value lies beyond its range, as a multiple of the room that the limit leaves.

    The room is the way from the limit to the ideal value. Negative inside the range; 0 where there is no value.

    >>> round(excess(-0.14, (-0.1, 0.1), 0.0), 2), round(excess(0.9, (0.8, None), 1.0), 2)
    (0.4, -0.5)
    """
    if value is None:
        return 0.0
    least, most = _ends(allowed)
    beyond, limit = max((least - value, least), (value - most, most))
    if not math.isfinite(limit):
        return -math.inf
    room = abs(limit - ideal) if ideal is not None else abs(limit)
    return beyond / (room or 1.0)


def _disjoint(measure: Measure, allowed: Range, level: float) -> bool:
    return position(measure.interval(level), allowed) == "outside"


def _ends(limits: Limits) -> tuple[float, float]:
    low, high = limits
    return -math.inf if low is None else low, math.inf if high is None else high
