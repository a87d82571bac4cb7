"""Which statuses make the failures: counts and shares against pandas on the raw rows, the sentence, the view."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from dashboard.charts import failures_by_status
from dashboard.metrics.service import error_rate
from dashboard.report.failures import Failing, Failures, drawn, failing, failures
from dashboard.ui.failures import sentence
from dashboard.ui.load import service
from tests.test_odd_models import opened
from tests.worlds import START, Spec, World, build, delivered, draw, found

SPEC = Spec(seed=5, rows=4000, days=40)
LATE = pd.Timestamp(START) + pd.Timedelta(days=25)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two endpoints; 504 only at /score and only since LATE, 429 everywhere and always."""
    random, raw = np.random.default_rng(2), draw(SPEC)
    raw["route"] = random.choice(np.array(["/score", "/batch"], dtype=object), len(raw))
    raw["status"] = np.where(random.random(len(raw)) < 0.02, "429", "ok").astype(object)
    late = (raw["route"] == "/score") & (raw["predicted_at"] >= LATE) & (random.random(len(raw)) < 0.2)
    raw.loc[late, "status"] = "504"
    raw.loc[random.random(len(raw)) < 0.05, "status"] = None
    model = found(
        tmp_path_factory.mktemp("failures"), SPEC.contract.replace("[columns]", '[columns]\nendpoint = "route"')
    )
    model.log(delivered(raw, SPEC))
    model.rollup()
    return World(SPEC, raw, model)


def of(world: World, since: date = START, days: int = SPEC.days, version: str | None = None) -> Failures:
    scope = world.model.scope(since, since + timedelta(days=days), version=version)
    return failures(world.model.source(), scope)


@pytest.mark.parametrize("version", [None, "v2"])
def test_each_status_is_counted_as_in_the_raw_rows(world: World, version: str | None) -> None:
    rows = world.frame if version is None else world.frame[world.frame["model_version"] == version]
    failed = rows[rows["status"].notna() & (rows["status"] != "ok")]
    told = of(world, version=version).statuses
    assert {one.status: one.n for one in told} == failed["status"].value_counts().to_dict()
    assert [one.n for one in told] == sorted((one.n for one in told), reverse=True)
    for one in told:
        own = failed[failed["status"] == one.status]
        assert (one.of_requests.numerator, one.of_requests.n, one.of) == (len(own), len(rows), len(failed))
        assert (one.first, one.last) == (own["predicted_at"].min().floor("D"), own["predicted_at"].max().floor("D"))


def test_statuses_together_make_the_error_rate(world: World) -> None:
    (reading,) = world.model.readings(metrics=("error_rate",))
    found = of(world)
    assert sum(one.of_requests.value or 0 for one in found.statuses) == pytest.approx(reading.value)
    assert sum(one.part for one in found.statuses) == pytest.approx(1)


def test_merging_days_equals_counting_once(world: World) -> None:
    halves = [of(world, START, 13), of(world, START + timedelta(days=13), SPEC.days - 13)]
    keys = ["since", "version", "endpoint", "status", "failed"]
    both = pd.concat([half.counts for half in halves]).groupby(keys)["n"].sum()
    pd.testing.assert_series_equal(both, of(world).counts.groupby(keys)["n"].sum())


@pytest.mark.parametrize("part", [None, "endpoint", "version"])
def test_bars_are_shares_of_the_part_s_own_requests(world: World, part: str | None) -> None:
    raw = world.frame.assign(since=world.frame["predicted_at"].dt.floor("D"))
    raw["part"] = "" if part is None else raw["route" if part == "endpoint" else "model_version"]
    bars = drawn(of(world).counts, part)
    failed = raw[raw["status"].notna() & (raw["status"] != "ok")]
    expected = failed.groupby(["part", "since", "status"]).size()
    assert bars.set_index(["part", "since", "status"])["n"].to_dict() == expected.to_dict()
    requests = raw.groupby(["part", "since"]).size()
    assert all(row.requests == requests[row.part, row.since] for row in bars.itertuples())
    assert bars["share"].tolist() == pytest.approx((bars["n"] / bars["requests"]).tolist())


