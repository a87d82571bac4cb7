"""Estimates on the page: never taken for realised, with what they assume and how they have done."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.charts.estimates import beside, estimated_dots
from dashboard.policy import Window
from dashboard.ui import estimates
from dashboard.workspace import Model, frame
from tests.test_report_estimated import CONTRACT, DAYS, MULTICLASS, NOW, day, found, rows

SCRIPT = """
import streamlit as st
from dashboard.ui import estimates, state
asked = st.query_params
st.session_state["scope"] = state.Scope("triage", asked.get("version"), "latest", asked.get("attribute"))
{call}
"""
LATE = CONTRACT.replace('label = "label"', 'label = "label"\nlabeled_at = "at"')
SETTLED = DAYS - 14


def late(folder: Path, contract: str = LATE) -> Model:
    """Returns a log whose labels take 14 days: those of the last two weeks are still coming."""
    log = rows()
    model = found(folder, contract)
    model.log(log.drop(columns=["label", "place"]))
    come = log[log["place"] < SETTLED].assign(at=lambda f: f["time"] + pd.Timedelta(days=14))
    model.log_labels(come[["id", "label", "at"]])
    model.rollup()
    return model


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("late")
    late(folder)
    return folder


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(workspace: Path, call: str = "estimates.section(state.scope())", **query: str) -> AppTest:
        monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
        app = AppTest.from_string(SCRIPT.format(call=call), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception[0].message
        return app

    return start


def texts(app: AppTest) -> str:
    bodies = [re.sub(r"<[^>]+>", " ", element.proto.body) for element in app.get("html")]
    return re.sub(r"\s+", " ", unescape(" ".join(bodies)))


def test_it_says_until_when_labels_are_complete_and_what_is_estimated_since(draw: Any, workspace: Path) -> None:
    said = texts(draw(workspace))
    assert re.search(r"Labels are complete to \d+ March\. For the .+ since, accuracy is estimated at \d+ % \(", said)
    assert re.search(r"In \d+ of \d+ past weeks? the realised value fell inside the estimated interval", said)
    assert estimates.ASSUMES in said


def test_another_metric_can_be_chosen(draw: Any, workspace: Path) -> None:
    app = draw(workspace)
    chosen = next(box for box in app.selectbox if box.label == "Estimate")
    chosen.set_value("roc_auc").run()
    assert not app.exception
    assert "area under the ROC curve is estimated at 0." in texts(app)
    (picture,) = app.get("plotly_chart")
    assert "estimated:" in picture.proto.alt
    assert "realised:" in picture.proto.alt


def test_where_all_labels_are_there_nothing_waits(draw: Any, tmp_path: Path) -> None:
    model = found(tmp_path, CONTRACT)
    model.log(rows().drop(columns="place"))
    model.rollup()
    assert "nothing waits for an estimate of accuracy" in texts(draw(tmp_path))
    by_group = draw(tmp_path, "estimates.by_group(state.scope(), 'precision')", attribute="sex")
    assert "Nothing waits for an estimate" in texts(by_group)
    assert not by_group.get("plotly_chart")


def test_where_nothing_can_be_estimated_it_says_why(draw: Any, tmp_path: Path) -> None:
    model = found(tmp_path, CONTRACT)
    model.log(rows().query("place < 5").drop(columns="place"))
    model.rollup()
    said = texts(draw(tmp_path))
    assert "Accuracy can’t be estimated yet." in said
    assert "cannot be computed: " not in said
    assert "nan" not in said.casefold()


def test_differences_of_groups_are_called_estimated(draw: Any, workspace: Path) -> None:
    app = draw(workspace, "estimates.by_group(state.scope(), 'true_positive_rate')", attribute="sex")
    said = texts(app)
    assert "Difference to M, not realised but estimated for" in said
    (picture,) = app.get("plotly_chart")
    assert picture.proto.alt.startswith("Estimated, against M: F: ")


def test_a_group_with_too_few_labels_is_named_not_dropped(draw: Any, workspace: Path) -> None:
    said = texts(draw(workspace, "estimates.by_group(state.scope(), 'precision')", attribute="ward"))
    assert re.search(r"Can’t be estimated: C: \d+ labels in the reference, \d+ of them positive; it needs 500", said)


def test_estimates_are_hollow_and_dashed_and_realised_values_solid(workspace: Path) -> None:
    from dashboard.workspace import Workspace

    model = Workspace(workspace).model("triage")
    settled = model.extent().complete_until.isoformat()
    read = frame(model.readings(metrics=("accuracy", "estimated_accuracy"), by="week", **NOW))  # type: ignore[arg-type]
    figure = beside(read, settled)
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    hollow = [trace for trace in lines if trace.line.dash == "dash"]
    assert {trace.marker.symbol for trace in hollow} == {"circle-open"}
    assert {trace.marker.symbol for trace in lines if trace not in hollow} == {"circle"}
    assert sum(len(trace.x) for trace in hollow) == 4
    assert sum(len(trace.x) for trace in lines if trace not in hollow) < 4, "labels of the last weeks are coming"
    assert any("labels complete to" in note.text for note in figure.layout.annotations)


def test_a_gap_without_estimates_stays_a_gap(workspace: Path) -> None:
    from dashboard.workspace import Workspace

    model = Workspace(workspace).model("triage")
    read = frame(model.readings(metrics=("estimated_accuracy",), by="week", **NOW))  # type: ignore[arg-type]
    figure = beside(read.drop(index=1), "2026-01-01")
    assert [len(trace.x) for trace in figure.data if trace.mode == "lines+markers"] == [1, 2]


def test_no_estimated_dot_is_filled(workspace: Path) -> None:
    from dashboard.workspace import Workspace

    model = Workspace(workspace).model("triage")
    asked = {"metrics": ("estimated_precision_difference",), "attributes": ("sex",)}
    figure = estimated_dots(frame(model.readings(**asked, **NOW)), (-0.1, 0.1))  # type: ignore[arg-type]
    symbols = [s for trace in figure.data if trace.mode == "markers" for s in trace.marker.symbol]
    assert symbols == ["circle-open"]
    assert all(trace.line.dash == "dot" for trace in figure.data if trace.mode == "lines")


def test_words_of_stretches_records_and_gaps() -> None:
    assert estimates.stretch(7) == "7 days"
    record = pd.DataFrame({"inside": [True, False, True]})
    assert estimates.held_up(record).startswith("In 2 of 3 past weeks the realised value fell inside")
    assert "No past week" in estimates.held_up(record[:0])
    one = Window(date(2026, 4, 1), date(2026, 4, 29))
    assert estimates.gaps([one], "2026-03-01") == [
        "No estimate for 1 to 28 April: a later version is calibrated on these, its first days."
    ]
    assert estimates.gaps([one], str(day(DAYS + 99))) == []


def test_several_classes_have_the_same_section(draw: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    log = rows(6)
    given = random.dirichlet([1, 1.3, 0.8], len(log)).round(2)
    names = np.array(["a", "b", "c"])
    log["label"] = names[
        (given.cumsum(axis=1) / given.sum(axis=1, keepdims=True) > random.random((len(log), 1))).argmax(1)
    ]
    log["decision"] = names[given.argmax(axis=1)]
    log = log.assign(pa=given[:, 0], pb=given[:, 1], pc=given[:, 2]).drop(columns="score")
    contract = MULTICLASS.replace('label = "label"', 'label = "label"\nlabeled_at = "at"')
    model = found(tmp_path, contract)
    model.log(log.drop(columns=["label", "place"]))
    come = log[log["place"] < SETTLED].assign(at=lambda f: f["time"] + pd.Timedelta(days=14))
    model.log_labels(come[["id", "label", "at"]])
    model.rollup()
    app = draw(tmp_path)
    assert "accuracy is estimated at" in texts(app)
    next(box for box in app.selectbox if box.label == "Estimate").set_value("f1_macro").run()
    assert not app.exception
    assert "macro F1 is estimated at 0." in texts(app)
    gaps = draw(tmp_path, "estimates.by_group(state.scope(), 'accuracy')", attribute="sex")
    assert "not realised but estimated" in texts(gaps)
