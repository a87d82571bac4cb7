"""Labels against scores, then and now: what is only a change of labels is found, what is only other cases is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.errors import EvenhandError
from dashboard.metrics.concept import Sides, concept_shift
from dashboard.policy.text import parse
from dashboard.rates import Difference, Rate
from dashboard.report.concept_curves import concept_curves
from dashboard.workspace import Model
from tests.worlds import START, Spec, delivered, draw, found, meant

SPLIT, END = START + timedelta(days=56), START + timedelta(days=70)
RULES = f"""
version = "1"
[windows]
reference = {{ since = "{START}", until = "{SPLIT}" }}
every = "14d"
[[rule]]
metric = "concept_shift"
between = [-0.02, 0.02]
[[rule]]
metric = "concept_shift"
attribute = "sex"
between = [-0.05, 0.05]
"""
SPEC = Spec(seed=8, rows=9000, days=70, without=frozenset())
ASKED = {"metrics": ("concept_shift",), "kinds": ("drift",), "since": SPLIT, "until": END}


def counted(folder: Path, labels: bool) -> tuple[Model, pd.DataFrame]:
    """Returns a model after whose reference scores are higher, and labels of the same scores too if asked."""
    raw, random = draw(SPEC), np.random.default_rng(2)
    late = (raw["day"] >= SPLIT).to_numpy()
    raw = raw[raw["sex"] != "X"].assign(late=late[raw["sex"].to_numpy() != "X"])
    late = raw["late"].to_numpy()
    scores = np.where(late, np.sqrt(raw["score"]), raw["score"])  # other cases
    chance = np.clip(scores + 0.25 * (late & labels & (raw["sex"] == "F")), 0, 1)
    label = (random.random(len(raw)) < chance).astype(float)
    raw = raw.assign(score=scores, label=label, decision=(scores >= 0.5).astype(float)).drop(columns="late")
    model = found(folder, SPEC.contract, policy=RULES)
    model.log(delivered(meant(raw, SPEC), SPEC))
    model.rollup()
    return model, meant(raw, SPEC)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, pd.DataFrame]:
    return counted(tmp_path_factory.mktemp("changed"), labels=True)


@pytest.fixture(scope="module")
def other_cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, pd.DataFrame]:
    return counted(tmp_path_factory.mktemp("other"), labels=False)


def test_a_change_of_labels_alone_is_found_and_in_the_group_it_is_of(changed: tuple[Model, pd.DataFrame]) -> None:
    model, _ = changed
    whole, women, men = (
        next(f for f in model.findings() if f.metric == "concept_shift" and f.group == group)
        for group in (None, "F", "M")
    )
    assert (whole.state, women.state) == ("outside", "outside")
    assert men.state != "outside"
    assert women.value == pytest.approx(0.17, abs=0.04)  # 0.25, but no chance is above 1
    assert women.sentence.startswith("Shift of labels against scores for F is ")


def test_other_scores_alone_are_no_false_alarm(other_cases: tuple[Model, pd.DataFrame]) -> None:
    model, raw = other_cases
    (reading,) = model.readings(**ASKED)
    late = raw[raw["day"] >= SPLIT]
    assert late["label"].mean() - raw.loc[raw["day"] < SPLIT, "label"].mean() > 0.15  # the plain rates have moved
    assert reading.low is not None
    assert reading.high is not None
    assert reading.low < 0 < reading.high
    assert all(finding.state != "outside" for finding in model.findings() if finding.group in (None, "F", "M"))
    assert not concept_curves(model.source(), model.scope(**ASKED))["differs"].any()


def test_bins_that_differ_are_marked_and_sum_up_the_raw_rows(changed: tuple[Model, pd.DataFrame]) -> None:
    model, raw = changed
    curves = concept_curves(model.source(), model.scope(**ASKED, attributes=("sex",)))
    assert curves.loc[curves["group"] == "F", "differs"].sum() >= 3
    assert not curves.loc[curves["group"] == "M", "differs"].any()
    for group in ("F", "M"):
        own, rows = curves[curves["group"] == group], raw[(raw["sex_group"] == group) & raw["label"].notna()]
        late = rows["day"] >= SPLIT
        assert (own["n_then"].sum(), own["n_now"].sum()) == ((~late).sum(), late.sum())
        assert (own["now"] * own["n_now"]).sum() == pytest.approx(rows.loc[late, "label"].sum())
        assert (own["then"] * own["n_then"]).sum() == pytest.approx(rows.loc[~late, "label"].sum())


def test_it_is_read_where_it_is_asked_for_by_name_only(changed: tuple[Model, pd.DataFrame]) -> None:
    model, _ = changed
    assert "concept_shift" not in {r.metric for r in model.readings(kinds=("drift",), since=SPLIT)}
    (reading,) = model.readings(**(ASKED | {"since": START}))
    assert reading.value is None
    assert "shares days with the reference" in reading.note


def test_a_rule_on_it_names_no_feature() -> None:
    with pytest.raises(EvenhandError, match="not about a feature"):
        parse('version = "1"\n[[rule]]\nmetric = "concept_shift"\nfeature = "*"\nmax = 0.1\n', "here")


def bins(then: list[tuple[int, int]], now: list[tuple[int, int]]) -> Sides:
    (a, n), (b, m) = (tuple(np.array(side) for side in zip(*of, strict=True)) for of in (then, now))
    edges = np.linspace(0, 1, len(then) + 1)
    return Sides((a, b), (n, m), (edges[:-1], edges[1:]))


def test_of_one_bin_it_is_the_difference_of_two_rates() -> None:
    found, difference = concept_shift(bins([(20, 100)], [(35, 80)])), Difference(Rate(35, 80), Rate(20, 100))
    assert found.value == pytest.approx(difference.value)
    assert found.interval(0.9) == pytest.approx(difference.interval(0.9))


def test_scores_that_the_reference_never_had_are_not_compared() -> None:
    assert "hardly had" in concept_shift(bins([(50, 400), (1, 2)], [(50, 400), (30, 100)])).note
    few = concept_shift(bins([(50, 400), (1, 2)], [(5, 40), (90, 300)]))
    assert few.value is None
    assert "too few labelled cases with such scores" in few.note
    assert concept_shift(bins([(0, 0)], [(1, 9)])).note.startswith("cannot be computed: the reference")


@pytest.mark.parametrize(("n", "m"), [(400, 150), (3000, 1200)])
def test_the_interval_contains_the_truth_as_often_as_it_says(n: int, m: int) -> None:
    random, truth, inside, scores = np.random.default_rng(1), 0.04, 0, (np.arange(100) + 0.5) / 100
    for _ in range(200):
        sides = []
        for size, shift, power in ((n, 0.0, 1.0), (m, truth, 0.5)):
            cases = random.multinomial(size, scores ** (1 / power - 1) / (scores ** (1 / power - 1)).sum())
            sides.append((random.binomial(cases, np.clip(0.1 + 0.8 * scores + shift, 0, 1)), cases))
        low, high = concept_shift(
            Sides((sides[0][0], sides[1][0]), (sides[0][1], sides[1][1]), (scores, scores))
        ).interval()
        inside += low is not None and high is not None and low <= truth <= high
    assert inside / 200 >= 0.92
