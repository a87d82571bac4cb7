"""The Calibration page: its sentence is true of the curve, its pictures draw the curve, and nothing breaks it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from hypothesis import given, settings
from hypothesis import strategies as some

from dashboard import charts
from dashboard.metrics.reliability import reliability
from dashboard.ui import calibration_words as words
from dashboard.ui import marks
from dashboard.ui.verdicts import shown_on
from tests.test_odd_models import opened
from tests.worlds import Spec, build

NOTHING = pd.DataFrame({"metric": [], "group": [], "feature": [], "value": []})


def curve(happens: Any = lambda s: s, n: int = 20_000, seed: int = 1) -> pd.DataFrame:
    """Returns the curve of a model that says s where it happens in `happens(s)` of the cases."""
    random = np.random.default_rng(seed)
    scores = np.round(random.beta(1.2, 1.8, n), 2)
    values, place = np.unique(scores, return_inverse=True)
    hits = np.bincount(place, random.random(n) < happens(scores), minlength=len(values)).astype(int)
    found = reliability(hits, np.bincount(place) - hits, values)
    low, high = found.limits().T
    return words.marked(pd.DataFrame(
        {"group": None, "class": None, "score": found.scores, "observed": found.positives / found.n, "low": low,
         "high": high, "n": found.n, "positives": found.positives, "least": found.low, "most": found.high}
    ))  # fmt: skip


def error(high: float) -> pd.DataFrame:
    row = {"metric": "expected_calibration_error", "group": None, "feature": None}
    return pd.DataFrame([row | {"value": high / 2, "low": 0.0, "high": high}])


def test_the_headline_is_the_step_that_is_farthest_beyond_its_interval() -> None:
    off = curve(lambda s: np.where((s > 0.25) & (s < 0.4), s + 0.1, s))
    said = words.sentence(off, NOTHING)[0]
    found = re.match(r"When it says (\d+)\W+%, it happens (\d+)\W+% of the time \((\d+) to (\d+); ([\d,]+) of", said)
    assert found is not None, said
    score, observed, low, high = (int(text) for text in found.groups()[:4])
    assert 25 <= score <= 40
    assert score < low <= observed <= high


@settings(max_examples=20)
@given(some.integers(0, 10_000))
def test_a_calibrated_model_is_taken_at_its_word_or_its_interval_says_why(seed: int) -> None:
    drawn = curve(seed=seed)
    says, _ = words.sentence(drawn, error(0.02))
    assert says == "Its percentages can be taken at their word." or len(words.beyond(drawn)) > 0
    assert len(words.beyond(drawn)) <= 2


def test_scores_that_are_off_as_a_whole_are_not_taken_at_their_word() -> None:
    whole = {
        "metric": "calibration_error",
        "group": None,
        "feature": None,
        "value": -0.018,
        "low": -0.026,
        "high": -0.01,
    }
    says, more = words.sentence(curve(), pd.concat([error(0.02), pd.DataFrame([whole])]))
    assert says == "Over all cases, 1.8 of 100 fewer happen than it says (1 to 2.6)."
    assert "by itself" in more


def test_few_cases_prove_nothing() -> None:
    says, more = words.sentence(curve(n=200), error(0.12))
    assert says.startswith("Nothing shows that its percentages are off")
    assert "up to 12 points" in more
    assert "too few" in words.sentence(curve(n=20), error(0.4))[0]
    assert "no labels" in words.sentence(curve().head(0), NOTHING)[0]


def test_a_gap_that_rounding_hides_is_not_told() -> None:
    row = {"score": 0.6399, "observed": 0.69, "low": 0.6428, "high": 0.73, "n": 900, "positives": 621}
    assert words.beyond(words.marked(pd.DataFrame([row]))).empty
    assert len(words.beyond(words.marked(pd.DataFrame([row | {"score": 0.62}])))) == 1


def test_the_table_and_the_words_agree_with_the_picture() -> None:
    drawn = curve(lambda s: np.clip(1.3 * s, 0, 1))
    rows = words.table(drawn)
    assert [row["Which is"] != "as said" for row in rows] == (drawn["past"] > 0).tolist()
    spread = pd.DataFrame({"low": [0.0, 0.5], "high": [0.5, 1.0], "n": [5, 3]})
    figure = charts.reliability_curve(words.named(drawn), spread)
    dots, bars = figure.data
    assert list(dots.x) == drawn["score"].tolist()
    assert list(dots.y) == drawn["observed"].tolist()
    assert np.add(dots.y, dots.error_y.array) == pytest.approx(drawn["high"])
    assert np.subtract(dots.y, dots.error_y.arrayminus) == pytest.approx(drawn["low"])
    assert sum(bars.y) == pytest.approx(1)
    assert bars.yaxis == "y2"
    assert sum(note.text.startswith("says") for note in figure.layout.annotations) == 1


def test_a_small_curve_draws_every_dot_inside_its_frame() -> None:
    drawn = charts.small_reliability(curve(n=300), 0.4)
    dots = re.findall(r'<circle cx="([\d.-]+)" cy="([\d.-]+)"', drawn)
    assert len(dots) == len(curve(n=300))
    assert all(0 <= float(x) <= 246 and 0 <= float(y) <= 226 for x, y in dots)


def test_groups_are_held_to_what_holds_for_all_together() -> None:
    alone = {"metric": "calibration_error", "group": "F", "value": 0.021, "low": 0.001, "high": 0.041}
    others = [alone | {"group": f"g{k}", "value": 0.0, "low": -0.02, "high": 0.02} for k in range(9)]
    assert "F" in words.group_sentence(pd.DataFrame([alone]))
    assert words.group_sentence(pd.DataFrame([alone, *others])) == ""


def test_the_page_names_the_group_that_the_sample_hides(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_data.clear()
    heading, told = opened(sample, "calibration", monkeypatch, attribute="sex*age_band")
    assert re.match(r"When it says \d+", heading)
    assert "Farthest off is F, 65+" in told


def test_every_small_picture_is_told_in_words() -> None:
    drawn = [("F", charts.small_reliability(curve(), 1.0), words.alt(curve()))]
    text = unescape(marks.small_pictures(drawn))
    assert 'alt="says' in text
    assert "<figcaption>F</figcaption>" in text


def test_what_the_policy_says_of_calibration_stands_on_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = '[[rule]]\nmetric = "calibration_error"\nattribute = "sex"\nmax = -0.2\n'
    model = build(
        Spec(rows=2000, days=20, labels="inside"), tmp_path, f'version = "1"\n[windows]\nevery = "9d"\n{rule}'
    ).model
    found = [finding for finding in model.findings() if finding.state == "outside"]
    assert {finding.group for finding in found} >= {"F", "M"}
    assert all(shown_on(finding) == ("calibration", {"attribute": "sex"}) for finding in found)
    st.cache_data.clear()
    told = opened(tmp_path, "calibration", monkeypatch)[1]
    assert all(finding.sentence in told for finding in found)
