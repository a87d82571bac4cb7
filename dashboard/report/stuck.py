"""Features that varied in the reference and have one value since, or had for days: a sensor that is stuck, a default.

The rollup says on which days all values are in one bin; what chance would bring less than once in a million times is
looked up in the log once, where only one and the same value counts. Categories the rollup knows by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from math import log as ln
from typing import Any

from dashboard import log, store
from dashboard.metrics.anomalies import UNLIKELY
from dashboard.report import anomaly_words as words
from dashboard.report.cells import rows
from dashboard.report.drift import Days
from dashboard.report.events import Event, Kind, on
from dashboard.report.kept import kept
from dashboard.report.performance import Source
from dashboard.rollup.rows import typed
from dashboard.settings import ModelPaths
from dashboard.sql import identifier

CODE = 1  # raised when the same rows would give another answer
LEAST = 30  # rows
Single = tuple[str, str, date, int, str | None, int, int]  # feature, kind, day, rows, place, there before, all before


@dataclass(frozen=True)
class Stuck:
    """A feature that has the same value in all `n` rows that have one, from `since` until before `until` (None: still).

    `unit` is the contract's.
    """

    feature: str
    value: str
    since: date
    until: date | None
    n: int
    unit: str = ""

    @property
    def sentence(self) -> str:
        """Returns it in words.

        >>> at = date(2026, 5, 3)
        >>> Stuck("heart_rate", "80", at, None, 1204, "bpm").sentence
        'heart_rate is 80 bpm in all 1,204 rows since 3 May; before, it varied.'
        >>> Stuck("heart_rate", "80", at, date(2026, 5, 10), 1204).sentence
        'heart_rate was 80 in all 1,204 rows from 3 to 9 May; before, it varied.'
        """
        value = f"{self.value} {self.unit}".strip()
        when = f"since {words.moment(on(self.since))}"
        if self.until is not None:
            when = words.span(on(self.since), on(self.until))
        is_ = "is" if self.until is None else "was"
        return f"{self.feature} {is_} {value} in all {self.n:,} rows {when}; before, it varied."

    @property
    def event(self) -> Event:
        """Returns it as an event."""
        until, short = on(self.until) if self.until else None, f"{self.feature} = {self.value}"
        kind: Kind = "change" if until is None else "anomaly"
        return Event(kind, on(self.since), until, self.sentence, "constant", self.feature, short=short, ratio=1000.0)


def stuck(paths: ModelPaths, source: Source, reference: Days | None) -> list[Stuck]:
    """Returns the features that are stuck, or were after the reference, in order; kept in a file beside the rollup."""
    if reference is None:
        return []
    return kept(
        source, paths, "stuck", [CODE, *map(str, reference)], lambda: _found(paths, source, reference),
        lambda found: [asdict(one) for one in found], lambda held: [_parsed(one) for one in held],
    )  # fmt: skip


def _parsed(held: dict[str, Any]) -> Stuck:
    until = held["until"] and date.fromisoformat(held["until"])
    return Stuck(**(held | {"since": date.fromisoformat(held["since"]), "until": until}))


def _found(paths: ModelPaths, source: Source, reference: Days) -> list[Stuck]:
    asked = {"since": reference[0], "until": reference[1], "shadow": list(source.contract.shadow)}
    units = {feature.name: feature.unit for feature in source.contract.features}
    singles: list[Single] = [tuple(row) for row in rows(source.snapshot, "single_days", asked)]
    runs = [run for run in _runs(singles) if run[0][0] in units]
    values = _values(paths, source, _days(runs))
    last = {feature: max(row[2] for row in group) for feature, group in groupby(singles, key=lambda row: row[0])}
    found = [
        replace(one, unit=units[one.feature], until=None if one.until and one.until > last[one.feature] else one.until)
        for run in runs
        for one in _of_one_value(run, values)
    ]
    return sorted(found, key=lambda one: (one.until is not None, one.since, one.feature))


def _runs(singles: Sequence[Single]) -> Iterator[list[Single]]:
    """Yields the runs of days of one feature that lie in one place, where chance would not bring them."""
    for (_, _, place), group in groupby(singles, key=lambda row: (row[0], row[1], row[4])):
        run = list(group)
        if place is not None and _unlikely(run):
            yield run


def _unlikely(run: Sequence[Single]) -> bool:
    n, (*_, there, before) = sum(row[3] for row in run), run[0]
    return n >= LEAST and n * ln((there + 0.5) / (before + 1)) < ln(UNLIKELY)


def _days(runs: Sequence[list[Single]]) -> dict[str, list[date]]:
    found: dict[str, list[date]] = defaultdict(list)
    for run in runs:
        for row in run:
            if row[1] == "numeric":
                found[row[0]].append(row[2])
    return found


def _of_one_value(run: list[Single], values: dict[tuple[str, date], str | None]) -> Iterator[Stuck]:
    """Yields the stretches of a run whose days have one and the same value; of a category that is all of it."""
    feature, kind = run[0][:2]
    for value, group in groupby(run, key=lambda row: row[4] if kind == "categorical" else values[feature, row[2]]):
        part = list(group)
        if value is not None and _unlikely(part):
            yield Stuck(feature, value, part[0][2], part[-1][2] + timedelta(days=1), sum(row[3] for row in part))


def _values(paths: ModelPaths, source: Source, wanted: dict[str, list[date]]) -> dict[tuple[str, date], str | None]:
    """Returns the one value of each feature on each day, None where there are two: one read of the log's days."""
    days = {day for of_feature in wanted.values() for day in of_feature}
    if not days:
        return {}
    counted = source.snapshot.batches()
    known = [record for record in log.read_records(paths.log) if record.batch in counted]
    files = [entry for entry in log.entries(paths.log, known, "predictions") if entry.day in days]
    names = list(wanted)
    ends = ", ".join(f"min({column}), max({column})" for column in (identifier(f"x_{name}") for name in names))
    with store.connect(temp_directory=paths.staging) as connection:
        found = connection.execute(
            f"SELECT day, {ends} FROM {typed(connection, source.contract, files)} "  # noqa: S608
            "WHERE NOT list_contains($shadow::VARCHAR[], version) GROUP BY day",
            {"shadow": list(source.contract.shadow)},
        ).fetchall()
    return {
        (name, day): f"{low:.10g}" if low is not None and low == high else None
        for day, *both in found
        for name, low, high in zip(names, both[::2], both[1::2], strict=True)
    }
