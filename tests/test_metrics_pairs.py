"""Two versions compared, against statsmodels, published figures and plain computations on raw rows."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.stats.contingency_tables import mcnemar

from dashboard.metrics import performance
from dashboard.metrics.decomposition import decomposed
from dashboard.metrics.differences import area_correlation, difference_of
from dashboard.metrics.pairs import (
    SAME_TRIALS,
    Joint,
    PairedDifference,
    mcnemar_exact,
    mcnemar_mid_p,
    paired_difference,
)
from dashboard.metrics.performance import Confusion
from dashboard.metrics.ranking import roc_auc
from dashboard.rates import Difference, Rate

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.999999)
UNEQUAL = ("precision", "negative_predictive_value", "f1")
counts = st.integers(0, 60)
joints = st.lists(counts, min_size=12, max_size=12).map(lambda cells: Joint.of(np.reshape(cells, (3, 2, 2))))


@pytest.mark.parametrize("apart", [(0, 0), (1, 0), (6, 16), (16, 6), (10, 10), (40, 55)])
def test_mcnemar_equals_statsmodels(apart: tuple[int, int]) -> None:
    first, second = apart
    table = [[7, second], [first, 9]]
    assert mcnemar_exact(first, second) == pytest.approx(min(mcnemar(table, exact=True).pvalue, 1), abs=1e-12)


def test_the_mid_p_takes_half_of_what_was_seen_away() -> None:
    # Fagerland, Lydersen and Laake (2013): 1 and 7 of 21 pairs
    assert mcnemar_exact(1, 7) == pytest.approx(0.0703, abs=5e-5)
    assert mcnemar_mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)


@pytest.mark.parametrize(
    ("cells", "limits"),
    [
        ((36, 12, 2, 0), (0.0569, 0.3404)),
        ((20, 12, 2, 16), (0.0562, 0.3292)),
        ((0, 0, 0, 50), (-0.0713, 0.0713)),
    ],
)
def test_newcombes_paired_interval_equals_what_he_published(
    cells: tuple[int, int, int, int], limits: tuple[float, float]
) -> None:
    assert PairedDifference(*cells).interval() == pytest.approx(limits, abs=6e-5)


@settings(max_examples=300)
@given(counts, counts, counts, counts, st.sampled_from([1.0, 2.5]))
def test_a_higher_level_contains_a_lower_one(both: int, second: int, first: int, neither: int, deff: float) -> None:
    found = PairedDifference(both, second, first, neither, deff)
    if found.value is None:
        assert found.interval() == (None, None)
        return
    limits = [found.interval(level) for level in LEVELS]
    for (low, high), (lower, higher) in pairwise(limits):
        assert lower <= low + 1e-12  # type: ignore[operator]
        assert high <= higher + 1e-12  # type: ignore[operator]
    assert -1 - 1e-12 <= limits[-1][0] <= found.value + 1e-12  # type: ignore[operator]
    assert found.value - 1e-12 <= limits[-1][1] <= 1 + 1e-12  # type: ignore[operator]
    mirrored = PairedDifference(both, first, second, neither, deff)
    assert mirrored.interval() == pytest.approx([-limits[3][1], -limits[3][0]])  # type: ignore[operator]


def test_pairs_know_more_than_two_samples_of_the_same_size() -> None:
    paired, apart = PairedDifference(700, 60, 30, 210), Difference(Rate(760, 1000), Rate(730, 1000))
    assert paired.value == pytest.approx(apart.value)
    assert paired.interval()[0] > 0 > apart.interval()[0]  # type: ignore[operator]


def test_subjects_widen_a_paired_difference() -> None:
    (low, high), (lower, higher) = (PairedDifference(70, 12, 5, 30, deff).interval() for deff in (1.0, 2.0))
    assert lower < low < high < higher  # type: ignore[operator]


@given(joints)
def test_a_paired_difference_is_that_of_the_two_confusions(joint: Joint) -> None:
    for metric in (*SAME_TRIALS, *UNEQUAL):
        function = performance.f1 if metric == "f1" else performance.RATES[metric]
        second, first = function(joint.second), function(joint.first)
        found = paired_difference(metric, joint)
        if second.value is None or first.value is None:
            assert found.value is None
            assert found.note
            continue
        assert found.value == pytest.approx(second.value - first.value, abs=1e-12)
        low, high = found.interval()
        assert low - 1e-12 <= found.value <= high + 1e-12  # type: ignore[operator]
        assert pickle.loads(pickle.dumps(found)).interval() == (low, high)


def raw(joint: Joint) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Returns label (2 = none) and both decisions of every case."""
    where = np.repeat(np.arange(12), joint.array.ravel())
    label, first, second = np.unravel_index(where, (3, 2, 2))
    return label, first, second


