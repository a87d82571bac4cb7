"""Estimated readings on generated logs: against scikit-learn on raw rows, group by group; what is refused, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sk
from sklearn.isotonic import IsotonicRegression

from dashboard.metrics import METRICS
from dashboard.policy.windows import Window
from dashboard.report import Reading
from dashboard.report.track_record import track_record
from dashboard.workspace import Model
from tests.worlds import found

START = date(2026, 1, 5)  # a Monday
REFERENCE = 56
DAYS = REFERENCE + 28
CONTRACT = """
[model]
name = "triage"
task = "binary"
positive = "1"
threshold = 0.5
[columns]
id = "id"
time = "time"
version = "version"
score = "score"
decision = "decision"
label = "label"
[attributes.sex]
column = "sex"
reference = "M"
[attributes.ward]
column = "ward"
"""
POLICY = """
version = "1"
[[rule]]
metric = "estimated_accuracy"
min = 0.5
[[rule]]
metric = "estimated_true_positive_rate_difference"
attribute = "sex"
between = [-0.05, 0.05]
"""
SLOPES = {"F": 0.4, "M": 1.0, "X": 1.0}


def day(place: int) -> date:
    return START + timedelta(days=place)


NOW = {"since": day(REFERENCE), "until": day(DAYS)}


def rows(seed: int = 1, n: int = 9_000, settled: bool = True, days: int = DAYS) -> pd.DataFrame:
    """Returns a log whose scores mean less for women: at most 99 distinct ones, so that bins are exact."""
    random = np.random.default_rng(seed)
    sex = random.choice(["F", "M"], n)
    chance = random.beta(0.8, 1.2, n)
    odds = np.log(chance / (1 - chance)) * np.vectorize(SLOPES.get)(sex)
    frame = pd.DataFrame({"id": [f"i{k}" for k in range(n)], "sex": sex})
    frame["place"] = random.integers(0, days, n)
    frame["time"] = pd.Timestamp(START) + pd.to_timedelta(frame["place"], unit="D") + pd.Timedelta(hours=9)
    frame["score"] = np.clip(chance, 0.01, 0.99).round(2)
    frame["decision"] = ((frame["score"] >= 0.5) ^ (random.random(n) < 0.05)).astype(float)
    frame["label"] = (random.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    frame["version"] = "v1"
    frame["ward"] = random.choice(["A", "B", "C"], n, p=[0.55, 0.4, 0.05])
    return frame if settled else frame.assign(label=frame["label"].where(frame["place"] < REFERENCE))


def logged(frame: pd.DataFrame, folder: Path, policy: str | None = None, contract: str = CONTRACT) -> Model:
    model = found(folder, contract, policy=policy)
    model.log(frame.drop(columns="place"))
    model.rollup()
    return model


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return rows()


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return logged(frame, tmp_path_factory.mktemp("estimated"), POLICY)


def chances(frame: pd.DataFrame, by: str | None) -> NDArray[np.float64]:
    """Returns P(positive) of the rows after the reference, calibrated by scikit-learn on raw rows, in each group."""
    now = frame["place"] >= REFERENCE
    found = pd.Series(np.nan, index=frame.index[now])
    for _, group in frame.groupby(by or (lambda row: 0)):
        before = group[group["place"] < REFERENCE]
        fitted = IsotonicRegression(out_of_bounds="clip").fit(before["score"], before["label"])
        after = group.index[group["place"] >= REFERENCE]
        found[after] = fitted.predict(frame.loc[after, "score"])
    return found.to_numpy()


def realised_by_weight(metric: str, rows: pd.DataFrame, p: NDArray[np.float64]) -> float:
    label, said = np.repeat([1, 0], len(p)), np.tile(rows["decision"], 2)
    function = {
        "accuracy": sk.accuracy_score, "precision": sk.precision_score, "f1": sk.f1_score,
        "true_positive_rate": sk.recall_score, "roc_auc": sk.roc_auc_score,
    }[metric]  # fmt: skip
    given = np.tile(rows["score"], 2) if metric == "roc_auc" else said
    return float(function(label, given, sample_weight=np.concatenate([p, 1 - p])))


def one(readings: list[Reading]) -> Reading:
    (found,) = readings
    return found


ASKED = ("accuracy", "precision", "f1", "true_positive_rate", "roc_auc")


@pytest.mark.parametrize("metric", ASKED)
def test_estimates_equal_scikit_learn_on_raw_rows_each_group_calibrated_by_itself(
    model: Model, frame: pd.DataFrame, metric: str
) -> None:
    """Women's scores are corrected; men's are right as they are, so that they stay."""
    after, p = frame[frame["place"] >= REFERENCE], chances(frame, "sex")
    for reading in model.readings(metrics=(f"estimated_{metric}",), attributes=("sex",), **NOW):
        chosen = (after["sex"] == reading.group).to_numpy()
        wanted = realised_by_weight(metric, after[chosen], p[chosen])
        assert reading.value == pytest.approx(wanted, abs=1e-9 if reading.group == "F" else 0.03)
        assert reading.n == chosen.sum()


def test_bins_of_continuous_scores_move_estimates_by_less_than_two_thousandths(tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    fine = rows(8, 12_000)
    fine["score"] = np.clip(fine["score"] + random.uniform(-0.005, 0.005, len(fine)), 0.001, 0.999)
    fine["decision"] = (fine["score"] >= 0.5).astype(float)
    model = logged(fine, tmp_path)
    assert not model.source().bins.score_exact
    after, p = fine[fine["place"] >= REFERENCE], chances(fine, "sex")
    chosen = (after["sex"] == "F").to_numpy()
    for metric in ASKED:
        found = model.readings(metrics=(f"estimated_{metric}",), attributes=("sex",), **NOW)
        (reading,) = (reading for reading in found if reading.group == "F")
        assert reading.value == pytest.approx(realised_by_weight(metric, after[chosen], p[chosen]), abs=2e-3), metric
        assert ("binning moves it by at most" in reading.note) == (metric == "roc_auc")


def test_everybody_is_the_sum_of_groups(model: Model) -> None:
    total = one(model.readings(metrics=("estimated_accuracy",), **NOW))
    groups = model.readings(metrics=("estimated_accuracy",), attributes=("sex",), **NOW)
    assert total.numerator == pytest.approx(sum(group.numerator or 0 for group in groups))
    assert total.denominator == sum(group.denominator or 0 for group in groups)
    assert "the groups of sex added up" in total.note


def test_without_such_an_attribute_everybody_is_calibrated_together(frame: pd.DataFrame, tmp_path: Path) -> None:
    few = frame.assign(sex=frame["sex"].where(frame.index % 50 > 0, "X"))
    model = logged(few, tmp_path)
    total = one(model.readings(metrics=("estimated_f1",), **NOW))
    after = few[few["place"] >= REFERENCE]
    assert total.value == pytest.approx(realised_by_weight("f1", after, chances(few, None)), abs=1e-9)
    assert "everybody calibrated together" in total.note
    by_group = {r.group: r for r in model.readings(metrics=("estimated_f1",), attributes=("sex",), **NOW)}
    assert by_group["X"].value is None
    assert "it needs 500, with 50 of each" in by_group["X"].note
    assert by_group["F"].value is not None


def test_differences_are_those_of_the_groups_and_need_them_all(model: Model) -> None:
    rates = {r.group: r.value for r in model.readings(metrics=("estimated_precision",), attributes=("sex",), **NOW)}
    names = ("estimated_precision_difference", "estimated_precision_ratio")
    signed = {r.metric: r for r in model.readings(metrics=names, attributes=("sex",), **NOW)}
    assert signed[names[0]].value == pytest.approx(rates["F"] - rates["M"])
    assert signed[names[1]].value == pytest.approx(rates["F"] / rates["M"])
    assert (signed[names[0]].group, signed[names[0]].reference, signed[names[0]].kind) == ("F", "M", "fairness")
    named = "estimated_equal_opportunity_difference"
    recall = [r.value for r in model.readings(metrics=("estimated_true_positive_rate",), attributes=("sex",), **NOW)]
    assert one(model.readings(metrics=(named,), attributes=("sex",), **NOW)).value == pytest.approx(np.ptp(recall))
    refused = one(model.readings(metrics=(named,), attributes=("ward",), **NOW))
    assert refused.value is None
    assert "C: " in refused.note


def test_labels_of_the_window_change_nothing_but_the_note(frame: pd.DataFrame, tmp_path: Path) -> None:
    waiting = logged(rows(settled=False), tmp_path / "waiting").readings(metrics=("estimated_roc_auc",), **NOW)
    come = logged(frame, tmp_path / "come").readings(metrics=("estimated_roc_auc",), **NOW)
    first, second = one(waiting), one(come)
    assert (first.value, first.low, first.high) == (second.value, second.low, second.high)
    assert "no label has come yet" in first.note
    assert "labels have come and are not used" in second.note


def test_a_log_without_dates_is_estimated_after_the_reference(model: Model) -> None:
    reading = one(model.readings(metrics=("estimated_accuracy",)))
    assert reading.since == NOW["since"].isoformat()
    assert reading.value is not None


def test_days_of_the_reference_are_refused_in_words(model: Model) -> None:
    reading = one(model.readings(since=day(10), until=day(70), metrics=("estimated_accuracy",)))
    assert reading.value is None
    assert "shares days with the reference (2026-01-05 to 2026-03-01)" in reading.note


def test_every_period_is_estimated_and_none_that_reaches_into_the_reference(model: Model) -> None:
    weeks = model.readings(since=day(0), until=day(DAYS), by="week", metrics=("estimated_accuracy",))
    assert [reading.since for reading in weeks] == [day(REFERENCE + 7 * k).isoformat() for k in range(4)]
    months = model.readings(since=day(0), until=day(DAYS), by="month", metrics=("estimated_accuracy",))
    assert [(reading.since, reading.value) for reading in months] == [("2026-03-01", None)]


def test_estimates_come_only_by_their_names(model: Model) -> None:
    for asked in ({}, NOW, {"kinds": ("performance",), **NOW}, {"kinds": ("fairness",), "attributes": ("sex",)}):
        assert not any(reading.metric.startswith("estimated_") for reading in model.readings(**asked))  # type: ignore[arg-type]
    both = model.readings(metrics=("accuracy", "estimated_accuracy"), **NOW)
    assert [reading.metric for reading in both] == ["accuracy", "estimated_accuracy"]


def test_a_later_version_is_calibrated_on_its_own_first_days(frame: pd.DataFrame, tmp_path: Path) -> None:
    """Its scores mean nothing, those of the first version do: the first one's calibration would promise too much."""
    later = rows(seed=5, n=6_000, days=70)
    later = later.assign(
        id="w" + later["id"], version="v2", label=later.index % 2 * 1.0,
        place=later["place"] + DAYS, time=later["time"] + pd.Timedelta(days=DAYS),
    )  # fmt: skip
    model = logged(pd.concat([frame, later]), tmp_path)
    asked = {"metrics": ("estimated_accuracy",), "since": day(REFERENCE), "until": day(DAYS + 70)}
    by_version = {reading.version: reading for reading in model.readings(version="*", **asked)}
    assert by_version["v1"].value > 0.6
    assert by_version["v2"].value < 0.55
    own = Window(day(DAYS), day(DAYS + 28))
    assert f"of {own}" in by_version["v2"].note
    assert f"cases of {own} left out" in by_version["v2"].note
    kept = later[later["place"] >= DAYS + 28]
    realised = (kept["label"] == kept["decision"]).mean()
    assert by_version["v2"].low <= realised <= by_version["v2"].high
    together = one(model.readings(**asked))
    assert together.numerator == pytest.approx(sum(reading.numerator for reading in by_version.values()))


