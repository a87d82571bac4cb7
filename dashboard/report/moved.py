"""What moved in each feature, in numbers that people know: mean, spread, a category's share, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.metrics import drift
from dashboard.metrics.areas import deviation
from dashboard.metrics.histograms import Categories, Histogram, unseen_categories
from dashboard.report.cells import ordered
from dashboard.report.drift import compared, reference_shapes, refusal, shapes
from dashboard.report.own import Shape
from dashboard.report.performance import Source
from dashboard.report.scope import Scope

MEAN, SPREAD, SHARE, NOTHING = "mean", "spread", "share", ""
WIDER = 0.1  # a spread that changed by less is not named before the mean


@dataclass(frozen=True)
class Moved:
    """What moved most in a feature between two windows.

    `what` is MEAN or SPREAD (a standard deviation) of a number, the SHARE of a `category`, or NOTHING where one of
    the windows has no value; `then` and `now` are its values. Missing are shares of all rows. `unseen` are categories
    that the reference does not have, the most frequent first.
    """

    feature: str
    what: str
    then: float | None
    now: float | None
    category: str | None
    missing_then: float | None
    missing_now: float | None
    n_then: int
    n_now: int
    unseen: tuple[str, ...] = ()


def moved(feature: str, then: Shape, now: Shape) -> Moved:
    """Returns what moved most in one feature.

    >>> found = moved("ward", Categories({"a": 40, "b": 60}), Categories({"a": 30, "b": 30, "c": 40}))
    >>> found.category, found.then, found.now, found.unseen
    ('c', 0.0, 0.4, ('c',))
    """
    lost, gone = (side.missing / side.n if side.n else None for side in (then, now))
    what, before, after, category = _most(then, now)
    unseen: tuple[str, ...] = ()
    if isinstance(then, Categories) and isinstance(now, Categories):
        unseen = unseen_categories(then, now)
    return Moved(feature, what, before, after, category, lost, gone, then.n, now.n, unseen)


def _most(then: Shape, now: Shape) -> tuple[str, float | None, float | None, str | None]:
    if isinstance(then, Histogram) and isinstance(now, Histogram) and then.present and now.present:
        means = [float(side.sums.sum()) / side.present for side in (then, now)]
        spreads = [deviation(side) for side in (then, now)]
        wider = abs(spreads[1] - spreads[0]) / spreads[0] if spreads[0] else 0.0
        further = abs(means[1] - means[0]) / spreads[0] if spreads[0] else 1.0
        what, pair = (SPREAD, spreads) if wider > max(further, WIDER) else (MEAN, means)
        return what, pair[0], pair[1], None
    if isinstance(then, Categories) and isinstance(now, Categories):
        totals = [sum(side.counts.values()) for side in (then, now)]
        if all(totals):
            shares = {
                name: (then.counts.get(name, 0) / totals[0], now.counts.get(name, 0) / totals[1])
                for name in (*then.counts, *now.counts)
            }
            category = max(shares, key=lambda name: abs(shares[name][1] - shares[name][0]))
            return SHARE, *shares[category], category
    return NOTHING, None, None, None


def facts(source: Source, scope: Scope) -> list[Moved]:
    """Returns what moved in each feature of the scope since the reference; nothing where these may not be compared."""
    if refusal(scope):
        return []
    found = ((key[2], now, beside) for key, now, beside in compared(source, scope))
    return [moved(feature, beside.reference, now) for feature, now, beside in found if beside is not None]


def trail(source: Source, scope: Scope) -> list[tuple[str, date, float | None]]:
    """Returns the PSI of every feature in every period of the scope, as (feature, first day, value): without intervals,
    for small pictures of many."""
    if scope.reference is None:
        return []
    before: dict[Any, Any] = reference_shapes(source, scope.reference)
    return [
        (feature, bucket or scope.since, drift.psi(before[None, None, feature], now).value)
        for (bucket, _, feature), now in ordered(shapes(source, scope))
        if (None, None, feature) in before
    ]
