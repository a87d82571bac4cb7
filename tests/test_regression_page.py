"""What the Performance page says of a model that predicts a number."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from dashboard.charts.errors import error_histogram
from dashboard.policy.proposal import propose
from dashboard.report import errors
from dashboard.ui import headlines
from dashboard.workspace import Model, frame
from tests.errors_world import ErrorSpec, build
from tests.test_odd_models import opened

SPEC = ErrorSpec(rows=3000, days=90)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Model, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("stay")
    model, raw = build(SPEC, folder)
    extent = model.extent()
    model.paths.policy.write_text(propose(model.contract, extent.first, extent.last), encoding="utf-8")
    return folder, model, raw


def test_the_page_opens_with_how_far_off_it_is_and_draws_its_errors(
    world: tuple[Path, Model, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_data.clear()
    heading, told = opened(world[0], "performance", monkeypatch)
    assert re.fullmatch(r"stay is off by \d\.\d on average\.", heading)
    assert re.search(r"Somewhere from \d\.\d to \d\.\d, going by \S+ cases\.", told)
    off = r"Its estimates are off by \d\.\d on average \(\d\.\d to \d\.\d\)"
    assert re.search(off + r"( and 0\.\d+ too high)?; \d\d of 100 lie within 5\.", told)
    assert "The pale band is what the contract tolerates." in told
    assert "How far off, by sex" in told


def test_estimates_stand_beside_what_came(
    world: tuple[Path, Model, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    st.cache_data.clear()
    _, told = opened(world[0], "performance", monkeypatch, view="Before labels")
    assert "the realised value fell inside the estimated interval" in told
    assert "An estimate takes inputs to go with errors as large" in told
    assert re.search(r"Fitted on 1,\d{3} labels of 2026-01-24 to 2026-03-20\.", told)


def test_the_bars_hold_all_but_the_farthest_errors(world: tuple[Path, Model, pd.DataFrame]) -> None:
    _, model, raw = world
    edges, shares = errors.error_bars(model.source(), model.scope(until=model.extent().last))
    days = raw["time"].dt.date < model.extent().last
    off = (raw["predicted"] - raw["stayed"])[days].dropna().to_numpy()
    assert 0.985 <= shares.sum() <= 1
    assert np.allclose(np.diff(edges), edges[1] - edges[0])
    expected = np.histogram(off, edges)[0] / len(off)
    assert np.abs(shares - expected).max() < 0.02
    figure = error_histogram(edges, shares, 5.0, 0.4)
    assert len(figure.data[0].x) == len(shares)


def test_without_labels_there_are_no_bars(tmp_path: Path) -> None:
    model, _ = build(ErrorSpec(rows=50, days=2, labels="never"), tmp_path)
    edges, shares = errors.error_bars(model.source(), model.scope())
    assert (len(edges), len(shares)) == (0, 0)


def test_a_lean_that_chance_explains_is_not_called_one(world: tuple[Path, Model, pd.DataFrame]) -> None:
    readings = frame(world[1].readings(kinds=("performance",)))
    lean = readings["metric"] == "mean_error"
    readings.loc[lean, ["value", "low", "high"]] = [0.1, -0.2, 0.4]
    assert "Neither too high nor too low on average" in headlines.performance(readings, "stay")[1]
    assert "too high" not in headlines.errors(readings, 5.0)
    readings.loc[lean, ["value", "low", "high"]] = [-0.3, -0.4, -0.2]
    assert "On average they are 0.30 too low." in headlines.performance(readings, "stay")[1]
    assert "and 0.30 too low" in headlines.errors(readings, None)
    few = readings.assign(n=12)
    assert "too few to say how good it is" in headlines.performance(few, "stay")[0]
