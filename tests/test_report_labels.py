"""Labels in time, through the river: until when they are complete, whose come later, how many have come by day."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.contract import UNKNOWN_GROUP
from dashboard.report.labels import advice, curves, days_later, labels_later, uneven
from dashboard.workspace import Model
from tests.worlds import GROUPS, RATES, START, Spec, build, by_sklearn, delivered, draw, found, rows_of

DAYS = 40
END = START + timedelta(days=DAYS)
Delays = Callable[[pd.DataFrame, np.random.Generator], np.ndarray]


def even(rows: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    return random.integers(1, 6, len(rows))


def men_later(rows: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    return even(rows, random) + 10 * (rows["sex"] == "M").to_numpy()


def positives_later(rows: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    return even(rows, random) + 7 * (rows["label"] == 1).to_numpy()


def world(folder: Path, delays: Delays, seed: int = 3, rows: int = 6000) -> tuple[Model, pd.DataFrame]:
    """Returns a model whose labels took these days and had come by the end of the log; and its rows: `known` or not."""
    raw = draw(Spec(seed=seed, rows=rows, days=DAYS))
    raw["delay"] = delays(raw, np.random.default_rng(seed))
    raw["labeled_at"] = raw["predicted_at"].dt.floor("D") + pd.to_timedelta(raw["delay"], unit="D")
    came = raw["label"].notna() & (raw["labeled_at"] < pd.Timestamp(END))
    model = found(folder, Spec().contract)
    model.log(delivered(raw, Spec()).drop(columns=["label", "delay", "labeled_at"]))
    model.log_labels(raw.loc[came, ["prediction_id", "label", "labeled_at"]])
    model.rollup()
    return model, raw.assign(known=came)


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, pd.DataFrame]:
    return world(tmp_path_factory.mktemp("late"), men_later)


def test_labels_are_complete_before_the_slowest_groups_delay(late: tuple[Model, pd.DataFrame], tmp_path: Path) -> None:
    model, raw = late
    assert model.extent().complete_until == END - timedelta(days=15)
    settled = raw[(raw["day"] < END - timedelta(days=15)) & raw["label"].notna()]
    assert settled["known"].all()  # and so they are
    quick, _ = world(tmp_path, even)
    assert quick.extent().complete_until == END - timedelta(days=5)


def test_a_slow_label_value_counts_as_a_slow_group(tmp_path: Path) -> None:
    model, raw = world(tmp_path, positives_later)
    assert model.extent().complete_until == END - timedelta(days=12)
    assert raw["label"].mean() > 0.3


def test_a_few_slow_labels_of_a_small_group_decide_nothing(tmp_path: Path) -> None:
    def few_later(rows: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
        small = rows[(rows["sex"] == "X") & (rows["age"] < 18) & (rows["day"] < START + timedelta(days=9))]
        return np.where(rows.index.isin(small.index[:2]), 20, even(rows, random))

    model, raw = world(tmp_path, few_later)
    assert 20 < ((raw["both_group"] == "X*<18") & raw["known"]).sum() < 100
    assert (raw["delay"] == 20).sum() == 2  # more than 1 % of them
    assert model.extent().complete_until == END - timedelta(days=5)


def test_a_label_from_the_future_is_not_believed(tmp_path: Path) -> None:
    model, raw = world(tmp_path, even)
    before = model.extent().complete_until
    last = raw.loc[raw["label"].notna(), "prediction_id"].iloc[0]
    model.log_labels(pd.DataFrame({"prediction_id": [last], "label": [1], "labeled_at": [pd.Timestamp("2262-01-01")]}))
    model.rollup()
    assert model.extent().complete_until == before


def test_labels_that_stopped_coming_leave_the_days_after_them_open(tmp_path: Path) -> None:
    raw = draw(Spec(seed=5, rows=3000, days=DAYS))
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()).drop(columns="label"))
    known = raw[raw["label"].notna() & (raw["day"] < START + timedelta(days=20))]
    model.log_labels(known[["prediction_id", "label"]].assign(labeled_at=known["predicted_at"]))
    model.rollup()
    assert model.extent().complete_until == START + timedelta(days=20)


def test_a_log_too_young_to_have_shown_the_slow_labels_has_no_complete_day(tmp_path: Path) -> None:
    model, _ = world(tmp_path, men_later)
    young = model.as_of(START + timedelta(days=16)).extent()  # the slowest take 15 days
    assert young.complete_until == young.first
    (accuracy,) = model.as_of(START + timedelta(days=16)).readings(metrics=("accuracy",))
    assert "labels still coming" in accuracy.note
    assert model.as_of(START + timedelta(days=20)).extent().complete_until == START + timedelta(days=5)


def test_days_on_which_every_case_has_its_label_are_complete_whatever_the_delays(tmp_path: Path) -> None:
    raw = draw(Spec(seed=3, rows=600, days=20))
    raw["label"] = raw["label"].fillna(0)
    at_once = raw.assign(labeled_at=pd.Timestamp(END))[["prediction_id", "label", "labeled_at"]]
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()).drop(columns="label"))
    model.log_labels(at_once[raw["day"] != START + timedelta(days=12)])
    model.rollup()
    assert model.extent().complete_until == START + timedelta(days=12)


def test_coverage_by_day_and_group_is_that_of_the_raw_rows(late: tuple[Model, pd.DataFrame]) -> None:
    model, raw = late
    readings = model.readings(metrics=("label_coverage",), attributes=("sex", "sex*age_band"), by="day")
    assert len({reading.since for reading in readings}) == DAYS
    for reading in readings:
        assert reading.attribute
        rows = raw[
            (raw["day"] == date.fromisoformat(reading.since)) & (raw[GROUPS[reading.attribute]] == reading.group)
        ]
        assert (reading.n, reading.value) == (len(rows), pytest.approx(rows["known"].mean()))
        assert "labels" not in reading.note  # how many have come is known of every day


def test_curves_are_of_the_groups_labels(late: tuple[Model, pd.DataFrame]) -> None:
    model, raw = late
    for (_, group, _), curve in curves(model.source().snapshot, "sex").items():
        rows = raw[(raw["sex_group"] == group) & raw["known"]]
        assert curve.n == len(rows)
        assert curve.events[: curve.longest + 1].tolist() == np.bincount(rows["delay"]).tolist()
    whole = raw[(raw["sex_group"] == "M") & raw["label"].notna()]  # those still to come included
    found_ = curves(model.source().snapshot, "sex")["sex", "M", None]
    assert found_.share[:15] == pytest.approx([np.mean(whole["delay"] <= day) for day in range(15)], abs=0.04)


def test_a_group_whose_labels_come_later_is_named(late: tuple[Model, pd.DataFrame]) -> None:
    model, raw = late
    edge = model.extent().complete_until
    (one,) = (warning for warning in uneven(model.source(), edge, END) if warning.attribute == "sex")
    rows = raw[raw["day"] >= edge]
    assert (one.group, one.days) == ("M", 10)
    assert one.coverage.value == pytest.approx(rows.loc[rows["sex_group"] == "M", "known"].mean())
    large = [group for group, n in rows["sex_group"].value_counts().items() if n >= 100]
    others = rows[rows["sex_group"].isin(large) & ~rows["sex_group"].isin(["M", UNKNOWN_GROUP])]
    assert one.others.value == pytest.approx(others["known"].mean())
    assert uneven(model.source(), START, edge) == []  # where labels are complete nobody's are fewer
    assert days_later(model.source().snapshot, "sex", "F") == 0
    said = advice(model.source(), model.scope(since=edge, metrics=("accuracy",)))
    assert any(
        re.match(r"Labels of M \(sex\) come 10 days later than the others’: of the cases from", line) for line in said
    )
    assert advice(model.source(), model.scope(metrics=("accuracy",))) == []  # read where labels are complete
    assert advice(model.source(), model.scope(since=edge, metrics=("selection_rate",))) == []


def test_groups_whose_labels_come_alike_are_not_named(tmp_path: Path) -> None:
    warned = [uneven(world(tmp_path / str(seed), even, seed, 3000)[0].source(), START, END) for seed in range(5)]
    assert warned == [[], [], [], [], []]


def test_label_values_that_come_sooner_or_later_are_named(tmp_path: Path) -> None:
    model, _ = world(tmp_path / "late", positives_later)
    assert labels_later(model.source().snapshot) == {"1": 7, "0": -7}
    model, _ = world(tmp_path / "even", even)
    assert labels_later(model.source().snapshot) == {}


@pytest.mark.parametrize("without", [frozenset({"subject"}), frozenset()])
def test_beside_a_rate_stands_what_the_missing_labels_could_make_of_it(tmp_path: Path, without: frozenset[str]) -> None:
    world_ = build(Spec(seed=6, rows=900, without=without), tmp_path)
    said = re.compile(r"between (-?[\d.]+) and ([\d.]+) whatever the ([\d,]+) missing labels say")
    for reading in world_.model.readings(metrics=(*RATES, "f1"), attributes=("sex",)):
        rows = rows_of(world_.frame, reading)
        missing = rows["label"].isna()
        right, wrong = (rows.assign(label=rows["label"].where(~missing, d)) for d in (rows["said"], 1 - rows["said"]))
        if reading.metric == "prevalence":
            right, wrong = (rows.assign(label=rows["label"].fillna(label)) for label in (1.0, 0.0))
        ends = sorted(by_sklearn(each)[reading.metric] for each in (right, wrong))
        noted = said.search(reading.note)
        if noted is None:
            assert reading.metric == "selection_rate" or reading.value is None or ends[0] == pytest.approx(ends[1])
        else:
            assert [float(noted[1]), float(noted[2])] == pytest.approx(ends, abs=6e-4)
            assert 0 < int(noted[3]) <= missing.sum()


def test_beside_a_difference_too(tmp_path: Path) -> None:
    world_ = build(Spec(seed=6, rows=900), tmp_path)
    said = re.compile(r"between (-?[\d.]+) and (-?[\d.]+) whatever the ([\d,]+) missing labels say")
    noted = 0
    for reading in world_.model.readings(metrics=("accuracy_difference", "precision_difference"), attributes=("sex",)):
        rate, found_ = reading.metric.removesuffix("_difference"), said.search(reading.note)
        ends = []
        for group in (reading.group, reading.reference):
            rows = rows_of(world_.frame, replace(reading, group=group))
            labels = (rows["label"].where(rows["label"].notna(), d) for d in (rows["said"], 1 - rows["said"]))
            ends.append(sorted(by_sklearn(rows.assign(label=label))[rate] for label in labels))
        if found_:
            expected = [ends[0][0] - ends[1][1], ends[0][1] - ends[1][0]]
            assert [float(found_[1]), float(found_[2])] == pytest.approx(expected, abs=6e-4)
            noted += 1
    assert noted >= 4


def test_of_several_classes_too(tmp_path: Path) -> None:
    contract = """[model]
name = "triage"
task = "multiclass"
[columns]
id = "id"
time = "time"
decision = "decision"
label = "label"
"""
    times = pd.date_range("2026-01-01", periods=10, freq="h")
    frame = pd.DataFrame({"id": range(10), "time": times, "decision": list("aaabbbcccc"), "label": list("aabbbccc  ")})
    model = found(tmp_path, contract)
    model.log(frame.assign(label=frame["label"].replace(" ", None)))
    model.rollup()
    notes = {(r.metric, r.feature): r.note for r in model.readings(metrics=("accuracy", "precision"))}
    assert "between 0.600 and 0.800 whatever the 2 missing labels say" in notes["accuracy", None]
    assert "between 0.500 and 1.000 whatever the 2 missing labels say" in notes["precision", "c"]
    assert "missing" not in notes["precision", "a"]
