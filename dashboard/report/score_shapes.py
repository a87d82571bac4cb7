"""How scores lie among the positive and the negative cases of each group, from counts by score bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.metrics.quantiles import bin_of_rank, limit_ranks
from dashboard.report.calibration import Binned, Where, binned_scores, design_effects
from dashboard.report.cells import ordered
from dashboard.report.performance import Source
from dashboard.report.scope import Scope

DRAWN = 25  # bars of a drawn distribution
NEARLY_ALL = 0.995  # of the cases lie under the top of the axis, in the group whose scores reach highest
STEP = 20  # the axis ends at a twentieth
BARS = ("group", "class", "label", "low", "high", "n", "share")
MIDDLES = ("group", "class", "label", "n", "median", "low", "high")
LABELS = ("positive", "negative")
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def score_shapes(source: Source, scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the scores of labelled cases by group of the scope's first attribute: bars, and their medians.

    Bars have the columns group, class, label, low, high, n and share (of the group's cases with that label), DRAWN of
    one width for all; the last one holds whatever lies higher. Medians have n, median, low and high (95 %, order
    statistics), each the score that stands for its fine bin. Of several classes the score is the probability of a
    class, and its own cases are the positive ones.
    """
    attribute, asked = scope.attributes[0] if scope.attributes else "", replace(scope, by=None)
    each = source.contract.task == "multiclass"
    found = dict(ordered(binned_scores(source, asked, attribute, each=each)))
    deffs = design_effects(source, asked, attribute)
    edges = np.linspace(0, _top(found), DRAWN + 1)
    bars, middles = [], []
    for where, binned in found.items():
        for label in LABELS:
            counts = binned.positives if label == "positive" else binned.negatives
            named = {"group": where[2] or None, "class": where[3], "label": label}
            bars.append(pd.DataFrame(named | _bars(binned, counts, edges)))
            middles.append(named | _median(binned.values, counts, deffs.get(where[:3], 1.0)))
    drawn = pd.concat(bars, ignore_index=True)[list(BARS)] if bars else pd.DataFrame(columns=list(BARS))
    return drawn, pd.DataFrame(middles, columns=list(MIDDLES))


def _top(found: Mapping[Where, Binned]) -> float:
    """Returns where the axis ends: at a twentieth above nearly all scores of every group, at most at 1."""
    tops = [0.0]
    for binned in found.values():
        n = binned.positives + binned.negatives
        if n.sum():
            tops.append(float(binned.values[bin_of_rank(np.cumsum(n).astype(float), int(NEARLY_ALL * n.sum()))]))
    return min(np.ceil(max(tops) * STEP + 1e-9) / STEP, 1.0) or 1.0


def _bars(binned: Binned, counts: Counts, edges: Floats) -> dict[str, Any]:
    n = _whole(binned, counts, edges) if (binned.ends[0] == binned.ends[1]).all() else _spread(binned, counts, edges)
    return {"low": edges[:-1], "high": edges[1:], "n": n, "share": n / max(int(counts.sum()), 1)}


def _whole(binned: Binned, counts: Counts, edges: Floats) -> Counts:
    """Returns the counts of scores that are known exactly; the last bar takes what lies higher."""
    n, _ = np.histogram(np.minimum(binned.values, edges[-1]), edges, weights=counts)
    return n.astype(np.int64)


def _spread(binned: Binned, counts: Counts, edges: Floats) -> Counts:
    """Returns the counts with those of a fine bin spread evenly over it, in whole cases that add up."""
    after = np.cumsum(counts)
    ends = np.column_stack(binned.ends).ravel()
    below = np.round(np.interp(edges, ends, np.column_stack([after - counts, after]).ravel()))
    below[0], below[-1] = 0, after[-1]
    return np.diff(below).astype(np.int64)


def _median(values: Floats, counts: Counts, deff: float) -> dict[str, Any]:
    """Returns the score that half of the cases stay at or under, and the scores of the ranks that bound it."""
    total = int(counts.sum())
    if not total:
        return {"n": 0, "median": None, "low": None, "high": None}
    cumulative = np.cumsum(counts).astype(float)
    low, high = limit_ranks(total, deff, 0.5, 0.95)
    ends = {"low": low if low else None, "median": (total + 1) // 2, "high": None if high == np.inf else int(high)}
    at = {name: None if rank is None else float(values[bin_of_rank(cumulative, rank)]) for name, rank in ends.items()}
    return {"n": total} | at
