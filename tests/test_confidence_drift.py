"""Drift of what a model of several classes answers: each class's score, how sure it is; scipy and numpy on raw rows."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard.bins import SHIFT
from dashboard.contract import SURE
from dashboard.errors import EvenhandError
from dashboard.metrics.histograms import Histogram, paired
from dashboard.policy import read as read_policy
from dashboard.report.moved_groups import by_group
from dashboard.rollup.own import how_sure
from dashboard.ui import menu
from dashboard.workspace import Model
from tests.classes import START, ClassSpec, drawn
from tests.worlds import found

SPLIT = (START + timedelta(days=7)).date()
SPEC = ClassSpec(seed=5, rows=6000, days=14, classes=3)
SCORES = tuple(f"score of {name}" for name in SPEC.names)
POLICY = f"""
version = "1"
[windows]
reference = {{ since = "{START.date()}", until = "{SPLIT}" }}
drift = "7d"
[[rule]]
metric = "psi"
feature = "*"
max = 0.02
"""


def less_sure(frame: pd.DataFrame, power: float = 0.4) -> pd.DataFrame:
    """Returns rows whose probabilities lie closer together after the reference; the likeliest class stays that."""
    names = [f"p_{name}" for name in SPEC.names]
    late = frame["day"] >= SPLIT
    flat = frame.loc[late, names] ** power
    changed = frame.copy()
    changed.loc[late, names] = flat.div(flat.sum(axis=1), axis=0)
    return changed


def counted(frame: pd.DataFrame, folder: Path, *more: pd.DataFrame, policy: str = POLICY) -> Model:
    model = found(folder, SPEC.contract, policy=policy)
    for part in (frame, *more):
        model.log(part.drop(columns=["day", "band", "both", "patient", "weight"]))
        model.rollup()
    return model


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, pd.DataFrame]:
    frame = less_sure(drawn(SPEC))
    return counted(frame, tmp_path_factory.mktemp("unsure")), frame


def numbers(frame: pd.DataFrame, feature: str) -> NDArray[np.float64]:
    """Returns a number of the raw rows that have every probability."""
    given = frame[[f"p_{name}" for name in SPEC.names]].dropna().to_numpy()
    if feature.startswith("score of "):
        return given[:, SPEC.names.index(feature.removeprefix("score of "))]
    ordered = np.sort(given, axis=1)
    values = (ordered[:, -1], ordered[:, -1] - ordered[:, -2], stats.entropy(given, base=given.shape[1], axis=1))
    return np.asarray(values[SURE.index(feature)])


def side(model: Model, values: NDArray[np.float64], feature: str) -> Histogram:
    """Returns the counts of raw values on the model's bins."""
    bins = model.source().bins
    edges = np.array(bins.score_edges)
    if feature in bins.own:
        grid = bins.own[feature]
        edges = grid.low + np.array(grid.cuts) * (1 << SHIFT) / grid.scale
    at = np.searchsorted(edges, values, side="right")
    return Histogram.of(np.bincount(at, minlength=len(edges) + 1), np.bincount(at, values, len(edges) + 1))


@pytest.mark.parametrize("feature", [*SURE, *SCORES])
def test_drift_of_answers_equals_scipy_on_the_raw_rows(world: tuple[Model, pd.DataFrame], feature: str) -> None:
    model, frame = world
    sides = [numbers(part, feature) for part in (frame[frame["day"] < SPLIT], frame[frame["day"] >= SPLIT])]
    readings = {r.metric: r for r in model.readings(kinds=("drift",), features=(feature,))}
    common = paired(*(side(model, values, feature) for values in sides))
    p, q = ((one + 0.5) / (one.sum() + 0.5 * common.bins) for one in (common.reference, common.current))
    assert readings["psi"].value == pytest.approx(((q - p) * np.log(q / p)).sum(), abs=1e-6)
    assert readings["js_distance"].value == pytest.approx(jensenshannon(p, q, base=2), abs=1e-6)
    assert readings["psi"].n == len(sides[1])
    ks = readings["ks"].value
    assert ks is not None
    assert ks - 1e-12 <= stats.ks_2samp(*sides).statistic <= ks + 0.03
    exact = stats.wasserstein_distance(*sides)
    assert readings["wasserstein"].value == pytest.approx(exact, abs=0.006)
    assert readings["wasserstein_standardised"].value == pytest.approx(exact / sides[0].std(), abs=0.03)


