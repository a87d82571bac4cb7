"""Rates, AUC, F1, losses and errors from counts and sums against scikit-learn on the raw rows."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from dashboard.errors import EvenhandError
from dashboard.metrics import losses, performance
from dashboard.metrics.clusters import SUBJECT_BUCKETS, design_effect, subject_design_effect
from dashboard.metrics.performance import RATES, Confusion
from dashboard.metrics.ranking import roc_auc

NONE = 2
side = st.sampled_from([0, 1, NONE])
rows = st.lists(st.tuples(side, side), max_size=80)
levels = st.floats(0.05, 0.9999)
Row = tuple[int, int]


def counted(pairs: Sequence[Row]) -> Confusion:
    table = np.zeros((3, 3), dtype=int)
    for label, decision in pairs:
        table[label, decision] += 1
    return Confusion.of(table)


def by_sklearn(name: str, label: np.ndarray, decision: np.ndarray) -> float:
    """Returns the rate that scikit-learn finds in rows that have both."""
    swapped = {"true_negative_rate": "recall", "negative_predictive_value": "precision"}
    if name in ("false_positive_rate", "false_negative_rate", "false_discovery_rate", "false_omission_rate"):
        return 1 - by_sklearn(
            {
                "false_positive_rate": "true_negative_rate",
                "false_negative_rate": "true_positive_rate",
                "false_discovery_rate": "precision",
                "false_omission_rate": "negative_predictive_value",
            }[name],
            label,
            decision,
        )
    if name in swapped:
        function = sk.recall_score if swapped[name] == "recall" else sk.precision_score
        return float(function(label, decision, pos_label=0))
    known = {
        "accuracy": sk.accuracy_score,
        "true_positive_rate": sk.recall_score,
        "precision": sk.precision_score,
    }
    return float(known[name](label, decision))


@given(rows)
@settings(deadline=None)
def test_every_rate_is_that_of_scikit_learn_on_the_rows_it_needs(pairs: list[Row]) -> None:
    cells = counted(pairs)
    both = np.array([pair for pair in pairs if NONE not in pair], dtype=int).reshape(-1, 2)
    for name, function in RATES.items():
        rate = function(cells)
        if name == "selection_rate":
            decided = [d for _, d in pairs if d != NONE]
            assert (rate.hits, rate.trials) == (sum(decided), len(decided))
        elif name == "prevalence":
            labelled = [label for label, _ in pairs if label != NONE]
            assert (rate.hits, rate.trials) == (sum(labelled), len(labelled))
        elif rate.trials:
            assert rate.value == pytest.approx(by_sklearn(name, both[:, 0], both[:, 1]), abs=1e-12)
        else:
            assert rate.value is None


@given(rows)
def test_f1_is_that_of_scikit_learn_or_cannot_be_computed(pairs: list[Row]) -> None:
    found = performance.f1(counted(pairs))
    both = [pair for pair in pairs if NONE not in pair]
    if not any(1 in pair for pair in both):
        assert found.value is None
        assert "0 of 0" in found.note
        return
    label, decision = zip(*both, strict=True)
    assert found.value == pytest.approx(sk.f1_score(label, decision), abs=1e-12)
    assert found.numerator is not None
    assert found.denominator is not None
    assert found.value == found.numerator / found.denominator


@given(rows, rows)
def test_adding_confusions_equals_counting_once(first: list[Row], second: list[Row]) -> None:
    assert counted(first) + counted(second) == counted(first + second)


@given(rows)
def test_coverage_and_count_know_every_row(pairs: list[Row]) -> None:
    cells = counted(pairs)
    coverage = performance.label_coverage(cells)
    assert (coverage.hits, coverage.trials) == (sum(label != NONE for label, _ in pairs), len(pairs))
    assert performance.count(cells).value == len(pairs)
    assert performance.count(cells).interval() == (len(pairs), len(pairs))


def test_the_false_positive_and_negative_rates_of_compas_are_those_published() -> None:
    african_american, caucasian = Confusion.of([[990, 805], [532, 1369]]), Confusion.of([[1139, 349], [461, 505]])
    found = [
        round(100 * (function(cells).value or 0), 2)
        for cells in (african_american, caucasian)
        for function in (performance.false_positive_rate, performance.false_negative_rate)
    ]
    assert found == [44.85, 27.99, 23.45, 47.72]


def test_counts_of_another_shape_are_refused() -> None:
    with pytest.raises(EvenhandError, match="3 x 3"):
        Confusion.of([1, 2, 3])


# Clustering by subject


def clustered(copies: int, subjects: int, seed: int = 1) -> Confusion:
    """Returns a confusion in which every subject has the same outcome `copies` times."""
    random = np.random.default_rng(seed)
    buckets = np.zeros((3, 3, SUBJECT_BUCKETS), dtype=np.int64)
    for _ in range(subjects):
        buckets[random.integers(2), random.integers(2), random.integers(SUBJECT_BUCKETS)] += copies
    return Confusion.of(buckets.sum(axis=2), buckets)


@pytest.mark.parametrize("copies", [1, 4])
def test_the_design_effect_is_the_number_of_copies_of_each_subject(copies: int) -> None:
    found = np.mean([performance.accuracy(clustered(copies, 2000, seed)).deff for seed in range(20)])
    assert found == pytest.approx(copies, rel=0.1)


def test_a_rate_of_zero_among_few_subjects_is_worth_about_as_many_trials_as_subjects() -> None:
    random = np.random.default_rng(2)
    found = []
    for _ in range(200):
        trials = np.bincount(random.integers(SUBJECT_BUCKETS, size=40), minlength=SUBJECT_BUCKETS) * 5
        found.append(subject_design_effect(np.zeros(SUBJECT_BUCKETS), trials))
    assert np.mean(found) == pytest.approx(5, rel=0.1)


def test_independent_rows_have_a_design_effect_of_about_one() -> None:
    random = np.random.default_rng(3)
    trials = random.integers(5, 50, size=SUBJECT_BUCKETS)
    found = [design_effect(random.binomial(trials, 0.3), trials) for _ in range(200)]
    assert 1 <= np.mean(found) < 1.08


def test_one_block_or_none_says_nothing_of_clustering() -> None:
    assert design_effect([3], [10]) == 1
    assert design_effect([], []) == 1
    assert subject_design_effect([20, 0], [50, 0]) == 50.0  # all rows of one subject


# AUC

scored = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12)), min_size=2, max_size=60)


@given(scored)
def test_auc_from_counts_is_that_of_scikit_learn_on_rows(pairs: list[Row]) -> None:
    label, score = map(np.array, zip(*pairs, strict=True))
    bins = [np.bincount(score[label == side], minlength=13) for side in (1, 0)]
    found = roc_auc(*bins, exact=True)
    if 0 < label.sum() < len(label):
        assert found.value == pytest.approx(sk.roc_auc_score(label, score), abs=1e-12)
        assert found.minimum() == min(label.sum(), len(label) - label.sum())
    else:
        assert found.value is None
        assert "positive and" in found.note


@given(st.integers(0, 10**6), st.integers(2, 40))
@settings(max_examples=30)
def test_auc_of_binned_scores_is_within_the_error_it_states(seed: int, bins: int) -> None:
    random = np.random.default_rng(seed)
    label = random.integers(0, 2, 400)
    score = random.beta(1 + label, 2)
    where = np.minimum((score * bins).astype(int), bins - 1)
    pos, neg = (np.bincount(where[label == side], minlength=bins) for side in (1, 0))
    bound = float(pos @ neg) / (2 * pos.sum() * neg.sum())
    found = roc_auc(pos, neg)
    said = float(found.note.rsplit(" ", 1)[1])  # rounded up, so that it holds
    assert bound <= said <= 2 * bound + 1e-12
    assert abs((found.value or 0) - sk.roc_auc_score(label, score)) <= bound + 1e-12


def test_the_auc_interval_is_delong_on_the_logit_scale() -> None:
    random = np.random.default_rng(5)
    pos, neg = random.normal(1, 1, 150).round(1), random.normal(0, 1, 200).round(1)
    wins = (pos[:, None] > neg) + 0.5 * (pos[:, None] == neg)
    area = wins.mean()
    error = math.sqrt(wins.mean(axis=1).var(ddof=1) / 150 + wins.mean(axis=0).var(ddof=1) / 200)
    reach = 1.959963984540054 * error / (area * (1 - area))
    expected = [1 / (1 + math.exp(-(math.log(area / (1 - area)) + sign * reach))) for sign in (-1, 1)]
    values = np.unique(np.concatenate([pos, neg]))
    bins = [np.array([(side == value).sum() for value in values]) for side in (pos, neg)]
    found = roc_auc(*bins, exact=True)
    assert found.method == "DeLong, logit"
    assert found.interval() == pytest.approx(expected, abs=1e-12)


def test_a_perfect_auc_still_has_a_lower_limit_below_one() -> None:
    found = roc_auc([0, 20], [30, 0], exact=True)
    low, high = found.interval()
    assert (found.value, high) == (1.0, 1.0)
    assert low is not None
    assert 0.8 < low < 1
    # Newcombe's equation at the limit: (1 - A)^2 = z^2 A (1 - A) [1 + N (1 - A)/(2 - A) + N A/(1 + A)] / (m n)
    spread = 1 + 24 * ((1 - low) / (2 - low) + low / (1 + low))
    assert (1 - low) ** 2 == pytest.approx(1.959963984540054**2 * low * (1 - low) * spread / 600, rel=1e-9)


@given(scored, levels, levels)
def test_auc_and_f1_are_nested_in_the_level(pairs: list[Row], one: float, other: float) -> None:
    label, score = map(np.array, zip(*pairs, strict=True))
    area = roc_auc(*(np.bincount(score[label == side], minlength=13) for side in (1, 0)), deff=1.5)
    for measure in (area, performance.f1(counted([(int(a), int(b > 6)) for a, b in pairs]))):
        if measure.value is not None:
            (wide_low, wide_high), (low, high) = measure.interval(max(one, other)), measure.interval(min(one, other))
            assert wide_low is not None
            assert wide_high is not None
            assert low is not None
            assert high is not None
            assert wide_low - 1e-12 <= low <= measure.value + 1e-12
            assert measure.value - 1e-12 <= high <= wide_high + 1e-12


# Losses and errors


def fixed(values: np.ndarray) -> int:
    return sum(int(value) for value in np.round(values * losses.SCALE))


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0.001, 0.999)), min_size=2, max_size=60))
@settings(deadline=None)
def test_brier_score_and_log_loss_are_those_of_scikit_learn(pairs: list[tuple[int, float]]) -> None:
    label, score = map(np.array, zip(*pairs, strict=True))
    square, surprise = (score - label) ** 2, -np.log(np.where(label == 1, score, 1 - score))
    brier = losses.brier_score(fixed(square), fixed(square**2), len(label))
    loss = losses.log_loss(fixed(surprise), fixed(surprise**2), len(label))
    assert brier.value == pytest.approx(sk.brier_score_loss(label, score), abs=1e-9)
    assert loss.value == pytest.approx(sk.log_loss(label, score, labels=[0, 1]), abs=1e-9)


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=2, max_size=60))
def test_regression_errors_are_those_of_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    label, value = map(np.array, zip(*pairs, strict=True))
    e, n = value - label, len(label)
    found = (
        losses.mean_absolute_error(fixed(abs(e)), fixed(e**2), n).value,
        losses.root_mean_squared_error(fixed(e**2), fixed(e**4), n).value,
        losses.mean_error(fixed(e), fixed(e**2), n).value,
    )
    expected = (sk.mean_absolute_error(label, value), sk.root_mean_squared_error(label, value), e.mean())
    assert found == pytest.approx(expected, abs=5e-5)  # a root of a fixed-point sum near 0


def test_the_interval_of_a_mean_is_students() -> None:
    from scipy import stats

    values = np.random.default_rng(7).exponential(size=40)
    found = losses.mean(fixed(values), fixed(values**2), 40).interval(0.9)
    assert found == pytest.approx(stats.t.interval(0.9, 39, values.mean(), stats.sem(values)), abs=1e-7)


def test_no_rows_have_no_mean_and_one_row_has_no_interval() -> None:
    assert losses.brier_score(0, 0, 0).value is None
    assert losses.root_mean_squared_error(0, 0, 0).note == "cannot be computed: 0 rows"
    assert losses.mean_error(5 * 10**8, 25 * 10**7, 1).interval() == (None, None)
    assert losses.brier_score(5 * 10**8, 25 * 10**7, 1).interval() == (0.0, 1.0)
    assert losses.root_mean_squared_error(10**9, 10**9, 1).interval() == (0.0, None)


def test_equal_losses_have_an_interval_without_width() -> None:
    assert losses.mean(300 * 10**7, 100 * 10**5 * 9, 100).interval() == pytest.approx((0.03, 0.03), abs=1e-12)


def test_measures_from_sums_survive_pickling() -> None:
    for measure in (roc_auc([0, 20], [30, 0]), performance.f1(Confusion.of([[5, 2], [1, 4]])), losses.mean(9, 90, 9)):
        assert pickle.loads(pickle.dumps(measure)).interval() == measure.interval()
