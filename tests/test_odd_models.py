"""Models that are not like the sample: every page still opens with a sentence that is true of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard.policy.proposal import propose
from dashboard.ui import menu, say, verdicts
from dashboard.workspace import Model, Workspace, frame
from tests.worlds import Spec, build, delivered, draw, found

ENTRY = Path(dashboard.ui.__file__).with_name("app.py")
PAGES = [page for names in menu.MENU.values() for page in names]
DAYS = 90
MODEL = '[model]\nname = "triage"\ntask = "{task}"\n'
COLUMNS = '[columns]\nid = "id"\ntime = "time"\nlabel = "label"\n{more}\n'
SEX = '[attributes.sex]\ncolumn = "sex"\n'
AGE = '[features.age]\nkind = "numeric"\n'
SPEC = Spec(rows=1500, days=DAYS, seed=3)


def rows(n: int = 1500) -> pd.DataFrame:
    random = np.random.default_rng(11)
    time = pd.Timestamp("2026-01-24") + pd.to_timedelta(random.integers(0, DAYS * 86_400, n), unit="s")
    sex, age = random.choice(["F", "M"], n), random.normal(50, 15, n)
    return pd.DataFrame({"id": [f"i{k}" for k in range(n)], "time": time, "sex": sex, "age": age})


def counted(folder: Path, contract: str, given: pd.DataFrame, judged: bool = True, name: str = "triage") -> Model:
    """Returns a model with the proposed policy, its rows logged and counted."""
    model = found(folder, contract, name)
    model.log(given)
    model.rollup()
    if judged:
        extent = model.extent()
        model.paths.policy.write_text(propose(model.contract, extent.first, extent.last), encoding="utf-8")
    return model


def multiclass(folder: Path) -> None:
    chances = np.random.default_rng(7).dirichlet([1, 1, 1], 1500)
    names = ["p_low", "p_mid", "p_high"]
    given = rows().assign(label=np.array(["low", "mid", "high"])[chances.argmax(axis=1)])
    given[names] = chances
    scores = '[columns.scores]\nlow = "p_low"\nmid = "p_mid"\nhigh = "p_high"\n'
    counted(folder, MODEL.format(task="multiclass") + COLUMNS.format(more=scores) + SEX + AGE, given)


def regression(folder: Path) -> None:
    random = np.random.default_rng(7)
    given = rows().assign(hours=random.normal(5, 3, 1500))
    given["label"] = given["hours"] + random.normal(1, 2, 1500)
    counted(folder, MODEL.format(task="regression") + COLUMNS.format(more='score = "hours"') + SEX + AGE, given)


def unlabelled(folder: Path) -> None:
    spec = Spec(rows=1500, days=DAYS, labels="never")
    counted(folder, spec.contract, delivered(draw(spec), spec))


def one_class(folder: Path) -> None:
    counted(folder, SPEC.contract, delivered(draw(SPEC), SPEC).assign(label=1.0, decision=1.0, score=0.9))


def many_groups(folder: Path) -> None:
    wards = [f"ward {k % 500}" for k in range(SPEC.rows)]
    counted(folder, SPEC.contract, delivered(draw(SPEC), SPEC).assign(sex=wards))


def no_policy(folder: Path) -> None:
    build(SPEC, folder)


def no_attributes(folder: Path) -> None:
    given = rows().assign(score=0.4, label=0)
    given.loc[given["age"] > 50, ["score", "label"]] = [0.8, 1]
    binary = MODEL.format(task="binary") + 'positive = "1"\n' + COLUMNS.format(more='score = "score"')
    counted(folder, binary, given)


def one_row(folder: Path) -> None:
    counted(folder, SPEC.contract, delivered(draw(SPEC), SPEC).head(1))


def several(folder: Path) -> None:
    build(Spec(rows=400, days=3), folder)
    build(Spec(rows=400, days=3, name="readmission", labels="never"), folder)
    found(folder, SPEC.contract.replace('"triage"', '"uncounted"'), "uncounted")


ODD: tuple[Callable[[Path], None], ...] = (
    multiclass, regression, unlabelled, one_class, many_groups, no_policy, no_attributes, one_row, several
)  # fmt: skip


@pytest.fixture(scope="module", params=ODD, ids=lambda make: make.__name__)
def odd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp(request.param.__name__)
    request.param(folder)
    return request.param.__name__, folder


def opened(workspace: Path, page: str, monkeypatch: pytest.MonkeyPatch, **query: str) -> tuple[str, str]:
    """Returns a page's heading, and all its words."""
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != menu.FIRST:
        app.switch_page(str(menu.file(page))).run()
    assert not app.exception, app.exception[0].message
    bodies: list[Any] = [element.proto.body for element in app.get("html") if "<style" not in element.proto.body]
    (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", " ".join(bodies))
    return unescape(heading), unescape(re.sub(r"<[^>]+>", " ", " ".join(bodies)))


SAYS = {
    ("no_policy", "overview"): "Nothing is judged",
    ("no_attributes", "fairness"): "No protected attribute is declared",
    ("unlabelled", "performance"): "no labels have arrived",
    ("regression", "performance"): "is off by",
    ("regression", "fairness"): "The mean error by sex, without a verdict.",
    ("regression", "cases"): "cases",
    ("one_row", "performance"): "too few",
    ("one_row", "data"): "The one row delivered was accepted",
    ("one_row", "drift"): "No input can be compared",
    ("one_row", "cases"): "One wrong answer.",
    ("unlabelled", "cases"): "No wrong answers.",
    ("many_groups", "fairness"): "Nobody of M is in this window",
    ("multiclass", "calibration"): "sure, it is right",
    ("regression", "calibration"): "predicts a number",
    ("unlabelled", "calibration"): "no labels have come",
    ("one_class", "calibration"): "it happens 100",
    ("one_row", "calibration"): "one case with a label",
}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_a_true_sentence(
    page: str, odd: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, workspace = odd
    st.cache_data.clear()
    heading, told = opened(workspace, page, monkeypatch)
    assert heading.endswith((".", "?"))
    assert "could not be shown" not in told
    assert not re.search(r"\bnan\b|None\b(?! of)|\binf\b", heading)
    assert SAYS.get((name, page), "") in heading
    if page == "performance" and name not in ("unlabelled", "several"):
        assert "No labels yet" not in told


def test_of_five_hundred_groups_the_pictures_show_some_and_the_table_all(tmp_path: Path) -> None:
    many_groups(tmp_path)
    rates = Workspace(tmp_path).model("triage").readings(metrics=("selection_rate",), attributes=("sex",))
    known = frame([reading for reading in rates if reading.group])
    shown = verdicts.drawn(known, "ward 7")
    assert (known["group"].nunique(), shown["group"].nunique()) == (500, verdicts.DRAWN)
    assert "ward 7" in set(shown["group"])
    assert say.some(shown, known).startswith(f"{verdicts.DRAWN} of 500 groups are drawn")
    assert say.some(known, known) == ""


def test_each_model_of_a_workspace_has_its_own_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several(tmp_path)
    for model, says in (("triage", "triage is right for"), ("readmission", "no labels"), ("uncounted", "been counted")):
        assert says in opened(tmp_path, "performance", monkeypatch, model=model)[0]
