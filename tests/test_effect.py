"""What an input's drift does to a metric, against worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.metrics.drift_effect import drift_effect

RIGHT = np.array([0.95, 0.9, 0.8, 0.6])
THEN, NOW = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])


def _world(random, right, now, days=(56, 7), a_day=120):
    """Returns hits and rows of the reference and rows of the window, by day and bin; shares vary from day to day."""
    rows, current = (
        np.array([random.multinomial(a_day, random.dirichlet(300 * shares)) for _ in range(count)])
        for shares, count in zip((THEN, now), days, strict=True)
    )
    return random.binomial(rows, right).astype(float), rows, current


@pytest.mark.parametrize(("right", "now"), [(RIGHT, NOW), (RIGHT, THEN), (np.full(4, 0.85), NOW)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(right, now):
    random, truth = np.random.default_rng(7), float(right @ (now - THEN))
    limits = [drift_effect(*_world(random, right, now)).interval() for _ in range(300)]
    assert 0.92 <= np.mean([low <= truth <= high for low, high in limits]) <= 1.0


def test_the_effect_is_that_of_rows_drawn_from_the_moved_distribution():
    random = np.random.default_rng(3)
    found = [drift_effect(*_world(random, RIGHT, NOW)) for _ in range(100)]
    drawn = [(random.random(400_000) < RIGHT[random.choice(4, 400_000, p=p)]).mean() for p in (THEN, NOW)]
    assert np.mean([one.value for one in found]) == pytest.approx(drawn[1] - drawn[0], abs=0.003)
    assert all(one.interval()[1] < 0 for one in found)


def test_an_input_that_moves_far_and_does_not_matter_has_a_narrow_interval_around_nothing():
    low, high = drift_effect(*_world(np.random.default_rng(5), np.full(4, 0.85), NOW)).interval()
    assert low < 0 < high
    assert high - low < 0.05


def test_without_drift_the_effect_is_nothing():
    hits, rows, _ = _world(np.random.default_rng(2), RIGHT, THEN)
    assert drift_effect(hits, rows, rows).value == pytest.approx(0, abs=1e-12)


def test_values_the_reference_never_had_are_said_not_guessed():
    hits, rows, now = _world(np.random.default_rng(1), RIGHT, NOW)
    wider = [np.column_stack([part, part[:, 0] * 0]) for part in (hits, rows)]
    found = drift_effect(*wider, np.column_stack([now, now.sum(axis=1) // 9]))
    assert found.value == pytest.approx(drift_effect(hits, rows, now).value)
    assert "9.8% of the current cases are not covered" in found.note


def test_one_day_has_no_effect():
    hits, rows, now = _world(np.random.default_rng(1), RIGHT, NOW, days=(1, 7))
    assert drift_effect(hits, rows, now).value is None