def test_too_short_a_log_has_no_estimates(frame: pd.DataFrame, tmp_path: Path) -> None:
    model = logged(frame[frame["place"] < 5], tmp_path)
    reading = one(model.readings(metrics=("estimated_accuracy",)))
    assert "there is no reference window" in reading.note
    assert not [r for r in model.readings() if r.metric.startswith("estimated_")]


def test_a_weighted_sample_is_not_estimated_as_if_it_were_none(frame: pd.DataFrame, tmp_path: Path) -> None:
    weighted = CONTRACT.replace('label = "label"', 'label = "label"\nweight = "weight"')
    model = logged(frame.assign(weight=2.0), tmp_path, contract=weighted)
    reading = one(model.readings(metrics=("estimated_accuracy",), **NOW))
    assert reading.value is None
    assert "weighted sample" in reading.note


def test_a_policy_judges_an_estimate_on_the_newest_window(frame: pd.DataFrame, tmp_path: Path) -> None:
    late = CONTRACT.replace('label = "label"', 'label = "label"\nlabeled_at = "at"')
    model = logged(frame.drop(columns="label"), tmp_path, POLICY, late)
    model.log_labels(frame[frame["place"] < REFERENCE].assign(at=lambda f: f["time"])[["id", "label", "at"]])
    model.rollup()
    findings = {finding.metric: finding for finding in model.findings()}
    accuracy = findings["estimated_accuracy"]
    assert (accuracy.since, accuracy.until) == tuple(d.isoformat() for d in NOW.values())
    assert accuracy.state == "within"
    assert accuracy.sentence.startswith("Estimated accuracy is 0.")
    assert findings["estimated_true_positive_rate_difference"].state in ("outside", "inconclusive", "within")


