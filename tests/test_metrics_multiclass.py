"""Several classes: each against the rest, averages, correlation and places against scikit-learn on the raw rows."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from dashboard.errors import EvenhandError
from dashboard.metrics import multiclass, performance
from dashboard.metrics.multiclass import AVERAGES, Matrix, one_vs_rest, top_k_accuracy
from dashboard.metrics.ranking import roc_auc
from dashboard.rates import SUBJECT_BUCKETS, Estimate

NAMES = ("a", "b", "c", "d")
K = len(NAMES)
Row = tuple[int, int]
rows = st.lists(st.tuples(st.integers(0, K), st.integers(0, K)), max_size=60)  # K: none
levels = st.floats(0.05, 0.999)


def matrix_of(pairs: list[Row]) -> Matrix:
    table = np.zeros((K + 1, K + 1), dtype=int)
    for label, decision in pairs:
        table[label, decision] += 1
    return Matrix.of(NAMES, table)


def by_sklearn(pairs: list[Row]) -> dict[str, float]:
    """Returns every average of the rows that have both; a class without one is left out, NaN where all are."""
    both = np.array([pair for pair in pairs if K not in pair]).reshape(-1, 2)
    if not len(both):
        return dict.fromkeys(AVERAGES, np.nan)
    label, said = both.T
    each = sk.precision_recall_fscore_support(label, said, labels=range(K), zero_division=np.nan)
    values = {}
    for name, of_class in zip(("precision", "true_positive_rate", "f1"), each[:3], strict=True):
        known = ~np.isnan(of_class)
        support = each[3][known]
        values[f"{name}_macro"] = of_class[known].mean() if known.any() else np.nan
        values[f"{name}_weighted"] = np.average(of_class[known], weights=support) if support.sum() else np.nan
    two = len(set(label)) > 1 and len(set(said)) > 1
    return values | {
        "balanced_accuracy": values["true_positive_rate_macro"],
        "matthews_correlation": sk.matthews_corrcoef(label, said) if two else np.nan,
    }


@given(rows)
@settings(deadline=None)
def test_every_average_is_that_of_scikit_learn_on_the_rows(pairs: list[Row]) -> None:
    expected = by_sklearn(pairs)
    for name, function in AVERAGES.items():
        found = function(matrix_of(pairs))
        if np.isnan(expected[name]):
            assert found.value is None, name
            assert found.note.startswith("cannot be computed")
        else:
            assert found.value == pytest.approx(expected[name], abs=1e-12), name


@given(rows, levels, levels)
@settings(deadline=None)
def test_intervals_hold_the_value_and_are_nested_in_the_level(pairs: list[Row], one: float, other: float) -> None:
    for name, function in AVERAGES.items():
        found = function(matrix_of(pairs))
        if found.value is not None:
            (wide_low, wide_high), (low, high) = found.interval(max(one, other)), found.interval(min(one, other))
            assert wide_low - 1e-9 <= low <= found.value + 1e-9, name  # type: ignore[operator]
            assert found.value - 1e-9 <= high <= wide_high + 1e-9, name  # type: ignore[operator]


@given(rows)
def test_each_class_against_the_rest_is_a_confusion_of_two(pairs: list[Row]) -> None:
    for i, (name, cells) in enumerate(one_vs_rest(matrix_of(pairs)).items()):
        assert name == NAMES[i]
        table = np.zeros((3, 3), dtype=int)
        for label, decision in pairs:
            table[2 if label == K else int(label == i), 2 if decision == K else int(decision == i)] += 1
        assert cells == performance.Confusion.of(table)


@given(rows)
def test_the_weighted_recall_is_the_accuracy(pairs: list[Row]) -> None:
    matrix = matrix_of(pairs)
    assert multiclass.true_positive_rate_weighted(matrix).value == pytest.approx(multiclass.accuracy(matrix).value)


def test_two_classes_have_the_correlation_of_two() -> None:
    from dashboard.metrics.balance import matthews_correlation

    table = [[45, 15], [20, 20]]
    one, other = multiclass.matthews_correlation(Matrix.of("ab", table)), performance.Confusion.of(table)
    assert one.interval() == matthews_correlation(other).interval()


def test_slopes_are_those_of_small_changes() -> None:
    table = np.random.default_rng(1).integers(1, 30, (K, K)).astype(float)
    kept = np.ones(K, dtype=bool)
    from dashboard.metrics import balance

    for function in (multiclass._recall, multiclass._precision, multiclass._f1):
        for by_size in (False, True):
            value, slopes = function(table, kept, by_size)
            for cell in np.ndindex(K, K):
                more = table.copy()
                more[cell] += 1e-6
                assert (function(more, kept, by_size)[0] - value) * 1e6 == pytest.approx(slopes[cell], abs=1e-6)
    value, slopes = balance._correlation(table)
    assert (slopes * table).sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("copies", [1, 5])
def test_copies_of_subjects_are_worth_one_each(copies: int) -> None:
    random = np.random.default_rng(4)
    found = []
    for _ in range(12):
        buckets = np.zeros((K, K, SUBJECT_BUCKETS), dtype=np.int64)
        places = random.choice(K * K, 1500, p=(np.eye(K) * 8 + 1).ravel() / (np.eye(K) * 8 + 1).sum())
        np.add.at(buckets, (*np.divmod(places, K), random.integers(0, SUBJECT_BUCKETS, 1500)), copies)
        matrix = Matrix.of(NAMES, buckets.sum(axis=2), np.pad(buckets, ((0, 1), (0, 1), (0, 0))))
        plain = Matrix.of(NAMES, buckets.sum(axis=2))
        found.append([width(f(matrix)) ** 2 / width(f(plain)) ** 2 for f in AVERAGES.values()])
    assert np.mean(found) == pytest.approx(copies, rel=0.12)


def width(estimate: Estimate) -> float:
    low, high = estimate.interval()
    assert low is not None
    assert high is not None
    return high - low


def test_weights_of_one_change_nothing_and_weights_count_cases() -> None:
    table = np.random.default_rng(5).integers(1, 30, (K + 1, K + 1))
    plain, ones = Matrix.of(NAMES, table), Matrix.of(NAMES, table, weights=np.stack([table, table]).astype(float))
    heavy = Matrix.of(NAMES, table, weights=np.stack([table * 3.0, table * 9.0]))
    for function in (*AVERAGES.values(), multiclass.accuracy):
        for weighted in (ones, heavy):
            assert function(weighted).value == pytest.approx(function(plain).value)
            assert function(weighted).n == function(plain).n
            assert function(weighted).interval() == pytest.approx(function(plain).interval())


@given(st.integers(0, 10**6), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_the_first_k_are_those_of_scikit_learn(seed: int, k: int) -> None:
    random = np.random.default_rng(seed)
    chances, label = np.round(random.dirichlet(np.ones(5), 80), 4), random.integers(0, 5, 80)
    own = chances[np.arange(80), label][:, None]
    ranks = 1 + ((chances > own) | ((chances == own) & (np.arange(5) > label[:, None]))).sum(axis=1)
    found = top_k_accuracy({int(r): int(n) for r, n in zip(*np.unique(ranks, return_counts=True), strict=True)}, k, 5)
    assert found.value == pytest.approx(sk.top_k_accuracy_score(label, chances, k=k, labels=range(5)))


def test_as_many_places_as_classes_say_nothing() -> None:
    assert top_k_accuracy({1: 5, 2: 5}, k=2, classes=2).note == "cannot be computed: there are only 2 classes"


def test_the_macro_area_leaves_out_and_names_what_has_none() -> None:
    one, none = roc_auc([0, 5, 9], [7, 3, 1]), roc_auc([0, 0, 0], [7, 3, 1])
    found = multiclass.roc_auc_macro({"a": one, "b": none})
    assert (found.value, found.interval()) == (one.value, one.interval())
    assert found.note.startswith("left out: b")
    assert multiclass.roc_auc_macro({"b": none}).value is None


def test_a_class_that_never_occurs_is_left_out_by_name() -> None:
    found = multiclass.precision_macro(Matrix.of("abc", [[3, 1, 0], [1, 5, 0], [0, 1, 0]]))
    assert found.note == "left out, 0 of 0: c"
    assert found.minimum() == 4
    assert multiclass.f1_macro(Matrix.of("abc", [[3, 1, 0], [1, 5, 0], [0, 1, 0]])).note == ""


def test_a_perfect_model_still_has_an_interval() -> None:
    for function in AVERAGES.values():
        found = function(Matrix.of("abc", np.eye(3) * 40))
        assert found.value == pytest.approx(1.0)
        assert 0.9 < (found.interval()[0] or 0) < 1


def test_averages_survive_pickling_and_other_shapes_are_refused() -> None:
    found = multiclass.f1_macro(Matrix.of("ab", [[5, 2], [1, 4]]))
    assert pickle.loads(pickle.dumps(found)).interval() == found.interval()
    with pytest.raises(EvenhandError, match="2 x 2"):
        Matrix.of("ab", np.ones((4, 4)))
