"""Studies of rows that are not independent: several cases of one person, counted by bucket of the subject's hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from dashboard.metrics import balance, performance
from dashboard.metrics.clusters import area_design_effect, loss_design_effect
from dashboard.metrics.losses import SCALE, brier_score
from dashboard.metrics.performance import Confusion
from dashboard.metrics.ranking import roc_auc
from dashboard.rates import SUBJECT_BUCKETS, Measure
from tests.coverage.counted import shares, true_balance, true_correlation, true_f1
from tests.coverage.simulation import Draw, Point, Study

Floats = NDArray[np.float64]
DOMAIN = "cases of 200 subjects or more, at least 20 subjects with the rarer label"
BINS = np.linspace(-4, 6, 201)


@dataclass(frozen=True)
class Clinic:
    """Says how many subjects come, how often, and how alike the cases of one are (latent correlation).

    A label is positive where a normal number exceeds a limit; a score is normal, higher by `apart` for positives; of
    both the subject's part makes up `alike` of the variance. A decision is positive where the score exceeds `limit`.
    """

    subjects: int
    visits: float
    alike: float
    prevalence: float = 0.3
    apart: float = 1.5
    limit: float = 1.0

    @property
    def says(self) -> str:
        return (
            f"{self.subjects:,} subjects, {self.visits:g} cases each on average, correlation {self.alike:g}, "
            f"prevalence {self.prevalence:g}"
        )

    @property
    def shares(self) -> Floats:
        return shares(self.prevalence, norm.sf(self.limit - self.apart), norm.sf(self.limit))

    @property
    def brier(self) -> float:
        """The mean of (expit(score) - label)^2."""
        parts = (
            quad(lambda s, y=y: (expit(s) - y) ** 2 * norm.pdf(s - y * self.apart), -9, 12, limit=200)[0]
            for y in (0, 1)
        )
        negative, positive = parts
        return float((1 - self.prevalence) * negative + self.prevalence * positive)

    def draw(self, random: np.random.Generator) -> tuple[NDArray[np.bool_], Floats, NDArray[np.int64]]:
        """Returns label, score and subject bucket of every case; one subject in a hundred comes ten times as often."""
        often = np.where(random.random(self.subjects) < 0.01, 10.0, 1.0)
        visits = 1 + random.poisson((self.visits - 1) * often / 1.09)
        subject = np.repeat(np.arange(self.subjects), visits)
        own, rest = np.sqrt(self.alike), np.sqrt(1 - self.alike)
        common, alone = random.normal(size=(2, self.subjects)), random.normal(size=(2, len(subject)))
        latent = own * common[:, subject] + rest * alone
        label = latent[0] > norm.isf(self.prevalence)
        bucket = random.integers(SUBJECT_BUCKETS, size=self.subjects)
        return label, latent[1] + self.apart * label, bucket[subject]


CLINICS = (Clinic(200, 3, 0.5), Clinic(300, 2, 1.0), Clinic(1000, 2, 0.3, 0.05))
FEWER = (Clinic(100, 2, 1.0, 0.1), Clinic(50, 5, 1.0))


def _confusion(clinic: Clinic, random: np.random.Generator) -> Confusion:
    label, score, bucket = clinic.draw(random)
    place = (label * 3 + (score > clinic.limit)) * SUBJECT_BUCKETS + bucket
    buckets = np.bincount(place, minlength=9 * SUBJECT_BUCKETS).reshape(3, 3, SUBJECT_BUCKETS)
    return Confusion.of(buckets.sum(axis=2), buckets)


def _brier(clinic: Clinic, random: np.random.Generator) -> Measure:
    label, score, bucket = clinic.draw(random)
    loss = np.rint((expit(score) - label) ** 2 * SCALE)
    total, squares = int(loss.sum()), round(float((loss / SCALE) @ (loss / SCALE)) * SCALE)
    rows, sums = (np.bincount(bucket, weights, SUBJECT_BUCKETS) for weights in (np.ones(len(loss)), loss))
    return brier_score(total, squares, len(loss), deff=loss_design_effect(rows, sums, total, squares))


def _area(clinic: Clinic, random: np.random.Generator) -> Measure:
    label, score, bucket = clinic.draw(random)
    place = np.searchsorted(BINS, score)
    ranks = (np.arange(len(BINS) + 1) + 0.5) / (len(BINS) + 1)
    counts = np.array([np.bincount(place[side], minlength=len(ranks)) for side in (~label, label)])
    buckets = np.array(
        [
            [
                np.bincount(bucket[side], weights[side], SUBJECT_BUCKETS)
                for weights in (np.ones(len(label)), ranks[place])
            ]
            for side in (~label, label)
        ]
    )
    return roc_auc(counts[1], counts[0], exact=True, deff=area_design_effect(buckets, counts, ranks))


def _study(
    name: str, truth: Callable[[Clinic], float], measure: Callable[[Clinic, np.random.Generator], Measure]
) -> Study:
    def drawn(clinic: Clinic) -> Draw:
        return lambda random, times: (measure(clinic, random) for _ in range(times))

    points = [
        Point(clinic.says, truth(clinic), drawn(clinic), claimed=where is CLINICS)
        for where in (CLINICS, FEWER)
        for clinic in where
    ]
    return Study(f"{name}, by subject", DOMAIN, tuple(points))


def _of_confusion(measure: Callable[[Confusion], Measure]) -> Callable[[Clinic, np.random.Generator], Measure]:
    return lambda clinic, random: measure(_confusion(clinic, random))


def studies() -> Iterator[Study]:
    """Yields the studies of this module."""
    for measure, truth in (
        (performance.accuracy, lambda share: float(np.trace(share))),
        (performance.true_positive_rate, lambda share: float(share[1, 1] / share[1].sum())),
        (performance.f1, true_f1),
        (balance.balanced_accuracy, true_balance),
        (balance.matthews_correlation, true_correlation),
    ):
        yield _study(measure.__name__, lambda clinic, of=truth: of(clinic.shares), _of_confusion(measure))
    yield _study("brier_score", lambda clinic: clinic.brier, _brier)
    yield _study("roc_auc", lambda clinic: float(norm.cdf(clinic.apart / np.sqrt(2))), _area)
