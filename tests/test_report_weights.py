"""Readings of weighted logs, heavy tails and clustered areas, through the whole river."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from dashboard.report import Reading
from dashboard.workspace import Model
from tests.worlds import Spec, build, delivered, draw, found

WEIGHED = Spec(seed=8, rows=1500)
CONTRACT = WEIGHED.contract.replace('status = "status"', 'status = "status"\nweight = "weight"')


def counted(folder: Path, raw: pd.DataFrame) -> Model:
    model = found(folder, CONTRACT)
    model.log(delivered(raw, WEIGHED))
    model.rollup()
    return model


def named(model: Model) -> dict[str, Reading]:
    return {reading.metric: reading for reading in model.readings(kinds=("performance", "data"))}


def test_a_weighted_log_reads_as_scikit_learn_weighs_it(tmp_path: Path) -> None:
    raw = draw(WEIGHED)
    raw["weight"] = np.random.default_rng(1).choice([1.0, 4.0], len(raw))
    both = raw[raw["label"].notna() & raw["said"].notna()]
    given = {"sample_weight": both["weight"]}
    readings = named(counted(tmp_path, raw))
    expected = {
        "accuracy": sk.accuracy_score(both["label"], both["said"], **given),
        "true_positive_rate": sk.recall_score(both["label"], both["said"], **given),
        "precision": sk.precision_score(both["label"], both["said"], **given),
        "f1": sk.f1_score(both["label"], both["said"], **given),
        "balanced_accuracy": sk.balanced_accuracy_score(both["label"], both["said"], **given),
        "matthews_correlation": sk.matthews_corrcoef(both["label"], both["said"], **given),
    }
    for metric, value in expected.items():
        assert readings[metric].value == pytest.approx(value, abs=1e-9), metric
        assert "independent" in readings[metric].note
    assert readings["accuracy"].n == len(both)
    assert "without weights" in readings["roc_auc"].note


def test_losses_are_weighted_where_the_sampling_went_by_label_and_decision(tmp_path: Path) -> None:
    raw = draw(WEIGHED)
    weights = {(0.0, 0.0): 10.0, (0.0, 1.0): 2.0, (1.0, 0.0): 1.0, (1.0, 1.0): 3.0}
    raw["weight"] = [weights.get(pair, 5.0) for pair in zip(raw["label"], raw["said"], strict=True)]
    there = raw[raw["label"].notna() & raw["score"].notna()]
    label, score, weight = there["label"], there["score"], there["weight"]
    readings = named(counted(tmp_path, raw))
    brier, loss = readings["brier_score"], readings["log_loss"]
    assert brier.value == pytest.approx(sk.brier_score_loss(label, score, sample_weight=weight), abs=1e-8)
    clipped = score.clip(1e-15, 1 - 1e-15)
    assert loss.value == pytest.approx(sk.log_loss(label, clipped, sample_weight=weight, labels=[0, 1]), abs=1e-8)
    assert brier.n == len(there)
    assert f"about {weight.sum() ** 2 / (weight**2).sum():.0f} independent" in brier.note


def test_a_few_surprises_that_make_the_log_loss_are_said(tmp_path: Path) -> None:
    raw = draw(WEIGHED)
    raw["label"] = (raw["score"] >= 0.5).astype(float)
    raw["score"] = np.where(raw["label"] == 1, 0.999, 0.001)
    quiet = named(counted(tmp_path / "quiet", raw))
    assert "heavy tail" not in quiet["log_loss"].note
    raw.loc[:2, "score"] = 1e-9
    raw.loc[:2, "label"] = 1.0
    loud = named(counted(tmp_path / "loud", raw))
    assert "heavy tail" in loud["log_loss"].note
    assert "heavy tail" in loud["brier_score"].note


def test_copied_cases_of_a_subject_make_the_area_less_sure(tmp_path: Path) -> None:
    raw = draw(Spec(seed=9, rows=800, without=frozenset()))
    copied = pd.concat([raw.assign(prediction_id=raw["prediction_id"] + f"-{i}") for i in range(4)])
    copied["patient_id"] = copied["prediction_id"].str.split("-").str[0]
    model = found(tmp_path, Spec(without=frozenset()).contract)
    model.log(delivered(copied, Spec(without=frozenset())))
    model.rollup()
    plain = build(Spec(seed=9, rows=800), tmp_path / "plain").model
    for metric in ("roc_auc", "average_precision"):
        one, four = named(plain)[metric], named(model)[metric]
        assert four.n == 4 * one.n
        assert four.value == pytest.approx(one.value, abs=1e-9)
        assert four.high - four.low == pytest.approx(one.high - one.low, rel=0.2)  # type: ignore[operator]
