"""What happened when, for the timeline: versions, changed columns, what is outside and on which days, sign-offs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from dashboard.charts.words import day, window
from dashboard.log import NO_DAY, Record
from dashboard.policy import Finding
from dashboard.ui import load, people

Row = tuple[object, object, str, str]


def events(model: str, findings: Sequence[Finding]) -> pd.DataFrame:
    """Returns what happened to a model: time, until (None for a moment), kind and text."""
    found = [(start, None, "version", version) for version, start in load.version_starts(model).items()]
    rows: list[Row] = [*found, *_changes(load.batches(model)), *_outside(findings), *_signed(model)]
    dated = [(pd.Timestamp(str(at)), pd.Timestamp(str(end)) if end else None, *what) for at, end, *what in rows]
    frame = pd.DataFrame(dated, columns=["time", "until", "kind", "text"])
    return frame.assign(until=pd.to_datetime(frame["until"]))


def log(model: str) -> tuple[date, date]:
    """Returns the first day of the log and the day after its last."""
    extent = load.held(model).extent
    return extent.first, extent.last + timedelta(days=1)


def words(happened: pd.DataFrame) -> str:
    """Returns the timeline in words."""
    rows = happened.sort_values("time").to_dict("records")
    return "; ".join(f"{row['text']}, {_when(row)}" for row in rows) or "Nothing happened."


def _when(row: dict[Any, Any]) -> str:
    moment = row["until"] is None or pd.isna(row["until"])
    return day(row["time"].date(), year=True) if moment else window(row["time"].date(), row["until"].date(), year=True)


def _changes(records: Sequence[Record]) -> list[Row]:
    """Returns deliveries that differ in their columns from all before: at the first day that they are about."""
    told: dict[str, set[str]] = {}
    found: list[Row] = []
    for record in records:
        first = record.kind not in told
        seen = told.setdefault(record.kind, set())
        days = sorted(str(file["day"]) for file in record.files if str(file.get("day") or NO_DAY) != str(NO_DAY))
        if not first and days and set(record.notes) - seen:
            found.append((days[0], None, "schema", "columns changed"))
        seen.update(record.notes)
    return found


def _outside(findings: Sequence[Finding]) -> list[Row]:
    counted = Counter((f.since, f.until, f.kind) for f in findings if f.state == "outside" and f.since)
    return [
        (since, until, "incident", f"{kind.capitalize()}: {n} outside") for (since, until, kind), n in counted.items()
    ]


def _signed(model: str) -> list[Row]:
    """Returns sign-offs at the days that they answer for."""
    return [
        (done.since, done.until, "sign-off", f"{people.DECIDED[done.decision].capitalize()} by {done.name}")
        for _, done in people.signed(model)
    ]
