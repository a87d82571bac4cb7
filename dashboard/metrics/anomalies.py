"""Anomalies of a series over time: what is far from what is usual at that hour of the week, or that day of it.

A value is beyond where it lies more than `BEYOND` standard deviations from what is usual (metrics/usual), and an
anomaly where it is beyond in two hours running, or on one day. What was an anomaly says nothing of what is usual later,
until it has lasted a whole week: then it is what is usual now, and the weeks before it are forgotten.

Simulated in tests/test_metrics_anomalies.py: six series without any anomaly raise fewer than five false alarms a week.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.usual import HOURS, LEAST_WEEKS, ROBUST, WEEKS, Floats, Season, Series, Usual, tails

BEYOND = 4.0
UNLIKELY = 1e-6  # silence is an anomaly where chance would bring it less often
LASTED = 0.5  # of a week's values: an anomaly on every day of it, and in so many of them, is usual from then on
EARLIER, MOST_EARLIER = 4, 56  # deliveries that say what is usual: at least, at most


@dataclass(frozen=True)
class Judged:
    """What is usual and how far from it a series is: level (per value; of shares the share) and deviations, NaN
    where nothing is usual yet; `least`: the second lowest count of the weeks before, of counts."""

    level: Floats
    deviations: Floats
    least: Floats


@dataclass(frozen=True)
class Anomaly:
    """One stretch in which a series is beyond: its row, the first place and the one after the last, up 1 or down -1."""

    row: int
    start: int
    stop: int
    sign: int


def judged(series: Series, season: Season = HOURS) -> Judged:
    """Returns how far each value is from what is usual, week after week, from nothing but earlier weeks."""
    values, of = series.weekly(season)
    size, weeks, period = values.shape
    level, far, least = (np.full(values.shape, np.nan) for _ in range(3))
    known, since = values.copy(), np.zeros(size, dtype=np.int64)
    for week in range(LEAST_WEEKS, weeks):
        rows = np.arange(max(0, week - WEEKS), week)
        past = np.where(rows[None, :, None] >= since[:, None, None], known[:, rows], np.nan)
        usual = Usual.of(series, past, of[:, rows], season)
        level[:, week] = usual.level
        far[:, week] = usual.deviations(values[:, week], of[:, week])
        least[:, week] = usual.least
        here = np.arange(max(0, week - 1), week + 1)
        for row in range(size):
            _leave_out(known[row], values[row], far[row], here, season)
            if _filled(far[row, week], season):
                known[row, week], since[row] = values[row, week], week
    shape, length = (size, weeks * period), series.values.shape[1]
    return Judged(*(part.reshape(shape)[:, :length] for part in (level, far, least)))


def anomalies(deviations: Floats, season: Season = HOURS) -> list[Anomaly]:
    """Returns the stretches in which series are beyond, those a short gap apart as one.

    >>> far = np.array([[0.0, 6.0, 5.0, 0.0, 7.0, 7.0, -9.0]])
    >>> [(found.start, found.stop, found.sign) for found in anomalies(far)]
    [(1, 6, 1)]
    """
    found = [
        Anomaly(row, start, stop, sign)
        for row, far in enumerate(deviations)
        for sign in (1, -1)
        for start, stop in _stretches(sign * far > BEYOND, season)
    ]
    return sorted(found, key=lambda one: (one.start, one.row))


def silences(counts: Floats, least: Floats) -> list[tuple[int, int]]:
    """Returns the stretches without a single prediction that chance would bring less than once in a million times.

    `least` is how many come at that hour even in all but the quietest of the weeks before; an hour counts as little as
    those beside it, since habits come early or late. A model that predicts once a day is therefore never silent by the
    hour: by the day it is. One hour is enough where 14 would come, six where three an hour would.

    >>> silences(np.array([9.0, 0.0, 0.0, 0.0, 9.0]), np.array([5.0, 5.0, 5.0, 5.0, 5.0]))
    [(1, 4)]
    """
    beside = np.pad(np.nan_to_num(least), 1, mode="edge")
    expected = np.minimum(np.minimum(beside[:-2], beside[2:]), beside[1:-1])
    runs = _runs(counts == 0)
    return [(start, stop) for start, stop in runs if np.exp(-expected[start:stop].sum()) < UNLIKELY]


def _leave_out(known: Floats, values: Floats, far: Floats, weeks: NDArray[np.int64], season: Season) -> None:
    """Does take what is an anomaly in these weeks out of what later weeks are compared with."""
    flat = far[weeks].ravel()
    gone = np.zeros(len(flat), dtype=bool)
    for sign in (1, -1):
        for start, stop in _stretches(sign * flat > BEYOND, season):
            gone[start:stop] = True
    known[weeks] = np.where(gone.reshape(len(weeks), -1), np.nan, known[weeks])


def _filled(far: Floats, season: Season) -> bool:
    """Returns whether an anomaly of one sign fills a week: every day of it, and half of the hours."""
    for sign in (1, -1):
        inside = np.zeros(len(far), dtype=bool)
        for start, stop in _stretches(sign * far > BEYOND, season):
            inside[start:stop] = True
        if inside.mean() >= LASTED and inside.reshape(7, -1).any(axis=1).all():
            return True
    return False


def _stretches(beyond: NDArray[np.bool_], season: Season) -> list[tuple[int, int]]:
    """Returns the runs that are long enough, joined over gaps that are short enough."""
    found: list[tuple[int, int]] = []
    for start, stop in _runs(beyond):
        if stop - start < season.running:
            continue
        if found and start - found[-1][1] <= season.gap:
            start = found.pop()[0]
        found.append((start, stop))
    return found


def _runs(true: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yields every run of true values: its first place, and the one after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).astype(np.int8)))
    return ((int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True))


def beyond_earlier(hits: Floats, of: Floats) -> Floats:
    """Returns how far each share is from those before it, in deviations; NaN for the first EARLIER.

    For what comes in no fixed rhythm, such as deliveries. A share that is beyond says nothing of what is usual later.

    >>> bool(beyond_earlier(np.array([1.0, 2, 1, 2, 1, 90]), np.full(6, 1000.0))[-1] > 4)
    True
    """
    far, kept = np.full(len(hits), np.nan), list[int]()
    for at in range(len(hits)):
        before = kept[-MOST_EARLIER:]
        if len(before) >= EARLIER and of[at] > 0:
            n, x = of[before], hits[before]
            share = float(np.median(x / n)) or float((x.sum() + 0.5) / (n.sum() + 1))
            level = np.full(len(before), min(share, 1 - 0.5 / (n.sum() + 1)))
            spread = ROBUST * float(np.median(np.abs(tails("share", x, n, level))))
            wider = np.sqrt(1 + 1.57 / len(before)) * max(spread, 1.0)
            far[at] = tails("share", hits[at : at + 1], of[at : at + 1], level[:1])[0] / wider
        if of[at] > 0 and not abs(far[at]) > BEYOND:
            kept.append(at)
    return far