def by_numbers(metric: str, label: NDArray[np.int64], said: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the residual hit - rate x trial of every case."""
    hit, trial = {
        "precision": ((label == 1) & (said == 1), (label < 2) & (said == 1)),
        "negative_predictive_value": ((label == 0) & (said == 0), (label < 2) & (said == 0)),
        "f1": (2 * ((label == 1) & (said == 1)), (label == 1).astype(int) + ((said == 1) & (label < 2))),
    }[metric]
    return np.asarray(hit - hit.sum() / trial.sum() * trial, dtype=float)


@settings(max_examples=60)
@given(joints)
def test_versions_with_other_trials_go_together_as_their_raw_rows_do(joint: Joint) -> None:
    label, first, second = raw(joint)
    for metric in UNEQUAL:
        found = paired_difference(metric, joint)
        if found.value is None:
            continue
        one, other = by_numbers(metric, label, second), by_numbers(metric, label, first)
        if not one.any() or not other.any():
            continue
        expected = float(one @ other / np.sqrt(one @ one * (other @ other)))
        function = performance.f1 if metric == "f1" else performance.RATES[metric]
        joined = difference_of(function(joint.second), function(joint.first), expected)
        assert found.interval() == pytest.approx(joined.interval(), abs=1e-9)


def delong(label: NDArray[np.int64], *scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the covariance matrix of the areas, placement by placement: O(mn)."""
    of_pos, of_neg = [], []
    for score in scores:
        above = score[label == 1][:, None] - score[label == 0][None, :]
        wins = (above > 0) + (above == 0) / 2
        of_pos.append(wins.mean(axis=1))
        of_neg.append(wins.mean(axis=0))
    return np.asarray(np.cov(of_pos) / len(of_pos[0]) + np.cov(of_neg) / len(of_neg[0]))


def drawn(seed: int, n: int, bins: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    label = (random.random(n) < 0.3).astype(int)
    shared = random.normal(label * 1.0, 1)
    scores = [shared + random.normal(0.3 * label * k, 0.7, n) for k in (0, 1)]
    first, second = (np.clip(np.floor((s + 3) / 7 * bins), 0, bins - 1).astype(np.int64) for s in scores)
    return label, first, second


@pytest.mark.parametrize("seed", range(5))
def test_the_correlation_of_two_areas_is_delongs(seed: int) -> None:
    label, first, second = drawn(seed, 400, 40)
    joint = [np.histogram2d(first[label == k], second[label == k], bins=40, range=[[0, 40]] * 2)[0] for k in (1, 0)]
    matrix = delong(label, first.astype(float), second.astype(float))
    expected = matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1])
    assert area_correlation(*joint) == pytest.approx(expected, abs=1e-12)


def test_a_paired_difference_of_areas_is_as_wide_as_delongs() -> None:
    label, first, second = drawn(11, 6000, 64)
    joint = [np.histogram2d(first[label == k], second[label == k], bins=64, range=[[0, 64]] * 2)[0] for k in (1, 0)]
    areas = [roc_auc(joint[0].sum(axis=away), joint[1].sum(axis=away), exact=True) for away in (0, 1)]
    found = difference_of(areas[0], areas[1], area_correlation(*joint))
    matrix = delong(label, first.astype(float), second.astype(float))
    error = np.sqrt(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1])
    low, high = found.interval()
    assert high - low == pytest.approx(2 * 1.959964 * error, rel=0.02)  # type: ignore[operator]
    apart = difference_of(areas[0], areas[1])
    assert apart.interval()[1] - apart.interval()[0] > 1.3 * (high - low)  # type: ignore[operator]


