"""What an input's drift does to a metric, against worlds whose truth is known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.metrics.drift_effect import drift_effect
from dashboard.report import effects as report
from dashboard.report.effects import effects, known_effects
from dashboard.ui import menu
from tests import classes, errors_world
from tests.test_pages import ENTRY, headline, texts
from tests.worlds import START, Spec, delivered, draw, found

RIGHT = np.array([0.95, 0.9, 0.8, 0.6])
THEN, NOW = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])


def _world(random, right, now, days=(56, 7), a_day=120):
    """Returns hits and rows of the reference and rows of the window, by day and bin; shares vary from day to day."""
    rows, current = (
        np.array([random.multinomial(a_day, random.dirichlet(300 * shares)) for _ in range(count)])
        for shares, count in zip((THEN, now), days, strict=True)
    )
    return random.binomial(rows, right).astype(float), rows, current


@pytest.mark.parametrize(("right", "now"), [(RIGHT, NOW), (RIGHT, THEN), (np.full(4, 0.85), NOW)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(right, now):
    random, truth = np.random.default_rng(7), float(right @ (now - THEN))
    limits = [drift_effect(*_world(random, right, now)).interval() for _ in range(300)]
    assert 0.92 <= np.mean([low <= truth <= high for low, high in limits]) <= 1.0


def test_the_effect_is_that_of_rows_drawn_from_the_moved_distribution():
    random = np.random.default_rng(3)
    found = [drift_effect(*_world(random, RIGHT, NOW)) for _ in range(100)]
    drawn = [(random.random(400_000) < RIGHT[random.choice(4, 400_000, p=p)]).mean() for p in (THEN, NOW)]
    assert np.mean([one.value for one in found]) == pytest.approx(drawn[1] - drawn[0], abs=0.003)
    assert all(one.interval()[1] < 0 for one in found)


def test_an_input_that_moves_far_and_does_not_matter_has_a_narrow_interval_around_nothing():
    low, high = drift_effect(*_world(np.random.default_rng(5), np.full(4, 0.85), NOW)).interval()
    assert low < 0 < high
    assert high - low < 0.05


def test_without_drift_the_effect_is_nothing():
    hits, rows, _ = _world(np.random.default_rng(2), RIGHT, THEN)
    assert drift_effect(hits, rows, rows).value == pytest.approx(0, abs=1e-12)


def test_values_the_reference_never_had_are_said_not_guessed():
    hits, rows, now = _world(np.random.default_rng(1), RIGHT, NOW)
    wider = [np.column_stack([part, part[:, 0] * 0]) for part in (hits, rows)]
    found = drift_effect(*wider, np.column_stack([now, now.sum(axis=1) // 9]))
    assert found.value == pytest.approx(drift_effect(hits, rows, now).value)
    assert "9.8% of the current cases are not covered" in found.note


def test_one_day_has_no_effect():
    hits, rows, now = _world(np.random.default_rng(1), RIGHT, NOW, days=(1, 7))
    assert drift_effect(hits, rows, now).value is None


SPLIT, END = START + timedelta(days=56), START + timedelta(days=63)
RULES = f"""
version = "1"
[windows]
reference = {{ since = "{START}", until = "{SPLIT}" }}
drift = "7d"
[[rule]]
metric = "accuracy_drift_effect"
feature = "*"
min = -0.02
[[rule]]
metric = "psi"
feature = "*"
max = 0.1
"""
ASKED = {"metrics": ("accuracy_drift_effect",), "kinds": ("drift",), "since": SPLIT, "until": END}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Returns a model that is often wrong where lactate is high: in the last week more cases have a high one, and all
    are older, which does not matter."""
    spec = Spec(seed=8, rows=9000, days=63, without=frozenset())
    raw, random = draw(spec), np.random.default_rng(1)
    high, late = (raw["lactate"] > raw["lactate"].median()).to_numpy(), (raw["day"] >= SPLIT).to_numpy()
    wrong = random.random(len(raw)) < np.where(high, 0.35, 0.05)
    raw["label"] = np.where(wrong, 1 - raw["decision"], raw["decision"])
    moved = late & ~high & (random.random(len(raw)) < 0.7)
    raw.loc[moved, "lactate"] = random.choice(raw.loc[high & ~late, "lactate"], moved.sum())
    raw.loc[late, "age"] = random.choice(raw.loc[~late & (raw["age"] > raw["age"].median()), "age"], late.sum())
    made = found(Path(tmp_path_factory.mktemp("effects")), spec.contract, policy=RULES)
    made.log(delivered(raw, spec))
    made.rollup()
    return made, raw, high, late


