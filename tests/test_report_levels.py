"""Levels of inputs and of how good a model is: what is planted is found on its day, quiet inputs stay quiet."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from dashboard.metrics.histograms import Categories, Histogram
from dashboard.report.anomalies import Found as Stretch
from dashboard.report.anomalies import _begun_as
from dashboard.report.anomaly_words import Shift
from dashboard.report.events import Event
from dashboard.report.levels import _chains, _numbers, _shares
from dashboard.workspace import Model
from tests.worlds import found

CONTRACT = """
[model]
name = "triage"
task = "binary"
positive = "1"
[columns]
id = "id"
time = "time"
score = "score"
decision = "decision"
label = "label"
[features.income]
kind = "numeric"
[features.age]
kind = "numeric"
[features.quiet]
kind = "numeric"
[features.ward]
kind = "categorical"
"""
DAYS, A_DAY, CHANGED, NEW = 200, 120, 130, 150
START = pd.Timestamp("2025-09-01")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Returns 200 days, through a new year: incomes are others and accuracy falls one day, age creeps, a ward opens."""
    random = np.random.default_rng(5)
    day = np.repeat(np.arange(DAYS), A_DAY)
    n, later = len(day), day >= CHANGED
    label = random.integers(0, 2, n)
    right = random.random(n) < np.where(later, 0.8, 0.92)
    decision = np.where(right, label, 1 - label)
    opened = (day >= NEW) & (random.random(n) < 0.04)
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in range(n)],
            "time": START + pd.to_timedelta(day * 86_400 + random.integers(0, 86_400, n), unit="s"),
            "score": np.where(decision == 1, 0.8, 0.2),
            "decision": decision,
            "label": label,
            "income": np.exp(random.normal(np.where(later, 10.5, 10), np.where(later, 0.9, 0.4))),
            "age": random.normal(50, 10, n) + np.clip(day - 20, 0, 150) * 0.1,
            "quiet": random.normal(0, 1, n),
            "ward": np.where(opened, "new", random.choice(["a", "b"], n)),
            "day": day,
        }
    )


@pytest.fixture(scope="module")
def model(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Model:
    made = found(tmp_path_factory.mktemp("levels"), CONTRACT)
    made.log(rows.drop(columns="day"))
    made.rollup()
    return made


def of(model: Model, series: str) -> dict[str | None, Event]:
    return {event.feature: event for event in model.events() if event.series == series}


def test_inputs_are_told_with_their_day_and_their_medians(model: Model, rows: pd.DataFrame) -> None:
    income = of(model, "input")["income"]
    assert income.since == datetime.combine(START.date() + timedelta(days=CHANGED), datetime.min.time())
    sides = rows.groupby(rows["day"] >= CHANGED)["income"].median()
    assert (income.usual, income.value) == pytest.approx((sides[False], sides[True]), rel=0.01)
    assert "quiet" not in of(model, "input")


def test_what_creeps_is_one_event_from_when_to_when(model: Model) -> None:
    age = of(model, "input")["age"]
    assert age.until is not None
    assert age.until - age.since > timedelta(days=60)
    assert age.sentence.endswith("little by little.")


def test_a_category_that_never_came_is_told(model: Model, rows: pd.DataFrame) -> None:
    ward = of(model, "input")["ward"]
    assert ward.since.date() == START.date() + timedelta(days=NEW)
    share = (rows.loc[rows["day"] >= NEW, "ward"] == "new").mean()
    assert ward.value == pytest.approx(share)
    assert "has a value that never came before: new" in ward.sentence


def test_accuracy_is_told_with_its_interval(model: Model, rows: pd.DataFrame) -> None:
    event = of(model, "performance")[None]
    assert abs((event.since.date() - START.date()).days - CHANGED) <= 2
    place = (event.since.date() - START.date()).days
    late, early = rows[rows["day"] >= place], rows[rows["day"] < place]
    now, before = (accuracy_score(side["label"], side["decision"]) for side in (late, early))
    assert (event.value, event.usual) == pytest.approx((now, before))
    assert f"the accuracy is {now:.3f} (" in event.sentence


def test_a_log_over_two_years_says_which(model: Model) -> None:
    assert "Since 9 January 2026 the median of income" in of(model, "input")["income"].sentence
    assert not [event for event in model.events() if event.kind == "version"]  # the log names none


def test_quiet_inputs_stay_quiet() -> None:
    random, told = np.random.default_rng(11), 0
    for _ in range(60):
        drawn = random.multinomial(60, [0.05] * 20, size=180)
        told += len(_numbers({day: Histogram.of(n, n * 1.0) for day, n in enumerate(drawn)}, 180))
        shares = random.multinomial(60, [0.4, 0.3, 0.2, 0.1], size=180)
        days = {day: Categories(dict(zip("abcd", n.tolist(), strict=True))) for day, n in enumerate(shares)}
        told += len(list(_chains(_shares(days, 180))))
    assert told <= 2


@pytest.mark.parametrize(
    ("value", "days_later", "same"), [(0.23, 14, True), (0.30, 30, True), (0.40, 30, False), (0.23, 60, False)]
)
def test_after_a_change_only_what_lies_further_off_is_an_anomaly(value: float, days_later: int, same: bool) -> None:
    at = datetime(2026, 3, 31)
    shift = Shift("missing", "ward", at, at, at, 0.10, 0.22)
    since = at + timedelta(days=days_later)
    assert _begun_as(shift, Stretch("missing", "ward", since, since + timedelta(days=1), 1, value, 0.1)) is same


def test_nothing_is_told_of_a_log_of_few_days(tmp_path: Path, rows: pd.DataFrame) -> None:
    made = found(tmp_path, CONTRACT)
    made.log(rows[rows["day"] < 5].drop(columns="day"))
    made.rollup()
    assert made.extent().first == date(2025, 9, 1)
    assert not of(made, "input")


def test_shares_before_and_after_are_those_of_all_rows(model: Model, rows: pd.DataFrame) -> None:
    """Of a small share the middle day is not the mean: 4 of 120 rows are told as 4, not as the median day's."""
    random = np.random.default_rng(3)
    missing = rows.assign(quiet=rows["quiet"].mask(random.random(len(rows)) < np.where(rows["day"] < 100, 0.004, 0.04)))
    made = found(model.paths.root.parent.parent.parent / "missing", CONTRACT)
    made.log(missing.drop(columns="day"))
    made.rollup()
    event = of(made, "missing")["quiet"]
    place = (event.since.date() - START.date()).days
    assert abs(place - 100) <= 2
    early, late = missing[missing["day"] < place]["quiet"], missing[missing["day"] >= place]["quiet"]
    assert (event.usual, event.value) == pytest.approx((early.isna().mean(), late.isna().mean()))
