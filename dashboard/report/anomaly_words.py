"""Anomalies, silences and changes in words: what, how much, usually how much, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

from dashboard.log import Record
from dashboard.report.events import Event

TIMES_FROM = 1.5  # from which on a sentence says how many times the usual
LISTED = 3  # features that a sentence names


class Stretch(Protocol):
    """What is said of a series over a stretch of time."""

    @property
    def series(self) -> str: ...
    @property
    def feature(self) -> str | None: ...
    @property
    def since(self) -> datetime: ...
    @property
    def until(self) -> datetime: ...
    @property
    def value(self) -> float: ...
    @property
    def usual(self) -> float: ...


@dataclass(frozen=True)
class Shift:
    """A level that stayed: the first day (or hour) at it, the first and last day that it may be, both levels."""

    series: str
    feature: str | None
    since: datetime
    earliest: datetime
    latest: datetime
    before: float
    after: float


def anomaly(found: Sequence[Stretch]) -> Event:
    """Returns the event of one stretch, or of several features' that are alike."""
    first = max(found, key=lambda one: ratio(one.value, one.usual))
    what = _what(first.series, first.value, _names(found))
    usually = f"usually {_amount(first.series, first.usual)}"
    when = span(first.since, first.until)
    times = _times(first.value, first.usual)
    return Event(
        "anomaly",
        first.since,
        first.until,
        f"{what} {when}{_times_the_usual(times)}; {usually}.",
        first.series,
        first.feature if len(found) == 1 else None,
        first.value,
        first.usual,
        short=_short(first.series, first.value, times, _named(found)),
        ratio=ratio(first.value, first.usual),
    )


def change(shift: Shift) -> Event:
    """Returns the event of a level that stayed."""
    what = {
        "volume": "predictions a day",
        "latency": "time within which 95 of 100 answers come",
        "errors": "share of calls that fail",
        "score": "mean score",
        "missing": f"share of rows without {shift.feature}",
        "out_of_range": f"share of values of {shift.feature} outside the contract’s range",
    }[shift.series]
    verb = "are" if shift.series == "volume" else "is"
    article = "" if shift.series == "volume" else "the "
    now, before = _amount(shift.series, shift.after), _amount(shift.series, shift.before)
    sure = shift.earliest.date(), shift.latest.date()
    between = f" (between {_day(sure[0])} and {_day(sure[1])})" if (sure[1] - sure[0]).days > 2 else ""
    return Event(
        "change",
        shift.since,
        None,
        f"Since {moment(shift.since)}{between} {article}{what} {verb} {now}; before, {before}.",
        shift.series,
        shift.feature,
        shift.after,
        shift.before,
        short=f"{shift.feature + ' ' if shift.feature else ''}→ {now}",
        ratio=ratio(shift.after, shift.before),
    )


def silence(since: datetime, until: datetime, expected: float, end: datetime) -> Event:
    """Returns the event of no predictions at all; one that lasts to the end of the log says so."""
    hours = round((until - since) / timedelta(hours=1))
    long = f"{hours} hour{'' if hours == 1 else 's'}" if hours < 72 else f"{hours // 24} days"
    if until >= end:
        words = f"No predictions came for {long}, from {moment(since)} up to the end of the log"
    else:
        words = f"No predictions came for {long} {span(since, until)}"
    usually = f"; usually {expected:,.0f} come in that time."
    return Event("anomaly", since, until, words + usually, "silence", None, 0.0, expected, f"silent {long}", 1000.0)


def with_year(event: Event) -> Event:
    """Returns an event whose sentence names the year with the first day that it names.

    >>> told = Event("change", datetime(2019, 3, 31), None, "Since 31 March the mean score is 0.2.", "score")
    >>> with_year(told).sentence
    'Since 31 March 2019 the mean score is 0.2.'
    """
    until = None if event.until is None else event.until - timedelta(microseconds=1)
    for day in (event.since, until):
        if day is not None and (named := _day(day)) in event.sentence:
            return replace(event, sentence=event.sentence.replace(named, f"{named} {day.year}", 1))
    return event


def turned_away(record: Record, since: datetime, until: datetime | None, usual: float) -> Event:
    """Returns the event of a delivery of which another share than usual was turned away."""
    value = record.rejected / record.rows
    words = (
        f"{percent(value)} of the rows of {record.source} were turned away ({record.rejected:,} of {record.rows:,});"
        f" usually {percent(usual)}."
    )
    short = f"{percent(value)} turned away"
    return Event("anomaly", since, until, words, "rejected", None, value, usual, short, ratio(value, usual))


