"""The decision that follows a predicted number: selected at or above the contract's cut-off, against the raw rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest

from dashboard import contract
from dashboard.errors import EvenhandError
from dashboard.metrics import METRICS
from dashboard.metrics.performance import RATES
from dashboard.policy import parse
from dashboard.policy.proposal import propose
from dashboard.rates import Rate
from dashboard.workspace import Model
from tests import errors_world
from tests.errors_world import GROUPS, ErrorSpec, build
from tests.test_rates import known_limits
from tests.worlds import by_sklearn, found

SPEC = ErrorSpec(rows=1500, cutoff=12.0)
RENT = '[model]\nname = "rent"\ntask = "regression"\n{}[columns]\ntime = "t"\nscore = "s"\n[attributes.sex]\n'


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, pd.DataFrame]:
    model, raw = build(SPEC, tmp_path_factory.mktemp("cut"))
    return model, decided(raw, 12.0)


def decided(raw: pd.DataFrame, cutoff: float) -> pd.DataFrame:
    """Returns the rows with what the cut-off makes of them: `said` and `label`, NaN without a label."""
    label = (raw["stayed"] >= cutoff).astype(float).where(raw["stayed"].notna())
    return raw.assign(said=(raw["predicted"] >= cutoff).astype(float), label=label)


@pytest.mark.parametrize(("labels", "size", "subjects"), [("inside", 1.0, True), ("late", 1e6, False)])
def test_every_rate_at_the_cutoff_equals_scikit_learn_on_the_raw_rows(
    tmp_path: Path, labels: str, size: float, subjects: bool
) -> None:
    spec = replace(SPEC, rows=700, labels=labels, size=size, subjects=subjects)
    model, raw = build(spec, tmp_path)
    rows = decided(raw, 12.0 * size)
    for asked in ({}, {"by": "week", "version": "*"}, *({"attributes": (name,)} for name in GROUPS)):
        readings = model.readings(metrics=tuple(RATES), **asked)
        assert {reading.metric for reading in readings} == set(RATES)
        for reading in readings:
            expected = by_sklearn(errors_world.rows_of(rows, reading))[reading.metric]
            value = np.nan if reading.value is None else reading.value
            assert value == pytest.approx(expected, nan_ok=True, abs=1e-12), reading


def test_a_number_exactly_at_the_cutoff_is_selected(tmp_path: Path) -> None:
    model, raw = build(replace(SPEC, rows=40), tmp_path)
    more = raw.head(3).assign(id=["a", "b", "c"], predicted=[12.0, np.nextafter(12.0, 0), 12.1], stayed=[12.0, 12.0, 1])
    model.log(more.drop(columns=["day", "band", "both"]))
    model.rollup()
    rows = decided(pd.concat([raw, more]), 12.0)
    (found_,) = model.readings(metrics=("selection_rate",))
    assert (found_.numerator, found_.denominator) == (rows["said"].sum(), 43)


def test_groups_are_compared_as_those_of_a_binary_model(world: tuple[Model, pd.DataFrame]) -> None:
    model, rows = world
    readings = {(r.metric, r.group): r for r in model.readings(kinds=("fairness",), attributes=("sex",))}
    base = next(r.reference for r in readings.values() if r.reference)
    other = {"F": "M", "M": "F"}[str(base)]
    sides = {sex: rows[rows["sex"] == sex] for sex in "FM"}
    expected = {sex: by_sklearn(part) for sex, part in sides.items()}
    for name in RATES:
        assert readings[f"{name}_difference", other].value == pytest.approx(
            expected[other][name] - expected[base][name]
        )
        assert readings[f"{name}_ratio", other].value == pytest.approx(expected[other][name] / expected[base][name])
    parity = readings["demographic_parity_difference", None]
    assert parity.value == pytest.approx(
        fl.demographic_parity_difference(rows["said"], rows["said"], sensitive_features=rows["sex"]), abs=1e-12
    )
    names = ("selection_rate_gap", "selection_rate_overall_difference", "pprev_disparity", "ppr")
    assert {r.metric for r in model.readings(metrics=names, attributes=("sex",)) if r.value is not None} == set(names)


def test_the_share_beyond_the_tolerance_is_compared_as_a_difference_of_rates(world: tuple[Model, pd.DataFrame]) -> None:
    model, rows = world
    known = rows.dropna(subset=["stayed"])
    beyond = (known["predicted"] - known["stayed"]).abs() > 5
    for r in model.readings(metrics=("beyond_tolerance_rate_difference",), attributes=("age_band",)):
        own, base = (beyond[known["band"] == group] for group in (r.group, r.reference))
        assert r.value == pytest.approx(own.mean() - base.mean(), abs=1e-12)
        (p, low, high), (q, below, above) = (known_limits(Rate(of.sum(), len(of)), 0.95) for of in (own, base))
        limits = p - q - np.hypot(p - low, above - q), p - q + np.hypot(high - p, q - below)
        assert (r.low, r.high) == pytest.approx(limits, abs=1e-9)


def test_without_a_cutoff_there_are_no_rates_and_without_a_tolerance_no_share_unless_asked_for(tmp_path: Path) -> None:
    model, _ = build(ErrorSpec(rows=100, days=2, tolerance=None), tmp_path)
    names = {r.metric for r in model.readings(attributes=("sex",), kinds=("performance", "fairness"))}
    assert not names & {*RATES, "demographic_parity_difference", "beyond_tolerance_rate_difference"}
    asked = model.readings(metrics=("beyond_tolerance_rate_difference",), attributes=("sex",))
    assert [(r.value, r.group) for r in asked] == [(None, asked[0].group)]
    assert "the contract names no tolerance" in asked[0].note


def test_merging_days_equals_counting_once(tmp_path: Path, world: tuple[Model, pd.DataFrame]) -> None:
    twice, raw = build(replace(SPEC, labels="never"), tmp_path)
    for _, day in raw[raw["stayed"].notna()].groupby("day"):
        twice.log_labels(day[["id", "stayed"]])
        twice.rollup()
    asked = {"kinds": ("fairness",), "attributes": ("sex*age_band",)}
    both = [
        {(r.metric, r.group): r.value for r in model.readings(**asked) if r.metric.rpartition("_")[0] in RATES}
        for model in (world[0], twice)
    ]
    assert both[0] == both[1]


def test_weights_count_at_the_cutoff(tmp_path: Path) -> None:
    raw = errors_world.draw(replace(SPEC, rows=300)).assign(weight=np.tile([1.0, 4.0, 2.5], 100))
    text = SPEC.contract.replace('label = "stayed"', 'label = "stayed"\nweight = "weight"')
    model = found(tmp_path, text, "stay")
    model.log(raw.drop(columns=["day", "band", "both"]))
    model.rollup()
    (reading,) = model.readings(metrics=("selection_rate",))
    assert reading.value == pytest.approx(np.average(raw["predicted"] >= 12.0, weights=raw["weight"]), abs=1e-6)
    assert reading.n == 300


def test_a_policy_judges_at_a_cutoff_and_asks_for_one() -> None:
    plain, cut = (contract.parse(RENT.format(line), "c") for line in ("", "cutoff = 30\ntolerance = 5\n"))
    rule = 'version = "1"\n[[rule]]\nmetric = "selection_rate_ratio"\nattribute = "*"\nmin = 0.8\n'
    assert parse(rule, "p", cut).rules[0].metric == "selection_rate_ratio"
    with pytest.raises(EvenhandError, match="cutoff"):
        parse(rule, "p", plain)
    proposed = {rule.metric for rule in parse(propose(cut), "p", cut).rules}
    judged = {"true_positive_rate_difference", "false_positive_rate_difference", "beyond_tolerance_rate_difference"}
    assert judged <= proposed
    assert not judged & {rule.metric for rule in parse(propose(plain), "p", plain).rules}


def test_only_rates_and_their_contrasts_are_of_a_cutoff() -> None:
    of_cut = {name for name, metric in METRICS.items() if contract.AT_A_CUTOFF in metric.tasks}
    assert set(RATES) <= of_cut
    assert not {name for name in of_cut if name.startswith("estimated_") or "version" in name or "auc" in name}
