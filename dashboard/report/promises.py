"""Promises on the service: how many answers kept one, its budget day by day, how fast it burns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.promises import (
    Hours,
    Kept,
    Pair,
    burn_rate,
    empties_in,
    nearest_edge,
    pairs,
    promise_kept,
)
from dashboard.policy import Promise
from dashboard.policy.verdicts import State, position
from dashboard.rates import Measure
from dashboard.report.cells import rows
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

EPOCH = date(1970, 1, 1)
Sums = NDArray[np.float64]


@dataclass(frozen=True)
class Burn:
    """How fast the budget burns in the last hours: over a short and a long window, and whether both are too fast."""

    pair: Pair
    short: Measure
    long: Measure
    state: State


@dataclass(frozen=True)
class Budget:
    """What was left of the budget when a day ended, of the promise's days before; None where nothing was answered."""

    day: date
    left: float | None
    low: float | None
    high: float | None
    n: int
    broken: int


def hours(source: Source, promise: Promise, since: date, until: date, version: str | None) -> Hours:
    """Returns answers by hour and how many of them broke the promise.

    A latency counts as too long from the bin edge nearest to the limit on.
    """
    parameters = Scope(since, until, version=version).parameters(source.contract)
    del parameters["by"]
    if promise.within_ms is None:
        return _hours(rows(source.snapshot, "volume_hours", parameters))
    bin, _ = nearest_edge(promise.within_ms)
    return _hours(rows(source.snapshot, "late_hours", parameters | {"bin": bin}))


def _hours(found: list[tuple[int, ...]]) -> Hours:
    day, hour, n, broken = zip(*found, strict=True) if found else ((), (), (), ())
    return Hours.of(hour, n, broken, day)


def kept(promise: Promise, found: Hours, until: date) -> Kept:
    """Returns how many answers kept a promise in its days before `until`."""
    edge = "" if promise.within_ms is None else f"counted at {nearest_edge(promise.within_ms)[1]:.5g} ms, a bin edge"
    within = _days(found, until, promise.days)
    count, broken = _daily(within, until, promise.days)
    days = empties_in(count, broken, promise.share)
    return promise_kept(within, promise.share, None if days is None else until + timedelta(days=days), edge)


def kept_reading(source: Source, promise: Promise, until: date, version: str | None = None) -> Reading:
    """Returns the reading of a promise in its days before `until`."""
    since = until - timedelta(days=promise.days)
    measure = kept(promise, hours(source, promise, since, until, version), until)
    return reading(Scope(since, until), "promise_kept", Place(version, feature=promise.name), measure)


def burns(promise: Promise, found: Hours, until: date) -> list[Burn]:
    """Returns the burn rates of all pairs of windows that end with the last hour before `until` that has answers.

    A pair is outside where both 95 % intervals lie above its threshold, within where one of them lies below.
    """
    within = _days(found, until, promise.days)
    if not len(within.at):
        return []
    end = int(within.at[-1]) + 1
    listed = []
    for pair in pairs(promise.days):
        short, long = (burn_rate(within.between(end - size, end), promise.share) for size in (pair.short, pair.long))
        states = [position(one.interval(), (None, pair.threshold)) for one in (short, long)]
        both: State = "outside" if states == ["outside"] * 2 else "within" if "within" in states else "inconclusive"
        listed.append(Burn(pair, short, long, both))
    return listed


def budgets(promise: Promise, found: Hours, since: date, until: date) -> Iterator[Budget]:
    """Yields what was left of the budget at the end of each day."""
    for day in range((since - EPOCH).days, (until - EPOCH).days):
        today = EPOCH + timedelta(days=day)
        within = _days(found, today + timedelta(days=1), promise.days)
        measure = promise_kept(within, promise.share)
        if measure.value is None:
            yield Budget(today, None, None, None, 0, 0)
            continue
        spent, low, high = measure.spent()
        yield Budget(today, 1 - spent, 1 - high, 1 - low, measure.n, int(within.broken.sum()))


def _days(found: Hours, until: date, days: int) -> Hours:
    end = (until - EPOCH).days
    return found.days(end - days, end)


def _daily(within: Hours, until: date, days: int) -> tuple[Sums, Sums]:
    at = within.day - ((until - EPOCH).days - days)
    count, broken = (np.bincount(at, sums, days).astype(np.float64) for sums in (within.n, within.broken))
    return count, broken
