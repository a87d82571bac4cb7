"""When did it begin? Every scheduled window judged as when it was the newest; what is drawn more often never is."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard import charts, cli
from dashboard.charts.palette import STATES
from dashboard.errors import EvenhandError
from dashboard.metrics import METRICS
from dashboard.policy import Finding, Window, first_outside
from dashboard.ui import load, menu
from dashboard.ui.load import over_time as load_over_time
from dashboard.ui.over_time import stated, table, urgent, value_words
from dashboard.ui.state import Scope
from dashboard.workspace import Model, Workspace
from tests import test_odd_models as odd
from tests.worlds import Spec, build, delivered, draw, found

ENTRY = Path(dashboard.ui.__file__).with_name("app.py")
TPR = "true_positive_rate_difference"
SPEC = Spec(seed=8, rows=4000, days=40)
POLICY = """
version = "1"
minimum_n = 20
[windows]
reference = { since = "2026-01-24", until = "2026-02-03" }
every = "10d"
drift = "10d"
[[rule]]
metric = "true_positive_rate_difference"
attribute = "*"
between = [-0.1, 0.1]
[[rule]]
metric = "selection_rate_ratio"
attribute = "sex"
min = 0.8
[[rule]]
metric = "accuracy"
min = 0.5
"""


def finding(state: Any, group: str, since: str, rule: str = "r") -> Finding:
    until = (date.fromisoformat(since) + timedelta(days=28)).isoformat()
    given: dict[str, Any] = {"metric": TPR, "attribute": "sex", "reference": "M", "feature": None, "version": None}
    numbers: dict[str, Any] = {"value": -0.3, "low": -0.37, "high": -0.22, "n": 100, "level": 0.99}
    more: dict[str, Any] = {"allowed": (-0.1, 0.1), "sentence": "", "kind": "fairness", "then": ()}
    return Finding(rule, state, group=group, since=since, until=until, **given, **numbers, **more)


DAY = date(2026, 1, 1)
FIRST, SECOND, THIRD = "2026-01-01", "2026-01-29", "2026-02-26"


def test_what_left_its_range_is_found_once_in_its_first_window_the_first_to_leave_first() -> None:
    windows = [
        [finding("within", "F", FIRST), finding("inconclusive", "X", FIRST)],
        [finding("inconclusive", "F", SECOND), finding("outside", "X", SECOND)],
        [finding("outside", "F", THIRD), finding("outside", "X", THIRD), finding("within", "Y", THIRD)],
    ]
    assert [(one.group, one.since) for one in first_outside(windows)] == [("X", SECOND), ("F", THIRD)]
    assert first_outside(windows[:1]) == []
    assert len(first_outside([[finding("outside", "F", FIRST, "a"), finding("outside", "F", FIRST, "b")]])) == 2


def judged_model(folder: Path, rows: pd.DataFrame) -> Model:
    model = found(folder, SPEC.contract, policy=POLICY)
    model.log(rows)
    model.rollup()
    return model


def rows_until(end: date | None = None) -> pd.DataFrame:
    """Returns the world's rows; from 13 February on the model hardly says yes to women."""
    frame = draw(SPEC)
    unseen = (frame["sex"] == "F") & (frame["day"] >= date(2026, 2, 13)) & (frame.index % 4 > 0)
    frame["decision"] = frame["decision"].mask(unseen, 0.0)
    return delivered(frame if end is None else frame[frame["day"] < end], SPEC)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return judged_model(tmp_path_factory.mktemp("long"), rows_until())


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_window_is_judged_as_when_it_was_the_newest(long: Model, tmp_path: Path, place: int) -> None:
    window = long.plan().by_log.windows[place]
    then = judged_model(tmp_path, rows_until(window.until))
    assert then.plan().by_log.current == window
    assert [f.as_dict() for f in long.findings(window)] == [f.as_dict() for f in then.findings()]


def test_a_window_that_is_not_scheduled_is_refused(long: Model) -> None:
    with pytest.raises(EvenhandError, match="not scheduled"):
        long.findings(Window(date(2026, 2, 1), date(2026, 2, 11)))


