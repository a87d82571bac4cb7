"""What is usual at each hour of the week, or day of it, and how far chance goes from there: from earlier weeks alone.

The level is the median of the same hour of the week over the eight weeks before; before there are eight, weekday and
hour, added. The standard deviation is never smaller than chance makes it: a count's is that of a Poisson number, a
share's that of a binomial one, both with exact tails, a mean's that of a mean of so many rows. It is the larger of that
and of 1.4826 times the median distance of the same hour's weeks from the level, and of that of all hours together in
units of chance, for series that vary more than chance alone; and it is widened by sqrt(1 + 1.57 / weeks), since a
median of few weeks is itself uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, ndtri, pdtr, pdtrc

Floats = NDArray[np.float64]
Kind = Literal["count", "share", "mean"]
WEEKS, LEAST_WEEKS = 8, 2  # that say what is usual: at most, at least
ROBUST = 1.4826  # makes a median absolute deviation a standard deviation, of a normal distribution
THIN = 5  # a median is told hour by hour where so many cases make it up
SMALLEST = 1e-300


@dataclass(frozen=True)
class Season:
    """How a series is cut: values a day, how many running make an anomaly, and over how many others they join."""

    a_day: int
    running: int
    gap: int

    @property
    def period(self) -> int:
        """Values a week."""
        return 7 * self.a_day


HOURS, DAYS = Season(24, 2, 6), Season(1, 1, 1)


@dataclass(frozen=True)
class Series:
    """Several series of one kind, a row each, a column for each hour or day, from a midnight on without a gap.

    Counts; or of shares how many and, in `of`, of how many; or means and, in `of`, of how many rows. NaN: not known.
    Of means `least` is the smallest standard deviation: nearer than four of it nothing is an anomaly.
    """

    kind: Kind
    values: Floats
    of: Floats | None = None
    least: float = 0.0

    def weekly(self, season: Season) -> tuple[Floats, Floats]:
        """Returns values and what they are of, by series, week and place in the week."""
        short = -self.values.shape[1] % season.period
        given = (self.values, np.ones_like(self.values) if self.of is None else self.of)
        padded = (np.pad(part, ((0, 0), (0, short)), constant_values=np.nan) for part in given)
        values, of = (part.reshape(len(part), -1, season.period) for part in padded)
        return np.where(of > 0, values, np.nan), of


@dataclass(frozen=True)
class Usual:
    """What is usual in one week, by series and place in the week: the level and the widths around it."""

    kind: Kind
    level: Floats
    least: Floats
    weeks: Floats  # by series
    local: Floats  # median absolute deviation of the same place from the level, as a standard deviation
    pooled: Floats  # by series: in units of chance, of a mean its standard deviation times the root of its rows
    floor: float

    @classmethod
    def of(cls, series: Series, past: Floats, of: Floats, season: Season) -> Usual:
        """Returns it from the weeks before, NaN where a value is not known or was an anomaly."""
        kind = series.kind
        there = ~np.isnan(past)
        weeks = there.any(axis=2).sum(axis=1).astype(float)
        of = np.where(there, of, np.nan)
        if kind == "share":
            level = _share(past, of, weeks, season)
            shown = past / of
        else:
            level, shown = _levels(past, weeks, season), past
            level = _count(past, level) if kind == "count" else level
        spread = ROBUST * middle(np.abs(shown - level[:, None]), 1)
        apart = _differences(kind, shown, of, level)
        pooled = ROBUST * middle(np.abs(apart), 1)
        if kind == "mean":  # nothing but these differences says how far chance goes, and of few they say it badly
            pooled *= 1 + 2 / np.sqrt(np.maximum((~np.isnan(apart)).sum(axis=1), 1))
        least = _lowest(past, 1) if kind == "count" else np.full(level.shape, np.nan)
        level = np.where((weeks >= LEAST_WEEKS)[:, None], level, np.nan)
        return cls(kind, level, least, weeks, np.nan_to_num(spread), pooled, series.least)

    def deviations(self, values: Floats, of: Floats) -> Floats:
        """Returns how many standard deviations values are from the level; NaN where there is none."""
        wider = np.sqrt(1 + 1.57 / np.maximum(self.weeks, 1))[:, None]
        pooled = self.pooled[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.kind == "mean":
                width = np.maximum(np.maximum(self.local, pooled / np.sqrt(of)), self.floor)
                return (values - self.level) / width / wider
            variance = self.level if self.kind == "count" else self.level * (1 - self.level) / of
            here = np.where(variance > 0, self.local / np.sqrt(variance), 0.0)
            return tails(self.kind, values, of, self.level) / np.maximum(np.maximum(pooled, here), 1.0) / wider


def _differences(kind: Kind, shown: Floats, of: Floats, level: Floats) -> Floats:
    """Returns how far the same places of two weeks running are apart, by series, in units of chance.

    Unlike distances from the level they are not smaller for the level having been taken from the same values.
    """
    per = level * (1 - level) if kind == "share" else level if kind == "count" else np.ones_like(level)
    rows = 1 / of[:, 1:] + 1 / of[:, :-1]
    apart = np.diff(shown, axis=1) / np.sqrt(per[:, None] * rows)
    return np.asarray(apart.reshape(len(shown), -1))


def _levels(past: Floats, weeks: Floats, season: Season) -> Floats:
    """Returns the median of each place in the week; of fewer weeks than WEEKS that of the weekday and of the hour."""
    same = middle(past, 1)
    if (weeks >= WEEKS).all():
        return same
    daily = past.reshape(len(past), -1, 7, season.a_day)
    hour = middle(daily.reshape(len(past), -1, season.a_day), 1)
    rest = (daily - hour[:, None, None]).transpose(0, 2, 1, 3).reshape(len(past), 7, -1)
    added = (middle(rest, 2)[:, :, None] + hour[:, None]).reshape(same.shape)
    return np.where((weeks >= WEEKS)[:, None], same, added)


def _count(past: Floats, level: Floats) -> Floats:
    """Returns the usual count: never beyond what came at that place; of few the mean, half a one added: it is not 0."""
    same, inside = middle(past, 1), (level >= _lowest(past, 0)) & (level <= -_lowest(-past, 0))
    mean = (np.nansum(past, axis=1) + 0.5) / ((~np.isnan(past)).sum(axis=1) + 1)
    told = np.where(inside, level, same)
    return np.where(told >= THIN, told, mean)


def _share(hits: Floats, of: Floats, weeks: Floats, season: Season) -> Floats:
    """Returns the usual share: place by place where enough cases make it up, else that of whole weeks.

    A share of which most weeks have no case is that of all weeks together, half a case added: it is never 0.
    """
    total, rows = np.nansum(hits, axis=(1, 2)), np.nansum(of, axis=(1, 2))
    together = (total + 0.5) / (rows + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        weekly = middle(np.nansum(hits, axis=2) / np.nansum(of, axis=2), 1)
        whole = np.where(weekly > 0, weekly, together)[:, None]
        place = _levels(hits / of, weeks, season)
        level = np.where((middle(hits, 1) >= THIN) & (place > 0) & (place < 1), place, whole)
    return np.asarray(np.clip(level, 1e-12, 1 - 0.5 / (rows[:, None] + 1)))


def tails(kind: Kind, values: Floats, of: Floats, level: Floats) -> Floats:
    """Returns counts as normal deviations with the same tail: 0 in the middle, NaN where there is none."""
    known = ~np.isnan(values) & ~np.isnan(level)
    x, n, p = (np.where(known, part, 0.0) for part in (values, of, level))
    with np.errstate(invalid="ignore"):
        if kind == "count":
            low, high = pdtr(x, p), np.where(x > 0, pdtrc(np.maximum(x - 1, 0), p), 1.0)
        else:
            low, high = bdtr(x, n.astype(np.int64), p), np.where(x > 0, bdtrc(x - 1, n.astype(np.int64), p), 1.0)
    down = np.where(low < 0.5, ndtri(np.maximum(low, SMALLEST)), 0.0)
    up = np.where(high < 0.5, -ndtri(np.maximum(high, SMALLEST)), 0.0)
    return np.where(known, down + up, np.nan)


def middle(values: Floats, axis: int) -> Floats:
    """Returns medians along an axis, NaN left out; NaN where there is nothing else. (nanmedian is slow on few values.)

    >>> middle(np.array([[1.0, np.nan, 5.0], [np.nan, np.nan, np.nan]]), 1).tolist()
    [3.0, nan]
    """
    if not values.shape[axis]:
        return np.full(tuple(n for at, n in enumerate(values.shape) if at != axis), np.nan)
    ordered = np.sort(values, axis=axis)
    n = (~np.isnan(ordered)).sum(axis=axis, keepdims=True)
    low, high = (np.take_along_axis(ordered, np.maximum(at, 0), axis) for at in ((n - 1) // 2, n // 2))
    return np.asarray(np.where(n > 0, (low + high) / 2, np.nan).squeeze(axis))


def _lowest(past: Floats, after: int) -> Floats:
    """Returns the lowest of the weeks at each place, so many lower ones passed over where there are three or more."""
    ordered, n = np.sort(past, axis=1), (~np.isnan(past)).sum(axis=1)
    at = np.where(n >= 3, after, 0)
    return np.asarray(np.take_along_axis(ordered, at[:, None], axis=1)[:, 0])
