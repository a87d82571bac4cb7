"""Studies of what is made from a predicted number: MAE, RMSE, bias, R2, MAPE, tolerance, median absolute error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from dashboard.metrics import errors
from dashboard.metrics.losses import SCALE, mean_absolute_error, mean_error, root_mean_squared_error
from dashboard.rates import Measure
from tests.coverage.simulation import Draw, Point, Study

Floats = NDArray[np.float64]
Sample = Callable[[np.random.Generator, tuple[int, int]], Floats]


@dataclass(frozen=True)
class Errors:
    """Says how errors are drawn, and their true means of |e|, of e^2 and of e, and the median of |e|."""

    says: str
    sample: Sample
    size: float
    square: float
    mean: float
    median: float


NORMAL = Errors(
    "normal errors", lambda random, shape: random.normal(size=shape), sqrt(2 / pi), 1, 0, 0.6744897501960817
)
LAPLACE = Errors("Laplace errors", lambda random, shape: random.laplace(size=shape), 1, 2, 0, log(2))
SKEWED = Errors(
    "lognormal errors, always above", lambda random, shape: random.lognormal(size=shape), exp(0.5), exp(2), exp(0.5), 1
)
STUDENT = Errors(
    "Student errors, 5 degrees of freedom", lambda random, shape: random.standard_t(5, size=shape),
    8 / (3 * pi * sqrt(5)) * 5 / 2, 5 / 3, 0, 0.7266868438004226,
)  # fmt: skip


def _fixed(values: Floats) -> list[int]:
    return [round(total) for total in (values.sum(axis=1) * SCALE).tolist()]


def of_size(e: Floats) -> Iterator[Measure]:
    """Yields the mean absolute error of every row of errors."""
    for total, squares in zip(_fixed(np.abs(e)), _fixed(e**2), strict=True):
        yield mean_absolute_error(total, squares, e.shape[1])


def of_square(e: Floats) -> Iterator[Measure]:
    """Yields the root mean squared error of every row of errors."""
    for squares, fourths in zip(_fixed(e**2), _fixed(e**4), strict=True):
        yield root_mean_squared_error(squares, fourths, e.shape[1])


def _of_mean(e: Floats) -> Iterator[Measure]:
    for total, squares in zip(_fixed(e), _fixed(e**2), strict=True):
        yield mean_error(total, squares, e.shape[1])


def _of_median(e: Floats) -> Iterator[Measure]:
    edges = np.array(errors.edges())
    for row in np.searchsorted(edges, np.abs(e), side="right"):
        yield errors.median_absolute_error(np.bincount(row, minlength=len(edges) + 1))


def _drawn(kind: Errors, n: int, measures: Callable[[Floats], Iterator[Measure]]) -> Draw:
    return lambda random, times: measures(kind.sample(random, (times, n)))


def _study(
    name: str, domain: str, measures: Callable[[Floats], Iterator[Measure]], truth: Callable[[Errors], float],
    claimed: tuple[tuple[Errors, int], ...], beyond: tuple[tuple[Errors, int], ...] = (),
) -> Study:  # fmt: skip
    points = [
        Point(f"{n:,} cases, {kind.says}", truth(kind), _drawn(kind, n, measures), claimed=where is claimed)
        for where in (claimed, beyond)
        for kind, n in where
    ]
    return Study(name, domain, tuple(points))


def _linear(n: int, explained: float, sample: Sample, spread: float) -> Draw:
    """Draws labels = a value known to the model + errors, so that R2 is `explained`; the model says that value."""
    scale = sqrt((1 - explained) / explained) / sqrt(spread)

    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        values = random.normal(size=(times, n))
        labels = values + scale * sample(random, (times, n))
        for value, label in zip(values, labels, strict=True):
            yield errors.r2_score(errors.Moments.of(label, value))

    return draw


def _r2_study() -> Study:
    points = [
        Point(
            f"{n:,} cases, R2 {explained:g}, {kind.says}", explained,
            _linear(n, explained, kind.sample, kind.square), claimed=n >= 100,
        )
        for n in (100, 500, 30)
        for kind in (LAPLACE, NORMAL)
        for explained in (0.9, 0.1, 0.5)
    ]  # fmt: skip
    return Study("r2_score", "from 100 cases on, normal and Laplace errors", tuple(points))


def _relative(n: int, sigma: float) -> Draw:
    """Draws values = label x a lognormal factor, labels lognormal too: the relative error does not know the label."""

    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        relative = np.abs(random.lognormal(sigma=sigma, size=(times, n)) - 1)
        sums = (np.rint(relative.sum(axis=1) * errors.SCALE), np.rint((relative**2).sum(axis=1) * errors.SCALE))
        for total, squares in zip(*(side.astype(int).tolist() for side in sums), strict=True):
            yield errors.mean_absolute_percentage_error(total, squares, n)

    return draw


def _true_mape(sigma: float) -> float:
    """Returns the mean of |exp(sigma Z) - 1| = exp(sigma^2 / 2) (2 Phi(sigma) - 1)."""
    return exp(sigma**2 / 2) * (2 * float(norm.cdf(sigma)) - 1)


def _percentage_study() -> Study:
    points = [
        Point(f"{n:,} cases, relative error lognormal {sigma:g}", _true_mape(sigma), _relative(n, sigma), claimed)
        for n, sigma, claimed in (
            (30, 0.5, True), (500, 1, True), (500, 0.5, True), (30, 0.1, True), (30, 1.5, False), (500, 1.5, False),
            (30, 1, False),
        )
    ]  # fmt: skip
    domain = "from 30 cases on with relative errors up to lognormal 0.5, from 500 on up to lognormal 1"
    return Study("mean_absolute_percentage_error", domain, tuple(points))


KNOWN = "from 30 cases on, normal, Laplace and Student errors"
COMMON = ((LAPLACE, 30), (NORMAL, 30), (STUDENT, 500), (LAPLACE, 500), (NORMAL, 500))
HARDER = ((SKEWED, 30), (SKEWED, 500), (LAPLACE, 10))
SQUARED = ((LAPLACE, 500), (NORMAL, 500), (LAPLACE, 2000), (NORMAL, 2000))
SQUARED_HARDER = (
    *((kind, n) for kind in (NORMAL, LAPLACE) for n in (30, 100)), (STUDENT, 500), (SKEWED, 500), (SKEWED, 5000)
)  # fmt: skip


def studies() -> Iterator[Study]:
    """Yields the studies of this module."""
    yield _study("mean_absolute_error", KNOWN, of_size, lambda kind: kind.size, COMMON, HARDER)
    yield _study(
        "root_mean_squared_error", "from 500 cases on, normal and Laplace errors", of_square,
        lambda kind: sqrt(kind.square), SQUARED, SQUARED_HARDER,
    )  # fmt: skip
    yield _study("mean_error", KNOWN, _of_mean, lambda kind: kind.mean, COMMON, HARDER)
    every = (*COMMON, (SKEWED, 30), (SKEWED, 500))
    yield _study(
        "median_absolute_error", "from 30 cases on", _of_median, lambda kind: kind.median, every, ((NORMAL, 10),)
    )
    yield _r2_study()
    yield _percentage_study()
