"""The smallest breach that as many cases would show 4 times in 5: not significant is not fair."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dashboard.policy.rules import Range
from dashboard.policy.verdicts import Limits

if TYPE_CHECKING:  # a policy is read without numpy
    from dashboard.rates import Measure

POWER_Z = 0.8416  # the standard normal quantile of 0.8: found 4 times in 5
ROUNDS = 2


def smallest_breach(
    measure: Measure, interval: Limits, allowed: Range, level: float, *, relative: bool = False
) -> float | None:
    """Returns the value nearest to what was measured that would be found outside its range 4 times in 5; None if none.

    `interval` is the measure's at `level`. A breach lies beyond its limit by the half-width of the interval towards it,
    stretched for the chance. Of rates and their contrasts (what has an `at`) it is the half-width there, where it is
    another than here; of everything else that of the value measured. `relative` takes half-widths as factors, as a
    ratio needs. An approximation: docs/verdicts.md counts how often such a breach is found.

    >>> from dashboard.rates import Difference, Rate
    >>> alike = Difference(Rate(45, 50), Rate(1800, 2000))
    >>> round(smallest_breach(alike, alike.interval(), (-0.02, 0.02), 0.95), 3)
    -0.177
    """
    from statistics import NormalDist

    value, (low, high), (least, most) = measure.value, interval, allowed
    if value is None:
        return None
    stretch = 1 + POWER_Z / NormalDist().inv_cdf((1 + level) / 2)
    found = [
        _settled(measure, limit, side, value, interval, stretch, level, relative)
        for side, limit, end in ((1, least, high), (0, most, low))
        if limit is not None and end is not None and (end > 0 or not relative)
    ]
    return min((breach for breach in found if breach is not None), key=lambda b: abs(b - value), default=None)


def _settled(
    measure: Measure,
    limit: float,
    side: int,
    value: float,
    interval: Limits,
    stretch: float,
    level: float,
    relative: bool,
) -> float | None:
    """Returns the breach beyond one limit: the point that the half-width there leads back to (Aitken's steps)."""

    def beyond(value: float, end: float | None) -> float | None:
        if end is None or (relative and end <= 0):
            return None
        return limit * (value / end) ** stretch if relative else limit + (value - end) * stretch

    again: Callable[[float], Any] | None = getattr(measure, "at", None)

    def step(point: float | None) -> float | None:
        there = again(point) if again is not None and point is not None else None
        return None if there is None else beyond(there.value, there.interval(level)[side])

    breach = beyond(value, interval[side])
    for _ in range(ROUNDS if again is not None else 0):
        one = step(breach)
        two = step(one)
        if breach is None or one is None or two is None:
            return None
        bend = two - 2 * one + breach
        breach = two if abs(bend) < 1e-9 else breach - (one - breach) ** 2 / bend
    return breach
