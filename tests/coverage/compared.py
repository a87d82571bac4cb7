"""Studies of comparisons: two versions on the same cases, and the largest difference of several groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import multivariate_normal, norm

from dashboard.metrics.differences import area_correlation, difference_of
from dashboard.metrics.fairness import largest_difference, smallest_ratio
from dashboard.metrics.overall import FromOverall
from dashboard.metrics.pairs import Joint, paired_difference
from dashboard.metrics.ranking import roc_auc
from dashboard.rates import Measure, Rate
from tests.coverage.numeric import LAPLACE, NORMAL, Errors, of_size, of_square
from tests.coverage.simulation import Draw, Point, Study

Floats = NDArray[np.float64]
COARSE = 64  # score bins that two versions are counted together in


def joint_shares(prevalence: float, hits: tuple[float, float], alarms: tuple[float, float], alike: float) -> Floats:
    """Returns the probability of (label, first's decision, second's), their scores correlated by `alike`."""
    table = np.zeros((2, 2, 2))
    for label, rates, weight in ((0, alarms, 1 - prevalence), (1, hits, prevalence)):
        both = float(multivariate_normal.cdf(norm.ppf(rates), cov=[[1, alike], [alike, 1]]))
        table[label] = weight * np.array([[1 - rates[0] - rates[1] + both, rates[1] - both], [rates[0] - both, both]])
    return table


# prevalence, true positive rates of first and second, false positive rates, correlation of the scores
VERSIONS = (
    (0.3, (0.7, 0.75), (0.2, 0.2), 0.9), (0.1, (0.5, 0.8), (0.05, 0.2), 0.5), (0.5, (0.9, 0.9), (0.1, 0.1), 0.99),
    (0.02, (0.6, 0.6), (0.02, 0.03), 0.8), (0.3, (0.97, 0.99), (0.4, 0.3), 0.7), (0.5, (0.5, 0.5), (0.5, 0.5), 0.0),
)  # fmt: skip


def _of(metric: str, table: Floats) -> float:
    """Returns a metric of a 2 x 2 table of label and decision."""
    (tn, fp), (fn, tp) = table
    return float(
        {
            "accuracy": (tp + tn) / table.sum(),
            "true_positive_rate": tp / (tp + fn),
            "precision": tp / (tp + fp),
            "f1": 2 * tp / (2 * tp + fp + fn),
        }[metric]
    )


def _paired(metric: str) -> Study:
    def drawn(table: Floats, n: int) -> Draw:
        def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
            for counts in random.multinomial(n, table.ravel(), times):
                joint = np.zeros((3, 2, 2), dtype=np.int64)
                joint[:2] = counts.reshape(2, 2, 2)
                yield paired_difference(metric, Joint.of(joint))

        return draw

    points = []
    for rarer in (20, 100, 10):
        for prevalence, hits, alarms, alike in VERSIONS:
            table = joint_shares(prevalence, hits, alarms, alike)
            truth = _of(metric, table.sum(axis=1)) - _of(metric, table.sum(axis=2))
            n = ceil(rarer / min(prevalence, 1 - prevalence))
            says = (
                f"{n:,} cases, prevalence {prevalence:g}, true positive rates {hits[0]:g} and {hits[1]:g}, false "
                f"positive rates {alarms[0]:g} and {alarms[1]:g}, scores correlated by {alike:g}"
            )
            points.append(Point(says, truth, drawn(table, n), claimed=rarer >= 20))
    return Study(f"{metric}, two versions, same cases", "at least 20 cases of the rarer label expected", tuple(points))


def _areas() -> Study:
    """Returns the study of two areas under the ROC curve on the same cases, from coarse joint bins."""
    cuts = np.linspace(-3, 4, COARSE - 1)

    def drawn(n: int, prevalence: float, apart: tuple[float, float], alike: float) -> Draw:
        def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
            for _ in range(times):
                label = random.random(n) < prevalence
                noise = random.multivariate_normal([0, 0], [[1, alike], [alike, 1]], n, method="cholesky")
                first, second = np.searchsorted(cuts, noise + label[:, None] * np.array(apart)).T
                place = first * COARSE + second
                pos, neg = (
                    np.bincount(place[side], minlength=COARSE**2).reshape(COARSE, COARSE) for side in (label, ~label)
                )
                one, other = (roc_auc(pos.sum(axis=away), neg.sum(axis=away)) for away in (1, 0))
                yield difference_of(other, one, area_correlation(pos, neg))

        return draw

    points = []
    for n, prevalence, claimed in ((200, 0.1, True), (40, 0.5, True), (1000, 0.1, True)):
        for apart, alike in (((1, 1.3), 0.8), ((1.5, 1.5), 0.95), ((0.5, 1.5), 0.3)):
            first, second = (float(norm.cdf(each / np.sqrt(2))) for each in apart)
            says = f"{n:,} cases, prevalence {prevalence:g}, AUC {first:.2f} and {second:.2f}, correlated by {alike:g}"
            points.append(Point(says, second - first, drawn(n, prevalence, apart, alike), claimed))
    return Study("roc_auc, two versions, same cases", "at least 20 cases of the rarer label expected", tuple(points))


def _areas_of_groups() -> Study:
    """Returns the study of two groups' areas under the ROC curve: a group, and the larger reference."""
    cuts = np.linspace(-4, 6, 400)

    def area(random: np.random.Generator, n: int, prevalence: float, apart: float) -> Measure:
        label = random.random(n) < prevalence
        place = np.searchsorted(cuts, random.normal(size=n) + apart * label)
        positives, negatives = (np.bincount(place[side], minlength=len(cuts) + 1) for side in (label, ~label))
        return roc_auc(positives, negatives)

    def drawn(sizes: tuple[int, int], prevalence: float, apart: tuple[float, float]) -> Draw:
        def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
            for _ in range(times):
                group, reference = (area(random, n, prevalence, d) for n, d in zip(sizes, apart, strict=True))
                yield difference_of(group, reference)

        return draw

    points = []
    for sizes, prevalence in (((200, 200), 0.1), ((60, 600), 0.4), ((400, 2000), 0.1)):
        for apart in ((1, 1), (1, 2), (2.4, 1.5)):
            group, reference = (float(norm.cdf(each / np.sqrt(2))) for each in apart)
            says = (
                f"{sizes[0]:,} and {sizes[1]:,} cases, prevalence {prevalence:g}, AUC {group:.2f} and {reference:.2f}"
            )
            points.append(Point(says, group - reference, drawn(sizes, prevalence, apart)))
    return Study("roc_auc_difference", "at least 20 cases of the rarer label expected in both groups", tuple(points))


