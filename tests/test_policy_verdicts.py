"""Verdicts: the word is read off the interval and nothing else, and chance is accounted for over the whole family."""

from __future__ import annotations

import random
import re
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from dashboard.policy import Finding, Judged, Policy, Rule, Window, WindowPlan, check, exit_code
from dashboard.policy.numbers import figures
from dashboard.policy.verdicts import common_level, p_value, position
from dashboard.rates import Difference, Estimate, Exact, Measure, Rate, Ratio, undefined, z_of

ONE_LOOK = WindowPlan(current=Window(*np.array(["2026-03-01", "2026-03-29"], dtype="datetime64[D]").tolist()))
RATES = ("accuracy", "true_positive_rate", "true_negative_rate", "precision", "selection_rate", "prevalence")
SENSITIVITY = Rule("true_positive_rate_difference", (-0.1, 0.1), attribute="*")
REFERENCE = Rate(601, 801)
JSON_KEYS = ["rule", "state", "metric", "attribute", "group", "reference", "feature", "version", "since", "until"]
JSON_KEYS += ["value", "low", "high", "n", "allowed", "sentence"]

rates = st.integers(0, 400).flatmap(lambda trials: st.builds(Rate, st.integers(0, trials), st.just(trials)))
differences = st.builds(Difference, rates, rates)
ranges = st.tuples(st.floats(-0.3, 0.1), st.floats(0.1, 0.3))


def judge(rule: Rule, measure: Measure | None, group: str = "F", **context: Any) -> Judged:
    named = {"attribute": "sex", "group": group, "reference": "M", "since": "2026-03-01", "until": "2026-03-29"}
    return Judged(rule, named | context, measure)


def checked(*judged: Judged, minimum_n: int = 1, plan: WindowPlan = ONE_LOOK) -> list[Finding]:
    rules = tuple(dict.fromkeys(item.rule for item in judged))
    return check(Policy("1", rules, minimum_n, plan), judged)


@given(st.lists(st.tuples(differences, ranges), min_size=1, max_size=12))
def test_the_level_is_benjamini_and_hochbergs(family: list[tuple[Difference, tuple[float, float]]]) -> None:
    computable = [(measure, allowed) for measure, allowed in family if measure.value is not None]
    if not computable:
        return
    p = np.array([p_value(measure, allowed) for measure, allowed in computable])
    rejected = int(multipletests(p, alpha=0.05, method="fdr_bh")[0].sum())
    level = common_level({i: [member] for i, member in enumerate(computable)}, 0.05)
    assert level == pytest.approx(1 - 0.05 * max(rejected, 1) / len(computable), abs=1e-12)
    outside = [position(measure.interval(level), allowed) == "outside" for measure, allowed in computable]
    assert sum(outside) == rejected


@given(st.lists(st.tuples(differences, ranges), max_size=12), st.integers(1, 100))
def test_word_and_interval_never_contradict(family: list[tuple[Difference, tuple[float, float]]], least: int) -> None:
    judged = [
        judge(Rule(SENSITIVITY.metric, allowed, "*"), measure, str(i)) for i, (measure, allowed) in enumerate(family)
    ]
    findings = checked(*judged, minimum_n=least)
    assert len(findings) == len(judged)
    assert len({finding.level for finding in findings}) <= 1
    for finding in findings:
        measure = judged[int(finding.group or "")].measure
        assert measure is not None
        assert (finding.low, finding.high) == measure.interval(finding.level)
        enough = measure.value is not None and measure.minimum() >= least
        assert finding.state == (
            position((finding.low, finding.high), finding.allowed) if enough else "cannot be computed"
        )
        word = {"inconclusive": "can't tell yet", "cannot be computed": "can't be"}.get(
            finding.state, f": {finding.state}"
        )
        assert word in finding.sentence


@settings(max_examples=200)
@given(st.floats(-1, 1), st.floats(0, 1), st.floats(-1, 1), st.sampled_from(["share", "points", "ms", "psi", "ratio"]))
def test_printed_limits_lie_on_the_side_of_the_bound_where_they_are(
    low: float, width: float, bound: float, unit: str
) -> None:
    bound, low, high = round(bound, 2), round(low, 6), round(low + width, 6)
    shown = figures(unit, low, high, (None, bound))
    for end in (low, high):
        printed = float(shown(end).replace(",", "")) / shown.scale
        assert np.sign(round(printed - bound, 9)) == np.sign(round(end - bound, 9))


