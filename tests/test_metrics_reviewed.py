"""What review says of the model: by hand, against the plain formulas, and where nothing can be said."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from dashboard.errors import EvenhandError
from dashboard.metrics.reviewed import (
    AuditedRate,
    Frame,
    Reviewed,
    Upheld,
    error_rate,
    false_positive_rate,
    plain,
    true_positive_rate,
)
from dashboard.rates import Rate, wilson


def some(seed: int = 0, drawn: int = 200, flags: int = 20, cases: int = 5000) -> Reviewed:
    """Returns an audit with unequal probabilities, and flags."""
    random = np.random.default_rng(seed)
    answer = random.uniform(size=drawn + flags) < 0.4
    flagged = np.arange(drawn + flags) < flags
    wrong = random.uniform(size=drawn + flags) < np.where(flagged, 0.6, 0.12)
    pi = np.where(flagged, 1, random.uniform(0.01, 0.1, drawn + flags))
    return plain(answer ^ wrong, answer, pi, cases, flagged)


def test_the_error_rate_is_the_formula_written_out() -> None:
    cases = some()
    drawn, y = ~cases.flagged, (cases.decision != cases.answer).astype(float)
    pi, wrong = cases.pi[drawn], y[drawn]
    q = (wrong / pi).sum() / (1 / pi).sum()
    variance = ((1 - pi) / pi**2 * (wrong - q) ** 2).sum() / (1 / pi).sum() ** 2
    n_eff = min(q * (1 - q) / variance, (1 / pi).sum() ** 2 / ((1 - pi) / pi**2).sum())
    known, rest = y[cases.flagged].sum(), 5000 - 20
    found = error_rate(cases)
    assert isinstance(found, AuditedRate)
    assert found.n_eff == pytest.approx(n_eff)
    assert found.value == pytest.approx((known + rest * q) / 5000)
    limits = wilson(q * n_eff, n_eff, 0.95)
    assert found.interval() == pytest.approx([(known + rest * limit) / 5000 for limit in limits])
    assert (found.n, found.minimum(), found.denominator) == (220, 220, 5000)
    assert found.note == f"about {n_eff:.0f} independent"


def test_the_true_positive_rate_is_the_formula_written_out() -> None:
    cases = some(1)
    drawn = ~cases.flagged
    w = np.where(drawn, 4980 / (cases.pi * (1 / cases.pi[drawn]).sum()), 1)
    total, hits = (w * cases.answer).sum(), (w * (cases.answer & cases.decision)).sum()
    r = hits / total
    e = cases.answer * (cases.decision - r)
    variance = ((1 - cases.pi) * w**2 * e**2)[drawn].sum() / total**2
    largest = ((1 - cases.pi) * w**2)[drawn & cases.answer].sum() / total**2
    n_eff = min(r * (1 - r) / variance, 1 / largest)
    found = true_positive_rate(cases)
    assert (found.value, found.n_eff) == pytest.approx((r, n_eff))
    assert found.interval() == pytest.approx(wilson(r * n_eff, n_eff, 0.95))
    assert found.n == cases.answer.sum()


def test_the_false_positive_rate_is_the_true_positive_rate_of_the_other_class() -> None:
    cases = some(2)
    mirrored = replace(cases, answer=~cases.answer)
    assert false_positive_rate(cases).interval() == true_positive_rate(mirrored).interval()


def test_a_plain_sample_of_a_large_frame_is_a_plain_rate() -> None:
    """Equal probabilities, no flags: the share of those drawn with Wilson's interval."""
    decision = np.arange(100) < 40
    answer = np.arange(100) < 47
    found, rate = error_rate(plain(decision, answer, 1e-6, 10**8)), Rate(7, 100)
    assert found.value == pytest.approx(rate.value)
    assert found.interval() == pytest.approx(rate.interval(), abs=1e-6)


def test_a_frame_reviewed_to_the_last_case_leaves_nothing_to_chance() -> None:
    cases = some(3, drawn=100, flags=0, cases=100)
    whole = replace(cases, pi=np.ones(100))
    share = float((cases.decision != cases.answer).mean())
    assert error_rate(whole).interval() == pytest.approx((share, share))
    all_flagged = plain([1, 1, 0, 0], [1, 0, 0, 0], 1.0, 4, flagged=True)
    assert error_rate(all_flagged).interval() == (0.25, 0.25)


def test_no_error_among_those_drawn_is_not_no_error() -> None:
    found = error_rate(plain(np.ones(60), np.ones(60), 0.02, 3000))
    low, high = found.interval()
    assert (found.value, low) == (0, 0)
    assert high == pytest.approx(wilson(0, 60 / 0.98, 0.95)[1])


