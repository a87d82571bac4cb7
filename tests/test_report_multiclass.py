"""Readings of several classes, through the whole river, against scikit-learn on the raw rows each is about."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from dashboard.report import Reading
from tests.classes import GROUPS, ClassSpec, ClassWorld, counted, rows_of
from tests.test_metrics_multiclass import AVERAGES

KINDS = ("performance", "data")
OF_CLASSES = (
    "true_positive_rate", "true_negative_rate", "false_positive_rate", "false_negative_rate", "precision",
    "negative_predictive_value", "false_discovery_rate", "false_omission_rate", "selection_rate", "prevalence", "f1",
)  # fmt: skip
FROM_BINS = ("roc_auc", "roc_auc_macro", "average_precision")

specs = st.builds(
    ClassSpec, seed=st.integers(0, 2**20), rows=st.sampled_from([150, 600, 1500]), classes=st.sampled_from([3, 4, 6]),
    digits=st.sampled_from([None, None, 1]), scores=st.sampled_from([True, True, False]), subjects=st.booleans(),
)  # fmt: skip
versions = st.sampled_from([None, "*"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> ClassWorld:
    return counted(ClassSpec(seed=3, subjects=True), tmp_path_factory.mktemp("classes"))


def overall(rows: pd.DataFrame, names: list[str]) -> dict[str, float]:
    """Returns what scikit-learn says of all classes; NaN where it has nothing to say."""
    both = rows[rows["label"].notna() & rows["said"].notna()]
    known = sk.precision_recall_fscore_support(both["label"], both["said"], labels=names, zero_division=np.nan)
    values = {"accuracy": (both["label"] == both["said"]).mean(), "count": len(rows)}
    values |= {"label_coverage": rows["label"].notna().mean()}
    for name, each in zip(("precision", "true_positive_rate", "f1"), known[:3], strict=True):
        there = ~np.isnan(each)
        support = known[3][there]
        values[f"{name}_macro"] = each[there].mean() if there.any() else np.nan
        values[f"{name}_weighted"] = np.average(each[there], weights=support) if support.sum() else np.nan
    values["balanced_accuracy"] = values["true_positive_rate_macro"]
    two = both["label"].nunique() > 1 and both["said"].nunique() > 1
    values["matthews_correlation"] = sk.matthews_corrcoef(both["label"], both["said"]) if two else np.nan
    return values | probable(rows, names)


def probable(rows: pd.DataFrame, names: list[str]) -> dict[str, float]:
    """Returns losses and places of the labelled rows that have probabilities."""
    columns = [f"p_{name}" for name in names]
    there = rows[rows["label"].notna() & rows[columns].notna().all(axis=1)]
    absent = ("brier_score", "log_loss", "top_2_accuracy", "top_3_accuracy", "roc_auc_macro")
    if there.empty:
        return dict.fromkeys(absent, np.nan)
    hit = there["label"].to_numpy()[:, None] == np.array(names)[None, :]
    given, ordered = there[columns].to_numpy(), sorted(names)
    of_label = given[hit]
    areas = [sk.roc_auc_score(hit[:, i], given[:, i]) for i in range(len(names)) if 0 < hit[:, i].sum() < len(hit)]
    beside = there[[f"p_{name}" for name in ordered]].to_numpy()
    first = {
        f"top_{k}_accuracy": sk.top_k_accuracy_score(there["label"], beside, k=k, labels=ordered)
        if k < len(names) else np.nan for k in (2, 3)
    }  # fmt: skip
    return first | {
        "brier_score": ((given - hit) ** 2).sum(axis=1).mean(),
        "log_loss": -np.log(np.maximum(of_label, 1e-15)).mean(),
        "roc_auc_macro": np.mean(areas) if areas else np.nan,
    }


def of_class(rows: pd.DataFrame, name: str) -> dict[str, float]:
    """Returns what scikit-learn says of one class against the rest."""
    both = rows[rows["label"].notna() & rows["said"].notna()]
    y, d = both["label"] == name, both["said"] == name
    (n, p), (r0, r1), (_, f1), _ = sk.precision_recall_fscore_support(y, d, labels=[False, True], zero_division=np.nan)
    values = {"true_positive_rate": r1, "false_negative_rate": 1 - r1, "precision": p, "false_discovery_rate": 1 - p}
    values |= {"true_negative_rate": r0, "false_positive_rate": 1 - r0, "f1": f1}
    values |= {"negative_predictive_value": n, "false_omission_rate": 1 - n}
    values |= {"selection_rate": (rows["said"].dropna() == name).mean()}
    values |= {"prevalence": (rows["label"].dropna() == name).mean()}
    if f"p_{name}" in rows:
        there = rows[rows["label"].notna() & rows[f"p_{name}"].notna()]
        hit, two = there["label"] == name, (there["label"] == name).nunique() == 2
        values["roc_auc"] = sk.roc_auc_score(hit, there[f"p_{name}"]) if two else np.nan
        values["average_precision"] = sk.average_precision_score(hit, there[f"p_{name}"]) if two else np.nan
    return values


def bound(reading: Reading) -> float:
    """Returns how far a reading may be off: what it says of binning, the fixed point of a loss."""
    if reading.metric in ("brier_score", "log_loss"):
        return 1e-9
    said = re.search(r"at most ([\d.e-]+)", reading.note) if reading.metric in FROM_BINS else None
    return 1e-12 + (float(said[1]) if said else 0)


@settings(max_examples=5)
@given(specs, st.sampled_from([(), ("sex",), ("sex*age_band",)]), versions, st.sampled_from([None, "week"]))
def test_every_reading_equals_scikit_learn_on_its_raw_rows(
    spec: ClassSpec, attributes: tuple[str, ...], version: str | None, by: str | None
) -> None:
    with TemporaryDirectory() as folder:
        world = counted(spec, Path(folder))
        readings = world.model.readings(kinds=KINDS, attributes=attributes, version=version, by=by)
    known: dict[tuple[object, ...], dict[str, float]] = {}
    names = {*overall(world.frame, spec.names), *OF_CLASSES, *FROM_BINS}
    judged = [r for r in readings if r.metric in names]
    assert {r.metric for r in judged} >= {*AVERAGES, *OF_CLASSES, *(FROM_BINS if spec.scores else ())}
    for reading in judged:
        place = (reading.group, reading.feature, reading.version, reading.since)
        if place not in known:
            rows = rows_of(world.frame, reading)
            known[place] = of_class(rows, reading.feature) if reading.feature else overall(rows, spec.names)
        expected = known[place][reading.metric]
        if np.isnan(expected):
            assert reading.value is None, reading
            assert reading.note, reading
        else:
            assert reading.value == pytest.approx(expected, abs=bound(reading)), reading
            assert reading.low is None or reading.low <= reading.value + 1e-12, reading
            assert reading.high is None or reading.value <= reading.high + 1e-12, reading


def test_every_class_has_every_reading_of_a_class(world: ClassWorld) -> None:
    readings = world.model.readings(kinds=KINDS)
    for metric in (*OF_CLASSES, "roc_auc", "average_precision"):
        assert [r.feature for r in readings if r.metric == metric] == world.spec.names
    for metric in (*AVERAGES, "accuracy", "brier_score", "log_loss", "top_2_accuracy", "roc_auc_macro", "count"):
        assert [r.feature for r in readings if r.metric == metric] == [None]


def test_one_class_can_be_asked_for(world: ClassWorld) -> None:
    readings = world.model.readings(metrics=("precision", "accuracy"), features=("mid",))
    assert [(r.metric, r.feature) for r in readings] == [("accuracy", None), ("precision", "mid")]


def test_a_group_of_every_attribute_is_read(world: ClassWorld) -> None:
    for attribute, column in GROUPS.items():
        readings = world.model.readings(kinds=KINDS, metrics=("f1_macro",), attributes=(attribute,))
        assert {r.group for r in readings} == set(world.frame[column])


def test_subjects_widen_intervals_and_move_no_value(tmp_path: Path) -> None:
    apart = counted(ClassSpec(seed=5), tmp_path / "a").model.readings(kinds=KINDS)
    together = counted(ClassSpec(seed=5, subjects=True), tmp_path / "b").model.readings(kinds=KINDS)
    for one, other in zip(apart, together, strict=True):
        assert (one.metric, one.feature, one.value, one.n) == (other.metric, other.feature, other.value, other.n)
        if one.low is not None and other.low is not None:
            assert other.low <= one.low + 1e-12, one.metric


def test_weights_make_weighted_rates_of_as_many_rows(tmp_path: Path) -> None:
    world = counted(ClassSpec(seed=6, weights=True), tmp_path)
    named = {(r.metric, r.feature): r for r in world.model.readings(kinds=KINDS)}
    both = world.frame[world.frame["label"].notna() & world.frame["said"].notna()]
    given = {"sample_weight": both["weight"]}
    accuracy = named["accuracy", None]
    assert accuracy.value == pytest.approx(sk.accuracy_score(both["label"], both["said"], **given), abs=1e-9)
    assert accuracy.n == len(both)
    assert accuracy.denominator == pytest.approx(both["weight"].sum())
    independent = both["weight"].sum() ** 2 / (both["weight"] ** 2).sum()
    assert accuracy.note == f"about {independent:.0f} independent"
    assert named["count", None].value == len(world.frame)
    assert named["f1_macro", None].value == pytest.approx(
        sk.f1_score(both["label"], both["said"], average="macro", **given), abs=1e-9
    )
    assert named["matthews_correlation", None].value == pytest.approx(
        sk.matthews_corrcoef(both["label"], both["said"], **given), abs=1e-9
    )
    said = sk.precision_score(both["label"], both["said"], labels=["mid"], average="macro", **given)
    assert named["precision", "mid"].value == pytest.approx(said, abs=1e-9)
    assert "without weights" in named["roc_auc", "mid"].note
