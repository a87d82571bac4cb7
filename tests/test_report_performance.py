"""Performance and data readings against scikit-learn on the raw rows that each reading says it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from dashboard.errors import EvenhandError
from dashboard.report import COLUMNS, Reading
from dashboard.workspace import Model, frame
from tests.worlds import GROUPS, RATES, START, Spec, World, build, by_sklearn, delivered, draw, found, rows_of, specs

FIXED_POINT = 5e-10
KINDS = ("performance", "data")
MORE = ("f1", "balanced_accuracy", "matthews_correlation", "count", "label_coverage")
SCORED = ("brier_score", "log_loss", "roc_auc", "average_precision")
groupings = st.sampled_from([(), ("sex",), ("age_band",), ("sex*age_band",)])
versions = st.sampled_from([None, "*", "v2"])
periods = st.sampled_from([None, "day", "week", "month"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=3, rows=700, without=frozenset()), tmp_path_factory.mktemp("world"))


def losses(rows: pd.DataFrame) -> dict[str, float]:
    """Returns Brier score, log loss (clipped at 1e-15, as is said) and areas of raw rows; NaN where there is none."""
    both = rows[rows["label"].notna() & rows["score"].notna()]
    if both.empty:
        return dict.fromkeys(SCORED, np.nan)
    label, score = both["label"], both["score"]
    two = label.nunique() == 2
    return {
        "brier_score": float(np.mean((score - label) ** 2)),
        "log_loss": sk.log_loss(label, score.clip(1e-15, 1 - 1e-15), labels=[0, 1]),
        "roc_auc": float(sk.roc_auc_score(label, score)) if two else np.nan,
        "average_precision": float(sk.average_precision_score(label, score)) if two else np.nan,
    }


def compare(readings: list[Reading], raw: pd.DataFrame, oracle: Callable[[pd.DataFrame], dict[str, float]]) -> None:
    """Does check every reading against the oracle on its own rows."""
    known: dict[tuple[object, ...], dict[str, float]] = {}
    assert readings
    for reading in readings:
        place = (reading.attribute, reading.group, reading.version, reading.since, reading.until)
        if place not in known:
            known[place] = oracle(rows_of(raw, reading))
        expected = known[place][reading.metric]
        if np.isnan(expected):
            assert (reading.value, reading.low, reading.high) == (None, None, None), reading
            assert reading.note, reading
        else:
            assert reading.value == pytest.approx(expected, abs=bound(reading)), reading


def bound(reading: Reading) -> float:
    """Returns how far a reading may be off: what its note says of an AUC, the fixed point of a loss."""
    if reading.metric in ("brier_score", "log_loss"):
        return FIXED_POINT * 1.01
    said = re.search(r"at most ([\d.e-]+)", reading.note) if reading.metric in SCORED[2:] else None
    return 1e-12 + (float(said[1]) if said else 0)


def places(readings: list[Reading]) -> set[tuple[object, ...]]:
    return {(r.group, r.version, r.since) for r in readings}


def starts(days: pd.Series, by: str | None, since: date) -> Iterator[str]:
    for day in days:
        first = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}.get(by or "")
        yield max(first or since, since).isoformat()


@settings(max_examples=9)
@given(specs(), groupings, versions, periods)
@example(Spec(seed=1, labels="never"), ("sex",), None, None)
@example(Spec(seed=9, rows=900, labels="late", threshold=0.29, scores=40), ("sex*age_band",), "*", None)
def test_rates_equal_scikit_learn_on_the_raw_rows(
    spec: Spec, attributes: tuple[str, ...], version: str | None, by: str | None
) -> None:
    with TemporaryDirectory() as folder:
        world = build(spec, Path(folder))
        kinds = {"attributes": attributes, "version": version, "by": by}
        readings = world.model.readings(kinds=KINDS, metrics=(*RATES, *MORE), **kinds)
        scored = world.model.readings(kinds=KINDS, metrics=SCORED, **kinds)
    compare(readings, world.frame, by_sklearn)
    compare(scored, world.frame, losses)
    raw = world.frame if version in (None, "*") else world.frame[world.frame["model_version"] == version]
    groups = raw[GROUPS[attributes[0]]] if attributes else [None] * len(raw)
    named = raw["model_version"] if version == "*" else [version] * len(raw)
    expected = set(zip(groups, named, starts(raw["day"], by, min(world.frame["day"])), strict=True))
    assert places(readings) == places(scored) == expected


def test_numerator_and_denominator_are_the_counts_behind_the_value(world: World) -> None:
    for reading in world.model.readings(kinds=KINDS, metrics=(*RATES, "f1", "label_coverage"), attributes=("sex",)):
        if reading.value is not None:
            assert reading.numerator is not None
            assert reading.value == pytest.approx(reading.numerator / reading.denominator, abs=1e-12)  # type: ignore[operator]
            assert reading.low <= reading.value <= reading.high  # type: ignore[operator]


def test_a_score_equal_to_the_threshold_is_decided_positive(tmp_path: Path) -> None:
    spec = Spec(without=frozenset({"decision", "subject"}), threshold=0.29, scores=3)
    world = build(spec, tmp_path)
    tied = (world.frame["score"] == spec.threshold).sum()
    assert tied > 0
    (rate,) = world.model.readings(metrics=("selection_rate",))
    assert rate.numerator == (world.frame["score"] >= spec.threshold).sum()


def test_few_distinct_scores_give_the_exact_area(tmp_path: Path) -> None:
    world = build(Spec(rows=900, scores=40), tmp_path)
    (reading,) = world.model.readings(metrics=("roc_auc",))
    assert "binning" not in reading.note
    assert reading.value == pytest.approx(losses(world.frame)["roc_auc"], abs=1e-12)


def test_scores_the_reference_did_not_have_are_not_called_exact(tmp_path: Path) -> None:
    reference = '[windows]\nreference = { since = "2026-01-24", until = "2026-01-26" }\n'
    rule = '[[rule]]\nmetric = "accuracy"\nmin = 0.5\n'
    model = found(tmp_path, Spec().contract, policy=f'version = "1"\n{reference}{rule}')
    raw = draw(Spec(rows=2000, days=6))
    early = raw["day"] < START + timedelta(days=2)
    raw.loc[early, "score"] = raw.loc[early, "score"].round(1)
    log(model, raw)
    (reading,) = model.readings(metrics=("roc_auc",))
    assert reading.value == pytest.approx(losses(raw)["roc_auc"], abs=bound(reading))


def test_neighbouring_doubles_are_not_taken_for_one_score(tmp_path: Path) -> None:
    model = found(tmp_path, Spec().contract)
    below = float(np.nextafter(0.3, 0))
    raw = draw(Spec(rows=300)).assign(score=[0.3, below, 0.295] * 100)
    raw["label"] = [1.0, 1.0, 0.0] * 100
    log(model, raw)
    (reading,) = model.readings(metrics=("roc_auc",))
    assert reading.value == pytest.approx(1.0, abs=bound(reading))


def test_log_loss_keeps_the_digits_of_tiny_scores(tmp_path: Path) -> None:
    model = found(tmp_path, Spec().contract)
    raw = draw(Spec(rows=300))
    raw["score"] = 10.0 ** -np.linspace(3, 14, 300)
    raw["label"] = 1.0
    log(model, raw)
    compare(model.readings(metrics=("log_loss", "brier_score")), raw, losses)


def log(model: Model, raw: pd.DataFrame) -> None:
    model.log(delivered(raw, Spec()))
    model.rollup()


def test_labels_delivered_late_read_like_labels_delivered_inside(tmp_path: Path) -> None:
    inside, late = (build(Spec(seed=4, labels=how), tmp_path / how).model for how in ("inside", "late"))
    asked = {"kinds": KINDS, "attributes": ("sex*age_band",), "by": "week"}
    assert inside.readings(**asked) == late.readings(**asked)


def test_all_versions_together_are_the_sum_of_each(world: World) -> None:
    each = world.model.readings(metrics=("count", "label_coverage"), version="*", attributes=("sex",))
    for together in world.model.readings(metrics=("count", "label_coverage"), attributes=("sex",)):
        parts = [r for r in each if (r.metric, r.group) == (together.metric, together.group)]
        assert together.numerator == sum(part.numerator or 0 for part in parts)
        assert together.version is None


def test_a_shadow_version_is_left_out_of_all_versions_together(tmp_path: Path) -> None:
    model = found(tmp_path, Spec().contract + '[versions]\nshadow = ["v2"]\n')
    raw = draw(Spec())
    log(model, raw)
    (count,) = model.readings(metrics=("count",))
    assert count.value == (raw["model_version"] == "v1").sum()
    assert {r.version for r in model.readings(metrics=("count",), version="*")} == {"v1", "v2"}


def test_periods_come_in_order_and_are_cut_to_the_window(world: World) -> None:
    since, until = START + timedelta(days=3), START + timedelta(days=9)
    weeks = world.model.readings(metrics=("count",), by="week", since=since, until=until)
    assert [(r.since, r.until) for r in weeks] == [("2026-01-27", "2026-02-02")]
    days = world.model.readings(metrics=("count",), by="day")
    assert [r.since for r in days] == [(START + timedelta(days=i)).isoformat() for i in range(10)]
    months = world.model.readings(metrics=("count",), by="month")
    assert [(r.since, r.until) for r in months] == [("2026-01-24", "2026-02-01"), ("2026-02-01", "2026-02-03")]


def test_subjects_widen_intervals_and_move_no_value(tmp_path: Path) -> None:
    apart = build(Spec(seed=5, rows=2000), tmp_path / "a").model
    together = build(Spec(seed=5, rows=2000, without=frozenset()), tmp_path / "b").model
    for one, other in zip(apart.readings(kinds=KINDS), together.readings(kinds=KINDS), strict=True):
        assert (one.metric, one.value, one.n) == (other.metric, other.value, other.n)
        if one.value is not None and one.metric not in ("count",):
            assert other.low <= one.low + 1e-12  # type: ignore[operator]
            assert one.high <= other.high + 1e-12  # type: ignore[operator]


def test_a_window_without_data_says_so(world: World) -> None:
    readings = world.model.readings(since=date(2030, 1, 1), until=date(2030, 2, 1), metrics=("accuracy", "count"))
    assert [(r.metric, r.value, bool(r.note)) for r in readings if r.metric == "accuracy"] == [("accuracy", None, True)]


def test_a_model_with_one_class_has_no_area_and_says_why(tmp_path: Path) -> None:
    model = found(tmp_path, Spec().contract)
    log(model, draw(Spec()).assign(label=1.0))
    named = {r.metric: r for r in model.readings(kinds=KINDS)}
    assert named["roc_auc"].value is None
    assert "0 negative" in named["roc_auc"].note
    assert named["true_negative_rate"].value is None
    assert named["true_positive_rate"].value is not None


def test_what_is_not_known_is_refused_by_name(world: World) -> None:
    with pytest.raises(EvenhandError, match="no attribute 'race'"):
        world.model.readings(attributes=("race",))
    with pytest.raises(EvenhandError, match=r"no feature 'lactat'.*'lactate'"):
        world.model.readings(features=("lactat",))
    with pytest.raises(EvenhandError, match="no version 'v3'"):
        world.model.readings(version="v3")
    with pytest.raises(EvenhandError, match="must hold a day"):
        world.model.readings(since=date(2026, 2, 1), until=date(2026, 1, 30))


def test_the_table_of_readings_has_the_columns_of_the_command_line(world: World) -> None:
    table = frame(world.model.readings(metrics=("accuracy",), attributes=("sex",)))
    assert list(table.columns) == list(COLUMNS)
    assert len(COLUMNS) == 17
    assert list(frame([]).columns) == list(COLUMNS)


MULTICLASS = """
[model]
name = "triage"
task = "multiclass"
[columns]
id = "id"
time = "time"
label = "label"
[columns.scores]
low = "p_low"
mid = "p_mid"
high = "p_high"
[attributes.sex]
column = "sex"
"""


def test_three_hundred_classes_are_told_apart(tmp_path: Path) -> None:
    random, n = np.random.default_rng(7), 900
    raw = pd.DataFrame({"id": range(n), "time": pd.Timestamp("2026-01-24"), "sex": "F"})
    raw["label"] = [f"c{k}" for k in random.integers(0, 300, n)]
    raw["said"] = raw["label"].where(random.random(n) < 0.7, "c0")
    columns = MULTICLASS.replace('low = "p_low"\nmid = "p_mid"\nhigh = "p_high"\n', "")
    model = found(tmp_path, columns.replace("[columns.scores]", 'decision = "said"'))
    model.log(raw)
    model.rollup()
    (accuracy,) = model.readings(metrics=("accuracy",))
    assert accuracy.value == pytest.approx(sk.accuracy_score(raw["label"], raw["said"]), abs=1e-12)


def test_multiclass_accuracy_equals_scikit_learn(tmp_path: Path) -> None:
    random, n = np.random.default_rng(7), 900
    chances = random.dirichlet([1, 1, 1], n)
    classes = np.array(["low", "mid", "high"])
    label = np.where(random.random(n) < 0.2, None, classes[[random.choice(3, p=p) for p in chances]])
    raw = pd.DataFrame(chances, columns=["p_low", "p_mid", "p_high"]).assign(
        id=[f"i{k}" for k in range(n)], time=pd.Timestamp("2026-01-24T10:00"), label=label,
        sex=random.choice(["F", "M"], n),
    )  # fmt: skip
    model = found(tmp_path, MULTICLASS)
    model.log(raw)
    model.rollup()
    raw["said"] = classes[np.argmax(chances, axis=1)]
    for attribute in (None, "sex"):
        counted = ("accuracy", "count", "label_coverage")
        readings = model.readings(kinds=KINDS, metrics=counted, attributes=(attribute,) if attribute else ())
        assert {r.metric for r in readings} == set(counted)
        for reading in readings:
            rows = raw if attribute is None else raw[raw["sex"] == reading.group]
            known = rows[rows["label"].notna()]
            expected = {
                "accuracy": sk.accuracy_score(known["label"], known["said"]),
                "count": len(rows),
                "label_coverage": len(known) / len(rows),
            }
            assert reading.value == pytest.approx(expected[reading.metric], abs=1e-12)
