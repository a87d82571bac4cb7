"""The coverage of all other intervals: samples drawn from worlds whose truth is known, and how often it lies inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from zlib import crc32

import numpy as np

from dashboard.rates import Measure

BLOCK = 200
Draw = Callable[[np.random.Generator, int], Iterable[Measure]]


@dataclass(frozen=True)
class Point:
    """Says what is drawn, what is true there, and whether the figure is claimed for it (`claimed`)."""

    says: str
    truth: float
    draw: Draw
    claimed: bool = True


@dataclass(frozen=True)
class Study:
    """Names what is measured and the domain for which its figure is claimed."""

    name: str
    domain: str
    points: tuple[Point, ...]

    def in_short(self, points: int) -> Study:
        """Returns the study with so many of its claimed points, those given first."""
        return Study(self.name, self.domain, tuple(point for point in self.points if point.claimed)[:points])


@dataclass(frozen=True)
class Found:
    """Holds how often the intervals of one point contained the truth, or lay entirely below or above it."""

    point: Point
    inside: int
    below: int
    above: int
    undefined: int
    method: str

    @property
    def drawn(self) -> int:
        return self.inside + self.below + self.above

    @property
    def coverage(self) -> float:
        return self.inside / self.drawn

    @property
    def error(self) -> float:
        """The standard error of the coverage."""
        return float(np.sqrt(self.coverage * (1 - self.coverage) / self.drawn))


def coverage(study: Study, replications: int) -> list[Found]:
    """Returns what each point of a study shows; the seed is made of its words, so that every run draws the same."""
    return [_of_point(point, replications, crc32(f"{study.name}: {point.says}".encode())) for point in study.points]


def _of_point(point: Point, replications: int, seed: int) -> Found:
    random = np.random.default_rng(seed)
    sides, methods = Counter[str](), Counter[str]()
    for start in range(0, replications, BLOCK):
        for measure in point.draw(random, min(BLOCK, replications - start)):
            sides[_side(measure, point.truth)] += 1
            methods[measure.method] += 1
    method = " or ".join(sorted(name for name, times in methods.items() if times >= replications / 100))
    return Found(point, sides["inside"], sides["below"], sides["above"], sides["undefined"], method)


def _side(measure: Measure, truth: float) -> str:
    """Returns where the interval lies: it has to contain the truth up to the last digits of a float."""
    if measure.value is None:
        return "undefined"
    low, high = measure.interval()
    slack = 1e-12 * (1 + abs(truth))
    if (inf if high is None else high) < truth - slack:
        return "below"
    return "above" if (-inf if low is None else low) > truth + slack else "inside"
