"""Whether a feature's values are, from some day on, what they were times a constant, or in another scale of degrees.

A change of unit is told from drift by three things together: it begins from one day to the next; the whole distribution
moves by one factor, so that it has its old shape again once divided by it; the factor is large beside its error.
Shapes are compared by the area between the quantile functions and not by the largest gap of the cumulative shares:
delivered values are rounded and pile up, and a factor a hair off would move whole piles across each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SMALLEST = log(1.5)  # of the factor, up or down
TRIM = 0.1
CERTAIN = 7.0  # standard errors: of every start and end of every feature in every group the largest is looked at
FIT = 0.10  # standard deviations between the shapes, beside what chance alone shows
NEAR_DAYS = 7
ABRUPT = 0.75  # of the change is there within a week
FEWEST_AFTER, FEWEST_BEFORE = 30, 100
APART = 4.0  # standard deviations: a shift by less may be drift
GRID = np.linspace(0.02, 0.98, 49)


@dataclass(frozen=True)
class Change:
    """What happened to the values from day `start` until before day `end` (None: still): now = scale * before + shift.

    `low` and `high` bound the scale, or the shift where the scale is 1, at 95 %. `misfit` is how far the shape still
    is from what it was, in standard deviations of before; `units` are (now, before) where a pair of units says so.
    """

    start: int
    end: int | None
    scale: float
    shift: float
    low: float
    high: float
    n_before: int
    n_after: int
    misfit: float
    units: tuple[str, str] | None = None


Scales = Sequence[tuple[str, str, float, float]]


def change(days: Ints, values: Floats, since: int, scales: Scales = ()) -> Change | None:
    """Returns the change of unit in a feature's values, None where there is none; it began on day `since` or later.

    `days` ascend, and so do the values of one day. `scales` are other scales of degrees that it may be in
    (`units.scales`): kilograms that turn into pounds look much like Celsius that turns into Fahrenheit.

    >>> rng = np.random.default_rng(1)
    >>> days = np.repeat(np.arange(60), 50)
    >>> values = np.exp(rng.normal(0, 0.4, 3000)) * np.where(days < 40, 1, 9)
    >>> found = change(days, values[np.lexsort((values, days))], 30)
    >>> found.start, found.end, round(found.scale, 1)
    (40, None, 9.2)
    """
    positive = values > 0
    in_logs = bool(len(values)) and float(np.mean(positive)) > 0.99
    kept_days, kept = (days[positive], np.log(values[positive])) if in_logs else (days, values)
    on, middles, n = medians(kept_days, kept)
    where = segment(on, middles, n, since)
    if where is None:
        return None
    start, end = where
    inside = (days >= start) & (days < end)
    before, after = values[days < start], values[inside]
    if len(after) < FEWEST_AFTER or len(before) < FEWEST_BEFORE:
        return None
    around = _daily_error(on, middles, n, start, end)
    until = None if end > int(on[-1]) else end
    found = [one for one in _candidates(before, after, around, in_logs, scales) if one is not None]
    jump = _jump(on, middles, n, start)
    fits = [
        Change(start, until, *one)
        for one in found
        if one[6] <= FIT + 2 * sqrt(1 / len(before) + 1 / len(after)) and _abrupt(jump, one, before, in_logs)
    ]
    return min(fits, key=lambda one: (one.units is None, one.misfit), default=None)  # a shift is fitted, a pair is not


def medians(days: Ints, values: Floats) -> tuple[Ints, Floats, Ints]:
    """Returns the days there are, each one's median and how many values it has; the values of a day ascend."""
    on, first, n = np.unique(days, return_index=True, return_counts=True)
    low, high = first + (n - 1) // 2, first + n // 2
    return on, (values[low] + values[high]) / 2 if len(values) else values, n


def segment(on: Ints, middles: Floats, n: Ints, since: int) -> tuple[int, int] | None:
    """Returns the days [start, end) whose medians differ most from those of all other days, from `since` on.

    Largest standardised contrast of every start and end (Levin and Kline 1985; circular binary segmentation's
    statistic, Olshen et al. 2004), each day weighted by its values.
    """
    first = int(np.searchsorted(on, since))
    if first == 0 or first == len(on):
        return None
    weights = n.astype(np.float64)
    total = float(weights.sum())
    about = middles - float(np.average(middles, weights=weights))
    sums, held = (np.concatenate(([0.0], np.cumsum(part))) for part in (weights * about, weights))
    starts, ends = np.arange(first, len(on)), np.arange(first + 1, len(on) + 1)
    inside = sums[None, ends] - sums[starts, None]
    weight = held[None, ends] - held[starts, None]
    valid = weight >= FEWEST_AFTER
    if not valid.any():
        return None
    contrast = np.where(valid, inside**2 / np.where(valid, weight * (total - weight), 1.0), -1.0)
    i, j = np.unravel_index(int(contrast.argmax()), contrast.shape)
    end = int(ends[j])
    return int(on[starts[i]]), int(on[end]) if end < len(on) else int(on[-1]) + 1