def test_without_any_disparity_few_views_show_one() -> None:
    """12 groups by 7 rates, every group like the reference and nothing allowed: the edge of the range."""
    generator, alarms, plain, views = np.random.default_rng(20260123), 0, 0, 1500
    chances = (0.85, 0.7, 0.9, 0.6, 0.3, 0.25, 0.8)
    for _ in range(views):
        family: dict[object, list[tuple[Measure, tuple[float, float]]]] = {}
        for rate, chance in enumerate(chances):
            reference = Rate(int(generator.binomial(800, chance)), 800)
            hits = generator.binomial(250, chance, size=11)
            for group, hit in enumerate(hits):
                family[rate, group] = [(Difference(Rate(int(hit), 250), reference), (0.0, 0.0))]
        judged = [member for members in family.values() for member in members]
        level = common_level(family, 0.05)
        alarms += any(position(measure.interval(level), allowed) == "outside" for measure, allowed in judged)
        plain += any(position(measure.interval(0.95), allowed) == "outside" for measure, allowed in judged)
    assert plain / views > 0.5
    assert alarms / views < 0.05


def test_a_real_disparity_is_found_among_many_that_are_none() -> None:
    judged = [judge(SENSITIVITY, Difference(Rate(1202, 1602), REFERENCE), str(i)) for i in range(20)]
    worst = judge(SENSITIVITY, Difference(Rate(750, 1602), REFERENCE), "F*65+")
    first, *others = checked(*judged, worst)
    assert (first.group, first.state) == ("F*65+", "outside")
    assert {finding.state for finding in others} == {"within"}


def test_a_complement_a_ratio_and_a_second_threshold_count_once() -> None:
    group = Rate(118, 193)
    one = judge(SENSITIVITY, Difference(group, REFERENCE))
    missed, all_missed = Rate(75, 193), Rate(200, 801)
    complement = judge(Rule("false_negative_rate_difference", (-0.1, 0.1), "*"), Difference(missed, all_missed))
    ratio = judge(Rule("true_positive_rate_ratio", (0.8, None), "*"), Ratio(group, REFERENCE))
    watch = judge(Rule("true_positive_rate_difference", (-0.05, 0.05), "*"), Difference(group, REFERENCE))
    (alone,) = checked(one, plan=WindowPlan())
    for second in (complement, ratio, watch):
        assert {finding.level for finding in checked(one, second, plan=WindowPlan())} == {alone.level}
    other = judge(SENSITIVITY, Difference(group, REFERENCE), "X")
    assert checked(one, other, plan=WindowPlan())[0].level > alone.level


def test_mirror_images_get_the_same_word() -> None:
    one = judge(SENSITIVITY, Difference(Rate(118, 193), REFERENCE))
    mirror = Difference(Rate(75, 193), Rate(200, 801))
    complement = judge(Rule("false_negative_rate_difference", (-0.1, 0.1), "*"), mirror)
    assert len({finding.state for finding in checked(one, complement)}) == 1


def test_kinds_and_windows_are_families_of_their_own() -> None:
    accuracy = Rule("accuracy", (0.8, None))
    one = judge(accuracy, Rate(3696, 4400))
    many = [judge(SENSITIVITY, Difference(Rate(118, 193), REFERENCE), str(i)) for i in range(9)]
    later = judge(accuracy, Rate(3696, 4400), since="2026-03-29", until="2026-04-26")
    levels = [
        finding.level for finding in checked(one, later, *many, plan=WindowPlan()) if finding.kind == "performance"
    ]
    assert levels == [1 - 0.05 / 13] * 2


