"""What cases are worth: the mean of a value matrix is numpy's on the raw rows, its interval nested and honest."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.metrics.performance import Confusion, accuracy
from dashboard.metrics.value import UNITS, Logged, logged_value_per_case, total_value, value_per_case

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.999999)
cells = st.lists(st.integers(0, 80), min_size=4, max_size=4).map(lambda n: Confusion.of(np.reshape(n, (2, 2))))
number = st.floats(-1e4, 1e4).map(lambda x: round(x, 2))
worths = st.fixed_dictionaries(dict.fromkeys(("tp", "fp", "fn", "tn"), number))
RIGHT = {"tp": 1.0, "tn": 1.0, "fp": 0.0, "fn": 0.0}


@settings(max_examples=200)
@given(cells, worths)
def test_a_value_per_case_is_the_mean_of_the_raw_rows(found: Confusion, worth: dict[str, float]) -> None:
    values = np.repeat([worth[name] for name in ("tn", "fp", "fn", "tp")], np.ravel(np.array(found.counts)[:2, :2]))
    measure = value_per_case(found, worth)
    if not len(values):
        assert measure.value is None
        assert "0 of 0" in measure.note
        return
    assert measure.value == pytest.approx(values.mean(), abs=1e-6)
    assert total_value(found, worth).value == pytest.approx(values.sum(), abs=1e-4)
    limits = [measure.interval(level) for level in LEVELS]
    slack = 1e-9 * max(map(abs, worth.values()), default=1.0) + 1e-9
    assert all(b[0] <= a[0] + slack and a[1] <= b[1] + slack for a, b in pairwise(limits))  # type: ignore[operator]
    assert min(worth.values()) - slack <= limits[-1][0] <= measure.value + slack  # type: ignore[operator]
    assert measure.value - slack <= limits[-1][1] <= max(worth.values()) + slack  # type: ignore[operator]
    assert pickle.loads(pickle.dumps(measure)).interval() == measure.interval()


@given(cells)
def test_a_matrix_of_ones_for_what_is_right_is_accuracy(found: Confusion) -> None:
    rate, value = accuracy(found), value_per_case(found, RIGHT)
    assert value.value == (None if rate.value is None else pytest.approx(rate.value))
    if rate.value is not None:
        assert value.interval() == pytest.approx(rate.interval())


def test_a_mistake_that_did_not_happen_yet_still_counts() -> None:
    none_missed = value_per_case(Confusion.of([[100, 0], [0, 0]]), {"tp": 0, "fp": 0, "fn": -200, "tn": 1})
    assert none_missed.value == 1
    assert none_missed.interval()[0] < -5  # type: ignore[operator]


def test_subjects_widen_it_like_any_rate() -> None:
    buckets = np.zeros((3, 3, 256), dtype=np.int64)
    for subject in range(40):
        buckets[subject % 2, 1, subject] = 20
    clustered = Confusion.of(buckets.sum(axis=2), buckets)
    plain = Confusion.of(buckets.sum(axis=2))
    worth = {"tp": 5.0, "fp": -3.0, "fn": 0.0, "tn": 0.0}
    wide, narrow = (value_per_case(each, worth) for each in (clustered, plain))
    assert wide.value == narrow.value
    assert "about 39 independent" in wide.note
    assert wide.interval()[1] - wide.interval()[0] > 4 * (narrow.interval()[1] - narrow.interval()[0])  # type: ignore[operator]
    alike = Confusion.of([[50, 0, 0], [0, 0, 0], [0, 0, 0]], np.where(np.indices((3, 3, 256)).sum(axis=0) == 0, 50, 0))
    assert value_per_case(alike, worth).interval()[1] > 2  # type: ignore[operator]  # one subject's 50 cases are worth one


@pytest.mark.parametrize("chances", [(0.6, 0.1, 0.05, 0.25), (0.9, 0.04, 0.02, 0.04), (0.96, 0.02, 0.005, 0.015)])
def test_its_intervals_cover_also_where_a_dear_mistake_is_rare(chances: tuple[float, ...]) -> None:
    random, worth = np.random.default_rng(8), {"tp": 90.0, "fp": -10.0, "fn": -200.0, "tn": 0.0}
    true = float(np.dot(chances, [worth[name] for name in ("tn", "fp", "fn", "tp")]))
    for n in (60, 400, 3000):
        drawn = random.multinomial(n, chances, 600).reshape(-1, 2, 2)
        limits = [value_per_case(Confusion.of(each), worth).interval() for each in drawn]
        assert np.mean([low <= true <= high for low, high in limits]) >= 0.925  # type: ignore[operator]


def test_a_logged_value_is_numpys_mean() -> None:
    values = np.array([1.25, -3.5, 8.0, 0.0])
    whole = np.rint(values * UNITS).astype(int)
    logged = logged_value_per_case(Logged(4, int(whole.sum()), int((values**2 * UNITS).sum())))
    assert logged.value == pytest.approx(values.mean())
    reach = 3.182446 * values.std(ddof=1) / 2  # Student's t with 3 degrees of freedom
    assert logged.interval() == pytest.approx((values.mean() - reach, values.mean() + reach), rel=1e-5)
