"""Whether predictions still come: how long none has, against how often a delivery usually does.

What a log does not hold it cannot show: this is measured against now. A log that ended long ago, or was taken in
afterwards as a whole, has no rhythm that could be broken; of it is said where it ends, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Literal

from dashboard.log import Record, standing
from dashboard.report.anomaly_words import moment
from dashboard.report.cells import rows
from dashboard.report.events import Event, days_of
from dashboard.report.extent import extent
from dashboard.report.performance import Source

State = Literal["coming", "stopped", "ended"]
LIVE = timedelta(days=2)  # after the last day it is about: a delivery that came later was taken in afterwards
RHYTHM = timedelta(days=56)  # before the newest delivery: eight weekends
LEAST_GAPS, MANY_GAPS = 4, 10
ALLOWED = 1.5  # times the usual gap
LEAST = timedelta(hours=1)
FORGOTTEN = timedelta(days=30)  # what stopped longer ago has ended


@dataclass(frozen=True)
class Feed:
    """Whether predictions still come: `stopped` is out of the ordinary, `ended` is not; `since` is of the contract's
    time zone. `sentence` is "" where they come."""

    state: State
    sentence: str = ""
    since: datetime | None = None
    short: str = ""

    @property
    def event(self) -> Event | None:
        """Returns the silence that lasts, None where there is none."""
        if self.state != "stopped" or self.since is None:
            return None
        return Event("anomaly", self.since, None, self.sentence, "silence", None, 0.0, None, self.short, 1000.0)


def feed(source: Source, records: Sequence[Record], now: datetime, zone: tzinfo, most: float | None = None) -> Feed:
    """Returns whether predictions still come at a moment; `most` is how many hours without any are allowed.

    Without `most` they have stopped where the newest delivery is further back than 1.5 times the usual gap between
    deliveries of the last 56 days: the longest, or of ten gaps the second longest; at least an hour. Needed are five
    deliveries that came within two days of what they are about. After 30 days it has ended.
    """
    came = [record for record in standing(records) if record.kind == "predictions" and _arrived(record) <= now]
    last = extent(source).last
    days = {record.batch: days_of(record) for record in came}
    newest = max((_arrived(record) for record in came), default=None)
    if most is not None:
        return _beyond(last_moment(source, came, zone), now, most, zone)
    soon = [(_arrived(one), days[one.batch]) for one in came if days[one.batch]]
    live = sorted({at for at, about in soon if at - _end(about[-1], zone) <= LIVE})
    allowed = _usual(live)
    if newest is not None and allowed is not None and newest <= live[-1]:
        gone = now - newest
        if allowed * ALLOWED < gone <= FORGOTTEN:
            return _stopped(newest, gone, f"usually a delivery comes within {_long(allowed)}", zone)
        if gone <= allowed * ALLOWED:
            return Feed("coming")
    if now - _end(last, zone) <= LIVE:
        return Feed("coming")
    return Feed("ended", f"The log ends on {last.day} {last:%B %Y}; nothing has come since.")


def last_moment(source: Source, came: Sequence[Record], zone: tzinfo) -> datetime:
    """Returns up to when predictions are known: the last counted hour, or when a delivery came since."""
    counted = source.snapshot.batches()
    waiting = [_arrived(record) for record in came if record.batch not in counted]
    ((hour,),) = rows(source.snapshot, "newest_hour", {"shadow": list(source.contract.shadow)})
    end = _end(extent(source).last, zone) if hour is None else hour.replace(tzinfo=UTC) + LEAST
    arrived = max((_arrived(record) for record in came), default=end)
    return max([*waiting, min(end, arrived)])


def _beyond(newest: datetime, now: datetime, most: float, zone: tzinfo) -> Feed:
    gone = now - newest
    if gone <= timedelta(hours=most):
        return Feed("coming")
    return _stopped(newest, gone, f"evenhand.toml allows {_long(timedelta(hours=most))}", zone)


def _stopped(newest: datetime, gone: timedelta, usually: str, zone: tzinfo) -> Feed:
    since = newest.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    words = f"No predictions have come for {_long(gone)}, since {moment(since)}; {usually}."
    return Feed("stopped", words, since, f"silent {_long(gone)}")


def _usual(live: Sequence[datetime]) -> timedelta | None:
    """Returns the longest usual gap between deliveries, None where too few came to know."""
    recent = [at for at in live if live[-1] - at <= RHYTHM]
    gaps = sorted(after - before for before, after in pairwise(recent))
    if len(gaps) < LEAST_GAPS:
        return None
    return max(gaps[-2 if len(gaps) >= MANY_GAPS else -1], LEAST / ALLOWED)


def _arrived(record: Record) -> datetime:
    return datetime.fromisoformat(record.arrived_at).replace(tzinfo=UTC)


def _end(day: date, zone: tzinfo) -> datetime:
    """Returns the end of a day."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _long(gone: timedelta) -> str:
    """Returns a stretch of time in words.

    >>> _long(timedelta(minutes=40)), _long(timedelta(hours=1)), _long(timedelta(hours=80))
    ('40 minutes', '1 hour', '3 days')
    """
    hours = gone / timedelta(hours=1)
    if hours < 1:
        return f"{gone // timedelta(minutes=1)} minutes"
    return f"{hours // 24:.0f} days" if hours >= 72 else f"{hours:.0f} hour{'s' if round(hours) != 1 else ''}"
