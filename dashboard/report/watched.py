"""The series that are watched for anomalies: what the rollup holds by hour and by day, on a grid without gaps.

Hours are those of the contract's time zone, so that a habit keeps its hour when clocks are changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dashboard.contract import Contract
from dashboard.metrics import errors, service
from dashboard.metrics.usual import Series
from dashboard.report.cells import arrays, rows
from dashboard.report.performance import Source
from dashboard.report.scope import Scope
from dashboard.rollup.chunk import SCALE

Floats = NDArray[np.float64]
EPOCH = date(1970, 1, 1)
LEAST = 0.05  # of the logarithm of p95, a standard deviation: a latency within a fifth of the usual is no anomaly
ARCHIVE = 7 * 24  # hours
FEW_SCORES = 5  # in an hour, below which its mean and its slowest answers say nothing


@dataclass(frozen=True)
class Grid:
    """What was counted in each hour from the midnight of `first` on, NaN before the first prediction and after `until`.

    `scores` are sums, `latency` the logarithm of the milliseconds that 95 of 100 answers stay within. What is not in
    the log is None.
    """

    first: date
    n: Floats
    until: int  # hours
    failed: Floats | None
    scored: Floats
    scores: Floats | None
    missing: Floats | None
    features: int
    latency: Floats | None
    answered: Floats
    daily_latency: Floats | None

    def hour(self, place: int) -> datetime:
        """Returns the beginning of an hour."""
        return datetime.combine(self.first, datetime.min.time()) + timedelta(hours=place)

    def by_hour(self) -> Iterator[tuple[str, Series]]:
        """Yields the series by hour under their names."""
        yield "volume", Series("count", self.n[None])
        if self.failed is not None:
            yield "errors", Series("share", self.failed[None], self.n[None])
        if self.missing is not None:
            yield "missing", Series("share", self.missing[None], self.n[None] * self.features)
        if self.scores is not None:
            yield "score", _means(self.scores, self.scored)
        if self.latency is not None:
            told = np.where(self.answered >= FEW_SCORES, self.answered, 0)
            yield "latency", Series("mean", self.latency[None], told[None], LEAST)

    def by_day(self) -> Iterator[tuple[str, Series]]:
        """Yields the same by day; a day that is not over has no volume. What is missing is told by feature."""
        whole = np.where(np.arange(1, len(self.n) // 24 + 1) * 24 <= self.until, _daily(self.n), np.nan)
        yield "volume", Series("count", whole[None])
        if self.failed is not None:
            yield "errors", Series("share", _daily(self.failed)[None], _daily(self.n)[None])
        if self.scores is not None:
            yield "score", _means(_daily(self.scores), _daily(self.scored))
        if self.daily_latency is not None:
            yield "latency", Series("mean", self.daily_latency[None], _daily(self.answered)[None], LEAST)


@dataclass(frozen=True)
class FeatureDays:
    """Missing and out-of-range values of every feature by day, a row each, from the grid's first day on."""

    names: tuple[str, ...]
    n: Floats
    missing: Floats
    out_of_range: Floats

    @cached_property
    def series(self) -> dict[str, Series]:
        """The two shares of every feature."""
        present = self.n - self.missing
        return {
            "missing": Series("share", self.missing, self.n),
            "out_of_range": Series("share", self.out_of_range, np.where(present > 0, present, 0)),
        }


def grid(source: Source, until: datetime | None = None) -> Grid:
    """Returns the hours of a rollup, all versions but shadows; they end with the last day, or with `until` (UTC) in it.

    Silence at the end of the log is silence up to there. A log whose newest delivery came more than `ARCHIVE` hours
    after its last prediction was exported, and ends with it.
    """
    contract, shadow = source.contract, {"shadow": list(source.contract.shadow)}
    found = np.array(rows(source.snapshot, "hours", shadow), dtype=float).reshape(-1, 6)
    hours = found[:, 0].astype(np.int64)
    clock = _Clock.of(contract, int(hours.min()), int(hours.max()))
    n, failed, scored, scores, missing = (clock.summed(hours, column) for column in found[:, 1:].T)
    end = len(n) if until is None else min(max(clock.place(until), clock.last + 1), len(n))
    if until is not None and clock.place(until) > clock.last + ARCHIVE:
        end = clock.last + 1
    for column in (n, failed, scored, scores, missing):
        column[clock.gone] = np.nan
        column[: clock.start] = np.nan
        column[end:] = np.nan
    latency, answered, daily = _latencies(source, clock)
    bad = np.isnan(found[:, 4]).all()
    return Grid(
        clock.first,
        n,
        end,
        failed if "status" in contract.columns else None,
        scored,
        None if bad else _in_units(source, scores, scored),
        missing if contract.features else None,
        len(contract.features),
        latency,
        answered,
        daily,
    )


