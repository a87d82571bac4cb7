"""Anomalies and changes: quiet where nothing happens, found with their hours where something does, no looking ahead."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from dashboard.metrics.anomalies import BEYOND, anomalies, beyond_earlier, judged, silences
from dashboard.metrics.changes import change_points, p_of_split
from dashboard.metrics.usual import DAYS, HOURS, Series, Usual

Floats = NDArray[np.float64]
WEEK = 168
WEEKS = 12
HOUR = np.arange(WEEKS * WEEK)
RHYTHM = (1 + 0.8 * np.sin(HOUR % 24 / 24 * 2 * np.pi)) * np.where(HOUR // 24 % 7 >= 5, 0.5, 1.0)
FAILING, LACKING, REJECTED = 0.004, 0.05, 0.03


def quiet(seed: int, mean: float = 40.0) -> dict[str, Series]:
    """Returns six series of a service to which nothing happens: days and weekends, and chance."""
    random = np.random.default_rng(seed)
    n = random.poisson(mean * RHYTHM)
    rows = n.astype(float)[None]
    slow = [np.log(np.sort(random.lognormal(3, 0.6, k))[-max(1, k // 20)]) if k else np.nan for k in n]
    score = [random.beta(1, 6, k).mean() if k else np.nan for k in n]
    shares = {"errors": (FAILING, 1), "missing": (LACKING, 14), "rejected": (REJECTED, 1)}
    return {
        "volume": Series("count", rows),
        **{name: Series("share", random.binomial(n * k, p)[None] * 1.0, rows * k) for name, (p, k) in shares.items()},
        "score": Series("mean", np.array([score]), rows),
        "latency": Series("mean", np.array([slow]), rows, 0.05),
    }


def found(series: Series) -> list[tuple[int, int, int]]:
    return [(one.start, one.stop, one.sign) for one in anomalies(judged(series).deviations)]


@cache
def worlds() -> list[dict[str, Series]]:
    return [quiet(seed, mean) for seed in range(3) for mean in (6.0, 40.0, 400.0)]


def test_six_quiet_series_raise_at_most_five_false_alarms_a_week() -> None:
    alarms = [sum(len(found(series)) for series in world.values()) for world in worlds()]
    assert np.mean(alarms) / (WEEKS - 2) < 0.2  # of the weeks that are judged; the promise is 5
    assert all(not silences(w["volume"].values[0], judged(w["volume"]).least[0]) for w in worlds())


def test_traffic_that_varies_more_than_chance_raises_no_more() -> None:
    random = np.random.default_rng(5)
    counts = [random.negative_binomial(20, 20 / (20 + 200 * RHYTHM)).astype(float) for _ in range(10)]
    assert len(anomalies(judged(Series("count", np.array(counts))).deviations)) / 10 / (WEEKS - 2) < 0.2


@pytest.mark.parametrize("week", [3, 6, 10])
def test_six_times_the_traffic_for_four_hours_is_found_with_its_hours(week: int) -> None:
    start = week * WEEK + 3 * 24 + 13 - 12  # in the day's busy half
    series = quiet(1)["volume"]
    values = series.values.copy()
    values[0, start : start + 4] *= 6
    assert found(Series("count", values)) == [(start, start + 4, 1)]


def test_six_silent_hours_are_found_with_their_hours() -> None:
    series = quiet(2)["volume"]
    values, start = series.values.copy(), 9 * WEEK + 26
    values[0, start : start + 6] = 0
    seen = judged(Series("count", values))
    assert silences(values[0], seen.least[0]) == [(start, start + 6)]


def test_a_share_of_missing_values_that_goes_to_a_third_is_found_with_its_hours() -> None:
    random = np.random.default_rng(3)
    n = random.poisson(40 * RHYTHM)
    share, (start, stop) = np.full(len(HOUR), 0.01), (9 * WEEK + 24, 9 * WEEK + 84)
    share[start:stop] = 1 / 3
    ((begun, ended, sign),) = found(Series("share", random.binomial(n, share)[None] * 1.0, n[None] * 1.0))
    assert (begun, sign) == (start, 1)
    assert ended == stop


def test_slower_answers_and_other_scores_are_found_with_their_hours() -> None:
    world = quiet(4)
    for name, more in (("latency", 1.0), ("score", 0.15)):
        series, start = world[name], 9 * WEEK + 24
        values = series.values.copy()
        values[0, start : start + 12] += more
        ((begun, ended, _),) = found(Series("mean", values, series.of))
        assert (begun, ended) == (start, start + 12)


def test_what_comes_later_changes_nothing_before_it() -> None:
    for series in quiet(6).values():
        upto = 9 * WEEK + 50
        values = series.values.copy()
        values[0, upto:] *= 7
        whole, changed = judged(series), judged(Series(series.kind, values, series.of, series.least))
        for name in ("level", "deviations", "least"):
            np.testing.assert_array_equal(getattr(whole, name)[:, :upto], getattr(changed, name)[:, :upto])


def test_an_anomaly_says_nothing_of_what_is_usual_later() -> None:
    values = quiet(7)["volume"].values.copy()
    burst = slice(9 * WEEK + 24, 9 * WEEK + 72)
    values[0, burst] *= 6
    levels = judged(Series("count", values)).level
    without = values.copy()
    without[0, burst] = np.nan
    np.testing.assert_allclose(levels[0, 10 * WEEK :], judged(Series("count", without)).level[0, 10 * WEEK :])


def test_an_anomaly_that_fills_a_week_is_what_is_usual_from_then_on() -> None:
    values = quiet(8)["volume"].values.copy()
    values[0, 8 * WEEK :] *= 3
    begun, ended, sign = found(Series("count", values))[0]
    assert (begun // 24, sign) == (8 * 7, 1)
    assert ended <= 9 * WEEK
    assert len(found(Series("count", values))) == 1


def test_a_model_that_predicts_once_a_day_is_not_silent_in_the_other_hours() -> None:
    random = np.random.default_rng(9)
    batch = np.where((HOUR % 24 == 2) & (HOUR // 24 % 7 < 5), random.poisson(1000, len(HOUR)), 0).astype(float)
    seen = judged(Series("count", batch[None]))
    assert anomalies(seen.deviations) == []
    assert silences(batch, seen.least[0]) == []
    missed = batch.copy()
    night = 9 * WEEK + 24 + 2
    missed[night] = 0
    assert silences(missed, judged(Series("count", missed[None])).least[0]) == []
    days = judged(Series("count", missed.reshape(-1, 24).sum(axis=1)[None]), DAYS).deviations
    assert [(one.start, one.stop, one.sign) for one in anomalies(days, DAYS)] == [(night // 24, night // 24 + 1, -1)]


def test_a_batch_that_comes_at_another_hour_now_and_then_is_no_silence() -> None:
    random = np.random.default_rng(10)
    values = np.zeros(len(HOUR))
    values[np.arange(0, len(HOUR), 24) + random.choice([2, 3], len(HOUR) // 24)] = 1000
    seen = judged(Series("count", values[None]))
    assert anomalies(seen.deviations) == []
    assert silences(values, seen.least[0]) == []


def test_few_predictions_an_hour_are_not_silence() -> None:
    counts = np.random.default_rng(11).poisson(0.4, len(HOUR)).astype(float)
    seen = judged(Series("count", counts[None]))
    assert silences(counts, seen.least[0]) == []
    assert anomalies(seen.deviations) == []


def test_what_is_usual_is_the_median_of_eight_weeks_and_its_deviation_scipys() -> None:
    random = np.random.default_rng(12)
    past = random.poisson(300, (1, 8, WEEK)).astype(float)
    usual = Usual.of(Series("count", past.reshape(1, -1)), past, np.ones_like(past), HOURS)
    np.testing.assert_allclose(usual.level[0], np.median(past[0], axis=0))
    np.testing.assert_allclose(usual.local[0], stats.median_abs_deviation(past[0], axis=0, scale=1 / 1.4826))


def test_a_count_is_as_far_out_as_its_tail_and_the_uncertain_median_say() -> None:
    past = np.full((1, 8, WEEK), 100.0)
    usual = Usual.of(Series("count", past.reshape(1, -1)), past, np.ones_like(past), HOURS)
    far = usual.deviations(np.full((1, WEEK), 150.0), np.ones((1, WEEK)))
    np.testing.assert_allclose(far, -stats.norm.ppf(stats.poisson.sf(149, 100)) / np.sqrt(1 + 1.57 / 8))
    hits = Usual.of(Series("share", past.reshape(1, -1), 10 * past.reshape(1, -1)), past, 10 * past, HOURS)
    far = hits.deviations(np.full((1, WEEK), 50.0), np.full((1, WEEK), 1000.0))
    np.testing.assert_allclose(far, stats.norm.ppf(stats.binom.cdf(50, 1000, 0.1)) / np.sqrt(1 + 1.57 / 8))


def test_a_day_is_enough_by_day() -> None:
    random = np.random.default_rng(13)
    values = random.poisson(330, (20, 84)).astype(float)
    values[0, 60] = 660
    assert [
        (one.row, one.start, one.stop) for one in anomalies(judged(Series("count", values), DAYS).deviations, DAYS)
    ] == [(0, 60, 61)]


def test_quiet_days_raise_hardly_any_false_alarm() -> None:
    random, shape = np.random.default_rng(19), (100, 182)
    rows = np.full(shape, 330.0)
    series = [
        Series("count", random.poisson(330, shape).astype(float)),
        Series("count", random.negative_binomial(30, 30 / 360, shape).astype(float)),
        Series("share", random.binomial(330, 0.0014, shape).astype(float), rows),
        Series("mean", random.normal(size=shape), rows),
        Series("mean", random.standard_t(5, shape), rows),
    ]
    alarms = [len(anomalies(judged(one, DAYS).deviations, DAYS)) / 100 / 24 for one in series]
    assert max(alarms) < 0.02  # a week and series


def test_a_delivery_turned_away_is_told_by_those_before_it() -> None:
    rejected, rows = np.array([20.0, 16, 22, 16, 21, 25, 900, 24, 19]), np.full(9, 10_000.0)
    far = beyond_earlier(rejected, rows)
    assert np.isnan(far[:4]).all()
    assert list(np.flatnonzero(np.abs(far) > BEYOND)) == [6]
    assert beyond_earlier(np.zeros(8), rows[:8])[-1] == 0


def test_half_a_year_without_a_change_shows_none() -> None:
    random = np.random.default_rng(14)
    weekdays = np.tile([0, 0, 0, 0, 0, 3, 4], 26)
    series = [random.normal(size=182) + weekdays for _ in range(150)]
    series += [random.poisson(0.4, 182).astype(float) for _ in range(150)]
    assert np.mean([bool(change_points(days)) for days in series]) < 0.02  # the promise is 5 %


@pytest.mark.parametrize("size", [1.0, 2.0, 4.0])
def test_a_change_is_dated_and_the_interval_holds_the_day(size: float) -> None:
    random = np.random.default_rng(15)
    right = inside = 0
    for _ in range(100):
        days = random.normal(size=182)
        days[120:] += size
        points = change_points(days)
        right += len(points) == 1
        inside += len(points) == 1 and points[0].earliest <= 120 <= points[0].latest
    assert right >= 90
    assert inside >= 0.93 * right


def test_two_changes_are_two_and_a_single_day_is_none() -> None:
    random = np.random.default_rng(16)
    days = random.normal(size=182)
    days[60:] += 3
    days[130:] -= 5
    assert [point.day for point in change_points(days)] == [60, 130]
    burst = random.normal(size=182)
    burst[90] = 500
    assert change_points(burst) == []


def test_days_without_a_value_keep_the_others_in_their_place() -> None:
    days = np.random.default_rng(17).normal(size=182)
    days[100:] += 6
    days[20:40] = np.nan
    assert [point.day for point in change_points(days)] == [100]
    assert change_points(np.full(182, np.nan)) == []
    assert change_points(np.ones(182)) == []


def test_the_split_of_a_series_without_a_change_is_as_rare_as_said() -> None:
    from dashboard.metrics.changes import _largest

    random = np.random.default_rng(18)
    largest = [_largest(random.normal(size=120))[1] for _ in range(400)]
    for p in (0.2, 0.05):
        said = np.mean([p_of_split(statistic, 120) < p for statistic in largest])
        assert said <= p + 2 * np.sqrt(p * (1 - p) / 400)
