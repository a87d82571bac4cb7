"""Rates, differences and ratios against statsmodels, scipy and their equations; coverage is in tests/coverage."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from dashboard.errors import EvenhandError
from dashboard.metrics.overall import FromOverall
from dashboard.rates import Difference, Estimate, Exact, Limits, Measure, Rate, Ratio, undefined, wilson, z_of
from dashboard.rates_limits import jeffreys, wider


@st.composite
def rates(draw: st.DrawFn, least: int = 1) -> Rate:
    trials = draw(st.integers(least, 500))
    return Rate(draw(st.integers(0, trials)), trials, draw(st.sampled_from([1.0, 1.0, 1.7, 3.0])))


levels = st.floats(0.01, 0.9999)


def pairs() -> st.SearchStrategy[tuple[Rate, Rate]]:
    return st.tuples(rates(), rates())


def inside(inner: Limits, outer: Limits) -> bool:
    """Returns whether outer contains inner, to the last digits; None is no limit."""
    low = -math.inf if inner[0] is None else inner[0]
    high = math.inf if inner[1] is None else inner[1]
    floor = -math.inf if outer[0] is None else outer[0]
    ceiling = math.inf if outer[1] is None else outer[1]
    return floor <= low + _slack(low) and ceiling >= high - _slack(high)


def _slack(limit: float) -> float:
    return 1e-9 * (1 + abs(limit)) if math.isfinite(limit) else 0.0


@given(st.integers(1, 5000), st.floats(0, 1), levels)
def test_a_rate_has_the_wilson_interval_of_statsmodels(trials: int, share: float, level: float) -> None:
    hits = round(share * trials)
    low, high = proportion_confint(hits, trials, alpha=1 - level, method="wilson")
    assert Rate(hits, trials).interval(level) == pytest.approx((low, high), abs=1e-12)


@given(st.integers(1, 5000), st.floats(0, 1), levels)
def test_jeffreys_limits_are_those_of_the_beta_distribution(trials: int, share: float, level: float) -> None:
    hits, tail = round(share * trials), (1 - level) / 2
    known = beta(hits + 0.5, trials - hits + 0.5)
    low, high = jeffreys(hits, trials, level)
    assert low == pytest.approx(known.ppf(tail) if hits else 0.0, rel=1e-8)
    assert 1 - high == pytest.approx(1 - known.isf(tail) if hits < trials else 0.0, abs=1e-11)


def known_limits(rate: Rate, level: float) -> tuple[float, float, float]:
    """Returns value, low and high as statsmodels has them: of Wilson's and Jeffreys' limits those further out."""
    ways = [proportion_confint(rate.hits, rate.trials, 1 - level, method) for method in ("wilson", "jeffreys")]
    low, high = min(way[0] for way in ways), max(way[1] for way in ways)
    value = rate.hits / rate.trials
    return value, 0.0 if value == 0 else low, 1.0 if value == 1 else high


@given(pairs(), levels)
def test_a_difference_joins_the_limits_further_out_of_statsmodels(two: tuple[Rate, Rate], level: float) -> None:
    a, b = Rate(two[0].hits, two[0].trials), Rate(two[1].hits, two[1].trials)
    (p, low, high), (q, below, above) = (known_limits(rate, level) for rate in (a, b))
    known = (p - q - math.hypot(p - low, above - q), p - q + math.hypot(high - p, q - below))
    assert Difference(a, b).interval(level) == pytest.approx(known, abs=1e-9)


@given(pairs(), levels)
def test_a_difference_contains_the_newcombe_interval_of_statsmodels(two: tuple[Rate, Rate], level: float) -> None:
    """Newcombe's joins Wilson's limits alone."""
    a, b = Rate(two[0].hits, two[0].trials), Rate(two[1].hits, two[1].trials)
    known = confint_proportions_2indep(a.hits, a.trials, b.hits, b.trials, method="newcomb", alpha=1 - level)
    assert inside(tuple(known), Difference(a, b).interval(level))


@given(pairs(), levels)
def test_a_ratio_leaves_one_out_where_the_difference_leaves_nought_out(two: tuple[Rate, Rate], level: float) -> None:
    (low, high), (least, most) = Difference(*two).interval(level), Ratio(*two).interval(level)
    assert low is not None and high is not None and least is not None  # noqa: PT018
    if abs(low) > 1e-9:
        assert (low > 0) == (least > 1)
    if abs(high) > 1e-9:
        assert (high < 0) == (most is not None and most < 1)


@given(st.floats(1e-6, 1e7), st.floats(0, 1), st.floats(0.5, 1 - 2**-53), st.floats(0.5, 1 - 2**-53))
def test_limits_of_any_counts_at_any_level_lie_round_the_rate_and_are_nested(
    trials: float, share: float, one: float, other: float
) -> None:
    hits = share * trials
    (low, high), (least, most) = (wider(hits, trials, level) for level in sorted((one, other)))
    assert 0 <= low <= share * (1 + 1e-9)
    assert share * (1 - 1e-9) <= high <= 1
    assert least <= low * (1 + 1e-9)
    assert most >= high * (1 - 1e-9)


@given(pairs(), levels)
def test_the_limits_of_a_ratio_solve_the_equation_that_defines_them(two: tuple[Rate, Rate], level: float) -> None:
    (p, l1, u1), (q, l2, u2) = (rate.wider(level) for rate in two)
    low, high = Ratio(*two).interval(level)
    assert low is not None
    assert p - low * q == pytest.approx(math.hypot(p - l1, low * (u2 - q)), abs=1e-9)
    if q == 0:
        assert high is None
    elif high is not None and high < 1e6:
        assert high * q - p == pytest.approx(math.hypot(u1 - p, high * (q - l2)), rel=1e-6, abs=1e-9)


@given(pairs(), levels)
def test_turning_a_ratio_round_turns_its_interval_round(two: tuple[Rate, Rate], level: float) -> None:
    low, high = Ratio(*two).interval(level)
    back_low, back_high = Ratio(two[1], two[0]).interval(level)
    if low and high and high < 1e6:
        assert (back_low, back_high) == (pytest.approx(1 / high), pytest.approx(1 / low))


@given(pairs(), levels, levels)
def test_a_higher_level_contains_a_lower_one(two: tuple[Rate, Rate], one: float, other: float) -> None:
    low, high = sorted((one, other))
    measures: list[Measure] = [two[0], Difference(*two), Ratio(*two), FromOverall(*two)]
    for measure in measures:
        assert inside(measure.interval(low), measure.interval(high)), measure


@given(pairs(), levels)
def test_every_interval_contains_its_value(two: tuple[Rate, Rate], level: float) -> None:
    measures: list[Measure] = [two[0], Difference(*two), Ratio(*two), FromOverall(*two)]
    for measure in measures:
        if measure.value is not None:
            assert inside((measure.value, measure.value), measure.interval(level)), measure


@given(pairs())
def test_a_difference_stays_between_minus_one_and_one(two: tuple[Rate, Rate]) -> None:
    low, high = Difference(*two).interval(0.999999)
    assert low is not None
    assert high is not None
    assert -1 <= low <= high <= 1


def test_none_of_n_and_all_of_n_have_exact_ends() -> None:
    assert Rate(0, 12).interval()[0] == 0.0
    assert Rate(12, 12).interval()[1] == 1.0


def test_nothing_of_nothing_cannot_be_computed_and_says_so() -> None:
    empty, some = Rate(0, 0), Rate(3, 9)
    assert (empty.value, empty.interval(), empty.minimum()) == (None, (None, None), 0)
    assert empty.note == "cannot be computed: 0 of 0"
    for contrast in (Difference(empty, some), Ratio(some, empty), FromOverall(some, empty)):
        assert (contrast.value, contrast.interval(), contrast.minimum()) == (None, (None, None), 0)
        assert "0 of 0" in contrast.note


def test_a_ratio_to_a_rate_of_zero_has_a_lower_limit_and_no_upper_one() -> None:
    ratio = Ratio(Rate(20, 40), Rate(0, 30))
    low, high = ratio.interval()
    assert (ratio.value, high) == (None, None)
    assert low is not None
    assert low > 1
    assert "no upper limit" in ratio.note


def test_a_design_effect_of_two_is_worth_half_the_trials() -> None:
    assert Rate(40, 100, 2.0).interval() == Rate(20, 50).interval()
    assert Difference(Rate(40, 100, 2.0), Rate(30, 60)).interval() == Difference(Rate(20, 50), Rate(30, 60)).interval()
    assert Rate(40, 100, 2.0).note == "about 50 independent"
    assert Rate(40, 100, 2.0).n == 100


def test_a_group_against_everybody_is_the_plain_difference_of_their_rates() -> None:
    group, rest = Rate(30, 50), Rate(40, 150)
    assert FromOverall(group, rest).value == pytest.approx(30 / 50 - 70 / 200)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 95, float("nan")])
def test_a_level_outside_nought_and_one_is_refused(level: float) -> None:
    for measure in (Rate(1, 2), Estimate(1.0, 1, "", print, 1)):
        with pytest.raises(EvenhandError, match="level"):
            measure.interval(level)


@given(st.floats(1e-6, 1 - 1e-9))
def test_the_normal_quantile_is_that_of_scipy(level: float) -> None:
    assert z_of(level) == pytest.approx(norm.isf((1 - level) / 2), rel=1e-9)


def test_every_measure_survives_pickling() -> None:
    for measure in (Rate(1, 2), Difference(Rate(1, 2), Rate(1, 3)), Ratio(Rate(1, 2), Rate(1, 3)), Exact(1.0, 1)):
        assert pickle.loads(pickle.dumps(measure)) == measure
    assert pickle.loads(pickle.dumps(undefined("no labels"))).note == "cannot be computed: no labels"


def test_the_interval_of_wilson_takes_parts_of_a_count() -> None:
    low, high = wilson(2.5, 10.0, 0.95)
    assert 0 < low < 0.25 < high < 1
