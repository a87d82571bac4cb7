"""What was out of the ordinary in the pipeline: anomalies by hour and day, silence, shifts that stayed, deliveries.

Every series is looked at by hour and by day: what is too little for an hour to tell, a day may. What is found both
ways is one event. A shift that stayed is a change, and takes the place of the anomalies that it began as.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.log import Record
from dashboard.metrics.anomalies import BEYOND, Anomaly, Judged, anomalies, beyond_earlier, judged, silences
from dashboard.metrics.changes import ChangePoint, change_points
from dashboard.metrics.usual import DAYS, HOURS, Series
from dashboard.report import anomaly_words as words
from dashboard.report.events import Event, days_of, in_order, on
from dashboard.report.performance import Source
from dashboard.report.watched import FeatureDays, Grid, feature_days, grid

Floats = NDArray[np.float64]
DAY = timedelta(days=1)
SETTLING = timedelta(days=14)  # after a change: what is beyond in its direction is the change itself
REMEMBERED = timedelta(days=56)  # as long is what was usual before a change part of what is usual


@dataclass(frozen=True)
class Found:
    """One stretch in which a series is beyond: when, to which side, its value and what is usual."""

    series: str
    feature: str | None
    since: datetime
    until: datetime
    sign: int
    value: float
    usual: float
    by_day: bool = False

    def overlaps(self, other: Found) -> bool:
        """Returns whether both are of one series and one side, and have time in common."""
        alike = (self.series, self.feature, self.sign) == (other.series, other.feature, other.sign)
        return alike and self.since < other.until and other.since < self.until


def pipeline_events(source: Source, until: datetime | None = None) -> list[Event]:
    """Returns the anomalies, silences and changes of a rollup; `until` (UTC) is up to when the log is known."""
    told = grid(source, until)
    features = feature_days(source, told.first, len(told.n) // 24)
    hourly, silent = _by_hour(told)
    daily = list(_by_day(told, features))
    shifts = list(_shifts(told, features))
    found = [one for one in _joined(hourly, daily) if not _inside(one, silent)]
    found = [one for one in found if not any(_begun_as(shift, one) for shift in shifts)]
    events = [*map(words.anomaly, _together(_without_totals(found))), *map(words.change, shifts)]
    end = told.hour(told.until)
    return in_order([*events, *(words.silence(since, to, expected, end) for since, to, expected in silent)])


def delivery_events(records: Sequence[Record]) -> list[Event]:
    """Returns the deliveries of which a larger or smaller share than usual was turned away.

    The hour of a rejected row is often what is wrong with it: its delivery is what is known, and the days it is about.
    """
    found: list[Event] = []
    for kind in ("predictions", "labels"):
        of = [record for record in records if record.kind == kind and record.rows]
        shares = np.array([[record.rejected, record.rows] for record in of], dtype=float).reshape(-1, 2)
        for at in np.flatnonzero(np.abs(beyond_earlier(*shares.T)) > BEYOND):
            earlier = float(np.median(shares[:at, 0] / shares[:at, 1]))
            days = days_of(of[at]) if kind == "predictions" else []
            arrived = datetime.fromisoformat(of[at].arrived_at).replace(tzinfo=None)
            since, until = (on(days[0]), on(days[-1]) + DAY) if days else (arrived, None)
            found.append(words.turned_away(of[at], since, until, earlier))
    return found


def _by_hour(told: Grid) -> tuple[list[Found], list[tuple[datetime, datetime, float]]]:
    """Returns what is beyond by hour, and the silences: from, until, how many predictions usually come meanwhile."""
    found, silent = list[Found](), list[tuple[datetime, datetime, float]]()
    for name, series in told.by_hour():
        seen = judged(series, HOURS)
        found += [_found(name, None, series, seen, one, told, False) for one in anomalies(seen.deviations, HOURS)]
        if name == "volume":
            for start, stop in silences(told.n, seen.least[0]):
                expected = float(np.nansum(seen.level[0, start:stop]))
                silent.append((told.hour(start), told.hour(stop), expected))
    return found, silent


def _by_day(told: Grid, features: FeatureDays) -> Iterator[Found]:
    for name, series, names in _daily_series(told, features):
        seen = judged(series, DAYS)
        for one in anomalies(seen.deviations, DAYS):
            yield _found(name, names[one.row], series, seen, one, told, True)


def _daily_series(told: Grid, features: FeatureDays) -> Iterator[tuple[str, Series, Sequence[str | None]]]:
    yield from ((name, series, (None,)) for name, series in told.by_day())
    if features.names:
        yield from ((name, series, features.names) for name, series in features.series.items())


def _found(
    name: str, feature: str | None, series: Series, seen: Judged, one: Anomaly, told: Grid, by_day: bool
) -> Found:
    """Returns a stretch with its value and what is usual, over all of it."""
    here, size = slice(one.start, one.stop), 24 if by_day else 1
    values, level = series.values[one.row, here], seen.level[one.row, here]
    of = np.ones_like(values) if series.of is None else series.of[one.row, here]
    known = ~np.isnan(values) & ~np.isnan(level) & (of > 0)
    values, level, of = values[known], level[known], of[known]
    if series.kind == "count":
        value, usual = values.sum(), level.sum()
    elif series.kind == "share":
        value, usual = values.sum() / of.sum(), np.average(level, weights=of)
    else:
        value, usual = np.average(values, weights=of), np.average(level, weights=of)
    if name == "latency":
        value, usual = np.exp(value), np.exp(usual)
    when = told.hour(one.start * size), told.hour(min(one.stop * size, told.until))
    return Found(name, feature, *when, one.sign, float(value), float(usual), by_day)


def _joined(hourly: Sequence[Found], daily: Sequence[Found]) -> Iterator[Found]:
    """Yields what is beyond by hour or day, once: of one day the hours, of several what both cover together."""
    long = [one for one in daily if one.until - one.since > DAY]
    covered = [one for one in hourly if any(one.overlaps(other) for other in long)]
    for one in long:
        inside = [hours for hours in covered if hours.overlaps(one)]
        since = min((hours.since for hours in inside if hours.since >= one.since), default=one.since)
        until = max((hours.until for hours in inside), default=one.until)
        yield replace(one, since=since if since < one.since + DAY else one.since, until=max(until, one.until))
    yield from (one for one in hourly if one not in covered)
    for one in daily:
        if one not in long and not any(one.overlaps(hours) for hours in hourly):
            yield one


def _inside(one: Found, silent: Iterable[tuple[datetime, datetime, float]]) -> bool:
    """Returns whether it is a silence, told otherwise."""
    return (
        one.series == "volume" and one.sign < 0 and any(one.since < to and since < one.until for since, to, _ in silent)
    )


def _without_totals(found: Sequence[Found]) -> list[Found]:
    """Returns what was found without what is missing over all features where single ones say it."""
    named = [one for one in found if one.series == "missing" and one.feature]
    return [
        one
        for one in found
        if one.series != "missing"
        or one.feature
        or not any(one.overlaps(replace(other, feature=None)) for other in named)
    ]


def _together(found: Sequence[Found]) -> Iterator[list[Found]]:
    """Yields what is one event: several features of which the same is found at the same time."""
    alike: dict[Any, list[Found]] = defaultdict(list)
    for one in found:
        alike[one.series, one.since, one.until, one.sign].append(one)
    yield from alike.values()


def _shifts(told: Grid, features: FeatureDays) -> Iterator[words.Shift]:
    for name, series, names in _daily_series(told, features):
        with np.errstate(invalid="ignore", divide="ignore"):
            daily = series.values / series.of if series.kind == "share" and series.of is not None else series.values
        if series.of is not None:
            daily = np.where(series.of > 0, daily, np.nan)
        for row, (feature, values) in enumerate(zip(names, daily, strict=True)):
            if len(np.unique(values[~np.isnan(values)])) > 1:
                points = change_points(values)
                yield from (_shift(name, feature, point, told) for point in _pooled(series, row, points))


def _pooled(series: Series, row: int, points: Sequence[ChangePoint]) -> Iterator[ChangePoint]:
    """Yields change points; of shares with those of all rows between the changes, not of the middle day."""
    edges = [0, *(point.day for point in points), series.values.shape[1]]
    for place, point in enumerate(points):
        if series.kind != "share" or series.of is None:
            yield point
            continue
        sides = [slice(edges[place], point.day), slice(point.day, edges[place + 2])]
        before, after = (float(np.nansum(series.values[row, at]) / np.nansum(series.of[row, at])) for at in sides)
        yield replace(point, before=before, after=after)


def _shift(name: str, feature: str | None, point: ChangePoint, told: Grid) -> words.Shift:
    before, after = np.exp((point.before, point.after)) if name == "latency" else (point.before, point.after)
    day, earliest, latest = (told.hour(24 * day) for day in (point.day, point.earliest, point.latest))
    return words.Shift(name, feature, day, earliest, latest, float(before), float(after))


def _begun_as(shift: words.Shift, one: Found) -> bool:
    """Returns whether an anomaly is how a change began, or what it was until it had become what is usual."""
    sign = 1 if shift.after > shift.before else -1
    if (one.series, one.feature, one.sign) != (shift.series, shift.feature, sign):
        return False
    ended = shift.since - DAY if one.until - one.since > 2 * DAY else shift.since
    no_further = abs(one.value - shift.after) <= abs(shift.after - shift.before)
    return ended <= one.since < shift.since + (REMEMBERED if no_further else SETTLING)
