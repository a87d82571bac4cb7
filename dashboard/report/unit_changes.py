"""Features whose unit seems to have changed, everywhere or in one group: what, by how much, since when, in a sentence.

The rollup says which features look unlike the reference in some week; only those are read from the log, once, from at
most `SAMPLE` of its rows, and looked at as a whole and in every group of attributes and features with few values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import log, store
from dashboard.contract import UNKNOWN_GROUP, Contract
from dashboard.metrics.histograms import Histogram
from dashboard.metrics.unit_change import Change, change, medians
from dashboard.metrics.units import probable, scales
from dashboard.report.drift import Days, reference_shapes, shapes
from dashboard.report.extent import extent
from dashboard.report.kept import kept
from dashboard.report.performance import Source
from dashboard.report.scope import Scope
from dashboard.rollup.rows import typed
from dashboard.settings import ModelPaths
from dashboard.sql import identifier
from dashboard.sql.cases import delivered, group

CODE = 1  # raised when the same rows would give another answer
SAMPLE = 400_000  # rows of the log that are looked at, chosen by their ids
FEATURES = 8  # looked at: those that look least like the reference
GROUPS = 12  # an attribute or a feature with more values is not looked at one by one
SUSPECT = 5.0  # standard errors between the cumulative shares of a week and of the reference
PLACES = ("site", "ward", "hospital", "clinic", "centre", "center", "unit", "branch", "country", "region", "station")
SAME_DAYS = 3
Medians = tuple[tuple[date, float], ...]


@dataclass(frozen=True)
class UnitChange:
    """A feature's values are, from `since` until before `until` (None: still), scale times what they were, and shift.

    `attribute` and `group` say where, None everywhere; `low` and `high` bound the scale, or the shift where the scale
    is 1; `now` and `before` are the units that this points to, "" where none does, `pair` what is between them. Every
    `every`-th row of the log was looked at; `medians` are those of the days, there. `effect` says what the model made
    of it.
    """

    feature: str
    attribute: str | None
    group: str | None
    since: date
    until: date | None
    scale: float
    shift: float
    low: float
    high: float
    n_before: int
    n_after: int
    misfit: float
    now: str = ""
    before: str = ""
    pair: float | None = None
    every: int = 1
    medians: Medians = ()
    effect: str = ""

    @property
    def where(self) -> str:
        """Returns the feature and where it changed.

        >>> at = date(2026, 5, 3)
        >>> UnitChange("lactate", "site", "C", at, None, 9.0, 0.0, 8.9, 9.1, 900, 300, 0.05).where
        'lactate at site C'
        """
        if self.attribute is None or self.group is None:
            return self.feature
        at = "at" if self.attribute.casefold() in PLACES else "with"
        return f"{self.feature} {at} {self.attribute.replace('_', ' ')} {self.group}"

    @property
    def when(self) -> str:
        """Returns since when, or from when to when."""
        if self.until is None:
            return f"since {_day(self.since)}"
        last = self.until - timedelta(days=1)
        return f"on {_day(self.since)}" if last == self.since else f"from {_day(self.since)} to {_day(last)}"

    @property
    def sentence(self) -> str:
        """Returns what seems to have happened; where the units' own factor is in the interval, with that.

        >>> at, counts, units = date(2026, 5, 3), (900, 300, 0.05), ("mg/dL", "mmol/L", 9.008)
        >>> UnitChange("lactate", "site", "C", at, None, 9.1, 0.0, 8.8, 9.3, *counts, *units).sentence
        'lactate at site C looks multiplied by 9.0 since 3 May: probably mg/dL instead of mmol/L.'
        """
        why = f": probably {self.now} instead of {self.before}" if self.now and not self.shift else ""
        return f"{self.short}{why}."

    @property
    def short(self) -> str:
        """Returns what the values look like, without the units that a factor points to and without a full stop."""
        if self.now and self.shift:
            return f"{self.where} looks like {self.now} instead of {self.before} {self.when}"
        scale = self.pair if self.pair and self.low <= self.pair <= self.high else self.scale
        what = f"multiplied by {figure(scale)}" if scale > 1 else f"divided by {figure(1 / scale)}"
        what = what if scale != 1 else f"shifted by {figure(self.shift)}"
        return f"{self.where} looks {what} {self.when}"


def figure(value: float) -> str:
    """Returns a factor or shift with two significant digits or more.

    >>> figure(9.03), figure(88.42), figure(1002.3), figure(-40.0)
    ('9.0', '88', '1,002', '-40')
    """
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}"


def _day(on: date) -> str:
    return f"{on.day} {on:%B}"


def unit_changes(paths: ModelPaths, source: Source, reference: Days | None) -> list[UnitChange]:
    """Returns the features whose unit seems to have changed after the reference window, largest first.

    Found once for each rollup and reference, and kept in a file beside the rollup.
    """
    suspects = _suspects(source, reference)[:FEATURES]
    if reference is None or not suspects:
        return []
    asked = [CODE, *map(str, reference), SAMPLE, suspects]
    return kept(
        source, paths, "units", asked, lambda: _found(paths, source, reference, suspects),
        lambda found: [asdict(one) for one in found], lambda held: [_parsed(one) for one in held],
    )  # fmt: skip


def not_looked_at(source: Source, reference: Days | None) -> list[str]:
    """Returns the suspects beyond the first FEATURES, of which the log was not read."""
    return _suspects(source, reference)[FEATURES:]


def _suspects(source: Source, reference: Days | None) -> list[str]:
    if reference is None:
        return []
    found: list[str] = source.snapshot.once(("unit suspects", reference), lambda: suspicious(source, reference))
    return found


def _found(paths: ModelPaths, source: Source, reference: Days, suspects: Sequence[str]) -> list[UnitChange]:
    taken = _read(paths, source, suspects)
    found = [one for name in suspects for one in _of_feature(source.contract, taken, name, reference)]
    return sorted(found, key=lambda one: (-one.n_after, one.feature, str(one.group)))


def _parsed(held: dict[str, Any]) -> UnitChange:
    since, until = (held[name] and date.fromisoformat(held[name]) for name in ("since", "until"))
    middles = tuple((date.fromisoformat(day), float(one)) for day, one in held["medians"])
    return UnitChange(**(held | {"since": since, "until": until, "medians": middles}))


def suspicious(source: Source, reference: Days) -> list[str]:
    """Returns the numeric features that look unlike the reference in some week after it, the least alike first.

    Looked at is every bin's edge: the cumulative shares there, and so the tails, which one small group moves first.
    """
    names = tuple(feature.name for feature in source.contract.features if feature.kind == "numeric")
    until = extent(source).last + timedelta(days=1)
    if not names or reference[1] >= until:
        return []
    before = reference_shapes(source, reference)
    found: dict[str, float] = {}
    for (_, _, name), now in shapes(source, Scope(reference[1], until, features=names, by="7")).items():
        then = before.get((None, None, name))
        if isinstance(now, Histogram) and isinstance(then, Histogram):
            found[name] = max(found.get(name, 0.0), furthest(then, now))
    return sorted((name for name, far in found.items() if far > SUSPECT), key=lambda name: -found[name])


def furthest(before: Histogram, now: Histogram) -> float:
    """Returns the largest gap of the cumulative shares at the bins' edges, in standard errors; tails are in it.

    >>> round(furthest(Histogram.of([90, 10], [0, 0]), Histogram.of([50, 50], [0, 0])), 1)
    6.2
    """
    n, m = before.present, now.present
    if not n or not m:
        return 0.0
    first, second = np.cumsum(before.counts)[:-1], np.cumsum(now.counts)[:-1]
    share = (first + second + 1) / (n + m + 2)  # never 0 or 1, so that a first value beyond all others counts
    return float(np.max(np.abs(first / n - second / m) / np.sqrt(share * (1 - share) * (1 / n + 1 / m)), initial=0.0))


@dataclass(frozen=True)
class Taken:
    """Rows of the log: day numbers, values by feature, and codes by place with the names that they stand for."""

    days: NDArray[np.int64]
    values: dict[str, NDArray[np.float64]]
    codes: dict[str, NDArray[np.int64]]
    names: dict[str, list[str]]
    every: int


def _read(paths: ModelPaths, source: Source, features: Sequence[str]) -> Taken:
    """Returns a sample of the rows that the rollup has counted, shadow versions left out."""
    contract, counted = source.contract, source.snapshot.batches()
    known = [record for record in log.read_records(paths.log) if record.batch in counted]
    last = extent(source).last
    files = [entry for entry in log.entries(paths.log, known, "predictions") if entry.day <= last]
    every = max(1, -(-sum(entry.rows for entry in files) // SAMPLE))
    places = _places(contract)
    with store.connect(temp_directory=paths.staging) as connection:
        columns = [f"{expression} AS p{k}" for k, expression in enumerate(places.values())]
        columns += [f"{identifier(f'x_{name}')}::DOUBLE AS f{k}" for k, name in enumerate(features)]
        connection.execute(
            f"CREATE TEMP TABLE taken AS SELECT day, {', '.join(columns)} "  # noqa: S608
            f"FROM {typed(connection, contract, files)} "
            "WHERE hash(id) % $every = 0 AND NOT list_contains($shadow::VARCHAR[], version)",
            {"every": every, "shadow": list(contract.shadow)},
        )
        names = {name: _names(connection, k) for k, name in enumerate(places)}
        few = {name: k for k, name in enumerate(places) if 1 < len(names[name]) <= GROUPS}
        asked = [f"list_position($p{k}, p{k}) AS p{k}" for k in few.values()] + [f"f{k}" for k in range(len(features))]
        found: dict[str, Any] = connection.execute(
            f"SELECT date_diff('day', DATE '1970-01-01', day) AS day, {', '.join(asked)} FROM taken",  # noqa: S608
            {f"p{k}": names[name] for name, k in few.items()},
        ).fetchnumpy()
    values = {name: np.ma.filled(found[f"f{k}"].astype(np.float64), np.nan) for k, name in enumerate(features)}
    codes = {name: np.ma.filled(found[f"p{k}"], 0).astype(np.int64) for name, k in few.items()}
    return Taken(np.asarray(found["day"], dtype=np.int64), values, codes, {name: names[name] for name in few}, every)


def _names(connection: Any, k: int) -> list[str]:
    """Returns the values of a place, one more than are looked at if there are more."""
    statement = f"SELECT DISTINCT p{k} FROM taken ORDER BY ALL LIMIT {GROUPS + 1}"  # noqa: S608
    return [str(name) for (name,) in connection.execute(statement).fetchall()]


def _places(contract: Contract) -> dict[str, str]:
    """Returns the expression of every attribute's group, and of categorical features that are no attribute's column."""
    columns = {attribute.column for attribute in contract.attributes}
    found = {attribute.name: group(attribute) for attribute in contract.attributes}
    for feature in contract.features:
        if feature.kind == "categorical" and feature.name not in columns:
            found.setdefault(feature.name, f"coalesce({identifier(f'x_{feature.name}')}, '{UNKNOWN_GROUP}')")
    return found


def _of_feature(contract: Contract, taken: Taken, name: str, reference: Days) -> list[UnitChange]:
    """Returns the changes of one feature: that of everybody, else those of groups, each told once."""
    values, days = taken.values[name], taken.days
    there = np.flatnonzero(np.isfinite(values))
    order = there[np.lexsort((values[there], days[there]))]
    days, values = days[order], values[order]
    since = (reference[1] - date(1970, 1, 1)).days
    others = scales(name, _unit(contract, name))
    whole = change(days, values, since, others)
    if whole:
        return [_told(contract, taken.every, name, (None, None), whole, _days(days, values))]
    own = {attribute.name for attribute in contract.attributes if delivered(attribute) == identifier(f"x_{name}")}
    found: list[UnitChange] = []
    for place, codes in taken.codes.items():
        for k, named in enumerate(taken.names[place], start=1):
            mine = codes[order] == k
            one = change(days[mine], values[mine], since, others) if place not in own else None
            if one:
                daily = _days(days[mine], values[mine])
                found.append(_told(contract, taken.every, name, (place, named), one, daily))
    return list(_once(found))


def _once(found: Sequence[UnitChange]) -> Iterator[UnitChange]:
    """Yields each change once: of groups that overlap, the one whose shape fits best; others of that attribute stay."""
    kept: list[UnitChange] = []
    for one in sorted(found, key=lambda one: (one.misfit, -one.n_after)):
        if not any(_same(one, other) and one.attribute != other.attribute for other in kept):
            kept.append(one)
            yield one


def _same(one: UnitChange, other: UnitChange) -> bool:
    return abs((one.since - other.since).days) <= SAME_DAYS and abs(one.scale / other.scale - 1) < 0.25


def _unit(contract: Contract, name: str) -> str:
    return next((feature.unit for feature in contract.features if feature.name == name), "")


def _days(days: NDArray[np.int64], values: NDArray[np.float64]) -> Medians:
    on, middles, _ = medians(days, values)
    return tuple(
        (date(1970, 1, 1) + timedelta(days=int(day)), float(one)) for day, one in zip(on, middles, strict=True)
    )


def _told(
    contract: Contract, every: int, name: str, where: tuple[str | None, str | None], found: Change, daily: Medians
) -> UnitChange:
    pair = None if found.shift else probable(name, _unit(contract, name), found.scale)
    now, before, factor = (*found.units, None) if found.units else pair or ("", "", None)
    since, until = (None if day is None else date(1970, 1, 1) + timedelta(days=day) for day in (found.start, found.end))
    assert since is not None
    return UnitChange(
        name, *where, since, until, found.scale, found.shift, found.low, found.high,
        found.n_before, found.n_after, found.misfit, now, before, factor, every, daily,
    )  # fmt: skip