def test_too_few_are_shown_and_not_judged_and_do_not_count() -> None:
    few = judge(SENSITIVITY, Difference(Rate(0, 49), REFERENCE), "few")
    enough = judge(SENSITIVITY, Difference(Rate(118, 193), REFERENCE), "enough")
    findings = {finding.group: finding for finding in checked(few, enough, minimum_n=50)}
    assert findings["few"].state == "cannot be computed"
    assert findings["few"].low is not None
    assert findings["few"].value == pytest.approx(-601 / 801)
    assert findings["enough"].level == checked(enough, minimum_n=50)[0].level


@pytest.mark.parametrize("measure", [None, undefined("no labels"), Rate(0, 0)])
def test_what_has_no_value_cannot_be_computed_and_says_why(measure: Measure | None) -> None:
    (finding,) = checked(judge(Rule("accuracy", (0.8, None)), measure))
    assert finding.state == "cannot be computed"
    assert (finding.value, finding.low, finding.high) == (None, None, None)
    assert "can't be computed: " in finding.sentence


def test_a_rule_that_judged_nothing_is_a_finding() -> None:
    rules = (SENSITIVITY, Rule("psi", (None, 0.1), feature="*"))
    findings = check(Policy("1", rules), [])
    assert [finding.state for finding in findings] == ["cannot be computed"] * 2
    assert all("judged nothing" in finding.sentence for finding in findings)
    assert exit_code(findings) == 2


def test_exit_codes_are_0_1_2() -> None:
    rule = Rule("accuracy", (0.8, None))
    within, outside, unsure = (judge(rule, Rate(hits, 400), str(hits)) for hits in (390, 200, 320))
    assert exit_code(checked(within)) == 0
    assert exit_code(checked(within, unsure)) == 2
    assert exit_code(checked(within, unsure, outside)) == 1


@given(st.randoms(use_true_random=False))
def test_the_order_of_what_is_judged_does_not_matter_and_the_worst_is_first(shuffler: random.Random) -> None:
    judged = [judge(SENSITIVITY, Difference(Rate(hits, 800), REFERENCE), str(hits)) for hits in range(100, 800, 50)]
    judged += [judge(Rule("accuracy", (0.8, None)), Rate(hits, 400), str(hits)) for hits in (0, 200, 390)]
    expected = checked(*judged)
    shuffler.shuffle(judged)
    found = checked(*judged)
    assert found == expected
    states = [finding.state for finding in found]
    assert states == sorted(states, key=["outside", "inconclusive", "cannot be computed", "within"].index)
    fair = [abs(finding.value or 0) for finding in found if finding.state == "outside" and finding.kind == "fairness"]
    assert fair == sorted(fair, reverse=True)


def test_a_finding_has_exactly_the_keys_that_are_printed() -> None:
    (finding,) = checked(judge(SENSITIVITY, Difference(Rate(118, 193), REFERENCE)))
    assert list(finding.as_dict()) == JSON_KEYS
    assert (finding.kind, finding.then) == ("fairness", ())
    assert finding.as_dict()["allowed"] == [-0.1, 0.1]


def scaled(low: float, value: float, high: float, level: float) -> tuple[float, float]:
    stretch = z_of(level) / z_of(0.95)
    return value - (value - low) * stretch, value + (high - value) * stretch


def an_estimate(low: float, value: float, high: float, note: str = "") -> Estimate:
    return Estimate(value, 4210, "made up", partial(scaled, low, value, high), 4210, note=note)


