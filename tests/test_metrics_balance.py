"""Balanced accuracy, Matthews correlation, average precision and curves against scikit-learn; weights; heavy tails."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from dashboard.metrics import losses
from dashboard.metrics.balance import balanced_accuracy, matthews_correlation
from dashboard.metrics.clusters import SUBJECT_BUCKETS, area_design_effect, influence_design_effect
from dashboard.metrics.performance import RATES, Confusion, f1, true_negative_rate, true_positive_rate
from dashboard.metrics.ranking import average_precision, precision_recall_curve, roc_curve
from dashboard.rates import Difference, Rate, Ratio

Row = tuple[int, int]
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), max_size=60)
scored = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12)), min_size=2, max_size=60)
levels = st.floats(0.05, 0.999)


def counted(pairs: list[Row]) -> Confusion:
    return Confusion.of([[sum(pair == (i, j) for pair in pairs) for j in (0, 1)] for i in (0, 1)])


def bins_of(pairs: list[Row], size: int = 13) -> tuple[np.ndarray, np.ndarray]:
    label, score = map(np.array, zip(*pairs, strict=True))
    return np.bincount(score[label == 1], minlength=size), np.bincount(score[label == 0], minlength=size)


# Both classes alike


@given(rows)
@settings(deadline=None)
def test_balanced_accuracy_and_correlation_are_those_of_scikit_learn(pairs: list[Row]) -> None:
    label, said = np.array(pairs).reshape(-1, 2).T
    balanced, correlation = balanced_accuracy(counted(pairs)), matthews_correlation(counted(pairs))
    if len(set(label)) == 2:
        assert balanced.value == pytest.approx(sk.balanced_accuracy_score(label, said), abs=1e-12)
    else:
        assert "case with label and decision" in balanced.note
    if len(set(label)) == len(set(said)) == 2:
        assert correlation.value == pytest.approx(sk.matthews_corrcoef(label, said), abs=1e-12)
    else:
        assert correlation.value is None  # scikit-learn says 0, as of a coin
        assert "alike" in correlation.note or "0 of 0" in correlation.note


@given(rows, levels, levels)
@settings(deadline=None)
def test_their_intervals_hold_them_and_are_nested_in_the_level(pairs: list[Row], one: float, other: float) -> None:
    for found in (balanced_accuracy(counted(pairs)), matthews_correlation(counted(pairs))):
        if found.value is not None:
            (wide_low, wide_high), (low, high) = found.interval(max(one, other)), found.interval(min(one, other))
            assert wide_low - 1e-9 <= low <= found.value + 1e-9  # type: ignore[operator]
            assert found.value - 1e-9 <= high <= wide_high + 1e-9  # type: ignore[operator]


def test_balanced_accuracy_is_as_wide_as_the_two_wilson_intervals_joined() -> None:
    cells = Confusion.of([[180, 20], [12, 38]])
    (p, low, high), (q, below, above) = true_positive_rate(cells).limits(0.95), true_negative_rate(cells).limits(0.95)
    joined = (p + q) / 2 - math.hypot(p - low, q - below) / 2, (p + q) / 2 + math.hypot(high - p, above - q) / 2
    found = balanced_accuracy(cells).interval()
    assert found[0] <= joined[0] + 1e-12  # type: ignore[operator]
    assert joined[1] - 1e-12 <= found[1]  # type: ignore[operator]
    assert found == pytest.approx(joined, abs=0.01)
    assert balanced_accuracy(cells).minimum() == 50


@pytest.mark.parametrize("shares", [(0.47, 0.03, 0.03, 0.47), (0.88, 0.02, 0.03, 0.07), (0.5, 0.2, 0.1, 0.2)])
def test_the_correlation_is_covered_as_often_as_is_said(shares: tuple[float, ...]) -> None:
    random, (tn, fp, fn, tp) = np.random.default_rng(2), shares
    truth = (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    inside = 0
    for cells in random.multinomial(220, shares, 1500):
        low, high = matthews_correlation(Confusion.of(cells.reshape(2, 2))).interval()
        inside += low <= truth <= high  # type: ignore[operator]
    assert 0.93 <= inside / 1500 <= 0.98


# Average precision and curves


@given(scored)
@settings(deadline=None)
def test_average_precision_is_that_of_scikit_learn_on_rows(pairs: list[Row]) -> None:
    label, score = map(np.array, zip(*pairs, strict=True))
    found = average_precision(*bins_of(pairs), exact=True)
    if 0 < label.sum() < len(label):
        assert found.value == pytest.approx(sk.average_precision_score(label, score), abs=1e-12)
    else:
        assert found.value is None
        assert "positive and" in found.note


@given(st.integers(0, 10**6), st.integers(2, 40), st.sampled_from([None, 2]))
@settings(max_examples=40, deadline=None)
def test_average_precision_of_binned_scores_is_within_the_error_it_states(
    seed: int, bins: int, digits: int | None
) -> None:
    random = np.random.default_rng(seed)
    label = (random.random(300) < random.uniform(0.02, 0.9)).astype(int)
    label[:2] = 0, 1
    score = random.beta(1 + 2 * label, 2)
    score = score if digits is None else score.round(digits)
    where = np.minimum((score * bins).astype(int), bins - 1)
    found = average_precision(*(np.bincount(where[label == side], minlength=bins) for side in (1, 0)))
    said = float(found.note.rsplit(" ", 1)[1])
    assert abs((found.value or 0) - sk.average_precision_score(label, score)) <= said + 1e-12


@given(scored, levels, levels)
@settings(deadline=None)
def test_its_interval_holds_it_and_is_nested_in_the_level(pairs: list[Row], one: float, other: float) -> None:
    found = average_precision(*bins_of(pairs), deff=1.5)
    if found.value is not None:
        (wide_low, wide_high), (low, high) = found.interval(max(one, other)), found.interval(min(one, other))
        assert wide_low - 1e-9 <= low <= found.value + 1e-9  # type: ignore[operator]
        assert found.value - 1e-9 <= high <= wide_high + 1e-9  # type: ignore[operator]


def test_a_perfect_ranking_still_has_a_lower_limit_below_one() -> None:
    found = average_precision([0, 25], [300, 0], exact=True)
    assert found.value == 1.0
    assert found.interval() == pytest.approx((25 / (25 + 1.959964**2), 1.0), abs=1e-6)


@given(scored)
@settings(deadline=None)
def test_curves_are_those_of_scikit_learn(pairs: list[Row]) -> None:
    label, score = map(np.array, zip(*pairs, strict=True))
    if not 0 < label.sum() < len(label):
        return
    fpr, tpr, _ = sk.roc_curve(label, score, drop_intermediate=False)
    assert set(zip(*roc_curve(*bins_of(pairs)), strict=True)) == set(zip(fpr.tolist(), tpr.tolist(), strict=True))
    precision, recall, _ = sk.precision_recall_curve(label, score)
    found = [side.tolist() for side in precision_recall_curve(*bins_of(pairs))]
    assert np.allclose(
        sorted(set(zip(*found, strict=True))), sorted(set(zip(recall[:-1], precision[:-1], strict=True)))
    )


# Clustering


@pytest.mark.parametrize("copies", [1, 4])
def test_the_area_of_copied_cases_is_worth_one_of_each(copies: int) -> None:
    random = np.random.default_rng(6)
    found = []
    for _ in range(15):
        label = (random.random(1500) < 0.3).astype(int)
        score = np.minimum((random.beta(1 + label, 2) * 50).astype(int), 49)
        where, ranks = random.integers(0, SUBJECT_BUCKETS, 1500), (np.arange(50) + 0.5) / 50
        buckets = np.zeros((2, 2, SUBJECT_BUCKETS))
        np.add.at(buckets, (label, 0, where), copies)
        np.add.at(buckets, (label, 1, where), copies * ranks[score])
        counts = np.array([np.bincount(score[label == side], minlength=50) for side in (0, 1)]) * copies
        found.append(area_design_effect(buckets, counts, ranks))
    assert np.mean(found) == pytest.approx(copies, rel=0.1)


def test_the_design_effect_of_a_difference_of_means_is_that_of_its_rate() -> None:
    buckets = np.random.default_rng(7).integers(0, 9, (2, SUBJECT_BUCKETS))
    hits, trials = buckets[0], buckets.sum(axis=0)
    rate = hits.sum() / trials.sum()
    from dashboard.metrics.clusters import design_effect

    assert influence_design_effect([1 - rate, -rate], buckets) == pytest.approx(design_effect(hits, trials))


# Weights


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_weighted_cells_give_the_weighted_rates_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    label, said, weight = random.integers(0, 2, 80), random.integers(0, 2, 80), random.choice([0.5, 2.0, 7.0], 80)
    table, weights = np.zeros((3, 3), dtype=int), np.zeros((2, 3, 3))
    np.add.at(table, (label, said), 1)
    np.add.at(weights[0], (label, said), weight)
    np.add.at(weights[1], (label, said), weight**2)
    cells, given = Confusion.of(table, weights=weights), {"sample_weight": weight}
    found = RATES["accuracy"](cells)
    assert found.value == pytest.approx(sk.accuracy_score(label, said, **given))
    assert (found.n, found.minimum()) == (80, 80)
    assert found.independent == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert found.note == f"about {found.independent:.0f} independent"
    assert f1(cells).value == pytest.approx(sk.f1_score(label, said, **given))
    assert balanced_accuracy(cells).value == pytest.approx(sk.balanced_accuracy_score(label, said, **given))
    assert matthews_correlation(cells).value == pytest.approx(sk.matthews_corrcoef(label, said, **given))


def test_equal_weights_change_no_interval() -> None:
    table = np.array([[60, 9, 0], [5, 26, 0], [0, 0, 0]])
    plain, heavy = Confusion.of(table), Confusion.of(table, weights=np.stack([table * 4.0, table * 16.0]))
    for function in (*RATES.values(), f1, balanced_accuracy, matthews_correlation):
        assert function(heavy).interval() == pytest.approx(function(plain).interval(), abs=1e-12)
        assert (function(heavy).n, function(heavy).note) == (function(plain).n, function(plain).note)


def test_weighted_rates_are_contrasted_by_their_rows() -> None:
    group, reference = Rate(120.5, 300.0, 4.0, 90), Rate(80.0, 400.0, 5.0, 100)
    for contrast in (Difference(group, reference), Ratio(group, reference)):
        assert (contrast.n, contrast.minimum()) == (90, 90)
        assert contrast.note == "about 75 against 80 independent"


# Heavy tails


def test_a_heavy_tail_is_said_where_a_hundredth_holds_over_half() -> None:
    assert losses.heavy_tail([0.0, 1.0], [1000, 10]) == "heavy tail"
    assert losses.heavy_tail([0.0, 1.0], [1000, 21]) == ""
    assert losses.heavy_tail([0.5], [100]) == ""
    assert losses.heavy_tail([0.0], [100]) == ""
    assert losses.log_loss(10**9, 10**9, 5, clipped=2, note="heavy tail").note.endswith("1e-15; heavy tail")


def test_what_is_new_survives_pickling() -> None:
    cells = Confusion.of([[5, 2], [1, 4]])
    for found in (balanced_accuracy(cells), matthews_correlation(cells), average_precision([0, 20], [30, 1])):
        assert pickle.loads(pickle.dumps(found)).interval() == found.interval()