def test_the_track_record_sets_estimates_beside_what_came(model: Model, frame: pd.DataFrame) -> None:
    weeks = [Window(day(7 * k), day(7 * k + 7)) for k in range(DAYS // 7)]
    scope = model.scope(kinds=("performance",))
    found = track_record(model.source(), scope, weeks, "accuracy")
    assert list(found["since"]) == [str(week.since) for week in weeks if week.since >= day(REFERENCE)]
    for row in found.to_dict("records"):
        week = frame[(frame["time"] >= row["since"]) & (frame["time"] < row["until"])]
        assert row["realised"] == pytest.approx((week["label"] == week["decision"]).mean())
        assert row["inside"] == (row["low"] <= row["realised"] <= row["high"])
    by_sex = track_record(model.source(), replace(scope, attributes=("sex",)), weeks, "precision_difference")
    assert set(by_sex["group"]) == {"F"}
    none = track_record(model.source(), scope, weeks[:3], "accuracy")
    assert list(none.columns) == list(found.columns)
    assert none.empty


@pytest.mark.slow
def test_nine_in_ten_windows_fall_inside() -> None:
    """Forty logs of four weeks: 160 windows by each of two groups."""
    inside: list[bool] = []
    weeks = [Window(day(REFERENCE + 7 * k), day(REFERENCE + 7 * k + 7)) for k in range(4)]
    for seed in range(40):
        with TemporaryDirectory() as folder:
            model = logged(rows(seed), Path(folder))
            scope = model.scope(attributes=("sex",))
            for metric in ("true_positive_rate", "precision", "true_positive_rate_difference"):
                inside += list(track_record(model.source(), scope, weeks, metric)["inside"])
    assert len(inside) > 700
    assert 0.91 <= np.mean(inside) <= 0.985, np.mean(inside)


MULTICLASS = CONTRACT.replace('"binary"\npositive = "1"\nthreshold = 0.5', '"multiclass"').replace(
    'score = "score"\n', ""
).replace('label = "label"', 'label = "label"\n[columns.scores]\na = "pa"\nb = "pb"\nc = "pc"')  # fmt: skip


@pytest.fixture(scope="module")
def classes() -> pd.DataFrame:
    random, n = np.random.default_rng(3), 12_000
    given = random.dirichlet([1, 1.2, 0.8], n).round(2)
    meant = given**0.6 / (given**0.6).sum(axis=1, keepdims=True)
    frame = rows(4, n)
    names = np.array(["a", "b", "c"])
    frame["label"] = names[(meant.cumsum(axis=1) > random.random(n)[:, None]).argmax(axis=1)]
    frame["decision"] = names[given.argmax(axis=1)]
    return frame.drop(columns="score").assign(pa=given[:, 0], pb=given[:, 1], pc=given[:, 2])


def test_several_classes_are_estimated_from_each_class_against_the_rest(classes: pd.DataFrame, tmp_path: Path) -> None:
    model = logged(classes, tmp_path, contract=MULTICLASS)
    names = ("accuracy", "precision", "true_positive_rate", "f1_macro", "precision_weighted", "roc_auc_macro", "f1")
    found = model.readings(metrics=tuple(f"estimated_{name}" for name in names), **NOW)
    realised = {(r.metric, r.feature): r for r in model.readings(metrics=names, **NOW)}
    assert len(found) == len(realised) == 4 + 3 * 3
    inside = 0
    for reading in found:
        came = realised[reading.metric.removeprefix("estimated_"), reading.feature]
        assert reading.value == pytest.approx(came.value, abs=0.04), reading.metric
        inside += reading.low <= came.value <= reading.high
    assert inside >= len(found) - 1
    accuracy = one([reading for reading in found if reading.metric == "estimated_accuracy"])
    assert accuracy.denominator == (classes["place"] >= REFERENCE).sum()


def test_differences_of_accuracy_between_groups_of_several_classes(classes: pd.DataFrame, tmp_path: Path) -> None:
    model = logged(classes, tmp_path, contract=MULTICLASS)
    rates = {r.group: r.value for r in model.readings(metrics=("estimated_accuracy",), attributes=("sex",), **NOW)}
    gap = one(model.readings(metrics=("estimated_accuracy_difference",), attributes=("sex",), **NOW))
    assert gap.value == pytest.approx(rates["F"] - rates["M"])


def test_every_estimate_can_be_asked_for(model: Model) -> None:
    names = tuple(n for n, m in METRICS.items() if n.startswith("estimated_") and "binary" in m.tasks)
    found = model.readings(metrics=names, attributes=("sex",), **NOW)
    assert {reading.metric for reading in found} == set(names)
    assert all(reading.value is not None for reading in found), [r.note for r in found if r.value is None]