def test_the_first_outside_of_a_model_is_that_of_its_windows_and_each_really_was_outside(long: Model) -> None:
    first = long.first_outside()
    windows = [long.findings(window) for window in long.plan().every()]
    outside = [{(f.rule, f.attribute, f.group) for f in findings if f.state == "outside"} for findings in windows]
    assert {(one.group, one.since) for one in first if one.attribute == "sex"} == {("F", "2026-02-13")}
    assert len(first) == len(set.union(*outside))
    for one in first:
        at = next(i for i, window in enumerate(long.plan().every()) if str(window.since) == one.since)
        about = one.rule, one.attribute, one.group
        assert about in outside[at]
        assert not any(about in earlier for earlier in outside[:at])


@pytest.fixture
def triage(monkeypatch: pytest.MonkeyPatch, sample: Path) -> Model:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(sample))
    return Workspace(sample).model("triage")


SCOPE = Scope("triage", None, "latest", "sex*age_band")


@pytest.mark.parametrize("metric", [TPR, "selection_rate_ratio"])
def test_the_states_drawn_are_the_policys_of_each_window(triage: Model, metric: str) -> None:
    scope = replace(SCOPE, attribute="ethnicity" if metric.endswith("ratio") else "sex*age_band")
    judged = load_over_time.findings(scope, metric)
    rows = stated(load_over_time.readings(scope, metric, "window"), judged)
    drawn = {(r["group"], str(r["since"])): r["state"] for r in rows.to_dict("records") if r["state"] in STATES}
    said = {}
    for window in load_over_time.schedule(scope, metric).windows:
        for one in triage.findings(window):
            if one.metric == metric and one.attribute == scope.attribute:
                said[one.group, str(one.since)] = one.state
                row = rows[(rows["group"] == one.group) & (rows["since"].astype(str) == one.since)].iloc[0]
                assert row["value"] == pytest.approx(one.value, nan_ok=True)
                assert (row["low"], row["high"]) == (one.low, one.high)
    assert drawn == said
    assert said


def test_a_window_whose_labels_are_still_coming_has_no_state(triage: Model) -> None:
    rows = stated(load_over_time.readings(SCOPE, TPR, "window"), load_over_time.findings(SCOPE, TPR))
    late = rows[rows["until"].astype(str) > load.complete_until("triage").isoformat()]
    assert len(late)
    assert late["state"].isna().all()
    assert rows["since"].min() < str(triage.plan().by_log.windows[0].since)  # the days before are there, unjudged


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_chosen_window_says_what_the_facade_says_of_it(triage: Model, place: int) -> None:
    """Where labels are still coming the page judges what waits for them all the same, and the rest without it."""
    window = triage.plan().by_log.windows[place]
    waits = window not in triage.plan().by_labels.windows
    chosen = load.findings(replace(SCOPE, window=f"{window.since}..{window.until}"), "fairness")
    said = [f for f in chosen if not waits or "labels" not in METRICS[f.metric].needs]
    mine = [f for f in triage.findings(window) if f.kind == "fairness"]
    assert mine
    assert sorted(map(repr, said)) == sorted(map(repr, mine))
    today = [repr(f) for f in triage.findings() if f.kind == "fairness" and f.since == str(window.since)]
    assert set(today) <= set(map(repr, mine))


def test_panels_come_in_order_of_urgency_and_the_first_is_who_left_first(triage: Model) -> None:
    judged = load_over_time.findings(SCOPE, TPR)
    rows = urgent(stated(load_over_time.readings(SCOPE, TPR, "window"), judged), judged, "M*40-64")
    groups = list(dict.fromkeys(rows["group"]))
    assert groups[0] == "F*65+"
    cells = table(rows, "2026-06-10")
    assert cells[0]["Group"] == "F, 65+"
    assert any(str(cell).endswith("▲") for cell in cells[0].values())
    assert "21 May to 17 June (labels coming)" in cells[0]


def readings(groups: Sequence[str | None], periods: int = 4) -> pd.DataFrame:
    about = {"metric": TPR, "attribute": "sex", "reference": "M", "version": None, "feature": None, "note": None}
    counts = {"n": 100, "numerator": 50, "denominator": 100}
    rows = []
    for group in groups:
        for k in range(periods):
            days = {"since": str(DAY + timedelta(days=28 * k)), "until": str(DAY + timedelta(days=28 * k + 28))}
            value = {"value": -0.02 * k, "low": -0.02 * k - 0.05, "high": -0.02 * k + 0.05}
            rows.append({"group": group} | about | counts | days | value)
    return pd.DataFrame(rows)


