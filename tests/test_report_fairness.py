"""Fairness readings against fairlearn and scikit-learn on the raw rows, groups nobody can be compared with left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashboard.report import Reading
from dashboard.report.fairness import is_unknown
from tests.worlds import GROUPS, RATES, START, Spec, World, build, by_sklearn, delivered, draw, found, rows_of, specs

NAMED = (
    "demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference", "equalized_odds_ratio",
    "equal_opportunity_difference", "equal_opportunity_ratio",
)  # fmt: skip
BASE = {"sex": "M"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=3, rows=900, days=14, without=frozenset()), tmp_path_factory.mktemp("world"))


def known_rows(world: World, reading: Reading) -> pd.DataFrame:
    """Returns the raw rows of a reading's window and version whose group is known, for all groups of its attribute."""
    rows = rows_of(world.frame, replace(reading, group=None))
    rows = rows.assign(group=rows[GROUPS[reading.attribute or ""]])
    return rows[~rows["group"].map(is_unknown)]


def spread(rows: pd.DataFrame, metric: object, needed: pd.Series | None = None) -> tuple[float, float]:
    """Returns fairlearn's difference and ratio of a metric over the groups that have a row that it needs.

    fairlearn says 0.0 for a rate without a denominator: a maximal false alarm.
    """
    there = rows["group"].isin(rows.loc[needed if needed is not None else slice(None), "group"])
    rows = rows[there]
    if rows["group"].nunique() < 2:
        return np.nan, np.nan
    frame = fl.MetricFrame(
        metrics=metric, y_true=rows["label"].fillna(0), y_pred=rows["said"], sensitive_features=rows["group"]
    )
    largest = frame.by_group.max()
    return float(frame.difference()), float(frame.by_group.min() / largest) if largest else np.nan


def by_fairlearn(rows: pd.DataFrame) -> dict[str, float]:
    decided = rows[rows["said"].notna()]
    both = decided[decided["label"].notna()]
    parity = spread(decided, fl.selection_rate)
    found = spread(both, fl.true_positive_rate, both["label"] == 1)
    alarms = spread(both, fl.false_positive_rate, both["label"] == 0)
    return {
        "demographic_parity_difference": parity[0],
        "demographic_parity_ratio": parity[1],
        "equal_opportunity_difference": found[0],
        "equal_opportunity_ratio": found[1],
        "equalized_odds_difference": np.max([found[0], alarms[0]]),  # NaN where either is
        "equalized_odds_ratio": np.min([found[1], alarms[1]]),
    }


def check(reading: Reading, expected: float) -> None:
    if np.isnan(expected):
        assert (reading.value, reading.low, reading.high) == (None, None, None), reading
        assert reading.note, reading
    else:
        assert reading.value == pytest.approx(expected, abs=1e-12), reading
        assert reading.low is None or reading.low <= reading.value + 1e-12, reading
        assert reading.high is None or reading.value <= reading.high + 1e-12, reading


@settings(max_examples=5)
@given(specs(), st.sampled_from([*GROUPS]), st.sampled_from([None, "*"]), st.sampled_from([None, "week"]))
@example(Spec(seed=12, labels="never"), "sex", None, None)
@example(Spec(seed=4, rows=2000, labels="late", without=frozenset({"decision"})), "sex*age_band", "*", "week")
def test_named_metrics_equal_fairlearn_on_the_raw_rows(
    spec: Spec, attribute: str, version: str | None, by: str | None
) -> None:
    with TemporaryDirectory() as folder:
        world = build(spec, Path(folder))
        readings = world.model.readings(kinds=("fairness",), attributes=(attribute,), version=version, by=by)
    named = [reading for reading in readings if reading.metric in NAMED]
    assert {reading.metric for reading in named} == set(NAMED)
    oracles: dict[tuple[str | None, str], dict[str, float]] = {}
    for reading in named:
        place = (reading.version, reading.since)
        oracles[place] = oracles.get(place) or by_fairlearn(known_rows(world, reading))
        check(reading, oracles[place][reading.metric])
    contrasts = [reading for reading in readings if reading.metric not in NAMED]
    against_reference(world, contrasts, attribute)


