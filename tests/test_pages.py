"""Every page under Streamlit's own test runner: whatever the scope, a sentence stands on it and no exception."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard.review.ledger import Ledger
from dashboard.settings import read
from dashboard.ui import menu
from dashboard.workspace import Workspace

ENTRY = Path(dashboard.ui.__file__).with_name("app.py")
PAGES = [page for names in menu.MENU.values() for page in names]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(workspace: Path) -> AppTest:
        monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
        return AppTest.from_file(str(ENTRY), default_timeout=60)

    return start


def show(app: AppTest, page: str, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != menu.FIRST:
        app.switch_page(str(menu.file(page))).run()
    assert not app.exception, app.exception[0].message
    return app


def texts(app: AppTest) -> str:
    bodies = (element.proto.body for element in app.get("html"))
    return unescape(re.sub(r"<[^>]+>", " ", " ".join(body for body in bodies if "<style" not in body)))


def headline(app: AppTest) -> str:
    found = [re.search(r"<h1[^>]*>(.*?)</h1>", element.proto.body) for element in app.get("html")]
    (only,) = [unescape(match.group(1)) for match in found if match]
    return only


def links(app: AppTest) -> list[Any]:
    return [element.proto for element in app.get("page_link")]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_one_sentence(page: str, at: Any, sample: Path) -> None:
    says = headline(show(at(sample), page))
    assert says.endswith((".", "!"))
    assert "could not be shown" not in says


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_has_its_finding_in_words_and_every_page_a_download(page: str, at: Any, sample: Path) -> None:
    app = show(at(sample), page)
    assert all(chart.proto.alt.strip() for chart in app.get("plotly_chart"))
    if page not in ("audit", "groups", "review_queue"):  # what has to be asked for first
        assert app.get("download_button")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "scope",
    [
        {"version": "v2", "window": "all", "attribute": "sex*age_band"},
        {"version": "v1", "window": "2026-02-26..2026-03-26", "attribute": "ethnicity"},
        {"version": "v1", "window": "2026-06-25..2026-06-26", "attribute": "site"},
        {"version": "none such", "window": "soon", "attribute": "nonsense"},
        {"window": "2030-01-01..2030-02-01"},
    ],
    ids=["everything", "first window", "a version without rows", "nonsense", "no data"],
)
def test_no_scope_breaks_a_page(page: str, scope: dict[str, str], at: Any, sample: Path) -> None:
    assert headline(show(at(sample), page, **scope))


def test_the_scope_stands_in_the_url_and_holds_on_every_page(at: Any, sample: Path) -> None:
    app = show(at(sample), "performance", version="v2", attribute="site")
    for page in PAGES[2:]:
        app.switch_page(str(menu.file(page))).run()
        assert app.query_params["version"] in ("v2", ["v2"])
        assert app.query_params["attribute"] in ("site", ["site"])


def test_the_overview_names_what_the_policy_found(at: Any, sample: Path) -> None:
    found = Workspace(sample).model("triage").findings()
    outside = [finding for finding in found if finding.state == "outside"]
    shown = texts(show(at(sample), "overview"))
    assert outside
    assert all(finding.sentence in shown for finding in outside)


def test_the_fairness_page_finds_the_women_whom_v2_overlooks(at: Any, sample: Path) -> None:
    app = show(at(sample), "fairness", attribute="sex*age_band")
    assert re.search(r"It finds \d+ of 100 positive cases among F, 65\+, and \d+ among M, 40-64\.", headline(app))


def test_each_finding_on_the_overview_leads_to_the_page_that_shows_it(at: Any, sample: Path) -> None:
    found = [f for f in Workspace(sample).model("triage").findings() if f.state == "outside"]
    shown = [(link.label, link.query_string) for link in links(show(at(sample), "overview", version="v2"))]
    assert {f"{f.kind.capitalize()} →" for f in found} <= {label for label, _ in shown}
    assert any("sex%2Aage_band" in query or "sex*age_band" in query for label, query in shown if label == "Fairness →")
    assert all("version=v2" in query for _, query in shown)


def test_what_is_outside_and_what_is_still_coming_is_said_on_the_overview(at: Any, sample: Path) -> None:
    app = show(at(sample), "overview")
    assert "are still coming, and these may change" in texts(app)
    timeline = app.get("plotly_chart")[-1].proto.alt
    assert "23 April to 20 May 2026: Fairness: 1 outside." in timeline


PLANTED = {  # what is planted in the sample's pipeline: sample_data/README.md
    "a": r"Since 3 May the share of values of lactate outside the contract’s range",
    "a, its unit": r"lactate at site C looks multiplied by 9.0 since 3 May.*model selects \d+ of 100 cases there",
    "b": r"From \d+ March to \d+ (May|June) the median of age went from 5\d to 6\d, little by little",
    "c": r"Since \d+ (March|April) .*mean score is",
    "c, better": r"Since \d+ (March|April) the accuracy is 0.8\d\d .* before, 0.85",
    "e, the afternoon": r"predictions came on 27 May from 13:00 to 17:00, 5\.\d times the usual",
    "e, its queue": r"95 of 100 answers took up to \d+\u202fms on 27 May from 13:00 to 17:00",
    "e, its failures": r"of calls failed on 27 May",
    "e, slower calls": r"Since 2 June the time within which 95 of 100 answers come",
    "f": r"of rows lacked oxygen_saturation from 9 to 12 June",
}


def test_everything_planted_in_the_pipeline_is_on_the_overview_and_nothing_else(at: Any, sample: Path) -> None:
    app = show(at(sample), "overview")
    told = app.get("plotly_chart")[-1].proto.alt
    assert [name for name, words in PLANTED.items() if not re.search(words, told)] == []
    found = [event for event in Workspace(sample).model("triage").events() if event.series]
    assert len(found) == len(PLANTED)
    recent = [event.sentence for event in found if event.since.month >= 5 and event.series != "out_of_range"]
    assert all(sentence in texts(app) for sentence in recent)
    assert {"Service →", "Data →"} <= {link.label for link in links(app) if "2026-05" in link.query_string}


def test_the_line_of_time_is_filtered_by_what_is_asked_for_and_says_so_in_words(at: Any, sample: Path) -> None:
    app = show(at(sample), "overview", lanes="Latency")
    told = app.get("plotly_chart")[-1].proto.alt
    assert "answers come" in told
    assert "oxygen_saturation" not in told
    table = show(at(sample), "overview")
    table.session_state["opened-events"] = True
    assert "Version v2 began to predict." in texts(table.run())


def test_the_first_visit_to_fairness_shows_what_is_outside(at: Any, sample: Path) -> None:
    app = show(at(sample), "fairness")
    assert app.query_params["attribute"] in ("sex*age_band", ["sex*age_band"])
    assert app.query_params["metric"] in ("true_positive_rate", ["true_positive_rate"])
    assert re.search(r"It finds \d+ of 100 positive cases among F, 65\+", headline(app))


@pytest.mark.parametrize("attribute", ["sex", "age_band", "site", "ethnicity", "insurance"])
def test_no_attribute_hides_what_is_outside_by_another(attribute: str, at: Any, sample: Path) -> None:
    app = show(at(sample), "fairness", attribute=attribute)
    assert not headline(app).startswith("No group")
    assert "Outside by sex × age band: 1 finding (true positive rate) →" in [link.label for link in links(app)]


def test_a_link_to_another_attribute_wins_over_the_box_and_the_box_over_an_old_address(at: Any, sample: Path) -> None:
    app = show(at(sample), "fairness", attribute="sex", metric="accuracy")
    app.query_params["attribute"] = "sex*age_band"
    app.query_params["metric"] = "true_positive_rate"
    app.run()
    assert "F, 65+" in headline(app)
    app.selectbox(key="scope-attribute").set_value("site")
    app.run()
    assert app.query_params["attribute"] in ("site", ["site"])


def test_the_word_beside_a_group_is_the_policys_finding(at: Any, sample: Path) -> None:
    app = show(at(sample), "fairness", attribute="sex*age_band")
    table = next(e.proto.body for e in app.get("html") if "Judged interval" in e.proto.body)
    row = next(part for part in table.split("<tr>") if "F, 65+" in part)
    assert "outside range" in row


def test_too_small_a_group_is_said_to_be_so(at: Any, sample: Path) -> None:
    app = show(at(sample), "fairness", attribute="ethnicity")
    table = next(e.proto.body for e in app.get("html") if "Judged interval" in e.proto.body)
    row = next(part for part in table.split("<tr>") if "Pacific Islander" in part)
    assert "can’t be computed" in row


def test_a_signature_is_kept_and_shown(at: Any, sample: Path, tmp_path: Path) -> None:
    app = show(at(_copied(sample, tmp_path)), "signoff")
    assert "has not been signed off" in headline(app)
    _fill(app, name="Ada Osei", role="Compliance officer", rationale="Known, and answered in the minutes")
    app.checkbox(key="sign-agreed").check()
    app.button(key="sign").click().run()
    assert [message.value for message in app.success]
    app.run()
    assert "was approved for" in headline(app)
    (recorded,) = Ledger(read(tmp_path / "workspace").ledger).events("triage", "signed")
    assert (recorded.event.actor, recorded.event.verified) == ("Ada Osei", False)
    show(app, "audit")
    assert headline(app) == "One act, complete and unchanged as far as the record itself can tell."


def test_one_signature_of_two_is_no_approval_and_is_said(at: Any, sample: Path, tmp_path: Path) -> None:
    workspace = _copied(sample, tmp_path)
    (workspace / "evenhand.toml").write_text("[signoff]\nsigners = 2\n", encoding="utf-8")
    app = show(at(workspace), "signoff")
    _fill(app, name="Ada Osei", role="Compliance officer", rationale="Known, and answered in the minutes")
    app.checkbox(key="sign-agreed").check()
    app.button(key="sign").click().run()
    app.run()
    assert "has 1 of 2 signatures" in headline(app)
    assert "1 of 2 signatures" in texts(app)


def test_nothing_is_signed_without_the_tick_or_without_a_name(at: Any, sample: Path, tmp_path: Path) -> None:
    app = show(at(_copied(sample, tmp_path)), "signoff")
    _fill(app, name="", role="Compliance officer", rationale="Because")
    app.button(key="sign").click().run()
    assert "Tick the box" in texts(app)
    app.checkbox(key="sign-agreed").check()
    app.button(key="sign").click().run()
    assert "The name is missing" in texts(app)
    assert Ledger(read(tmp_path / "workspace").ledger).events() == []


def test_a_flag_is_kept(at: Any, sample: Path, tmp_path: Path) -> None:
    workspace = _copied(sample, tmp_path)
    app = show(at(workspace), "cases", attribute="sex")
    app.session_state["cases-table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    app.text_input(key="flag-name").input("Dr. Lind")
    app.text_input(key="flag-role").input("Emergency physician")
    app.button[0].click().run()
    assert [message.value for message in app.success]
    (recorded,) = Ledger(read(workspace).ledger).events("triage", "flagged")
    assert recorded.event.body["reason"] == "wrong-answer"


def test_an_opened_case_shows_each_number_among_all_in_a_strip_and_in_words(at: Any, sample: Path) -> None:
    app = show(at(sample), "cases")
    app.session_state["cases-table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    numeric = [f for f in Workspace(sample).model("triage").contract.features if f.kind == "numeric"]
    table = next(e.proto.body for e in app.get("html") if "Among all" in e.proto.body)
    assert table.count("<img") == len(numeric)
    assert len(re.findall(r"above \d+ of 100", table)) >= len(numeric) - table.count("missing")


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_workspace_says_what_to_do(page: str, at: Any, tmp_path: Path) -> None:
    app = show(at(tmp_path), page)
    assert headline(app) == "There is no model here yet."
    assert "evenhand demo" in texts(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_model_that_nobody_has_counted_says_so(page: str, at: Any, sample: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "triage"
    folder.mkdir(parents=True)
    (folder / "contract.toml").write_bytes((sample / "models/triage/contract.toml").read_bytes())
    app = show(at(tmp_path), page)
    assert headline(app) == "Nothing of triage has been counted yet."


def _fill(app: AppTest, name: str, role: str, rationale: str) -> None:
    app.text_input(key="sign-name").input(name)
    app.text_input(key="sign-role").input(role)
    app.text_area(key="sign-rationale").input(rationale)
    for box in app.text_input:
        if str(box.key).startswith("sign-waiver"):
            box.input("Not asked for in the first release")


def _copied(sample: Path, folder: Path) -> Path:
    """Returns a workspace of its own with the sample's model in it, so that nothing is written into the shared one."""
    workspace = folder / "workspace"
    (workspace / "models").mkdir(parents=True)
    (workspace / "models" / "triage").symlink_to(sample / "models" / "triage")
    return workspace


@pytest.mark.parametrize("page", ["performance", "fairness"])
def test_a_window_whose_labels_are_still_coming_opens_with_whose_come_later(page: str, at: Any, sample: Path) -> None:
    waiting = texts(show(at(sample), page, window="2026-06-02..2026-06-30", attribute="insurance"))
    assert waiting.count("Labels of Medicaid (insurance) come") == 1
    assert "Labels of Medicaid" not in texts(show(at(sample), page, attribute="insurance"))
