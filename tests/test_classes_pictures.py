"""Classes as pages show them: what is taken for what, class by class, what every threshold would do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from dashboard.charts.confusion import WRITTEN, confusion_matrix
from dashboard.charts.curves import threshold_curves
from dashboard.report import classes
from dashboard.ui.classes import CLASSES, alt, by_class, largest, mistaken
from dashboard.workspace import frame
from tests.classes import ClassSpec, ClassWorld, counted
from tests.worlds import Spec, World, build

COLUMNS = ["label", "decision", "n", "of"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> ClassWorld:
    return counted(ClassSpec(seed=2), tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=2, rows=900, scores=40), tmp_path_factory.mktemp("two"))


def test_the_square_is_that_of_scikit_learn(world: ClassWorld) -> None:
    both = world.frame[world.frame["label"].notna() & world.frame["said"].notna()]
    found = classes.confusion(world.model.source(), world.model.scope())
    square = found.pivot_table(index="label", columns="decision", values="n", sort=False)
    assert list(square.index) == list(square.columns) == world.spec.names
    assert (square.to_numpy() == sk.confusion_matrix(both["label"], both["said"], labels=world.spec.names)).all()


def test_a_window_without_labels_has_no_square_to_draw(world: ClassWorld) -> None:
    assert not classes.confusion(world.model.source(), world.model.scope(date(2030, 1, 1), date(2030, 2, 1)))["n"].sum()


def test_the_picture_has_every_share_and_says_counts(world: ClassWorld) -> None:
    cells = classes.confusion(world.model.source(), world.model.scope())
    figure = confusion_matrix(cells)
    assert len(figure.layout.annotations) == (cells["n"] > 0).sum()
    right, wrong = (np.array(trace.z, dtype=float) for trace in figure.data)
    assert np.nansum(right, axis=1) + np.nansum(wrong, axis=1) == pytest.approx(1)
    many = [str(i) for i in range(WRITTEN + 1)]
    large = pd.DataFrame([(a, b, 1 + (a == b), 14) for a in many for b in many], columns=COLUMNS)
    assert confusion_matrix(large).layout.annotations == ()


def test_the_finding_names_the_best_and_the_worst(world: ClassWorld) -> None:
    cells = classes.confusion(world.model.source(), world.model.scope())
    both = world.frame[world.frame["label"].notna() & world.frame["said"].notna()]
    right = (both["label"] == both["said"]).groupby(both["label"]).mean()
    told = mistaken(cells)
    assert told.startswith(f"{right.idxmax()} is recognised best")
    assert f", {right.idxmin()} worst" in told


def test_of_many_classes_the_largest_are_drawn_and_the_others_said() -> None:
    many = [f"c{i}" for i in range(40)]
    cells = pd.DataFrame([(a, b, i, 40 * i) for i, a in enumerate(many) for b in many], columns=COLUMNS)
    drawn, said = largest(cells)
    assert set(drawn["label"]) == set(drawn["decision"]) == set(many[-CLASSES:])
    assert f"{CLASSES} largest of 40" in said
    assert largest(drawn)[1] == ""


def test_classes_recognised_alike_are_said_together() -> None:
    alike = pd.DataFrame([(a, b, 5, 10) for a in "ab" for b in "ab"], columns=COLUMNS)
    assert mistaken(alike).replace("\u202f", " ") == "50 % are right."


def test_the_table_has_a_row_for_every_class(world: ClassWorld) -> None:
    cells = classes.confusion(world.model.source(), world.model.scope())
    metrics = ("true_positive_rate", "precision", "f1", "roc_auc")
    rows = by_class(frame(world.model.readings(metrics=metrics)), cells, cells)
    assert [row["Class"] for row in rows] == world.spec.names
    assert set(rows[0]) >= {"Labelled", "Decided", "F1", "Area under ROC"}
    without = by_class(frame(world.model.readings(metrics=metrics[:3])), cells, cells)
    assert "Area under ROC" not in without[0]


def test_curves_end_where_they_should_and_hold_the_decisions(two: World) -> None:
    (curve,) = classes.curves(two.model.source(), two.model.scope())
    assert curve.roc.iloc[0].tolist() == [0, 0]
    assert curve.roc.iloc[-1].tolist() == [1, 1]
    assert curve.precision_recall["y"].iloc[-1] == pytest.approx(curve.prevalence)
    both = two.frame[two.frame["label"].notna() & two.frame["score"].notna()]
    fpr, tpr, _ = sk.roc_curve(both["label"], both["score"], drop_intermediate=False)
    assert {*zip(curve.roc["x"], curve.roc["y"], strict=True)} <= {*zip(fpr, tpr, strict=True)}
    assert alt("roc", [curve]).startswith("ROC curve. everybody: ")


def test_each_group_with_both_classes_has_a_line_and_a_dot(two: World) -> None:
    found = classes.curves(two.model.source(), two.model.scope(attributes=("sex",)))
    assert "X" not in {curve.group for curve in found}  # one class only
    figure = threshold_curves("roc", [(curve.group, curve.roc, curve.decided[:2]) for curve in found])
    assert [trace.mode for trace in figure.data] == ["lines"] * len(found) + ["markers"] * len(found)


def test_a_model_without_scores_has_no_curve(tmp_path: Path) -> None:
    model = build(Spec(without=frozenset({"score", "subject"}), rows=200), tmp_path).model
    assert classes.curves(model.source(), model.scope()) == []
