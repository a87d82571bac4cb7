"""What a signature stands on is what `evenhand check` says, and it stands as long as none of its numbers changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st

from dashboard.review.events import new_id
from dashboard.review.events_releases import SignedOff
from dashboard.review.signoff import Current, Stale
from dashboard.ui import evidence as stands
from dashboard.ui import people, releases
from dashboard.ui.state import LATEST, Scope
from dashboard.workspace import Workspace
from tests.worlds import Spec, World, build, delivered

POLICY = """
version = "1"
minimum_n = 20
[windows]
reference = { since = "2026-01-24", until = "2026-02-21" }
every = "28d"
drift = "7d"
[[rule]]
metric = "accuracy"
min = 0.1
[[rule]]
metric = "true_positive_rate_difference"
attribute = "sex"
between = [-0.9, 0.9]
[[rule]]
metric = "selection_rate_difference"
attribute = "sex"
between = [-0.9, 0.9]
[[rule]]
metric = "psi"
feature = "*"
max = 5
[[rule]]
metric = "latency_p95"
max = 5000
"""
SPEC = Spec(rows=6000, days=90, seed=4)


@pytest.fixture(autouse=True)
def fresh() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(tmp_path))
    return build(SPEC, tmp_path, POLICY)


def signed(scope: Scope) -> SignedOff:
    given = stands.evidence(scope)
    typed: dict[str, Any] = {"name": "Ada Osei", "role": "Compliance officer", "decision": "approve"}
    waived = dict.fromkeys(releases.missing(given), "Not asked for in the first release")
    typed |= {"statement": "I answer for it.", "rationale": "Answered in the minutes.", "waivers": waived}
    releases.sign(given, new_id(), **typed)
    return people.signed(scope.model)[0][1]


def arrive(world: World, days: int, name: str) -> None:
    """Does deliver the same rows again, so many days later, under other ids."""
    rows = delivered(world.frame, world.spec).head(200)
    last = pd.Timestamp(world.until) + pd.Timedelta(days=days - 1)
    world.model.log(rows.assign(prediction_id=[f"{name}{i}" for i in range(len(rows))], predicted_at=last))
    world.model.rollup()


def latest(model: str = "triage", version: str | None = None) -> Scope:
    return Scope(model, version, LATEST, None)


@pytest.mark.parametrize("version", [None, "v2"])
def test_of_the_latest_window_exactly_the_policys_findings_are_signed(
    version: str | None, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(sample))
    given = stands.evidence(latest(version=version))
    if version is None:
        checked = [finding.as_dict() for finding in Workspace(sample).model("triage").findings()]
        assert sorted(given.frozen(), key=str) == sorted(checked, key=str)
    days = {(finding.since, finding.until) for finding in given.findings if finding.since}
    assert days == {(look.since.isoformat(), look.until.isoformat()) for look in given.looks}
    assert len(days) == 3
    assert (given.since.isoformat(), given.until.isoformat()) == (
        min(str(d) for d, _ in days),
        max(str(d) for _, d in days),
    )


def test_every_finding_has_its_reading_among_the_readings_that_are_signed(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(sample))
    given = stands.evidence(latest())
    about = ("metric", "attribute", "group", "feature", "version", "since", "until")
    read = {tuple(row[name] for name in about): row["value"] for row in given.readings}
    dated = [finding for finding in given.findings if finding.since]
    assert {read[tuple(getattr(f, name) for name in about)] == f.value for f in dated} == {True}


@pytest.mark.parametrize("window", [LATEST, "2026-03-21..2026-04-18", "2026-03-01..2026-03-11", "all"])
@pytest.mark.parametrize("version", [None, "v1"])
def test_what_was_just_signed_stands(world: World, window: str, version: str | None) -> None:
    scope = Scope("triage", version, window, "sex")
    done = signed(scope)
    assert stands.still_stands(done) == Current()
    now, then = stands.again(done), stands.evidence(scope)
    assert (now.looks, now.digest) == (then.looks, then.digest)
    assert sorted(now.frozen(), key=str) == sorted(then.frozen(), key=str)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("window", [LATEST, "2026-03-01..2026-03-11", "all"])
def test_a_promise_of_other_days_than_the_window_is_signed_and_stands(
    window: str, alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = '[[rule]]\nmetric = "latency_p95"\nmax = 400\n'
    slo = '[[slo]]\nname = "fast"\nmetric = "latency"\nwithin_ms = 60\ntarget = 0.9\nwindow = "7d"\n'
    build(Spec(seed=4, rows=2000, days=90), tmp_path, 'version = "1"\n' + ("" if alone else rule) + slo)
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(tmp_path))
    st.cache_data.clear()
    scope = Scope("triage", None, window, None)
    done, given = signed(scope), stands.evidence(scope)
    assert stands.still_stands(done) == Current()
    now = stands.again(done)
    assert sorted(now.frozen(), key=str) == sorted(given.frozen(), key=str)
    read = {row["since"]: row["value"] for row in given.readings if row["metric"] == "promise_kept"}
    for finding in given.findings:
        if finding.metric == "promise_kept":
            assert read[finding.since] == finding.value


def test_it_stands_when_a_new_day_arrives(world: World) -> None:
    done = signed(latest())
    arrive(world, 1, "next")
    assert isinstance(stands.still_stands(done), Current)


def test_it_stands_when_a_new_window_is_whole(world: World) -> None:
    done = signed(latest())
    arrive(world, 40, "later")
    assert stands.evidence(latest()).looks != stands.again(done).looks
    assert isinstance(stands.still_stands(done), Current)


def test_it_is_stale_once_rows_arrive_in_its_days_and_says_why(world: World) -> None:
    done = signed(latest())
    arrive(world, -10, "late")
    now = stands.still_stands(done)
    assert isinstance(now, Stale)
    assert "arrived, or were corrected" in now.reason


def test_labels_of_days_that_are_judged_without_labels_do_not_make_it_stale() -> None:
    day = date(2026, 5, 21)
    frozen: list[dict[str, Any]] = [
        {"metric": "selection_rate_ratio", "since": "2026-05-21", "until": "2026-06-18"},
        {"metric": "accuracy_ratio", "since": "2026-04-23", "until": "2026-05-21"},
        {"metric": "psi", "since": None, "until": None},
    ]
    unlabelled = stands.Look("fairness", False, day, date(2026, 6, 18))
    assert stands.looks(frozen) == (unlabelled, stands.Look("fairness", True, date(2026, 4, 23), day))
    assert "without labels" in stands.windows(stands.looks(frozen))


def test_a_policy_whose_windows_are_not_whole_yet_can_be_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(tmp_path))
    build(replace(SPEC, days=35, rows=900), tmp_path, POLICY)
    done = signed(latest())
    assert stands.still_stands(done) == Current()
