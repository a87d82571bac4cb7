"""Levels that stayed, of every input's values and of how good the model is: since when, what before, what now.

What an input's day is worth in one number is where its values lie among those of all days: the mean rank, which no unit
and no single value far out can move; of categories the share of each. How good it is ends where labels still come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.changes import ChangePoint, change_points
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.rates import Rate
from dashboard.report.anomaly_words import moment, percent, ratio
from dashboard.report.drift import shapes
from dashboard.report.events import Event, on
from dashboard.report.own import Shape
from dashboard.report.performance import Source, performance_readings
from dashboard.report.scope import Scope

Floats = NDArray[np.float64]
FEW = 5  # values of a day, below which it says nothing
PART = 0.02  # of the same: a part of a slow move
SMALLEST = 0.05  # of mean ranks or shares: a sixth of a standard deviation, 5 rows of 100
LISTED = 12  # categories of a feature, the most frequent
TOGETHER = 14  # days within which shares of one feature's categories change as one
NAMED = 4  # inputs that one sentence names
FAMILIAR = 56  # days, after which a category that never came is new
NEW = 0.005  # of the rows from its first day on: a rarer category is no news
WHOLE = 1e-3  # of a bin's mean, what rounding of its sum may do
CREEPS = 3  # levels in a row to the same side are one slow move


@dataclass(frozen=True)
class Step:
    """A level that stayed, between the changes before and after it: places among the days, and both levels."""

    start: int
    day: int
    stop: int
    before: float
    after: float
    category: str | None = None

    @property
    def rises(self) -> bool:
        return self.after > self.before


@dataclass(frozen=True)
class Moved:
    """What an input's level was and is, in words and numbers, since when; `until` where it moved little by little."""

    feature: str
    since: date
    until: date | None
    of: str
    before: float
    after: float
    was: str
    now: str
    size: float


def input_changes(source: Source, first: date, end: date) -> list[Event]:
    """Returns since when the values of which input have been others."""
    names = tuple(feature.name for feature in source.contract.features)
    if not names or (end - first).days <= 0:
        return []
    by: dict[str, dict[int, Shape]] = defaultdict(dict)
    for (bucket, _, feature), shape in shapes(source, Scope(first, end, by="day", features=names)).items():
        by[feature][((bucket or first) - first).days] = shape
    moved: dict[tuple[date, date | None], list[Moved]] = defaultdict(list)
    found: list[Event] = []
    for name, days in by.items():
        steps = _numbers(days, (end - first).days) if _numeric(days) else _shares(days, (end - first).days)
        for chain in _chains(steps):
            one = _moved(name, days, chain, first)
            moved[one.since, one.until].append(one)
        found += _new_values(name, days, first)
    return [*(_told(ones) for ones in moved.values()), *found]


def performance_changes(source: Source, first: date, until: date) -> list[Event]:
    """Returns since when the model has been better or worse; `until` is when labels end to be complete."""
    metric = "mean_absolute_error" if source.contract.task == "regression" else "accuracy"
    if (until - first).days <= 0:
        return []
    scope = Scope(first, until, by="day", kinds=("performance",), metrics=(metric,))
    days = (until - first).days
    values, hits, of = np.full(days, np.nan), np.zeros(days), np.zeros(days)
    for one in performance_readings(source, scope):
        place = (date.fromisoformat(str(one.since)) - first).days
        if one.value is not None and one.n >= FEW:
            values[place], hits[place], of[place] = one.value, one.numerator or 0, one.denominator or 0
    return [_good(metric, step, hits, of, first) for step in _steps(values)]


def _numeric(days: dict[int, Shape]) -> bool:
    return isinstance(next(iter(days.values())), Histogram)


def _numbers(days: dict[int, Shape], size: int) -> list[Step]:
    """Returns the steps of the mean rank."""
    counts = {day: shape.counts for day, shape in days.items() if isinstance(shape, Histogram)}
    pooled = np.sum(list(counts.values()), axis=0)
    ranks = (np.cumsum(pooled) - pooled / 2) / max(pooled.sum(), 1)
    level = np.full(size, np.nan)
    for day, of in counts.items():
        if of.sum() >= FEW:
            level[day] = of @ ranks / of.sum()
    return [step for step in _steps(level) if abs(step.after - step.before) >= PART]


