"""What a chi-squared statistic says of the noncentrality behind it: the limits of a divergence of two distributions."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

from scipy.special import chndtr, chndtrinc

from dashboard.rates import Limits, z_of

NUMEROUS = 1e5  # beyond it the normal approximation takes over


def noncentral_limits(
    value: float, x: float, degrees: int, unit: float, outward: Callable[[float], float], level: float
) -> Limits:
    """Returns the limits of a divergence from x = index / unit; they contain the value, which is biased upwards."""
    low, high = _noncentralities(x, degrees, (1 - level) / 2)
    return min(outward(low * unit), value), max(outward(high * unit), value)


def _noncentralities(x: float, degrees: int, tail: float) -> tuple[float, float]:
    """Returns the noncentralities at which x is the upper and the lower `tail` quantile; 0 where none is."""
    if x > NUMEROUS:
        square = z_of(1 - 2 * tail) ** 2
        middle = x - degrees + 2 * square
        reach = sqrt(middle**2 - (x - degrees) ** 2 + 2 * square * degrees)
        return middle - reach, middle + reach
    central = float(chndtr(x, degrees, 0.0))
    low = float(chndtrinc(x, degrees, 1 - tail)) if central > 1 - tail and 1 - tail < 1 else 0.0
    high = float(chndtrinc(x, degrees, tail)) if central > tail else 0.0
    return low, high