def test_flags_alone_are_counted_and_never_a_rate() -> None:
    flags = plain([1] * 44, [0] * 31 + [1] * 13, 1.0, 5000, flagged=True)
    assert flags.upheld() == Upheld(31, 44)
    for metric in (error_rate, true_positive_rate, false_positive_rate):
        assert metric(flags).value is None
        assert "flags alone are no sample" in metric(flags).note
    assert not hasattr(flags.upheld(), "value")


def test_positives_that_only_flags_have_found_make_no_rate() -> None:
    flagged = np.arange(100) < 50
    cases = plain(np.ones(100), flagged, np.where(flagged, 1, 0.05), 1050, flagged)
    assert "the random audit found no positives" in true_positive_rate(cases).note
    assert false_positive_rate(cases).value == 1


@pytest.mark.parametrize(("positives", "told"), [(29, False), (30, True)])
def test_thirty_reviewed_positives_are_needed(positives: int, told: bool) -> None:
    answer = np.arange(100) < positives
    found = true_positive_rate(plain(np.ones(100), answer, 0.1, 1000))
    assert (found.value is not None) == told
    assert told or found.note == "cannot be computed: 29 reviewed positives, at least 30 are needed"


def test_who_was_never_reviewed_lends_weight_to_the_stratum_and_is_told() -> None:
    """Two strata of 20 drawn of 200; of the second only 5 are reviewed, each then standing for 40."""
    group = np.repeat(["A", "B"], 20)
    reviewed = np.arange(40) < 25
    wrong = np.arange(40) >= 20
    frames = {"A": Frame(200, 200), "B": Frame(200, 200)}
    cases = Reviewed(group, wrong, np.zeros(40, bool), np.full(40, 0.1), np.zeros(40, bool), reviewed, frames)
    found = error_rate(cases)
    assert found.value == pytest.approx(0.5)
    assert "15 of 40 drawn are not reviewed: taken to be like the rest of their stratum" in found.note
    b = error_rate(cases.of("B"))
    assert (b.value, b.n, b.n_eff) == (1, 5, pytest.approx(5 / (1 - 0.1 / 4)))


def test_a_group_keeps_the_response_rate_of_strata_that_cross_groups() -> None:
    group, stratum = np.array(["A", "B"] * 20), np.repeat(["x", "y"], 20)
    reviewed = (np.arange(40) < 20) | (np.arange(40) % 4 == 0)
    frames = {"A": Frame(200, 200), "B": Frame(200, 200)}
    none = np.zeros(40, bool)
    cases = Reviewed(group, none, none, np.full(40, 0.1), none, reviewed, frames, stratum)
    assert set(cases.of("A").response) == {1.0, 0.25}
    assert "10 of them in strata nobody reviewed" not in error_rate(cases).note


def test_a_stratum_nobody_reviewed_is_told() -> None:
    group, none = np.repeat(["A", "B"], 20), np.zeros(40, bool)
    frames = {"A": Frame(200, 200), "B": Frame(200, 200)}
    cases = Reviewed(group, none, none, np.full(40, 0.1), none, np.arange(40) < 20, frames)
    assert "20 of them in strata nobody reviewed, which the number leaves out" in error_rate(cases).note
    assert "nothing of a random audit is reviewed" in error_rate(cases.of("B")).note


def test_flags_that_wait_for_review_withhold_the_number() -> None:
    flagged = np.arange(60) < 10
    cases = plain(np.ones(60), np.ones(60), np.where(flagged, 1, 0.1), 510, flagged, np.arange(60) > 2)
    assert error_rate(cases).note == "cannot be computed: 3 of 10 flagged cases are not reviewed yet"


def test_impossible_probabilities_and_frames_are_refused() -> None:
    with pytest.raises(EvenhandError, match="outside"):
        plain([1, 1], [1, 1], [0.5, 0.0], 10)
    one, no = np.array(["A"]), np.array([False])
    with pytest.raises(EvenhandError, match="Group A has 10 cases, 9 of them not flagged, and 0 flags"):
        Reviewed(one, no, no, np.array([0.5]), no, ~no, {"A": Frame(10, 9)})


def test_a_higher_level_is_a_wider_interval_and_an_estimate_can_be_pickled() -> None:
    found = error_rate(some(4))
    assert found.interval(0.99)[0] < found.interval()[0] < found.interval()[1] < found.interval(0.99)[1]
    assert pickle.loads(pickle.dumps(found)) == found
