"""What is taken for what: several classes in a square and class by class; of two, what every threshold would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.confusion import confusion_matrix
from dashboard.charts.curves import threshold_curves
from dashboard.charts.words import group_name, interval, missing, number, unit_of
from dashboard.ui import load, parts
from dashboard.ui.load import classes
from dashboard.ui.load.classes import Curves
from dashboard.ui.state import Scope

OF_CLASS = {
    "true_positive_rate": "Found of it (recall)",
    "precision": "Right when decided (precision)",
    "f1": "F1",
    "roc_auc": "Area under ROC",
}
DECIDED = ("False alarms", "Found (recall)", "Right when selected (precision)")
CLASSES = 16  # classes that are drawn together
MOST = 8  # groups whose curves are drawn together


def section(scope: Scope) -> None:
    """Does draw the square of classes and a table class by class; of two classes the curves, when they are asked for.

    Draws nothing for a regression and where nothing is both labelled and decided: the page says that.
    """
    task = load.contract(scope.model).task
    if task == "multiclass":
        _square(scope)
    elif task == "binary":
        _curves(scope)


def _square(scope: Scope) -> None:
    cells = classes.confusion(scope)
    if not cells["n"].sum():
        return
    drawn, left = largest(cells)
    told = mistaken(cells)
    parts.section("What is taken for what", told)
    parts.picture(confusion_matrix(drawn), "confusion", told)
    parts.note(f"Each row is the cases labelled so, 100 % in all; right decisions lie on the diagonal.{left}")
    with st.expander("The counts behind it"):
        parts.table(_counts(drawn), "Labelled (rows) and decided (columns)", numbers=tuple(map(str, drawn["decision"])))
    parts.download(cells, "confusion")
    readings = load.readings(scope, tuple(OF_CLASS), ("performance",), labels=True)
    parts.section("Class by class", f"Each class against all others together, with its 95 % interval.{left}")
    parts.table(by_class(readings, drawn, cells), "Class by class", numbers=("Labelled", "Decided", *OF_CLASS.values()))
    parts.download(readings, "class-by-class")


def largest(cells: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Returns the cells of the classes that most cases are labelled as, and what is to be said of the others."""
    sizes = cells.groupby("label", sort=False)["n"].sum()
    kept = set(sizes.nlargest(CLASSES).index)
    if len(kept) == len(sizes):
        return cells, ""
    drawn = cells[cells["label"].isin(kept) & cells["decision"].isin(kept)]
    return drawn, f" The {CLASSES} largest of {len(sizes)} classes are shown; the download has all."


def mistaken(cells: pd.DataFrame) -> str:
    """Returns the finding: which class is recognised best and which worst, and what the latter is taken for.

    >>> rows = [("low", "low", 9, 10), ("low", "high", 1, 10), ("high", "low", 6, 10), ("high", "high", 4, 10)]
    >>> mistaken(pd.DataFrame(rows, columns=["label", "decision", "n", "of"])).replace("\u202f", " ")
    'low is recognised best (90 % of 10), high worst (40 % of 10), taken for low in 60 %.'
    """
    there = cells[cells["of"] > 0]
    shown = there.assign(share=there["n"] / there["of"])
    right = shown[shown["label"] == shown["decision"]].sort_values(["share", "of"], kind="stable")
    if len(right) < 2 or right["share"].iloc[0] == right["share"].iloc[-1]:
        return f"{number(cells['n'][cells['label'] == cells['decision']].sum() / cells['n'].sum(), 'share')} are right."
    worst, best = right.iloc[0], right.iloc[-1]
    wrong = shown[(shown["label"] == worst["label"]) & (shown["decision"] != worst["label"])]
    taken = wrong.sort_values("n", kind="stable").iloc[-1]
    return (
        f"{best['label']} is recognised best ({number(best['share'], 'share')} of {best['of']:,}), {worst['label']} "
        f"worst ({number(worst['share'], 'share')} of {worst['of']:,}), taken for {taken['decision']} in "
        f"{number(taken['share'], 'share')}."
    )


