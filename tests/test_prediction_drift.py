"""Drift of the number that a regression predicts, against scipy and numpy on the raw rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

from dashboard.bins import SHIFT
from dashboard.metrics.histograms import Histogram, paired
from dashboard.report import pictures
from dashboard.report.moved import MEAN, facts
from dashboard.report.moved_groups import by_group
from dashboard.workspace import Model
from tests.errors_world import START, ErrorSpec, draw
from tests.worlds import found

SPLIT = (START + timedelta(days=7)).date()
SPEC = ErrorSpec(rows=4000, days=14, labels="inside")
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


def shifted(spec: ErrorSpec = SPEC, by: float = 3.0) -> pd.DataFrame:
    """Returns rows whose predictions are higher after the reference; the inputs and labels stay, some have none."""
    raw = draw(spec)
    raw.loc[raw["day"] >= SPLIT, "predicted"] += by * spec.size
    return raw


def counted(raw: pd.DataFrame, folder: Path, *more: pd.DataFrame, spec: ErrorSpec = SPEC) -> Model:
    model = found(folder, spec.contract, spec.name, policy=POLICY)
    for part in (raw, *more):
        model.log(part.drop(columns=["day", "band", "both"]))
        model.rollup()
    return model


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, pd.DataFrame]:
    raw = shifted()
    return counted(raw, tmp_path_factory.mktemp("shifted")), raw


def side(model: Model, values: NDArray[np.float64]) -> Histogram:
    """Returns the counts of raw predictions on the model's bins."""
    grid = model.source().bins.own_grids["score"]
    edges = grid.low + np.array(grid.cuts) * (1 << SHIFT) / grid.scale
    at = np.searchsorted(edges, values, side="right")
    return Histogram.of(np.bincount(at, minlength=len(edges) + 1), np.bincount(at, values, len(edges) + 1))


def then_and_now(raw: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    late = raw["day"] >= SPLIT
    return raw.loc[~late, "predicted"].to_numpy(), raw.loc[late, "predicted"].to_numpy()


def psi(one: Histogram, other: Histogram) -> float:
    common = paired(one, other)
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * common.bins) for counts in (common.reference, common.current))
    return float(((q - p) * np.log(q / p)).sum())


@pytest.mark.parametrize("size", [1.0, 1e-6, 1e9])
def test_drift_of_predictions_equals_scipy_on_the_raw_rows(tmp_path: Path, size: float) -> None:
    spec = ErrorSpec(rows=4000, days=14, size=size)
    raw = shifted(spec)
    model = counted(raw, tmp_path, spec=spec)
    readings = {r.metric: r for r in model.readings(kinds=("drift",), features=("score",))}
    then, now = then_and_now(raw)
    sides = side(model, then), side(model, now)
    common = paired(*sides)
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * common.bins) for counts in (common.reference, common.current))
    assert readings["psi"].value == pytest.approx(psi(*sides), abs=1e-9)
    assert readings["js_distance"].value == pytest.approx(jensenshannon(p, q, base=2), abs=1e-9)
    ks, exact = readings["ks"].value, stats.ks_2samp(then, now).statistic
    assert ks is not None
    assert ks - 1e-12 <= exact <= ks + 0.02
    distance = stats.wasserstein_distance(then, now)
    assert readings["wasserstein"].value == pytest.approx(distance, rel=0.01)
    assert readings["wasserstein_standardised"].value == pytest.approx(distance / then.std(), rel=0.02)
    assert readings["psi"].n == len(now)


def test_a_shift_of_the_predictions_is_found_though_the_inputs_stand_still(world: tuple[Model, pd.DataFrame]) -> None:
    states = {f.feature: f.state for f in world[0].findings() if f.metric == "psi"}
    assert [feature for feature, state in states.items() if state == "outside"] == ["score"]
    assert set(states) == {"score", "age", "ward"}


def test_nothing_is_outside_where_nothing_moved(tmp_path: Path) -> None:
    states = {f.feature: f.state for f in counted(draw(SPEC), tmp_path).findings()}
    assert set(states) == {"score", "age", "ward"}
    assert "outside" not in states.values()


def test_with_a_cutoff_decisions_and_labels_drift_too(tmp_path: Path) -> None:
    spec = ErrorSpec(rows=3000, days=14, cutoff=14.0)
    readings = counted(shifted(spec), tmp_path, spec=spec).readings(kinds=("drift",), metrics=("psi",))
    values = {r.feature: r.value for r in readings}
    assert set(values) == {"score", "decision", "label", "age", "ward"}
    assert (values["decision"] or 0) > 0.1 > (values["label"] or 0)


def test_rows_without_a_number_are_left_out(tmp_path: Path) -> None:
    raw = shifted()
    raw = raw.assign(predicted=raw["predicted"].mask(np.arange(len(raw)) % 3 == 0))
    model = counted(raw, tmp_path)
    (reading,) = model.readings(kinds=("drift",), metrics=("psi",), features=("score",))
    assert reading.n == (raw["predicted"].notna() & (raw["day"] >= SPLIT)).sum()


def test_merging_days_equals_counting_once(tmp_path: Path) -> None:
    raw = shifted()
    early = raw["day"] < SPLIT
    parts = [part for _, part in raw[~early].groupby(raw["day"] < SPLIT + timedelta(days=3))]
    once, apart = counted(raw, tmp_path / "once"), counted(raw[early], tmp_path / "apart", *reversed(parts))
    rows: list[Any] = [
        model.source().snapshot.rows("SELECT * FROM own_features ORDER BY day, version, feature", {})
        for model in (once, apart)
    ]
    assert len(rows[0]) == 2 * 14
    assert rows[0] == rows[1]


def test_what_moved_is_said_and_drawn(world: tuple[Model, pd.DataFrame]) -> None:
    model, raw = world
    then, now = then_and_now(raw)
    (fact,) = facts(model.source(), model.scope(kinds=("drift",), features=("score",)))
    assert fact.what == MEAN
    assert (fact.then, fact.now) == (pytest.approx(then.mean(), abs=0.01), pytest.approx(now.mean(), abs=0.01))
    drawn = pictures.distribution(model.source(), model.scope(kinds=("drift",)), "score")
    middles = (drawn["low"] + drawn["high"]) / 2
    assert float(middles @ drawn["now"]) == pytest.approx(now.mean(), abs=0.5)
    assert drawn[["reference", "now"]].sum().tolist() == pytest.approx([1, 1])


def test_each_group_against_itself(world: tuple[Model, pd.DataFrame]) -> None:
    model, raw = world
    asked = model.scope(attributes=("sex*age_band",), kinds=("drift",))
    groups = {one.group: one for one in by_group(model.paths, model.source(), asked, "score")}
    assert set(groups) == set(raw["both"])
    then, now = then_and_now(raw[raw["both"] == "F*65+"])
    assert groups["F*65+"].psi.value == pytest.approx(psi(side(model, then), side(model, now)), abs=1e-9)
    assert groups["F*65+"].moved.now == pytest.approx(now.mean(), abs=0.01)