def ratio(value: float, usual: float) -> float:
    """Returns how many times a value is the usual, or the usual the value; 1,000 at most.

    >>> ratio(12.0, 2.0), ratio(2.0, 12.0)
    (6.0, 6.0)
    """
    low, high = sorted((abs(value), abs(usual)))
    return min(high / low, 1000.0) if low > 0 else 1000.0 if high > 0 else 1.0


def span(since: datetime, until: datetime) -> str:
    """Returns a stretch of time as it stands in a sentence.

    >>> span(datetime(2026, 5, 27, 13), datetime(2026, 5, 27, 17))
    'on 27 May from 13:00 to 17:00'
    >>> span(datetime(2026, 6, 9), datetime(2026, 6, 13))
    'from 9 to 12 June'
    """
    if since.time() == until.time() == time():
        last = until.date() - timedelta(days=1)
        if last == since.date():
            return f"on {_day(last)}"
        first = str(since.day) if (since.year, since.month) == (last.year, last.month) else _day(since.date())
        return f"from {first} to {_day(last)}"
    if since.date() == until.date() or until == datetime.combine(since.date() + timedelta(days=1), time()):
        return (
            f"on {_day(since.date())} from {since:%H:%M} to {'24:00' if until.time() == time() else f'{until:%H:%M}'}"
        )
    return f"from {moment(since)} to {moment(until)}"


def moment(at: datetime) -> str:
    """Returns a moment, its hour left out at midnight.

    >>> moment(datetime(2026, 6, 2)), moment(datetime(2026, 6, 2, 8))
    ('2 June', '2 June, 08:00')
    """
    return _day(at.date()) + (f", {at:%H:%M}" if at.time() != time() else "")


def percent(share: float) -> str:
    """Returns a share in per cent, two digits of it.

    >>> percent(0.3333), percent(0.0123), percent(0.00051), percent(0.0)
    ('33\\u202f%', '1.2\\u202f%', '0.051\\u202f%', '0\\u202f%')
    """
    value = 100 * share
    text = f"{value:.0f}" if value >= 9.95 or value == 0 else f"{value:.1f}" if value >= 0.095 else f"{value:.2g}"
    return "under 0.001\u202f%" if 0 < value < 0.001 else text + "\u202f%"


def _day(at: date) -> str:
    return f"{at.day} {at:%B}"


def _amount(series: str, value: float) -> str:
    if series == "volume":
        return f"{value:,.0f}" if value >= 0.5 else "none"
    if series == "latency":
        return f"{value:,.0f}\u202fms" if value >= 10 else f"{value:.2g}\u202fms"
    return f"{value:,.3g}" if series == "score" else percent(value)


def _what(series: str, value: float, names: str) -> str:
    shown = _amount(series, value)
    none = "No predictions came" if value < 0.5 else f"{shown} predictions came"
    return {
        "volume": none,
        "latency": f"95 of 100 answers took up to {shown}",
        "errors": f"{shown} of calls failed",
        "score": f"The mean score was {shown}",
        "missing": f"{shown} of rows lacked {names}" if names else f"{shown} of all inputs’ values were missing",
        "out_of_range": f"{shown} of the values of {names} outside the contract’s range",
    }[series]


def _names(found: Sequence[Stretch]) -> str:
    names = sorted(one.feature for one in found if one.feature)
    if len(names) > LISTED + 1:
        names = [*names[:LISTED], f"{len(names) - LISTED} more inputs"]
    if not names:
        return ""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _named(found: Sequence[Stretch]) -> str:
    names = [one.feature for one in found if one.feature]
    return "" if not names else f"{names[0]}: " if len(names) == 1 else f"{len(names)} inputs: "


def _times(value: float, usual: float) -> str:
    """Returns how many times the usual it is, as far as that can be said."""
    if usual <= 0 or value / usual < TIMES_FROM or value / usual >= 1000:
        return ""
    return f"{value / usual:.2g}" if value / usual < 99.5 else f"{value / usual:.0f}"


def _times_the_usual(times: str) -> str:
    return f", {times} times the usual" if times else ""


def _short(series: str, value: float, times: str, named: str) -> str:
    if series == "volume" and times:
        return f"{times} times the usual"
    return named + _amount(series, value)
