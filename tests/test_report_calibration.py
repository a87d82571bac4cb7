"""Calibration through the whole river against scikit-learn and raw rows: readings, curves, confidence."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from dashboard.report import Reading, curves
from dashboard.report.calibration import CURVED
from tests.worlds import GROUPS, Spec, World, build, delivered, draw, found, rows_of, specs

FIXED_POINT = 1e-9
METRICS = ("calibration_error", "mean_entropy", *CURVED)
groupings = st.sampled_from([(), ("sex",), ("sex*age_band",)])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=3, rows=2000, without=frozenset()), tmp_path_factory.mktemp("world"))


def entropy(p: pd.Series) -> pd.Series:
    inside = p.clip(1e-300, 1 - 1e-16)
    return pd.Series(-(p * np.log2(inside) + (1 - p) * np.log2(1 - inside)), p.index)


def raw(rows: pd.DataFrame) -> dict[str, float]:
    """Returns what needs no bins, from raw rows; NaN where there is nothing to take a mean of."""
    known = rows[rows["label"].notna() & rows["score"].notna()]
    prevalence = known["label"].mean()
    return {
        "calibration_error": (known["label"] - known["score"]).mean(),
        "brier_uncertainty": prevalence * (1 - prevalence),
        "mean_entropy": entropy(rows["score"].dropna()).mean(),
    }


@settings(max_examples=7)
@given(specs(), groupings, st.sampled_from([None, "*", "v2"]), st.sampled_from([None, "week"]))
@example(Spec(seed=1, labels="never"), ("sex",), None, None)
@example(Spec(seed=2, without=frozenset({"score", "subject"})), (), None, None)
def test_means_are_those_of_the_raw_rows(
    spec: Spec, attributes: tuple[str, ...], version: str | None, by: str | None
) -> None:
    with TemporaryDirectory() as folder:
        world = build(spec, Path(folder))
        asked = {"metrics": tuple(raw(world.frame)), "attributes": attributes, "version": version, "by": by}
        readings = world.model.readings(kinds=("performance",), **asked)
    assert readings
    for reading in readings:
        expected = raw(rows_of(world.frame, reading))[reading.metric]
        if np.isnan(expected):
            assert (reading.value, reading.low, reading.high) == (None, None, None)
            assert "0" in reading.note
        else:
            assert reading.value == pytest.approx(expected, abs=FIXED_POINT)
            assert reading.low <= reading.value + 1e-12  # type: ignore[operator]
            assert reading.high >= reading.value - 1e-12  # type: ignore[operator]


def in_bins(rows: pd.DataFrame, readings: pd.DataFrame) -> list[tuple[float, float, int, int]]:
    """Returns mean score, observed rate, cases and positives of raw rows, in the bins of a curve."""
    known = rows[rows["label"].notna() & rows["score"].notna()]
    place = np.searchsorted(readings["least"], known["score"], side="right") - 1
    groups = (known[place == k] for k in range(len(readings)))
    return [(g["score"].mean(), g["label"].mean(), len(g), int(g["label"].sum())) for g in groups]


@settings(max_examples=6)
@given(specs(labels="inside", without=frozenset({"subject"}), rows=900), st.sampled_from(["", "sex"]))
def test_curves_are_those_of_the_raw_rows(spec: Spec, attribute: str) -> None:
    with TemporaryDirectory() as folder:
        world = build(spec, Path(folder))
        scope = world.model.scope(attributes=(attribute,) if attribute else ())
        drawn = curves.reliability(world.model.source(), scope)
        exact = world.model.source().bins.score_exact
    for group, curve in drawn.groupby("group", dropna=False):
        rows = world.frame if not attribute else world.frame[world.frame[GROUPS[attribute]] == group]
        expected = np.array(in_bins(rows, curve))
        assert curve["n"].tolist() == expected[:, 2].tolist()
        assert curve["positives"].tolist() == expected[:, 3].tolist()
        assert curve["observed"].to_numpy() == pytest.approx(expected[:, 1])
        assert curve["score"].to_numpy() == pytest.approx(expected[:, 0], abs=1e-12 if exact else 0.01)
        assert (curve["low"] <= curve["observed"]).all()
        assert (curve["observed"] <= curve["high"]).all()


def test_few_distinct_scores_give_the_exact_error(tmp_path: Path) -> None:
    world = build(Spec(rows=900, scores=40), tmp_path)
    named = {r.metric: r for r in world.model.readings(metrics=METRICS)}
    known = world.frame[world.frame["label"].notna()]
    each = known.groupby("score")["label"].agg(["mean", "sum", "size"]).reset_index()
    middle = each["size"].cumsum() - each["size"] / 2
    each["bin"] = np.floor(10 * middle / len(known) + 1e-12)
    bins = each.assign(said=each["score"] * each["size"]).groupby("bin")[["said", "sum", "size"]].sum()
    gaps = (bins["sum"] - bins["said"]).abs() / bins["size"]
    share = bins["size"] / len(known)
    assert named["expected_calibration_error"].value == pytest.approx(share @ gaps, abs=1e-9)
    assert named["maximum_calibration_error"].value == pytest.approx(gaps.max(), abs=1e-9)
    assert named["brier_reliability"].value == pytest.approx(share @ gaps**2, abs=1e-9)
    assert "binning moves" not in named["expected_calibration_error"].note


def test_scores_by_bin_are_off_by_no_more_than_the_note_says(world: World) -> None:
    (reading,) = world.model.readings(metrics=("expected_calibration_error",))
    curve = curves.reliability(world.model.source(), world.model.scope())
    expected = np.array(in_bins(world.frame, curve))
    error = np.abs(expected[:, 1] - expected[:, 0]) @ expected[:, 2] / expected[:, 2].sum()
    said = re.search(r"at most ([\d.e-]+) points", reading.note)
    assert said is not None
    assert reading.value == pytest.approx(error, abs=float(said[1]) / 100)


def test_the_parts_make_the_brier_score_but_for_what_the_note_says(world: World) -> None:
    named = {r.metric: r for r in world.model.readings(metrics=METRICS)}
    parts = [float(named[f"brier_{part}"].value or 0) for part in ("reliability", "resolution", "uncertainty")]
    on_bins, whole = (float(x) for x in re.findall(r"(?:bins|binning) ([\d.]+)", named["brier_reliability"].note))
    known = world.frame[world.frame["label"].notna() & world.frame["score"].notna()]
    assert parts[0] - parts[1] + parts[2] == pytest.approx(on_bins, abs=5.1e-5)
    assert whole == pytest.approx(brier_score_loss(known["label"], known["score"]), abs=5.1e-5)


def test_subjects_widen_intervals_and_move_no_value(tmp_path: Path) -> None:
    apart = build(Spec(seed=5, rows=2000), tmp_path / "a").model.readings(metrics=METRICS)
    together = build(Spec(seed=5, rows=2000, without=frozenset()), tmp_path / "b").model.readings(metrics=METRICS)
    for one, other in zip(apart, together, strict=True):
        assert (one.metric, one.value) == (other.metric, other.value)
        assert other.low <= one.low + 1e-9  # type: ignore[operator]
        assert one.high <= other.high + 1e-9  # type: ignore[operator]


def test_the_same_rollup_gives_the_same_readings(world: World) -> None:
    asked: dict[str, Any] = {"metrics": METRICS, "attributes": ("sex",), "by": "week"}
    assert world.model.readings(**asked) == world.model.readings(**asked)


def test_all_scores_are_in_the_spread_labelled_or_not(world: World) -> None:
    spread = curves.spread(world.model.source(), world.model.scope())
    assert spread["n"].sum() == world.frame["score"].notna().sum()
    counts, _ = np.histogram(world.frame["score"], np.linspace(0, 1, len(spread) + 1))
    # A score within rounding of an edge may lie on either side of it.
    assert np.abs(np.cumsum(counts) - np.cumsum(spread["n"])).max() <= 2


def test_confidence_is_that_of_the_raw_rows(world: World) -> None:
    by_week = curves.confidence(world.model.source(), world.model.scope(), "week")
    assert by_week["n"].sum() == len(world.frame)
    for row in by_week.to_dict("records"):
        since, until = (date.fromisoformat(str(row[end])) for end in ("since", "until"))
        rows = world.frame[(world.frame["day"] >= since) & (world.frame["day"] < until)]
        sure = np.maximum(rows["score"], 1 - rows["score"])
        assert row["mean"] == pytest.approx(sure.mean(), abs=0.005)
        for q in (10, 25, 50, 75, 90):
            assert row[f"q{q}"] == pytest.approx(np.quantile(sure, q / 100), abs=0.02)


MULTICLASS = """
[model]
name = "triage"
task = "multiclass"
[columns]
id = "id"
time = "time"
label = "label"
[columns.scores]
low = "p_low"
mid = "p_mid"
high = "p_high"
[attributes.sex]
column = "sex"
"""


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Any]:
    random, n = np.random.default_rng(7), 1200
    chances = np.round(random.dirichlet([1, 1, 1], n), 2)
    chances[:, 2] = np.round(1 - chances[:, 0] - chances[:, 1], 2)
    names = np.array(["low", "mid", "high"])
    drawn = names[[random.choice(3, p=np.abs(p) / np.abs(p).sum()) for p in chances]]
    frame = pd.DataFrame(chances, columns=["p_low", "p_mid", "p_high"]).assign(
        id=[f"i{k}" for k in range(n)], time=pd.Timestamp("2026-01-24T10:00"),
        label=np.where(random.random(n) < 0.2, None, drawn), sex=random.choice(["F", "M"], n),
    )  # fmt: skip
    model = found(tmp_path_factory.mktemp("classes"), MULTICLASS)
    model.log(frame)
    model.rollup()
    frame["said"] = names[np.argmax(chances, axis=1)]
    frame["sure"] = chances.max(axis=1)
    return frame, model


def of_class(frame: pd.DataFrame, name: str | None) -> pd.DataFrame:
    """Returns score and label of a class against the rest; of None, of the decision against being right."""
    known = frame[frame["label"].notna()]
    if name is None:
        return pd.DataFrame({"score": known["sure"], "label": (known["said"] == known["label"]).astype(float)})
    return pd.DataFrame({"score": known[f"p_{name}"], "label": (known["label"] == name).astype(float)})


@pytest.mark.parametrize("attribute", [None, "sex"])
def test_several_classes_are_held_against_what_was_decided_and_one_by_one(
    classes: tuple[pd.DataFrame, Any], attribute: str | None
) -> None:
    frame, model = classes
    readings: list[Reading] = model.readings(metrics=METRICS, attributes=(attribute,) if attribute else ())
    errors = [r for r in readings if r.metric == "calibration_error"]
    assert {r.feature for r in errors} == {None, "low", "mid", "high"}
    for reading in errors:
        rows = of_class(frame if attribute is None else frame[frame["sex"] == reading.group], reading.feature)
        assert reading.value == pytest.approx((rows["label"] - rows["score"]).mean(), abs=1e-9)
        assert reading.n == len(rows)
    for reading in (r for r in readings if r.metric == "mean_entropy"):
        rows = frame if attribute is None else frame[frame["sex"] == reading.group]
        p = rows[["p_low", "p_mid", "p_high"]].to_numpy()
        assert reading.value == pytest.approx(
            -(p * np.log2(np.clip(p, 1e-15, None))).sum(axis=1).clip(max=0).mean(), abs=1e-6
        )


def test_each_class_has_a_curve(classes: tuple[pd.DataFrame, Any]) -> None:
    frame, model = classes
    drawn = curves.reliability(model.source(), model.scope())
    for name, curve in drawn.groupby("class", dropna=False):
        rows = of_class(frame, None if pd.isna(name) else str(name))
        expected = np.array(in_bins(rows, curve))
        assert curve["n"].tolist() == expected[:, 2].tolist()
        assert curve["observed"].to_numpy() == pytest.approx(expected[:, 1])


def test_a_model_that_predicts_a_number_has_no_calibration(tmp_path: Path) -> None:
    contract = '[model]\nname = "triage"\ntask = "regression"\n[columns]\nid = "id"\ntime = "time"\nscore = "hours"\n'
    model = found(tmp_path, contract + 'label = "stayed"\n')
    model.log(pd.DataFrame({"id": ["a"], "time": pd.Timestamp("2026-01-24"), "hours": 1.0, "stayed": 2.0}))
    model.rollup()
    assert model.readings(metrics=METRICS) == []


def test_a_window_without_data_says_so(tmp_path: Path) -> None:
    model = build(Spec(rows=200), tmp_path).model
    readings = model.readings(since=date(2030, 1, 1), until=date(2030, 2, 1), metrics=METRICS)
    assert {r.metric for r in readings} == set(METRICS)
    assert all(r.value is None and r.note.startswith("cannot be computed") for r in readings)


def test_a_weighted_log_is_told_that_scores_are_counted_without_weights(tmp_path: Path) -> None:
    spec = Spec(rows=300, days=2)
    model = found(tmp_path, spec.contract.replace("[columns]\n", '[columns]\nweight = "weight"\n'))
    model.log(delivered(draw(spec), spec).assign(weight=2.0))
    model.rollup()
    assert all("counted without weights" in r.note for r in model.readings(metrics=METRICS))


def test_several_classes_of_the_same_subjects_widen_intervals(
    classes: tuple[pd.DataFrame, Any], tmp_path: Path
) -> None:
    frame, model = classes
    again = frame.drop(columns=["said", "sure"]).assign(who=[f"s{k // 40}" for k in range(len(frame))])
    clustered = found(tmp_path, MULTICLASS.replace("[columns]\n", '[columns]\nsubject = "who"\n'))
    clustered.log(again)
    clustered.rollup()
    for one, other in zip(model.readings(metrics=METRICS), clustered.readings(metrics=METRICS), strict=True):
        assert (one.metric, one.feature, one.value) == (other.metric, other.feature, other.value)
        assert other.low <= one.low + 1e-9  # type: ignore[operator]
        assert one.high <= other.high + 1e-9  # type: ignore[operator]


def test_one_class_can_be_asked_for(classes: tuple[pd.DataFrame, Any]) -> None:
    readings = classes[1].readings(metrics=("calibration_error",), features=("low",))
    assert [reading.feature for reading in readings] == [None, "low"]
