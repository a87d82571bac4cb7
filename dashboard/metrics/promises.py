"""Promises on a service (objectives): answers kept of all answers, the budget of broken ones, and how fast it burns.

A promise of 95 of 100 allows a budget of 5 in 100. A burn rate of 1 spends exactly the budget over the promise's
window, so over a whole window the burn rate is the share of the budget that is spent. Two windows are looked at
together: the long one says that it matters, the short one that it is still going on. Source: the method of several
windows and burn rates in Google's Site Reliability Workbook (2018), chapter 5; the pairs here are for hourly counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.clusters import design_effect
from dashboard.metrics.service import edges
from dashboard.rates import Estimate, Limits, Rate, undefined

PAIRS = ((1, 6, 0.05), (6, 72, 0.10), (72, None, 1.0))  # hours short, hours long (None: all), share of the budget
RECENT_DAYS = 3


@dataclass(frozen=True, slots=True)
class Hours:
    """Holds answers by hour, in order: the hour, its day, how many, and how many of them broke the promise.

    Hours and days are integers counted from any start; days are the log's, whatever its time zone.
    """

    at: NDArray[np.int64]
    day: NDArray[np.int64]
    n: NDArray[np.int64]
    broken: NDArray[np.int64]

    @classmethod
    def of(cls, at: ArrayLike, n: ArrayLike, broken: ArrayLike, day: ArrayLike | None = None) -> Hours:
        """Returns the hours of sequences of one length, in any order; without days a day is 24 hours."""
        hour, count, bad = (np.asarray(column, dtype=np.int64) for column in (at, n, broken))
        days = hour // 24 if day is None else np.asarray(day, dtype=np.int64)
        order = np.argsort(hour, kind="stable")
        return cls(hour[order], days[order], count[order], bad[order])

    def between(self, first: int, end: int) -> Hours:
        """Returns the hours from `first` until, and without, `end`."""
        return self._cut(*np.searchsorted(self.at, (first, end)))

    def days(self, first: int, end: int) -> Hours:
        """Returns the days from `first` until, and without, `end`."""
        return self._cut(*np.searchsorted(self.day, (first, end)))

    def _cut(self, low: np.intp, high: np.intp) -> Hours:
        return Hours(*(column[low:high] for column in (self.at, self.day, self.n, self.broken)))


@dataclass(frozen=True, slots=True)
class Kept(Rate):
    """The share of answers that kept a promise of `share`; higher is better.

    `empty_on` is the day on which the budget is used up at the rate of the last days, None where it lasts; `counted`
    says where latencies were cut.
    """

    share: float = 1.0
    empty_on: date | None = None
    counted: str = ""

    @property
    def note(self) -> str:
        # Named, not super(): slots make a new class, which the zero-argument super() does not know.
        said = str(Rate.note.fget(self))  # type: ignore[attr-defined]
        return "; ".join(part for part in (said, self.counted) if part)

    def spent(self, level: float = 0.95) -> tuple[float, float, float]:
        """Returns the share of the budget that is spent, with its interval; above 1 where it is overspent.

        >>> [round(share, 2) for share in Kept(958, 1000, share=0.9).spent()]
        [0.42, 0.31, 0.56]
        """
        value, low, high = self.limits(level)
        return tuple((1 - kept) / (1 - self.share) for kept in (value, high, low))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two windows in hours, and the burn rate that both have to exceed: it spends `part` of the budget in `long`."""

    short: int
    long: int
    part: float
    threshold: float


def promise_kept(hours: Hours, share: float, empty_on: date | None = None, counted: str = "") -> Kept:
    """Returns the share of answers that kept the promise, with the design effect of hours.

    >>> promise_kept(Hours.of([0, 1], [50, 50], [1, 1]), 0.95).value
    0.98
    """
    n, kept = int(hours.n.sum()), int(hours.n.sum() - hours.broken.sum())
    return Kept(kept, n, design_effect(hours.broken, hours.n), None, share, empty_on, counted)


def burn_rate(hours: Hours, share: float) -> Estimate:
    """Returns how many times faster than allowed the budget burns: the share of broken answers over 1 - share.

    >>> round(burn_rate(Hours.of([0], [100], [10]), 0.95).value, 6)
    2.0
    """
    broken, n = int(hours.broken.sum()), int(hours.n.sum())
    if not n:
        return undefined("no answers in these hours", method="Wilson")
    rate = Rate(broken, n, design_effect(hours.broken, hours.n))
    bounds = partial(_scaled, rate, share)
    return Estimate(broken / n / (1 - share), n, "Wilson", bounds, n, broken, n, rate.note)


def _scaled(rate: Rate, share: float, level: float) -> Limits:
    _, low, high = rate.limits(level)
    return low / (1 - share), high / (1 - share)


def pairs(days: int) -> tuple[Pair, ...]:
    """Returns the pairs of windows for a promise over so many days (4 or more).

    A pair's threshold is the burn rate that spends its part of the budget within its long window.

    >>> [(pair.short, pair.long, round(pair.threshold, 2)) for pair in pairs(28)]
    [(1, 6, 5.6), (6, 72, 0.93), (72, 672, 1.0)]
    """
    whole = 24 * days
    found = ((short, long or whole, part) for short, long, part in PAIRS)
    return tuple(Pair(short, long, part, part * whole / long) for short, long, part in found)


def empties_in(n: ArrayLike, broken: ArrayLike, share: float) -> int | None:
    """Returns in how many days a rolling window's budget is used up at the rate of the last RECENT_DAYS.

    `n` and `broken` are by day, the last day last, one for each day of the window. Each day to come has the window's
    mean of answers, broken as lately, and pushes the oldest day out. 0: it is used up already; None: it lasts.

    >>> empties_in([100] * 10, [1] * 7 + [10] * 3, 0.95), empties_in([100] * 10, [5] * 10, 0.95)
    (2, None)
    """
    count, bad = np.asarray(n, dtype=float), np.asarray(broken, dtype=float)
    lately = count[-RECENT_DAYS:].sum()
    if not lately:
        return None
    rate, days = bad[-RECENT_DAYS:].sum() / lately, len(count)
    ahead = np.full(days, count.mean())
    totals, broke = (np.concatenate([have, add]) for have, add in ((count, ahead), (bad, ahead * rate)))
    left = [(1 - share) * totals[day : day + days].sum() - broke[day : day + days].sum() for day in range(days + 1)]
    return next((day for day, rest in enumerate(left) if rest < -1e-9 * totals.sum()), None)


def nearest_edge(ms: float) -> tuple[int, float]:
    """Returns the latency bin whose upper edge is nearest to a limit, and that edge: at most 1 % off.

    >>> bin, edge = nearest_edge(300)
    >>> round(edge, 1), edge == edges()[bin]
    (302.5, True)
    """
    known = np.array(edges())
    at = int(np.abs(known - ms).argmin())
    return at, float(known[at])