def _counts(cells: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {"Labelled": str(label)} | {str(row["decision"]): f"{row['n']:,}" for row in rows.to_dict("records")}
        for label, rows in cells.groupby("label", sort=False)
    ]


def by_class(readings: pd.DataFrame, drawn: pd.DataFrame, cells: pd.DataFrame) -> list[dict[str, object]]:
    """Returns a row for each drawn class: cases labelled and decided so, what is read of it against all others."""
    known = {(row["feature"], row["metric"]): row for row in readings.to_dict("records")}
    labelled, decided = (cells.groupby(side)["n"].sum() for side in ("label", "decision"))
    rows = []
    for name in dict.fromkeys(drawn["label"]):
        counts = {"Class": name, "Labelled": f"{labelled[name]:,}", "Decided": f"{decided[name]:,}"}
        found = {title: _told(known.get((name, metric))) for metric, title in OF_CLASS.items()}
        rows.append(counts | {title: text for title, text in found.items() if text is not None})
    return rows


def _told(row: Mapping[Any, Any] | None) -> str | None:
    """Returns a value and its interval in words; None where nothing of that kind is read."""
    if row is None:
        return None
    if missing(row["value"]):
        return "–"
    unit = unit_of(str(row["metric"]))
    return f"{number(row['value'], unit)} ({interval(row['low'], row['high'], unit)})"


def _curves(scope: Scope) -> None:
    box = parts.opened("What every threshold would do: ROC, precision and recall", "curves")
    if box is None:
        return
    with box:
        found = classes.curves(scope)
        if not found:
            parts.nothing("No curve for this window.", "It needs labelled cases of both classes that have a score.")
            return
        drawn = sorted(sorted(found, key=lambda curve: -curve.n)[:MOST], key=lambda curve: curve.group or "")
        for column, kind in zip(st.columns(2), ("roc", "precision-recall"), strict=True):
            with column:
                _picture(kind, drawn)
        left = f" The {MOST} largest of {len(found)} groups are drawn." if len(found) > MOST else ""
        parts.note(f"The dot is where its own decisions lie; dashed: what chance would do.{left}")
        parts.table(_decided(found), "Where its own decisions lie", numbers=(*DECIDED, "n"))
        parts.download(lambda: _points(found), "curves")


def _decided(curves: Sequence[Curves]) -> list[dict[str, str]]:
    return [
        {"Group": group_name(curve.group)}
        | dict(zip(DECIDED, map(_share, curve.decided), strict=True))
        | {"n": f"{curve.n:,}"}
        for curve in curves
    ]


def _points(curves: Sequence[Curves]) -> pd.DataFrame:
    """Returns every drawn point: group, curve, x, y."""
    each = [
        points.assign(group=curve.group, curve=name)
        for curve in curves
        for name, points in (("roc", curve.roc), ("precision-recall", curve.precision_recall))
    ]
    return pd.concat(each)[["group", "curve", "x", "y"]]


def _picture(kind: str, curves: Sequence[Curves]) -> None:
    roc = kind == "roc"
    lines = [
        (
            curve.group,
            curve.roc if roc else curve.precision_recall,
            (curve.decided[0], curve.decided[1]) if roc else (curve.decided[1], curve.decided[2]),
        )
        for curve in curves
    ]
    chance = curves[0].prevalence if len(curves) == 1 else None
    parts.picture(threshold_curves(kind, lines, chance), kind, alt(kind, curves))


def alt(kind: str, curves: Sequence[Curves]) -> str:
    """Returns in words where the model's own decisions lie on the curves."""
    said = [
        f"{group_name(curve.group)}: {_share(curve.decided[1])} of the positive are found at "
        + (f"{_share(curve.decided[0])} false alarms" if kind == "roc" else f"{_share(curve.decided[2])} precision")
        for curve in curves
    ]
    return f"{'ROC' if kind == 'roc' else 'Precision-recall'} curve. {'; '.join(said)}."


def _share(value: float | None) -> str:
    return number(value, "share")
