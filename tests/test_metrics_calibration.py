"""Calibration from counts against scikit-learn and plain arithmetic on raw rows; and what its intervals promise."""

from __future__ import annotations

import pickle
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from dashboard.metrics import calibration
from dashboard.metrics.reliability import Reliability, largest_deviation, mean_deviations, reliability
from dashboard.rates import Estimate

SCALE = 10**9
MEASURES = (
    calibration.expected_calibration_error,
    calibration.maximum_calibration_error,
    calibration.brier_reliability,
    calibration.brier_resolution,
    calibration.brier_uncertainty,
)
Floats = NDArray[np.float64]


def counted(scores: Floats, labels: Floats, **how: object) -> Reliability:
    """Returns the curve of raw rows, every distinct score a fine bin of its own."""
    values, place = np.unique(scores, return_inverse=True)
    positives = np.bincount(place, weights=labels, minlength=len(values)).astype(int)
    return reliability(positives, np.bincount(place, minlength=len(values)) - positives, values, **how)  # type: ignore[arg-type]


@st.composite
def rows(draw: st.DrawFn, distinct: int | None = None) -> tuple[Floats, Floats]:
    random = np.random.default_rng(draw(st.integers(0, 2**20)))
    n = draw(st.sampled_from([1, 2, 7, 60, 500, 1000]))
    scores = random.beta(*draw(st.sampled_from([(1, 1), (1, 20), (6, 1.5)])), n)
    digits = draw(st.sampled_from([1, 2, 6])) if distinct is None else distinct
    scores = np.round(scores, digits)
    bent = np.clip(scores * draw(st.sampled_from([0.5, 1, 1.4])), 0, 1)
    return scores, (random.random(n) < bent).astype(float)


def test_the_readme_of_the_data_is_met() -> None:
    scores, labels = np.array([0.25, 0.25, 0.55, 0.75, 0.75]), np.array([0.0, 0, 1, 1, 1])
    curve = counted(scores, labels, edges=[0.5])
    assert calibration.expected_calibration_error(curve).value == pytest.approx(0.29, abs=1e-12)


@given(rows())
def test_a_curve_of_equal_widths_is_scikit_learns(drawn: tuple[Floats, Floats]) -> None:
    scores, labels = drawn
    # scikit-learn's bins are closed on the right side of an edge, ours on the left: no score may lie on one
    scores = scores + 1e-9
    curve = counted(scores, labels, edges=np.arange(1, 10) / 10)
    observed, said = calibration_curve(labels, np.minimum(scores, 1), n_bins=10)
    assert curve.positives / curve.n == pytest.approx(observed, abs=1e-12)
    assert curve.scores == pytest.approx(said, abs=1e-8)


