"""Studies of what is made from counts of label and decision: F1, balanced accuracy, MCC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.balance import balanced_accuracy, matthews_correlation
from dashboard.metrics.performance import Confusion, f1
from dashboard.rates import Measure
from tests.coverage.simulation import Draw, Point, Study

Floats = NDArray[np.float64]
DOMAIN = "at least 20 cases of the rarer label expected"
# prevalence, true positive rate, false positive rate: good, poor, no better than chance, careful, hasty
MODELS = (
    (0.02, 0.8, 0.05), (0.3, 0.6, 0.2), (0.1, 0.5, 0.02), (0.5, 0.9, 0.1), (0.5, 0.5, 0.5), (0.02, 0.3, 0.3),
    (0.1, 0.95, 0.3), (0.5, 0.99, 0.01), (0.3, 0.99, 0.4), (0.02, 0.2, 0.002), (0.8, 0.95, 0.5),
)  # fmt: skip


def shares(prevalence: float, hit: float, alarm: float) -> Floats:
    """Returns the probability of each label (rows) and decision."""
    rows = ((1 - prevalence) * (1 - alarm), (1 - prevalence) * alarm), (prevalence * (1 - hit), prevalence * hit)
    return np.array(rows)


def true_f1(share: Floats) -> float:
    return float(2 * share[1, 1] / (2 * share[1, 1] + share[0, 1] + share[1, 0]))


def true_balance(share: Floats) -> float:
    return float(np.mean(np.diag(share) / share.sum(axis=1)))


def true_correlation(share: Floats) -> float:
    (tn, fp), (fn, tp) = share
    return float((tp * tn - fp * fn) / sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def _draw(share: Floats, n: int, measure: Callable[[Confusion], Measure]) -> Draw:
    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        for counts in random.multinomial(n, share.ravel(), times):
            yield measure(Confusion.of(counts.reshape(2, 2)))

    return draw


def _study(name: str, measure: Callable[[Confusion], Measure], truth: Callable[[Floats], float]) -> Study:
    points = []
    for rarer, (prevalence, hit, alarm) in product((20, 100, 10), MODELS):
        share = shares(prevalence, hit, alarm)
        n = ceil(rarer / min(prevalence, 1 - prevalence))
        says = f"{n:,} cases, prevalence {prevalence:g}, true positive rate {hit:g}, false positive rate {alarm:g}"
        points.append(Point(says, truth(share), _draw(share, n, measure), claimed=rarer >= 20))
    return Study(name, DOMAIN, tuple(points))


def studies() -> Iterator[Study]:
    """Yields the studies of this module."""
    yield _study("f1", f1, true_f1)
    yield _study("balanced_accuracy", balanced_accuracy, true_balance)
    yield _study("matthews_correlation", matthews_correlation, true_correlation)
