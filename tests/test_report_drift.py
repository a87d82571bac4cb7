"""Drift readings against scipy and numpy: the same bins for PSI and Jensen-Shannon, the raw values for the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

from dashboard.metrics.histograms import Categories, Histogram, paired
from dashboard.report import Reading
from dashboard.workspace import Model
from tests.worlds import START, Spec, delivered, draw, found, rows_of, specs

SPLIT = START + timedelta(days=7)
POLICY = f"""
version = "1"
[windows]
reference = {{ since = "{START}", until = "{SPLIT}" }}
[[rule]]
metric = "psi"
feature = "*"
max = 0.1
"""
FEATURES = ("lactate", "age", "ward", "score", "confidence", "decision", "label")
CELL = 4096


def moved(spec: Spec) -> pd.DataFrame:
    """Returns rows whose features move after the reference: larger, more missing, a ward that was not there."""
    raw = draw(spec)
    late = raw["day"] >= SPLIT
    random = np.random.default_rng(spec.seed)
    raw.loc[late, "lactate"] *= 1.0 + random.random()
    raw.loc[late & (random.random(len(raw)) < 0.1), "lactate"] = np.nan
    raw.loc[late & (random.random(len(raw)) < 0.1), "ward"] = "D"
    return raw


def build(raw: pd.DataFrame, spec: Spec, folder: Path, policy: str = POLICY) -> Model:
    model = found(folder, spec.contract, policy=policy)
    model.log(delivered(raw, spec))
    model.rollup()
    return model


def edges(model: Model, feature: str) -> NDArray[np.float64]:
    """Returns the edges between a numeric feature's fine bins."""
    bins = model.source().bins
    if feature == "score":
        return np.array(bins.score_edges)
    if feature == "confidence":
        known = np.array([0.0, *bins.score_edges])
        lefts = np.maximum(known, 1 - known).round(9) if bins.score_exact else np.arange(50, 100) / 100
        return np.unique(lefts)[1:]
    grid = bins.grids[feature]
    return grid.low + np.array(grid.cuts) * CELL / grid.scale


def side(rows: pd.DataFrame, feature: str, model: Model) -> Histogram | Categories:
    """Returns the counts of raw rows on the model's bins, or of each category."""
    if feature in ("ward", "decision", "label"):
        column = rows["said"] if feature == "decision" else rows[feature]
        if feature == "label":
            column = column.dropna()
        names = column.dropna().map(lambda v: v if isinstance(v, str) else str(int(v)))
        return Categories(names.value_counts().to_dict(), int(column.isna().sum()))
    values = column_of(rows, feature, model)
    at = np.searchsorted(edges(model, feature), values, side="right")
    size = len(edges(model, feature)) + 1
    missing = 0 if feature in ("score", "confidence") else int(rows[feature].isna().sum())
    return Histogram.of(np.bincount(at, minlength=size), np.bincount(at, weights=values, minlength=size), missing)


def column_of(rows: pd.DataFrame, feature: str, model: Model) -> NDArray[np.float64]:
    """Returns a column's values; the confidence is that of the raw score.

    Where score bins end within a lookup cell of a hundredth, it is that of the nearest score on the right side of it.
    """
    values = rows["score" if feature == "confidence" else feature].dropna().to_numpy()
    if feature != "confidence":
        return values
    sure, bins = np.maximum(values, 1 - values), model.source().bins
    if bins.score_exact:
        return sure.round(9)
    cuts = np.array([0.0, *bins.score_edges, 1.0])
    middles = ((cuts[:-1] + cuts[1:]) / 2)[np.searchsorted(bins.score_edges, values, side="right")]
    left = np.minimum(np.floor(100 * np.maximum(middles, 1 - middles)), 99) / 100
    found = np.clip(sure, left, left + 0.01 - 1e-9)
    assert np.abs(found - sure).max(initial=0.0) < 3e-5
    return found


def divergences(before: Histogram | Categories, now: Histogram | Categories) -> dict[str, float]:
    common = paired(before, now)
    shares = [(side + 0.5) / (side.sum() + 0.5 * common.bins) for side in (common.reference, common.current)]
    p, q = shares
    found = {"psi": float(((q - p) * np.log(q / p)).sum()), "js_distance": float(jensenshannon(p, q, base=2))}
    counts = [common.reference, common.current]
    return found | {"chi_squared": stats.chi2_contingency(counts, correction=False).statistic}


def apart_from_bin_means(values: NDArray[np.float64], model: Model, feature: str) -> float:
    """Returns how far values lie from what stands for their bin: that much can a Wasserstein distance be off."""
    at = np.searchsorted(edges(model, feature), values, side="right")
    if feature == "confidence":
        return 0.0 if model.source().bins.score_exact else 0.01
    if feature == "score":
        cuts = np.array([0.0, *model.source().bins.score_edges, 1.0])
        middles = cuts[:-1] if model.source().bins.score_exact else (cuts[:-1] + cuts[1:]) / 2
        return float(np.abs(values - middles[at]).mean())
    means = pd.Series(values).groupby(at).transform("mean")
    return float(np.abs(values - means).mean()) + 1 / model.source().bins.grids[feature].scale


def check(reading: Reading, raw: pd.DataFrame, model: Model) -> None:
    feature = reading.feature or ""
    before, now = raw[raw["day"] < SPLIT], rows_of(raw, reading)
    sides = side(before, feature, model), side(now, feature, model)
    assert reading.n <= len(now)
    if reading.value is None:
        assert reading.note
        assert min(s.n for s in sides) < 20 or min(len(column_of(rows, feature, model)) for rows in (before, now)) < 20
    elif reading.metric in ("psi", "js_distance", "chi_squared"):
        assert reading.value == pytest.approx(divergences(*sides)[reading.metric], abs=1e-9), reading
    else:
        then, values = column_of(before, feature, model), column_of(now, feature, model)
        compare_raw(reading, then, values, model)


