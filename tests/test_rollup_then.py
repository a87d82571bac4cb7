"""As of a past day: the whole log, read as it was known then, says what a log that ends there says."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.errors import EvenhandError
from dashboard.workspace import Model, Workspace
from tests.worlds import START, Spec, delivered, draw, found

DAYS = 40
SPEC = Spec(seed=4, rows=3000, days=DAYS, without=frozenset())
POLICY = f"""version = "1"
[windows]
reference = {{ since = "{START}", until = "{START + timedelta(days=14)}" }}
every = "7d"
[[rule]]
metric = "accuracy"
min = 0.5
[[rule]]
metric = "true_positive_rate_difference"
attribute = "*"
between = [-0.5, 0.5]
"""
CONTRACT = SPEC.contract.replace("[columns]", '[columns]\nlabeled_at = "labeled_at"', 1)


def drawn() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns predictions, a third of them with their label and when it became known, and labels in files of their own.

    One label in ten of those is corrected some days later; some predictions have a label that came with them.
    """
    raw, random = draw(SPEC), np.random.default_rng(4)
    raw["labeled_at"] = raw["predicted_at"] + pd.to_timedelta(random.gamma(2.0, 60.0, len(raw)), unit="h")
    inside = random.random(len(raw)) < 0.33
    late = raw.loc[~inside & raw["label"].notna(), ["prediction_id", "label", "labeled_at"]]
    wrong = late.sample(frac=0.1, random_state=1)
    wrong = wrong.assign(label=1 - wrong["label"], labeled_at=wrong["labeled_at"] + pd.Timedelta(days=6))
    raw.loc[~inside, ["label", "labeled_at"]] = [np.nan, pd.NaT]
    raw.loc[inside & (random.random(len(raw)) < 0.3), "labeled_at"] = pd.NaT
    return raw, pd.concat([late, wrong])


def taken_in(folder: Path, raw: pd.DataFrame, labels: pd.DataFrame) -> Model:
    model = found(folder, CONTRACT, policy=POLICY)
    model.log(delivered(raw, SPEC))
    model.log_labels(labels)
    model.rollup()
    return model


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return taken_in(tmp_path_factory.mktemp("whole"), *drawn())


@pytest.mark.parametrize("days", [15, 23, 31])
def test_what_was_known_then_is_what_a_log_that_ends_there_says(whole: Model, tmp_path: Path, days: int) -> None:
    on = START + timedelta(days=days)
    raw, labels = drawn()
    then, unknown = raw[raw["day"] < on].copy(), raw["labeled_at"] >= pd.Timestamp(on)
    then.loc[unknown, ["label", "labeled_at"]] = [np.nan, pd.NaT]
    known = labels[(labels["labeled_at"] < pd.Timestamp(on)) & labels["prediction_id"].isin(then["prediction_id"])]
    less, past = taken_in(tmp_path, then, known), whole.as_of(on)
    assert past.extent() == less.extent()
    assert past.extent().complete_until < on
    names = ("sex", "age_band", "sex*age_band")
    for asked in ({}, {"attributes": names}, {"version": "*", "by": "week"}):
        assert past.readings(**asked) == less.readings(**asked)
    assert [one.as_dict() for one in past.findings()] == [one.as_dict() for one in less.findings()]


def test_as_of_a_day_on_which_all_was_known_nothing_differs(whole: Model) -> None:
    past = whole.as_of(START + timedelta(days=300))
    assert past.extent() == whole.extent()
    assert past.readings() == whole.readings()


def test_labels_that_say_nothing_were_known_when_they_arrived(tmp_path: Path) -> None:
    model = found(tmp_path, SPEC.contract)
    rows = delivered(draw(SPEC), SPEC)
    model.log(rows.drop(columns="label"))
    model.log_labels(rows.loc[rows["label"].notna(), ["prediction_id", "label"]])
    model.rollup()
    (never,) = model.as_of(START + timedelta(days=DAYS)).readings(metrics=("label_coverage",))
    assert (never.value, never.n) == (0, SPEC.rows)
    (now,) = model.as_of(date.today() + timedelta(days=2)).readings(metrics=("label_coverage",))
    assert now == model.readings(metrics=("label_coverage",))[0]


def test_nothing_of_it_is_left_behind(whole: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    past = whole.as_of(START + timedelta(days=20))
    assert past.readings(metrics=("count",))[0].until == (START + timedelta(days=20)).isoformat()
    with pytest.raises(EvenhandError, match=f"Nothing was known on {START}"):
        whole.as_of(START).readings()
    assert list(tmp_path.iterdir()) == []
    assert [file.suffix for file in whole.paths.rollup.iterdir() if file.suffix == ".duckdb"] == [".duckdb"]


def test_the_past_is_read_again_once_more_is_counted(tmp_path: Path) -> None:
    raw, labels = drawn()
    model = taken_in(tmp_path, raw, labels.iloc[:10])
    past = model.as_of(START + timedelta(days=30))
    (before,) = past.readings(metrics=("label_coverage",))
    model.log_labels(labels.iloc[10:])
    assert model.as_of(START + timedelta(days=30)).readings(metrics=("label_coverage",)) == [before]
    model.rollup()
    (after,) = model.as_of(START + timedelta(days=30)).readings(metrics=("label_coverage",))
    assert (after.numerator or 0) > (before.numerator or 0)


def test_a_contract_that_changed_since_must_be_counted_first(tmp_path: Path) -> None:
    model = taken_in(tmp_path, *drawn())
    changed = CONTRACT.replace("threshold = 0.5", "threshold = 0.4")
    assert changed != CONTRACT
    model.paths.contract.write_text(changed, encoding="utf-8")
    with pytest.raises(EvenhandError, match=r"contract of 'triage' changed.*evenhand rollup triage"):
        Workspace(tmp_path).model("triage").as_of(START + timedelta(days=20)).extent()
