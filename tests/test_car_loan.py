"""Estimates against the published results of another tool on its synthetic car loans, where these data are present.

They are looked for in the folder that EVENHAND_TEST_DATA names, else beside the repository in shared/data.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.metrics import forecasts
from dashboard.policy.windows import Window
from dashboard.report import Reading
from dashboard.report.estimated import outlooks
from dashboard.report.track_record import track_record
from dashboard.workspace import Model
from tests.worlds import found

FOLDER = Path(os.environ.get("EVENHAND_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data") / "car_loan"
CHUNK, CHUNKS = 5_000, 10
START = date(2026, 1, 1)
NOW = {"since": START + timedelta(days=CHUNKS), "until": START + timedelta(days=2 * CHUNKS)}
NEAR = 2e-3
CONTRACT = """
[model]
name = "triage"
task = "binary"
positive = "1"
threshold = 0.5
[columns]
id = "id"
time = "time"
score = "y_pred_proba"
decision = "y_pred"
label = "repaid"
"""
POLICY = """
version = "1"
[windows]
reference = { since = "2026-01-01", until = "2026-01-11" }
every = "1d"
[[rule]]
metric = "estimated_accuracy"
min = 0.9
"""
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the car loans are not here: set EVENHAND_TEST_DATA")


def published(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "expected" / f"nannyml_carloan_{name}.csv")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Returns the loans, each chunk of 5,000 on a day of its own; labels of the later half included."""
    reference, analysis, labels = (
        pd.read_csv(FOLDER / f"synthetic_car_loan_{name}.csv.gz")
        for name in ("reference", "analysis", "analysis_target")
    )
    rows = pd.concat([reference, analysis.merge(labels, on="id")], ignore_index=True)
    rows["time"] = pd.Timestamp(START) + pd.to_timedelta(rows.index // CHUNK, unit="D")
    made = found(tmp_path_factory.mktemp("loans"), CONTRACT, policy=POLICY)
    made.log(rows[["id", "time", "y_pred_proba", "y_pred", "repaid"]])
    made.rollup()
    return made


def readings(model: Model, metric: str) -> list[Reading]:
    found = model.readings(metrics=(metric,), by="day", **NOW)  # type: ignore[arg-type]
    assert len(found) == CHUNKS
    return found


@pytest.mark.parametrize("metric", ["accuracy", "f1", "roc_auc"])
def test_estimates_are_the_published_ones(model: Model, metric: str) -> None:
    wanted = published("cbpe").query("period == 'analysis'")[f"{metric}_value"]
    found = readings(model, f"estimated_{metric}")
    assert [reading.value for reading in found] == pytest.approx(wanted.tolist(), abs=NEAR)


def test_expected_cells_are_the_published_ones(model: Model) -> None:
    """Published as shares of the chunk."""
    wanted = published("cbpe_confusion").query("period == 'analysis'")
    scope = model.scope(by="day", metrics=("estimated_accuracy",), **NOW)  # type: ignore[arg-type]
    found = [outlook.cells for _, outlook in sorted(outlooks(model.source(), scope, "").items())]
    for cell, name in (("tp", "true_positive"), ("fn", "false_negative")):
        assert [getattr(each, cell) / CHUNK for each in found] == pytest.approx(wanted[f"{name}_value"], abs=NEAR)
    assert [1 - each.tp / each.selected for each in found] == pytest.approx(
        (wanted["false_positive_value"] / (wanted["false_positive_value"] + wanted["true_positive_value"])), abs=NEAR
    )
    assert [(each.rest - each.fn) / CHUNK for each in found] == pytest.approx(wanted["true_negative_value"], abs=NEAR)


@pytest.mark.parametrize(
    ("metric", "name"),
    [("accuracy", "accuracy"), ("f1", "f1"), ("precision", "precision"), ("true_positive_rate", "recall"),
     ("true_negative_rate", "specificity"), ("roc_auc", "roc_auc")],
)  # fmt: skip
def test_realised_values_are_the_published_ones(model: Model, metric: str, name: str) -> None:
    wanted = published("realized_analysis")[f"{name}_value"]
    near = NEAR if metric == "roc_auc" else 1e-6
    assert [reading.value for reading in readings(model, metric)] == pytest.approx(wanted.tolist(), abs=near)


def test_scores_are_so_few_that_bins_lose_nothing(model: Model) -> None:
    """The bound that binning adds: 0, as at most 1,024 distinct scores have a bin each."""
    assert model.source().bins.score_exact


def test_realised_values_fall_inside_where_nothing_changed(model: Model) -> None:
    """The second half of the analysis was made to drift; the first five chunks were not."""
    days = [Window(START + timedelta(days=k), START + timedelta(days=k + 1)) for k in range(2 * CHUNKS)]
    for metric in ("accuracy", "f1", "roc_auc"):
        assert metric in forecasts.METRICS
        record = track_record(model.source(), model.scope(), days, metric)
        assert len(record) == CHUNKS
        assert np.mean(record["inside"][:5]) >= 0.8
