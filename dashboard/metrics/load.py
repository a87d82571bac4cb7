"""Latency against load: hours put into classes by how many requests came in them, the quantiles of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.service import Latencies, edges, latency_p50, latency_p95
from dashboard.rates import Estimate

CLASSES = 6
FEWEST_HOURS = 5  # of a class: fewer say little about other hours


@dataclass(frozen=True, slots=True)
class LoadClass:
    """Hours with `low` to `high` requests (both in it), half with `middle` or fewer; their latencies together."""

    low: int
    high: int
    middle: float
    hours: int
    p50: Estimate
    p95: Estimate


def load_classes(hours: ArrayLike, requests: ArrayLike, latencies: Latencies, most: int = CLASSES) -> list[LoadClass]:
    """Returns classes of about equally many hours, the emptiest first; fewer where hours have the same requests.

    `hours` are all different, in any order. Quantiles are those of `latency_quantile`: hours stay the blocks.

    >>> from dashboard.metrics.service import latency_bin
    >>> hours = Latencies.of(range(10), [latency_bin(10)] * 5 + [latency_bin(40)] * 5, [1] * 5 + [9] * 5)
    >>> [(c.low, c.high, c.hours, round(c.p50.value)) for c in load_classes(range(10), [1] * 5 + [9] * 5, hours)]
    [(1, 1, 5, 10), (9, 9, 5, 40)]
    """
    hour, count = np.asarray(hours, dtype=np.int64), np.asarray(requests, dtype=np.int64)
    order = np.argsort(hour)
    hour, count = hour[order], count[order]
    if not len(hour) or not len(latencies.hours):
        return []
    classes = _class_of(count, most)
    at = np.clip(np.searchsorted(hour, latencies.hours), 0, len(hour) - 1)
    of_answer = np.where(hour[at] == latencies.hours, classes[at], -1)
    found = []
    for number in range(int(classes.max()) + 1):
        here, known = classes == number, of_answer == number
        part = Latencies(latencies.hours[known], latencies.bins[known], latencies.counts[known])
        low, high, middle = int(count[here].min()), int(count[here].max()), float(np.median(count[here]))
        found.append(LoadClass(low, high, middle, int(here.sum()), latency_p50(part), latency_p95(part)))
    return found


def _class_of(count: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Returns each hour's class: hours with as many requests are in one class, each has FEWEST_HOURS or is the only."""
    values, sizes = np.unique(count, return_counts=True)
    wanted = max(FEWEST_HOURS, len(count) / most)
    number, size, of_value = 0, 0, []
    for have in sizes:
        if size >= wanted:
            number, size = number + 1, 0
        of_value.append(number)
        size += have
    if number and size < FEWEST_HOURS:  # the last ones join those before them
        of_value = [min(one, number - 1) for one in of_value]
    return np.array(of_value, dtype=np.int64)[np.searchsorted(values, count)]


def hourly_quantile(latencies: Latencies, q: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Returns the hours that have answers, and of each the middle of the bin of rank ceil(q n): for a picture of them.

    >>> from dashboard.metrics.service import latency_bin
    >>> bins = [latency_bin(ms) for ms in (10, 90, 50)]
    >>> hours, values = hourly_quantile(Latencies.of([7, 7, 3], bins, [1, 1, 1]), 0.95)
    >>> hours.tolist(), values.round().tolist()
    ([3, 7], [50.0, 89.0])
    """
    first = latencies.hours.min(initial=0)
    order = np.argsort(
        (latencies.hours - first) * (len(edges()) + 1) + latencies.bins, kind="stable"
    )  # quick if sorted
    hour, bins, counts = latencies.hours[order], latencies.bins[order], latencies.counts[order]
    names, starts = np.unique(hour, return_index=True)
    total = np.add.reduceat(counts, starts) if len(names) else counts
    before = np.cumsum(total) - total
    ranks = before + np.ceil(np.round(q * total, 6))
    at = np.searchsorted(np.cumsum(counts), ranks)
    known = np.array(edges())
    ends = np.concatenate([known[:1], np.sqrt(known[:-1] * known[1:]), known[-1:]])
    return names, ends[bins[at]]
