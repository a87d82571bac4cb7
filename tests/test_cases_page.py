"""The Cases page as a link opens it: one case by its id, whatever became of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import streamlit as st

from tests.test_odd_models import opened
from tests.worlds import Spec, World, build


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=4, rows=400, days=9), tmp_path_factory.mktemp("cases"))


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    st.cache_data.clear()


def by_outcome(rows: pd.DataFrame) -> dict[str, str]:
    """Returns an id of a case that was right, of one that was wrong and of one without a label."""
    known = rows.dropna(subset="label")
    right = known["said"] == known["label"]
    none = rows[rows["label"].isna()]
    chosen = {"right": known[right], "wrong": known[~right], "no label": none}
    return {name: str(found["prediction_id"].iloc[0]) for name, found in chosen.items()}


@pytest.mark.parametrize("outcome", ["right", "wrong", "no label"])
def test_a_link_to_one_case_shows_it_whatever_became_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    id_ = by_outcome(world.frame)[outcome]
    heading, _ = opened(world.model.settings.workspace, "cases", monkeypatch, window="all", id=id_)
    assert heading == "One case."


def test_without_a_link_wrong_answers_come_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heading, _ = opened(world.model.settings.workspace, "cases", monkeypatch, window="all")
    known = world.frame.dropna(subset="label")
    assert heading == f"{(known['said'] != known['label']).sum()} wrong answers."


def test_an_id_that_is_nobody_s_is_said_not_to_fit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = world.model.settings.workspace
    heading, told = opened(folder, "cases", monkeypatch, window="all", id="p-no-such")
    assert heading.startswith(("0 ", "No "))
    assert "No case fits." in told
