"""Energy, CO2e and cost of 1,000 answers, against the raw rows; and what is said where nothing is declared."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from scipy import stats

from dashboard import contract as contracts
from dashboard.errors import EvenhandError
from dashboard.metrics import energy
from dashboard.report import Reading
from tests.test_odd_models import opened
from tests.worlds import Spec, World, build, delivered, draw, found, rows_of

SPEC = Spec(seed=6, rows=2500, days=20)
STATED = '[service]\ngrid_gco2_per_kwh = 380\ngrid_source = "made up, 2025"\ncost_per_1000 = 0.4\ncost_unit = "EUR"\n'
NAMES = ("energy_per_1000", "co2e_per_1000", "cost_per_1000")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    random, raw = np.random.default_rng(3), draw(SPEC)
    heavy = np.where(raw["model_version"] == "v2", 2.0, 1.0) * (1 + (raw["predicted_at"].dt.hour == 12))
    raw["wh"] = np.where(random.random(len(raw)) < 0.1, np.nan, heavy * random.gamma(2, 0.0004, len(raw)))
    contract = SPEC.contract.replace("[columns]", '[columns]\nenergy_wh = "wh"') + STATED
    model = found(tmp_path_factory.mktemp("energy"), contract)
    half = len(raw) // 2
    model.log(delivered(raw[:half], SPEC))
    model.rollup()
    model.log(delivered(raw[half:], SPEC))
    model.rollup()
    return World(SPEC, raw, model)


def check(reading: Reading, rows: pd.DataFrame) -> None:
    measured = rows.dropna(subset="wh")
    mean = 1000 * measured["wh"].mean()
    assert reading.n == len(measured)
    hours = measured.groupby(measured["predicted_at"].dt.floor("h"))["wh"].agg(["size", "sum"])
    residual = 1000 * hours["sum"] - mean * hours["size"]
    error = np.sqrt((residual**2).sum() * len(hours) / (len(hours) - 1)) / len(measured)
    reach = stats.t.ppf(0.975, len(hours) - 1) * error
    scale = 0.38 if reading.metric == "co2e_per_1000" else 1.0
    assert reading.value == pytest.approx(scale * mean, rel=1e-5)
    assert (reading.low, reading.high) == (
        pytest.approx(scale * (mean - reach), rel=1e-4),
        pytest.approx(scale * (mean + reach), rel=1e-4),
    )


@pytest.mark.parametrize("version", [None, "*"])
@pytest.mark.parametrize("by", [None, "week"])
def test_energy_equals_the_mean_of_the_raw_rows_with_hours_as_blocks(
    world: World, version: str | None, by: str | None
) -> None:
    readings = world.model.readings(metrics=NAMES[:2], version=version, by=by)
    assert len(readings) >= 2
    for reading in readings:
        check(reading, rows_of(world.frame, reading))
    assert all("380 g per kWh, made up, 2025" in r.note for r in readings if r.metric == "co2e_per_1000")


def test_cost_is_as_stated(world: World) -> None:
    (reading,) = world.model.readings(metrics=("cost_per_1000",))
    assert (reading.value, reading.low, reading.high, reading.n) == (0.4, 0.4, 0.4, SPEC.rows)
    assert reading.note == "EUR; stated by the contract"


def test_hours_that_differ_widen_the_interval() -> None:
    alike, apart = np.full(40, 10), np.repeat([0.001, 0.003], 20)
    narrow = energy.energy_per_1000(alike, np.full(40, 0.02) + np.tile([-0.001, 0.001], 20))
    wide = energy.energy_per_1000(alike, 10 * apart)
    assert narrow.value == pytest.approx(wide.value)
    assert wide.interval()[1] - wide.interval()[0] > 5 * (narrow.interval()[1] - narrow.interval()[0])  # type: ignore[operator]
    assert energy.energy_per_1000([5], [0.1]).interval() == (None, None)
    assert energy.energy_per_1000([], []).value is None


def test_the_interval_contains_the_truth_about_as_often_as_it_says() -> None:
    random, times, hours = np.random.default_rng(5), 1000, 60
    inside = 0
    for _ in range(times):
        n = random.poisson(20, hours) + 1
        level = 0.01 * random.gamma(4, 0.25, hours)  # hours differ, with mean 1
        low, high = energy.energy_per_1000(n, random.gamma(n, level)).interval()
        inside += low <= 10 <= high  # type: ignore[operator]
    assert 0.91 < inside / times < 0.97


def test_what_is_not_declared_is_only_said_where_it_is_asked_for(tmp_path: Path) -> None:
    model = build(Spec(rows=200, days=3), tmp_path).model
    assert not {r.metric for r in model.readings(kinds=("service",))} & set(NAMES)
    readings = model.readings(metrics=NAMES)
    assert {r.metric: r.value for r in readings} == dict.fromkeys(NAMES)
    assert all("the contract" in r.note for r in readings)


def test_failures_by_endpoint_and_requests_by_status_are_those_of_the_raw_rows(tmp_path: Path) -> None:
    raw = draw(SPEC)
    raw["route"] = np.random.default_rng(1).choice(np.array(["/predict", "/batch", None], dtype=object), len(raw))
    model = found(tmp_path, SPEC.contract.replace("[columns]", '[columns]\nendpoint = "route"'))
    model.log(delivered(raw, SPEC))
    model.rollup()
    part = raw["route"].fillna("unknown")
    failed = raw["status"].notna() & (raw["status"] != "ok")
    for reading in model.readings(metrics=("error_rate", "throughput"), features=("endpoint=*",)):
        rows = part == str(reading.feature).removeprefix("endpoint=")
        if reading.metric == "error_rate":
            assert (reading.numerator, reading.n) == (failed[rows].sum(), rows.sum())
        else:
            assert reading.n == rows.sum()
    statuses = model.readings(metrics=("error_rate", "throughput"), features=("status=*",))
    assert {(r.feature, r.n) for r in statuses} == {
        (f"status={name}", n) for name, n in raw["status"].fillna("unknown").value_counts().items()
    }


def test_the_page_says_what_is_used_or_how_to_declare_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_data.clear()
    _, told = opened(world.model.settings.workspace, "service", monkeypatch, view="Energy and cost")
    assert "made up, 2025" in told
    assert "0.40 EUR" in told
    assert not re.search(r"\bnan\b|None\b|\binf\b", told)
    build(Spec(rows=300, days=9), tmp_path)
    st.cache_data.clear()
    _, told = opened(tmp_path, "service", monkeypatch, view="Energy and cost")
    assert "grid_gco2_per_kwh" in told
    assert "watt-hours" in told


def test_the_contract_reads_back_what_it_states(world: World) -> None:
    text = contracts.render(world.model.contract)
    assert contracts.parse(text, "here") == world.model.contract


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("[service]\ngrid_gco2_per_kwh = 380\n", "grid_source: missing"),
        ('[service]\ngrid_gco2_per_kwh = -1\ngrid_source = "x"\n', "found -1"),
        ("[service]\ncost_per_1000 = -3\n", "found -3"),
        ("[service]\ngrid = 3\n", "'grid' is not a key"),
    ],
)
def test_what_cannot_be_is_refused(stated: str, said: str) -> None:
    with pytest.raises(EvenhandError, match=said):
        contracts.parse(SPEC.contract + stated, "here")
