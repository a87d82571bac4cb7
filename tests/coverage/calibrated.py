"""Studies of calibration: the gap between what happened and what was said, over all cases and by bin of the score."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import entr

from dashboard.metrics import calibration
from dashboard.metrics.losses import SCALE
from dashboard.metrics.reliability import Reliability, reliability
from dashboard.rates import Measure
from tests.coverage.scored import DOMAIN, JUDGED, SCORES, Counts, Floats, World, betas, points
from tests.coverage.simulation import Draw, Point, Study


def _curve_study(
    name: str, measure: Callable[[Reliability], Measure], truth: Callable[[Reliability, Floats], float]
) -> Study:
    """Returns a study of a reliability curve: the same scores each time, for they are taken as given; other labels."""

    def drawn(scores: Floats, chances: Floats) -> Draw:
        def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
            for label in random.random((times, len(scores))) < chances:
                yield measure(reliability(label, ~label, scores))

        return draw

    found = []
    for rarer in (20, 200):
        for world in (betas(2, 2), *JUDGED[:2], betas(2, 2, 2), betas(0.5, 4.5, 0.5)):
            n = world.size(rarer)
            if n <= 5000:
                at = ((np.arange(n) + 0.5) / n * SCORES).astype(int)
                scores, chances = world.scores[at], world.chances[at]
                curve = reliability(np.ones(n), np.zeros(n), scores)
                expected = np.add.reduceat(chances, np.cumsum(curve.n) - curve.n) / curve.n
                says = f"{n:,} cases, {world.says}"
                found.append(Point(says, truth(curve, expected), drawn(scores, chances)))
    return Study(name, f"{DOMAIN}; 10 bins", tuple(found))


def _gap_study() -> Study:
    def measure(world: World, positive: Counts, negative: Counts) -> Measure:
        scores = float((positive + negative) @ world.scores)
        squares = float(positive @ (1 - world.scores) ** 2 + negative @ world.scores**2)
        happened, n = int(positive.sum()), int(positive.sum() + negative.sum())
        return calibration.calibration_error(happened, round(scores * SCALE), round(squares * SCALE), n)

    return Study(
        "calibration_error", DOMAIN, points(JUDGED, lambda world: float((world.chances - world.scores).mean()), measure)
    )


def _entropy_study() -> Study:
    def bits(world: World) -> Floats:
        found: Floats = (entr(world.scores) + entr(1 - world.scores)) / np.log(2)
        return found

    def measure(world: World, positive: Counts, negative: Counts) -> Measure:
        counts, each = positive + negative, bits(world)
        total, squares = (round(float(counts @ each**k) * SCALE) for k in (1, 2))
        return calibration.mean_entropy(total, squares, int(counts.sum()))

    return Study("mean_entropy", DOMAIN, points(JUDGED, lambda world: float(bits(world).mean()), measure))


def studies() -> Iterator[Study]:
    """Yields the studies of this module."""
    yield _gap_study()
    yield _curve_study(
        "expected_calibration_error", calibration.expected_calibration_error,
        lambda curve, expected: float(curve.share @ np.abs(expected - curve.scores)),
    )  # fmt: skip
    yield _curve_study(
        "maximum_calibration_error", calibration.maximum_calibration_error,
        lambda curve, expected: float(np.abs(expected - curve.scores).max()),
    )  # fmt: skip
    yield _curve_study(
        "brier_reliability", calibration.brier_reliability,
        lambda curve, expected: float(curve.share @ (expected - curve.scores) ** 2),
    )  # fmt: skip
    yield _curve_study(
        "brier_resolution", calibration.brier_resolution,
        lambda curve, expected: float(curve.share @ (expected - curve.share @ expected) ** 2),
    )  # fmt: skip
    yield _entropy_study()
