"""A feature that varied and has one value since is told, dated; what chance or a coarse bin brings is not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.report import stuck as module
from dashboard.report.stuck import Stuck
from dashboard.workspace import Model, Workspace
from tests.worlds import START, Spec, delivered, draw, found

SPEC = Spec(seed=5, rows=3000, days=60)
POLICY = f"""version = "1"
[windows]
reference = {{ since = "{START}", until = "{START + timedelta(days=28)}" }}
every = "28d"
[[rule]]
metric = "accuracy"
min = 0.1
"""
SINCE, LAST = START + timedelta(days=40), START + timedelta(days=59)


def counted(folder: Path, **moved: tuple[date, date, object]) -> Model:
    """Returns a model whose features have one value from a day until before another."""
    rows = draw(SPEC)
    days = pd.to_datetime(rows["predicted_at"]).dt.date
    for name, (since, until, value) in moved.items():
        here = (days >= since) & (days < until) & rows[name].notna()
        rows[name] = rows[name].mask(here, value)
    model = found(folder, SPEC.contract, policy=POLICY)
    model.log(delivered(rows, SPEC))
    model.rollup()
    return model


def rows_from(model: Model, name: str, since: date, until: date) -> int:
    frame = draw(SPEC)
    days = pd.to_datetime(frame["predicted_at"]).dt.date
    return int(frame.loc[(days >= since) & (days < until), name].notna().sum())


def test_nothing_is_stuck_where_values_vary(tmp_path: Path) -> None:
    assert counted(tmp_path).stuck() == []


def test_a_number_and_a_category_that_stay_are_told_with_their_days(tmp_path: Path) -> None:
    after = LAST + timedelta(days=1)
    model = counted(tmp_path, lactate=(SINCE, after, 2.5), ward=(SINCE, SINCE + timedelta(days=4), "A"))
    lactate, ward = model.stuck()
    assert lactate == Stuck("lactate", "2.5", SINCE, None, rows_from(model, "lactate", SINCE, after))
    assert (ward.value, ward.since, ward.until) == ("A", SINCE, SINCE + timedelta(days=4))
    assert "since 5 March; before, it varied" in lactate.sentence
    told = {event.feature: event for event in model.events() if event.series == "constant"}
    assert (told["lactate"].kind, told["ward"].kind) == ("change", "anomaly")
    assert model.as_of(SINCE).stuck() == []
    assert [one.until for one in model.as_of(SINCE + timedelta(days=3)).stuck()] == [None, None]


def test_one_bin_alone_is_not_one_value(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = draw(SPEC)
    days = pd.to_datetime(rows["predicted_at"]).dt.date
    here = (days >= SINCE) & rows["lactate"].notna()
    rows["lactate"] = rows["lactate"].mask(here, 2.5 + rng.uniform(0, 1e-6, len(rows)))
    model = found(tmp_path, SPEC.contract, policy=POLICY)
    model.log(delivered(rows, SPEC))
    model.rollup()
    assert model.stuck() == []


def test_a_value_that_was_nearly_always_there_is_not_stuck(tmp_path: Path) -> None:
    rows = draw(SPEC)
    rows["ward"] = np.where(np.arange(len(rows)) % 400 == 0, "B", "A")
    rows["ward"] = rows["ward"].mask(pd.to_datetime(rows["predicted_at"]).dt.date >= SINCE, "A")
    model = found(tmp_path, SPEC.contract, policy=POLICY)
    model.log(delivered(rows, SPEC))
    model.rollup()
    assert model.stuck() == []


def test_the_log_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = counted(tmp_path, lactate=(SINCE, LAST + timedelta(days=1), 2.5))
    before = model.stuck()

    def never(*asked: object) -> None:
        raise AssertionError("the log is read once")

    monkeypatch.setattr(module, "_values", never)
    assert Workspace(tmp_path).model("triage").stuck() == before