def against_reference(world: World, contrasts: list[Reading], attribute: str) -> None:
    """Does check signed differences and ratios against the rates that scikit-learn finds in the two groups."""
    base = BASE.get(attribute) or world.frame[GROUPS[attribute]].pipe(lambda g: g[~g.map(is_unknown)]).mode()[0]
    rates: dict[tuple[str | None, ...], dict[str, float]] = {}
    for reading in contrasts:
        rate, what = reading.metric.rsplit("_", 1)
        assert reading.reference == base
        values = []
        for group in (reading.group, base):
            place = (reading.version, reading.since, group)
            if place not in rates:
                rows = known_rows(world, reading)
                rates[place] = by_sklearn(rows[rows["group"] == group])
            values.append(rates[place][rate])
        there, here = values
        expected = there - here if what == "difference" else there / here if here else np.nan
        check(reading, expected)


def test_equalized_odds_equals_fairlearns_own_where_every_group_has_both_classes(tmp_path: Path) -> None:
    raw = draw(Spec(seed=6, rows=900))
    raw = raw[raw["label"].notna() & raw["said"].notna() & raw["sex"].isin(["F", "M"])]
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()))
    model.rollup()
    readings = {r.metric: r.value for r in model.readings(metrics=NAMED, attributes=("sex",))}
    for name in NAMED:
        function = getattr(fl, name)
        assert readings[name] == pytest.approx(
            function(raw["label"], raw["said"], sensitive_features=raw["sex"]), abs=1e-12
        )


def test_a_group_without_positives_is_left_out_and_named(tmp_path: Path) -> None:
    raw = draw(Spec(seed=6, rows=900))
    raw.loc[raw["sex"] == "X", "label"] = 0.0
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()))
    model.rollup()
    readings = {(r.metric, r.group): r for r in model.readings(kinds=("fairness",), attributes=("sex",))}
    gap = readings["equal_opportunity_difference", None]
    assert gap.value is not None
    assert gap.value < 0.5
    assert "X" in gap.note
    own = readings["true_positive_rate_difference", "X"]
    assert (own.value, own.denominator) == (None, 0)
    assert own.note


def test_rows_of_unknown_group_are_in_no_contrast_and_are_counted_in_the_note(world: World) -> None:
    unknown = int(world.frame["sex_group"].eq("unknown").sum())
    for reading in world.model.readings(kinds=("fairness",), attributes=("sex",)):
        assert reading.group != "unknown"
        assert reading.reference != "unknown"
        if reading.metric in NAMED:
            assert f"{unknown:,} rows with unknown sex" in reading.note


def test_without_attributes_every_attribute_and_intersection_is_compared(world: World) -> None:
    readings = world.model.readings(kinds=("fairness",))
    assert {r.attribute for r in readings} == set(GROUPS)


def test_a_reference_group_without_rows_that_day_says_so(tmp_path: Path) -> None:
    raw = draw(Spec(seed=8, days=3))
    raw = raw[(raw["sex"] != "M") | (raw["day"] > START)]
    model = found(tmp_path, Spec().contract)
    model.log(delivered(raw, Spec()))
    model.rollup()
    first, *later = (r for r in model.readings(metrics=("selection_rate_ratio",), attributes=("sex",), by="day")
                     if r.group == "F")  # fmt: skip
    assert first.value is None
    assert "'M' has no rows" in first.note
    assert all(reading.value is not None for reading in later)


def test_five_hundred_groups_are_compared(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    raw = draw(Spec(seed=7, rows=3000))
    raw["sex"] = [f"g{k:03}" for k in random.integers(0, 500, len(raw))]
    model = found(tmp_path, Spec().contract.replace('reference = "M"\n', ""))
    model.log(delivered(raw, Spec()))
    model.rollup()
    readings = model.readings(kinds=("performance", "fairness"), attributes=("sex",))
    assert len({r.group for r in readings if r.group}) == raw["sex"].nunique()
    (gap,) = (r for r in readings if r.metric == "demographic_parity_difference")
    decided = raw[raw["said"].notna()]
    assert gap.value == pytest.approx(np.ptp(decided.groupby("sex")["said"].mean()), abs=1e-12)


def test_a_contrast_has_no_reading_for_the_reference_itself(world: World) -> None:
    readings = world.model.readings(metrics=("selection_rate_ratio", "selection_rate_difference"), attributes=("sex",))
    assert {(r.group, r.reference) for r in readings} == {("F", "M"), ("X", "M")}
    assert set(RATES) >= {r.metric.rsplit("_", 1)[0] for r in readings}


def test_a_window_cuts_contrasts_like_everything_else(world: World) -> None:
    since, until = START + timedelta(days=2), START + timedelta(days=8)
    asked = {"metrics": ("selection_rate_difference",), "attributes": ("sex",), "since": since, "until": until}
    against_reference(world, world.model.readings(**asked), "sex")
