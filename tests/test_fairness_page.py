"""The fairness page for every kind of model, and where groups are awkward: each state says what it is, in words."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard.ui import all_metrics, fairness_words, menu, verdicts
from dashboard.ui.load import fairness as numbers
from dashboard.ui.marks import Judged
from dashboard.ui.state import Scope
from dashboard.workspace import Workspace
from tests.fairness_worlds import CLASSES, STAY, WORLDS
from tests.worlds import RATES

ENTRY = Path(dashboard.ui.__file__).with_name("app.py")
ALL = "All metrics"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fairness")
    for world in WORLDS:
        world(folder)
    return folder


@pytest.fixture
def shown(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))

    def show(model: str, view: str = "", *opened: str, **query: str) -> Page:
        app = AppTest.from_file(str(ENTRY), default_timeout=60)
        asked = {"model": model, "attribute": "sex", "window": "all"} | query | ({"view": view} if view else {})
        for name, value in asked.items():
            app.query_params[name] = value
        for box in opened:
            app.session_state[f"opened-{box}"] = True
        app.switch_page(str(menu.file("fairness"))).run()
        assert not app.exception, app.exception[0].message
        page = Page(app)
        clean(page)
        return page

    return show


class Page:
    """What a page shows."""

    def __init__(self, app: AppTest) -> None:
        self.app = app
        self.html = " ".join(e.proto.body for e in app.get("html") if "<style" not in e.proto.body)

    @property
    def heading(self) -> str:
        (found,) = re.findall(r"<h1[^>]*>(.*?)</h1>", self.html)
        return unescape(found)

    @property
    def text(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.html)).split())

    @property
    def boxes(self) -> list[str]:
        return [box.label for box in self.app.get("expander")]

    @property
    def matrix(self) -> dict[str, list[str]]:
        """The rows of the matrix of marks, by their heads."""
        (table,) = re.findall(r'<table class="eh-table eh-matrix">(.*?)</table>', self.html)
        rows = {}
        for row in re.findall(r"<tr>(.*?)</tr>", table)[1:]:
            head, *cells = (
                " ".join(unescape(re.sub(r"<[^>]+>", " ", c)).split()) for c in re.findall(r"<t[hd].*?</t[hd]>", row)
            )
            rows[head] = cells
        return rows

    @property
    def columns(self) -> list[str]:
        return [unescape(name) for name in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', self.html)]


def clean(page: Page) -> None:
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", page.text)
    assert page.heading.endswith((".", "?"))


@pytest.mark.parametrize("view", ["Over time", "Before labels", "In one number"])
@pytest.mark.parametrize("model", ["many", "alone", "no-reference", "classes", "stay"])
def test_every_view_of_every_kind_of_model_says_something_true(shown: Any, model: str, view: str) -> None:
    assert shown(model, view).app.tabs


def test_of_five_hundred_groups_forty_are_drawn_and_the_rest_can_be_had(shown: Any) -> None:
    page = shown("many")
    assert len(re.findall(r'<th scope="row">ward', page.html)) == verdicts.DRAWN
    assert "40 of 499 groups are drawn" in page.text
    assert f"{500 - verdicts.DRAWN} other groups" in page.boxes
    page = shown("many", "", "other-groups")
    (grid,) = (e.value for e in page.app.dataframe)
    assert len(grid) == 500 - verdicts.DRAWN
    matrix = shown("many", ALL).matrix
    assert len(matrix) == verdicts.DRAWN
    assert next(iter(matrix)).startswith("ward 000 reference, n ")


def test_one_group_alone_is_compared_with_nobody(shown: Any) -> None:
    page = shown("alone")
    assert page.heading == "All cases whose sex is known are M: there is nobody to compare."
    assert "A comparison needs two groups." in page.text
    assert len(shown("alone", ALL).matrix) == 1


def test_a_group_without_positives_is_0_of_0_and_never_a_rate(shown: Any) -> None:
    page = shown("none-positive", metric="true_positive_rate", window="latest")
    row = re.findall(r'<tr><th scope="row">X</th>(.*?)</tr>', page.html)[0]
    assert "0 of 0" in row
    assert "can’t be computed" in row
    assert "%" not in row
    matrix = shown("none-positive", ALL, window="latest")
    cell = dict(zip(matrix.columns[1:], next(c for h, c in matrix.matrix.items() if h.startswith("X n")), strict=True))
    assert cell["True positive rate"] == "– , can’t be computed 0 of 0"
    assert cell["False negative rate"] == "– 0 of 0"


def test_what_is_unknown_is_said_on_top_and_beside_the_table(shown: Any, workspace: Path) -> None:
    for view in ("", ALL):
        page = shown("missing", view)
        assert "The sex of 40 % of the cases (600 of 1,500) is unknown: they are in no comparison" in page.text
        assert "600 cases of 1,500 (40 %) with unknown sex are in no comparison." in page.text
    crossed = shown("missing", attribute="sex*age_band").text
    assert "(4" in crossed
    assert "with unknown sex or age band are in no comparison: unknown × " in crossed


def test_where_nobodys_group_is_known_the_page_says_so_and_stops(shown: Any) -> None:
    page = shown("unknown")
    assert page.heading == "Nobody’s sex is known in this window."
    assert "[attributes.sex]" in page.text
    assert not page.app.get("plotly_chart")
    assert not page.app.tabs


def test_without_labels_the_page_leads_to_what_needs_none(shown: Any) -> None:
    page = shown("unlabelled", metric="true_positive_rate")
    assert page.heading == "Nothing can be said of the true positive rate by sex yet."
    assert "No more labels are expected" not in page.text
    assert "The selection rate needs no labels →" in [link.proto.label for link in page.app.get("page_link")]
    assert [tab.label for tab in page.app.tabs] == [ALL, "Before labels"]
    assert shown("unlabelled", metric="selection_rate").app.get("plotly_chart")


def test_a_reference_group_that_does_not_come_is_named(shown: Any) -> None:
    page = shown("no-reference", window="latest")
    assert page.heading == "Nobody of M is in this window, and the others are compared with them."
    assert "can’t be computed" in page.text
    assert "the reference first" not in shown("no-reference", ALL, window="latest").text
    assert shown("no-reference", ALL, window="all").text.count("the reference first") == 1


@pytest.mark.parametrize("of_class", CLASSES.names[:2])
def test_a_class_is_looked_at_against_the_rest_in_every_view(shown: Any, workspace: Path, of_class: str) -> None:
    frame = pd.DataFrame(
        [r.as_dict() for r in Workspace(workspace).model("classes").readings(attributes=("sex",), features=(of_class,))]
    )
    found = frame[(frame["metric"] == "precision") & (frame["group"] == "F")].iloc[0]
    page = shown("classes", **{"class": of_class}, metric="precision")
    assert f"precision of {of_class} by sex" in page.heading
    assert f"{found['numerator']:.0f} of {found['denominator']:.0f}" in page.text
    matrix = shown("classes", ALL, **{"class": of_class})
    assert "Accuracy" not in matrix.columns
    assert len(matrix.columns) == len(RATES)
    assert "Equalized odds difference" in shown("classes", "In one number", **{"class": of_class}).text


def test_all_classes_together_are_right_or_wrong(shown: Any) -> None:
    page = shown("classes", ALL)
    assert page.columns == ["Group", "Accuracy"]
    assert page.app.selectbox(key="class").value == "all"


def test_another_class_takes_the_metrics_that_are_of_it(shown: Any) -> None:
    page = shown("classes", metric="accuracy")
    page.app.selectbox(key="class").set_value("mid").run()
    assert not page.app.exception
    assert page.app.query_params["class"] in ("mid", ["mid"])
    assert page.app.selectbox(key="metric").value == "true_positive_rate"


def test_of_a_predicted_number_errors_and_the_decision_at_the_cutoff_are_compared(shown: Any) -> None:
    page = shown("stay", ALL)
    assert {"Mean error", "Mean absolute error", "Share beyond the tolerance", "Selection rate"} <= set(page.columns)
    lean = shown("stay", metric="mean_error").text
    assert "Difference to M" in lean
    assert "No rule judges it" in lean
    assert f"Selected is who is predicted {STAY.cutoff:g} or more" in shown("stay", metric="selection_rate").text
    assert f"Selected is who is predicted {STAY.cutoff:g} or more" not in lean


def test_each_finding_of_the_attribute_is_a_sentence_worst_first(shown: Any, workspace: Path) -> None:
    found = [
        f
        for f in Workspace(workspace).model("stay").findings()
        if f.kind == "fairness" and f.attribute == "sex*age_band"
    ]
    page = shown("stay", window="latest", attribute="sex*age_band")
    listed = re.findall(r"<li>.*?</span>\s*(.*?)</span></li>", page.html)
    assert 0 < len(listed) <= 6
    page = shown("stay", "", "more-findings", window="latest", attribute="sex*age_band")
    assert all(f.sentence in page.text for f in found)
    states = re.findall(r'<li><span class="eh-shape eh-([a-z-]+)"', page.html)
    order = ["outside", "inconclusive", "cannot-be-computed", "within"]
    assert [order.index(state) for state in states] == sorted(order.index(state) for state in states)


def scope_of(model: str) -> Scope:
    return Scope(model, None, "all", "sex")


def test_the_download_has_every_number_of_every_group(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    scope = Scope("many", None, "latest", "sex")
    from dashboard.ui import load

    found = numbers.all_metrics(scope, list(RATES), load.findings(scope, "fairness"))
    assert found["group"].nunique() > 400
    assert set(found["metric"]) == set(RATES)
    assert not found.duplicated(["metric", "group"]).any()
    judged = found[found["judged_state"].notna()]
    assert set(judged["metric"]) == {"true_positive_rate", "false_positive_rate"}
    apart = found.dropna(subset=["difference"])
    base = apart["metric"].map(found[found["group"] == "ward 000"].set_index("metric")["value"])
    assert np.allclose(apart["difference"], apart["value"] - base)


def test_the_tests_of_the_page_are_of_the_rates_it_shows(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.stats import chi2_contingency

    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    found = numbers.homogeneity(scope_of("missing"), list(RATES))
    assert found == {}  # two groups have their difference
    crossed = Scope("missing", None, "all", "sex*age_band")
    tests = numbers.homogeneity(crossed, list(RATES))
    assert list(tests) == ["accuracy", "true_positive_rate", "true_negative_rate", "precision",
                           "negative_predictive_value", "prevalence", "selection_rate"]  # fmt: skip
    rates = numbers.all_metrics(crossed, ["accuracy"], [])
    known = verdicts.known_groups(rates)[0]
    table = [known["numerator"], known["denominator"] - known["numerator"]]
    assert tests["accuracy"].p == pytest.approx(chi2_contingency(np.array(table, dtype=float), correction=False).pvalue)


def test_the_tests_gaps_and_disparities_are_computed_when_they_are_opened(shown: Any) -> None:
    closed = shown("stay", "In one number", attribute="age_band")
    assert {"Gaps: the two groups furthest apart, rate by rate"} < set(closed.boxes)
    assert "Gap in accuracy" not in closed.text
    opened = shown("stay", "In one number", "gaps", "aequitas", attribute="age_band")
    assert "Gap in accuracy" in opened.text
    assert {"pprev", "ppr", "tpr"} <= set(opened.columns)
    assert "chi-squared" in shown("stay", ALL, "homogeneity", attribute="age_band").text


def test_a_cell_says_what_it_is_made_of_where_too_few() -> None:
    row = {"metric": "precision", "value": 0.25, "numerator": 3, "denominator": 12, "n": 12, "judged_state": "within"}
    assert all_metrics.cell(row, 50) == Judged("25\u202f%", "within", "3 of 12")
    assert all_metrics.cell(row, 12).few == ""
    assert all_metrics.cell(row | {"value": None, "numerator": 0, "denominator": 0, "n": 0}, 1).few == "0 of 0"
    assert all_metrics.cell(None, 50) == Judged("–", few="no case")


def test_of_many_unknown_groups_the_largest_are_named() -> None:
    groups = [f"unknown*b{k}" for k in range(9)]
    counts = pd.DataFrame({"group": [*groups, "F*b1"], "n": [*range(1, 10), 100]})
    unknown = verdicts.known_groups(counts)[1]
    told = fairness_words.unknown(unknown, counts, "sex*band")
    assert told.startswith("45 cases of 145 (31 %) with unknown sex or band are in no comparison: unknown × b8 (9), ")
    assert told.endswith(" and 3 more.")
    assert fairness_words.unknown(unknown.head(0), counts, "sex") == "The sex of every case is known."


def test_classes_are_those_of_the_log_where_the_contract_names_none(tmp_path: Path) -> None:
    from dataclasses import replace

    from dashboard.report.fairness import occurring_classes
    from tests.classes import counted

    world = counted(replace(CLASSES, rows=200, days=3, scores=False), tmp_path)
    both = pd.concat([world.frame["label"], world.frame["said"]]).dropna()
    assert occurring_classes(world.model.source()) == sorted(both.unique())
