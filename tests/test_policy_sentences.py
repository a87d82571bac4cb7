"""Sentences of findings: what these cases could have shown, below and above in words, one point and two points."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from dashboard.metrics import METRICS
from dashboard.policy import Judged, Rule
from dashboard.policy.breaches import smallest_breach
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


@given(st.integers(50, 3000), st.integers(200, 3000), st.floats(0.1, 0.9), st.sampled_from([0.95, 0.9962, 0.99995]))
def test_the_smallest_breach_lies_beyond_its_limit_by_the_interval_there(
    n: int, reference_n: int, share: float, level: float
) -> None:
    """Limits from statsmodels, solved by scipy: a breach whose interval ends 0.84 of its errors short of the limit."""
    p, q = round(share * n), round(share * reference_n)
    (rate, low, high), room, powered = (
        further_out(q, reference_n, level),
        0.02,
        norm.ppf(0.8) / norm.isf((1 - level) / 2),
    )

    def ends(apart: float, side: int) -> float:
        value, least, most = further_out((rate + apart) * n, n, level)
        far = math.hypot(most - value, rate - low) if side < 0 else math.hypot(value - least, high - rate)
        return side * (apart - side * (room + far * (1 + powered)))

    possible = []
    for side, end in ((-1, -rate), (1, 1 - rate)):
        if ends(end, side) > 0 > ends(side * room, side):
            possible.append(brentq(ends, side * room, end, args=(side,)))
    measure = Difference(Rate(p, n), Rate(q, reference_n))
    found = smallest_breach(measure, measure.interval(level), (-room, room), level)
    if possible and found is not None:
        assert min(abs(found - each) for each in possible) < 0.01
    assert bool(possible) or found is None


def further_out(hits: float, n: int, level: float) -> tuple[float, float, float]:
    ways = [proportion_confint(hits, n, 1 - level, method) for method in ("wilson", "jeffreys")]
    return hits / n, min(low for low, _ in ways) if hits else 0.0, max(high for _, high in ways) if hits < n else 1.0


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
