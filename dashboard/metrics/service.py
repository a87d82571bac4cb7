"""How the service runs: latency quantiles from a log histogram, error rate and throughput, with hours as blocks.

Latencies are counted in bins whose edges, `edges()`, grow by 2 %: the middle of a bin is within 1 % of everything in
it. A latency belongs to the bin numbered by how many edges are not above it; SQL and Python agree because both
compare with the same numbers and neither takes a logarithm.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property, partial
from math import ceil, inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.clusters import design_effect
from dashboard.metrics.quantiles import bin_of_rank, limit_ranks
from dashboard.rates import Estimate, Exact, Limits, Rate, undefined

SHORTEST_MS, LONGEST_MS, GROWTH = 0.01, 1e7, 1.02


@cache
def edges() -> tuple[float, ...]:
    """Returns the bin edges in milliseconds, 0.01 ms to 2.8 hours, to eight digits so that every machine has the same.

    >>> len(edges()), edges()[:2]
    (1048, (0.01, 0.0102))
    """
    found: list[float] = []
    edge = SHORTEST_MS
    while not found or found[-1] < LONGEST_MS:
        found.append(float(f"{edge:.8g}"))
        edge *= GROWTH
    return tuple(found)


def latency_bin(ms: float) -> int:
    """Returns the bin of a latency: 0 below the first edge, `len(edges())` from the last one on.

    >>> latency_bin(0), latency_bin(0.01), latency_bin(1e9) == len(edges())
    (0, 1, True)
    """
    return bisect_right(edges(), ms)


@dataclass(frozen=True)
class Latencies:
    """Holds counts in long form: the hour (any integer naming it), the bin and how many.

    What every quantile of them needs is worked out once: three are asked for of each day.
    """

    hours: NDArray[np.int64]
    bins: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, hours: ArrayLike, bins: ArrayLike, counts: ArrayLike) -> Latencies:
        """Returns the latencies of three sequences of one length."""
        return cls(*(np.asarray(column, dtype=np.int64) for column in (hours, bins, counts)))

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """The counts as NumPy's bincount wants them."""
        return self.counts.astype(np.float64)

    @cached_property
    def cumulative(self) -> NDArray[np.float64]:
        """How many lie in each bin or below it."""
        return np.cumsum(np.bincount(self.bins, self.weights, len(edges()) + 1))

    @cached_property
    def blocks(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """A number for the hour of each count, and the requests of each hour; without requests it is no block."""
        hour = self.hours - self.hours.min()
        if hour.max() > 4 * len(hour) + 10_000:  # few of them far apart: number those that are there
            hour = np.unique(hour, return_inverse=True)[1]
        return hour, np.bincount(hour, self.weights).astype(np.float64)


def latency_quantile(latencies: Latencies, q: float) -> Estimate:
    """Returns the latency that a share q of requests stays within, in milliseconds; lower is better.

    The middle (geometric) of the bin of rank ceil(q n), at most 1 % off. Interval from order statistics: the lower
    edge of the bin of rank qbinom(a/2, n, q), the upper edge of that of rank qbinom(1 - a/2, n, q) + 1; with that
    rank above n there is no upper limit. n is divided by the design effect of "latency above the quantile" over
    hours.

    >>> bins = [latency_bin(ms) for ms in range(1, 1001)]
    >>> p95 = latency_quantile(Latencies.of([0] * 1000, bins, [1] * 1000), 0.95)
    >>> round(p95.value), [round(limit) for limit in p95.interval()]
    (944, [935, 973])
    """
    n = int(latencies.counts.sum())
    method = "order statistics"
    if not n:
        return undefined("0 requests with a latency", method=method)
    cumulative = latencies.cumulative
    at = bin_of_rank(cumulative, ceil(round(q * n, 6)))
    deff = _design_effect(latencies, at)
    value, notes = _middle(at), []
    if at == len(edges()):
        notes.append(f"beyond {edges()[-1]:g} ms")
    if deff > 1:
        notes.append(f"about {n / deff:.0f} independent")
    if limit_ranks(n, deff, q, 0.95)[1] > n:
        notes.append("too few requests for an upper limit at 95 %")
    return Estimate(value, n, method, partial(_limits, cumulative, deff, q), n, note="; ".join(notes))


def latency_p50(latencies: Latencies) -> Estimate:
    """Returns the median latency in milliseconds; lower is better.

    >>> round(latency_p50(Latencies.of([0], [latency_bin(100)], [9])).value)
    101
    """
    return latency_quantile(latencies, 0.5)


def latency_p95(latencies: Latencies) -> Estimate:
    """Returns the latency that 95 of 100 requests stay within, in milliseconds; lower is better.

    >>> latency_p95(Latencies.of([0], [latency_bin(100)], [71])).interval()[1] is None  # an upper limit needs 72
    True
    """
    return latency_quantile(latencies, 0.95)


def latency_p99(latencies: Latencies) -> Estimate:
    """Returns the latency that 99 of 100 requests stay within, in milliseconds; lower is better.

    >>> latency_p99(Latencies.of([0], [latency_bin(100)], [367])).interval()[1] is None  # an upper limit needs 368
    True
    """
    return latency_quantile(latencies, 0.99)


def error_rate(failed: ArrayLike, requests: ArrayLike) -> Rate:
    """Returns the share of requests that failed, from counts by hour, with the design effect of hours; 0 is best.

    >>> error_rate([1, 1], [50, 50]).value
    0.02
    """
    return Rate(int(np.sum(failed)), int(np.sum(requests)), design_effect(failed, requests))


def throughput(requests: int, hours: float) -> Exact | Estimate:
    """Returns requests per hour over a window of that many hours; counted, so its interval is itself.

    >>> throughput(1200, 24).value
    50.0
    """
    if hours <= 0:
        return undefined("the window has no hours", requests, method="counted")
    return Exact(requests / hours, requests, requests, hours)


def _middle(at: int) -> float:
    known = edges()
    if at == 0:
        return known[0]
    return known[-1] if at == len(known) else sqrt(known[at - 1] * known[at])


def _design_effect(latencies: Latencies, at: int) -> float:
    hour, requests = latencies.blocks
    above = np.flatnonzero(latencies.bins > at)
    return design_effect(np.bincount(hour[above], latencies.weights[above], len(requests)), requests)


def _limits(cumulative: NDArray[np.float64], deff: float, q: float, level: float) -> Limits:
    n = int(cumulative[-1])
    low, high = limit_ranks(n, deff, q, level)
    known = (0.0, *edges(), inf)
    lower = known[bin_of_rank(cumulative, low)] if low else 0.0
    if high == inf:
        return lower, None
    upper = known[bin_of_rank(cumulative, int(high)) + 1]
    return lower, None if upper == inf else upper
