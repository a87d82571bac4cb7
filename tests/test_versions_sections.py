"""The sections on versions, on why a rate changed and on value: true sentences, pictures that add up."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import Workspace, charts
from dashboard.charts import palette
from dashboard.charts.waterfall import SHOWN
from dashboard.metrics.pairs import PairedDifference
from dashboard.metrics.table.versions import SUFFIX
from dashboard.report import Reading
from dashboard.report.standings import standings
from dashboard.workspace import Model
from tests.two_versions import CONTRACT, cases, model_of, scored
from tests.worlds import found

SCRIPT = """
import streamlit as st
from dashboard.ui import change, state, value, versions
asked = st.query_params
window = asked.get("window", "all")
st.session_state["scope"] = state.Scope("triage", asked.get("version"), window, asked.get("attribute"))
{{"versions": versions, "change": change, "value": value}}["{section}"].section(state.scope())
"""
MATRIX = '[value]\nunit = "EUR"\ntp = 90\nfp = -10.5\nfn = -200\ntn = 0\n'


def worlds() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns two versions of the same cases: the second better for all but for the women of site B, whom it misses."""
    rows = cases(31, 4000, 14)
    first, second = scored(rows, "v1", 0.5, 2), scored(rows, "v2", 0.9, 3)
    hurt = (second["sex"] == "F") & (second["site"] == "B") & second["ill"]
    return first, second.assign(score=second["score"].where(~hurt, (second["score"] - 0.35).clip(0, 1)).round(2))


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paired")
    model_of(folder, *worlds(), columns='value = "value"', more=f'[versions]\nshadow = ["v2"]\n{MATRIX}')
    return folder


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    first, second = worlds()
    folder = tmp_path_factory.mktemp("apart")
    model_of(folder, first, second.assign(id="x" + second["id"], time=second["time"] + pd.Timedelta(days=14)))
    return folder


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(section: str, workspace: Path, **query: str) -> AppTest:
        monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
        app = AppTest.from_string(SCRIPT.format(section=section), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, app.exception[0].message
        return app

    return start


def texts(app: AppTest) -> str:
    bodies = [re.sub(r"<[^>]+>", " ", element.proto.body) for element in app.get("html")]
    return re.sub(r"\s+", " ", unescape(" ".join(bodies)))


def test_it_says_which_version_is_better_and_whom_that_hurts(draw: Any, paired: Path) -> None:
    app = draw("versions", paired, attribute="sex*site")
    said = texts(app)
    assert re.search(
        r"Better: v2 is right more often than v1: [\d.]+ points \([\d.]+ to [\d.]+; the [\d,]+ cases", said
    )
    assert "Worse: For F, B, v2 is worse: it finds fewer of the positive cases, by" in said
    assert "For M" not in said
    assert said.count("Worse: ") == 1
    assert "compared case by case" in said
    assert "they differ on" in said
    (picture,) = app.get("plotly_chart")
    assert picture.proto.alt.startswith("Everybody: ")
    assert app.get("download_button")


def test_the_harm_is_said_whatever_attribute_is_chosen_last(draw: Any, paired: Path) -> None:
    assert "For F, B, v2 is worse" in texts(draw("versions", paired))


def test_the_older_version_can_be_judged_too(draw: Any, paired: Path) -> None:
    assert "v1 is right less often than v2" in texts(draw("versions", paired, version="v1", attribute="sex"))


def test_versions_on_other_days_come_with_a_caution(draw: Any, apart: Path) -> None:
    said = texts(draw("versions", apart, attribute="sex"))
    assert "cases against" in said
    assert "not on the same days" in said
    assert "may be the days’ own" in said
    narrow = texts(draw("versions", apart, attribute="sex", window="2026-01-06..2026-01-09"))
    assert "v2 is right more often than v1" in narrow


def test_a_comparison_by_ranking_is_in_its_own_unit(draw: Any, paired: Path) -> None:
    app = draw("versions", paired, attribute="sex")
    app.selectbox(key="versions-metric").set_value("roc_auc").run()
    assert not app.exception
    assert re.search(r"v2 ranks cases better than v1: 0\.\d+ \(0\.\d+ to 0\.\d+;", texts(app))


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_other_tasks_have_their_sections_too(draw: Any, tmp_path: Path, task: str) -> None:
    base, random = cases(41, 900), np.random.default_rng(7)
    truth = random.normal(10, 3, 900).round(3) if task == "regression" else random.choice(["a", "b", "c"], 900)
    parts = []
    for version, skill in (("v1", 0.4), ("v2", 0.7)):
        right = np.where(random.random(900) < skill, truth, "a") if task == "multiclass" else truth
        said = right if task == "multiclass" else truth + random.normal(0, 1 / skill, 900)
        parts.append(base.assign(label=truth, version=version, score=said))
    role = "score" if task == "regression" else "decision"
    text = CONTRACT.format(columns="", more="").replace('score = "score"', f'{role} = "score"')
    model = found(tmp_path, text.replace('task = "binary"\npositive = "1"', f'task = "{task}"'))
    model.log(pd.concat(parts).drop(columns="ill"))
    model.rollup()
    said_of = texts(draw("versions", tmp_path))
    assert "Better: v2 is" in said_of
    assert ("is closer than v1" in said_of) == (task == "regression")
    assert "Why did it change?" in texts(draw("change", tmp_path, window="2026-01-09..2026-01-13"))
    assert texts(draw("value", tmp_path)) == ""


def test_a_single_version_has_nothing_to_compare(draw: Any, tmp_path: Path) -> None:
    model_of(tmp_path, worlds()[0])
    assert texts(draw("versions", tmp_path)) == ""
    assert texts(draw("value", tmp_path)) == ""


def test_no_difference_is_called_what_chance_makes(draw: Any, tmp_path: Path) -> None:
    first = worlds()[0]
    again = scored(first, "v2", 0.5, 77)
    model_of(tmp_path, first, again)
    said = texts(draw("versions", tmp_path, attribute="sex"))
    assert "as much as chance makes" in said
    assert "Better:" not in said


def test_a_group_below_the_minimum_is_never_called_worse(paired: Path) -> None:
    model: Model = Workspace(paired).model("triage")
    readings = model.versus("v1", "v2", ("true_positive_rate",), attributes=("sex*site",))
    few = {one.reading.group: one.verdict for one in standings(readings, minimum_n=400)}
    assert few["F*B"] == "too few"
    assert {one.verdict for one in standings(readings) if one.reading.group == "F*B"} == {"worse"}


def differences(seed: int, metric: str, groups: int = 12, n: int = 400) -> list[Reading]:
    """Returns the readings of groups in which both versions are right equally often."""
    random = np.random.default_rng(seed)
    found = []
    for group in range(groups):
        both, second, first, neither = (int(count) for count in random.multinomial(n, [0.6, 0.1, 0.1, 0.2]))
        measure = PairedDifference(both, second, first, neither)
        low, high = measure.interval()
        found.append(
            Reading(
                "performance", metric, "ward", f"g{group}", "v1", None, "v2", "2026-01-01", "2026-02-01", measure.value,
                low, high, n, None, n, measure.method, measure.note, measure,
            )
        )  # fmt: skip
    return found


def test_many_equal_groups_are_hardly_ever_named() -> None:
    named = sum(
        any(one.verdict in ("better", "worse") for one in standings(differences(seed, "accuracy" + SUFFIX)))
        for seed in range(60)
    )
    assert named <= 8  # 5 of 100, and chance


def test_why_it_changed_is_said_and_adds_up(draw: Any, apart: Path) -> None:
    app = draw("change", apart, attribute="sex*site", window="2026-01-19..2026-02-02")
    said = texts(app)
    assert re.search(r"Accuracy (rose|fell) by [\d.]+ points", said)
    assert "What each group adds to the change" in said
    app.selectbox(key="change-by").set_value("version").run()
    assert "because a" in texts(app)
    assert app.get("plotly_chart")


def test_without_an_earlier_window_it_says_so(draw: Any, apart: Path) -> None:
    assert "Nothing lies before" in texts(draw("change", apart, window="2026-01-05..2026-01-12"))


def test_what_it_is_worth_is_said_in_the_contracts_unit(draw: Any, paired: Path) -> None:
    said = texts(draw("value", paired))
    assert re.search(r"A case is worth −?[\d,.]+ EUR on average \(−?[\d,.]+ to −?[\d,.]+\); the [\d,]+ labelled", said)
    assert "as logged" in said
    assert "−200 EUR" in said
    assert "0.000" not in said


def rows(*given: tuple[str | None, float, str]) -> pd.DataFrame:
    base = {
        "metric": "accuracy_version_difference",
        "numerator": 90,
        "denominator": 100,
        "n": 100,
        "note": "",
        "feature": None,
    }
    return pd.DataFrame(
        [base | {"group": g, "value": v, "low": v - 0.02, "high": v + 0.02, "verdict": word} for g, v, word in given]
    )


def test_everybody_comes_first_and_no_difference_has_its_line() -> None:
    figure = charts.version_dots(rows(("F", 0.05, "better"), (None, 0.03, "better"), ("M", -0.04, "worse")), "v1")
    assert figure.layout.yaxis.ticktext[0].startswith("<b>Everybody</b>")
    assert any(note.text == "as v1" and note.x == 0 for note in figure.layout.annotations)
    assert figure.layout.xaxis.range[0] < 0 < figure.layout.xaxis.range[1]


@pytest.mark.parametrize("groups", [1, 3, SHOWN + 1, 30])
def test_the_waterfall_ends_where_the_rate_is_now(groups: int) -> None:
    rates = [(f"g{i}", 0.004 * (-1) ** i / (i + 1)) for i in range(groups)]
    mix, before = -0.01, 0.8
    now = before + mix + sum(part for _, part in rates)
    figure = charts.waterfall((("before", before), ("now", now)), mix, rates, "higher")
    bars, dots = figure.data
    assert bars.base[0] == before
    assert bars.base[-1] + bars.x[-1] == pytest.approx(now)
    assert list(dots.x) == [before, now]
    assert len(bars.x) <= SHOWN + 2
    for value, colour in list(zip(bars.x, bars.marker.color, strict=True))[1:]:
        assert colour == palette.STATES["within" if value > 0 else "outside"].colour
    signs = [note.text[0] for note in figure.layout.annotations[1:-1]]
    assert all(sign == ("+" if value > 0 else "−") or sign == "0" for sign, value in zip(signs, bars.x, strict=True))
