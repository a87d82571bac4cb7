"""How much inputs count: planted weights come back in order, logged or by a surrogate; on a linear model both agree."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard import cli
from dashboard.metrics.surrogate import surrogate
from dashboard.report import importance
from dashboard.report.importance import Importances, importances
from dashboard.ui import menu
from dashboard.workspace import Model
from tests import explained
from tests.explained import WEIGHTS
from tests.worlds import found

ORDER = ["lactate", "age", "pulse", "bed"]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Model]:
    """Returns the same log with its attributions, and without."""
    frame = explained.drawn(4000)
    folder = tmp_path_factory.mktemp("importance")
    return explained.model(folder / "logged", frame), explained.model(folder / "plain", frame, logged=False)


def of(model: Model, version: str | None = None) -> Importances:
    given = importances(model.source(), version)
    assert given is not None
    return given


def test_both_find_the_planted_weights_and_agree(both: tuple[Model, Model]) -> None:
    logged, learnt = map(of, both)
    assert (logged.source, logged.fit, logged.caveat) == ("logged", None, "")
    assert (learnt.source, learnt.caveat) == ("surrogate", "")
    assert learnt.fit is not None
    assert learnt.fit > 0.9
    for given in (logged, learnt):
        assert [one.feature for one in given.of] == ORDER
        assert sum(one.share or 0 for one in given.of) == pytest.approx(1)
        for one in given.of:
            assert one.share == pytest.approx(WEIGHTS[one.feature] / sum(WEIGHTS.values()), abs=0.04)
            assert one.low is not None
            assert one.high is not None
            assert one.low <= one.share <= one.high
    assert logged.of[-1].share == 0
    assert (learnt.of[-1].share or 0) < 0.03


def test_a_surrogate_is_learnt_once(both: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    first = of(both[1])
    monkeypatch.setattr(importance, "surrogate", None)  # would fail if it were asked again
    assert of(both[1]) == first
    assert both[1].importance() == first


def test_versions_have_their_own_and_one_that_came_later_has_none(both: tuple[Model, Model]) -> None:
    assert of(both[0], "v1").rows + of(both[0], "v2").rows == of(both[0]).rows
    assert importances(both[0].source(), "v9") is None


def test_what_has_no_attributions_is_named_and_not_zero(tmp_path: Path) -> None:
    frame = explained.drawn(600).assign(shap_pulse=np.nan)
    given = of(explained.model(tmp_path, frame))
    assert (given.of[-1].feature, given.of[-1].share) == ("pulse", None)
    assert "of pulse" in given.caveat


def test_a_poor_fit_is_said(tmp_path: Path) -> None:
    frame = explained.drawn(600)
    frame["score"] = 1 / (1 + np.exp(-frame["lactate"] - 1.5 * np.random.default_rng(0).normal(size=len(frame))))
    given = of(explained.model(tmp_path, frame, logged=False))
    assert given.fit is not None
    assert given.fit < 0.5
    assert f"R2 {given.fit:.2f}" in given.caveat


TASKS = {
    "regression": ('task = "regression"', 'score = "number"'),
    "classes": ('task = "multiclass"', '[columns.scores]\nlow = "p_low"\nhigh = "p_high"'),
    "class": ('task = "multiclass"', 'decision = "said"'),
    "decision": ('task = "binary"\npositive = "high"', 'decision = "said"'),
}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_them(task: str, tmp_path: Path) -> None:
    frame = explained.drawn(900).rename(columns={"score": "p_high"})
    frame["p_low"] = 1 - frame["p_high"]
    frame["number"] = 1000 * np.log(frame["p_high"] / frame["p_low"])
    frame["said"] = np.where(frame["p_high"] > 0.5, "high", "low")
    head, columns = TASKS[task]
    text = f'[model]\nname = "triage"\n{head}\n[columns]\nid = "id"\ntime = "time"\n{columns}\n{explained.FEATURES}'
    model = found(tmp_path, text)
    model.log(frame)
    model.rollup()
    assert [one.feature for one in of(model).of][:2] == ORDER[:2]


def test_who_was_learnt_from_is_not_held_out() -> None:
    """A subject whose rows say the same could be recognised by an input that is the subject's number."""
    random = np.random.default_rng(4)
    subjects = np.repeat(np.arange(300), 8)
    said = np.repeat(random.normal(size=300), 8)[:, None]
    own = surrogate(subjects[:, None].astype(float), said, subjects)
    assert isinstance(own, str) or own.fit < 0.1
    assert "fewer than" in str(surrogate(np.zeros((9, 1)), np.zeros((9, 1)), np.arange(9)))
    assert "the same of every row" in str(surrogate(np.zeros((500, 1)), np.ones((500, 1)), np.arange(500)))


def test_the_command_prints_them(
    both: tuple[Model, Model], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in both:
        words = ["evenhand", "importance", "triage", "--format", "json", "--workspace", str(model.settings.workspace)]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert left.value.code == 0
        said = capsys.readouterr()
        assert [row["feature"] for row in json.loads(said.out)] == ORDER
        assert of(model).source in said.err


def view(model: Model, monkeypatch: pytest.MonkeyPatch, page: str = "drift", **query: str) -> AppTest:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(model.settings.workspace))
    app = AppTest.from_file(str(Path(dashboard.ui.__file__).with_name("app.py")), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page(str(menu.file(page))).run()
    assert not app.exception, app.exception[0].message
    return app


def texts(app: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in app.get("html"))


def test_the_view_shows_the_order_or_learns_when_asked(
    both: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = texts(view(both[0], monkeypatch, view="Why it decides"))
    assert "inputs by attribution" in shown
    assert "within range" in shown.lower()
    for file in (both[1].paths.rollup / "importance").glob("*.json"):
        file.unlink()
    app = view(both[1], monkeypatch, view="Why it decides")
    assert "What counts most" not in texts(app)
    next(button for button in app.button if button.key == "surrogate").click().run()
    assert "What counts most: lactate, age, pulse." in texts(app)


def test_a_case_shows_what_each_input_added(both: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    app = view(both[0], monkeypatch, "cases", id="c5", window="all")
    box = next(one for one in app.selectbox if one.label == "Case")
    box.select(box.options[0]).run()
    assert "Added to the answer" in texts(app)
    assert f"{explained.drawn(4000).set_index('id').loc['c5', 'shap_lactate']:+.3g}".replace("-", "−") in texts(app)
