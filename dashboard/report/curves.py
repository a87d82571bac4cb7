"""The curves behind pictures of calibration: what scores say and what happens, where they lie, how sure they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dashboard.metrics.reliability import BINS, Reliability
from dashboard.report.calibration import Binned, Where, binned_scores, design_effects
from dashboard.report.cells import ordered
from dashboard.report.performance import Source
from dashboard.report.scope import Scope, period

DRAWN = 50  # bins of a drawn distribution
IN_A_BIN, FEWEST = 50, 4  # labelled cases in a drawn bin, where there are enough for ten; fewest bins
CURVE = ("group", "class", "score", "observed", "low", "high", "n", "positives", "least", "most")
SPREAD = ("group", "class", "low", "high", "n")
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def curves(source: Source, scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns reliability curves, and how all scores lie: what `reliability` and `spread` return, read once."""
    attribute = scope.attributes[0] if scope.attributes else ""
    asked = replace(scope, by=None)
    found = binned_scores(source, asked, attribute)
    if source.contract.task == "multiclass":
        found |= binned_scores(source, asked, attribute, each=True)
    deffs = design_effects(source, asked, attribute)
    drawn = [(where, binned, deffs.get(where[:3], 1.0)) for where, binned in ordered(found)]
    return (
        _together([_curve(where, _drawn(binned, deff)) for where, binned, deff in drawn], CURVE),
        _together([_spread(where, binned) for where, binned, _ in drawn], SPREAD),
    )


def reliability(source: Source, scope: Scope) -> pd.DataFrame:
    """Returns reliability curves: group, class, score (mean), observed, low, high, n, positives, least, most.

    Of everybody, or of each group of the scope's first attribute; of a multiclass model's decisions (class None) and
    of each class. `low` and `high` are limits of the observed rate that hold for all bins of a curve together at 95 %,
    `least` and `most` the bin's ends.
    """
    return curves(source, scope)[0]


def spread(source: Source, scope: Scope) -> pd.DataFrame:
    """Returns how the scores of all cases lie, labelled or not, on DRAWN equal bins: group, class, low, high, n."""
    return curves(source, scope)[1]


def _drawn(binned: Binned, deff: float) -> Reliability:
    """Returns the curve for a picture: a few hundred cases in fewer bins, or their intervals would say nothing."""
    labelled = int(binned.positives.sum() + binned.negatives.sum())
    return binned.curve(deff, min(BINS, max(FEWEST, labelled // IN_A_BIN)))


def _curve(where: Where, curve: Reliability) -> dict[str, Any]:
    low, high = curve.limits().T
    return {
        "group": where[2] or None, "class": where[3], "score": curve.scores, "observed": curve.positives / curve.n,
        "low": low, "high": high, "n": curve.n, "positives": curve.positives, "least": curve.low, "most": curve.high,
    }  # fmt: skip


def _spread(where: Where, binned: Binned) -> dict[str, Any]:
    edges = np.linspace(0, 1, DRAWN + 1)
    n, _ = np.histogram(binned.values, edges, weights=binned.n)
    named = {"group": where[2] or None, "class": where[3]}
    return named | {"low": edges[:-1], "high": edges[1:], "n": n.astype(np.int64)}


def _together(parts: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Returns parts whose first columns say one thing and whose others are arrays as one table."""
    if not parts:
        return pd.DataFrame(columns=list(columns))
    sizes = [len(part[columns[-1]]) for part in parts]
    said = {name: np.repeat(np.array([part[name] for part in parts], dtype=object), sizes) for name in columns[:2]}
    return pd.DataFrame(said | {name: np.concatenate([part[name] for part in parts]) for name in columns[2:]})


def confidence(source: Source, scope: Scope, by: str) -> pd.DataFrame:
    """Returns how sure the scores are by period: since, until, n, mean and quantiles q10, q25, q50, q75, q90.

    Confidence is the probability of the likelier side (of a multiclass model: of what was decided). Needs no labels.
    """
    asked = replace(scope, by=by)
    found = []
    for (bucket, *_), binned in ordered(binned_scores(source, asked, "")):
        sure = np.maximum(binned.values, 1 - binned.values) if source.contract.task == "binary" else binned.values
        order = np.argsort(sure, kind="stable")
        sure, n = sure[order], binned.n[order]
        ranks = np.searchsorted(np.cumsum(n), np.array(QUANTILES) * n.sum())
        since, until = period(asked, bucket)
        row = {"since": since.isoformat(), "until": until.isoformat(), "n": int(n.sum()), "mean": sure @ n / n.sum()}
        found.append(row | {f"q{100 * q:.0f}": sure[rank] for q, rank in zip(QUANTILES, ranks, strict=True)})
    return pd.DataFrame(found, columns=["since", "until", "n", "mean", *(f"q{100 * q:.0f}" for q in QUANTILES)])