def compare_raw(reading: Reading, then: NDArray[np.float64], now: NDArray[np.float64], model: Model) -> None:
    feature, value = reading.feature or "", reading.value or 0.0
    if reading.metric == "ks":
        hidden = float(re.search(r"hides at most ([\d.e-]+)", reading.note)[1])  # type: ignore[index]
        exact = stats.ks_2samp(then, now).statistic
        assert value - 1e-12 <= exact <= value + hidden + 1e-12, reading
        return
    off = apart_from_bin_means(then, model, feature) + apart_from_bin_means(now, model, feature) + 1e-12
    exact = stats.wasserstein_distance(then, now)
    if reading.metric == "wasserstein_standardised":
        exact, off = exact / then.std(), off / then.std() + 0.02 * exact / then.std()
    assert value == pytest.approx(exact, abs=off), reading


@settings(max_examples=4)
@given(specs(days=14, rows=2000), st.sampled_from([None, "*"]), st.sampled_from([None, "week"]))
@example(Spec(seed=21, rows=2000, days=14, scores=40, labels="inside"), None, None)
@example(Spec(seed=22, rows=200, days=14, labels="never", without=frozenset({"subject", "score"})), "*", None)
def test_drift_equals_scipy_on_the_raw_rows(spec: Spec, version: str | None, by: str | None) -> None:
    raw = moved(spec)
    with TemporaryDirectory() as folder:
        model = build(raw.assign(label=None) if spec.labels == "never" else raw, spec, Path(folder))
        readings = model.readings(kinds=("drift",), version=version, by=by)
        assert {r.feature for r in readings} >= {"lactate", "age", "ward", "decision"}
        for reading in readings:
            check(reading, raw, model)


def test_without_asking_drift_is_of_the_days_after_the_reference(tmp_path: Path) -> None:
    raw = moved(Spec(seed=3, days=14, rows=900))
    model = build(raw, Spec(), tmp_path)
    (psi,) = model.readings(kinds=("drift",), metrics=("psi",), features=("lactate",))
    assert (psi.since, psi.until) == (SPLIT.isoformat(), "2026-02-07")
    assert psi.n == (raw["day"] >= SPLIT).sum()


def test_a_window_is_not_compared_with_a_reference_that_it_shares_days_with(tmp_path: Path) -> None:
    model = build(moved(Spec(seed=3, days=14)), Spec(), tmp_path)
    readings = model.readings(kinds=("drift",), since=START)
    assert readings
    assert {r.value for r in readings} == {None}
    assert all("shares days with the reference" in r.note for r in readings)


def test_a_log_too_short_for_a_reference_says_so(tmp_path: Path) -> None:
    model = found(tmp_path, Spec().contract)
    model.log(delivered(draw(Spec()), Spec()))
    model.rollup()
    readings = model.readings(kinds=("drift",))
    assert readings
    assert {r.value for r in readings} == {None}
    assert all("no reference" in r.note for r in readings)


def test_missing_values_are_drift(tmp_path: Path) -> None:
    raw = draw(Spec(seed=5, days=14, rows=2000))
    gone = (raw["day"] >= SPLIT) & (np.arange(len(raw)) % 2 == 0)
    raw.loc[gone, ["lactate"]] = np.nan
    raw.loc[gone, ["ward"]] = None
    model = build(raw, Spec(), tmp_path)
    psi = {r.feature: r for r in model.readings(kinds=("drift",), metrics=("psi",))}
    for feature in ("lactate", "ward"):
        assert (psi[feature].low or 0) > 0.1
    assert (psi["age"].low or 0) < 0.02


def test_values_a_thousand_times_larger_are_a_thousand_times_further(tmp_path: Path) -> None:
    raw = draw(Spec(seed=5, days=14, rows=900))
    raw.loc[raw["day"] >= SPLIT, "lactate"] *= 1000
    model = build(raw, Spec(), tmp_path)
    (reading,) = model.readings(kinds=("drift",), metrics=("wasserstein",), features=("lactate",))
    values = raw["lactate"]
    exact = stats.wasserstein_distance(values[raw["day"] < SPLIT].dropna(), values[raw["day"] >= SPLIT].dropna())
    assert reading.value == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(("column", "value"), [("lactate", np.nan), ("lactate", 1.5), ("ward", None), ("ward", "A")])
def test_a_feature_with_one_value_or_none_has_no_nan(tmp_path: Path, column: str, value: object) -> None:
    raw = draw(Spec(seed=5, days=14)).assign(**{column: value})
    model = build(raw, Spec(), tmp_path)
    for reading in model.readings(kinds=("drift",), features=(column,)):
        numbers: Mapping[str, object] = reading.as_dict()
        assert all(number == number for number in numbers.values())
        assert reading.value in (None, 0.0) or reading.value == pytest.approx(0.0, abs=1e-6)


def test_features_asked_for_are_the_ones_given(tmp_path: Path) -> None:
    model = build(moved(Spec(seed=3, days=14)), Spec(), tmp_path)
    for asked in (("lactate",), ("score", "ward")):
        assert {r.feature for r in model.readings(kinds=("drift",), features=asked)} == set(asked)
    assert {r.feature for r in model.readings(kinds=("drift",))} == set(FEATURES)
    days = model.readings(kinds=("drift",), metrics=("psi",), features=("ward",), by="day", since=SPLIT)
    assert [date.fromisoformat(r.since) for r in days] == [SPLIT + timedelta(days=k) for k in range(7)]