@given(st.integers(0, 2**20), st.sampled_from([100, 1000, 990]))
def test_without_ties_bins_of_equal_count_are_scikit_learns_quantiles(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.random(n)
    labels = (random.random(n) < scores).astype(float)
    curve = counted(scores, labels)
    observed, said = calibration_curve(labels, scores, n_bins=10, strategy="quantile")
    assert curve.n.tolist() == [n // 10] * 10
    assert curve.positives / curve.n == pytest.approx(observed, abs=1e-12)
    assert curve.scores == pytest.approx(said, abs=1e-12)


@given(rows())
def test_every_number_is_that_of_the_raw_rows_in_the_curves_bins(drawn: tuple[Floats, Floats]) -> None:
    scores, labels = drawn
    curve = counted(scores, labels)
    place = np.searchsorted(curve.low, scores, side="right") - 1
    each = [(scores[place == k].mean(), labels[place == k].mean(), (place == k).mean()) for k in range(len(curve.n))]
    gaps = np.array([abs(y - s) for s, y, _ in each])
    share = np.array([w for *_, w in each])
    expected = [
        share @ gaps,
        gaps.max(),
        share @ gaps**2,
        sum(w * (y - labels.mean()) ** 2 for _, y, w in each),
        labels.mean() * (1 - labels.mean()),
    ]
    for measure, value in zip(MEASURES, expected, strict=True):
        found = measure(curve)
        if found.value is not None:
            assert found.value == pytest.approx(value, abs=1e-9)
        else:
            assert len(curve.n) == 1
            assert "one bin" in found.note


@given(rows())
def test_the_three_parts_make_the_brier_score_of_the_bins(drawn: tuple[Floats, Floats]) -> None:
    curve = counted(*drawn)
    if len(curve.n) > 1:
        reliable, resolved, uncertain = (measure(curve).value or 0.0 for measure in MEASURES[2:])
        assert reliable - resolved + uncertain == pytest.approx(calibration.binned_brier(curve), abs=1e-12)
        place = np.searchsorted(curve.low, drawn[0], side="right") - 1
        assert brier_score_loss(drawn[1], curve.scores[place]) == pytest.approx(calibration.binned_brier(curve))


@given(rows())
def test_equal_scores_stay_together_and_no_case_is_lost(drawn: tuple[Floats, Floats]) -> None:
    scores, labels = drawn
    curve = counted(scores, labels)
    assert (curve.total, curve.positives.sum()) == (len(scores), labels.sum())
    assert (curve.low[1:] > curve.high[:-1]).all()
    assert len(curve.n) <= 10
    heaviest = np.unique(scores, return_counts=True)[1].max()
    assert curve.n.max() < len(scores) / 10 + heaviest + 1


def off(scores: Floats, labels: Floats, **how: float) -> Estimate:
    """Returns the calibration error of raw rows."""
    squares = float((labels - scores) @ (labels - scores))
    sums = int(labels.sum()), round(float(scores.sum()) * SCALE), round(squares * SCALE)
    return calibration.calibration_error(*sums, len(scores), **how)


@given(rows())
def test_the_calibration_error_is_the_mean_of_label_minus_score(drawn: tuple[Floats, Floats]) -> None:
    scores, labels = drawn
    found = off(scores, labels)
    assert found.value == pytest.approx((labels - scores).mean(), abs=1e-8)
    low, high = found.interval()
    wide = found.interval(0.99)
    assert wide[0] <= low <= found.value + 1e-9 <= high + 2e-9 <= wide[1] + 2e-9  # type: ignore[operator]


def test_with_many_cases_its_interval_is_students() -> None:
    random = np.random.default_rng(2)
    scores = random.beta(1, 6, 20_000)
    labels = (random.random(20_000) < 0.9 * scores).astype(float)
    gaps = labels - scores
    expected = stats.t.interval(0.95, len(gaps) - 1, gaps.mean(), gaps.std(ddof=1) / np.sqrt(len(gaps)))
    assert off(scores, labels).interval() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("n", "many"), [(50, 0.1), (200, 0.03), (200, 0.97), (1000, 0.02), (1000, 0.5)])
@pytest.mark.parametrize("bend", [0.8, 1.0])
def test_its_interval_covers_with_few_positive_cases_too(n: int, many: float, bend: float) -> None:
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        scores = random.beta(5 * many, 5 * (1 - many), n)
        labels = (random.random(n) < bend * scores).astype(float)
        low, high = off(scores, labels).interval()
        covered += low <= (bend - 1) * many <= high  # type: ignore[operator]
    assert covered / 400 >= 0.91 - 2 * 0.0125


def test_alike_labels_leave_room_for_others() -> None:
    low, high = off(np.full(479, 0.9), np.ones(479)).interval()
    assert low == pytest.approx(0.1 - 4 / 479, abs=0.003)
    assert high == pytest.approx(0.1)


@given(rows(), st.floats(0.5, 0.99), st.floats(1, 4))
def test_intervals_hold_the_value_and_those_of_lower_levels(
    drawn: tuple[Floats, Floats], level: float, deff: float
) -> None:
    curve = counted(*drawn, deff=deff)
    for measure in MEASURES:
        found = measure(curve)
        if found.value is None:
            continue
        narrow, wide = found.interval(level), found.interval(level + (1 - level) / 2)
        assert wide[0] - 1e-9 <= narrow[0] <= found.value + 1e-12  # type: ignore[operator]
        assert found.value - 1e-12 <= narrow[1] <= wide[1] + 1e-9  # type: ignore[operator]
        assert pickle.loads(pickle.dumps(found)).interval(level) == narrow


def test_what_cannot_be_computed_says_so() -> None:
    nothing = reliability([0, 0], [0, 0], [0.2, 0.8])
    for measure in MEASURES:
        assert (measure(nothing).value, measure(nothing).note) == (
            None,
            "cannot be computed: 0 labelled cases with a score",
        )
    assert calibration.calibration_error(0, 0, 0, 0).value is None
    assert calibration.mean_entropy(0, 0, 0).value is None


@given(rows())
def test_what_is_expected_under_perfect_calibration_is_what_draws_show(drawn: tuple[Floats, Floats]) -> None:
    scores, labels = drawn
    curve = counted(scores, labels)
    random = np.random.default_rng(1)
    place = np.searchsorted(curve.low, scores, side="right") - 1
    hits = np.array([np.bincount(place, random.random(len(scores)) < scores) for _ in range(400)])
    off = np.abs(hits / curve.n - curve.scores)
    error = 5 * off.std(axis=0) / 20 + 1e-9
    # At least 3 % of slack: labels of unlike scores in one bin are not quite a binomial's.
    assert (np.abs(mean_deviations(curve) - off.mean(axis=0)) <= error + 0.03 * off.mean(axis=0)).all()
    largest = off.max(axis=1)
    assert largest_deviation(curve) == pytest.approx(largest.mean(), abs=7 * largest.std() / 20 + 0.03, rel=0.05)


def test_the_same_cells_give_the_same_numbers() -> None:
    curve, again = (reliability([3, 5, 9], [9, 5, 3], [0.2, 0.5, 0.8]) for _ in range(2))
    assert calibration.maximum_calibration_error(curve).note == calibration.maximum_calibration_error(again).note


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize(
    "bend",
    [lambda s: s, lambda s: np.clip(s + 0.08, 0, 1), lambda s: np.where(s > 0.8, s - 0.3, s), lambda s: 0 * s + 0.3],
    ids=["calibrated", "shifted", "one end off", "says nothing"],
)
def test_intervals_cover(measure: object, n: int, bend: object) -> None:
    random = np.random.default_rng(5)
    scores = np.sort(np.round(random.beta(1.2, 1.8, n), 3))
    truth = bend(scores)  # type: ignore[operator]
    shape = counted(scores, np.zeros(n))
    place = np.searchsorted(shape.low, scores, side="right") - 1
    real = np.bincount(place, truth) / shape.n
    gap, share = np.abs(real - shape.scores), shape.share
    true = {
        "expected_calibration_error": share @ gap,
        "maximum_calibration_error": gap.max(),
        "brier_reliability": share @ gap**2,
        "brier_resolution": share @ (real - share @ real) ** 2,
        "brier_uncertainty": (share @ real) * (1 - share @ real),
    }[measure.__name__]  # type: ignore[attr-defined]
    covered = 0
    for _ in range(300):
        curve = counted(scores, (random.random(n) < truth).astype(float))
        low, high = measure(curve).interval()  # type: ignore[operator]
        covered += low - 1e-12 <= true <= high + 1e-12
    assert covered / 300 >= 0.91 - 2 * 0.0125


def test_joint_limits_leave_a_perfect_curve_alone_in_95_of_100() -> None:
    random = np.random.default_rng(6)
    scores = np.round(random.beta(1, 20, 1000), 3)
    values, place = np.unique(scores, return_inverse=True)
    n, missed = np.bincount(place), 0
    for _ in range(400):
        hits = np.bincount(place, random.random(1000) < scores, minlength=len(values)).astype(int)
        curve = reliability(hits, n - hits, values)
        low, high = curve.limits().T
        missed += bool(((low > curve.scores) | (high < curve.scores)).any())
    assert missed / 400 <= 0.05 + 2 * 0.011


def test_bounds_are_told_where_scores_are_known_by_bin_only() -> None:
    curve = reliability([5, 8], [5, 2], [0.5, 0.8], ends=([0.45, 0.75], [0.55, 0.85]))
    assert "binning moves it by at most 5 points" in calibration.expected_calibration_error(curve).note
    known = partial(reliability, [5, 8], [5, 2], [0.5, 0.8])
    assert "binning" not in calibration.expected_calibration_error(known()).note
