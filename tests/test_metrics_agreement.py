"""Agreement against published examples and scikit-learn; alpha and AC1 counted a second way, pair by pair."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from dashboard.metrics.agreement import (
    automation_bias,
    codes,
    cohens_kappa,
    collapse,
    gwets_ac1,
    krippendorffs_alpha,
    raw_agreement,
)

# Four raters, twelve units, ratings missing: Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), C;
# Gwet, Handbook of Inter-Rater Reliability (2014), 120.
KRIPPENDORFF = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
# Two abstractors, 100 pregnancies: Gwet (2014), in the vignette of the R package irrCAC.
ABSTRACTORS = {(0, 0): 13, (1, 1): 20, (1, 2): 7, (2, 1): 4, (2, 2): 56}


def published() -> np.ndarray:
    """Returns the twelve units by four raters, as codes."""
    return codes([[None if each == "." else each for each in unit] for unit in zip(*KRIPPENDORFF, strict=True)])


def pregnancies() -> np.ndarray:
    return np.array([pair for pair, times in ABSTRACTORS.items() for _ in range(times)])


def some(seed: int, cases: int = 60, raters: int = 3, missing: float = 0.2) -> np.ndarray:
    """Returns ratings that agree somewhat, some of them missing."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, cases)[:, None]
    noise = random.integers(0, 3, (cases, raters))
    ratings = np.where(random.uniform(size=noise.shape) < 0.6, truth, noise)
    return np.where(random.uniform(size=noise.shape) < missing, -1, ratings)


def test_the_published_example_with_missing_ratings() -> None:
    """Published: alpha 0.743 (Krippendorff), AC1 0.775 (Gwet)."""
    assert krippendorffs_alpha(published()).value == pytest.approx(0.743, abs=5e-4)
    assert gwets_ac1(published()).value == pytest.approx(0.775, abs=5e-4)


def test_the_published_example_of_two_raters() -> None:
    """Published: agreement 0.89, kappa 0.7964094, alpha 0.7972585, AC1 0.8493305."""
    found = [measure(pregnancies()).value for measure in (raw_agreement, cohens_kappa, krippendorffs_alpha, gwets_ac1)]
    assert found == pytest.approx([0.89, 0.7964094, 0.7972585, 0.8493305], abs=5e-8)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_scikit_learns_on_the_cases_both_rated(seed: int) -> None:
    ratings = some(seed, raters=2)
    both = ratings[(ratings >= 0).all(axis=1)]
    assert cohens_kappa(ratings).value == pytest.approx(cohen_kappa_score(*both.T))


@pytest.mark.parametrize("seed", range(5))
def test_alpha_and_ac1_are_what_counting_pair_by_pair_says(seed: int) -> None:
    ratings = some(seed)
    units = [[each for each in row if each >= 0] for row in ratings]
    paired = [unit for unit in units if len(unit) > 1]
    coincidences = np.zeros((3, 3))
    for unit in paired:
        for one, other in permutations(unit, 2):
            coincidences[one, other] += 1 / (len(unit) - 1)
    said, n = coincidences.sum(axis=1), coincidences.sum()
    apart = sum(coincidences[a, b] for a in range(3) for b in range(3) if a != b) / n
    expected = sum(said[a] * said[b] for a in range(3) for b in range(3) if a != b) / (n * (n - 1))
    assert krippendorffs_alpha(ratings).value == pytest.approx(1 - apart / expected)
    agreed = np.mean([np.mean([a == b for a, b in permutations(unit, 2)]) for unit in paired])
    shares = np.mean([[unit.count(k) / len(unit) for k in range(3)] for unit in units if unit], axis=0)
    chance = sum(share * (1 - share) for share in shares) / 2
    assert gwets_ac1(ratings).value == pytest.approx((agreed - chance) / (1 - chance))


def test_the_intervals_are_as_wide_as_the_published_standard_errors_say() -> None:
    """Published standard errors of the hundred pregnancies: kappa 0.0589, alpha 0.0591, AC1 0.0432."""
    for measure, error in ((cohens_kappa, 0.0589), (krippendorffs_alpha, 0.0591), (gwets_ac1, 0.0432)):
        low, high = measure(pregnancies()).interval()
        assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_intervals_are_the_same_each_time_and_grow_with_the_level() -> None:
    once, again = gwets_ac1(some(1)), gwets_ac1(some(1)[::-1])
    assert once.interval() == again.interval()
    assert once.interval(0.99)[0] < once.interval()[0] < once.value < once.interval()[1] < once.interval(0.99)[1]


def test_experts_who_never_disagree_are_not_known_to_agree_always() -> None:
    ratings = [[0, 0]] * 15 + [[1, 1]] * 15
    for measure in (cohens_kappa, krippendorffs_alpha, gwets_ac1):
        low, high = measure(ratings).interval()
        assert (measure(ratings).value, high) == (1, 1)
        assert 0.7 < low < 0.9


def test_what_cannot_be_computed_says_why() -> None:
    assert "every answer is the same" in cohens_kappa([[0, 0]] * 9).note
    assert gwets_ac1([[0, 0]] * 9).value == 1
    assert "no case was rated by two" in krippendorffs_alpha([[0, -1], [-1, 1]]).note
    assert "kappa is of two raters" in cohens_kappa(published()).note
    assert cohens_kappa(np.empty((0, 2))).value is None


def test_only_where_kappa_collapses_is_it_said() -> None:
    skewed = [[0, 0]] * 90 + [[0, 1]] * 5 + [[1, 0]] * 4 + [[1, 1]]
    assert "agree on 91 of 100 cases, but 94 % of all answers are no sepsis" in collapse(skewed, "no sepsis")
    assert collapse(pregnancies()) == ""
    assert collapse([[0, 0]] * 96 + [[1, 1]] * 4) == ""


def test_automation_bias_counts_changes_towards_the_model_and_away() -> None:
    blind, model, after = [0] * 40 + [1] * 60, [1] * 100, [1] * 12 + [0] * 28 + [1] * 57 + [0] * 3
    found = automation_bias(blind, model, after)
    assert [(rate.hits, rate.trials) for rate in (found.towards, found.away, found.gave_in)] == [
        (12, 100), (3, 100), (12, 40),
    ]  # fmt: skip
    assert found.gave_in.interval() == pytest.approx((0.1807, 0.4543), abs=1e-4)


def test_a_change_to_a_third_answer_is_neither() -> None:
    found = automation_bias([0, 0], [1, 1], [2, 1])
    assert (found.towards.hits, found.away.hits) == (1, 0)