@pytest.mark.parametrize("seed", range(4))
def test_a_higher_level_of_a_difference_of_areas_contains_a_lower_one(seed: int) -> None:
    label, first, second = drawn(seed, 300, 12)
    joint = [np.histogram2d(first[label == k], second[label == k], bins=12, range=[[0, 12]] * 2)[0] for k in (1, 0)]
    areas = [roc_auc(joint[0].sum(axis=away), joint[1].sum(axis=away), exact=True) for away in (0, 1)]
    limits = [difference_of(areas[0], areas[1], area_correlation(*joint)).interval(level) for level in LEVELS]
    assert all(b[0] <= a[0] and a[1] <= b[1] for a, b in pairwise(limits))  # type: ignore[operator]


def test_two_perfect_versions_do_not_differ_for_certain() -> None:
    areas = roc_auc([0, 40], [60, 0], exact=True)
    low, high = difference_of(areas, areas).interval()
    assert low < 0 < high  # type: ignore[operator]


def test_a_difference_without_one_side_says_which() -> None:
    empty = performance.f1(Confusion.of([[5, 0], [0, 0]]))
    found = difference_of(performance.f1(Confusion.of([[5, 1], [2, 3]])), empty)
    assert found.value is None
    assert "the other" in found.note
    assert "0 of 0" in found.note


def test_paired_intervals_cover() -> None:
    random, chances = np.random.default_rng(5), np.array([0.55, 0.1, 0.06, 0.29])
    true, hits = chances[1] - chances[2], 0
    for cells in random.multinomial(400, chances, 3000):
        low, high = PairedDifference(*(int(n) for n in cells)).interval()
        hits += low <= true <= high  # type: ignore[operator]
    assert 0.94 <= hits / 3000 <= 0.965


def test_paired_intervals_of_precision_cover() -> None:
    random, chances = np.random.default_rng(6), np.array([40, 6, 5, 4, 3, 4, 6, 22, 5, 1, 1, 3]) / 100
    true, hits = paired_difference("precision", Joint.of((chances * 1e6).reshape(3, 2, 2))).value, 0
    for cells in random.multinomial(500, chances, 2000):
        low, high = paired_difference("precision", Joint.of(cells.reshape(3, 2, 2))).interval()
        hits += low <= true <= high  # type: ignore[operator]
    assert 0.93 <= hits / 2000 <= 0.97


rates = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: Rate(pair[0], pair[0] + pair[1]))
groups = st.dictionaries(st.sampled_from(["F", "M", "X", "unknown"]), rates, min_size=1)


@settings(max_examples=300)
@given(groups, groups)
def test_the_parts_of_a_change_add_up_to_it(before: dict[str, Rate], now: dict[str, Rate]) -> None:
    then_all, now_all = (
        Rate(sum(r.hits for r in side.values()), sum(r.trials for r in side.values())) for side in (before, now)
    )
    parts = decomposed(before, now)
    if then_all.value is None or now_all.value is None:
        assert parts == []
        return
    assert {part.group for part in parts} == set(before) | set(now)
    assert sum(part.total for part in parts) == pytest.approx(now_all.value - then_all.value, abs=1e-12)
    for part, other in zip(
        parts, sorted(decomposed(now, before), key=lambda p: [q.group for q in parts].index(p.group)), strict=True
    ):
        assert part.mix == pytest.approx(-other.mix, abs=1e-12)
        assert part.rate == pytest.approx(-other.rate, abs=1e-12)


def test_a_group_that_is_new_is_all_mix() -> None:
    parts = {part.group: part for part in decomposed({"F": Rate(30, 50)}, {"F": Rate(30, 50), "M": Rate(10, 50)})}
    assert parts["M"].rate == 0
    assert parts["F"].rate == 0
    assert parts["M"].mix + parts["F"].mix == pytest.approx(-0.2)


def test_equal_shares_leave_nothing_to_the_mix() -> None:
    parts = decomposed({"F": Rate(30, 50), "M": Rate(60, 100)}, {"F": Rate(20, 100), "M": Rate(150, 200)})
    assert sum(abs(part.mix) for part in parts) == pytest.approx(0)