def test_all_panels_have_one_scale_one_date_axis_and_the_policys_range() -> None:
    figure = charts.disparity_over_time(readings(["F", "X", "Y"]), (-0.1, 0.1), {"v1": "2026-01-01"}, "M")
    axes = list(figure.select_yaxes())
    assert len(axes) == 3
    assert len({tuple(axis.range) for axis in axes}) == 1
    assert axes[0].domain[0] > axes[1].domain[1] > axes[1].domain[0] > axes[2].domain[1]
    assert [shape.y0 for shape in figure.layout.shapes if shape.type == "rect"] == [-0.1] * 3
    assert len(list(figure.select_xaxes())) == 1
    assert {note.text for note in figure.layout.annotations} == {"<b>F</b>", "<b>X</b>", "<b>Y</b>", "v1"}


def test_what_is_late_is_hollow_and_what_is_judged_has_its_mark() -> None:
    rows = readings(["F"]).assign(state=[None, "outside", "inconclusive", None])
    figure = charts.disparity_over_time(rows, None, settled="2026-04-01")
    symbols = [list(trace.marker.symbol) for trace in figure.data if trace.mode == "markers"]
    assert ["circle", "circle-open"] in symbols
    assert ["triangle-up", "circle-open"] in symbols
    assert sum(shape.type == "path" for shape in figure.layout.shapes) == 1


def test_a_number_of_no_single_group_has_one_panel_and_an_interval_too_wide_does_not_flatten_the_rest() -> None:
    rows = readings([None])
    rows.loc[0, "low"] = -0.9
    figure = charts.disparity_over_time(rows)
    (axis,) = figure.select_yaxes()
    assert axis.range[0] > -0.3
    assert charts.disparity_over_time(rows.iloc[:0]).layout.height


def test_a_contrast_in_words_names_side_reference_and_interval() -> None:
    assert value_words(finding("outside", "F", FIRST)) == "30 points below M; 22 to 37"
    ratio = replace(finding("outside", "F", FIRST), metric="selection_rate_ratio", value=0.6, low=0.5, high=0.7)
    assert value_words(ratio) == "0.60 times that of M; 0.50 to 0.70"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, sample: Path) -> Any:
    def start(view: str = "Over time", **query: str) -> AppTest:
        monkeypatch.setenv("EVENHAND_WORKSPACE", str(sample))
        app = AppTest.from_file(str(ENTRY), default_timeout=60)
        for name, value in (query | {"view": view}).items():
            app.query_params[name] = value
        app.run()
        app.switch_page(str(menu.file("fairness"))).run()
        assert not app.exception, app.exception[0].message
        assert "could not be shown" not in texts(app)
        return app

    return start


def texts(app: AppTest) -> str:
    bodies = (element.proto.body for element in app.get("html"))
    said = unescape(re.sub(r"<[^>]+>", " ", " ".join(body for body in bodies if "<style" not in body)))
    return re.sub(r"\s+", " ", said)


def test_the_view_says_who_left_the_range_first_when_and_under_which_version(shown: Any) -> None:
    app = shown(attribute="sex*age_band", metric="true_positive_rate")
    told = (
        r"F, 65\+ left the range in the window 23 April to 20 May 2026 "
        r"\(30 points below M, 40-64; \d+ to \d+\), under v2, which answers since 1 April\."
    )
    assert re.search(told, texts(app))
    assert re.search(told, app.get("plotly_chart")[0].proto.alt)
    assert "1 more group is in the table." in texts(app)


def test_weeks_get_no_state_and_the_page_says_so(shown: Any) -> None:
    app = shown(attribute="sex*age_band", metric="true_positive_rate", by="Week")
    assert "Drawn by week at plain 95 %, not judged: only the policy’s windows of 28 days get a state." in texts(app)
    assert not any("eh-key" in element.proto.body for element in app.get("html") if "<style" not in element.proto.body)
    assert "F, 65+ left the range" in texts(app)  # still judged on windows


