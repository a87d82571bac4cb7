"""Groups against everybody, gaps, Aequitas' names, classes and errors, through the river, on the raw rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind
from sklearn import metrics as sk

from dashboard.metrics import METRICS
from dashboard.metrics.table.aequitas import AEQUITAS, SHORT
from dashboard.metrics.table.groups import GROUPS as MORE
from dashboard.metrics.table.groups import OF_ERRORS
from dashboard.report import Reading
from tests import classes, errors_world
from tests.test_report_fairness import check, known_rows
from tests.worlds import GROUPS, RATES, Spec, World, build, by_sklearn, specs

OF_RATES = [metric.name for metric in MORE if "binary" in metric.tasks]
SHORT_NAMES = [metric.name for metric in AEQUITAS]


def rates_of(world: World, reading: Reading) -> tuple[dict[str, dict[str, float]], dict[str, float], pd.DataFrame]:
    """Returns scikit-learn's rates of each group of a reading's window and of all together, and the rows."""
    rows = known_rows(world, reading)
    return {str(group): by_sklearn(part) for group, part in rows.groupby("group")}, by_sklearn(rows), rows


@settings(max_examples=5)
@given(specs(), st.sampled_from([*GROUPS]), st.sampled_from([None, "*"]))
def test_differences_to_everybody_and_gaps_are_those_of_the_raw_rows(
    spec: Spec, attribute: str, version: str | None
) -> None:
    with TemporaryDirectory() as folder:
        world = build(spec, Path(folder))
        readings = world.model.readings(metrics=OF_RATES, attributes=(attribute,), version=version)
    assert {reading.metric for reading in readings} == set(OF_RATES)
    oracles: dict[str | None, tuple[dict[str, dict[str, float]], dict[str, float], pd.DataFrame]] = {}
    for reading in readings:
        if reading.version not in oracles:
            oracles[reading.version] = rates_of(world, reading)
        groups, everybody, _ = oracles[reading.version]
        name = reading.metric.removesuffix("_gap").removesuffix("_overall_difference")
        values = [found[name] for found in groups.values() if not np.isnan(found[name])]
        if reading.metric.endswith("_gap"):
            check(reading, float(np.ptp(values)) if len(values) > 1 else np.nan)
            continue
        alone = not np.isnan(groups[str(reading.group)][name]) and len(values) == 1  # without a rest
        check(reading, np.nan if alone else groups[str(reading.group)][name] - everybody[name])


@settings(max_examples=4)
@given(specs(), st.sampled_from([*GROUPS]))
def test_the_names_of_aequitas_are_rates_and_ratios_of_the_raw_rows(spec: Spec, attribute: str) -> None:
    with TemporaryDirectory() as folder:
        world = build(spec, Path(folder))
        readings = world.model.readings(metrics=SHORT_NAMES, attributes=(attribute,))
    assert {reading.metric for reading in readings} == set(SHORT_NAMES)
    groups, _, rows = rates_of(world, readings[0])
    chosen = rows[rows["said"] == 1].groupby("group").size()
    for reading in readings:
        own, base = str(reading.group), reading.reference
        short = reading.metric.removesuffix("_disparity")
        if short == "ppr":
            hits, of = float(chosen.get(own, 0)), float(chosen.sum() if base is None else chosen.get(base, 0))
        else:
            hits, of = groups[own][SHORT[short]], 1.0 if base is None else groups[base][SHORT[short]]
        check(reading, hits / of if of else np.nan)


def test_a_gap_equals_fairlearns_where_every_group_has_one(tmp_path: Path) -> None:
    world = build(Spec(seed=6, rows=900, without=frozenset()), tmp_path)
    (gap,) = world.model.readings(metrics=("accuracy_gap",), attributes=("sex",))
    rows = known_rows(world, gap)
    rows = rows[rows["label"].notna() & rows["said"].notna()]
    frame = fl.MetricFrame(
        metrics=sk.accuracy_score, y_true=rows["label"], y_pred=rows["said"], sensitive_features=rows["group"]
    )
    by_group = frame.by_group
    assert gap.value == pytest.approx(float(frame.difference()), abs=1e-12)
    assert gap.note.startswith(f"lowest {by_group.idxmin()}, highest {by_group.idxmax()}")


def test_a_policy_judges_them_in_sentences_that_name_the_reference(tmp_path: Path) -> None:
    rules = "".join(
        f'[[rule]]\nmetric = "{name}"\nattribute = "sex"\nmax = {most}\n'
        for name, most in (
            ("tpr_disparity", 1.2),
            ("ppr_disparity", 1.2),
            ("accuracy_overall_difference", 0.05),
            ("fpr", 0.3),
        )
    )
    policy = f'version = "1"\nminimum_n = 5\n[windows]\nevery = "7d"\n{rules}'
    findings = build(Spec(seed=3, rows=900, days=14), tmp_path, policy).model.findings()
    for finding in findings:
        assert ("against M" in finding.sentence) == finding.metric.endswith("_disparity"), finding.sentence
    assert {(finding.metric, finding.group) for finding in findings} == {
        *(("tpr_disparity", group) for group in "FX"), *(("ppr_disparity", group) for group in "FX"),
        *(("accuracy_overall_difference", group) for group in "FMX"), *(("fpr", group) for group in "FMX"),
    }  # fmt: skip
    assert any(f.sentence.startswith("Difference of accuracy from everybody for F is ") for f in findings)


def test_more_contrasts_are_read_by_their_names_only(tmp_path: Path) -> None:
    world = build(Spec(seed=3, rows=300), tmp_path)
    found = {reading.metric for reading in world.model.readings(kinds=("fairness",))}
    assert found.isdisjoint({*OF_RATES, *SHORT_NAMES})
    assert found == {f"{rate}_{kind}" for rate in RATES for kind in ("difference", "ratio")} | {
        name for name in METRICS if name.startswith(("demographic", "equal"))
    }


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> classes.ClassWorld:
    return classes.counted(classes.ClassSpec(seed=3, subjects=True), tmp_path_factory.mktemp("classes"))


def test_of_several_classes_only_accuracy_is_compared_unless_a_class_or_a_metric_is_named(
    several: classes.ClassWorld,
) -> None:
    plain = several.model.readings(kinds=("fairness",))
    assert {(r.metric, r.feature) for r in plain} == {("accuracy_difference", None), ("accuracy_ratio", None)}
    of_class = several.model.readings(kinds=("fairness",), attributes=("sex",), features=("mid",))
    assert {r.feature for r in of_class} == {None, "mid"}
    named = several.model.readings(metrics=("precision_ratio",), attributes=("sex",))
    assert [r.feature for r in named] == several.spec.names


def of_class(frame: pd.DataFrame, reading: Reading) -> float:
    """Returns what a reading of one class against the rest should say, of rows with 0 and 1 for label and decision."""
    rates = {str(group): by_sklearn(rows) for group, rows in frame.groupby("group")}
    own, base = rates.get(str(reading.group), {}), rates.get(str(reading.reference), {})
    spread = {name: float(np.ptp([rate[name] for rate in rates.values()])) for name in RATES}
    if reading.metric == "ppr":
        return float(frame.loc[frame["group"] == reading.group, "said"].sum() / frame["said"].sum())
    if reading.metric == "equalized_odds_difference":
        return max(spread["true_positive_rate"], spread["false_positive_rate"])
    if reading.metric == "selection_rate_gap":
        return spread["selection_rate"]
    if reading.metric == "precision_ratio":
        return own["precision"] / base["precision"]
    if reading.metric == "false_positive_rate_overall_difference":
        return own["false_positive_rate"] - by_sklearn(frame)["false_positive_rate"]
    if reading.metric == "true_positive_rate_difference":
        return own["true_positive_rate"] - base["true_positive_rate"]
    return own[SHORT[reading.metric]]


@pytest.mark.parametrize("attribute", ["sex", "age_band"])
def test_contrasts_of_a_class_are_those_of_the_class_against_the_rest(
    several: classes.ClassWorld, attribute: str
) -> None:
    metrics = ("true_positive_rate_difference", "precision_ratio", "selection_rate_gap", "fpr", "ppr",
               "false_positive_rate_overall_difference", "equalized_odds_difference")  # fmt: skip
    readings = several.model.readings(metrics=metrics, attributes=(attribute,))
    assert {(r.metric, r.feature) for r in readings} == {(m, name) for m in metrics for name in several.spec.names}
    frame = several.frame.assign(group=several.frame[classes.GROUPS[attribute]])
    for r in readings:
        sides = {
            side: (frame[side] == r.feature).astype(float).where(frame[side].notna()) for side in ("label", "said")
        }
        check(r, of_class(frame.assign(**sides), r))


@pytest.mark.parametrize("subjects", [False, True])
def test_differences_of_errors_are_those_of_the_raw_rows(tmp_path: Path, subjects: bool) -> None:
    model, raw = errors_world.build(errors_world.ErrorSpec(rows=1500, subjects=subjects), tmp_path)
    for attribute, column in errors_world.GROUPS.items():
        readings = model.readings(kinds=("fairness",), attributes=(attribute,), version="*")
        assert {r.metric for r in readings} == {f"{name}_difference" for name in OF_ERRORS}
        for r in readings:
            if r.metric == "beyond_tolerance_rate_difference":
                continue
            rows = errors_world.rows_of(raw, replace(r, attribute=None)).dropna(subset=["stayed"])
            error = rows["predicted"] - rows["stayed"]
            error = error if r.metric == "mean_error_difference" else error.abs()
            own, base = (error[rows[column] == group] for group in (r.group, r.reference))
            welch = ttest_ind(own, base, equal_var=False).confidence_interval()
            assert r.value is not None
            assert r.value == pytest.approx(own.mean() - base.mean(), abs=1e-6)
            assert r.low is not None
            assert r.high is not None
            assert r.low < r.value < r.high
            wider = (r.high - r.low) / (welch.high - welch.low)
            assert 0.98 < wider < (2.5 if subjects else 1.1), r


def test_errors_of_days_without_a_group_or_its_labels_say_so(tmp_path: Path) -> None:
    model, _ = errors_world.build(errors_world.ErrorSpec(rows=60), tmp_path)
    readings = model.readings(metrics=("mean_error_difference",), attributes=("sex*age_band",), by="day")
    empty = [r for r in readings if r.value is None]
    assert 0 < len(empty) < len(readings)
    assert all(r.note.startswith("cannot be computed: ") for r in empty)