def feature_days(source: Source, first: date, days: int) -> FeatureDays:
    """Returns what is missing and out of range, on the grid's days."""
    found = list(arrays(source.snapshot, "feature_days", {"shadow": list(source.contract.shadow)}))
    names = tuple(str(name) for name, *_ in found)
    filled = [np.zeros((len(names), days)) for _ in range(3)]
    for row, (_, at, *sums) in enumerate(found):
        place = np.asarray(at, dtype=np.int64) - (first - EPOCH).days
        for into, values in zip(filled, sums, strict=True):
            into[row, place] = values
    return FeatureDays(names, *filled)


def _in_units(source: Source, sums: Floats, scored: Floats) -> Floats:
    """Returns sums of scores from sums of whole steps."""
    scale = source.bins.scale
    if source.contract.task != "regression" or scale is None:
        return sums / SCALE
    return sums / errors.SCALE * scale.label + scored * scale.centre


def _means(sums: Floats, of: Floats) -> Series:
    with np.errstate(invalid="ignore", divide="ignore"):
        return Series("mean", (sums / of)[None], np.where(of >= FEW_SCORES, of, 0)[None])


def _daily(values: Floats) -> Floats:
    return np.asarray(np.nansum(values.reshape(-1, 24), axis=1))


@dataclass(frozen=True)
class _Clock:
    """Where hours since 1970 (UTC) lie on the grid of a time zone's days: `shifts` by hour from `origin` on."""

    first: date
    size: int
    origin: int
    shifts: NDArray[np.int64]
    start: int  # of the first prediction
    last: int
    gone: NDArray[np.int64]  # places that clocks skipped
    zone: ZoneInfo

    @classmethod
    def of(cls, contract: Contract, low: int, high: int) -> _Clock:
        """Returns the clock for hours from `low` to `high`."""
        zone = ZoneInfo(contract.timezone)
        shifts = np.array([_shift(zone, hour) for hour in range(low, high + 1)], dtype=np.int64)
        local = np.arange(low, high + 1) + shifts
        day = int(local[0] // 24)
        places = local - 24 * day
        size = 24 * (int(local.max()) // 24 - day + 1)
        gone = np.setdiff1d(np.arange(places[0], places[-1]), places)
        first = EPOCH + timedelta(days=day)
        return cls(first, size, low, shifts, int(places[0]), int(places[-1]), gone, zone)

    def places(self, hours: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the places of hours on the grid."""
        return np.asarray(hours + self.shifts[hours - self.origin] - 24 * (self.first - EPOCH).days)

    def place(self, moment: datetime) -> int:
        """Returns the first place that a moment (UTC) is not beyond."""
        local = moment.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)
        return int((local - datetime.combine(self.first, datetime.min.time())) / timedelta(hours=1))

    def summed(self, hours: NDArray[np.int64], values: Floats) -> Floats:
        """Returns sums by place."""
        return np.asarray(np.bincount(self.places(hours), np.nan_to_num(values), self.size), dtype=float)


def _shift(zone: ZoneInfo, hour: int) -> int:
    """Returns by how many hours a zone is ahead of UTC then, half hours rounded down."""
    if zone.key == "UTC":
        return 0
    ahead = datetime.fromtimestamp(3600 * hour, zone).utcoffset() or timedelta(0)
    return int(ahead // timedelta(hours=1))


def _latencies(source: Source, clock: _Clock) -> tuple[Floats | None, Floats, Floats | None]:
    """Returns the logarithm of p95 by hour, of how many answers it is, and p95's by day; NaN where there was none."""
    scope = Scope(date.min, date.max)
    found = list(arrays(source.snapshot, "latency", scope.parameters(source.contract, endpoint=None)))
    if not found:
        return None, np.zeros(clock.size), None
    _, _, hours, occurring, bins, counts = found[0]
    places = clock.places(np.repeat(np.asarray(hours, dtype=np.int64), np.asarray(occurring, dtype=np.int64)))
    answered = np.asarray(np.bincount(places, counts, clock.size), dtype=float)
    return p95(places, bins, counts, clock.size), answered, p95(places // 24, bins, counts, clock.size // 24)


def p95(places: NDArray[np.int64], bins: NDArray[np.int64], counts: NDArray[np.int64], size: int) -> Floats:
    """Returns the logarithm of the milliseconds that rank ceil(0.95 n) of each place's answers takes.

    Of few the second slowest: one slow answer alone says nothing.
    """
    order = np.lexsort((bins, places))
    total = np.cumsum(np.asarray(counts, dtype=np.int64)[order])
    n = np.bincount(places, counts, size).astype(np.int64)
    before = np.cumsum(n) - n
    at = np.searchsorted(total, before + np.minimum(np.ceil(0.95 * n - 1e-6), np.maximum(n - 1, 1)))
    edges = np.log(np.array(service.edges()))
    middles = np.concatenate((edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]))
    known = middles[np.asarray(bins, dtype=np.int64)[order][np.minimum(at, len(order) - 1)]]
    return np.where(n > 0, known, np.nan)
