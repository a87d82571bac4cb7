"""Service readings against numpy on the raw latencies and statuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.errors import EvenhandError
from dashboard.policy import parse
from dashboard.report import Reading
from tests.worlds import Spec, World, build, delivered, draw, found, rows_of, specs

QUANTILES = {"latency_p50": 0.5, "latency_p95": 0.95, "latency_p99": 0.99}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=3, rows=900), tmp_path_factory.mktemp("world"))


def check(reading: Reading, rows: pd.DataFrame) -> None:
    latencies = rows["latency_ms"].dropna()
    if reading.metric in QUANTILES:
        exact = np.quantile(latencies, QUANTILES[reading.metric], method="inverted_cdf")
        assert reading.value == pytest.approx(exact, rel=0.01), reading
        assert reading.n == len(latencies)
        assert reading.low is not None
        assert reading.low <= reading.value  # type: ignore[operator]
        assert reading.high is None or reading.value <= reading.high  # type: ignore[operator]
    elif reading.metric == "error_rate":
        failed = (rows["status"].notna() & (rows["status"] != "ok")).sum()
        assert (reading.value, reading.n) == (pytest.approx(failed / len(rows), abs=1e-12), len(rows))
    else:
        assert reading.metric == "throughput"
        assert reading.value == pytest.approx(len(rows) / (24 * rows["day"].nunique()), abs=1e-12)


@settings(max_examples=6)
@given(specs(), st.sampled_from([None, "*", "v1"]), st.sampled_from([None, "day", "week", "month"]))
def test_service_equals_numpy_on_the_raw_rows(
    tmp_path_factory: pytest.TempPathFactory, spec: Spec, version: str | None, by: str | None
) -> None:
    world = build(spec, tmp_path_factory.mktemp("world"))
    readings = world.model.readings(kinds=("service",), version=version, by=by)
    assert {r.metric for r in readings} == {*QUANTILES, "error_rate", "throughput"}
    for reading in readings:
        check(reading, rows_of(world.frame, reading))


def test_all_statuses_that_are_not_ok_are_failures(tmp_path: Path) -> None:
    raw = draw(Spec()).assign(status="refused")
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()))
    model.rollup()
    (reading,) = model.readings(metrics=("error_rate",))
    assert reading.value == 1.0


def test_without_a_status_the_error_rate_cannot_be_computed(tmp_path: Path) -> None:
    spec = Spec(without=frozenset({"subject", "status"}))
    (reading,) = build(spec, tmp_path).model.readings(metrics=("error_rate",))
    assert reading.value is None
    assert "no status" in reading.note


def test_without_latencies_there_is_no_quantile(tmp_path: Path) -> None:
    spec = Spec(without=frozenset({"subject", "latency_ms"}))
    readings = build(spec, tmp_path).model.readings(metrics=tuple(QUANTILES))
    assert len(readings) == 3
    assert {r.value for r in readings} == {None}
    assert all(r.note for r in readings)


def test_latencies_of_nothing_and_of_hours_are_counted(tmp_path: Path) -> None:
    raw = draw(Spec())
    raw["latency_ms"] = np.resize([0.0, 0.005, 0.01, 1e7, 9e9], len(raw))
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()))
    model.rollup()
    named = {r.metric: r for r in model.readings(kinds=("service",))}
    assert named["latency_p50"].n == len(raw)
    assert named["latency_p50"].value == pytest.approx(0.01, rel=0.011)
    assert named["latency_p99"].high is None
    assert "beyond" in named["latency_p99"].note


def test_hours_that_fail_together_widen_the_error_rate(tmp_path: Path) -> None:
    raw = draw(Spec(seed=2, rows=2000, days=3))
    hours = raw["predicted_at"].dt.floor("h")
    together = raw.assign(status=np.where(hours.dt.hour == 3, "down", "ok"))
    scattered = together.assign(status=np.random.default_rng(0).permutation(together["status"]))
    widths = []
    for name, frame in (("together", together), ("scattered", scattered)):
        model = found(tmp_path / name, Spec().contract)
        model.log(delivered(frame, Spec()))
        model.rollup()
        (reading,) = model.readings(metrics=("error_rate",))
        widths.append(reading.high - reading.low)  # type: ignore[operator]
    assert widths[0] > 2 * widths[1]


def test_versions_share_the_volume(world: World) -> None:
    whole = {r.metric: r for r in world.model.readings(kinds=("service",))}
    each = [r for r in world.model.readings(kinds=("service",), version="*") if r.metric == "error_rate"]
    assert sum(r.n for r in each) == whole["error_rate"].n
    assert sum(r.numerator or 0 for r in each) == whole["error_rate"].numerator


ROUTED = Spec(seed=8, rows=1500)


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> World:
    raw = draw(ROUTED)
    raw["route"] = np.random.default_rng(1).choice(np.array(["/predict", "/batch", None], dtype=object), len(raw))
    contract = ROUTED.contract.replace("[columns]", '[columns]\nendpoint = "route"')
    rule = 'version = "1"\nminimum_n = 5\n[[rule]]\nmetric = "latency_p95"\nmax = {}\nfeature = "{}"\n'
    rules = rule.format(1000, "endpoint=*") + rule.format(10, "status=timeout").partition("minimum_n = 5\n")[2]
    model = found(tmp_path_factory.mktemp("routed"), contract, policy=rules)
    model.log(delivered(raw, ROUTED))
    model.rollup()
    return World(ROUTED, raw, model)


@pytest.mark.parametrize("column", ["endpoint", "status"])
@pytest.mark.parametrize("version", [None, "*"])
def test_latency_by_endpoint_and_status_equals_numpy_on_the_raw_rows(
    routed: World, column: str, version: str | None
) -> None:
    part = routed.frame["route" if column == "endpoint" else "status"].fillna("unknown")
    readings = routed.model.readings(kinds=("service",), features=(f"{column}=*",), version=version, by="week")
    assert {r.feature for r in readings} == {f"{column}={name}" for name in part.unique()}
    more = {"throughput", "error_rate"} if column == "endpoint" else {"throughput"}
    assert {r.metric for r in readings} == {*QUANTILES, *more}
    for reading in readings:
        rows = routed.frame[part == (reading.feature or "").partition("=")[2]]
        check(reading, rows_of(rows, reading))


def test_one_endpoint_is_that_of_all_of_them(routed: World) -> None:
    asked = {"metrics": ("latency_p95",)}
    every = routed.model.readings(features=("endpoint=*",), **asked)
    one = routed.model.readings(features=("endpoint=/predict",), **asked)
    assert one == [reading for reading in every if reading.feature == "endpoint=/predict"]
    assert len(every) == 3


def test_a_rule_can_name_an_endpoint_or_a_status(routed: World) -> None:
    findings = {f.feature: f for f in routed.model.findings()}
    assert set(findings) == {"endpoint=/predict", "endpoint=/batch", "endpoint=unknown", "status=timeout"}
    assert findings["status=timeout"].state == "outside"
    assert {f.state for name, f in findings.items() if name != "status=timeout"} == {"within"}
    assert findings["endpoint=/batch"].sentence.startswith("Latency p95 of endpoint=/batch is")


@pytest.mark.parametrize("feature", ["endpoint", "endpoint=", "=x", "*", "route=/predict"])
def test_a_rule_about_what_is_no_part_is_refused(feature: str) -> None:
    with pytest.raises(EvenhandError, match="is not about"):
        parse(f'version = "1"\n[[rule]]\nmetric = "latency_p95"\nmax = 3\nfeature = "{feature}"', "here")


def test_an_endpoint_needs_its_column(world: World) -> None:
    with pytest.raises(EvenhandError, match="names no endpoint"):
        world.model.readings(features=("endpoint=*",), kinds=("service",))
    rule = '[[rule]]\nmetric = "latency_p95"\nmax = 3\nfeature = "endpoint=*"'
    with pytest.raises(EvenhandError, match="names no endpoint"):
        parse('version = "1"\n' + rule, "here", world.model.contract)
