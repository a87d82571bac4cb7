"""What happened to a model, as events on one line of time: causes and effects side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, tzinfo
from itertools import pairwise
from typing import Any, Literal

from dashboard.contract.history import Known, changes
from dashboard.log import NO_DAY, Record
from dashboard.policy.history import Seen
from dashboard.report.cells import rows
from dashboard.report.performance import Source

Kind = Literal["version", "schema", "policy", "anomaly", "change", "outside", "sign-off"]
COLUMNS = ("kind", "series", "feature", "since", "until", "sentence", "value", "usual", "short")


@dataclass(frozen=True)
class Event:
    """What happened, from when until when (None: at that moment, or from then on).

    Anomalies and changes are of a `series` (volume, silence, missing, out_of_range, latency, errors, score, rejected,
    input, unit, constant, performance), some of a feature; `value` beside what was `usual`, `ratio` how many times it
    is that (or the other way round), at least 1. `short` says it in three words. Times are those of the contract's time
    zone.
    """

    kind: Kind
    since: datetime
    until: datetime | None
    sentence: str
    series: str | None = None
    feature: str | None = None
    value: float | None = None
    usual: float | None = None
    short: str = ""
    ratio: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """Returns exactly the columns that `events --format json` prints."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        ends = {name: found[name] and found[name].isoformat(timespec="minutes") for name in ("since", "until")}
        return {name: (found | ends)[name] for name in COLUMNS}

    def touches(self, since: date | None, until: date | None) -> bool:
        """Returns whether any of it lies in the days; what has no end is at its beginning, a change from then on."""
        end = self.until or (datetime.max if self.kind == "change" else self.since)
        begins_before = until is None or self.since < datetime.combine(until, time())
        return begins_before and (since is None or end >= datetime.combine(since, time()))


def in_order(events: Sequence[Event]) -> list[Event]:
    """Returns events by when they began."""
    return sorted(events, key=lambda event: (event.since, event.kind, event.series or "", event.sentence))


def on(day: date) -> datetime:
    """Returns the midnight on which a day begins."""
    return datetime.combine(day, time())


def versions(source: Source) -> list[Event]:
    """Returns the day on which each version first predicted; a log that names no version has none."""
    if "version" not in source.contract.columns:
        return []
    found = rows(source.snapshot, "version_starts", {})
    return [
        Event("version", on(day), None, f"Version {version} began to predict.", short=str(version))
        for version, day in found
    ]


def schema(records: Sequence[Record]) -> list[Event]:
    """Returns deliveries that differ in their columns from all before: at the first day that they are about."""
    told: dict[str, set[str]] = {}
    found: list[Event] = []
    for record in records:
        first = record.kind not in told
        seen = told.setdefault(record.kind, set())
        days, new = days_of(record), [note for note in record.notes if note not in seen]
        if not first and days and new:
            words = f"Columns of {record.kind} changed: {'; '.join(new)}."
            found.append(Event("schema", on(days[0]), None, words, short="columns changed"))
        seen.update(record.notes)
    return found


def days_of(record: Record) -> list[date]:
    """Returns the days that a delivery is about, sorted; none where all of it was turned away or waits."""
    named = {str(file.get("day") or NO_DAY) for file in record.files if file["what"] == record.kind}
    return sorted(date.fromisoformat(day) for day in named if day != str(NO_DAY))


def policies(seen: Sequence[Seen], zone: tzinfo) -> list[Event]:
    """Returns when each policy was first judged by, in a time zone: by the clock of the machine that judged."""
    found: list[Event] = []
    for place, now in enumerate(seen):
        before = seen[place - 1] if place else None
        if before is None:
            words = f"Policy {now.version} was first seen."
        elif before.version == now.version:
            words = f"Policy {now.version} was edited: its rules or windows are others, its version is the same."
        else:
            words = f"Policy {now.version} took the place of {before.version}."
        found.append(Event("policy", now.at.astimezone(zone).replace(tzinfo=None), None, words, short=now.version))
    return found


def contracts(seen: Sequence[Known], zone: tzinfo) -> list[Event]:
    """Returns when the contract was another, and in what, in a time zone: by the clock of the machine that counted."""
    return [
        Event(
            "schema", now.at.astimezone(zone).replace(tzinfo=None), None,
            f"The contract was edited: {changes(before, now)}.", short="contract edited",
        )
        for before, now in pairwise(seen)
    ]  # fmt: skip
