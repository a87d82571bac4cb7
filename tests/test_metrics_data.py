"""What is wrong with the values of a feature: counted as pandas counts it on the rows, judged by the policy."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.contract import parse as contract_of
from dashboard.errors import EvenhandError
from dashboard.metrics import quality
from dashboard.policy import parse
from dashboard.policy.proposal import propose
from dashboard.rates import Rate
from dashboard.report import Reading
from dashboard.report.quality import OF_DELIVERIES, OF_FEATURES, UNCOUNTED
from dashboard.workspace import Model
from tests.worlds import Spec, World, build, found

SPEC = Spec(seed=4, rows=2000, days=90)
POLICY = """version = "1"
[windows]
reference = { since = "2026-01-24", until = "2026-03-21" }
every = "28d"
[[rule]]
metric = "missing_rate"
feature = "*"
max = 0.3
[[rule]]
metric = "unseen_category_rate"
feature = "ward"
max = 0.2
[[rule]]
metric = "out_of_range_rate"
feature = "lactate"
max = 0.02
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(SPEC, tmp_path_factory.mktemp("quality"), POLICY)


def read(world: World, **asked: object) -> dict[tuple[str, str | None, str], Reading]:
    found = world.model.readings(kinds=("data",), **asked)
    return {(one.metric, one.feature, one.since): one for one in found if one.metric in OF_FEATURES}


@pytest.mark.parametrize("version", [None, "v2"])
def test_every_rate_is_that_of_the_rows(version: str | None, world: World) -> None:
    rows = world.frame if version is None else world.frame[world.frame["model_version"] == version]
    found = {key[:2]: one for key, one in read(world, metrics=OF_FEATURES, version=version).items()}
    for name in ("lactate", "age", "ward"):
        one = found["missing_rate", name]
        assert (one.numerator, one.denominator) == (rows[name].isna().sum(), len(rows))
    beyond = found["out_of_range_rate", "lactate"]
    assert (beyond.numerator, beyond.denominator) == ((rows["lactate"] > 20).sum(), rows["lactate"].notna().sum())
    assert found["unseen_category_rate", "ward"].denominator == rows["ward"].notna().sum()
    assert found["out_of_range_rate", "age"].value is None
    assert "no range" in found["out_of_range_rate", "age"].note
    assert ("out_of_range_rate", "ward") not in found


def test_a_category_is_unseen_that_no_day_of_the_reference_has(tmp_path: Path) -> None:
    world = build(SPEC, tmp_path, POLICY)
    rows = world.frame.drop(columns=["said", "day", "sex_group", "age_group", "both_group", "patient_id"]).head(400)
    late = rows.assign(predicted_at=pd.Timestamp("2026-04-10 12:00"), ward="Z")
    late["prediction_id"] = [f"late{k}" for k in range(len(late))]
    world.model.log(late)
    world.model.rollup()
    [one] = read(world, metrics=("unseen_category_rate",), features=("ward",)).values()
    assert (one.numerator, one.denominator) == (400, world.frame["ward"].notna().sum() + 400)
    states = {(f.metric, f.feature): f.state for f in world.model.findings()}
    assert states["unseen_category_rate", "ward"] == "inconclusive"  # all on one day, so worth little more than one row


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_merging_days_equals_counting_once(by: str, world: World) -> None:
    whole = read(world, metrics=OF_FEATURES)
    for (metric, feature, _), one in whole.items():
        parts = [part for key, part in read(world, metrics=OF_FEATURES, by=by).items() if key[:2] == (metric, feature)]
        assert len(parts) > 1
        if one.value is not None:
            assert sum(part.numerator or 0 for part in parts) == one.numerator
            assert sum(part.denominator or 0 for part in parts) == one.denominator


def test_whoever_asks_for_everything_gets_what_there_was_before(world: World) -> None:
    assert read(world) == {}
    assert {feature for _, feature, _ in read(world, features=("ward",))} == {"ward"}


def test_the_policy_judges_them(world: World) -> None:
    found = {(one.metric, one.feature): one for one in world.model.findings()}
    assert found["missing_rate", "lactate"].state == "within"
    assert "Missing rate of lactate is 0.0" in found["missing_rate", "lactate"].sentence
    assert ("unseen_category_rate", "ward") in found


def test_a_rule_on_values_names_its_feature() -> None:
    contract = contract_of(SPEC.contract, "here")
    with pytest.raises(EvenhandError, match="about a feature, and none is named"):
        parse('version = "1"\n[[rule]]\nmetric = "missing_rate"\nmax = 0.1', "here", contract)
    assert "missing_rate" in {rule.metric for rule in parse(propose(contract), "proposal", contract).rules}


@pytest.mark.parametrize("rate", [quality.missing_rate, quality.out_of_range_rate, quality.unseen_category_rate])
def test_a_burst_on_one_day_is_worth_less_than_as_many_spread(rate: object) -> None:
    assert callable(rate)
    rows = np.full(28, 100)
    burst, spread = rate([84, *[0] * 27], rows), rate([3] * 28, rows)
    assert isinstance(burst, Rate)
    assert burst.value == spread.value == 0.03
    (_, low, high), (_, least, most) = burst.limits(0.95), spread.limits(0.95)
    assert high - low > 5 * (most - least)
    residual = np.array([84, *[0] * 27]) - 0.03 * rows
    assert burst.deff == pytest.approx(float(residual @ residual) * 28 / 27 / (2800 * 0.03 * 0.97))


