"""Metrics of a predicted number from sums and counts against scikit-learn on the raw rows, and the laws they keep."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sk

from dashboard.metrics.errors import (
    SCALE,
    Moments,
    beyond_tolerance_rate,
    edges,
    heavy_tail,
    in_unit,
    mean_absolute_percentage_error,
    median_absolute_error,
    r2_design_effect,
    r2_score,
)
from dashboard.rates import Estimate

numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
pairs = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=60)
levels = st.floats(0.05, 0.9999)
Floats = NDArray[np.float64]


def columns(drawn: list[tuple[float, float]]) -> tuple[Floats, Floats]:
    label, value = np.array(drawn).T
    return label, value


def counted(sizes: Floats) -> Floats:
    """Returns |errors| by bin."""
    bins = np.searchsorted(edges(), sizes, side="right")
    return np.bincount(bins, minlength=len(edges()) + 1).astype(float)


@given(pairs)
def test_r2_is_that_of_scikit_learn_or_cannot_be_computed(drawn: list[tuple[float, float]]) -> None:
    label, value = columns(drawn)
    found = r2_score(Moments.of(label, value))
    if np.ptp(label) == 0:
        assert found.value is None
        assert f"the labels of {len(label)} rows do not differ" in found.note
        return
    assume(label.std() > 1e-2)  # fixed-point sums keep six digits
    assert found.value == pytest.approx(sk.r2_score(label, value), rel=1e-3, abs=1e-3)


@given(st.lists(st.tuples(st.floats(0.1, 100), numbers), min_size=1, max_size=60))
def test_the_percentage_error_is_that_of_scikit_learn(drawn: list[tuple[float, float]]) -> None:
    label, value = columns(drawn)
    off = np.rint(np.abs(value - label) / label * SCALE).astype(int)
    found = mean_absolute_percentage_error(int(off.sum()), int((off.astype(object) ** 2).sum()) // SCALE, len(label))
    assert found.value == pytest.approx(sk.mean_absolute_percentage_error(label, value), abs=1e-6)


def test_labels_of_zero_are_left_out_of_the_percentage_error_and_counted() -> None:
    assert "2 rows with label 0 left out" in mean_absolute_percentage_error(10, 10, 5, zeros=2).note
    none = mean_absolute_percentage_error(0, 0, 0, zeros=3)
    assert none.value is None
    assert "3 with label 0" in none.note


@given(st.lists(st.floats(1e-3, 1e5), min_size=1, max_size=200), levels)
def test_the_median_is_within_one_and_a_half_percent_and_its_interval_holds_it(
    sizes: list[float], level: float
) -> None:
    found = median_absolute_error(counted(np.array(sizes)))
    assert found.value == pytest.approx(float(np.quantile(sizes, 0.5, method="inverted_cdf")), rel=0.0152)
    low, high = found.interval(level)
    assert low is not None
    assert found.value is not None
    assert low <= found.value
    assert high is None or found.value <= high


@given(st.lists(st.floats(1e-3, 1e5), min_size=6, max_size=200), levels, levels)
def test_the_median_of_two_days_is_that_of_both_counted_once(sizes: list[float], one: float, other: float) -> None:
    half = len(sizes) // 2
    first, second = counted(np.array(sizes[:half])), counted(np.array(sizes[half:]))
    merged, once = median_absolute_error(first + second), median_absolute_error(counted(np.array(sizes)))
    assert merged.value == once.value
    narrow, wide = merged.interval(min(one, other)), once.interval(max(one, other))
    assert (wide[0] or 0) <= (narrow[0] or 0)
    assert (wide[1] or np.inf) >= (narrow[1] or np.inf)


@given(pairs, levels, levels)
def test_r2_intervals_are_nested_and_end_at_1(drawn: list[tuple[float, float]], one: float, other: float) -> None:
    found = r2_score(Moments.of(*columns(drawn)))
    assume(found.value is not None)
    narrow, wide = found.interval(min(one, other)), found.interval(max(one, other))
    assert wide[0] is None or (narrow[0] is not None and wide[0] <= narrow[0])
    assert narrow[1] is not None
    assert wide[1] is not None
    assert narrow[1] <= wide[1] <= 1


@pytest.mark.parametrize("draw", [stats.norm, stats.laplace], ids=["normal", "laplace"])
@pytest.mark.parametrize("explained", [0.1, 0.7, 0.95])
def test_r2_intervals_cover(draw: stats.rv_continuous, explained: float) -> None:
    random, n, times = np.random.default_rng(4), 300, 600
    spread = np.sqrt(1 / explained - 1) / draw.std()
    covered = 0
    for _ in range(times):
        value = random.normal(size=n)
        label = value + spread * draw.rvs(size=n, random_state=random)
        low, high = r2_score(Moments.of(label, value)).interval()
        covered += (low or -np.inf) <= explained <= (high or 1)
    assert 0.92 <= covered / times <= 0.98


def test_copies_of_a_subject_have_the_design_effect_of_their_number() -> None:
    random = np.random.default_rng(5)
    value = random.normal(10, 3, 400)
    label, of = value + random.laplace(0, 2, 400), random.integers(0, 256, 400)
    sums = Moments.of(np.tile(label, 4), np.tile(value, 4))
    powers = (np.ones(400), (value - label) ** 2 * SCALE, label * SCALE, label**2 * SCALE)
    rows, squares, labels, label_sqs = (4.0 * np.bincount(of, power, 256).astype(float) for power in powers)
    assert r2_design_effect(sums, rows, squares, labels, label_sqs) == pytest.approx(4, rel=0.2)


def test_a_heavy_tail_is_said_of_few_errors_that_hold_most_of_the_sum() -> None:
    random = np.random.default_rng(6)
    assert heavy_tail(counted(np.abs(random.normal(size=5000)))) == ""
    assert heavy_tail(counted(np.abs(random.laplace(size=5000))), power=2) == ""
    cauchy = counted(np.abs(random.standard_cauchy(5000)))
    assert heavy_tail(cauchy, power=2).startswith("heavy tail: the largest 1 % of squared errors hold")
    assert heavy_tail(counted(np.zeros(100))) == ""


@given(st.integers(0, 50), st.integers(0, 50))
def test_the_share_beyond_the_tolerance_is_a_rate(beyond: int, within: int) -> None:
    found = beyond_tolerance_rate(beyond, beyond + within)
    assert found.value == (beyond / (beyond + within) if beyond + within else None)


def test_estimates_in_another_unit_are_scaled_with_their_limits_and_can_be_pickled() -> None:
    plain = median_absolute_error(counted(np.arange(1.0, 100.0)))
    scaled = pickle.loads(pickle.dumps(in_unit(plain, 0.001)))
    assert isinstance(scaled, Estimate)
    assert scaled.value == pytest.approx((plain.value or 0) / 1000)
    assert scaled.interval()[0] == pytest.approx((plain.interval()[0] or 0) / 1000)
    assert in_unit(plain, 1.0) is plain