AGES = {"attribute": "sex*age_band", "reference": "M*40-64"}
SAID = {
    "a difference": (
        judge(SENSITIVITY, Difference(Rate(118, 193), REFERENCE), "F*65+", **AGES),
        "Sensitivity for F, 65+ is 0.61 (0.54 to 0.68; 118 of 193), 14 points below M, 40-64 (7 to 21): can't tell yet "
        "whether it is within the policy's 10 (level 95 %). The smallest breach that this many cases show 4 times in 5 "
        "is about 21 points below.",
    ),
    "a large difference": (
        judge(SENSITIVITY, Difference(Rate(98, 193), REFERENCE), "F*65+", version="v2", **AGES),
        "Sensitivity of v2 for F, 65+ is 0.51 (0.44 to 0.58; 98 of 193), 24 points below M, 40-64 (17 to 32): outside "
        "the policy's 10 (level 95 %).",
    ),
    "a ratio": (
        judge(Rule("selection_rate_ratio", (0.8, 1.25), "*"), Ratio(Rate(24, 119), Rate(52, 119))),
        "Selection rate for F is 0.20 (0.14 to 0.28; 24 of 119), 0.46 times that of M (0.30 to 0.69): outside the "
        "policy's range of 0.80 to 1.25 (level 95 %).",
    ),
    "a rate": (
        Judged(Rule("accuracy", (0.8, None)), {}, Rate(3696, 4400)),
        "Accuracy is 0.84 (0.83 to 0.85; 3,696 of 4,400): within the policy's minimum of 0.80 (level 95 %).",
    ),
    "drift": (
        Judged(
            Rule("psi", (None, 0.1), feature="*"),
            {"feature": "lactate", "version": "v2"},
            an_estimate(0.25, 0.31, 0.38, "12 bins; days assumed independent"),
        ),
        "Population stability index of lactate in v2 is 0.31 (0.25 to 0.38; n 4,210, days assumed independent): "
        "outside the policy's maximum of 0.10 (level 95 %).",
    ),
    "a named difference": (
        Judged(
            Rule("demographic_parity_difference", (None, 0.1), "sex"),
            {"attribute": "sex"},
            an_estimate(0.02, 0.06, 0.09),
        ),
        "Demographic parity difference by sex is 6 points (2 to 9; n 4,210): within the policy's maximum of 10 "
        "(level 95 %).",
    ),
    "latency": (
        Judged(Rule("latency_p95", (None, 300.0)), {}, an_estimate(205, 212, 220)),
        "Latency p95 is 212 ms (205 to 220; n 4,210): within the policy's maximum of 300 ms (level 95 %).",
    ),
    "a count": (
        Judged(Rule("throughput", (10.0, None)), {}, Exact(12.5, 2100)),
        "Throughput is 12 (n 2,100): within the policy's minimum of 10 (level 95 %).",
    ),
    "too few": (
        judge(SENSITIVITY, Difference(Rate(9, 12), REFERENCE), "F*<18", **AGES),
        "Sensitivity for F, <18 is 0.75 (0.47 to 0.91; 9 of 12), level with M, 40-64 (28 below to 18 above): can't "
        "be judged, the policy needs 50 and there are 12 in the smaller group.",
    ),
    "none": (
        judge(SENSITIVITY, Difference(Rate(0, 0), REFERENCE), "unknown"),
        "Sensitivity for unknown sex against M can't be computed: group 0 of 0.",
    ),
    "no upper limit": (
        judge(Rule("selection_rate_ratio", (0.1, None), "*"), Ratio(Rate(60, 119), Rate(1, 119)), "1"),
        None,
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_findings_are_said_in_one_plain_sentence(what: str) -> None:
    judged, expected = SAID[what]
    (finding,) = checked(judged, minimum_n=50)
    assert expected is None or finding.sentence == expected
    assert re.fullmatch(r"[A-Z].*\.", finding.sentence)
    assert not re.search(r"nan|None|inf\b|  ", finding.sentence)


def test_an_exact_rate_at_the_edge_of_its_range_is_not_printed_as_beyond_it() -> None:
    (finding,) = checked(Judged(Rule("psi", (None, 0.1), feature="*"), {"feature": "x"}, an_estimate(0.1004, 0.2, 0.3)))
    assert finding.state == "outside"
    assert "0.1004" in finding.sentence


@given(rates, rates, st.floats(0.001, 0.3), st.sampled_from(["difference", "ratio", "rate"]))
def test_no_counts_break_a_sentence(group: Rate, reference: Rate, room: float, kind: str) -> None:
    rule, measure = {
        "difference": (Rule("precision_difference", (-room, room), "*"), Difference(group, reference)),
        "ratio": (Rule("precision_ratio", (1 - room, 1 + room), "*"), Ratio(group, reference)),
        "rate": (Rule("precision", (room, None), "*"), group),
    }[kind]
    (finding,) = checked(judge(rule, measure))
    assert re.fullmatch(r"Precision [^\n]*\.", finding.sentence)
    assert not re.search(r"nan|None|inf\b|  | -0\b", finding.sentence)
