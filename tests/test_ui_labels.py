"""The section on labels in time: what it says of the sample, of a log whose labels came at once, and of the past."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.charts.labels import delay_curves, drawn_groups, missing_labels
from dashboard.ui import label_words as words
from dashboard.workspace import Workspace, frame
from tests.worlds import Spec, build


def script(attribute: str | None, window: str) -> None:
    from dashboard.ui import labels
    from dashboard.ui.state import Scope, keep

    scope = Scope("triage", None, window, attribute)
    keep(scope)
    labels.section(scope)


def shown(
    workspace: Path, patch: pytest.MonkeyPatch, attribute: str | None = None, window: str = "latest", **session: object
) -> AppTest:
    patch.setenv("EVENHAND_WORKSPACE", str(workspace))
    app = AppTest.from_function(script, args=(attribute, window), default_timeout=60)
    for name, value in session.items():
        app.session_state[name.replace("_", "-")] = value
    app.run()
    assert not app.exception, app.exception[0].message
    return app


def texts(app: AppTest) -> str:
    bodies = " ".join(element.proto.body for element in app.get("html"))
    return re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]+>", " ", bodies)))


def test_of_the_sample_it_names_medicaid(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(sample, monkeypatch, "insurance")
    told = texts(app)
    assert re.search(r"Labels of Medicaid \(insurance\) come 1\d days later than the others’", told)
    assert re.search(r"from 10 to 30 June 26\s% have theirs, against 82\s%. Rates that need labels can mislead", told)
    assert "Labels are complete to 9 June" in told
    pictures = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert len(pictures) == 2
    assert "Medicaid: half of the labels come within 16 days, 99 of 100 within 21." in pictures[0]
    assert "Medicaid 100\u202f%, then 26\u202f%" in pictures[1]
    assert len(app.get("download_button")) == 2


@pytest.mark.parametrize("attribute", [None, "sex*age_band"])
@pytest.mark.parametrize("window", ["all", "2026-06-25..2026-06-26", "2030-01-01..2030-02-01"])
def test_it_stands_whatever_the_scope(
    sample: Path, monkeypatch: pytest.MonkeyPatch, attribute: str | None, window: str
) -> None:
    app = shown(sample, monkeypatch, attribute, window)
    assert all(chart.proto.alt.strip() for chart in app.get("plotly_chart"))


def test_then_stands_beside_now(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(sample, monkeypatch, "insurance", "2026-05-20..2026-06-10", opened_as_of=True, as_of=date(2026, 6, 10))
    told = texts(app)
    past, now = Workspace(sample).model("triage").as_of(date(2026, 6, 10)), Workspace(sample).model("triage")
    asked = {"since": date(2026, 5, 20), "until": date(2026, 6, 10), "metrics": ("label_coverage", "accuracy")}
    then, today = ({r.metric: r for r in model.readings(**asked)} for model in (past, now))
    share = then["label_coverage"].value
    assert share is not None
    assert f"When 10 June 2026 began, {share * 100:.0f}\u202f% of these cases had their label." in told
    assert then["accuracy"].n < today["accuracy"].n
    rows = pd.concat([frame(m.readings(**asked)).assign(when=w) for m, w in ((past, "then"), (now, "now"))])
    (first, second) = words.then_rows(rows, date(2026, 6, 10))
    assert {str(row["n then"]) for row in (first, second)} <= set(told.split())


def test_where_labels_came_at_once_there_is_nothing_to_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(Spec(seed=3), tmp_path)
    told = texts(shown(tmp_path, monkeypatch, "sex"))
    assert "Nobody knows when labels came" in told
    assert "Labels are complete to the end of the log" in told
    assert "Careful" not in told


def test_without_any_label_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(Spec(seed=3, labels="never"), tmp_path)
    assert "Nobody knows when labels came" in texts(shown(tmp_path, monkeypatch, opened_as_of=True))


def test_a_day_on_which_nothing_was_known_is_said(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = texts(shown(sample, monkeypatch, None, "latest", opened_as_of=True, as_of=date(2026, 1, 2)))
    assert "Nothing of this window was known on 2 January 2026" in told


def curves(groups: int) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"group": f"g{i:02d}", "delay": range(4), "share": [0.1, 0.5, 0.9, 1.0], "n": 100 + i})
        for i in range(groups)
    ]
    return pd.concat(parts).assign(low=lambda f: f["share"] - 0.05, high=lambda f: f["share"], at_risk=50)


def test_the_largest_groups_are_drawn_and_named_once() -> None:
    many = curves(12)
    assert drawn_groups(many) == [f"g{i:02d}" for i in range(4, 12)]
    figure = delay_curves(many)
    names = [note.text for note in figure.layout.annotations]
    assert sorted(names) == ["99 of 100", *drawn_groups(many)]
    assert len({note.y for note in figure.layout.annotations}) == len(names)  # no name covers another
    assert len(delay_curves(curves(1).assign(group=None)).data) == 3


def test_the_strip_marks_until_when_labels_are_complete(tmp_path: Path) -> None:
    model = build(Spec(seed=3), tmp_path).model
    readings = frame(model.readings(metrics=("label_coverage",), attributes=("sex",), by="day"))
    figure = missing_labels(readings, sorted(set(readings["since"]))[4])
    assert len(figure.layout.shapes) == 1
    assert figure.data[0].z.shape == (readings["group"].nunique(), readings["since"].nunique())
    assert not missing_labels(readings).layout.shapes


@pytest.mark.parametrize(
    ("apart", "task", "said"),
    [
        ({}, "binary", ""),
        ({"1": -3}, "binary", "Positives are known 3 days sooner than negatives: on what has arrived, .* too high"),
        ({"a": -2, "b": 4}, "multiclass", "Labels of class b come 4 days later"),
    ],
)
def test_which_way_early_labels_pull_is_said(apart: dict[str, int], task: str, said: str) -> None:
    assert re.fullmatch(f"{said}.*", words.values_apart(apart, task))
