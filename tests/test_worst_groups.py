"""Worst groups: counts against pandas, confirmation that chance does not pass, a planted group found and named."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from dashboard.metrics import crossings
from dashboard.metrics.crossings import Cases, suspects, tables, z_of
from dashboard.metrics.worst_groups import compared, distinct, holm
from dashboard.policy import Window
from dashboard.rates import Rate, undefined
from dashboard.report.worst_groups import Question, WorstGroups, answer_of
from dashboard.report.worst_rows import Halves
from dashboard.report.worst_words import looked_at, sentence
from dashboard.sql.levels import Factor

SIZES = (3, 4, 6, 6, 6, 5)  # two attributes, three numbers with what is missing, a text
FACTORS = (
    Factor("sex", "sex", "attribute", values=("F", "M")),
    Factor("race", "race", "attribute", values=("A", "B", "C")),
    *(Factor(f"x{k}", f"x{k}", "feature", "mmol/L", edges=(1.5, 2.5, 4.0)) for k in range(3)),
    Factor("ward", "ward", "feature", values=("north", "south", "west")),
)
WOMEN_B = ((0, 1), (1, 2))


def cases(random: np.random.Generator, n: int, rate: Any = 0.2, subjects: int = 0) -> Cases:
    """Returns cases whose levels are drawn; `rate` is the chance of a bad one, or says it of the levels."""
    whose = random.integers(0, subjects, n) if subjects else np.arange(n)
    drawn = [random.integers(0 if k < 2 else 1, size, subjects or n)[whose] for k, size in enumerate(SIZES)]
    levels = tuple(level.astype(np.uint8) for level in drawn)
    chance = rate(levels) if callable(rate) else np.full(n, rate)
    if subjects:  # some people's cases all go wrong
        chance = np.where(random.random(subjects)[whose] < 0.15, 0.9, 0.1)
    buckets = (random.integers(0, 256, subjects)[whose]).astype(np.uint8) if subjects else None
    return Cases(levels, SIZES, (random.random(n) < chance).astype(np.uint8), buckets)


def women_b(levels: tuple[Any, ...]) -> Any:
    return np.where((levels[0] == 1) & (levels[1] == 2), 0.45, 0.2)


def search(older: Cases, newer: Cases, depth: int = 3, metric: str = "true_positive_rate") -> WorstGroups:
    day = date(2026, 1, 1)
    windows = Window(day, day + timedelta(60)), Window(day + timedelta(60), day + timedelta(100))
    empty = WorstGroups(Question(metric, day, windows[1].until, None, depth), *windows, "no labels", undefined("none"))
    return answer_of(empty, Halves(FACTORS, older, newer, 1.0, 0, ()), 50)


def found_by_chance(runs: int, subjects: int = 0, seed: int = 0) -> int:
    """Returns in how many runs without any effect something was reported."""
    found = 0
    for run in range(runs):
        random = np.random.default_rng([seed, run])
        found += bool(search(cases(random, 3000, subjects=subjects), cases(random, 2000, subjects=subjects)).groups)
    return found


@pytest.mark.parametrize("amounts", [False, True], ids=["counts", "amounts"])
def test_every_crossing_is_counted_as_pandas_counts_it(amounts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossings, "BLOCK", 700)
    random = np.random.default_rng(4)
    drawn = cases(random, 3001)
    if amounts:
        drawn = Cases(drawn.levels, drawn.sizes, random.exponential(3, drawn.n))
    frame = pd.DataFrame(dict(enumerate(drawn.levels))).assign(bad=drawn.bad.astype(float))
    combos = [c for k in (1, 2, 3) for c in itertools.combinations(range(len(SIZES)), k)]
    for combo, table in tables(drawn, combos, squares=True).items():
        assert table.n.shape == tuple(SIZES[k] for k in combo)
        assert table.n.sum() == drawn.n
        assert table.squares is not None
        for levels, rows in frame.groupby(list(combo)):
            assert table.n[levels] == len(rows)
            assert table.bad[levels] == pytest.approx(rows["bad"].sum())
            assert table.squares[levels] == pytest.approx((rows["bad"] ** 2).sum())


def test_the_score_is_that_of_two_proportions() -> None:
    z, _ = proportions_ztest([20, 30], [50, 150])
    assert float(z_of(50, 20, 200, 50, 50)) == pytest.approx(z)
    assert float(z_of(200, 50, 200, 50, 50)) == 0  # no rest: nothing to be worse than


def test_the_correction_is_holms() -> None:
    p = np.random.default_rng(1).random(40) ** 4
    assert holm(list(p)) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([]) == []


def test_without_an_effect_hardly_anything_is_reported() -> None:
    assert found_by_chance(60) <= 5  # at 5 % more than 5 of 60 come in one of 12 cases; it is 2.5 %, one side of two


def test_cases_of_one_person_count_as_one_voice() -> None:
    assert found_by_chance(60, subjects=300, seed=9) <= 6


@pytest.mark.slow
def test_without_an_effect_something_is_reported_in_5_of_100_searches_at_most() -> None:
    assert found_by_chance(600, seed=2) <= 40  # 30 expected at 5 %; 40 are two standard errors more
    assert found_by_chance(400, subjects=400, seed=3) <= 30


def test_a_planted_group_is_found_and_named_by_its_two_conditions() -> None:
    random = np.random.default_rng(11)
    answer = search(cases(random, 6000, women_b), cases(random, 4000, women_b))
    assert [group.conditions for group in answer.groups] == [("sex F", "race B")]
    (only,) = answer.groups
    assert only.attributes == ("sex", "race")
    assert only.corrected_p < 0.001
    assert only.p <= only.corrected_p
    assert sentence(answer).startswith("Among sex F, race B it misses 4")
    assert f"confirmed on {only.confirmed.group.n} later cases." in sentence(answer)
    low, high = only.confirmed.difference.interval()
    assert low is not None
    assert high is not None
    assert low < -0.25 < high < 0


def test_a_condition_more_is_told_only_where_it_makes_things_clearly_worse() -> None:
    random = np.random.default_rng(12)

    def deeper(levels: tuple[Any, ...]) -> Any:
        return np.where(levels[2] == 5, women_b(levels) * 2, women_b(levels)).clip(0, 0.9)

    names = [g.name for g in search(cases(random, 12_000, deeper), cases(random, 8000, deeper)).groups]
    assert "sex F, race B" in names
    assert "sex F, race B, x0 4 mmol/L or more" in names
    assert names.index("sex F, race B") < names.index("x0 4 mmol/L or more")  # people first, at equal evidence
    alone = search(cases(random, 12_000, deeper), cases(random, 8000, deeper), depth=1)
    assert all(len(group.conditions) == 1 for group in alone.groups)


def test_groups_that_are_nearly_the_same_are_one() -> None:
    random = np.random.default_rng(13)

    def twice(n: int) -> Cases:
        drawn = cases(random, n, lambda levels: np.where(levels[2] == 3, 0.45, 0.2))
        copied = np.where(random.random(n) < 0.9, drawn.levels[2], drawn.levels[3])
        return Cases((*drawn.levels[:3], copied, *drawn.levels[4:]), SIZES, drawn.bad)

    older, newer = twice(6000), twice(4000)
    assert [group.name for group in search(older, newer).groups] == ["x0 1.5 to 2.5 mmol/L"]
    kept = suspects(older, 1, 50, frozenset({0, 1})).groups
    assert ((2, 3),) in kept
    assert ((3, 3),) not in kept


def test_what_is_already_told_is_not_told_again() -> None:
    random = np.random.default_rng(14)
    newer = cases(random, 8000, women_b)
    groups = [WOMEN_B, ((0, 1),), ((1, 2),)]
    assert all(compared(newer, group, False).difference.interval()[0] > 0 for group in groups)  # type: ignore[operator]
    assert distinct(newer, groups, [1.0] * 3, 50) == [0]
    assert distinct(newer, [], [], 50) == []


def test_a_group_and_everybody_else_are_the_whole() -> None:
    newer = cases(np.random.default_rng(15), 2000)
    here = compared(newer, WOMEN_B, higher_is_better=True)
    assert isinstance(here.group, Rate)
    assert here.group.n + here.rest.n == newer.n
    assert here.group.hits + here.bad == here.group.n
    assert 0 < here.share_of_bad < 1


def test_the_order_of_the_rows_changes_nothing() -> None:
    random = np.random.default_rng(16)
    older, newer = cases(random, 6000, women_b), cases(random, 4000, women_b)
    shuffled = search(older.where(random.permutation(older.n)), newer.where(random.permutation(newer.n)))
    assert shuffled.records() == search(older, newer).records()


def test_of_too_many_features_those_threes_are_counted_that_look_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(17)
    older, newer = cases(random, 6000, women_b), cases(random, 4000, women_b)
    monkeypatch.setattr(crossings, "BUDGET", 6000 * 5)
    answer = search(older, newer)
    assert (answer.searched.threes, answer.searched.all_threes) == (5, 20)
    assert any("Of the 20 ways to cross three of them the 5 were counted" in line for line in looked_at(answer))
    assert answer.groups[0].name == "sex F, race B"


def planted_error(levels: tuple[Any, ...], random: np.random.Generator) -> Any:
    return random.exponential(np.where((levels[0] == 1) & (levels[1] == 2), 5.0, 3.0))


def test_a_larger_error_is_found() -> None:
    random = np.random.default_rng(18)
    halves_ = [cases(random, n) for n in (6000, 4000)]
    older, newer = (Cases(c.levels, SIZES, planted_error(c.levels, random)) for c in halves_)
    answer = search(older, newer, metric="mean_absolute_error")
    assert [group.name for group in answer.groups] == ["sex F, race B"]
    assert sentence(answer).startswith("Among sex F, race B it is off by ")


def test_where_nothing_holds_it_says_how_many_had_looked_worse() -> None:
    random = np.random.default_rng(5)
    older = cases(random, 6000, lambda levels: np.where((levels[0] == 1) | (levels[2] == 3), 0.3, 0.2))
    nothing = search(older, cases(random, 4000))  # what made these groups worse is over
    assert nothing.status == "none"
    assert not nothing.records()
    tried = nothing.searched.tried
    assert tried > 1
    told = f"Nothing was confirmed: {tried} groups looked worse on 2026-01-01 to 2026-03-01, none held on 2026-03-02"
    assert sentence(nothing).startswith(told)
    assert sentence(search(*(cases(np.random.default_rng(k), 80) for k in (5, 6)))).startswith(
        "Too few cases to search: "
    )
