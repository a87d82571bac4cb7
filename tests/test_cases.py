"""Cases of the log against the raw rows: filters keep what they say, and one case shows all that was delivered."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.cases import Filters
from dashboard.workspace import Model, Workspace
from tests.worlds import GROUPS, START, Spec, World, build, delivered, draw, found

EVER = (START, START + timedelta(days=60))
OUTCOMES = {"true positive": (1, 1), "false positive": (0, 1), "false negative": (1, 0), "true negative": (0, 0)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=3, rows=800, days=20, labels="late", without=frozenset()), tmp_path_factory.mktemp("world"))


def ids(model: Model, limit: int = 10_000, **filters: object) -> list[str]:
    return [case["id"] for case in model.cases(Filters(*EVER, **filters), limit)]  # type: ignore[arg-type]


def outcome(frame: pd.DataFrame) -> pd.Series:
    named = pd.Series("no label yet", frame.index)
    for name, (label, said) in OUTCOMES.items():
        named[(frame["label"] == label) & (frame["said"] == said)] = name
    return named


def test_every_outcome_is_that_of_the_raw_row(world: World) -> None:
    expected = dict(zip(world.frame["prediction_id"], outcome(world.frame), strict=True))
    shown = world.model.cases(Filters(*EVER), 10_000)
    assert {case["id"]: case["outcome"] for case in shown} == expected
    for name in {*expected.values()}:
        assert set(ids(world.model, outcome=name)) == {key for key, value in expected.items() if value == name}
    wrong = {key for key, value in expected.items() if value.startswith("false")}
    assert set(ids(world.model, outcome="wrong")) == wrong
    right = {key for key, value in expected.items() if value.startswith("true")}
    assert set(ids(world.model, outcome="right")) == right


def test_outcomes_add_up_to_the_readings(world: World) -> None:
    named = {r.metric: r for r in world.model.readings(metrics=("true_positive_rate", "false_positive_rate"))}
    assert len(ids(world.model, outcome="true positive")) == named["true_positive_rate"].numerator
    assert len(ids(world.model, outcome="false positive")) == named["false_positive_rate"].numerator


@pytest.mark.parametrize("attribute", [*GROUPS])
def test_a_group_holds_the_cases_that_its_readings_count(world: World, attribute: str) -> None:
    counts = {r.group: r.value for r in world.model.readings(metrics=("count",), attributes=(attribute,))}
    for group, rows in world.frame.groupby(GROUPS[attribute]):
        kept = ids(world.model, attribute=attribute, group=group)
        assert set(kept) == set(rows["prediction_id"])
        assert len(kept) == counts[group]


def test_filters_hold_together(world: World) -> None:
    frame = world.frame
    kept = frame[
        (frame["model_version"] == "v2")
        & (frame["score"] >= 0.4)
        & (frame["score"] <= 1)
        & (frame["sex"] == "F")
        & (frame["day"] >= START + timedelta(days=4))
        & (frame["day"] < START + timedelta(days=15))
        & (outcome(frame) == "false positive")
    ]
    asked = Filters(
        START + timedelta(days=4),
        START + timedelta(days=15),
        version="v2",
        outcome="false positive",
        attribute="sex",
        group="F",
        score_from=0.4,
        score_to=1.0,
    )
    assert len(kept)
    assert {case["id"] for case in world.model.cases(asked)} == set(kept["prediction_id"])


def test_cases_come_newest_first_up_to_the_limit(world: World) -> None:
    newest = world.frame.sort_values(["predicted_at", "prediction_id"], ascending=[False, True])["prediction_id"]
    assert ids(world.model, limit=150) == [*newest[:150]]
    assert ids(world.model) == [*newest]


def test_a_window_without_data_has_no_cases(world: World) -> None:
    assert world.model.cases(Filters(date(2030, 1, 1), date(2030, 2, 1))) == []
    assert ids(world.model, id="nobody") == []


def test_one_case_shows_everything_that_was_delivered(world: World) -> None:
    for _, row in world.frame.sample(5, random_state=1).iterrows():
        case = world.model.case(row["day"], row["model_version"], row["prediction_id"])
        assert case is not None
        assert case["time"] == row["predicted_at"]
        assert case["score"] == row["score"]
        assert (case["sex"], case["age_band"]) == (row["sex_group"], row["age_group"])
        assert case["outcome"] == outcome(world.frame)[row.name]
        assert case["subject"] == row["patient_id"]
        for feature in ("lactate", "age", "ward", "sex"):
            delivered_value = None if pd.isna(row[feature]) else row[feature]
            assert case["inputs"][feature] == delivered_value


def test_a_case_that_is_not_there_is_none(world: World) -> None:
    row = world.frame.iloc[0]
    assert world.model.case(row["day"], "v9", row["prediction_id"]) is None
    assert world.model.case(row["day"], row["model_version"], "nobody") is None
    assert world.model.case(date(2031, 1, 1), row["model_version"], row["prediction_id"]) is None


def test_one_case_of_two_versions_is_two_cases(tmp_path: Path) -> None:
    one = delivered(draw(Spec()), Spec()).head(20).assign(model_version="v1", score=0.9, decision=np.nan)
    model = found(tmp_path, Spec().contract)
    model.log(pd.concat([one, one.assign(model_version="v2", score=0.1)]))
    day = one["predicted_at"].iloc[0].date()
    cases = [model.case(day, version, one["prediction_id"].iloc[0]) for version in ("v1", "v2")]
    assert [case["decision"] for case in cases if case] == [1, 0]
    assert len(model.cases(Filters(*EVER, id="p0"))) == 2


def test_names_with_quotes_and_stars_are_names(tmp_path: Path) -> None:
    odd = 'O\'Neil "*" -- ;'
    raw = draw(Spec())
    raw.loc[::2, "sex"] = odd
    raw.loc[::3, "prediction_id"] = [f"it's {k}" for k in range(len(raw.loc[::3]))]
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()))
    model.rollup()
    group = odd.replace("*", "\\*")
    (count,) = (r for r in model.readings(metrics=("count",), attributes=("sex",)) if r.group == group)
    assert count.value == (raw["sex"] == odd).sum() == len(ids(model, attribute="sex", group=group))
    assert ids(model, id="it's 0") == ["it's 0"]
    crossed = [r for r in model.readings(metrics=("count",), attributes=("sex*age_band",)) if group in str(r.group)]
    assert sum(r.value or 0 for r in crossed) == count.value
    for reading in crossed:
        assert len(ids(model, attribute="sex*age_band", group=reading.group)) == reading.value


def test_cases_need_no_rollup(tmp_path: Path) -> None:
    model = found(tmp_path, Spec().contract)
    assert model.cases(Filters(*EVER)) == []
    model.log(delivered(draw(Spec()), Spec()))
    assert len(model.cases(Filters(*EVER), 5)) == 5


def test_a_regression_has_labelled_cases_and_no_right_ones(tmp_path: Path) -> None:
    text = (
        '[model]\nname = "days"\ntask = "regression"\n[columns]\ntime = "at_time"\nscore = "score"\nlabel = "label"\n'
    )
    folder = tmp_path / "models" / "days"
    folder.mkdir(parents=True)
    (folder / "contract.toml").write_text(text)
    model = Workspace(tmp_path).model("days")
    times = pd.date_range(pd.Timestamp(START), periods=4, freq="h")
    model.log(pd.DataFrame({"at_time": times, "score": [1.5, 2.0, -3.0, 4.0], "label": [1.0, None, -2.5, 4.5]}))
    assert len(ids(model, outcome="labelled")) == 3
    assert ids(model, outcome="wrong") == []
