"""Worst groups from the log to the page: what is read, who is in which half, what is said and what cannot be."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import Future
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard import cli
from dashboard.errors import EvenhandError
from dashboard.metrics.worst_groups import compared
from dashboard.report import worst_rows
from dashboard.report.worst_groups import COLUMNS, metrics_of
from dashboard.report.worst_rows import Days, Halves, halves
from dashboard.report.worst_words import looked_at, sentence, spent
from dashboard.ui import menu
from dashboard.ui.load.worst_groups import KEPT, Searches
from dashboard.workspace import Workspace
from tests.classes import ClassSpec, counted
from tests.errors_world import ErrorSpec
from tests.errors_world import build as numbers
from tests.worlds import Spec, World, build, by_sklearn

ENTRY = Path(dashboard.ui.__file__).with_name("app.py")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    spec = Spec(seed=5, rows=3000, days=20, labels="late", without=frozenset())
    return build(spec, tmp_path_factory.mktemp("world"))


def read(world: World, metric: str, split: int = 12, n: int = 3000) -> Halves:
    since, until = world.since, world.until
    days = Days(metric, since, since + timedelta(days=split), until, None, n)
    return halves(world.model.paths, world.model.source(), days)


@pytest.mark.parametrize("metric", metrics_of("binary"))
def test_what_is_bad_is_what_the_metric_says(metric: str, world: World) -> None:
    found = read(world, metric)
    rate = 1 - np.concatenate([found.discovery.bad, found.confirmation.bad]).mean()
    lower = metric in ("false_positive_rate", "false_negative_rate", "false_discovery_rate", "false_omission_rate")
    kept = found.discovery.n + found.confirmation.n
    assert kept + found.left_out == int(
        next(r for r in world.model.readings(metrics=(metric,), since=world.since, until=world.until)).denominator or 0
    )
    assert (1 - rate if lower else rate) == pytest.approx(by_sklearn(world.frame)[metric], abs=0.05)


def test_the_levels_are_those_of_the_raw_rows(tmp_path: Path) -> None:
    world = build(Spec(seed=5, rows=3000, days=20, labels="late"), tmp_path)  # nobody comes twice: none is left out
    found = read(world, "accuracy")
    rows = world.frame[world.frame["label"].notna() & world.frame["said"].notna()]
    older = rows[rows["day"] < world.since + timedelta(days=12)]
    assert (found.discovery.n, found.confirmation.n) == (len(older), len(rows) - len(older))
    assert [factor.name for factor in found.factors] == ["sex", "age_band", "lactate", "ward"]
    sex, band, lactate, ward = found.factors
    for factor, level, expected in (
        (0, 0, older["sex_group"] == "unknown"),
        (0, 1 + sex.values.index("F"), older["sex_group"] == "F"),
        (1, band.values.index("65+") + 1, older["age_group"] == "65+"),
        (2, 1, older["lactate"].isna()),
        (2, 2, older["lactate"] < lactate.edges[0]),
        (2, lactate.size - 1, older["lactate"] >= lactate.edges[-1]),
        (3, 1, older["ward"].isna()),
        (3, 2 + ward.values.index("B"), older["ward"] == "B"),
    ):
        assert (found.discovery.levels[factor] == level).sum() == expected.sum()
    bad = older[(older["label"] != older["said"]) & (older["sex_group"] == "F")]
    assert compared(found.discovery, ((0, 1 + sex.values.index("F")),), False).bad == len(bad)
    shares = np.bincount(found.discovery.levels[2], minlength=lactate.size)[2:] / (found.discovery.levels[2] > 1).sum()
    assert shares == pytest.approx([0.25] * 4, abs=0.03)
    assert found.notes[0] == "The attribute stands for the feature it is made of: age."


def test_a_persons_cases_are_in_one_half_only(world: World) -> None:
    found = read(world, "accuracy")
    rows = world.frame[world.frame["label"].notna() & world.frame["said"].notna()]
    older = rows["day"] < world.since + timedelta(days=12)
    both = set(rows.loc[older, "patient_id"]) & set(rows.loc[~older, "patient_id"])
    assert both
    assert found.left_out > 0
    alone = [(~rows.loc[half, "patient_id"].isin(both)).sum() for half in (older, ~older)]
    assert found.discovery.n >= alone[0]
    assert found.confirmation.n >= alone[1]
    twice = rows[rows["patient_id"].isin(both)]
    kept = found.discovery.n + found.confirmation.n - sum(alone)
    assert 0.35 < kept / len(twice) < 0.65  # by lot, about half of them on either side


def test_beyond_the_bound_a_sample_is_searched_and_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst_rows, "MOST", 750)
    found, again = read(world, "accuracy"), read(world, "accuracy")
    assert found.share == 0.25
    whole = found.discovery.n + found.confirmation.n + found.left_out
    assert whole / (world.frame["label"].notna() & world.frame["said"].notna()).sum() == pytest.approx(0.25, abs=0.05)
    assert (found.discovery.bad == again.discovery.bad).all()
    answer = world.model.worst_groups()
    assert any("A sample was searched" in line for line in looked_at(answer)) == (answer.searched.share < 1)


def test_women_over_65_are_found_in_the_sample_though_nobody_named_them(sample: Path) -> None:
    model = Workspace(sample).model("triage")
    steps: list[int] = []
    answer = model.worst_groups("true_positive_rate", version="v2", progress=lambda done, total: steps.append(done))
    assert sentence(answer).startswith("Among sex F, age band 65+ it misses")
    assert steps == sorted(steps)
    assert steps[-1] == 1000
    assert answer.discovery.since == date(2026, 4, 1)  # where v2 begins, not where the log does
    assert answer.discovery.until == answer.confirmation.since
    assert answer.confirmation.until <= model.extent().complete_until
    assert answer.records() == model.worst_groups("true_positive_rate", version="v2").records()
    assert "spent" in spent(answer)
    assert set(answer.frame().columns) == set(COLUMNS)


def test_models_of_classes_and_of_numbers_are_searched_too(tmp_path: Path) -> None:
    classes = counted(ClassSpec(rows=1500), tmp_path / "classes").model.worst_groups(depth=2)
    assert classes.question.metric == "accuracy"
    assert classes.searched.tried or classes.status == "none"
    model, _ = numbers(ErrorSpec(rows=3000, subjects=True), tmp_path / "numbers")
    error = model.worst_groups(depth=2)
    assert error.question.metric == "mean_absolute_error"
    assert error.everybody.value
    assert error.status in ("none", "found")


# What cannot be


def test_without_labels_or_cases_or_anything_to_search_it_says_so(tmp_path: Path) -> None:
    never = build(Spec(rows=300, labels="never"), tmp_path / "never").model.worst_groups()
    assert sentence(never).startswith("No labels have come")
    few = build(Spec(rows=200), tmp_path / "few").model.worst_groups()
    assert sentence(few).startswith("Too few cases to search: ")


def test_a_metric_that_has_no_bad_side_and_a_depth_of_four_are_refused(world: World) -> None:
    with pytest.raises(EvenhandError, match="not searched by 'selection_rate'"):
        world.model.worst_groups("selection_rate")
    with pytest.raises(EvenhandError, match="The depth is 4"):
        world.model.worst_groups(depth=4)


def test_the_command_prints_a_sentence_or_json(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["worst", "triage", "--metric", "true_positive_rate", "--version", "v2", "--workspace", str(sample)]
    cli.app(words, standalone_mode=False)
    printed = capsys.readouterr()
    assert printed.out.startswith("Among sex F, age band 65+ it misses")
    assert "Holm’s correction" in printed.err
    cli.app([*words, "--format", "json"], standalone_mode=False)
    rows = json.loads(capsys.readouterr().out)
    assert set(rows[0]) == set(COLUMNS)
    assert rows[0]["attributes"] == "sex*age_band"


# On the page


def test_a_search_is_started_once_and_a_failure_is_told_once() -> None:
    searches, begun = Searches(), []

    def run(progress: Any) -> Any:
        begun.append(1)
        progress(1, 2)
        return None

    def fails(progress: Any) -> Any:
        raise EvenhandError("gone")

    keys: Any = [("key", k) for k in range(KEPT + 5)]
    first = searches.start(keys[0], run)
    assert searches.start(keys[0], run) is first
    first.answer.result()
    assert (len(begun), first.share) == (1, 0.5)
    broken = searches.start(keys[1], fails)
    assert isinstance(broken.answer, Future)
    assert broken.answer.exception()
    assert searches.get(keys[1]) is broken
    assert searches.get(keys[1]) is None  # told: it can be started again
    for key in keys[2:]:
        searches.start(key, run).answer.result()
    assert searches.get(keys[0]) is None  # the oldest made room
    assert searches.get(keys[-1]) is not None


def test_the_page_offers_the_search_then_tells_whom_it_serves_worst(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page(sample, monkeypatch, version="v2", window="all")
    assert "These days have not been searched yet." in texts(app)
    told = searched(app)
    assert "Among sex F, age band 65+ it misses" in told
    assert "are spent" in told
    assert "84 conditions from 18 attributes and features" in told
    (chart,) = app.get("plotly_chart")
    assert "Among sex F, age band 65+ it misses" in chart.proto.alt
    assert app.get("download_button")
    again = page(sample, monkeypatch, version="v2", window="all")  # another visitor
    assert "Among sex F, age band 65+ it misses" in texts(again)


def test_the_page_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(Spec(rows=300, labels="never"), tmp_path)
    told = searched(page(tmp_path, monkeypatch))
    assert "No labels have come for these days" in told
    assert "Choose an earlier window" in told


def page(workspace: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> Any:
    """Returns the page as a visitor opens it."""
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    for name, value in (query | {"view": "Worst groups"}).items():
        app.query_params[name] = value
    return app.run().switch_page(str(menu.file("groups"))).run()


def searched(app: Any) -> str:
    """Returns what the page says once its button was pressed and the search is over."""
    (button,) = [one for one in app.button if one.label == "Search these days"]
    button.click().run()
    for _ in range(100):
        if "The search is running." not in texts(app):
            return texts(app)
        time.sleep(0.1)
        app.run()
    raise AssertionError("the search did not end")


def texts(app: Any) -> str:
    assert not app.exception, app.exception[0].message
    bodies = [element.proto.body for element in app.get("html") if "<style" not in element.proto.body]
    return unescape(re.sub(r"<[^>]+>", " ", " ".join(bodies)))
