"""The facade: models by name, what is missing said, scopes filled in, findings of the policy's windows."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from dashboard import Workspace
from dashboard.errors import EvenhandError
from dashboard.report.asked import asked
from dashboard.report.cells import arrays
from dashboard.store import RECENT
from tests.worlds import START, Spec, World, build, delivered, draw, found

POLICY = f"""
version = "1"
minimum_n = 30
[windows]
reference = {{ since = "{START}", until = "{START + timedelta(days=14)}" }}
every = "7d"
drift = "7d"
[[rule]]
metric = "accuracy"
min = 0.3
[[rule]]
metric = "selection_rate"
max = 0.05
[[rule]]
metric = "selection_rate_difference"
attribute = "*"
between = [-1.0, 1.0]
[[rule]]
metric = "demographic_parity_difference"
attribute = "sex"
max = 1.0
[[rule]]
metric = "psi"
feature = "*"
max = 5.0
[[rule]]
metric = "latency_p95"
max = 100000.0
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    spec = Spec(seed=3, rows=2000, days=30, without=frozenset())
    return build(spec, tmp_path_factory.mktemp("world"), POLICY)


def test_models_are_those_with_a_contract(tmp_path: Path) -> None:
    assert Workspace(tmp_path / "nothing").models() == []
    found(tmp_path, Spec().contract)
    (tmp_path / "models" / "empty").mkdir()
    assert Workspace(tmp_path).models() == ["triage"]
    with pytest.raises(EvenhandError, match=r"no model 'triag' .*Did you mean 'triage'"):
        Workspace(tmp_path).model("triag")
    with pytest.raises(EvenhandError, match="cannot be a model's name"):
        Workspace(tmp_path).model("../triage")


def test_a_contract_in_another_models_directory_is_refused(tmp_path: Path) -> None:
    model = found(tmp_path, Spec(name="triage").contract, name="sepsis")
    with pytest.raises(EvenhandError, match="says its model is 'triage'"):
        model.log(delivered(draw(Spec()), Spec()))


def test_the_extent_is_that_of_the_rows(world: World) -> None:
    held = world.model.extent()
    assert (held.first, held.last) == (min(world.frame["day"]), max(world.frame["day"]))
    assert (held.rows, held.versions) == (2000, ("v1", "v2"))
    assert held.complete_until == held.last + timedelta(days=1)  # nobody knows when labels came


def test_labels_still_coming_end_what_is_complete(tmp_path: Path) -> None:
    raw = draw(Spec(seed=3, rows=2000, days=30))
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()).drop(columns="label"))
    known = raw[raw["label"].notna() & (raw["day"] < START + timedelta(days=24))]
    model.log_labels(known[["prediction_id", "label"]].assign(labeled_at=known["predicted_at"] + pd.Timedelta(days=5)))
    model.rollup()
    assert model.extent().complete_until == START + timedelta(days=24)  # no label came after START + 28 days


def test_labels_taken_in_with_an_old_log_did_not_take_years(tmp_path: Path) -> None:
    held = build(Spec(seed=3, labels="late"), tmp_path).model.extent()
    assert held.complete_until == held.last + timedelta(days=1)


def test_without_an_end_what_needs_labels_is_read_where_they_are_complete(tmp_path: Path) -> None:
    raw = draw(Spec(seed=3, rows=2000, days=30))
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()).drop(columns="label"))
    known = raw[raw["label"].notna() & (raw["day"] < START + timedelta(days=24))]
    model.log_labels(known[["prediction_id", "label"]].assign(labeled_at=known["predicted_at"] + pd.Timedelta(days=5)))
    model.rollup()
    edge, end = START + timedelta(days=24), START + timedelta(days=30)
    asked = ("accuracy", "count", "label_coverage", "selection_rate", "accuracy_difference")
    found_ = {r.metric: r for r in model.readings(metrics=asked, attributes=("sex",)) if r.group == "F"}
    assert {name: reading.until for name, reading in found_.items()} == {
        "accuracy": edge.isoformat(), "accuracy_difference": edge.isoformat(),
        "selection_rate": end.isoformat(), "count": end.isoformat(), "label_coverage": end.isoformat(),
    }  # fmt: skip
    for name in ("accuracy", "accuracy_difference"):
        assert "labels complete to 2026-02-16" in found_[name].note
        (same,) = (r for r in model.readings(metrics=(name,), attributes=("sex",), until=edge) if r.group == "F")
        assert (same.value, same.low, same.n) == (found_[name].value, found_[name].low, found_[name].n)
    (all_days,) = model.readings(metrics=("accuracy",), until=end)  # whoever names an end gets it
    assert all_days.until == end.isoformat()
    (late,) = model.readings(metrics=("accuracy",), since=edge)  # no day of these is complete
    assert (late.since, late.until) == (edge.isoformat(), end.isoformat())
    assert "labels still coming" in late.note
    weeks = model.readings(metrics=("accuracy", "count"), by="week")
    assert {r.note.endswith("labels still coming") for r in weeks if r.metric == "count"} == {False}
    for week in weeks:
        assert (week.until > edge.isoformat()) == ("labels still coming" in week.note) or week.metric == "count"
    assert weeks[-1].until == end.isoformat()


def test_where_labels_come_with_the_predictions_every_day_is_complete(world: World) -> None:
    scope = world.model.scope()
    assert not scope.matured
    assert {reading.until for reading in world.model.readings()} == {scope.until.isoformat()}