DELIVERED = """[model]
name = "d"
task = "binary"
positive = "1"
[columns]
id = "id"
time = "at"
version = "v"
score = "s"
[features.hr]
kind = "numeric"
[features.ward]
kind = "categorical"
"""


def deliveries(folder: Path) -> Model:
    """Returns a model with three deliveries: bad values, an id sent again, rows turned away, one line too long."""
    model = found(folder, DELIVERED, "d")
    old, now = datetime(2026, 1, 5, 12), datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=2)
    rows = [(f"a{k}", old + timedelta(days=k % 4), "1", 0.5, "n/a" if k < 3 else "80", "A") for k in range(40)]
    rows += [(f"b{k}", now, "2", 0.5, "low" if k < 2 else "", "A") for k in range(10)]
    rows += [("a0", old, "1", 0.5, "n/a", "A"), ("a1", old + timedelta(days=1), "1", 0.9, "80", "A")]  # same, other
    rows += [("c1", old, "1", 1.5, "80", "A"), ("c2", old, "1", 0.5, "high", "A"), ("c3", None, "1", 0.5, "80", "A")]
    frame = pd.DataFrame(rows, columns=["id", "at", "v", "s", "hr", "ward"])
    for place, part in enumerate((frame[:30], frame[30:50], frame[50:])):
        file = folder / f"{place}.csv"
        part.to_csv(file, index=False)
        if place == 2:
            file.write_text(file.read_text() + "c4,2026-01-06 12:00:00,1,0.5,80,A,more,than,that\n")
        model.ingest([file])
    model.rollup()
    return model


def asked(model: Model, **scope: object) -> dict[tuple[str, str | None], tuple[int | None, int | None]]:
    names = (*OF_DELIVERIES, "wrong_type_rate")
    readings = model.readings(kinds=("data",), metrics=names, **scope)
    return {(one.metric, one.feature): (one.numerator, one.denominator) for one in readings}


def test_what_was_late_twice_turned_away_or_not_a_number_is_counted_by_the_rows_own_day(tmp_path: Path) -> None:
    model = deliveries(tmp_path)
    everything = {
        ("late_rate", None): (41, 51),
        ("duplicate_rate", None): (2, 56),
        ("rejected_rate", None): (4, 56),
        ("wrong_type_rate", "hr"): (6, 51),
    }
    assert asked(model) == everything
    first = {"since": date(2026, 1, 5), "until": date(2026, 1, 6)}
    assert asked(model, **first) == {
        ("late_rate", None): (11, 11),
        ("duplicate_rate", None): (1, 13),
        ("rejected_rate", None): (1, 13),  # the score above 1
        ("wrong_type_rate", "hr"): (2, 11),
    }
    assert asked(model, version="2")["wrong_type_rate", "hr"] == (2, 10)
    assert asked(model, version="2")["late_rate", None] == (0, 10)
    past = asked(model.as_of(date(2026, 1, 6)))
    assert past == asked(model, **first)


def test_merging_days_of_deliveries_equals_counting_once(tmp_path: Path) -> None:
    model = deliveries(tmp_path)
    for by in ("day", "week"):
        parts = model.readings(kinds=("data",), metrics=(*OF_DELIVERIES, "wrong_type_rate"), by=by)
        merged: Counter[tuple[str, str | None]] = Counter()
        for one in parts:
            merged[one.metric, one.feature] += one.numerator or 0
        assert merged == Counter({key: hits for key, (hits, _) in asked(model).items()})
    before = asked(model)
    model.rollup(everything=True)
    assert asked(model) == before


def test_a_delivery_taken_in_again_counts_once(tmp_path: Path) -> None:
    model = deliveries(tmp_path)
    before = asked(model)
    model.ingest([tmp_path / "0.csv"], again=True)
    model.rollup()
    assert asked(model) == before


def test_deliveries_of_before_they_were_counted_say_so(tmp_path: Path) -> None:
    model = deliveries(tmp_path)
    for path in model.paths.batches.iterdir():
        told = json.loads(path.read_text())
        del told["tallies"]
        path.write_text(json.dumps(told))
    model.rollup(everything=True)
    [*late] = model.readings(kinds=("data",), metrics=("late_rate", "wrong_type_rate"))
    assert {(one.metric, one.value, one.note) for one in late} == {
        ("late_rate", None, f"cannot be computed: {UNCOUNTED}"),
        ("wrong_type_rate", None, f"cannot be computed: {UNCOUNTED}"),
    }


def test_the_policy_judges_what_was_turned_away(world: World) -> None:
    rule = 'version = "1"\n[[rule]]\nmetric = "rejected_rate"\nmax = 0.02'
    [one] = [r for r in parse(rule, "here", world.model.contract).rules if r.metric == "rejected_rate"]
    assert one.feature is None
    assert "rejected_rate" in {r.metric for r in parse(propose(world.model.contract), "p", world.model.contract).rules}
