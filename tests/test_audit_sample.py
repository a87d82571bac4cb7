"""The sampling of cases for review: every case is drawn as often as its inclusion probability says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard.errors import EvenhandError
from dashboard.metrics.audit_sample import Design, Shares, allocation, closeness, design, draw, draw_gold, proportional

DRAWS = 5000


def candidates() -> Design:
    """Returns a design of 40 of 160 cases in three groups of 100, 50 and 10."""
    group = np.repeat(["A", "B", "C"], [100, 50, 10])
    score = np.random.default_rng(3).beta(2, 3, group.size)
    return design(group, score, 0.5, audit=25, uncertain=15)


@cache
def drawn() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Returns how often each case was in the audit, among the uncertain, and in one or the other; sizes beside it."""
    plan = candidates()
    audit, uncertain, either = np.zeros((3, plan.pi.size), dtype=np.int64)
    for seed in range(DRAWS):
        one, other = draw(plan, seed)
        assert (one.size, other.size) == (25, 15)
        assert (np.unique(one).size, np.unique(other).size) == (25, 15), "drawn without replacement"
        audit[one] += 1
        uncertain[other] += 1
        either[np.union1d(one, other)] += 1
    return audit, uncertain, either


@pytest.mark.parametrize("part", ["audit", "uncertain", "pi"])
def test_every_case_is_drawn_as_often_as_its_probability_says(part: str) -> None:
    """Five thousand draws: 160 frequencies lie within 4.5 standard errors, and spread as chance would have them."""
    found = dict(zip(("audit", "uncertain", "pi"), drawn(), strict=True))[part] / DRAWS
    pi = getattr(candidates(), part)
    z = (found - pi) / np.sqrt(pi * (1 - pi) / DRAWS)
    assert np.abs(z).max() < 4.5
    assert 0.75 < np.sqrt((z**2).mean()) < 1.25


def test_the_probabilities_sum_to_the_expected_number_of_cases() -> None:
    plan = candidates()
    assert (plan.audit.sum(), plan.uncertain.sum()) == pytest.approx((25, 15))
    mean = drawn()[2].sum() / DRAWS
    assert plan.pi.sum() == pytest.approx(mean, abs=4.5 * 2 / np.sqrt(DRAWS))
    assert plan.pi.sum() < 40


@pytest.mark.parametrize("budget", [7, 25, 99, 400])
@pytest.mark.parametrize("shares", [Shares(), Shares(0.4, 0.6, 0.0), Shares(0.4, 0.35, 0.25), Shares(1.0, 0.0, 0.0)])
def test_two_fifths_are_always_random(budget: int, shares: Shares) -> None:
    parts = shares.split(budget)
    assert sum(parts) == budget
    assert parts[0] >= 0.4 * budget


def test_less_than_two_fifths_at_random_is_refused() -> None:
    with pytest.raises(EvenhandError, match=r"At least 0\.4"):
        Shares(0.39, 0.51, 0.1)
    with pytest.raises(EvenhandError, match="sum to 1"):
        Shares(0.5, 0.6, 0.1)


def test_small_groups_get_more_than_their_part_and_never_more_than_there_is() -> None:
    for sizes, budget in (([10_000, 400, 100], 100), ([50_000, 7, 3], 60), ([7, 6, 5], 14), ([900, 1, 1], 3)):
        found = allocation(sizes, budget)
        assert found.sum() == budget
        assert (found <= sizes).all()
        assert (found >= 1).all()
        assert found[-1] / sizes[-1] >= found[0] / sizes[0]
    assert allocation([4, 3], 50).tolist() == [4, 3]
    with pytest.raises(EvenhandError, match="cannot reach 3 groups"):
        allocation([10, 10, 10], 2)


def test_the_nearer_the_threshold_the_likelier_up_to_ten_times() -> None:
    score = np.linspace(0, 1, 101)
    weight = closeness(score, 0.3)
    assert weight.max() / weight.min() == pytest.approx(10)
    assert (np.diff(weight[:31]) > 0).all()
    assert (np.diff(weight[30:]) < 0).all()
    assert closeness([0.4, 0.7], [0.4, 0.7]).tolist() == [1, 1]


def test_a_probability_is_never_over_one() -> None:
    pi = proportional([1000, 50, 1, 1, 1], 3)
    assert pi.max() == 1
    assert pi.sum() == pytest.approx(3)
    plan = design(["A"] * 20, np.linspace(0.5, 1, 20), 0.5, audit=30, uncertain=30)
    assert (plan.pi == 1).all()
    assert [part.size for part in draw(plan, 0)] == [20, 20]


def test_the_same_seed_draws_the_same_cases() -> None:
    once, again, other = (draw(candidates(), seed) for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))
    assert not np.array_equal(once[0], other[0])


def test_gold_cases_are_other_cases() -> None:
    assert draw_gold(known=50, wanted=5, seed=1).size == 5
    assert draw_gold(known=3, wanted=5, seed=1).tolist() == [0, 1, 2]
