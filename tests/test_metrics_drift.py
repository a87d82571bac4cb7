"""Drift against scipy on raw values, published figures, and simulated days."""

from __future__ import annotations

import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import stats
from scipy.spatial.distance import jensenshannon

from dashboard.metrics import drift
from dashboard.metrics.days import _statistics, p_of_days
from dashboard.metrics.histograms import BINS, EXPECTED, Categories, Histogram, _even, paired

FINE = 256
EDGES = stats.norm.ppf(np.arange(1, FINE) / FINE)
values = st.lists(st.integers(0, 9), min_size=1, max_size=80)
categories = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 300))
levels = st.floats(0.05, 0.9999)
MEASURES = (drift.psi, drift.js_distance, drift.ks, drift.wasserstein)


def counted(found: list[int] | np.ndarray, missing: int = 0) -> Histogram:
    """Returns the histogram of small integers, a bin each."""
    counts = np.bincount(np.asarray(found, dtype=int), minlength=10)
    return Histogram.of(counts, counts * np.arange(10), missing)


def binned(found: np.ndarray, missing: int = 0) -> Histogram:
    """Returns the histogram of numbers in the quantile bins of a normal distribution."""
    where = np.searchsorted(EDGES, found, side="right")
    return Histogram.of(np.bincount(where, minlength=FINE), np.bincount(where, weights=found, minlength=FINE), missing)