def _shares(days: dict[int, Shape], size: int) -> list[Step]:
    """Returns the steps of the shares of categories, of those at one time the largest."""
    known = {day: shape for day, shape in days.items() if isinstance(shape, Categories)}
    total = sum(known.values(), Categories({}))
    n = np.zeros(size)
    for day, shape in known.items():
        n[day] = shape.n - shape.missing
    found: list[Step] = []
    for name in sorted(total.counts, key=lambda name: -total.counts[name])[:LISTED]:
        level = np.full(size, np.nan)
        for day, shape in known.items():
            if n[day] >= FEW:
                level[day] = shape.counts.get(name, 0) / n[day]
        share = total.counts[name] / max(n.sum(), 1)
        chance = float(np.sqrt(share * (1 - share) / max(np.median(n[n > 0]), 1)))
        found += [
            Step(one.start, one.day, one.stop, one.before, one.after, name)
            for one in _steps(level)
            if abs(one.after - one.before) >= max(PART, chance)
        ]
    return list(_largest(found))


def _largest(steps: Sequence[Step]) -> Iterator[Step]:
    taken: list[int] = []
    for step in sorted(steps, key=lambda step: -abs(step.after - step.before)):
        if all(abs(step.day - day) > TOGETHER for day in taken):
            taken.append(step.day)
            yield step


def _steps(level: Floats) -> list[Step]:
    """Returns the level shifts of a daily series, each up to the next."""
    if len(np.unique(level[~np.isnan(level)])) < 2:
        return []
    points: list[ChangePoint] = change_points(level)
    edges = [0, *(point.day for point in points), len(level)]
    return [Step(edges[k], one.day, edges[k + 2], one.before, one.after) for k, one in enumerate(points)]


