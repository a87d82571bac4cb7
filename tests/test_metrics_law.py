"""The four-fifths screen and Local Law 144 against published numbers, scipy, and what each promises."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from dashboard import rules
from dashboard.metrics import four_fifths
from dashboard.metrics.four_fifths import screen
from dashboard.metrics.local_law_144 import impact

SEX = {"Male": (667, 1390), "Female": (555, 1181)}
RACE = {
    "Hispanic or Latino": (204, 408), "White": (412, 797), "Black": (170, 390), "Native Hawaiian": (52, 119),
    "Asian": (302, 616), "Native American": (18, 41), "Two or more": (96, 213),
}  # fmt: skip
COUNTS = some.lists(
    some.tuples(some.integers(0, 60), some.integers(0, 60)).map(lambda pair: (min(pair), max(pair))),
    min_size=0, max_size=6,
).map(lambda counts: {f"g{k}": pair for k, pair in enumerate(counts)})  # fmt: skip


def test_the_rules_own_example_comes_out() -> None:
    sex = impact(SEX, unknown=250)
    assert [round(c.ratio or 0, 3) for c in sex.categories] == [1.0, 0.979]
    assert sex.unknown == 250
    race = impact(RACE, unknown=250)
    published = [0.97, 1.00, 0.84, 0.85, 0.95, 0.85, 0.87]
    assert [round(c.ratio or 0, 2) for c in race.categories] == published
    assert race.highest == "White"


def test_only_a_category_under_two_percent_may_be_left_out_and_it_is_never_the_highest() -> None:
    counts = {"A": (50, 1000), "B": (40, 1000), "tiny": (9, 10)}
    assert impact(counts).highest == "tiny"
    left = impact(counts, without=["tiny", "B"])
    assert left.highest == "A"
    by_name = {c.name: c for c in left.categories}
    assert by_name["tiny"].ratio is None
    assert (by_name["tiny"].left_out, by_name["tiny"].n, by_name["tiny"].rate) == (True, 10, 0.9)
    assert by_name["B"].ratio == pytest.approx(0.8)
    assert not by_name["B"].left_out


def test_all_rates_zero_cannot_be_computed() -> None:
    found = impact({"A": (0, 10), "B": (0, 5)}, 3)
    assert found.why == "every rate is 0"
    assert [c.ratio for c in found.categories] == [None, None]
    assert impact({}, 4).why == "no category has a case"


@settings(max_examples=60)
@given(COUNTS, some.integers(0, 50))
def test_the_highest_category_has_ratio_one_and_no_other_more(counts: dict[str, tuple[int, int]], unknown: int) -> None:
    found = impact(counts, unknown)
    ratios = [c.ratio for c in found.categories if c.ratio is not None]
    assert (max(ratios) == 1.0) if ratios else found.why
    assert sum(c.share for c in found.categories) <= 1 + 1e-9


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_the_screen_is_the_same_every_time_and_holds_each_group_against_the_highest(
    counts: dict[str, tuple[int, int]],
) -> None:
    found = screen(counts)
    assert found == screen(counts)
    assert {s.group for s in found.standings} | set(found.empty) == set(counts)
    if found.ratio is None:
        assert found.why
        assert found.by_chance is None
    else:
        assert found.ratio == min(s.ratio for s in found.standings if s.ratio is not None)
        assert found.by_chance is not None
        assert 0 < found.by_chance <= 1


def test_chance_is_what_a_permutation_of_the_raw_rows_says() -> None:
    hits, sizes = np.array([40, 30, 12]), np.array([100, 60, 50])
    seen = (hits / sizes).min() / (hits / sizes).max()
    random = np.random.default_rng(5)
    group = np.repeat([0, 1, 2], sizes)
    selected = np.arange(sizes.sum()) < hits.sum()
    low = 0
    for _ in range(4000):
        rates = np.bincount(group, random.permutation(selected)) / sizes
        low += rates.min() / rates.max() <= seen
    assert four_fifths.by_chance(hits, sizes) == pytest.approx(low / 4000, abs=0.025)


def test_two_groups_of_a_hundred_fall_under_the_line_by_chance_alone_often() -> None:
    random = np.random.default_rng(0)
    drawn = random.binomial(100, 0.4, (4000, 2)) / 100
    under = np.mean(drawn.min(axis=1) / drawn.max(axis=1) < four_fifths.LINE)
    assert 0.15 < under < 0.35
    assert np.mean([four_fifths.by_chance(np.array([a, b]), np.array([100, 100])) <= 0.05
                    for a, b in random.binomial(100, 0.4, (150, 2))]) < 0.11  # fmt: skip


def test_a_pair_is_tested_as_scipy_tests_it() -> None:
    p, name = four_fifths.pair_test((12, 40), (48, 80))
    assert name == "chi-squared"
    assert p == pytest.approx(stats.chi2_contingency([[12, 28], [48, 32]], correction=False).pvalue)
    p, name = four_fifths.pair_test((1, 5), (4, 6))
    assert p == pytest.approx(stats.fisher_exact([[1, 4], [4, 2]]).pvalue)


def test_every_rule_names_its_source_its_day_and_what_it_supports_and_never_says_complies() -> None:
    assert set(rules.keys()) >= {"four_fifths", "local_law_144"}
    for key in rules.keys():  # noqa: SIM118
        rule = rules.rule(key)
        assert rule.url.startswith("https://")
        assert "support" in rule.supports
        assert re.search(r"[Nn]ot (verified|compared)", rule.read)  # until somebody reads the whole official text
        assert "compl" not in f"{rule}".lower()
