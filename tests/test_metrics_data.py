"""What is wrong with the values of a feature: counted as pandas counts it on the rows, judged by the policy."""

from __future__ import annotations

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
from dashboard.report.quality import OF_FEATURES
from tests.worlds import Spec, World, build

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