def test_what_matters_costs_and_what_does_not_costs_nothing(model):
    made, raw, _, late = model
    by = {one.feature: one.measure for one in effects(made.source(), made.scope(**ASKED))}
    then, now = raw[~late & raw["label"].notna()], raw[late]
    cuts = np.unique(raw[~late]["lactate"].quantile(np.arange(1, 20) / 20))
    part = [
        pd.Series(np.digitize(side["lactate"], cuts)).where(side["lactate"].notna().to_numpy(), -1)
        for side in (then, now)
    ]
    right = (then["label"] == then["decision"]).to_numpy()
    expected = right.dot(
        part[0].map(part[1].value_counts(normalize=True) / part[0].value_counts(normalize=True))
    ) / len(then)
    assert expected - right.mean() < -0.05
    assert by["lactate"].value == pytest.approx(expected - right.mean(), abs=0.01)
    assert by["lactate"].interval()[1] < -0.03
    low, high = by["age"].interval()
    assert low < 0 < high or abs(by["age"].value) < 0.01


def test_the_reference_is_read_once_and_the_policy_judges(model, monkeypatch):
    made = model[0]
    scope = made.scope(**ASKED)
    first = effects(made.source(), scope)
    monkeypatch.setattr(report, "_read", None)  # would fail if it were asked again
    again = known_effects(made.source(), scope)
    assert [(one.feature, one.measure.value) for one in again] == [(one.feature, one.measure.value) for one in first]
    outside = {
        finding.feature
        for finding in made.findings()
        if finding.metric == "accuracy_drift_effect" and finding.state == "outside"
    }
    assert outside == {"lactate"}
    assert "accuracy_drift_effect" not in {
        one.metric for one in made.readings(kinds=("drift",), since=SPLIT, until=END)
    }
    read = {one.feature: one.value for one in made.readings(scope)}
    assert read["lactate"] == first[0].measure.value


def test_what_is_read_of_the_log_lies_in_the_parts_that_were_counted(model):
    made, raw, _, late = model
    source, reference = made.source(), (START, SPLIT)
    shapes = report.reference_shapes(source, reference)
    days, _, columns = report._read(source, source.paths, reference)
    assert len(days) == (~late & raw["label"].notna()).sum()
    for feature, values in zip(source.contract.features, columns, strict=True):
        parts = report._parts(source, feature, shapes[None, None, feature.name])
        values_there = raw.loc[~late, feature.name].astype(object)
        every = values_there.where(values_there.notna(), None).tolist()
        placed = np.bincount(parts.place(every), minlength=parts.size)
        assert placed.tolist() == parts.counts(shapes[None, None, feature.name]).tolist()
        assert len(values) == len(days)


def test_it_is_of_one_version_or_of_all_together(model):
    readings = list(model[0].readings(model[0].scope(**ASKED, version="*")))
    assert {(one.value, one.note) for one in readings} == {
        (None, "cannot be computed: it is of one window, of one version or of all together")
    }


