"""Numbers as they stand in sentences: as many decimals as the interval is worth, and enough to tell it from a limit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

DECIMALS = {"points": (0, 2), "ms": (0, 2), "count": (0, 0), "per hour": (0, 1), "label": (0, 6), "feature": (0, 6)}
DECIMALS |= dict.fromkeys(("Wh", "g", "money"), (0, 6))
PROPORTIONS = (2, 4)
POINTS = " points"
ENOUGH = 6


@dataclass(frozen=True)
class Figures:
    """How the numbers of one sentence are written: their scale, decimals, and what stands behind them."""

    decimals: int
    scale: float = 1.0
    suffix: str = ""

    def __call__(self, value: float) -> str:
        """Returns the number without what stands behind it.

        >>> Figures(0, 100.0, " points")(-0.143)
        '-14'
        """
        shown = round(value * self.scale, self.decimals)
        return f"{shown + 0.0:,.{self.decimals}f}"

    def full(self, value: float) -> str:
        """Returns the number with its unit.

        >>> Figures(0, 100.0, " points").full(0.012), Figures(0, 100.0, " points").full(0.02)
        ('1 point', '2 points')
        """
        number = self(value)
        return number + (" point" if self.suffix == POINTS and number.lstrip("-") == "1" else self.suffix)

    def limit(self, value: float) -> str:
        """Returns a policy's limit: as many decimals as it was written with, and two for a proportion."""
        scaled = round(value * self.scale, 10)
        least = 0 if self.scale != 1 or self.suffix or self.decimals == 0 else 2
        written = next((d for d in range(least, 10) if round(scaled, d) == scaled), 10)
        return f"{scaled + 0.0:,.{written}f}"


def figures(unit: str, low: float | None, high: float | None, limits: Iterable[float | None]) -> Figures:
    """Returns how to write a value with this interval beside these limits.

    >>> figures("share", 0.541, 0.677, ())(0.6113989), figures("share", 0.7996, 0.81, (0.8,))(0.7996)
    ('0.61', '0.7996')
    """
    scale, suffix = (100.0, POINTS) if unit == "points" else (1.0, " ms" if unit == "ms" else "")
    least, most = DECIMALS.get(unit, PROPORTIONS)
    half = (high - low) / 2 * scale if low is not None and high is not None else 0.0
    decimals = min(max(-math.floor(math.log10(half)), least), most) if half > 0 else least
    ends = [end * scale for end in (low, high) if end is not None]
    bounds = [limit * scale for limit in limits if limit is not None]
    while decimals < ENOUGH and any(_confused(end, bound, decimals) for end in ends for bound in bounds):
        decimals += 1
    return Figures(decimals, scale, suffix)


def percent(level: float) -> str:
    """Returns a confidence level in per cent, with the decimals that tell it from 100.

    >>> percent(0.95), percent(1 - 0.05 / 13), percent(1 - 0.05 / 52 / 16)
    ('95 %', '99.6 %', '99.994 %')
    """
    rest = 100 * (1 - level)
    decimals = max(0, -math.floor(math.log10(rest))) if 0 < rest < 1 else 0
    return f"{100 * level:.{decimals}f} %"


def _confused(end: float, bound: float, decimals: int) -> bool:
    """Returns whether an end, so rounded, stands on another side of a bound than it does."""
    return _side(end, bound) != _side(round(end, decimals), round(bound, 10))


def _side(end: float, bound: float) -> int:
    return (end > bound) - (end < bound)
