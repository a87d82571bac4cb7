"""Latency quantiles against numpy and scipy on the raw latencies; error rate and throughput."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from dashboard.metrics import service
from dashboard.metrics.service import Latencies, edges, latency_bin, latency_quantile

latencies = st.lists(st.floats(0.02, 1e6), min_size=1, max_size=200)


def counted(found: list[float] | np.ndarray, hours: list[int] | np.ndarray | None = None) -> Latencies:
    where = [latency_bin(float(ms)) for ms in found]
    return Latencies.of(np.zeros(len(where)) if hours is None else hours, where, np.ones(len(where)))


def test_edges_grow_by_two_percent_so_that_the_middle_is_within_one() -> None:
    known = np.array(edges())
    assert np.all(np.sqrt(known[1:] / known[:-1]) <= 1.01)
    assert known[0] <= 0.01
    assert known[-1] >= 1e7


@given(st.floats(0, 1e8))
def test_a_latency_lies_between_the_edges_of_its_bin(ms: float) -> None:
    at, known = latency_bin(ms), (-math.inf, *edges(), math.inf)
    assert known[at] <= ms < known[at + 1]


@given(latencies, st.sampled_from([0.5, 0.95, 0.99]))
@settings(deadline=None)
def test_a_quantile_is_within_one_percent_of_that_of_the_raw_latencies(found: list[float], q: float) -> None:
    raw = np.quantile(found, q, method="inverted_cdf")
    assert latency_quantile(counted(found), q).value == pytest.approx(raw, rel=0.01)


@given(st.integers(1, 3000), st.sampled_from([0.5, 0.95, 0.99]), st.floats(0.05, 0.9999))
@settings(deadline=None)
def test_the_interval_is_that_of_the_order_statistics(n: int, q: float, level: float) -> None:
    found = np.sort(np.random.default_rng(n).lognormal(4, 1, n))
    low, high = latency_quantile(counted(found), q).interval(level)
    tail = (1 - level) / 2
    assume(min(abs(binom.cdf(range(n + 1), n, q) - edge).min() for edge in (tail, 1 - tail)) > 1e-12)  # no ties
    lower, upper = int(binom.ppf(tail, n, q)), int(binom.ppf(1 - tail, n, q)) + 1
    known = (0.0, *edges(), math.inf)
    assert low == (known[latency_bin(found[lower - 1])] if lower else 0.0)
    assert high == (known[latency_bin(found[upper - 1]) + 1] if upper <= n else None)


@given(latencies, st.floats(0.05, 0.999), st.floats(0.05, 0.999))
@settings(deadline=None)
def test_quantile_intervals_are_nested(found: list[float], one: float, other: float) -> None:
    measure = latency_quantile(counted(found), 0.95)
    (low, high), (wide_low, wide_high) = (measure.interval(level) for level in sorted((one, other)))
    assert low is not None
    assert wide_low is not None
    assert wide_low <= low
    assert wide_high is None or (high is not None and high <= wide_high)


@pytest.mark.parametrize(("percent", "needed"), [(95, 72), (99, 368)])
def test_an_upper_limit_needs_enough_requests(percent: int, needed: int) -> None:
    function = {95: service.latency_p95, 99: service.latency_p99}[percent]
    assert function(counted([100.0] * (needed - 1))).interval()[1] is None
    assert "too few requests for an upper limit" in function(counted([100.0] * (needed - 1))).note
    assert function(counted([100.0] * needed)).interval()[1] is not None


def test_a_slow_hour_widens_the_interval() -> None:
    random = np.random.default_rng(6)
    steady = random.lognormal(4, 0.5, 4800)
    hours = np.repeat(np.arange(48), 100)
    slow = np.where(np.isin(hours, (5, 17, 30)), steady * 6, steady)
    calm, rough = (service.latency_p95(counted(found, hours)) for found in (steady, slow))
    assert "independent" in rough.note
    assert float(rough.note.split()[1]) < 500
    calm_reach, rough_reach = (math.log((m.value or 0) / (m.interval()[0] or 1)) for m in (calm, rough))
    assert rough_reach > 4 * calm_reach


def test_intervals_cover_the_true_quantile_when_hours_differ() -> None:
    random = np.random.default_rng(9)
    hours = np.repeat(np.arange(200), 20)
    truth = math.exp(4 + 0.8 * 1.6448536269514722 * math.sqrt(0.5**2 + 0.6245**2) / 0.8)
    covered = 0
    for _ in range(60):
        found = random.lognormal(4 + 0.5 * random.normal(size=200)[hours], 0.6245)
        low, high = service.latency_p95(counted(found, hours)).interval()
        covered += (low or 0) <= truth <= (high or math.inf)
    assert covered >= 52


def test_ends_of_the_histogram_have_no_invented_limits() -> None:
    beyond = service.latency_p50(counted([1e9] * 50))
    assert beyond.value == edges()[-1]
    assert beyond.interval() == (edges()[-1], None)
    assert "beyond" in beyond.note
    assert service.latency_p50(counted([0.0] * 50)).interval() == (0.0, edges()[0])


def test_no_requests_have_no_latency() -> None:
    found = service.latency_p95(counted([]))
    assert (found.value, found.interval()) == (None, (None, None))
    assert found.note == "cannot be computed: 0 requests with a latency"


def test_failures_that_come_in_bursts_are_worth_fewer_requests() -> None:
    burst = service.error_rate([40, 0, 0, 0, 0, 0, 0, 0], [100] * 8)
    spread = service.error_rate([5] * 8, [100] * 8)
    assert burst.value == spread.value == 0.05
    assert burst.deff > 10
    assert spread.deff == 1
    assert service.error_rate([], []).value is None


def test_throughput_is_counted() -> None:
    found = service.throughput(1200, 24)
    assert (found.value, found.interval(), found.numerator, found.denominator) == (50.0, (50.0, 50.0), 1200, 24)
    assert service.throughput(5, 0).value is None
    assert pickle.loads(pickle.dumps(service.latency_p50(counted([5.0] * 9)))).interval()[0] is not None