def _chains(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yields steps one by one; many in a row to the same side, of numbers or of one category, together.

    What is too small altogether is left out.
    """
    ordered = sorted(steps, key=lambda step: (step.category or "", step.day))
    for _, same in groupby(ordered, key=lambda step: (step.category, step.rises)):
        chain = list(same)
        parts = [chain] if len(chain) >= CREEPS else [[step] for step in chain]
        yield from (part for part in parts if _size(part) >= SMALLEST)


def _size(chain: Sequence[Step]) -> float:
    return abs(chain[-1].after - chain[0].before)


def _moved(name: str, days: dict[int, Shape], chain: Sequence[Step], first: date) -> Moved:
    what, before, after = _in_words(days, chain[0], chain[-1])
    category = chain[0].category
    of, shown = (f"share of {name} = {category}", percent) if category is not None else (f"{what} of {name}", _shown)
    since, until = (first + timedelta(days=chain[place].day) for place in (0, -1))
    return Moved(
        name, since, until if len(chain) > 1 else None, of, before, after, shown(before), shown(after), _size(chain)
    )


def _told(ones: Sequence[Moved]) -> Event:
    """Returns the event of inputs that moved on one day, the furthest first."""
    ordered = sorted(ones, key=lambda one: -one.size)
    top, since = ordered[0], on(ordered[0].since)
    until = None if top.until is None else on(top.until)
    if until is not None:
        what = " and ".join(f"the {one.of} went from {one.was} to {one.now}" for one in ordered[:NAMED])
        words = f"From {moment(since)} to {moment(until)} {what}, little by little."
    elif len(ordered) == 1:
        words = f"Since {moment(since)} the {top.of} is {top.now}; before, {top.was}."
    else:
        named = [f"the {one.of} is {one.now} (before, {one.was})" for one in ordered[:NAMED]]
        more = [f"other inputs moved too ({len(ordered) - NAMED})"] if len(ordered) > NAMED else []
        listed = [*named, *more]
        words = f"Since {moment(since)} {', '.join(listed[:-1])} and {listed[-1]}."
    single = len(ordered) == 1
    short = f"{top.feature} → {top.now}" if single else f"{len(ordered)} inputs"
    feature, size = (top.feature if single else None), ratio(top.after, top.before)
    return Event("change", since, until, words, "input", feature, top.after, top.before, short, size)


def _new_values(name: str, days: dict[int, Shape], first: date) -> Iterator[Event]:
    """Yields the categories that never came in the first weeks and have come since, the frequent ones."""
    known = {day: shape for day, shape in sorted(days.items()) if isinstance(shape, Categories)}
    began: dict[str, int] = {}
    for day, shape in known.items():
        for category, n in shape.counts.items():
            if n:
                began.setdefault(category, day)
    for category, begin in began.items():
        if begin < FAMILIAR:
            continue
        since = [shape for day, shape in known.items() if day >= begin]
        n, of = sum(shape.counts.get(category, 0) for shape in since), sum(shape.n - shape.missing for shape in since)
        if n >= FEW * FEW and n / of >= NEW:
            at, share = on(first + timedelta(days=begin)), n / of
            new = f"{category} ({percent(share)} of its values)"
            words = f"Since {moment(at)} {name} has a value that never came before: {new}."
            yield Event("change", at, None, words, "input", name, share, 0.0, f"{name}: {category}", ratio(share, 0.0))


def _in_words(days: dict[int, Shape], first: Step, last: Step) -> tuple[str, float, float]:
    """Returns what a level is called, before and after: the median, or the mean where the median is the same."""
    if first.category is not None:
        then, now = (first.start, first.day), (last.day, last.stop)
        return "", _share(days, first.category, *then), _share(days, first.category, *now)
    sides = [
        sum((shape for day, shape in days.items() if start <= day < stop and isinstance(shape, Histogram)), _none(days))
        for start, stop in ((first.start, first.day), (last.day, last.stop))
    ]
    before, after = (_median(side) for side in sides)
    if _shown(before) != _shown(after):
        return "median", before, after
    return "mean", *(float(side.sums.sum() / side.present) for side in sides)  # type: ignore[return-value]


def _none(days: dict[int, Shape]) -> Histogram:
    shape = next(iter(days.values()))
    assert isinstance(shape, Histogram)
    return Histogram.of(np.zeros_like(shape.counts), np.zeros(len(shape.counts)))


def _share(days: dict[int, Shape], category: str, start: int, stop: int) -> float:
    """Returns a category's share of all values of some days."""
    sides = [shape for day, shape in days.items() if start <= day < stop and isinstance(shape, Categories)]
    hits, of = sum(one.counts.get(category, 0) for one in sides), sum(one.n - one.missing for one in sides)
    return hits / of if of else 0.0


def _median(side: Histogram) -> float:
    """Returns the median: the whole number that its bin stands for, else between the means of the bins around it, each
    at the middle of its ranks.

    >>> _median(Histogram.of([2, 2], [2.2, 6.2])), _median(Histogram.of([1, 3], [1.0, 9.0]))
    (2.1, 3.0)
    """
    held = side.counts > 0
    counts, means = side.counts[held], side.sums[held] / side.counts[held]
    middle = float(means[np.searchsorted(np.cumsum(counts), side.present / 2)])
    if abs(middle - round(middle)) < WHOLE:
        return float(round(middle))
    return float(np.interp(side.present / 2, np.cumsum(counts) - counts / 2, means))


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def _good(metric: str, step: Step, hits: Floats, of: Floats, first: date) -> Event:
    """Returns the event of a model that has become better or worse, a rate with its 95 % interval."""
    since = on(first + timedelta(days=step.day))
    if metric == "accuracy":
        sides = [
            Rate(float(hits[at].sum()), float(of[at].sum()))
            for at in (slice(step.start, step.day), slice(step.day, step.stop))
        ]
        before, after = (float(side.value or 0) for side in sides)
        shown = ["{:.3f} ({:.3f} to {:.3f})".format(side.value or 0, *side.interval()) for side in sides]
        name = "accuracy"
    else:
        before, after, name = step.before, step.after, "mean absolute error"
        shown = [_shown(before), _shown(after)]
    words = f"Since {moment(since)} the {name} is {shown[1]}; before, {shown[0]}."
    short = f"→ {shown[1].split(' (', 1)[0]}"
    return Event("change", since, None, words, "performance", None, after, before, short, ratio(after, before))