@pytest.mark.parametrize("what", ["Ratio to the reference", "The rate of each group", "Largest gap between two groups"])
@pytest.mark.parametrize("by", ["Window of 28 days", "Month"])
def test_what_no_rule_judges_is_drawn_and_said_to_be_so(shown: Any, what: str, by: str) -> None:
    app = shown(attribute="sex", metric="true_positive_rate", disparity=what, by=by)
    assert "No rule of the policy judges this" in texts(app)
    assert app.get("plotly_chart")[0].proto.alt


def test_where_nothing_left_its_range_the_page_says_in_how_many_windows(shown: Any) -> None:
    text = texts(shown(attribute="site", metric="false_positive_rate"))
    assert re.search(r"No group has left the range in 3 scheduled windows\.", text)


def test_a_view_of_what_no_rule_judges_still_says_who_left_the_range(shown: Any) -> None:
    query = {"attribute": "sex*age_band", "metric": "true_positive_rate", "disparity": "The rate of each group"}
    assert "F, 65+ left the range" in texts(shown(**query))
    ratio = shown(attribute="ethnicity", metric="selection_rate")  # the policy judges it by its ratio
    assert ratio.selectbox(key="disparity").value == "ratio"


def test_one_version_is_judged_by_itself(shown: Any) -> None:
    assert "left the range" in texts(shown(attribute="sex*age_band", metric="true_positive_rate", version="v2"))


@pytest.mark.parametrize("window", ["all", "2026-06-02..2026-06-30", "2026-02-26..2026-03-26"])
def test_the_view_is_of_the_whole_log_whatever_window_is_chosen(shown: Any, window: str) -> None:
    text = texts(shown(attribute="sex*age_band", metric="true_positive_rate", window=window))
    assert "F, 65+ left the range in the window 23 April to 20 May 2026" in text


def test_the_command_line_prints_what_left_its_range_and_keeps_the_exit_code_of_check(
    sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(sample))
    first = Workspace(sample).model("triage").first_outside()
    for words in (["check", "triage"], ["check", "triage", "--every-window"]):
        monkeypatch.setattr(sys, "argv", ["evenhand", *words])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert stopped.value.code == 1
    lines = capsys.readouterr().out.splitlines()[-len(first) :]
    assert lines[0].startswith("2026-04-23 to 2026-05-20  Sensitivity for F, 65+ is ")
    assert [line.split("  ", 1)[1] for line in lines] == [one.sentence for one in first]


def test_the_command_line_says_that_nothing_left_its_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build(Spec(seed=3, rows=900, days=30), tmp_path, 'version = "1"\n[[rule]]\nmetric = "accuracy"\nmin = 0.01\n')
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["evenhand", "check", "triage", "--every-window"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    said = capsys.readouterr()
    assert (stopped.value.code, said.out) == (0, "")
    assert said.err.startswith("Nothing has left its range in ")


def two_days(folder: Path) -> None:
    build(Spec(seed=2, rows=300, days=2), folder)


@pytest.mark.parametrize("view", ["Over time", "Mix against rate"])
@pytest.mark.parametrize("world", [
    odd.multiclass, odd.unlabelled, odd.one_class, odd.many_groups, two_days,
], ids=lambda world: str(world.__name__))  # fmt: skip
def test_no_model_breaks_the_views(world: Any, view: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world(tmp_path)
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(tmp_path))
    for query in ({}, {"metric": "accuracy"}, {"metric": "selection_rate", "disparity": "Demographic parity ratio"}):
        app = AppTest.from_file(str(ENTRY), default_timeout=60)
        for name, value in (query | {"view": view, "attribute": "sex"}).items():
            app.query_params[name] = value
        app.run()
        app.switch_page(str(menu.file("fairness"))).run()
        assert not app.exception, app.exception[0].message
        assert "could not be shown" not in texts(app)
        assert "Not shown" not in texts(app)


def test_what_is_outside_is_in_its_panel_however_wide_its_interval() -> None:
    rows = readings([None]).assign(state="within")
    rows.loc[3, ["value", "low", "high", "state"]] = [0.9, 0.5, 1.4, "outside"]
    (axis,) = charts.disparity_over_time(rows).select_yaxes()
    assert axis.range[1] > 1.4
    (axis,) = charts.disparity_over_time(rows.assign(state="within")).select_yaxes()
    assert axis.range[1] < 0.5