def largest_gap(before: ArrayLike, now: ArrayLike) -> float:
    """Returns scipy's KS statistic; its p-value, which warns for tiny samples, is not asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(stats.ks_2samp(before, now, method="asymp").statistic)


def shares(counts: np.ndarray) -> np.ndarray:
    return (counts + 0.5) / (counts.sum() + 0.5 * len(counts))


@given(values, values)
def test_ks_and_wasserstein_are_those_of_scipy_where_a_bin_is_a_value(before: list[int], now: list[int]) -> None:
    reference, current = counted(before), counted(now)
    assert drift.ks(reference, current).value == pytest.approx(largest_gap(before, now), abs=1e-12)
    expected = stats.wasserstein_distance(before, now)
    assert drift.wasserstein(reference, current).value == pytest.approx(expected, abs=1e-12)
    scaled = drift.wasserstein(reference, current, standardised=True)
    if np.std(before) > 0:
        assert scaled.value == pytest.approx(expected / np.std(before), abs=1e-9)
    else:
        assert scaled.value is None


@given(st.integers(0, 10**6), st.floats(-1, 1))
@settings(max_examples=30, deadline=None)
def test_binned_ks_and_wasserstein_are_near_those_of_the_raw_values(seed: int, shift: float) -> None:
    random = np.random.default_rng(seed)
    before, now = random.normal(size=2000), random.normal(shift, size=700)
    found = drift.ks(binned(before), binned(now))
    bound = binned(before).counts.max() / 2000
    raw = largest_gap(before, now)
    assert found.value is not None
    assert found.value <= raw + 1e-12 <= found.value + bound + 2e-12
    area = drift.wasserstein(binned(before), binned(now)).value
    assert area == pytest.approx(stats.wasserstein_distance(before, now), abs=0.02)


@given(categories, categories)
@settings(deadline=None)
def test_psi_and_js_distance_are_their_formulas_on_the_common_bins(before: dict[str, int], now: dict[str, int]) -> None:
    reference, current = Categories(before, 7), Categories(now, 9)
    common = paired(reference, current)
    psi, distance = drift.psi(reference, current), drift.js_distance(reference, current)
    if common.bins < 2:
        assert psi.value is None or psi.note == "one value throughout"
        return
    p, q = shares(common.reference), shares(common.current)
    assert psi.value == pytest.approx(float(np.sum((q - p) * np.log(q / p))), abs=1e-12)
    assert distance.value == pytest.approx(jensenshannon(p, q, base=2), abs=1e-7)


@given(categories, categories, st.integers(0, 50), st.integers(0, 50))
def test_common_bins_keep_every_row_and_expect_at_least_five(
    before: dict[str, int], now: dict[str, int], lost_before: int, lost_now: int
) -> None:
    reference, current = Categories(before, lost_before), Categories(now, lost_now)
    common = paired(reference, current)
    assert (common.reference.sum(), common.current.sum()) == (reference.n, current.n)
    if common.bins > 1:
        expected = (common.reference + common.current) * min(reference.n, current.n) / (reference.n + current.n)
        assert expected.min() >= EXPECTED


@given(st.lists(st.integers(0, 200), min_size=12, max_size=12), st.lists(st.integers(0, 90), min_size=12, max_size=12))
def test_numbers_come_onto_at_most_ten_bins_that_expect_at_least_five(before: list[int], now: list[int]) -> None:
    reference, current = Histogram.of(before, np.zeros(12)), Histogram.of(now, np.zeros(12))
    common = paired(reference, current)
    assert 1 <= common.bins <= 10
    assert (common.reference.sum(), common.current.sum()) == (sum(before), sum(now))
    assert np.all(np.diff(common.bin_of) >= 0)  # neighbours only
    if common.bins > 1:
        expected = (common.reference + common.current) * min(reference.n, current.n) / (reference.n + current.n)
        assert expected.min() >= EXPECTED


def test_quantile_bins_are_merged_into_ten_of_equal_count() -> None:
    even = Histogram.of(np.full(250, 40), np.zeros(250))
    assert paired(even, even).reference.tolist() == [1000] * 10
    heavy = Histogram.of([600, *[4] * 100], np.zeros(101))
    assert paired(heavy, heavy).reference[0] == 600
    assert paired(heavy, heavy).bins == 10


@given(st.lists(st.integers(0, 300), min_size=1, max_size=80))
def test_fine_bins_are_merged_one_after_the_other(counts: list[int]) -> None:
    """A bin ends where half of the next fine one would no longer fit into an equal share of what is left."""
    left, held, bin_, expected = sum(counts), 0, 0, []
    for count in counts:
        if held and held + count / 2 > left / (BINS - bin_) and bin_ < BINS - 1:
            left, held, bin_ = left - held, 0, bin_ + 1
        expected.append(bin_)
        held += count
    assert _even(np.array(counts)).tolist() == expected


def test_missing_and_unseen_are_bins_of_their_own() -> None:
    common = paired(Categories({"a": 50, "b": 50}, 20), Categories({"a": 40, "b": 30, "new": 25, "newer": 5}, 20))
    assert common.names == ("a", "b", "categories not in the reference", "missing values")
    assert common.current.tolist() == [40, 30, 30, 20]
    numbers = paired(binned(np.zeros(100), missing=30), binned(np.zeros(100), missing=60))
    assert (numbers.names[-1], numbers.reference[-1], numbers.current[-1]) == ("missing", 30, 60)
    few = drift.psi(binned(np.linspace(-2, 2, 100), missing=1), binned(np.linspace(-2, 2, 100), missing=2))
    assert "3 missing left out" in few.note


@given(categories, categories)
def test_chi_squared_and_its_p_are_those_of_scipy(before: dict[str, int], now: dict[str, int]) -> None:
    reference, current = Categories(before, 7), Categories(now, 9)
    found, common = drift.chi_squared(reference, current), paired(reference, current)
    if common.bins < 2:
        assert found.value is None or found.note == "one value throughout"
        return
    expected = stats.chi2_contingency([common.reference, common.current], correction=False)
    assert found.value == pytest.approx(expected.statistic)
    assert f"p {expected.pvalue:.2g} with {expected.dof} degree" in found.note


def test_the_limits_of_chi_squared_contain_its_noncentrality() -> None:
    """In 950 of 1,000 draws, give or take three standard errors."""
    random, p, q = np.random.default_rng(8), np.array([0.5, 0.3, 0.2]), np.array([0.44, 0.34, 0.22])
    n, m = 2000, 500
    middle = (n * p + m * q) / (n + m)
    truth = n * m / (n + m) * float(((p - q) ** 2 / middle).sum())
    inside = 0
    for _ in range(1000):
        then, now = (dict(zip("abc", random.multinomial(k, s), strict=True)) for k, s in ((n, p), (m, q)))
        low, high = drift.chi_squared(Categories(then), Categories(now)).interval()
        inside += (low or 0) <= truth <= (high or 0)
    assert inside >= 950 - 21


def test_unseen_categories_are_named_in_the_note() -> None:
    new = dict.fromkeys("vwxyz", 20) | {"y": 30}
    note = drift.psi(Categories({"a": 100, "b": 50}), Categories({"a": 40, "b": 9} | new)).note
    assert "not in the reference: y, v, w and 2 more" in note
    assert "not in the reference" not in drift.psi(Categories({"a": 100, "b": 9}), Categories({"a": 40, "b": 9})).note


def test_a_category_called_missing_is_not_the_missing_values() -> None:
    common = paired(Categories({"missing values": 50, "b": 50}, 20), Categories({"missing values": 30, "b": 60}, 40))
    assert common.reference.tolist() == [50, 50, 20]


@pytest.mark.parametrize(
    ("n", "m", "bins", "p", "published"), [(500, 500, 10, 0.001, 0.1115087), (1000, 1500, 32, 0.05, 0.0749756)]
)
def test_the_limit_of_the_psi_without_drift_is_that_published(
    n: int, m: int, bins: int, p: float, published: float
) -> None:
    assert drift.psi_limit(bins, n, m, 1 - p) == pytest.approx(published, abs=5e-8)


@pytest.mark.parametrize("n", [400, 40_000, 40_000_000])
def test_the_limits_of_the_psi_put_it_in_the_tails_of_the_noncentral_chi_squared(n: int) -> None:
    reference, current = Categories({"a": n, "b": n, "c": n}), Categories({"a": n, "b": 2 * n, "c": n})
    measure = drift.psi(reference, current)
    low, high = measure.interval(0.9)
    assert measure.value is not None
    assert low is not None
    assert high is not None
    unit = 1 / reference.n + 1 / current.n
    tails = stats.ncx2.sf(measure.value / unit, 2, low / unit), stats.ncx2.cdf(measure.value / unit, 2, high / unit)
    assert tails == pytest.approx((0.05, 0.05), abs=5e-4)


@pytest.mark.parametrize("measure", MEASURES)
def test_without_drift_one_interval_in_twenty_lies_above_nought(measure: object) -> None:
    random = np.random.default_rng(11)
    above = 0
    for _ in range(200):
        found = measure(binned(random.normal(size=1500)), binned(random.normal(size=800)))  # type: ignore[operator]
        above += found.interval()[0] > 0
    assert above <= 20


@pytest.mark.parametrize("measure", MEASURES)
def test_intervals_of_a_shift_contain_what_it_truly_is(measure: object) -> None:
    random = np.random.default_rng(12)
    shift, decile = 0.4, stats.norm.ppf(np.arange(1, 10) / 10)
    p, q = np.full(10, 0.1), np.diff(stats.norm.cdf(decile, shift), prepend=0, append=1)
    true = {
        drift.psi: np.sum((q - p) * np.log(q / p)),
        drift.js_distance: jensenshannon(p, q, base=2),
        drift.ks: 2 * stats.norm.cdf(shift / 2) - 1,
        drift.wasserstein: shift,
    }[measure]
    covered = 0
    for _ in range(150):
        found = measure(binned(random.normal(size=3000)), binned(random.normal(shift, size=800)))  # type: ignore[operator]
        low, high = found.interval()
        covered += low <= true <= high
    assert covered >= 0.92 * 150


@given(st.integers(0, 10**6), st.floats(0, 1), st.integers(0, 1), levels, levels)
@settings(max_examples=60, deadline=None)
def test_drift_intervals_are_nested_and_contain_their_value(
    seed: int, shift: float, days: int, one: float, other: float
) -> None:
    random = np.random.default_rng(seed)
    reference, current = binned(random.normal(size=900), 30), binned(random.normal(shift, size=100), 9)
    windows = [binned(random.normal(random.normal(0, 0.2), size=100)) for _ in range(9 * days)]
    for measure in MEASURES:
        found = measure(reference, current, windows)
        (low, high), (wide_low, wide_high) = (found.interval(level) for level in sorted((one, other)))
        assert found.value is not None
        assert wide_low <= low <= found.value <= high <= wide_high, found  # type: ignore[operator]


# Days are not independent


def days(random: np.random.Generator, between: float, shift: float = 0.0) -> tuple[Histogram, list[Histogram]]:
    """Returns a current window and twelve earlier ones whose means vary by `between`."""
    earlier = [binned(random.normal(random.normal(0, between), 1, 500)) for _ in range(12)]
    return binned(random.normal(random.normal(0, between) + shift, 1, 500)), earlier


def test_a_window_among_days_that_vary_is_rarely_called_drifted() -> None:
    random = np.random.default_rng(13)
    alone, held = 0, 0
    for _ in range(150):
        current, earlier = days(random, between=0.3)
        reference = sum(earlier[1:], start=earlier[0])
        alone += (drift.psi(reference, current).interval()[0] or 0) > 0
        held += (drift.psi(reference, current, earlier).interval()[0] or 0) > 0
    assert alone > 75  # counting rows, most windows drift
    assert held <= 12


def test_a_large_shift_is_seen_all_the_same() -> None:
    random = np.random.default_rng(14)
    seen = 0
    for _ in range(30):
        current, earlier = days(random, between=0.1, shift=1.0)
        seen += (drift.psi(sum(earlier[1:], start=earlier[0]), current, earlier).interval()[0] or 0) > 0.1
    assert seen >= 28


def test_the_days_test_is_students_prediction_interval() -> None:
    random = np.random.default_rng(15)
    shares = random.uniform(0.4, 0.6, 10)
    windows = [Categories({"a": round(1000 * share), "b": 1000 - round(1000 * share)}) for share in shares]
    reference = sum(windows[1:], start=windows[0])
    s = np.array([window.counts["a"] / 1000 for window in windows])
    t = (0.7 - s.mean()) / (s.std(ddof=1) * math.sqrt(1.1))
    expected = 2 * 2 * stats.t.sf(t, 9)  # two statistics
    p = p_of_days(reference, Categories({"a": 700, "b": 300}), windows)
    assert p == pytest.approx(expected, rel=1e-9)
    found = drift.psi(reference, Categories({"a": 700, "b": 300}), windows)
    assert p is not None
    assert (found.interval(1 - p * 0.99)[0] or 0) == 0
    assert (found.interval(1 - p * 1.01)[0] or 0) > 0
    assert "among 10 earlier windows" in found.note


def test_fewer_than_eight_windows_are_not_used_and_the_note_says_so() -> None:
    random = np.random.default_rng(16)
    current, earlier = days(random, between=0.0)
    assert p_of_days(current, current, earlier[:7]) is None
    assert "days assumed independent (7 earlier windows, 8 needed)" in drift.psi(current, current, earlier[:7]).note


def test_a_feature_that_never_was_missing_and_now_is_stands_out_among_days() -> None:
    windows = [counted([1, 2, 3] * 100) for _ in range(9)]
    reference = sum(windows[1:], start=windows[0])
    p = p_of_days(reference, counted([1, 2, 3] * 70, missing=90), windows)
    assert p is not None
    assert p < 1e-6
    assert p_of_days(reference, windows[0], windows) == 1.0


# What cannot be computed


@pytest.mark.parametrize("measure", MEASURES)
def test_an_empty_window_cannot_be_computed_and_says_which(measure: object) -> None:
    found = measure(counted([1, 2, 3]), counted([]))  # type: ignore[operator]
    assert (found.value, found.interval()) == (None, (None, None))
    assert "3 " in found.note
    assert "0 now" in found.note


def test_a_constant_feature_has_not_drifted_and_a_tiny_window_cannot_tell() -> None:
    assert drift.psi(counted([3] * 90), counted([3] * 40)).value == 0
    assert drift.psi(Categories({"a": 90}), Categories({"a": 20})).interval() == (0.0, 0.0)
    assert "too few" in drift.psi(counted([1, 2] * 40), counted([1, 2])).note
    assert drift.wasserstein(counted([3] * 90), counted([3] * 40)).interval() == (0.0, 0.0)


def test_days_are_tested_on_what_varies_only() -> None:
    """Nothing is missing anywhere: the mean and the spread are two tests, not three."""
    random = np.random.default_rng(4)
    windows = [binned(random.normal(size=400)) for _ in range(8)]
    reference, current = sum(windows[1:], windows[0]), binned(random.normal(0.1, size=400))
    (now, *before), alone = _statistics(reference, current, windows)
    spread = np.maximum(np.std(before, axis=0, ddof=1), alone) * math.sqrt(1 + 1 / 8)
    each = 2 * stats.t.sf(np.abs(now - np.mean(before, axis=0)) / spread, 7)
    assert p_of_days(reference, current, windows) == pytest.approx(2 * each[:2].min())
    lost = [Histogram(one.counts, one.sums, k % 2) for k, one in enumerate(windows)]
    assert p_of_days(reference, current, lost) == pytest.approx(3 * each[:2].min(), rel=0.01)


def test_numbers_and_categories_cannot_be_compared() -> None:
    with pytest.raises(TypeError):
        drift.psi(counted([1]), Categories({"a": 1}))  # type: ignore[type-var]


def test_drift_survives_pickling() -> None:
    for measure in MEASURES:
        found = measure(counted([1, 2, 3, 4] * 20), counted([2, 3, 4, 4] * 20))
        assert pickle.loads(pickle.dumps(found)).interval(0.9) == found.interval(0.9)


@settings(deadline=None)
@given(values, values, st.lists(values, max_size=10), levels)
def test_measures_found_together_are_those_found_alone(
    before: list[int], now: list[int], earlier: list[list[int]], level: float
) -> None:
    reference, current, windows = counted(before, 3), counted(now, 1), [counted(one) for one in earlier]
    together = dict(
        drift.measures(drift.Compared(reference, current, windows), ("psi", "js_distance", "ks", "wasserstein"))
    )
    for alone in MEASURES:
        one, other = alone(reference, current, windows), together[alone.__name__]
        assert (one.value, one.note) == (other.value, other.note)
        assert one.value is None or one.interval(level) == other.interval(level)
    categories = drift.Compared(Categories({"a": 5}), Categories({"a": 5}))
    assert list(dict(drift.measures(categories, ("psi", "ks")))) == ["psi"]


@settings(deadline=None, max_examples=30)
@given(values, st.lists(values, min_size=8, max_size=9), values)
def test_p_of_days_is_the_smallest_of_students_tests_on_each_statistic(
    before: list[int], earlier: list[list[int]], now: list[int]
) -> None:
    reference, windows = counted(before, 3), [counted(one, 1) for one in earlier]
    ranks = (np.cumsum(reference.counts) - reference.counts / 2) / reference.present
    scores = stats.norm.ppf(np.clip(ranks, 0.5 / (len(before) + 1), 1 - 0.5 / (len(before) + 1)))
    found = np.array([(scores[one].mean(), scores[one].std(), 1 / (len(one) + 1)) for one in [now, *earlier]])
    usual, fourth = scores[before].std(), float(np.mean((scores[before] - scores[before].mean()) ** 4))
    missing = (3 + 1 + 0.5) / (len(before) + 3 + len(now) + 1 + 1)
    alone = (
        usual / math.sqrt(len(now)),
        math.sqrt(max(fourth - usual**4, 0) / (4 * usual**2 * len(now))) if usual > 0 else 0.0,
        math.sqrt(missing * (1 - missing) / (len(now) + 1)),
    )
    spread = np.maximum(found[1:].std(axis=0, ddof=1), alone) * math.sqrt(1 + 1 / len(windows))
    gap = np.abs(found[0] - found[1:].mean(axis=0))
    p = [2 * stats.t.sf(g / s, len(windows) - 1) if s > 1e-12 else 1.0 for g, s in zip(gap, spread, strict=True)]
    assert p_of_days(reference, counted(now, 1), windows) == pytest.approx(min(1.0, 3 * min(p)), abs=1e-9)