def test_less_sure_answers_are_found_though_the_shares_of_classes_stand_still(
    world: tuple[Model, pd.DataFrame],
) -> None:
    states = {f.feature: f.state for f in world[0].findings() if f.metric == "psi"}
    assert {states[name] for name in SURE} == {"outside"}
    assert {states["decision"], states["label"]} == {"within"}


def test_nothing_is_outside_where_nothing_moved(tmp_path: Path) -> None:
    states = {f.feature: f.state for f in counted(drawn(SPEC), tmp_path).findings()}
    assert set(states) == {*SCORES, *SURE, "decision", "label"}
    assert "outside" not in states.values()


def test_merging_days_equals_counting_once(tmp_path: Path) -> None:
    frame = less_sure(drawn(SPEC))
    early = frame["day"] < SPLIT
    parts = [part for _, part in frame[~early].groupby(frame["day"] < SPLIT + timedelta(days=3))]
    once, apart = counted(frame, tmp_path / "once"), counted(frame[early], tmp_path / "apart", *reversed(parts))
    rows: list[Any] = [
        model.source().snapshot.rows("SELECT * FROM own_features ORDER BY day, version, feature", {})
        for model in (once, apart)
    ]
    assert len(rows[0]) == 3 * 2 * 14
    assert rows[0] == rows[1]


@pytest.mark.parametrize(("view", "told"), [("Inputs", "top score"), ("One input", "2 of 2 groups moved")])
def test_the_page_shows_what_the_model_answers(
    world: tuple[Model, pd.DataFrame], monkeypatch: pytest.MonkeyPatch, view: str, told: str
) -> None:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(world[0].paths.root.parent.parent))
    app = AppTest.from_file(str(Path(dashboard.ui.__file__).with_name("app.py")), default_timeout=60)
    asked = {"model": "triage", "attribute": "sex", "view": view, "feature": "margin"}
    for name, value in asked.items():
        app.query_params[name] = value
    app.session_state["opened-drift-groups"] = True
    app.run()
    app.switch_page(str(menu.file("drift"))).run()
    assert not app.exception, app.exception[0].message
    shown = re.sub(r"<[^>]+>", " ", unescape(" ".join(element.proto.body for element in app.get("html"))))
    assert told in re.sub(r"\s+", " ", shown)
    assert "But the" in shown
    assert "entropy of the scores" in shown


def test_entropy_and_margin_at_the_ends() -> None:
    alike, one, two = (how_sure(np.array([row])) for row in ([0.25] * 4, [1.0, 0, 0, 0], [0.5, 0.5, 0, 0]))
    assert [float(found["entropy of the scores"][0]) for found in (alike, one, two)] == pytest.approx([1, 0, 0.5])
    assert [float(found["margin"][0]) for found in (alike, one, two)] == [0, 1, 0]
    nothing = how_sure(np.array([[0.0, 0.0], [np.nan, 0.5]]))
    assert all(np.isnan(values).all() for values in nothing.values())


@pytest.mark.parametrize("feature", ["margin", "score of low", "decision"])
def test_each_group_against_itself(world: tuple[Model, pd.DataFrame], feature: str) -> None:
    model, frame = world
    asked = model.scope(attributes=("sex",), kinds=("drift",))
    groups = {one.group: one for one in by_group(model.paths, model.source(), asked, feature)}
    assert set(groups) == {"F", "M"}
    of = frame[frame["sex"] == "F"]
    now = of[of["day"] >= SPLIT]
    if feature == "decision":
        assert groups["F"].psi.n == len(now)
        return
    sides = [numbers(part, feature) for part in (of[of["day"] < SPLIT], now)]
    common = paired(*(side(model, values, feature) for values in sides))
    p, q = ((one + 0.5) / (one.sum() + 0.5 * common.bins) for one in (common.reference, common.current))
    assert groups["F"].psi.value == pytest.approx(((q - p) * np.log(q / p)).sum(), abs=1e-3)
    assert groups["F"].moved.now == pytest.approx(sides[1].mean(), abs=0.006)


@pytest.mark.parametrize(
    ("feature", "right"), [("margin", True), ("score of *", True), ("score of lowest", False), ("confidence", False)]
)
def test_a_rule_names_what_the_model_answers(tmp_path: Path, feature: str, right: bool) -> None:
    model = found(tmp_path, SPEC.contract + '[features.age]\nkind = "numeric"\n')
    file = tmp_path / "policy.toml"
    file.write_text(POLICY.replace('feature = "*"', f'feature = "{feature}"'), encoding="utf-8")
    if right:
        assert read_policy(file, model.contract).rules[0].feature == feature
        return
    with pytest.raises(EvenhandError, match=f"no feature '{feature}'"):
        read_policy(file, model.contract)
