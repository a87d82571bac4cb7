"""Versions side by side, from the log to the reading, against the raw rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from dashboard import policy as policies
from dashboard.errors import EvenhandError
from dashboard.metrics.pairs import PairedDifference
from dashboard.report import Reading
from dashboard.workspace import Model
from tests.two_versions import CONTRACT, cases, model_of, two
from tests.worlds import found


@pytest.fixture(scope="module")
def both() -> tuple[pd.DataFrame, pd.DataFrame]:
    return two()


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory, both: tuple[pd.DataFrame, pd.DataFrame]) -> Model:
    return model_of(tmp_path_factory.mktemp("paired"), *both, more='[versions]\nshadow = ["v2"]')


def one(readings: list[Reading], metric: str, group: str | None = None) -> Reading:
    (chosen,) = [r for r in readings if r.metric == metric + "_version_difference" and r.group == group]
    return chosen


def raw(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Returns a row for each labelled case that both scored."""
    together = first.merge(second[["id", "score"]], on="id", suffixes=("_1", "_2"))
    return together[together["label"].notna()].assign(
        one=lambda f: (f["score_1"] >= 0.5).astype(int), two=lambda f: (f["score_2"] >= 0.5).astype(int)
    )


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("attribute", [None, "sex", "sex*site"])
def test_paired_differences_are_those_of_the_raw_rows(
    paired: Model, both: tuple[pd.DataFrame, pd.DataFrame], attribute: str | None, swapped: bool
) -> None:
    rows, names = raw(*both), ("v1", "v2")
    if swapped:
        rows = rows.rename(columns={"one": "two", "two": "one", "score_1": "score_2", "score_2": "score_1"})
        names = ("v2", "v1")
    readings = paired.versus(*names, attributes=(attribute,) if attribute else ())
    both_sites = rows["sex"] + "*" + rows["site"].fillna("unknown")
    by = {None: pd.Series("", rows.index), "sex": rows["sex"], "sex*site": both_sites}[attribute]
    for group, part in rows.groupby(by):
        of = {name: one(readings, name, str(group) or None) for name in ("accuracy", "true_positive_rate", "precision")}
        of |= {name: one(readings, name, str(group) or None) for name in ("roc_auc", "f1", "selection_rate")}
        ill = part["label"]
        assert of["accuracy"].value == pytest.approx((part["two"] == ill).mean() - (part["one"] == ill).mean())
        assert of["precision"].value == pytest.approx(
            sk.precision_score(ill, part["two"]) - sk.precision_score(ill, part["one"])
        )
        assert of["f1"].value == pytest.approx(sk.f1_score(ill, part["two"]) - sk.f1_score(ill, part["one"]))
        assert of["roc_auc"].value == pytest.approx(
            sk.roc_auc_score(ill, part["score_2"]) - sk.roc_auc_score(ill, part["score_1"])
        )
        positive = part[ill == 1]
        table = pd.crosstab(positive["two"], positive["one"]).reindex(index=[1, 0], columns=[1, 0], fill_value=0)
        expected = PairedDifference(table.loc[1, 1], table.loc[1, 0], table.loc[0, 1], table.loc[0, 0])
        assert of["true_positive_rate"].value == pytest.approx(expected.value)
        assert (of["true_positive_rate"].low, of["true_positive_rate"].high) == pytest.approx(expected.interval())
        assert of["true_positive_rate"].n == len(positive)
        for reading in of.values():
            assert "paired" in reading.method
            assert (reading.version, reading.reference) == (names[1], names[0])
            assert f"{reading.n:,} cases that both scored" in reading.note


def delong_error(label: pd.Series, first: pd.Series, second: pd.Series) -> float:
    placed: list[list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = [[], []]
    for score in (first, second):
        above = score[label == 1].to_numpy()[:, None] - score[label == 0].to_numpy()[None, :]
        wins = (above > 0) + (above == 0) / 2
        placed[0].append(wins.mean(axis=1))
        placed[1].append(wins.mean(axis=0))
    matrix = sum(np.cov(each) / len(each[0]) for each in placed)
    return float(np.sqrt(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]))  # type: ignore[index]