Candidate = tuple[float, float, float, float, int, int, float, tuple[str, str] | None]


def _candidates(before: Floats, after: Floats, around: float, in_logs: bool, scales: Scales) -> list[Candidate | None]:
    """Returns what might have happened: a factor, another scale of degrees, a shift; None for what is too small."""
    degrees = [_degrees(before, after, scale, shift, (now, then)) for now, then, scale, shift in scales]
    return [
        _factor(before, after, around if in_logs else 0.0),
        *degrees,
        _shift(before, after, 0.0 if in_logs else around),
    ]


def _factor(before: Floats, after: Floats, around: float) -> Candidate | None:
    logs = [np.log(side[side > 0]) for side in (before, after)]
    if min(map(len, logs)) < FEWEST_AFTER or len(logs[0]) < len(before) / 2 or len(logs[1]) < len(after) / 2:
        return None
    moved, error, freedom = trimmed(logs[0], logs[1], around)
    if abs(moved) < SMALLEST or abs(moved) < CERTAIN * error:
        return None
    margin = float(stdtrit(freedom, 0.975)) * error
    low, high, scale = (exp(moved + off) for off in (-margin, margin, 0.0))
    return scale, 0.0, low, high, len(before), len(after), misfit(logs[0], logs[1] - moved), None


def _degrees(before: Floats, after: Floats, scale: float, shift: float, units: tuple[str, str]) -> Candidate | None:
    if abs(float(np.median(after)) - float(np.median(before))) < APART * _spread(before):
        return None
    off = misfit(before, (after - shift) / scale)
    return scale, shift, scale, scale, len(before), len(after), off, units


def _shift(before: Floats, after: Floats, around: float) -> Candidate | None:
    moved, error, freedom = trimmed(before, after, around)
    if abs(moved) < APART * _spread(before) or abs(moved) < CERTAIN * error:
        return None
    margin = float(stdtrit(freedom, 0.975)) * error
    off = misfit(before, after - moved)
    return 1.0, moved, moved - margin, moved + margin, len(before), len(after), off, None


def trimmed(before: Floats, after: Floats, around: float = 0.0) -> tuple[float, float, float]:
    """Returns the difference of the means without a tenth at either end, its standard error, degrees of freedom.

    Yuen (1974). `around` is the error that follows from how days differ, which the result is not below.
    """
    means, errors, freedoms = [], [], []
    for side in (before, after):
        ordered = np.sort(side)
        cut = int(TRIM * len(ordered))
        inner = ordered[cut : len(ordered) - cut]
        pulled = np.clip(ordered, inner[0], inner[-1])
        means.append(float(inner.mean()))
        errors.append(float(pulled.var(ddof=1)) * (len(ordered) - 1) / (len(inner) * (len(inner) - 1)))
        freedoms.append(len(inner) - 1)
    squared = sum(errors)
    below = sum(error**2 / freedom for error, freedom in zip(errors, freedoms, strict=True))
    return means[1] - means[0], max(sqrt(squared), around), squared**2 / below if below else float(sum(freedoms))


def misfit(before: Floats, now: Floats) -> float:
    """Returns the mean distance of the quantiles from 2 to 98 %, in standard deviations of before; inf without any."""
    spread = _spread(before)
    if not spread:
        return float("inf")
    return float(np.mean(np.abs(np.quantile(now, GRID) - np.quantile(before, GRID)))) / spread


def _spread(values: Floats) -> float:
    low, high = np.quantile(values, (GRID[0], GRID[-1]))
    return float(np.clip(values, low, high).std())


def _daily_error(on: Ints, middles: Floats, n: Ints, start: int, end: int) -> float:
    """Returns the standard error of a mean of so many days' medians, from how those of all days vary."""
    inside = (on >= start) & (on < end)
    left = np.concatenate([middles[part] - np.average(middles[part], weights=n[part]) for part in (inside, ~inside)])
    weights = np.concatenate([n[inside], n[~inside]])
    variance = float(np.average(left**2, weights=weights))
    return sqrt(variance * (1 / int(inside.sum()) + 1 / max(int((~inside).sum()), 1)))


def _jump(on: Ints, middles: Floats, n: Ints, start: int) -> float:
    """Returns by how much the median of the first days differs from that of the last days before."""
    sides = [(on < start) & (on >= start - NEAR_DAYS), (on >= start) & (on < start + NEAR_DAYS)]
    if not all(side.any() for side in sides):
        return 0.0
    last, first = (float(np.average(middles[side], weights=n[side])) for side in sides)
    return first - last


def _abrupt(jump: float, one: Candidate, before: Floats, in_logs: bool) -> bool:
    """Returns whether most of the change came within a week, and in its direction."""
    middle = float(np.median(before))
    there = one[0] * middle + one[1]
    if in_logs and (middle <= 0 or there <= 0):
        return False
    whole = log(there / middle) if in_logs else there - middle
    return bool(whole) and jump / whole >= ABRUPT
