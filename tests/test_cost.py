"""What 1,000 answers cost: as logged, against pandas on the raw rows; what is turned away, guessed, said."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from scipy import stats

from dashboard import contract as contracts
from dashboard import ingest
from dashboard.metrics import energy
from dashboard.report import Reading
from tests.test_odd_models import opened
from tests.worlds import Spec, World, delivered, draw, found, rows_of

SPEC = Spec(seed=8, rows=2500, days=20)
COST = ("cost_per_1000",)
COLUMNS = '[columns]\ncost = "price"\nendpoint = "route"'
STATED = '[service]\ncost_per_1000 = 0.4\ncost_unit = "EUR"\n'


def priced() -> pd.DataFrame:
    """Returns rows of which one in ten has no cost; v2 and /batch cost more."""
    random, raw = np.random.default_rng(3), draw(SPEC)
    raw["route"] = random.choice(np.array(["/predict", "/batch", None], dtype=object), len(raw))
    dear = np.where(raw["model_version"] == "v2", 2.0, 1.0) * np.where(raw["route"] == "/batch", 3.0, 1.0)
    raw["price"] = np.where(random.random(len(raw)) < 0.1, np.nan, dear * random.gamma(2, 0.0004, len(raw)))
    return raw


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    raw = priced()
    model = found(tmp_path_factory.mktemp("cost"), SPEC.contract.replace("[columns]", COLUMNS) + STATED)
    half = len(raw) // 2
    for rows in (raw[:half], raw[half:]):
        model.log(delivered(rows, SPEC))
        model.rollup()
    return World(SPEC, raw, model)


def check(reading: Reading, rows: pd.DataFrame) -> None:
    known = rows.dropna(subset="price")
    mean = 1000 * known["price"].mean()
    hours = known.groupby(known["predicted_at"].dt.floor("h"))["price"].agg(["size", "sum"])
    residual = 1000 * hours["sum"] - mean * hours["size"]
    error = np.sqrt((residual**2).sum() * len(hours) / (len(hours) - 1)) / len(known)
    reach = stats.t.ppf(0.975, len(hours) - 1) * error
    assert reading.n == len(known)
    assert reading.value == pytest.approx(mean, rel=1e-4)
    assert reading.low == pytest.approx(max(mean - reach, 0), rel=1e-3)
    assert reading.high == pytest.approx(mean + reach, rel=1e-3)
    assert reading.note == "EUR; logged with each answer"


@pytest.mark.parametrize("version", [None, "*"])
@pytest.mark.parametrize("by", [None, "week"])
def test_a_logged_cost_is_the_mean_of_the_raw_rows_and_goes_before_the_stated_one(
    world: World, version: str | None, by: str | None
) -> None:
    readings = world.model.readings(metrics=COST, version=version, by=by)
    assert len(readings) >= (2 if version or by else 1)
    for reading in readings:
        check(reading, rows_of(world.frame, reading))


@pytest.mark.parametrize("column", ["endpoint", "status"])
def test_each_endpoint_and_status_costs_what_its_own_rows_cost(world: World, column: str) -> None:
    parts = world.frame["route" if column == "endpoint" else "status"].fillna("unknown")
    readings = world.model.readings(metrics=COST, features=(f"{column}=*",))
    assert {str(r.feature) for r in readings} == {f"{column}={name}" for name in parts.unique()}
    for reading in readings:
        check(reading, world.frame[parts == str(reading.feature).partition("=")[2]])


def test_merging_days_equals_counting_once(world: World) -> None:
    days = world.model.readings(metrics=COST, by="day")
    (whole,) = world.model.readings(metrics=COST)
    assert sum(day.n for day in days) == whole.n
    assert sum(day.numerator or 0 for day in days) == pytest.approx(whole.numerator)


def test_what_cannot_be_a_cost_is_turned_away_with_its_reason(tmp_path: Path) -> None:
    raw = priced()[:50].assign(price=0.01).astype({"price": object})
    raw.loc[raw.index[:3], "price"] = [-1.0, np.inf, None]
    model = found(tmp_path, SPEC.contract.replace("[columns]", COLUMNS))
    receipt = model.log(delivered(raw, SPEC))
    assert receipt.accepted == 48
    assert dict(receipt.reasons) == {"cost is negative": 1, "cost is infinite": 1}


def test_a_log_without_the_column_is_counted_and_has_no_cost(tmp_path: Path) -> None:
    model = found(tmp_path, SPEC.contract.replace("[columns]", COLUMNS))
    model.log(delivered(priced()[:300].drop(columns="price"), SPEC))
    model.rollup()
    (reading,) = model.readings(metrics=COST)
    assert (reading.value, reading.note) == (None, "cannot be computed: no answer with a logged cost")


def test_log_files_from_before_there_was_such_a_role_are_counted(tmp_path: Path) -> None:
    model = found(tmp_path, SPEC.contract.replace("[columns]", COLUMNS))
    model.log(delivered(priced()[:300], SPEC))
    for file in model.paths.log.rglob("*.parquet"):
        rows = pd.read_parquet(file)
        if "cost" in rows:
            rows.drop(columns="cost").to_parquet(file, index=False)
    model.rollup()
    (reading,) = model.readings(metrics=COST)
    assert reading.value is None


@pytest.mark.parametrize("name", ["cost", "cost_usd", "price"])
def test_init_recognises_a_cost(tmp_path: Path, name: str) -> None:
    delivered(priced().rename(columns={"price": name}), SPEC).to_parquet(tmp_path / "rows.parquet")
    proposal = ingest.propose(tmp_path / "rows.parquet", "triage")
    assert proposal.contract.columns["cost"] == name
    assert contracts.parse(contracts.render(proposal.contract), "here") == proposal.contract
    assert name not in {feature.name for feature in proposal.contract.features}


def test_one_hour_has_no_interval_and_none_no_value() -> None:
    assert energy.logged_cost_per_1000([5], [0.1]).interval() == (None, None)
    assert energy.logged_cost_per_1000([], []).value is None


def test_the_page_says_which_of_the_two_costs_it_shows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_data.clear()
    _, told = opened(world.model.settings.workspace, "service", monkeypatch, view="Energy and cost")
    assert "logged with each answer" in told
    assert "0.40 EUR that the contract states is set aside" in told
    assert "/batch" in told
    assert not re.search(r"\bnan\b|None\b|\binf\b", told)