GROUPS = (
    (100, (0.3, 0.3, 0.3)), (100, (0.3, 0.3, 0.3, 0.3, 0.3, 0.3)), (500, (0.1, 0.2, 0.3, 0.4)), (200, (0.5, 0.5)),
    (1000, (0.1, 0.11, 0.12)), (100, (0.2, 0.5, 0.8)),
)  # fmt: skip


def _gap(
    name: str, measure: Callable[[dict[str, Rate]], Measure], truth: Callable[[tuple[float, ...]], float]
) -> Study:
    def drawn(n: int, rates: tuple[float, ...]) -> Draw:
        def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
            for hits in random.binomial(n, rates, (times, len(rates))).tolist():
                yield measure({str(i): Rate(hit, n) for i, hit in enumerate(hits)})

        return draw

    points = tuple(
        Point(
            f"{len(rates)} groups of {n:,}, rates {', '.join(f'{rate:g}' for rate in rates)}",
            truth(rates),
            drawn(n, rates),
        )
        for n, rates in GROUPS
    )
    return Study(name, "at least 20 hits and misses expected in every group", points)


def _against_all(n: int, m: int, p: float, q: float) -> Point:
    def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
        for hits, others in zip(
            random.binomial(n, p, times).tolist(), random.binomial(m, q, times).tolist(), strict=True
        ):
            yield FromOverall(Rate(hits, n), Rate(others, m))

    return Point(f"{p:g} of {n:,}, the rest {q:g} of {m:,}", (p - q) * m / (n + m), draw)


def _unpaired(name: str, measures: Callable[[Floats], Iterator[Measure]], truth: Callable[[Errors], float]) -> Study:
    """Returns the study of two versions of a regression on different cases, the errors of one a fifth larger."""

    def drawn(kind: Errors, n: int, m: int) -> Draw:
        def draw(random: np.random.Generator, times: int) -> Iterator[Measure]:
            sides = (measures(1.2 * kind.sample(random, (times, n))), measures(kind.sample(random, (times, m))))
            for second, first in zip(*sides, strict=True):
                yield difference_of(second, first)

        return draw

    points = [
        Point(f"{n:,} and {m:,} cases, {kind.says}, those of one a fifth larger", 0.2 * truth(kind), drawn(kind, n, m))
        for kind in (LAPLACE, NORMAL)
        for n, m in ((500, 500), (500, 5000), (2000, 500))
    ]
    return Study(f"{name}, two versions, other cases", "from 500 cases on, normal and Laplace errors", tuple(points))


def studies() -> Iterator[Study]:
    """Yields the studies of this module."""
    for metric in ("accuracy", "true_positive_rate", "precision", "f1"):
        yield _paired(metric)
    yield _areas()
    yield _areas_of_groups()
    yield _unpaired("mean_absolute_error", of_size, lambda kind: kind.size)
    yield _unpaired("root_mean_squared_error", of_square, lambda kind: sqrt(kind.square))
    yield _gap("largest difference of groups", largest_difference, lambda rates: max(rates) - min(rates))
    yield _gap("smallest ratio of groups", smallest_ratio, lambda rates: min(rates) / max(rates))
    cases = ((50, 450, 0.1, 0.1), (100, 100, 0.3, 0.5), (200, 5000, 0.9, 0.8), (400, 100, 0.05, 0.2))
    yield Study("a group against everybody", "50 to 5,000 cases, rates from 0.02 to 0.98",
                tuple(_against_all(*case) for case in cases))  # fmt: skip
