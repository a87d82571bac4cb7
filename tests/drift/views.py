"""Worlds whose drift is known, windows drawn from them as counts by bin, and what the library says of each view.

A view is 50 features in a reference and in the window after it. Every feature is a normal number cut into bins: 40
numeric ones into 64 fine bins, four of them with a tenth missing; 10 categorical ones into few categories, some
rare. What is judged is made by `dashboard.metrics.drift` and `dashboard.policy.verdicts`, from counts drawn for whole
windows, so that 100,000 rows cost as much as 100.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from dashboard.metrics import drift
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.policy import Finding, Judged, Policy, Rule, Window, WindowPlan, check
from dashboard.policy.verdicts import common_level, computable, position
from dashboard.rates import Measure

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
View = list[tuple[Histogram, ...] | tuple[Categories, ...]]  # of each feature its windows, the current one last
FEATURES, NUMERIC, GAPPY, FINE = 50, 40, 4, 64
CATEGORIES = (0.55, 0.25, 0.12, 0.05, 0.025, 0.005)
DAYS, EARLIER = 7, 8  # days of a window, windows of a whole reference
PLANS = {1: WindowPlan(current=Window(date(2026, 3, 1), date(2026, 3, 8))), 52: WindowPlan()}
CONTEXT = {"since": date(2026, 3, 1), "until": date(2026, 3, 8)}


@dataclass(frozen=True)
class World:
    """Holds what is true: the rows of a window, by how much its first feature is shifted, how much days differ.

    `shift` and `days` are in standard deviations of the feature. A day's mean follows its last by `rho`. The first
    feature is numeric and lacks no value; in the current window it alone is shifted, or `every` one is. The reference
    is so many `earlier` windows.
    """

    rows: int
    shift: float = 0.0
    days: float = 0.0
    rho: float = 0.5
    every: bool = False
    earlier: int = EARLIER

    def views(self, number: int) -> Iterator[View]:
        """Yields views, always the same ones: of each feature the earlier windows, oldest first, then the current."""
        generator = np.random.default_rng(zlib.crc32(repr(self).encode()))
        for _ in range(number):
            means = self._means(generator)
            means[slice(None) if self.every else 0, -1] += self.shift
            yield [_drawn(generator, feature, means[feature], self.rows) for feature in range(FEATURES)]

    def _means(self, generator: np.random.Generator) -> Floats:
        """Returns every day's mean, shape (features, windows, days)."""
        if not self.days:
            return np.zeros((FEATURES, self.earlier + 1, 1))
        noise = generator.normal(size=(FEATURES, (self.earlier + 1) * DAYS))
        means = noise.copy()
        for day in range(1, means.shape[1]):
            means[:, day] = self.rho * means[:, day - 1] + np.sqrt(1 - self.rho**2) * noise[:, day]
        return self.days * means.reshape(FEATURES, self.earlier + 1, DAYS)


@cache
def _edges(feature: int) -> Floats:
    if feature < NUMERIC:
        edges: Floats = ndtri(np.arange(1, FINE) / FINE)
        return edges
    shares = CATEGORIES[: 2 + feature % (len(CATEGORIES) - 1)]
    cuts: Floats = ndtri(np.cumsum(shares)[:-1] / np.sum(shares))
    return cuts


def _drawn(
    generator: np.random.Generator, feature: int, means: Floats, rows: int
) -> tuple[Histogram, ...] | tuple[Categories, ...]:
    """Returns a feature's counts in every window; `means` has the shape (windows, days), rows spread evenly on days."""
    below = ndtr(_edges(feature) - means[..., np.newaxis]).mean(axis=1)
    shares = np.diff(below, axis=1, prepend=0.0, append=1.0)
    lost = generator.binomial(rows, 0.1, len(shares)) if NUMERIC - GAPPY <= feature < NUMERIC else np.zeros(len(shares))
    counts = generator.multinomial((rows - lost).astype(int), shares)
    if feature < NUMERIC:
        return tuple(Histogram(row, np.zeros(FINE), int(gone)) for row, gone in zip(counts, lost, strict=True))
    return tuple(Categories({str(i): int(n) for i, n in enumerate(row) if n}) for row in counts)


@dataclass(frozen=True)
class Judging:
    """Holds how a view is judged: what is allowed, looks a year, whether it is held against earlier windows."""

    most: float
    looks: int = 1
    held: bool = True

    @property
    def policy(self) -> Policy:
        """Returns the policy that judges so."""
        return Policy("1", (Rule("psi", (None, self.most), feature="*"),), windows=PLANS[self.looks])


def outside(world: World, views: int, *judgings: Judging) -> dict[Judging, Truths]:
    """Returns which features of a world's views are outside, shape (views, features), for each way of judging."""
    found: dict[Judging, list[list[bool]]] = {judging: [] for judging in judgings}
    for view in world.views(views):
        measures = {held: measures_of(view, held) for held in {judging.held for judging in judgings}}
        for judging, rows in found.items():
            rows.append(judged(judging, measures[judging.held]))
    return {judging: np.array(rows) for judging, rows in found.items()}


def judged(judging: Judging, measures: Sequence[Measure]) -> list[bool]:
    """Returns which features of one view are outside: as `checked` says, without its sentences."""
    allowed, alpha = judging.policy.rules[0].allowed, judging.policy.windows.alpha("drift")
    family = {i: [(one, allowed)] for i, one in enumerate(measures) if computable(one, judging.policy.minimum_n)}
    level = common_level(family, alpha)
    return [i in family and position(one.interval(level), allowed) == "outside" for i, one in enumerate(measures)]


def checked(policy: Policy, measures: Sequence[Measure]) -> list[Finding]:
    """Returns what `check` says of the features of one view."""
    rule = policy.rules[0]
    return check(policy, [Judged(rule, CONTEXT | {"feature": _name(i)}, one) for i, one in enumerate(measures)])


def measures_of(view: View, held: bool) -> list[Measure]:
    """Returns every feature's index, `held` against the earlier windows or not."""
    return [drift.psi(_added(shapes[:-1]), shapes[-1], shapes[:-1] if held else ()) for shapes in view]


def _name(feature: int) -> str:
    return f"{feature:02}"


def _added(shapes: Sequence[Any]) -> Any:
    """Returns the reference that the earlier windows add up to."""
    if isinstance(shapes[0], Categories):
        names = dict.fromkeys(name for shape in shapes for name in shape.counts)
        return Categories({name: sum(shape.counts.get(name, 0) for shape in shapes) for name in names})
    return Histogram(np.sum([s.counts for s in shapes], axis=0), shapes[0].sums, sum(s.missing for s in shapes))