def test_a_scope_without_dates_is_the_whole_log(world: World) -> None:
    scope = world.model.scope()
    assert (scope.since, scope.until) == (START, START + timedelta(days=30))
    assert world.model.scope(kinds=("drift",)).since == START + timedelta(days=14)


def test_words_become_a_scope(world: World) -> None:
    make = world.model.scope
    assert asked(make, metrics=["psi"]).kinds == ("drift",)
    assert asked(make, metrics=["psi"]).since == START + timedelta(days=14)
    assert set(asked(make, attributes=["sex"]).kinds) == {"performance", "fairness", "data"}
    assert asked(make, features=["lactate"]).kinds == ("drift",)
    for words, said in (
        ({"kinds": ["fairnes"]}, "no kind 'fairnes'.*Did you mean 'fairness'"),
        ({"metrics": ["acuracy"]}, "no metric 'acuracy'.*'accuracy'"),
        ({"by": "year"}, "no period 'year'"),
        ({"version": "v9"}, "no version 'v9'"),
    ):
        with pytest.raises(EvenhandError, match=said):
            asked(make, **words)  # type: ignore[arg-type]


def test_findings_judge_the_policys_windows_by_the_readings(world: World) -> None:
    findings = world.model.findings()
    states = {(f.metric, f.attribute, f.state) for f in findings}
    assert ("accuracy", None, "within") in states
    assert ("selection_rate", None, "outside") in states
    assert findings[0].state == "outside"
    last = START + timedelta(days=28)
    for finding in findings:
        assert finding.until == last.isoformat()
        assert finding.since == (last - timedelta(days=7)).isoformat()
    (accuracy,) = (f for f in findings if f.metric == "accuracy")
    (reading,) = world.model.readings(metrics=("accuracy",), since=last - timedelta(days=7), until=last)
    assert (accuracy.value, accuracy.n) == (reading.value, reading.n)
    assert {f.attribute for f in findings if f.metric == "selection_rate_difference"} == {
        "sex", "age_band", "sex*age_band",
    }  # fmt: skip
    assert {f.feature for f in findings if f.metric == "psi"} >= {"lactate", "age", "ward", "score"}
    assert json.loads(json.dumps([f.as_dict() for f in findings], allow_nan=False))


def test_every_rule_has_a_finding_even_where_nothing_can_be_judged(tmp_path: Path) -> None:
    short = build(Spec(days=3, labels="never"), tmp_path, POLICY)
    findings = short.model.findings()
    assert {f.metric for f in findings} == {
        *("accuracy", "selection_rate", "psi", "latency_p95"),
        *("selection_rate_difference", "demographic_parity_difference"),
    }
    assert {f.state for f in findings} == {"cannot be computed"}
    assert all(f.sentence for f in findings)


def test_a_model_without_labels_is_judged_on_what_needs_none(tmp_path: Path) -> None:
    spec = Spec(seed=3, rows=2000, days=30, labels="never")
    states = {
        f.metric: f.state for f in build(spec, tmp_path, POLICY).model.findings() if f.attribute != "sex*age_band"
    }
    assert states["accuracy"] == "cannot be computed"
    assert states["selection_rate"] == "outside"
    assert states["latency_p95"] == "within"


def test_without_a_policy_nothing_is_judged(tmp_path: Path) -> None:
    model = build(Spec(), tmp_path).model
    assert model.policy is None
    with pytest.raises(EvenhandError, match=r"has no policy.toml.*evenhand init"):
        model.findings()


def test_a_policy_of_another_metric_or_attribute_is_refused(tmp_path: Path) -> None:
    for old, new, said in (
        ('metric = "accuracy"', 'metric = "acuracy"', "'acuracy'.*'accuracy'"),
        ('attribute = "sex"', 'attribute = "race"', "no attribute 'race'"),
        ('feature = "*"', 'feature = "lactat"', "no feature 'lactat'.*'lactate'"),
    ):
        model = found(tmp_path / new[-6:-1], Spec().contract, policy=POLICY.replace(old, new))
        with pytest.raises(EvenhandError, match=said):
            _ = model.policy


def test_readings_see_a_new_rollup_at_once(tmp_path: Path) -> None:
    raw = delivered(draw(Spec()), Spec())
    early = raw[raw["predicted_at"].dt.date < date(2026, 1, 30)]
    model = found(tmp_path, Spec().contract)
    model.log(early)
    model.rollup()
    assert model.extent().rows == len(early)
    Workspace(tmp_path).model("triage").log(raw.drop(early.index))
    Workspace(tmp_path).model("triage").rollup()
    assert model.extent().rows == len(raw)


def test_cells_asked_for_again_are_not_read_again_and_cannot_be_changed(tmp_path: Path) -> None:
    model = build(Spec(), tmp_path).model
    source, parameters = model.source(), model.scope().parameters(model.contract, endpoint=None)
    first, again = (list(arrays(source.snapshot, "latency", parameters)) for _ in range(2))
    assert all(
        one is other for row, same in zip(first, again, strict=True) for one, other in zip(row, same, strict=True)
    )
    with pytest.raises(ValueError, match="read-only"):
        first[0][-1][0] += 1
    for number in range(RECENT + 1):
        source.snapshot.lately(number, lambda: None)
    assert next(arrays(source.snapshot, "latency", parameters))[-1] is not first[0][-1]