def test_of_a_version_that_the_reference_does_not_have_it_says_what_it_assumes(model, tmp_path):
    spec = Spec(seed=8, without=frozenset())
    raw, late = model[1].copy(), model[3]
    raw["model_version"] = np.where(late, "v2", "v1")
    made = found(tmp_path, spec.contract, policy=RULES)
    made.log(delivered(raw, spec))
    made.rollup()
    assert {one.measure.note for one in made.effects(SPLIT, END)} == {"as if v2 erred as v1 did"}
    assert {one.measure.note for one in model[0].effects(SPLIT, END)} == {""}


def test_as_it_was_known_on_a_day_it_takes_no_label_that_came_later(tmp_path):
    spec = Spec(seed=3, rows=6000, days=63, without=frozenset())
    raw = draw(spec)
    known = START + timedelta(days=70)
    came = pd.Timestamp(START) + pd.to_timedelta(np.where(np.arange(len(raw)) % 2, 64, 200), unit="D")
    contract = spec.contract.replace('label = "label"', 'label = "label"\nlabeled_at = "known_at"')
    made = found(tmp_path, contract, policy=RULES)
    made.log(delivered(raw, spec).assign(known_at=came))
    made.rollup()
    then, now = ({one.feature: one.measure.n for one in past.effects(SPLIT, END)} for past in (made.as_of(known), made))
    labelled = (raw["label"].notna() & (raw["day"] < SPLIT)).to_numpy()
    assert now["age"] == labelled.sum()
    assert then["age"] == (labelled & (came < pd.Timestamp(known))).sum()


def test_of_a_regression_it_is_the_mean_error_that_moves(tmp_path):
    spec = errors_world.ErrorSpec(rows=6000, days=63)
    raw = errors_world.draw(spec)
    late, random = (raw["day"] >= SPLIT).to_numpy(), np.random.default_rng(3)
    raw.loc[late & (random.random(len(raw)) < 0.6), "ward"] = "C"
    made = found(tmp_path, spec.contract, spec.name, policy=RULES.replace("accuracy", "error").replace("min", "max"))
    made.log(raw[["id", "time", "version", "predicted", "stayed", "sex", "age", "ward"]])
    made.rollup()
    by = {one.feature: one.measure for one in made.effects(SPLIT, END)}
    then = raw[~late & raw["stayed"].notna()]
    error, now = (then["predicted"] - then["stayed"]).abs(), raw[late]["ward"].value_counts(normalize=True)
    expected = (error.groupby(then["ward"]).mean() * now).sum() - error.mean()
    assert expected > 0.5
    assert by["ward"].value == pytest.approx(expected)
    assert by["ward"].interval()[0] > 0


def test_of_several_classes_it_is_how_often_the_class_was_right(tmp_path):
    spec = classes.ClassSpec(rows=6000, days=63)
    raw, random = classes.drawn(spec), np.random.default_rng(4)
    late = (raw["day"] >= SPLIT).to_numpy()
    raw["ward"] = random.choice(["A", "B"], len(raw))
    raw.loc[(raw["ward"] == "B") & (random.random(len(raw)) < 0.5), "said"] = "low"
    raw.loc[late, "ward"] = "B"
    made = found(tmp_path, spec.contract + '[features.ward]\nkind = "categorical"\n', policy=RULES)
    made.log(raw.drop(columns=["day", "band", "both", "patient", "weight"]))
    made.rollup()
    (effect,) = made.effects(SPLIT, END)
    then = raw[~late & raw["label"].notna() & raw["said"].notna()]
    right = then["label"] == then["said"]
    assert effect.measure.value == pytest.approx(right[then["ward"] == "B"].mean() - right.mean())
    assert effect.measure.interval()[1] < 0


def test_the_view_says_what_costs_and_what_moved_without_harm(model, monkeypatch):
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(model[0].settings.workspace))
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    app.query_params["view"] = "What it does"
    app.switch_page(str(menu.file("drift")))
    app.run()
    assert not app.exception
    assert "Of what moved, lactate costs about" in texts(app)
    assert "age moved far and does no harm that can be shown." in texts(app)
    assert "of accuracy" in headline(app)
