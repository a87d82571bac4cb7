"""Studies of what is made from scores and labels: AUC, average precision, Brier score, log loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from math import ceil
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta, norm

from dashboard.metrics.losses import SCALE, brier_score, log_loss, mean
from dashboard.metrics.ranking import average_precision, roc_auc
from dashboard.rates import Measure
from tests.coverage.simulation import Draw, Point, Study

T = TypeVar("T", bound=np.generic)
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
SCORES = 1000  # different scores of a world, all equally frequent
DOMAIN = "at least 20 cases of the rarer label expected"


@dataclass(frozen=True)
class World:
    """Holds the scores of a world, ascending and equally frequent, and the chance of a positive label at each."""

    says: str
    scores: Floats
    chances: Floats

    @property
    def prevalence(self) -> float:
        return float(self.chances.mean())

    def size(self, rarer: int) -> int:
        """Returns how many cases expect so many of the rarer label."""
        return ceil(rarer / min(self.prevalence, 1 - self.prevalence))

    def draw(self, random: np.random.Generator, n: int, times: int) -> Iterator[tuple[Counts, Counts]]:
        """Yields the counts of positive and negative labels by score, of n cases each time."""
        for _ in range(times):
            at = random.integers(len(self.scores), size=n)
            positive = random.random(n) < self.chances[at]
            yield tuple(np.bincount(at[side], minlength=len(self.scores)) for side in (positive, ~positive))

    @property
    def auc(self) -> float:
        pos, neg = self.chances / self.chances.sum(), (1 - self.chances) / (1 - self.chances).sum()
        return float(pos @ (np.cumsum(neg) - neg / 2))

    @property
    def average_precision(self) -> float:
        positive, all_of_them = (self.merged(side)[::-1] for side in (self.chances, np.ones(len(self.scores))))
        return float(positive @ (np.cumsum(positive) / np.cumsum(all_of_them)) / positive.sum())

    def merged(self, by_score: NDArray[T]) -> NDArray[T]:
        """Returns sums over equal scores."""
        return np.add.reduceat(by_score, np.flatnonzero(np.diff(self.scores, prepend=-1)))

    def expected(self, of_positive: Floats, of_negative: Floats) -> float:
        """Returns the mean of a loss given by score and label."""
        return float((self.chances * of_positive + (1 - self.chances) * of_negative).mean())


@cache
def binormal(auc: float, prevalence: float, spread: float = 1.0) -> World:
    """Returns normal scores, those of positives `spread` times as wide."""
    apart = float(norm.ppf(auc)) * float(np.hypot(1, spread))
    fine = np.linspace(-8, 8 + apart + 6 * spread, 200_001)
    pos, neg = norm.cdf(fine, apart, spread), norm.cdf(fine)
    cuts = np.interp(np.linspace(0, 1, SCORES + 1)[1:-1], prevalence * pos + (1 - prevalence) * neg, fine)
    positive, negative = (
        np.diff(cdf, prepend=0, append=1) * weight
        for cdf, weight in ((norm.cdf(cuts, apart, spread), prevalence), (norm.cdf(cuts), 1 - prevalence))
    )
    wide = f", positives spread {spread:g} times as wide" if spread != 1 else ""
    chances = positive / (positive + negative)
    return World(f"binormal scores, AUC {auc:g}, prevalence {prevalence:g}{wide}", np.arange(SCORES) / SCORES, chances)


@cache
def betas(a: float, b: float, sureness: float = 1.0) -> World:
    """Returns Beta scores; the chance is the score itself, or further from the middle than it should be."""
    chances = beta.ppf((np.arange(SCORES) + 0.5) / SCORES, a, b)
    chances = np.clip(chances, 1e-12, 1 - 1e-12)
    said = {1.0: "calibrated", 2.0: "overconfident (log odds twice too large)", 0.5: "underconfident"}[sureness]
    return World(f"Beta({a:g}, {b:g}) chances, {said}", expit(sureness * logit(chances)), chances)


@cache
def few_scores() -> World:
    """Returns a world of five scores only."""
    scores, chances = ([0.1, 0.2, 0.4, 0.6, 0.9], [0.02, 0.1, 0.2, 0.5, 0.7])
    return World("five scores", np.repeat(scores, SCORES // 5), np.repeat(chances, SCORES // 5))


RANKED = (
    binormal(0.97, 0.01), binormal(0.85, 0.01), binormal(0.85, 0.02, 2), binormal(0.7, 0.5), binormal(0.97, 0.3),
    binormal(0.55, 0.1), binormal(0.7, 0.1), binormal(0.94, 0.1), binormal(0.99, 0.1), binormal(0.97, 0.1, 1.5),
    binormal(0.97, 0.02, 2), binormal(0.85, 0.1, 0.5), betas(0.5, 4.5), betas(0.2, 0.2), betas(2, 2), few_scores(),
)  # fmt: skip
WIDE = (binormal(0.97, 0.02, 3),)  # few positives, among them many that score far too low
JUDGED = (
    betas(0.5, 0.5, 2), betas(0.05, 0.95, 2), betas(2, 2), betas(0.5, 4.5), betas(0.2, 1.8, 2), betas(0.5, 0.5),
    betas(0.2, 9.8), betas(0.02, 0.98), betas(1, 19, 0.5), betas(0.02, 0.98, 2), betas(2, 2, 2),
)  # fmt: skip


def points(
    worlds: tuple[World, ...], truth: Callable[[World], float], measure: Callable[[World, Counts, Counts], Measure]
) -> tuple[Point, ...]:
    """Returns the points of these worlds with 20, 100 and 500 cases of the rarer label, and unclaimed with 10."""

    def drawn(world: World, n: int) -> Draw:
        def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
            for positive, negative in world.draw(random, n, times):
                yield measure(world, positive, negative)

        return draw

    found = []
    for rarer, chosen in ((20, worlds), (100, worlds[:6]), (500, worlds[2:4]), (10, worlds[:6])):
        for world in chosen:
            n = world.size(rarer)
            if n <= 5000:
                says = f"{n:,} cases, {world.says}"
                found.append(Point(says, truth(world), drawn(world, n), claimed=rarer >= 20))
    return tuple(found)


def _ranked(function: Callable[..., Measure], world: World, positive: Counts, negative: Counts) -> Measure:
    return function(world.merged(positive), world.merged(negative), exact=True)


def _loss_study(
    name: str, function: Callable[[int, int, int], Measure], losses: Callable[[Floats], tuple[Floats, Floats]]
) -> Study:
    def measured(of: Callable[[int, int, int], Measure], world: World, positive: Counts, negative: Counts) -> Measure:
        found, missed = losses(world.scores)
        total, squares = (float(positive @ found**k + negative @ missed**k) for k in (1, 2))
        return of(round(total * SCALE), round(squares * SCALE), int(positive.sum() + negative.sum()))

    def truth(world: World) -> float:
        return world.expected(*losses(world.scores))

    plain = (
        replace(point, says=f"{point.says}; by Student's t on the plain scale, not used", claimed=False)
        for point in points(JUDGED[:2], truth, partial(measured, mean))[:2]
    )
    return Study(name, DOMAIN, (*points(JUDGED, truth, partial(measured, function)), *plain))


def studies() -> Iterator[Study]:
    """Yields the studies of this module."""
    for name, function, truth in (
        ("roc_auc", roc_auc, lambda world: world.auc),
        ("average_precision", average_precision, lambda world: world.average_precision),
    ):
        known, wide = (points(worlds, truth, partial(_ranked, function)) for worlds in (RANKED, WIDE))
        yield Study(name, DOMAIN, (*known, *wide[:2]))
    yield _loss_study("brier_score", brier_score, lambda score: ((1 - score) ** 2, score**2))
    yield _loss_study("log_loss", log_loss, lambda score: (-np.log(score), -np.log1p(-score)))
