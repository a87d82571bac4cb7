"""Sentences of findings: what these cases could have shown, below and above in words, one point and two points."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.metrics import METRICS
from dashboard.policy import Judged, Rule
from dashboard.rates import Difference, Rate, Ratio
from tests.test_policy_verdicts import an_estimate, checked, judge, rates


@pytest.mark.parametrize("name", sorted(name for name in METRICS if METRICS[name].kind == "fairness"))
@given(rates, rates, st.floats(0.01, 0.3))
@settings(max_examples=30)
def test_what_cannot_be_told_says_what_these_cases_could_have_shown(
    name: str, group: Rate, reference: Rate, room: float
) -> None:
    """Every contrast, and no breach is told with a minus: it is so many points below, or above."""
    ratio = METRICS[name].unit == "ratio"
    measure = Ratio(group, reference) if ratio else Difference(group, reference)
    (finding,) = checked(judge(Rule(name, (1 - room, 1 + room) if ratio else (-room, room), "*"), measure))
    if finding.state == "inconclusive":
        shown = re.search(r"The smallest breach .* is about (.*)\.$|can hardly show any breach\.$", finding.sentence)
        assert shown
        assert not (shown[1] or "").startswith("-")


def test_a_breach_below_is_told_in_words_whatever_is_compared() -> None:
    version = Rule("accuracy_version_difference", (-0.02, None), version="v2", versus="v1")
    (finding,) = checked(Judged(version, {"version": "v2", "reference": "v1"}, an_estimate(-0.03, 0.0, 0.03)))
    assert finding.sentence.endswith("is about 6 points below zero.")
    gap = Rule("demographic_parity_difference", (-0.1, 0.1), "sex")
    (finding,) = checked(Judged(gap, {"attribute": "sex"}, an_estimate(0.0, 0.06, 0.11)))
    assert finding.sentence.endswith("is about 19 points.")


def test_no_hits_can_hardly_show_a_ratio_too_low_or_too_high() -> None:
    for allowed in ((0.8, None), (None, 1.25)):
        (finding,) = checked(judge(Rule("selection_rate_ratio", allowed, "*"), Ratio(Rate(0, 9), Rate(9, 60))))
        assert finding.state == "inconclusive"
        assert finding.sentence.endswith("So few cases can hardly show any breach.")


@pytest.mark.parametrize(
    ("value", "words"), [(0.01, "is 1 point ("), (-0.01, "is -1 point ("), (0.02, "is 2 points (")]
)
def test_one_point_is_no_points(value: float, words: str) -> None:
    measure = an_estimate(value - 0.05, value, value + 0.05)
    (finding,) = checked(Judged(Rule("calibration_error", (-0.1, 0.1)), {}, measure))
    assert words in finding.sentence