def test_long_windows_are_drawn_by_week_and_rare_statuses_together() -> None:
    days = pd.date_range("2026-01-01", periods=200)
    each = [(day, "v1", "unknown", str(500 + k % 9), 1 + k % 9, True) for k, day in enumerate(days)]
    fine = [(day, "v1", "unknown", "ok", 50, False) for day in days]
    counts = pd.DataFrame(each + fine, columns=["since", "version", "endpoint", "status", "n", "failed"])
    bars = drawn(counts, None, most=3)
    assert set(bars["status"]) == {"506", "507", "508", "other"}
    assert set(bars["since"].dt.day_of_week) == {0}
    assert bars["n"].sum() == sum(row[4] for row in each)


def test_the_sentence_names_who_when_and_where_only_where_all_of_them_are(world: World) -> None:
    statuses = of(world).statuses
    n, total = statuses[0].n, statuses[0].of
    first = world.frame.loc[world.frame["status"] == "504", "predicted_at"].min()
    assert sentence(statuses) == f"504 makes {n} of {total} failures, all at /score since {first.day} {first:%B}."
    assert not statuses[1].late
    assert statuses[1].endpoint is None
    early = of(world, START, 20).statuses
    assert sentence(early) == f"429 makes all {early[0].n} failures."


def test_a_rare_status_that_happens_to_come_late_is_not_said_to_have_begun(world: World) -> None:
    random, days, called = np.random.default_rng(0), pd.date_range("2026-01-01", periods=60), 0
    fine = pd.DataFrame({"since": days, "version": "v1", "endpoint": "/a", "status": "ok", "n": 50, "failed": False})
    for _ in range(300):
        at = days[random.integers(0, 60, random.integers(1, 9))]
        failed = pd.DataFrame({"since": at, "version": "v1", "endpoint": "/a", "status": "500", "n": 1, "failed": True})
        counts = pd.concat([fine, failed], ignore_index=True)
        called += failing("500", error_rate([len(at)], [3000]), failed, counts).late
    assert called <= 9  # 3 are expected at 1 in 100
    assert next(one for one in of(world).statuses if one.status == "504").late


def test_equal_statuses_are_named_together() -> None:
    share, day = error_rate([4], [50]), pd.Timestamp("2026-03-01")
    pair = [Failing(name, share, 4, 8, day, day, False, None, None) for name in ("500", "504")]
    assert sentence(pair) == "No status makes most of the 8 failures: 500 and 504 make 4 each."


def test_the_picture_has_a_bar_for_each_period_and_status_and_one_scale(world: World) -> None:
    bars = drawn(of(world).counts, "endpoint")
    figure = failures_by_status(bars, ["504", "429"], START, world.until)
    assert sum(len(trace.x) for trace in figure.data) == len(bars)
    assert tuple(figure.layout.yaxis.range) == tuple(figure.layout.yaxis2.range)
    assert figure.layout.barmode == "stack"
    assert sorted(trace.name for trace in figure.data if trace.showlegend) == ["429", "504"]
    assert {trace.name for trace in figure.data if trace.yaxis == "y"} == {"429"}  # the key has what /batch lacks too


def test_the_view_tells_it_and_what_is_shut_counts_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_data.clear()
    asked: list[str] = []
    real = service.failures
    monkeypatch.setattr(service, "failures", lambda *a: (asked.append("failures"), real(*a))[1])
    folder = world.model.settings.workspace
    opened(folder, "service", monkeypatch, view="Load")
    assert asked == []
    _, told = opened(folder, "service", monkeypatch, view="Failures", window="all", failures="By endpoint")
    assert asked == ["failures"]
    assert sentence(of(world).statuses) in told
    assert not re.search(r"\bnan\b|None\b|\binf\b", told)


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_data.clear()
    build(Spec(rows=200, days=3, without=frozenset({"status", "subject"})), tmp_path / "none")
    _, told = opened(tmp_path / "none", "service", monkeypatch, view="Failures")
    assert "the contract names no status" in told
    st.cache_data.clear()
    raw = draw(Spec(rows=200, days=3)).assign(status="ok")
    model = found(tmp_path / "fine", Spec(rows=200, days=3).contract)
    model.log(delivered(raw, Spec(rows=200, days=3)))
    model.rollup()
    _, told = opened(tmp_path / "fine", "service", monkeypatch, view="Failures")
    assert "None of 200 requests failed" in told
