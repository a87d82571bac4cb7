"""Studies of averages over several classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import ceil

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics import multiclass
from dashboard.metrics.multiclass import Matrix
from dashboard.metrics.ranking import roc_auc
from dashboard.rates import Estimate
from tests.coverage.simulation import Draw, Point, Study

Floats = NDArray[np.float64]
DOMAIN = "at least 20 cases of the rarest class expected"


def _confused(prevalences: tuple[float, ...], right: tuple[float, ...]) -> Floats:
    """Returns shares by label and decision; who is wrong decides for the other classes by their prevalence."""
    p, r = np.array(prevalences), np.array(right)
    wrong = np.where(np.eye(len(p), dtype=bool), 0.0, p[None, :])
    table: Floats = p[:, None] * (np.diag(r) + (1 - r)[:, None] * wrong / wrong.sum(axis=1, keepdims=True))
    return table


MODELS = {
    "3 classes of 2, 28 and 70 %, recall 0.3, 0.6, 0.9": _confused((0.02, 0.28, 0.7), (0.3, 0.6, 0.9)),
    "3 even classes, recall 0.95": _confused((1 / 3,) * 3, (0.95,) * 3),
    "4 classes of 5 to 60 %, no better than chance": np.outer((0.05, 0.1, 0.25, 0.6), (0.05, 0.1, 0.25, 0.6)),
    "6 classes of 5 to 40 %, recall 0.5 to 0.9": _confused(
        (0.05, 0.08, 0.12, 0.15, 0.2, 0.4), (0.5, 0.6, 0.7, 0.8, 0.9, 0.9)
    ),
    "3 classes of 2, 2 and 96 %, recall 0.98, 0.6, 0.99": _confused((0.02, 0.02, 0.96), (0.98, 0.6, 0.99)),
    "3 classes of 2, 28 and 70 %, recall 0.95, 0.98, 0.99": _confused((0.02, 0.28, 0.7), (0.95, 0.98, 0.99)),
}


def _f1(table: Floats) -> Floats:
    found: Floats = 2 * np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))
    return found


def _correlation(table: Floats) -> float:
    labels, decisions = table.sum(axis=1), table.sum(axis=0)
    above = np.trace(table) - labels @ decisions
    return float(above / np.sqrt((1 - labels @ labels) * (1 - decisions @ decisions)))


TRUTHS: dict[str, Callable[[Floats], float]] = {
    "balanced_accuracy": lambda table: float(np.mean(np.diag(table) / table.sum(axis=1))),
    "true_positive_rate_weighted": lambda table: float(np.trace(table)),
    "precision_macro": lambda table: float(np.mean(np.diag(table) / table.sum(axis=0))),
    "precision_weighted": lambda table: float(table.sum(axis=1) @ (np.diag(table) / table.sum(axis=0))),
    "f1_macro": lambda table: float(_f1(table).mean()),
    "f1_weighted": lambda table: float(table.sum(axis=1) @ _f1(table)),
    "matthews_correlation": _correlation,
}


def _draw(table: Floats, n: int, measure: Callable[[Matrix], Estimate]) -> Draw:
    names = tuple("abcdef"[: len(table)])

    def draw(random: np.random.Generator, times: int) -> Iterator[Estimate]:
        for counts in random.multinomial(n, table.ravel(), times):
            yield measure(Matrix.of(names, counts.reshape(table.shape)))

    return draw


def _areas(n: int, prevalences: tuple[float, ...], apart: float) -> Draw:
    """Draws three normal scores a case, that of its own class higher; an area for each class."""

    def draw(random: np.random.Generator, times: int) -> Iterator[Estimate]:
        for _ in range(times):
            label = random.choice(3, size=n, p=prevalences)
            scores = random.normal(size=(n, 3)) + apart * np.eye(3)[label]
            places = np.clip(((scores + 4) * 40).astype(int), 0, 399)
            found = {}
            for k, name in enumerate("abc"):
                pos, neg = (np.bincount(places[side, k], minlength=400) for side in (label == k, label != k))
                found[name] = roc_auc(pos, neg, exact=True)
            yield multiclass.roc_auc_macro(found)

    return draw


def studies() -> Iterator[Study]:
    """Yields the studies of this module."""
    for name, truth in TRUTHS.items():
        points = []
        for rarest, (says, table) in [*product((20,), MODELS.items()), *product((100, 10), [*MODELS.items()][:2])]:
            n = ceil(rarest / table.sum(axis=1).min() - 1e-9)
            draw = _draw(table, n, multiclass.AVERAGES[name])
            points.append(Point(f"{n:,} cases, {says}", truth(table), draw, claimed=rarest >= 20))
        same = name in ("balanced_accuracy", "matthews_correlation")  # there is one of two classes, too
        yield Study(f"{name}, several classes" if same else name, DOMAIN, tuple(points))
    from scipy.stats import norm

    yield Study("roc_auc_macro", DOMAIN, tuple(
        Point(f"{n:,} cases, 3 classes of {says}, scores {apart:g} apart", float(norm.cdf(apart / np.sqrt(2))),
              _areas(n, prevalences, apart))
        for n, says, prevalences in ((200, "10, 20 and 70 %", (0.1, 0.2, 0.7)), (60, "33 %", (1 / 3, 1 / 3, 1 / 3)))
        for apart in (0.5, 1.5, 3)
    ))  # fmt: skip
