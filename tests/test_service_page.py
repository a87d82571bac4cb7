"""The Service page: each view says what is true of its numbers, and what is shut computes nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from dashboard.charts import budget_left
from dashboard.charts.budget import LOWEST
from dashboard.policy.promises import budget
from dashboard.report import promises
from dashboard.report.load import load
from dashboard.ui.load import service
from dashboard.ui.state import LATEST, Scope
from tests.test_odd_models import opened
from tests.worlds import Spec, World, build, delivered, draw, found

SLO = '[[slo]]\nname = "fast"\nmetric = "latency"\nwithin_ms = 60\ntarget = 0.9\nwindow = "28d"\n'
RULE = 'version = "1"\n[[rule]]\nmetric = "latency_p95"\nmax = 300\n'


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=4, rows=3000, days=90), tmp_path_factory.mktemp("world"), RULE + SLO)


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    st.cache_data.clear()


def test_the_promise_says_its_budget_at_the_end_of_the_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heading, told = opened(world.model.settings.workspace, "service", monkeypatch, view="Promise")
    assert heading.startswith("95 of 100 answers come within")
    assert "the promise is 300" in heading
    extent, policy = world.model.extent(), world.model.policy
    assert policy is not None
    (promise,) = policy.promises
    until = extent.last + timedelta(days=1)
    kept = promises.kept(promise, promises.hours(world.model.source(), promise, extent.first, until, None), until)
    assert f"{kept.trials - kept.hits:,} of {kept.n:,} answers took more than 60 ms" in told
    assert budget(promise, kept) in told
    assert "90 of 100 answers within 60 ms" in told
    (finding,) = [f for f in world.model.findings() if f.metric == "promise_kept"]
    assert finding.value is not None
    assert f"Of the budget of “fast” {10 * (1 - finding.value):.0%} is spent".replace("%", " %") in told
    assert not re.search(r"\bnan\b|None\b|\binf\b", told)


def test_what_is_shut_computes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = service.promised
    monkeypatch.setattr(service, "promised", lambda *a: (asked.append("promised"), real(*a))[1])
    opened(world.model.settings.workspace, "service", monkeypatch, view="Load")
    assert asked == []
    opened(world.model.settings.workspace, "service", monkeypatch, view="Promise")
    assert asked == ["promised"]


def test_without_a_promise_the_view_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(Spec(rows=300, days=40), tmp_path, RULE)
    _, told = opened(tmp_path, "service", monkeypatch, view="Promise")
    assert "[[slo]]" in told
    assert "budget is spent" not in told


def test_a_young_log_says_that_its_window_is_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(Spec(rows=600, days=9), tmp_path, RULE + SLO)
    _, told = opened(tmp_path, "service", monkeypatch, view="Promise")
    assert "younger than 28 days" in told


def test_an_overspent_budget_is_cut_off_and_said_in_full() -> None:
    days = pd.DataFrame(
        {"day": pd.date_range("2026-01-01", periods=3).date, "left": [0.5, -3.0, None], "low": [0.4, -4.0, None],
         "high": [0.6, -2.0, None], "n": [10, 10, 0], "broken": [1, 9, 0]}
    )  # fmt: skip
    line = budget_left(days).data[2]
    assert list(line.y) == [0.5, LOWEST]
    assert "−300 % left" in line.hovertext[1]
    assert "9 of 10" in line.hovertext[1]


def test_the_busiest_hours_are_said_to_be_slower_only_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random, spec = np.random.default_rng(1), Spec(seed=2, rows=12_000, days=20)
    raw = draw(spec)
    hour = raw["predicted_at"].dt.floor("h")
    busy = random.random(len(raw)) < 0.7  # most requests come at noon
    raw.loc[busy, "predicted_at"] = (hour.dt.floor("D") + pd.Timedelta(hours=12, minutes=3))[busy]
    there = raw["predicted_at"].dt.floor("h")
    count = there.map(there.value_counts())
    even = random.lognormal(3, 0.3, len(raw))
    for name, latency, says in (
        ("slower", even * np.where(count > 100, 2.0, 1.0), "rises from"),
        ("same", even, "No difference is shown"),
    ):
        model = found(tmp_path / name, spec.contract)
        model.log(delivered(raw.assign(latency_ms=latency), spec))
        model.rollup()
        _, told = opened(tmp_path / name, "service", monkeypatch, view="Load")
        assert says in told
        assert not re.search(r"\bnan\b|None\b|\binf\b", told)


def test_hours_and_classes_of_load_are_those_of_the_raw_rows(world: World) -> None:
    given = world.model.scope(world.since, world.until)
    drawn = load(world.model.source(), given)
    hour = world.frame["predicted_at"].dt.floor("h")
    requests = hour.value_counts()
    latency = world.frame.dropna(subset="latency_ms")
    exact = latency.groupby(hour)["latency_ms"].quantile(0.95, interpolation="higher")
    assert list(drawn.hours["hour"]) == list(exact.index)
    assert list(drawn.hours["n"]) == [requests[at] for at in exact.index]
    ranked = latency.groupby(hour)["latency_ms"].apply(lambda x: np.quantile(x, 0.95, method="inverted_cdf"))
    assert drawn.hours["p95"].to_numpy() == pytest.approx(ranked.to_numpy(), rel=0.0101)
    assert len(drawn.classes) > 2
    assert sum(one.hours for one in drawn.classes) == len(requests)
    for before, one in zip([None, *drawn.classes], drawn.classes, strict=False):
        assert before is None or before.high < one.low
        here = requests[(requests >= one.low) & (requests <= one.high)]
        assert len(here) == one.hours
        of_class = latency.loc[hour[latency.index].isin(here.index), "latency_ms"]
        assert one.p95.n == len(of_class)
        for q, measure in ((0.5, one.p50), (0.95, one.p95)):
            assert measure.value == pytest.approx(np.quantile(of_class, q, method="inverted_cdf"), rel=0.0101)


def test_parts_of_the_answers_are_told_apart_and_a_rule_on_one_is_no_promise_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = Spec(seed=2, rows=2000, days=60)
    raw = draw(spec)
    raw["route"] = np.random.default_rng(1).choice(np.array(["/predict", "/batch"], dtype=object), len(raw))
    rule = RULE + 'feature = "endpoint=/predict"\n'
    model = found(tmp_path, spec.contract.replace("[columns]", '[columns]\nendpoint = "route"'), policy=rule)
    model.log(delivered(raw, spec))
    model.rollup()
    heading, told = opened(tmp_path, "service", monkeypatch)
    assert "the promise is" not in heading
    assert "Latency p95 of endpoint=/predict" in told
    scope = Scope("triage", None, LATEST, None)
    parts = service.by_part(scope)
    assert set(parts) == {"version", "endpoint", "status"}
    assert set(parts["endpoint"]["feature"]) == {"endpoint=/predict", "endpoint=/batch"}
    assert set(parts["version"]["version"]) == {"v1", "v2"}


@pytest.mark.parametrize("view", ["Answers", "Failures", "Load", "Promise", "Energy and cost"])
def test_every_view_of_all_days_says_only_what_can_be_said(
    world: World, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    heading, told = opened(world.model.settings.workspace, "service", monkeypatch, view=view, window="all")
    assert heading.startswith("95 of 100 answers come within")
    assert not re.search(r"\bnan\b|None\b|\binf\b", told)
    (failed,) = world.model.readings(metrics=("error_rate",))
    counted = {"Answers": "Every answer", "Failures": f"timeout makes all {failed.numerator:,.0f} failures"}
    assert counted.get(view, heading) in (told if view in counted else heading)


def test_parts_have_their_failures_and_requests_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(world.model.settings.workspace))
    found = service.by_part(Scope("triage", None, "all", None))
    rows = world.frame
    for version, of in found["version"].groupby("version"):
        own = rows[rows["model_version"] == version]
        told = of.set_index("metric")
        assert told.loc["error_rate", "numerator"] == (own["status"] == "timeout").sum()
        assert told.loc["throughput", "n"] == len(own)
    assert set(found["status"]["feature"]) == {"status=ok", "status=timeout", "status=unknown"}
