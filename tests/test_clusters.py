"""The design effect of subjects against the cluster-robust covariance of statsmodels, on raw rows."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import store
from dashboard.metrics.clusters import design_effect, influence_design_effect, subject_design_effect
from dashboard.rates import SUBJECT_BUCKETS
from dashboard.sql import literal

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]  # subject, label, decision


def stays(subjects: int, seed: int) -> Rows:
    """Returns rows of patients, a few of whom come often; a patient's labels and decisions are alike."""
    rng = np.random.default_rng(seed)
    visits = 1 + rng.negative_binomial(0.4, 0.4, subjects)
    subject = np.repeat(np.arange(subjects), visits)
    risk = rng.normal(-1.5, 1.2, subjects)[subject]
    label = rng.random(len(subject)) < 1 / (1 + np.exp(-risk))
    decision = risk + rng.normal(0, 1, len(subject)) > -0.5
    return subject, label.astype(int), decision.astype(int)


def robust(hits: np.ndarray, subject: np.ndarray) -> float:
    """Returns how many times larger the cluster-robust variance of the mean is than that of independent rows."""
    groups = {"groups": subject, "use_correction": False}
    found = sm.OLS(hits, np.ones(len(hits))).fit(cov_type="cluster", cov_kwds=groups).cov_params()[0, 0]
    number = len(np.unique(subject))
    return float(found) * number / (number - 1) / (hits.mean() * (1 - hits.mean()) / len(hits))


def rates(rows: Rows) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns the hits of each rate's trials, and whose trials they are."""
    subject, label, decision = rows
    every, positive, selected = np.ones(len(label), dtype=bool), label == 1, decision == 1
    trials = {"accuracy": every, "selection": every, "true positive": positive, "precision": selected}
    hits = {"accuracy": label == decision, "selection": selected, "true positive": selected, "precision": positive}
    return {name: (hits[name][where].astype(float), subject[where]) for name, where in trials.items()}


@settings(deadline=None, max_examples=20)
@given(st.integers(20, 400), st.integers(0, 2**32 - 1))
def test_by_subject_it_is_the_cluster_robust_variance(subjects: int, seed: int) -> None:
    for hits, subject in rates(stays(subjects, seed)).values():
        if not 0 < hits.sum() < len(hits) or len(np.unique(subject)) < 2:
            continue
        h, t = np.bincount(subject, hits), np.bincount(subject)
        assert design_effect(h, t) == pytest.approx(min(max(1.0, robust(hits, subject)), len(hits)))
        table = np.array([h, t - h])
        slopes = np.array([1 - hits.mean(), -hits.mean()])
        assert influence_design_effect(slopes, table) == pytest.approx(design_effect(h, t))


def test_counted_by_bucket_it_is_unbiased_for_the_cluster_robust_variance() -> None:
    rows, rng, buckets = stays(4_000, 7), np.random.default_rng(8), SUBJECT_BUCKETS
    for hits, subject in rates(rows).values():
        found = []
        for _ in range(400):
            bucket = rng.integers(0, buckets, 4_000)[subject]
            found.append(
                subject_design_effect(np.bincount(bucket, hits, buckets), np.bincount(bucket, minlength=buckets))
            )
        truth = robust(hits, subject)
        assert truth > 1.05
        assert np.mean(found) == pytest.approx(truth, abs=4 * np.std(found) / 20)
        assert np.std(found) / truth == pytest.approx(np.sqrt(2 / (buckets - 1)), rel=0.25)  # 9 %: 255 degrees


def test_the_rollups_own_hash_spreads_subjects_as_chance_does() -> None:
    (subject, label, decision), found = stays(4_000, 7), []
    right = (label == decision).astype(float)
    with store.connect() as connection:
        for model in range(100):
            bucket_of = f"md5_number_lower({literal(f'model-{model}:')} || i) % {SUBJECT_BUCKETS}"
            drawn = connection.sql(
                f"SELECT ({bucket_of})::INTEGER AS b FROM range(4000) AS r(i) ORDER BY i"
            ).fetchnumpy()
            bucket = drawn["b"][subject]
            counts = (np.bincount(bucket, weights, SUBJECT_BUCKETS) for weights in (right, np.ones(len(right))))
            found.append(design_effect(*counts))
    assert np.mean(found) == pytest.approx(robust(right, subject), abs=4 * np.std(found) / 10)
