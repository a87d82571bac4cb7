"""How long labels take: the curve against the plain shares, against statsmodels in reversed time, against truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from dashboard.metrics.delays import DelayCurve, curve_of, delay_curve, later

Integers = NDArray[np.int64]
SLOW = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.2, 0.13, 0.08, 0.05, 0.02])  # P(0 days), P(1 day), ...
QUICK = np.array([0.3, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.01, 0.005, 0.005])


def drawn(seed: int, chances: NDArray[np.float64], days: int = 40, a_day: int = 30) -> tuple[Integers, Integers]:
    """Returns delay and longest observable delay of the labels that had come at the end of the last day."""
    random = np.random.default_rng(seed)
    observable = np.repeat(np.arange(days), a_day)
    delays = random.choice(len(chances), len(observable), p=chances)
    come = delays <= observable
    return delays[come], observable[come]


def of(delays: Integers, observable: Integers, least: int = 1) -> DelayCurve:
    curve = delay_curve(delays, observable, np.ones(len(delays)), least)
    assert curve is not None
    return curve


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200))
def test_where_nothing_is_truncated_it_is_the_plain_share(delays: list[int]) -> None:
    curve = of(np.array(delays), np.full(len(delays), 30))
    plain = [np.mean(np.array(delays) <= day) for day in range(31)]
    assert curve.share == pytest.approx(plain)
    assert curve.mean == pytest.approx(np.mean(delays))
    for q in (0.1, 0.5, 0.99, 1.0):
        assert curve.quantile(q) == np.quantile(delays, q, method="inverted_cdf")


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=40))
def test_two_marginals_are_enough(cells: list[tuple[int, int, int]]) -> None:
    seen = [(delay, delay + more, n) for delay, more, n in cells]
    delays, observable, n = (np.array(column) for column in zip(*seen, strict=True))
    curve = delay_curve(delays, observable, n)
    assert curve is not None
    for day in range(int(delays.max()) + 1):
        assert curve.events[day] == n[delays == day].sum()
        assert curve.at_risk[day] == n[(delays <= day) & (observable >= day)].sum()


@settings(max_examples=25)
@given(st.integers(0, 2**20), st.integers(1, 60))
def test_it_is_the_survival_curve_of_statsmodels_in_reversed_time(seed: int, a_day: int) -> None:
    delays, observable = drawn(seed, SLOW, 20, a_day)
    curve = of(delays, observable)
    end = int(observable.max())
    reversed_ = SurvfuncRight(end - delays, np.ones(len(delays)), entry=end - observable - 0.5)
    days, errors = end - reversed_.surv_times.astype(int), reversed_.surv_prob_se
    for day, share, error in zip(days, reversed_.surv_prob, errors, strict=True):
        if day > 0:  # surviving beyond the reversed time of `day` is a delay below it
            assert curve.share[day - 1] == pytest.approx(share, abs=1e-12)
            if 0 < share < 1:
                assert curve.share[day - 1] * np.sqrt(curve.variance[day - 1]) == pytest.approx(error)


@settings(max_examples=25)
@given(st.integers(0, 2**20), st.booleans())
def test_who_is_later_is_the_log_rank_test_of_statsmodels_in_reversed_time(seed: int, same: bool) -> None:
    one, other = drawn(seed, SLOW, 20), drawn(seed + 1, SLOW if same else QUICK, 20)
    delays, observable = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    group = np.repeat([0, 1], [len(one[0]), len(other[0])])
    statistic, p = survdiff(19 - delays, np.ones(len(delays)), group, entry=19 - observable - 0.5)
    z, mine = later(of(*one), of(*other))
    assert z**2 == pytest.approx(statistic)
    assert mine == pytest.approx(p, abs=1e-9)
    if not same:
        assert z > 3


def test_truncation_does_not_bias_it_and_biases_the_plain_share() -> None:
    truth = np.cumsum(SLOW)
    curves = [of(*drawn(seed, SLOW)) for seed in range(300)]
    mean = np.mean([curve.share[:10] for curve in curves], axis=0)
    assert mean == pytest.approx(truth, abs=0.004)
    recent = [drawn(seed, SLOW, 12) for seed in range(300)]  # hardly longer than the longest delay
    plain = np.mean([np.mean(delays <= 4) for delays, _ in recent])
    assert plain - truth[4] > 0.04
    assert np.mean([of(*pair).share[4] for pair in recent]) == pytest.approx(truth[4], abs=0.01)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_its_intervals_hold_the_truth_as_often_as_they_say(level: float) -> None:
    truth = np.cumsum(SLOW)
    held = []
    for seed in range(1000):
        low, high = of(*drawn(seed, SLOW, 25, 20)).interval(level)
        held.append((low[1:8] <= truth[1:8]) & (truth[1:8] <= high[1:8]))
    covered = np.mean(held, axis=0)
    assert np.all(np.abs(covered - level) < 0.03), covered


def test_a_higher_level_contains_a_lower_one() -> None:
    curve = of(*drawn(7, SLOW))
    (inner, outer) = (curve.interval(level) for level in (0.8, 0.99))
    assert np.all(outer[0] <= inner[0])
    assert np.all(inner[1] <= outer[1])
    fast, slow = curve.quantile_interval(0.9)
    assert fast <= curve.quantile(0.9) <= slow


def test_it_knows_nothing_of_delays_that_no_day_could_have_shown() -> None:
    delays, observable = drawn(3, SLOW, 5)  # five days: a delay of five or more was never seen
    curve = of(delays, observable)
    assert curve.longest == 4
    assert curve.share[4] == 1.0  # conditional on at most four days
    known = np.cumsum(SLOW)[:5]
    assert curve.share[:5] == pytest.approx(known / known[-1], abs=0.1)


def test_one_late_label_of_a_short_log_does_not_move_the_quantile() -> None:
    delays, observable = drawn(5, QUICK, 40)
    delays, observable = np.append(delays, 38), np.append(observable, 39)
    assert of(delays, observable).longest == 38
    assert of(delays, observable).quantile(0.99) == 38  # one of about 60 labels that could have shown it
    kept = of(delays, observable, least=100)
    assert (kept.longest < 10, kept.n) == (True, len(delays) - 1)


def test_curves_of_different_cases_add_up() -> None:
    one, other = drawn(1, SLOW, 30), drawn(2, QUICK, 12)
    together = of(*(np.concatenate(pair) for pair in zip(one, other, strict=True)))
    added = of(*one) + of(*other)
    for name in ("events", "at_risk", "share", "variance"):
        assert getattr(added, name) == pytest.approx(getattr(together, name))


def test_without_labels_there_is_no_curve() -> None:
    assert delay_curve([], [], []) is None
    assert curve_of([0, 0], [0, 0]) is None
    assert delay_curve([3], [2], [5]) is None  # it cannot have been seen
    assert delay_curve([1], [2], [5], least=6) is None