def test_the_area_is_as_sure_as_paired_delong_on_the_raw_rows(
    paired: Model, both: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    rows = raw(*both)
    reading = one(paired.versus("v1", "v2"), "roc_auc")
    width = 2 * 1.959964 * delong_error(rows["label"], rows["score_1"], rows["score_2"])
    assert reading.high - reading.low == pytest.approx(width, rel=0.03)  # type: ignore[operator]
    assert "paired DeLong" in reading.note


def test_versions_on_days_of_their_own_are_two_samples_and_say_so(
    tmp_path: Path, both: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    later = both[1].assign(id="x" + both[1]["id"], time=both[1]["time"] + pd.Timedelta(days=30))
    model = model_of(tmp_path, both[0], later)
    readings = model.versus("v1", "v2")
    apart = one(readings, "accuracy")
    assert apart.method == "MOVER, Wilson and Jeffreys"
    assert "unpaired" in apart.note
    assert "not on the same days" in apart.note
    own = {r.version: r for r in model.readings(metrics=("accuracy",), version="*")}
    assert apart.value == pytest.approx(own["v2"].value - own["v1"].value)  # type: ignore[operator]
    area = one(readings, "roc_auc")
    assert area.method == "MOVER"
    assert area.low < area.value < area.high  # type: ignore[operator]


def test_pairs_are_surer_than_two_samples(
    tmp_path: Path, paired: Model, both: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    apart = model_of(tmp_path, both[0], both[1].assign(id="x" + both[1]["id"]))
    assert "days" not in one(apart.versus("v1", "v2"), "accuracy").note
    for metric in ("accuracy", "true_positive_rate", "precision", "f1", "roc_auc", "negative_predictive_value"):
        close, wide = (one(model.versus("v1", "v2"), metric) for model in (paired, apart))
        assert close.value == pytest.approx(wide.value)
        assert close.high - close.low < 0.95 * (wide.high - wide.low)  # type: ignore[operator]


def test_a_version_that_scored_some_of_the_cases_is_compared_on_those(
    tmp_path: Path, both: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    some = both[1].sample(1500, random_state=4)
    model = model_of(tmp_path, both[0], some)
    rows = raw(both[0], some)
    readings = model.versus("v1", "v2")
    accuracy = one(readings, "accuracy")
    assert accuracy.value == pytest.approx(
        (rows["two"] == rows["label"]).mean() - (rows["one"] == rows["label"]).mean()
    )
    assert f"the {len(rows):,} cases that both scored, of 2," in accuracy.note
    area = one(readings, "roc_auc")
    expected = sk.roc_auc_score(rows["label"], rows["score_2"]) - sk.roc_auc_score(rows["label"], rows["score_1"])
    assert area.value == pytest.approx(expected, abs=2e-3)
    few = model_of(
        tmp_path / "few",
        both[0],
        pd.concat([both[1][:300], both[1][300:1500].assign(id=[f"y{i}" for i in range(1200)])]),
    )
    assert "unpaired" in one(few.versus("v1", "v2"), "accuracy").note


def test_subjects_and_weights_change_what_pairs_are_worth(
    tmp_path: Path, paired: Model, both: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    grouped = [rows.assign(patient=[f"p{i // 40}" for i in range(len(rows))]) for rows in both]
    clustered = model_of(tmp_path / "s", *grouped, columns='subject = "patient"')
    plain, wide = (one(model.versus("v1", "v2"), "accuracy") for model in (paired, clustered))
    assert plain.value == wide.value
    assert wide.high - wide.low >= plain.high - plain.low  # type: ignore[operator]
    weighted = model_of(tmp_path / "w", *both, columns='weight = "weight"')
    assert "unpaired" in one(weighted.versus("v1", "v2"), "accuracy").note


def test_a_version_without_cases_here_is_said(
    paired: Model, tmp_path: Path, both: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    model = model_of(tmp_path, both[0], both[1][both[1]["sex"] == "F"])
    reading = one(model.versus("v1", "v2", attributes=("sex",)), "accuracy", "M")
    assert (reading.value, reading.low) == (None, None)
    assert "cannot be computed" in reading.note
    with pytest.raises(EvenhandError, match="no version 'v3'"):
        model.versus("v3", "v2")
    with pytest.raises(EvenhandError, match="not the same"):
        model.versus("v2", "v2")
    with pytest.raises(EvenhandError, match=r"not compared by 'acuracy'.*'accuracy'"):
        model.versus("v1", "v2", metrics=("acuracy",))


def test_versions_by_week_are_the_rows_of_each_week(paired: Model, both: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows = raw(*both)
    week = rows["time"].dt.to_period("W").dt.start_time.dt.date
    readings = paired.versus("v1", "v2", metrics=("accuracy",), by="week")
    assert len(readings) == 2
    for reading in readings:
        part = rows[week == date.fromisoformat(reading.since)]
        assert reading.n == len(part)
        assert reading.value == pytest.approx(
            (part["two"] == part["label"]).mean() - (part["one"] == part["label"]).mean()
        )


def test_a_multiclass_model_is_compared_by_pairs(tmp_path: Path) -> None:
    rows = cases(8, 900)
    random = np.random.default_rng(4)
    rows["label"] = random.choice(["a", "b", "c"], len(rows))
    parts = [
        rows.assign(version=v, said=np.where(random.random(len(rows)) < skill, rows["label"], "a"))
        for v, skill in (("v1", 0.4), ("v2", 0.6))
    ]
    text = CONTRACT.format(columns='decision = "said"', more="").replace('score = "score"', "")
    model = found(tmp_path, text.replace('task = "binary"\npositive = "1"', 'task = "multiclass"'))
    model.log(pd.concat(parts).drop(columns="ill"))
    model.rollup()
    (reading,) = model.versus("v1", "v2")
    right = [(part["said"] == part["label"]).to_numpy() for part in parts]
    expected = PairedDifference(
        int((right[0] & right[1]).sum()), int((~right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum()),
        int((~right[0] & ~right[1]).sum()),
    )  # fmt: skip
    assert (reading.value, reading.low, reading.high) == pytest.approx((expected.value, *expected.interval()))


def test_a_regression_is_compared_by_its_errors(tmp_path: Path) -> None:
    rows = cases(9, 600)
    random = np.random.default_rng(4)
    rows["label"] = random.normal(10, 3, len(rows))
    parts = [
        rows.assign(version=v, score=rows["label"] + random.normal(0, s, len(rows))) for v, s in (("v1", 2), ("v2", 1))
    ]
    text = CONTRACT.format(columns="", more="").replace('task = "binary"\npositive = "1"', 'task = "regression"')
    model = found(tmp_path, text)
    model.log(pd.concat(parts).drop(columns="ill"))
    model.rollup()
    reading = one(model.versus("v1", "v2"), "mean_absolute_error")
    errors = [(part["score"] - part["label"]).abs().mean() for part in parts]
    assert reading.value == pytest.approx(errors[1] - errors[0], abs=1e-5)
    assert reading.high < 0  # type: ignore[operator]
    assert "unpaired" in reading.note


RULES = """version = "1"
[[rule]]
metric = "accuracy_version_difference"
version = "v2"
versus = "v1"
min = -0.02
[[rule]]
metric = "true_positive_rate_version_difference"
attribute = "sex"
version = "v2"
versus = "v1"
min = -0.05
[[rule]]
metric = "roc_auc_version_difference"
version = "v1"
versus = "v2"
min = -0.001
"""


def test_a_policy_rules_that_a_new_version_is_not_worse(
    tmp_path: Path, both: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    model = found(tmp_path, CONTRACT.format(columns="", more='[versions]\nshadow = ["v2"]'), policy=RULES)
    model.log(pd.concat(both, ignore_index=True).drop(columns="ill"))
    model.rollup()
    told = {(f.metric, f.group): f for f in model.findings()}
    assert [told["true_positive_rate_version_difference", group].state for group in "FM"] == ["within", "within"]
    worse = told["roc_auc_version_difference", None]
    assert (worse.state, worse.version, worse.reference) == ("outside", "v1", "v2")
    assert worse.sentence.startswith("Area under the ROC curve of v1 minus that of v2 is -0.")
    accuracy = told["accuracy_version_difference", None]
    assert accuracy.sentence.startswith("Accuracy of v2 minus that of v1 is ")
    assert "points" in accuracy.sentence
    assert "minimum of -2" in accuracy.sentence


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('metric = "accuracy_version_difference"\nversion = "v2"', "compares two versions"),
        ('metric = "accuracy_version_difference"\nversion = "v2"\nversus = "v2"', "compares two versions"),
        ('metric = "accuracy"\nversus = "v1"', "compares no versions"),
    ],
)
def test_a_rule_that_does_not_name_two_versions_is_refused(rule: str, said: str) -> None:
    with pytest.raises(EvenhandError, match=said):
        policies.parse(f'version = "1"\n[[rule]]\n{rule}\nmin = 0\n', "policy.toml")


def test_a_policy_that_compares_no_versions_keeps_its_digest() -> None:
    plain = policies.parse('version = "1"\n[[rule]]\nmetric = "accuracy"\nmin = 0.8\n', "policy.toml")
    assert plain.digest == "9ebdd8787b5a5029bcab97f066861eb09cd725ef3b379c7916dad1e7cd48d916"
