"""Contrasts and fairlearn's named metrics against fairlearn on the raw rows, and their intervals pair by pair."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter
from collections.abc import Mapping

import fairlearn.metrics as fl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from dashboard.errors import EvenhandError
from dashboard.metrics import fairness, overall, performance
from dashboard.metrics.performance import Confusion
from dashboard.rates import Difference, Rate, Ratio

GUIDE_LABELS = [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]
GUIDE_DECISIONS = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
GUIDE_GROUPS = list("bbabbcccaacabccbcc")

Row = tuple[int, int, str]
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.sampled_from("abcd")), min_size=1, max_size=60)
group_rates = st.dictionaries(
    st.sampled_from("abcdef"),
    st.integers(1, 60).flatmap(lambda n: st.builds(Rate, st.integers(0, n), st.just(n))),
    min_size=2,
)
levels = st.floats(0.05, 0.999)


def by_group(found: list[Row]) -> dict[str, Confusion]:
    cells: dict[str, Confusion] = {}
    for (label, decision, group), n in sorted(Counter(found).items()):
        table = np.zeros((2, 2), dtype=int)
        table[label, decision] = n
        cells[group] = cells.get(group, Confusion.of(np.zeros((2, 2)))) + Confusion.of(table)
    return cells


def rates(cells: Mapping[str, Confusion], name: str) -> dict[str, Rate]:
    return {group: performance.RATES[name](confusion) for group, confusion in cells.items()}


def named(cells: Mapping[str, Confusion]) -> dict[str, float | None]:
    """Returns the six named metrics."""
    selected, found, alarms = (
        rates(cells, name) for name in ("selection_rate", "true_positive_rate", "false_positive_rate")
    )
    return {
        "demographic_parity_difference": fairness.demographic_parity_difference(selected).value,
        "demographic_parity_ratio": fairness.demographic_parity_ratio(selected).value,
        "equal_opportunity_difference": fairness.equal_opportunity_difference(found).value,
        "equal_opportunity_ratio": fairness.equal_opportunity_ratio(found).value,
        "equalized_odds_difference": fairness.equalized_odds_difference(found, alarms).value,
        "equalized_odds_ratio": fairness.equalized_odds_ratio(found, alarms).value,
    }


@given(rows)
@settings(deadline=None, max_examples=25)
def test_the_named_metrics_are_those_of_fairlearn_where_every_group_has_both_labels(found: list[Row]) -> None:
    groups = {group for _, _, group in found}
    whole = [*found, *((label, label, group) for label in (0, 1) for group in groups | {"a", "b"})]
    label, decision, group = zip(*whole, strict=True)
    for name, value in named(by_group(whole)).items():
        if value is None:  # the largest rate is 0; fairlearn calls 0 / 0 a ratio of 1
            assert name.endswith("ratio")
        else:
            expected = getattr(fl, name)(label, decision, sensitive_features=group)
            assert value == pytest.approx(expected, abs=1e-12), name


@given(rows)
def test_groups_without_a_denominator_are_left_out_and_listed(found: list[Row]) -> None:
    tprs = rates(by_group(found), "true_positive_rate")
    kept = {name: rate for name, rate in tprs.items() if rate.trials}
    measure = fairness.equal_opportunity_difference(tprs)
    if len(kept) < 2:
        assert measure.value is None
        assert f"needs two groups and has {len(kept)}" in measure.note
        assert measure.interval() == (None, None)
        return
    values = [rate.hits / rate.trials for rate in kept.values()]
    assert measure.value == pytest.approx(max(values) - min(values), abs=1e-15)
    left_out = sorted(set(tprs) - set(kept))
    assert ("left out" in measure.note) == bool(left_out)
    assert all(name in measure.note for name in left_out)


def test_the_figures_of_fairlearns_guide() -> None:
    cells = by_group(list(zip(GUIDE_LABELS, GUIDE_DECISIONS, GUIDE_GROUPS, strict=True)))
    found = {
        name: {group: round(rate.value or 0, 6) for group, rate in sorted(rates(cells, name).items())}
        for name in ("true_positive_rate", "false_positive_rate", "selection_rate")
    }
    assert found == {
        "true_positive_rate": {"a": 0.5, "b": 0.6, "c": 0.4},
        "false_positive_rate": {"a": 1.0, "b": 0.0, "c": 0.666667},
        "selection_rate": {"a": 0.75, "b": 0.5, "c": 0.5},
    }
    values = named(cells)
    assert values["demographic_parity_difference"] == 0.25
    assert values["demographic_parity_ratio"] == pytest.approx(0.6667, abs=5e-5)
    assert values["equalized_odds_difference"] == 1.0


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ({"Male": (667, 1390), "Female": (555, 1181)}, {"Female": 0.979}),
        (
            {
                "White": (412, 797),
                "Hispanic": (204, 408),
                "Black": (170, 390),
                "NHPI": (52, 119),
                "Asian": (302, 616),
                "Native American": (18, 41),
                "two or more": (96, 213),
            },
            {
                "Hispanic": 0.97,
                "Black": 0.84,
                "NHPI": 0.85,
                "Asian": 0.95,
                "Native American": 0.85,
                "two or more": 0.87,
            },
        ),
    ],
)
def test_impact_ratios_are_those_of_the_new_york_rules_own_example(
    groups: dict[str, tuple[int, int]], expected: dict[str, float]
) -> None:
    selection = {name: Rate(*counts) for name, counts in groups.items()}
    highest = max(selection, key=lambda name: selection[name].value or 0)
    found = {name: ratio.value for name, ratio in fairness.ratios(selection, highest).items()}
    for name, ratio in expected.items():
        assert found[name] == pytest.approx(ratio, abs=0.0051 if ratio != 0.979 else 0.0006)


@given(group_rates, levels)
@settings(deadline=None)
def test_the_interval_of_the_largest_difference_is_that_of_all_pairs(groups: dict[str, Rate], level: float) -> None:
    pairs = list(itertools.permutations(groups.values(), 2))
    shared = 1 - (1 - level) / (len(pairs) / 2)
    lows, highs = zip(*(Difference(a, b).interval(shared) for a, b in pairs), strict=True)
    expected = (max(0.0, *lows), max(highs))
    assert fairness.largest_difference(groups).interval(level) == pytest.approx(expected, abs=1e-12)


@given(group_rates, levels)
@settings(deadline=None)
def test_the_interval_of_the_smallest_ratio_is_that_of_all_pairs(groups: dict[str, Rate], level: float) -> None:
    measure = fairness.smallest_ratio(groups)
    if not any(rate.hits for rate in groups.values()):
        assert measure.value is None
        assert "the rate of every group is 0" in measure.note
        return
    pairs = list(itertools.permutations(groups.values(), 2))
    shared = 1 - (1 - level) / (len(pairs) / 2)
    lows, highs = zip(*(Ratio(a, b).interval(shared) for a, b in pairs), strict=True)
    expected = (min(lows), min(1.0, *(high for high in highs if high is not None)))
    assert measure.interval(level) == pytest.approx(expected, abs=1e-9)


@given(group_rates, group_rates, levels, levels)
@settings(deadline=None)
def test_named_metrics_are_nested_and_contain_their_value(
    first: dict[str, Rate], second: dict[str, Rate], one: float, other: float
) -> None:
    for measure in (fairness.largest_difference(first, second), fairness.smallest_ratio(first, second)):
        if measure.value is None:
            continue
        (low, high), (wide_low, wide_high) = (measure.interval(level) for level in sorted((one, other)))
        assert None not in (low, high, wide_low, wide_high)
        assert wide_low <= low + 1e-12  # type: ignore[operator]
        assert low <= measure.value + 1e-12 <= high + 2e-12  # type: ignore[operator]
        assert high <= wide_high + 1e-12  # type: ignore[operator]


def test_without_any_disparity_the_interval_of_the_gap_contains_nought() -> None:
    random = np.random.default_rng(4)
    above, ratio_below = 0, 0
    for _ in range(500):
        groups = {str(i): Rate(int(random.binomial(n, 0.3)), n) for i, n in enumerate((40, 80, 200, 500, 1000))}
        above += (fairness.largest_difference(groups).interval()[0] or 0) > 0
        ratio_below += (fairness.smallest_ratio(groups).interval()[1] or 1) < 1
    assert above <= 25
    assert ratio_below <= 25


def test_equalized_odds_share_their_level_over_both_rates() -> None:
    found, alarms = {"a": Rate(30, 50), "b": Rate(45, 50)}, {"a": Rate(5, 60), "b": Rate(9, 60)}
    low, high = fairness.equalized_odds_difference(found, alarms).interval()
    assert (low, high) == pytest.approx(Difference(found["b"], found["a"]).interval(0.975), abs=1e-12)


def test_the_minimum_is_the_smaller_denominator_of_the_two_extreme_groups() -> None:
    groups = {"a": Rate(30, 100), "b": Rate(20, 50), "c": Rate(25, 70)}
    assert fairness.largest_difference(groups).minimum() == 50
    assert fairness.largest_difference(groups).n == 220
    assert fairness.largest_difference(groups).note == "lowest a, highest b"


def test_contrasts_are_signed_and_leave_the_reference_out() -> None:
    groups = {"F": Rate(61, 100), "M": Rate(75, 100), "X": Rate(0, 0)}
    differences = fairness.differences(groups, "M")
    assert list(differences) == ["F", "X"]
    assert differences["F"].value == pytest.approx(-0.14)
    assert differences["X"].value is None
    assert fairness.ratios(groups, "M")["F"].value == pytest.approx(61 / 75)
    assert sum((d.value or 0) * d.n for d in overall.from_overall(groups).values()) == pytest.approx(0)


def test_a_reference_that_does_not_occur_is_an_error_that_names_the_groups() -> None:
    with pytest.raises(EvenhandError, match=r"'W' does not occur.*One of F, M"):
        fairness.differences({"F": Rate(1, 2), "M": Rate(1, 2)}, "W")


@given(group_rates)
def test_homogeneity_is_the_chi_squared_test_of_scipy(groups: dict[str, Rate]) -> None:
    p = fairness.homogeneity(groups)
    hits, trials = (np.array([getattr(rate, side) for rate in groups.values()]) for side in ("hits", "trials"))
    if 0 < hits.sum() < trials.sum():
        assert p == pytest.approx(chi2_contingency([hits, trials - hits], correction=False).pvalue, abs=1e-12)
    else:
        assert p is None


def test_five_hundred_groups_take_a_moment_not_a_minute() -> None:
    groups = {str(i): Rate(i % 40, 40 + i) for i in range(500)}
    low, high = fairness.largest_difference(groups).interval()
    assert low is not None
    assert high is not None
    assert 0 <= low < high <= 1
    assert pickle.loads(pickle.dumps(fairness.smallest_ratio(groups))).interval()[1] is not None
