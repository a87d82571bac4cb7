"""The counts behind the pictures of classes: what is taken for what, and the curves of every threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.metrics import performance
from dashboard.metrics.ranking import precision_recall_curve, roc_curve
from dashboard.report.cells import counted_cells, scores
from dashboard.report.performance import Source
from dashboard.report.scope import Scope

POINTS = 250  # of a drawn curve, about


@dataclass(frozen=True)
class Curves:
    """The curves of one group, and where the model's own decisions lie on them; None where they cannot be computed."""

    group: str | None
    roc: pd.DataFrame  # x: false positive rate, y: true positive rate
    precision_recall: pd.DataFrame  # x: recall, y: precision
    decided: tuple[float | None, float | None, float | None]  # false positive rate, recall, precision
    prevalence: float
    n: int


def confusion(source: Source, scope: Scope) -> pd.DataFrame:
    """Returns the cases that have both label and decision, of every pair of classes, in order.

    Columns label, decision, n, and `of`: how many have the label. Of one version or of all together.
    """
    (cells,) = counted_cells(source.snapshot, source.contract, replace(scope, by=None, attributes=()), "").values()
    both = cells.table[:-1, :-1]
    kept = [i for i in range(len(both)) if both[i].any() or both[:, i].any()]
    rows = [(cells.classes[i], cells.classes[j], int(both[i, j]), int(both[i].sum())) for i in kept for j in kept]
    return pd.DataFrame(rows, columns=["label", "decision", "n", "of"])


def curves(source: Source, scope: Scope) -> list[Curves]:
    """Returns the curves of everybody, or of each group of the scope's first attribute that has both classes."""
    attribute, asked = scope.attributes[0] if scope.attributes else "", replace(scope, by=None)
    binned = scores(source.snapshot, source.contract, asked, attribute, len(source.bins.score_edges) + 1)
    cells = counted_cells(source.snapshot, source.contract, asked, attribute)
    made = []
    for key, (negatives, positives, _) in sorted(binned.items(), key=lambda item: item[0][2]):
        if not positives.any() or not negatives.any():
            continue
        confusion = cells[key].confusion()
        own = (performance.false_positive_rate, performance.true_positive_rate, performance.precision)
        fpr, recall, precision = (rate(confusion).value for rate in own)
        n = int(positives.sum() + negatives.sum())
        roc, recalled = (
            _thinned(*roc_curve(positives, negatives)),
            _thinned(*precision_recall_curve(positives, negatives)),
        )
        made.append(Curves(key[2] or None, roc, recalled, (fpr, recall, precision), float(positives.sum()) / n, n))
    return made


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> pd.DataFrame:
    """Returns about POINTS of a curve's points, those apart: the ends, and one in each small step along it."""
    along = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    step = np.floor(along / max(along[-1], 1e-12) * POINTS)
    kept = np.concatenate([[True], np.diff(step) > 0])
    kept[-1] = True
    return pd.DataFrame({"x": x[kept], "y": y[kept]})
