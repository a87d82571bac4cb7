"""Change points: the days from which on a series stays at another level, and how sure the day is.

Days are split in two where the two sides' ranks differ most (the largest standardised Wilcoxon statistic, as in
Pettitt 1979), and each side again, as long as chance would show so much in fewer than `ALPHA` of series without a
change (Miller and Siegmund 1982). Ranks do not mind single days far out; what the weekdays have in common is taken out
first. Each day is then found again between its neighbours: where days lie nearest to the medians of the two sides.

Source: Pettitt, Applied Statistics 28 (1979), 126-135; Miller and Siegmund, Biometrics 38 (1982), 1011-1016; Bai,
Review of Economics and Statistics 79 (1997), 551-563, for the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.usual import ROBUST

Floats = NDArray[np.float64]
ALPHA = 0.001  # of one split: with 30 series looked at, a false one in fewer than 5 % of half-years
SHORTEST = 7  # days on either side
SMALLEST = 0.75  # of the days' standard deviation: a smaller shift is drift, and judged as that
SURE = 17.0  # Bai: with 95 % no more than 11 (standard deviation / shift)^2 days away; pi / 2 times that for medians


@dataclass(frozen=True)
class ChangePoint:
    """The first day at the new level, the first and last day that it may be with 95 %, and the medians on both sides,
    up to the next change."""

    day: int
    earliest: int
    latest: int
    before: float
    after: float


def change_points(values: Floats) -> list[ChangePoint]:
    """Returns the level shifts of a daily series, NaN where a day has no value.

    >>> [found.day for found in change_points(np.repeat([1.0, 2.0], 30) + np.tile([0.0, 0.1, 0.2], 20))]
    [30]
    """
    days = np.flatnonzero(~np.isnan(values))
    if len(days) < 2 * SHORTEST:
        return []
    series = _without_weekdays(values)[days]
    cuts = _again(series, _cuts(series, 0, len(series)))
    edges = [0, *cuts, len(series)]
    found = (_point(series, *edges[i : i + 3]) for i in range(len(cuts)))
    last = len(days) - 1
    return [
        ChangePoint(int(days[at]), int(days[max(at - off, 0)]), int(days[min(at + off, last)]), before, after)
        for at, off, before, after in found
    ]


def p_of_split(statistic: float, n: int) -> float:
    """Returns how often chance alone splits n values with so large a standardised difference, at most about.

    >>> round(p_of_split(3.5, 181), 3), p_of_split(1.0, 181)
    (0.019, 1.0)
    """
    x, edge = statistic, SHORTEST / n
    if x < 2:
        return 1.0
    spread = (1 - 1 / x**2) * log(((1 - edge) / edge) ** 2) + 4 / x**2
    return min(1.0, x * exp(-(x**2) / 2) / sqrt(2 * pi) * spread)


def _without_weekdays(values: Floats) -> Floats:
    """Returns the days without what their weekday adds: the median of its distances to the week around it."""
    n = len(values)
    padded = np.pad(values, 3, constant_values=np.nan)
    around = np.array([_median(padded[at : at + 7]) for at in range(n)])
    off = values - around
    usual = np.array([_median(off[place::7]) for place in range(7)])
    return np.asarray(values - np.nan_to_num(usual)[np.arange(n) % 7])


def _median(values: Floats) -> float:
    known = sorted(value for value in values.tolist() if value == value)  # a week's: NumPy's takes ten times as long
    half = len(known) // 2
    return (known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2) if known else np.nan


def _cuts(series: Floats, start: int, stop: int) -> list[int]:
    """Returns where a stretch splits, its parts split again."""
    at = _split(series[start:stop])
    if at is None:
        return []
    return [*_cuts(series, start, start + at), start + at, *_cuts(series, start + at, stop)]


def _split(part: Floats) -> int | None:
    """Returns where the ranks of a stretch differ most, None where chance would do as much or it matters little."""
    n = len(part)
    if n < 2 * SHORTEST:
        return None
    at, statistic = _largest(part)
    if p_of_split(statistic, n) >= ALPHA:
        return None
    for _ in range(2):
        at = _nearest(part, at)
    before, after = part[:at], part[at:]
    return at if abs(np.median(after) - np.median(before)) >= SMALLEST * _noise(before, after) else None


def _nearest(part: Floats, at: int) -> int:
    """Returns the split at which days lie nearest to the medians of the two sides of `at`."""
    off = np.abs(part - np.median(part[:at])) - np.abs(part - np.median(part[at:]))
    allowed = np.cumsum(off)[SHORTEST - 1 : len(part) - SHORTEST]
    return SHORTEST + int(allowed.argmin())


def _largest(part: Floats) -> tuple[int, float]:
    """Returns the split with the largest standardised Wilcoxon statistic, and that; ties share their rank."""
    n = len(part)
    _, place, counts = np.unique(part, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place] - (n + 1) / 2
    k = np.arange(SHORTEST, n - SHORTEST + 1)
    variance = k * (n - k) / (n * (n - 1)) * float(ranks @ ranks)
    if not variance.any():
        return SHORTEST, 0.0
    statistics = np.abs(np.cumsum(ranks)[k - 1]) / np.sqrt(variance)
    best = int(statistics.argmax())
    return int(k[best]), float(statistics[best])


def _again(series: Floats, cuts: list[int]) -> list[int]:
    """Returns the cuts, each found again between its neighbours."""
    found = list(cuts)
    for place in range(len(found)):
        edges = [0, *found, len(series)]
        start, stop = edges[place], edges[place + 2]
        at = _split(series[start:stop])
        found[place] = found[place] if at is None else start + at
    return found


def _noise(before: Floats, after: Floats) -> float:
    """Returns the days' standard deviation around the two medians, robustly."""
    off = np.concatenate((before - np.median(before), after - np.median(after)))
    return ROBUST * float(np.median(np.abs(off)))


def _point(series: Floats, start: int, at: int, stop: int) -> tuple[int, int, float, float]:
    before, after = series[start:at], series[at:stop]
    low, high = float(np.median(before)), float(np.median(after))
    shift = abs(high - low)
    away = SURE * (_noise(before, after) / shift) ** 2 if shift else 0.0
    return at, 1 + int(away), low, high
