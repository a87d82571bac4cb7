"""Readings of a regression, through the whole river, against scikit-learn on the raw rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as sk

from dashboard.report import Reading
from dashboard.rollup.freezing import regression_scale
from dashboard.workspace import Model
from tests.errors_world import GROUPS, ErrorSpec, build, rows_of

KINDS = ("performance", "data")
NAMES = {
    "mean_absolute_error", "median_absolute_error", "root_mean_squared_error", "mean_error", "r2_score",
    "mean_absolute_percentage_error", "beyond_tolerance_rate", "count", "label_coverage",
}  # fmt: skip


def by_sklearn(rows: pd.DataFrame, tolerance: float) -> dict[str, float]:
    """Returns every metric of raw rows; NaN where it cannot be computed."""
    known = rows[rows["stayed"].notna()]
    y, value = known["stayed"], known["predicted"]
    off = (value - y).abs()
    some = y != 0
    return {
        "mean_absolute_error": sk.mean_absolute_error(y, value),
        "median_absolute_error": float(np.quantile(off, 0.5, method="inverted_cdf")),
        "root_mean_squared_error": sk.root_mean_squared_error(y, value),
        "mean_error": float((value - y).mean()),
        "r2_score": sk.r2_score(y, value) if y.nunique() > 1 else np.nan,
        "mean_absolute_percentage_error": (
            sk.mean_absolute_percentage_error(y[some], value[some]) if some.any() else np.nan
        ),
        "beyond_tolerance_rate": float((off > tolerance * (1 + 1e-12)).mean()),
        "count": len(rows),
        "label_coverage": len(known) / len(rows),
    }


def agrees(reading: Reading, raw: pd.DataFrame, spec: ErrorSpec) -> None:
    expected = by_sklearn(rows_of(raw, reading), (spec.tolerance or 0) * spec.size)[reading.metric]
    in_units = reading.metric.endswith("_error") and "percentage" not in reading.metric
    close = {"rel": 0.016} if reading.metric == "median_absolute_error" else {"rel": 2e-5, "abs": 1e-6}
    value = np.nan if reading.value is None else reading.value
    if in_units:
        value, expected = value / spec.size, expected / spec.size
    assert value == pytest.approx(expected, nan_ok=True, **close), reading
    if reading.low is not None and reading.value is not None:
        assert reading.low <= reading.value


@pytest.mark.parametrize(("labels", "size"), [("inside", 1.0), ("late", 1e9), ("inside", 1e-6)])
def test_every_reading_equals_scikit_learn_on_the_raw_rows(tmp_path: Path, labels: str, size: float) -> None:
    spec = ErrorSpec(labels=labels, size=size, subjects=labels == "late")
    model, raw = build(spec, tmp_path)
    asked: list[dict[str, Any]] = [{}, {"by": "day", "version": "*"}]
    asked += [{"attributes": (name,)} for name in GROUPS]
    for question in asked:
        readings = model.readings(kinds=KINDS, **question)
        assert {reading.metric for reading in readings} == NAMES
        for reading in readings:
            agrees(reading, raw, spec)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=40), st.integers(-60, 60))
def test_a_unit_is_a_power_of_ten_near_the_spread_of_what_it_counts(drawn: list[float], power: int) -> None:
    labels = np.array(drawn) * 10.0**power
    spread = float(np.subtract(*np.quantile(labels, [0.75, 0.25])))
    assume(spread > 1e-6 * np.abs(labels).max() and spread > 1e-90)
    scale = regression_scale(labels + 2 * spread, labels)
    assert 0.999 <= spread / scale.label < 10.001
    assert abs(scale.centre - np.median(labels)) <= scale.label
    assert float(f"{scale.label:.0e}") == scale.label
    assert 0.999 <= 4 * spread / scale.error < 10.001  # errors of one size, taken to both sides


def everybody(model: Model) -> dict[str, Reading]:
    return {reading.metric: reading for reading in model.readings(kinds=KINDS)}


def test_merging_days_equals_counting_once(tmp_path: Path) -> None:
    (tmp_path / "once").mkdir()
    (tmp_path / "twice").mkdir()
    spec = ErrorSpec(rows=300, days=4)
    once, raw = build(spec, tmp_path / "once")
    twice, _ = build(ErrorSpec(rows=300, days=4, labels="never"), tmp_path / "twice")
    for _, day in raw[raw["stayed"].notna()].groupby("day"):
        twice.log_labels(day[["id", "stayed"]])
        twice.rollup()
    first, second = everybody(once), everybody(twice)
    for name in NAMES - {"median_absolute_error"}:
        assert second[name].value == pytest.approx(first[name].value, rel=1e-5), name


def test_what_lies_absurdly_far_out_is_cut_off_counted_and_said(tmp_path: Path) -> None:
    spec = ErrorSpec(rows=200, days=2)
    model, raw = build(spec, tmp_path)
    wrong = raw.head(2).assign(id=["far", "further"], predicted=[1e300, -1e300], stayed=[1.0, 2.0])
    model.log(wrong.drop(columns=["day", "band", "both"]))
    model.rollup()
    found = everybody(model)["mean_absolute_error"]
    assert "at least: of 2 rows only 1e+06 is counted" in found.note
    assert "2 absurdly large values cut off" in everybody(model)["r2_score"].note
    assert "at least: of 2 rows only 100000000% is counted" in everybody(model)["mean_absolute_percentage_error"].note
    assert found.value is not None
    assert np.isfinite(found.value)
    assert "heavy tail" in found.note


def test_labels_next_to_zero_cut_the_percentage_error_off_and_nothing_else(tmp_path: Path) -> None:
    model, raw = build(ErrorSpec(rows=200, days=2), tmp_path)
    model.log(raw.head(1).assign(id=["tiny"], stayed=[1e-12]).drop(columns=["day", "band", "both"]))
    model.rollup()
    noted = {name for name, reading in everybody(model).items() if "at least" in reading.note}
    assert noted == {"mean_absolute_percentage_error"}


def test_without_a_tolerance_the_share_beyond_it_cannot_be_computed(tmp_path: Path) -> None:
    model, _ = build(ErrorSpec(rows=100, days=2, tolerance=None), tmp_path)
    found = everybody(model)["beyond_tolerance_rate"]
    assert (found.value, found.n) == (None, everybody(model)["mean_error"].n)
    assert "names no tolerance" in found.note


def test_without_labels_nothing_is_zero(tmp_path: Path) -> None:
    model, raw = build(ErrorSpec(rows=100, days=2, labels="never"), tmp_path)
    found = everybody(model)
    assert {name for name, reading in found.items() if reading.value is None} == NAMES - {"count", "label_coverage"}
    assert (found["count"].value, found["label_coverage"].value) == (len(raw), 0)


def test_rows_of_one_subject_widen_the_intervals(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "four").mkdir()
    spec = ErrorSpec(rows=600, days=3, subjects=True)
    one, raw = build(spec, tmp_path / "one")
    copies = pd.concat([raw.assign(id=raw["id"] + f"-{k}") for k in range(4)]).drop(columns=["day", "band", "both"])
    four, _ = build(ErrorSpec(rows=1, days=1, subjects=True), tmp_path / "four")
    four.log(copies)
    four.rollup()
    for name in NAMES - {"count", "label_coverage"}:
        first, second = everybody(one)[name], everybody(four)[name]
        assert first.low is not None
        assert first.high is not None
        assert second.low is not None
        assert second.high is not None
        # Four copies of every row tell no more than one: the interval is about as wide.
        assert (second.high - second.low) / (first.high - first.low) == pytest.approx(1, abs=0.25), name
        assert "independent" in second.note
