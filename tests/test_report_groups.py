"""Groups compared by their scores and counted over time, on the raw rows: areas, distributions, the mix."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from dashboard.errors import EvenhandError
from dashboard.metrics.differences import mover
from dashboard.metrics.histograms import Categories
from dashboard.policy.text import parse
from dashboard.report.fairness import is_unknown
from dashboard.report.mix import Mix, mixes, reference_mix
from dashboard.report.score_shapes import DRAWN, score_shapes
from dashboard.workspace import Model
from tests import classes
from tests.worlds import GROUPS, START, Spec, World, build, delivered, draw, found, rows_of

SPLIT = START + timedelta(days=56)
RULES = f"""
version = "1"
[windows]
reference = {{ since = "{START}", until = "{SPLIT}" }}
every = "14d"
drift = "7d"
[[rule]]
metric = "mix_psi"
attribute = "age_band"
max = 0.1
[[rule]]
metric = "roc_auc_difference"
attribute = "sex"
between = [-0.1, 0.1]
"""


@pytest.fixture(scope="module", params=[None, 40], ids=["any score", "forty scores"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    spec = Spec(seed=3, rows=2500, days=14, scores=request.param, without=frozenset())
    return build(spec, tmp_path_factory.mktemp("world"))


def scored(world: World, attribute: str, group: str) -> pd.DataFrame:
    rows = world.frame[world.frame[GROUPS[attribute]] == group]
    return rows[rows["label"].notna() & rows["score"].notna()]


@pytest.mark.parametrize("attribute", [*GROUPS])
def test_the_difference_of_areas_is_that_of_scikit_learn_in_both_groups(world: World, attribute: str) -> None:
    readings = world.model.readings(metrics=("roc_auc_difference",), attributes=(attribute,))
    alone = {r.group: r for r in world.model.readings(metrics=("roc_auc",), attributes=(attribute,))}
    assert len(readings) >= 2
    for reading in readings:
        pair = [scored(world, attribute, str(name)) for name in (reading.group, reading.reference)]
        if any(rows["label"].nunique() < 2 for rows in pair):
            assert (reading.value, reading.low) == (None, None)
            assert "0 negative" in reading.note
            continue
        group, reference = (sk.roc_auc_score(rows["label"], rows["score"]) for rows in pair)
        assert reading.value == pytest.approx(group - reference, abs=2e-3 if world.spec.scores is None else 1e-9)
        ends = ((r.value, r.low, r.high) for r in (alone[reading.group], alone[reading.reference]))
        assert (reading.low, reading.high) == pytest.approx(mover(*ends, 0.0))  # type: ignore[arg-type]


def test_an_area_difference_and_a_mix_are_read_by_their_names_only(world: World) -> None:
    metrics = {reading.metric for reading in world.model.readings()}
    assert not metrics & {"roc_auc_difference", "mix_psi"}


def test_a_group_apart_by_construction_is_found_outside(tmp_path: Path) -> None:
    spec = Spec(seed=5, rows=4000, days=70)
    raw = draw(spec)
    raw.loc[raw["sex"] == "F", "score"] = np.random.default_rng(1).random((raw["sex"] == "F").sum())
    model = found(tmp_path, spec.contract, policy=RULES)
    model.log(delivered(raw, spec))
    model.rollup()
    (finding,) = (f for f in model.findings() if f.metric == "roc_auc_difference" and f.group == "F")
    assert finding.state == "outside"
    assert finding.sentence.startswith("Difference of area under the ROC curve for F against M is -0.")


@pytest.mark.parametrize("attribute", ["sex", "sex*age_band"])
def test_bars_and_medians_are_those_of_the_raw_scores(world: World, attribute: str) -> None:
    model = world.model
    bars, middles = score_shapes(model.source(), replace(model.scope(), attributes=(attribute,)))
    exact = model.source().bins.score_exact
    assert exact == (world.spec.scores is not None)
    for (group, label), drawn in bars.groupby(["group", "label"]):
        rows = scored(world, attribute, str(group))
        own = rows.loc[rows["label"] == (label == "positive"), "score"].to_numpy()
        edges = [*drawn["low"], drawn["high"].iloc[-1]]
        expected, _ = np.histogram(np.minimum(own, edges[-1]), edges)
        moved = np.abs(np.cumsum(drawn["n"]) - np.cumsum(expected)).max()  # cases of a fine bin that an edge cuts
        assert moved <= (0 if exact else 1 + len(own) / 100)
        assert drawn["n"].sum() == len(own)
        assert drawn["share"].sum() == pytest.approx(1 if len(own) else 0)
        (middle,) = middles[(middles["group"] == group) & (middles["label"] == label)].to_dict("records")
        assert middle["n"] == len(own)
        if len(own):
            usual = np.quantile(own, 0.5, method="inverted_cdf")
            assert middle["median"] == pytest.approx(usual, abs=0 if exact else 6e-3)
    assert bars.groupby(["group", "label"]).size().unique().tolist() == [DRAWN]


def test_of_several_classes_each_has_its_own_bars(tmp_path: Path) -> None:
    world = classes.counted(classes.ClassSpec(seed=2, digits=2), tmp_path)
    bars, _ = score_shapes(world.model.source(), replace(world.model.scope(), attributes=("sex",)))
    rows = world.frame[world.frame["label"].notna() & world.frame["p_mid"].notna() & (world.frame["sex"] == "F")]
    chosen = bars[(bars["class"] == "mid") & (bars["group"] == "F")].groupby("label")["n"].sum()
    assert (
        chosen.to_dict() == rows["label"].eq("mid").map({True: "positive", False: "negative"}).value_counts().to_dict()
    )


def older(spec: Spec, folder: Path) -> tuple[Model, pd.DataFrame]:
    """Returns a model whose people grow older after the reference, and its rows."""
    raw = draw(spec)
    late = (raw["day"] >= SPLIT) & (np.random.default_rng(4).random(len(raw)) < 0.3)
    raw.loc[late, "age"] = 80.0
    raw.loc[late, "age_group"] = "65+"
    raw["both_group"] = raw["sex_group"] + "*" + raw["age_group"]
    model = found(folder, spec.contract, policy=RULES)
    model.log(delivered(raw, spec))
    model.rollup()
    return model, raw


def shares(counts: pd.Series[int]) -> pd.Series[float]:
    """Returns shares as PSI takes them, unknown (in part) one group."""
    together = counts.groupby(lambda name: "unknown" if is_unknown(str(name)) else name).sum()
    return (together + 0.5) / (together.sum() + 0.5 * len(together))


@pytest.mark.parametrize("attribute", ["sex", "age_band"])
def test_the_index_of_the_mix_is_that_of_the_raw_counts(attribute: str, tmp_path: Path) -> None:
    model, raw = older(Spec(seed=8, rows=6000, days=70), tmp_path)
    asked = {"metrics": ("mix_psi",), "kinds": ("drift",), "since": SPLIT, "until": SPLIT + timedelta(days=7)}
    (reading,) = model.readings(attributes=(attribute,), **asked)
    groups = GROUPS[attribute]
    then = shares(raw.loc[raw["day"] < SPLIT, groups].value_counts())
    now = shares(rows_of(raw, replace(reading, attribute=None))[groups].value_counts())
    assert (then.index == now.index).all()
    assert reading.value == pytest.approx(sum((now[g] - then[g]) * log(now[g] / then[g]) for g in then.index))
    assert "among 8 earlier windows" in reading.note
    assert (reading.low == 0.0) == (attribute == "sex")


def test_a_rule_on_the_mix_is_judged_by_attribute(tmp_path: Path) -> None:
    model, _ = older(Spec(seed=8, rows=6000, days=70), tmp_path)
    (finding,) = (f for f in model.findings() if f.metric == "mix_psi")
    assert (finding.state, finding.attribute, finding.group) == ("outside", "age_band", None)
    assert finding.sentence.startswith("Population stability index of the mix by age band is 0.")


@pytest.mark.parametrize("lines", ["", 'feature = "*"\nattribute = "sex"'])
def test_a_rule_on_the_mix_names_an_attribute_and_no_feature(lines: str) -> None:
    with pytest.raises(EvenhandError, match=r"mix_psi (compares groups|is not about a feature)"):
        parse(f'version = "1"\n[[rule]]\nmetric = "mix_psi"\nmax = 0.1\n{lines}', "here")


def test_a_mix_inside_the_reference_is_refused(tmp_path: Path) -> None:
    model, _ = older(Spec(seed=8, rows=1000, days=70), tmp_path)
    (reading,) = model.readings(metrics=("mix_psi",), kinds=("drift",), attributes=("sex",), since=START)
    assert reading.value is None
    assert "shares days with the reference" in reading.note


def test_weeks_of_a_mix_add_up_to_the_whole_and_to_the_raw_rows(tmp_path: Path) -> None:
    model, raw = older(Spec(seed=8, rows=1500, days=70, without=frozenset()), tmp_path)
    scope = model.scope(version="*")
    whole, weeks = (mixes(model.source(), replace(scope, by=by), "age_band") for by in (None, "week"))
    for version in ("v1", "v2"):
        parts = [mix for (_, name), mix in weeks.items() if name == version]
        of_version = raw[raw["model_version"] == version]
        expected = of_version["age_group"].value_counts().to_dict()
        assert {g: sum(part.cases[g] for part in parts) for g in expected} == expected
        assert dict(whole[None, version].cases) == expected
        assert sum(whole[None, version].labelled.values()) == of_version["label"].notna().sum()
        assert sum(counts.sum() for counts in whole[None, version].subjects.values()) == len(of_version)


def test_several_cases_of_one_person_widen_a_share(tmp_path: Path) -> None:
    model, _ = older(Spec(seed=8, rows=3000, days=70, without=frozenset()), tmp_path)
    mix = reference_mix(model.source(), (START, SPLIT), "sex")
    alone = Mix(mix.cases, mix.labelled)
    assert mix.share("F").value == alone.share("F").value
    assert mix.share("F").deff >= 1.0 == alone.share("F").deff


def test_unknown_is_missing_and_not_a_group() -> None:
    mix = Mix({"F": 3, "unknown": 2})
    assert mix.categories() == Categories({"F": 3}, missing=2)
