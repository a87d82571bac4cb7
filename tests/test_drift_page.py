"""Which inputs moved, and what in them: the words, the order, the small picture, groups from the log, the views."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard import charts
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.policy import Finding
from dashboard.report import domain
from dashboard.report.drift import shapes
from dashboard.report.moved import MEAN, NOTHING, SPREAD, moved
from dashboard.report.moved_groups import by_group
from dashboard.report.moved_groups import shapes as group_shapes
from dashboard.report.scope import Scope
from dashboard.ui import drift, drift_words, headlines, load, menu
from dashboard.ui.load import moved as loads
from dashboard.ui.state import Scope as PageScope
from dashboard.ui.verdicts import shown_on, with_states
from dashboard.workspace import Workspace
from tests.worlds import Spec, build

ENTRY = Path(dashboard.ui.__file__).with_name("app.py")
LATEST = PageScope("triage", None, "latest", "sex")


def finding(feature: str | None, state: Any, value: float = 0.3, metric: str = "psi", most: float = 0.1) -> Finding:
    given: dict[str, Any] = {"attribute": None, "group": None, "reference": None, "version": None}
    numbers: dict[str, Any] = {"value": value, "low": value / 2, "high": value * 2, "n": 100, "level": 0.99}
    days: dict[str, Any] = {"since": "2026-03-01", "until": "2026-03-08"}
    more: dict[str, Any] = {"allowed": (None, most), "sentence": "", "kind": "drift", "then": ()}
    return Finding(f"r{most}", state, metric, feature=feature, **given, **numbers, **days, **more)


def numbers(values: Any, missing: int = 0) -> Histogram:
    counts = np.bincount(np.asarray(values, dtype=int), minlength=10)
    return Histogram.of(counts, counts * np.arange(10), missing)


def test_a_mean_a_spread_or_a_share_is_what_moved() -> None:
    same, wide, up = (numbers(values) for values in ([4, 5, 5, 6], [2, 5, 5, 8], [6, 7, 7, 8]))
    assert [moved("x", same, other).what for other in (up, wide, same)] == [MEAN, SPREAD, MEAN]
    assert (moved("x", same, up).then, moved("x", same, up).now) == (5.0, 7.0)
    assert moved("x", same, numbers([], 9)).what == NOTHING
    found = moved("x", numbers([5] * 8, 2), numbers([5] * 5, 5))
    assert (found.missing_then, found.missing_now) == (0.2, 0.5)
    ward = moved("ward", Categories({"a": 70, "b": 30}), Categories({"a": 30, "b": 30, "z": 10, "y": 30}))
    assert (ward.category, ward.then, ward.now, ward.unseen) == ("a", 0.7, 0.3, ("y", "z"))


def test_unseen_categories_are_named_the_first_three() -> None:
    fact = moved("ward", Categories({"a": 100}), Categories({"a": 40, **dict.fromkeys("vwxyz", 12)}))
    told = drift_words.what(vars(fact))
    assert told == "a 100 → 40\u202f%; new: v, w, x and 2 more"
    assert drift_words.what(vars(replace(fact, category="1", unseen=()))) == "“1” 100 → 40\u202f%"
    assert drift_words.what(None) == "no values to compare"


def test_evidence_comes_first_by_state_then_by_how_far_beyond_the_limit() -> None:
    values = {"a": 0.2, "b": 0.9, "c": 0.05, "d": 0.3, "e": None}
    states = {"a": "outside", "b": "inconclusive", "c": "within", "d": "outside", "e": "cannot be computed"}
    rows = pd.DataFrame({"feature": [*values], "value": [*values.values()], "state": [*states.values()]})
    assert list(drift_words.ranked(rows, (None, 0.1))["feature"]) == ["d", "a", "b", "e", "c"]
    unjudged = drift_words.ranked(rows.assign(state=None), None)
    assert list(unjudged["feature"]) == ["b", "d", "a", "c", "e"]


def test_of_two_rules_on_a_feature_the_worse_is_shown() -> None:
    rows = pd.DataFrame({"metric": ["psi"], "feature": ["age"], "low": [0.0], "high": [1.0]})
    found = [finding("age", "outside", most=0.02), finding("age", "within", most=0.5)]
    assert list(with_states(rows, found)["state"]) == ["outside"]


def test_the_headline_counts_inputs_and_names_them_and_what_else_moved() -> None:
    found = [finding("b", "outside", 0.5), finding("a", "outside"), finding("score", "outside"), finding("c", "within")]
    says, more = headlines.drift(found, ["a", "b", "c"], ["score"])
    assert says == "2 of 3 inputs moved more than chance and enough to matter: b and a."
    assert more == "The score moved too."
    cost = headlines.drift(found, ["a", "b", "c"], [], "together they cost about 1 point of accuracy")[0]
    assert cost.endswith("b and a; together they cost about 1 point of accuracy.")
    calm = headlines.drift([finding("a", "within"), finding("score", "outside")], ["a", "b"], ["score"])
    assert calm == ("None of 2 inputs moved enough to matter.", "But the score moved.")
    many = [*map("score of {}".format, "abcdef")]
    more = headlines.drift([finding(name, "outside") for name in many], ["a"], many)[1]
    assert more == "But the score of a, score of b, score of c, score of d, score of e and 1 more moved."
    unsure = headlines.drift([finding("a", "inconclusive")], ["a"])
    assert unsure == ("The one input is not shown to have moved enough to matter.", "For a it can’t be told yet.")
    mix = [finding(None, "outside", metric="mix_psi"), finding("a", "within")]
    assert headlines.drift(mix, ["a"])[0] == "None of 1 input moved enough to matter."


def test_a_finding_on_a_feature_is_shown_where_that_feature_is_opened() -> None:
    assert shown_on(finding("age", "outside")) == ("drift", {"feature": "age", "view": drift.ONE})


def test_the_small_picture_has_its_limit_its_holes_and_its_last_value() -> None:
    drawn = charts.spark([0.0, 0.1, None, 0.4, 0.2], 0.1, "outside")
    assert drawn.count("<path") == 3  # the limit, and a line on either side of the hole
    assert drawn.count("<circle") == 1
    limit, last = (float(re.findall(found, drawn)[0]) for found in (r'd="M0 ([\d.]+)H', r'cy="([\d.]+)"'))
    assert last < limit  # higher up
    assert "<circle" not in charts.spark([None, None])
    assert "dasharray" not in charts.spark([0.1])


@pytest.mark.parametrize("feature", ["lactate", "age", "ward"])
def test_groups_read_from_the_log_add_up_to_what_the_rollup_counted(tmp_path: Path, feature: str) -> None:
    model = build(Spec(seed=5, rows=900, days=12), tmp_path).model
    source, extent = model.source(), model.extent()
    middle = extent.first.replace(day=30)
    days = (extent.first, middle)
    read = group_shapes(model.paths, source, ("sex",), feature, days, None)
    assert len(read) > 1
    (counted,) = shapes(source, Scope(*days, features=(feature,))).values()
    together: Any = sum(list(read.values())[1:], next(iter(read.values())))
    assert together.n == counted.n
    assert together.missing == counted.missing
    if isinstance(counted, Histogram):
        assert together.counts.tolist() == counted.counts.tolist()
        assert together.sums == pytest.approx(counted.sums)
    else:
        assert together == counted
    end = extent.last.fromordinal(extent.last.toordinal() + 1)
    asked = Scope(middle, end, attributes=("sex*age_band",), reference=days)
    found = by_group(model.paths, source, asked, feature)
    assert all("*" in one.group for one in found)
    assert (
        sum(one.moved.n_now for one in found)
        <= next(iter(shapes(source, replace(asked, features=(feature,))).values())).n
    )
    assert by_group(model.paths, source, asked, feature) is found  # kept


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, sample: Path) -> Path:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(sample))
    return sample


@pytest.fixture
def shown(workspace: Path) -> Callable[..., AppTest]:
    def start(**query: str) -> AppTest:
        app = AppTest.from_file(str(ENTRY), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        app.switch_page(str(menu.file("drift"))).run()
        assert not app.exception, app.exception[0].message
        return app

    return start


def texts(app: AppTest) -> str:
    bodies = (element.proto.body for element in app.get("html"))
    said = unescape(re.sub(r"<[^>]+>", " ", " ".join(body for body in bodies if "<style" not in body)))
    return re.sub(r"\s+", " ", said)


def test_the_inputs_stand_a_line_each_the_moved_ones_first(shown: Any) -> None:
    app = shown()
    said = texts(app)
    assert "2 of 14 inputs moved more than chance and enough to matter: lactate and age." in said
    assert re.search(r"mean 49\.\d → 5\d\.\d years", said)
    (inputs, own) = [e.proto.body for e in app.get("html") if 'class="eh-table"' in e.proto.body]
    named = re.findall(r'<a href="([^"]+)" target="_self">(\w+)</a>', inputs)
    assert [name for _, name in named][:2] == ["lactate", "age"]
    assert len(named) == 14 == inputs.count("eh-spark")
    assert "view=One+input&amp;feature=lactate" in named[0][0]
    assert all(f">{name}</a>" in own for name in ("score", "confidence", "decision", "label"))
    assert not app.get("plotly_chart")  # what is shut is not drawn


def test_the_opened_feature_comes_from_the_url_and_stays_in_it(shown: Any) -> None:
    app = shown(view=drift.ONE, feature="age")
    assert app.query_params["feature"] in ("age", ["age"])
    said = texts(app)
    assert "age: mean 49" in said
    assert "age, window by window" in said
    assert "eh-spark" not in "".join(e.proto.body for e in app.get("html") if "<style" not in e.proto.body)
    first, second = (chart.proto.alt for chart in app.get("plotly_chart"))
    assert "years" in first
    assert "18 to 24 June" in second
    app.selectbox(key="feature").set_value("complaint").run()
    assert app.query_params["feature"] in ("complaint", ["complaint"])
    assert "complaint, window by window" in texts(app)
    assert shown(view=drift.ONE, feature="nonsense").query_params["feature"] in ("lactate", ["lactate"])


def test_inputs_together_wait_for_a_button_until_they_are_known(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "known", lambda source, scope: None)
    assert [button.key for button in shown(view=drift.TOGETHER).button if button.key == "together"]
    rows = (("2026-06-20", "v2", "E-1", 0.91),)
    told = domain.Domain("", 0.7, 0.02, 7, 4000, 4000, (("age", 0.1), ("sex", 0.0)), rows)
    monkeypatch.setattr(domain, "known", lambda source, scope: told)
    app = shown(view=drift.TOGETHER)
    assert not [button.key for button in app.button if button.key == "together"]
    said = texts(app)
    assert "AUC 0.70 (0.65 to 0.75). What gives them away most: age." in said
    assert "E-1" in said


def test_labels_and_scores_open_with_a_picture_that_says_its_finding(shown: Any) -> None:
    app = shown(view=drift.LABELS)
    assert app.get("plotly_chart")
    assert all(chart.proto.alt for chart in app.get("plotly_chart"))


def test_each_window_has_the_state_that_check_gave_it(workspace: Path) -> None:
    model = Workspace().model("triage")
    rows = loads.over_time(LATEST, "age")
    assert len(rows) == loads.JUDGED
    for window, row in zip(model.plan().by_log.drift_windows[-3:], rows.to_dict("records")[-3:], strict=True):
        found = loads.worst(model.findings(window), "age")
        assert found is not None
        assert (row["state"], row["low"], row["high"]) == (found.state, found.low, found.high)
        assert row["since"] == window.since.isoformat()


def test_the_trail_ends_in_the_value_that_is_shown_now(workspace: Path) -> None:
    trail, now = loads.trail(LATEST), load.drift(LATEST, ("psi",))
    last = trail.groupby("feature")["value"].last()
    shown_now = now.set_index("feature")["value"].reindex(last.index)
    assert len(last) == 18  # 14 inputs, score, confidence, decision and label
    assert last.to_numpy() == pytest.approx(shown_now.astype(float).to_numpy())
    assert trail.groupby("feature").size().nunique() == 1


def groups_say(rows: pd.DataFrame) -> str:
    return drift_words.groups_say(rows, "sex", "years")


def test_groups_and_versions_say_what_moved_in_them(workspace: Path) -> None:
    rows = loads.groups(LATEST, "age")
    assert set(rows["group"]) >= {"F", "M"}
    assert re.match(r"2 of 2 groups moved more than chance, \w the furthest: mean 49", groups_say(rows))
    assert "years" in str(drift_words.group_table(rows, "years")[0]["What moved"])
    assert set(loads.groups(LATEST, "score")["group"]) == set(rows["group"])
    assert groups_say(rows.assign(low=0.0)) == "By sex, no group’s values are shown to have moved."
    assert groups_say(rows.assign(value=None)) == "No sex has enough values in both windows."
    assert set(loads.by_version(LATEST, "age")["version"]) == {"v2"}
