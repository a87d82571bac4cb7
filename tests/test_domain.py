"""Inputs together: what no input shows alone is found, days that only differ as days do are not, by raw rows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from dashboard.metrics.domain import Sample, Told, domain_auc, tell_apart
from dashboard.report import domain as report
from dashboard.report.domain import domain
from dashboard.workspace import Model
from tests.worlds import START, Spec, delivered, draw, found

SPLIT, END = START + timedelta(days=56), START + timedelta(days=63)
RULES = f"""
version = "1"
[windows]
reference = {{ since = "{START}", until = "{SPLIT}" }}
drift = "7d"
[[rule]]
metric = "domain_auc"
max = 0.60
[[rule]]
metric = "psi"
feature = "*"
max = 0.1
"""
ASKED = {"metrics": ("domain_auc",), "kinds": ("drift",), "since": SPLIT, "until": END}


def sample(seed: int, correlation: float = 0.0, days: float = 0.0) -> Sample:
    """Returns 56 days and 7 of five normal inputs; the last days' first two correlated, days' means an AR(1)."""
    random = np.random.default_rng(seed)
    day = np.concatenate([random.integers(0, 56, 2400), random.integers(56, 63, 2400)])
    now = day >= 56
    inputs = random.normal(size=(len(day), 5))
    both = correlation * inputs[:, 0] + np.sqrt(1 - correlation**2) * inputs[:, 1]
    inputs[:, 1] = np.where(now, both, inputs[:, 1])
    return Sample(inputs + days * autoregressive(random, 63, 5)[day], now, day, np.arange(len(day)))


def autoregressive(random: np.random.Generator, days: int, inputs: int) -> NDArray[np.float64]:
    steps, found = random.normal(size=(days, inputs)), np.zeros((days, inputs))
    found[0] = steps[0]
    for day in range(1, days):
        found[day] = 0.5 * found[day - 1] + np.sqrt(0.75) * steps[day]
    return found


def low(told: Told | str) -> float:
    assert isinstance(told, Told)
    limit = domain_auc(told.area, told.error, told.days, 1, 1).interval(0.95)[0]
    assert limit is not None
    return limit


def test_a_change_of_correlation_that_no_input_shows_is_found() -> None:
    given = sample(1, correlation=0.9)
    told = tell_apart(given)
    assert low(told) > 0.6
    assert isinstance(told, Told)
    assert set(np.argsort(-told.importance)[:2]) == {0, 1}
    assert told.area == pytest.approx(roc_auc_score(given.now, told.chances), abs=0.02)  # folds pooled


@pytest.mark.parametrize("seed", [2, 3, 4])
@pytest.mark.parametrize("days", [0.0, 0.15])
def test_windows_that_differ_as_days_do_are_no_alarm(seed: int, days: float) -> None:
    assert low(tell_apart(sample(seed, days=days))) < 0.55


def test_a_subject_that_is_tested_was_not_learnt_from() -> None:
    given = sample(5)
    few = Sample(given.inputs, given.now, given.days, np.zeros(len(given.days), dtype=np.int64))
    assert "leaves fewer than" in str(tell_apart(few))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Returns a model to whose old people now belong the high lactates; each input by itself is as it was."""
    spec = Spec(seed=8, rows=6000, days=63, without=frozenset())
    raw = draw(spec)
    late = np.flatnonzero((raw["day"] >= SPLIT) & raw["lactate"].notna() & raw["age"].notna())
    raw.loc[late[np.argsort(raw["age"].to_numpy()[late])], "lactate"] = np.sort(raw["lactate"].to_numpy()[late])
    found_model = found(Path(tmp_path_factory.mktemp("domain")), spec.contract, policy=RULES)
    found_model.log(delivered(raw, spec))
    found_model.rollup()
    return found_model


def test_the_policy_finds_it_where_no_single_input_has_moved(model: Model) -> None:
    findings = model.findings()
    (together,) = (finding for finding in findings if finding.metric == "domain_auc")
    assert together.state == "outside"
    assert not [f for f in findings if f.metric == "psi" and f.feature in ("age", "lactate") and f.state == "outside"]


def test_what_gives_it_away_is_named_and_the_answer_is_kept(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = model.scope(**ASKED)
    first = domain(model.source(), scope)
    assert {name for name, _ in first.inputs[:2]} == {"age", "lactate"}
    assert len(first.rows) == report.TOP
    assert all(str(SPLIT) <= day < str(END) and chance > 0.5 for day, _, _, chance in first.rows)
    monkeypatch.setattr(report, "tell_apart", None)  # would fail if it were asked again
    assert domain(model.source(), scope) == first
    (reading,) = model.readings(scope)
    assert (reading.value, reading.n) == (first.area, first.then + first.now)


def test_it_is_read_by_name_and_never_of_the_reference_itself(model: Model) -> None:
    assert "domain_auc" not in {reading.metric for reading in model.readings(kinds=("drift",), since=SPLIT)}
    (reading,) = model.readings(**(ASKED | {"since": START}))
    assert reading.value is None
    assert "shares days with the reference" in reading.note
