"""Whether several groups have one rate, against scipy: its chi-squared test, its permutations, all tables there are."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dashboard.metrics import homogeneity
from dashboard.metrics.homogeneity import CHI_SQUARED, PERMUTED, permuted
from dashboard.rates import Rate

COUNTS = st.lists(st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=3, max_size=4)


def statistic(hits: np.ndarray, trials: np.ndarray) -> float:
    return float(stats.chi2_contingency([hits, trials - hits], correction=False).statistic)


@given(COUNTS)
def test_the_permutation_is_as_likely_as_the_tables_that_lie_as_far_apart(counts: list[tuple[int, int]]) -> None:
    hits, trials = (np.array(side) for side in zip(*counts, strict=True))
    total = int(hits.sum())
    if not 0 < total < trials.sum():
        return
    seen = statistic(hits, trials)
    tables = [np.array(t) for t in product(*(range(n + 1) for n in trials)) if sum(t) == total]
    chances = [stats.multivariate_hypergeom.pmf(t, trials, total) for t in tables]
    exact = sum(p for t, p in zip(tables, chances, strict=True) if statistic(t, trials) >= seen - 1e-9)
    spread = np.sqrt(max(exact * (1 - exact), 0.0) / 9_999)
    assert permuted(hits, trials) == pytest.approx(exact, abs=5 * spread + 2e-4)


def test_the_permutation_is_scipys() -> None:
    hits, trials = np.array([1, 6, 3, 7]), np.array([9, 12, 4, 9])
    groups = np.repeat(np.arange(4), trials)
    said = np.concatenate([np.arange(n) < h for h, n in zip(hits, trials, strict=True)])

    def apart(order: np.ndarray) -> float:
        return statistic(np.bincount(groups, order, 4), trials)

    theirs = stats.permutation_test((said.astype(float),), apart, permutation_type="pairings", n_resamples=3_000,
                                    alternative="greater", rng=1)  # fmt: skip
    assert permuted(hits, trials) == pytest.approx(theirs.pvalue, abs=0.03)


@given(st.lists(st.tuples(st.integers(20, 80), st.integers(100, 400)), min_size=3, max_size=12))
def test_of_many_cases_it_is_scipys_chi_squared_test(counts: list[tuple[int, int]]) -> None:
    found = homogeneity.alike({str(k): Rate(*pair) for k, pair in enumerate(counts)})
    hits, trials = (np.array(side) for side in zip(*counts, strict=True))
    theirs = stats.chi2_contingency([hits, trials - hits], correction=False)
    assert found is not None
    assert found.method == CHI_SQUARED
    assert found.p == pytest.approx(theirs.pvalue, abs=1e-9)
    assert found.least == pytest.approx(theirs.expected_freq.min())


def test_the_same_counts_give_the_same_number_and_few_groups_none() -> None:
    few = {"a": Rate(0, 4), "b": Rate(3, 4), "c": Rate(4, 4), "empty": Rate(0, 0)}
    first, second = homogeneity.alike(few), homogeneity.alike(dict(few))
    assert first is not None
    assert first == second
    assert (first.groups, first.method) == (3, PERMUTED)
    assert homogeneity.alike({"a": Rate(1, 4), "b": Rate(3, 4), "empty": Rate(0, 0)}) is None


def test_where_everybody_or_nobody_is_hit_there_is_nothing_to_test() -> None:
    for rate in (Rate(0, 3), Rate(3, 3)):
        found = homogeneity.alike(dict.fromkeys("abc", rate))
        assert found is not None
        assert found.p is None


def test_rows_of_one_subject_are_not_shuffled_one_by_one() -> None:
    found = homogeneity.alike({"a": Rate(0, 8, 2.0), "b": Rate(6, 8, 2.0), "c": Rate(8, 8, 2.0)})
    assert found is not None
    assert found.method == CHI_SQUARED
    assert found.note.startswith("rough")
