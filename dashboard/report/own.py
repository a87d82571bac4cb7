"""The shapes of what the model answers, and of the labels that have come, as drift compares them: `own_features`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from dashboard.bins import SHIFT, Grid
from dashboard.contract import score_of
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.report.cells import arrays, rows
from dashboard.report.performance import Source
from dashboard.report.scope import Scope

Shape = Histogram | Categories
Where = tuple[date | None, str | None, str]  # bucket, version, feature
Shapes = dict[Where, Shape]
Grouped = dict[tuple[date | None, str | None, str, str], Shape]  # the group last, '' everybody
Counts = NDArray[np.int64]
HALF = 32  # bits of a total's lower part


def own_shapes(source: Source, scope: Scope) -> Shapes:
    """Returns the shapes of what the model answers and of the labels, per period and version.

    Of two classes the confidence is from the score's bins; how sure several classes are and the number that a
    regression predicts have bins of their own.
    """
    found: Shapes = {key[:3]: shape for key, shape in answered(source, scope).items()}
    for bucket, version, feature, bins, counts, totals in arrays(
        source.snapshot, "own_features", _asked(source, scope)
    ):
        found[bucket, version, feature] = histogram(source.bins.own_grids[feature], bins, counts, totals)
    wanted = {name for name in source.contract.own_features if scope.features is None or name in scope.features}
    return {key: shape for key, shape in found.items() if key[2] in wanted}


def _asked(source: Source, scope: Scope, **more: str) -> dict[str, object]:
    return scope.parameters(source.contract, **more)


def answered(source: Source, scope: Scope, attribute: str = "") -> Grouped:
    """Returns the shapes of scores, confidence, decisions and labels, of everybody or of each group of an attribute."""
    parameters, found = _asked(source, scope, attribute=attribute), Grouped()
    outcomes: dict[tuple[date | None, str | None, str, str], dict[str | None, int]]
    outcomes = defaultdict(lambda: defaultdict(int))
    for bucket, version, group, label, decision, n in rows(source.snapshot, "said", parameters):
        outcomes[bucket, version, "decision", group][decision] += n
        if label is not None:
            outcomes[bucket, version, "label", group][label] += n
    for key, counts in outcomes.items():
        found[key] = categories(list(counts), list(counts.values()))
    middles, (lefts, place, sure) = score_middles(source), confidences(source)
    for bucket, version, group, of_class, bins, counts in arrays(source.snapshot, "score_bins", parameters):
        binned = np.bincount(bins, counts, len(middles)).astype(np.int64)
        name = "score" if of_class is None else score_of(of_class)
        found[bucket, version, name, group] = Histogram.of(binned, binned * middles)
        if of_class is None:
            folded, total = (np.bincount(place, weights, len(lefts)) for weights in (binned, binned * sure))
            found[bucket, version, "confidence", group] = Histogram.of(folded.astype(np.int64), total)
    return found


def histogram(grid: Grid, bins: Counts, counts: Counts, totals: Counts) -> Histogram:
    """Returns the histogram that those of several days and versions, one after the other, add up to."""
    place = np.where(bins < 0, grid.bins, bins)
    # Sums of floats, exact up to 2^53: totals in two parts, since those of many days might go beyond.
    number, low, high = (
        np.bincount(place, weights, grid.bins + 1) for weights in (counts, totals & ((1 << HALF) - 1), totals >> HALF)
    )
    whole = number[:-1].astype(np.int64)
    total = (high * 2.0**HALF + low).astype(np.float64)
    return Histogram.of(whole, grid.value(total[:-1], whole), int(number[-1]))


def categories(names: Sequence[str | None], counts: Sequence[int]) -> Categories:
    """Returns the categories of counts, None what is missing.

    >>> categories(["a", None], [3, 1])
    Categories(counts={'a': 3}, missing=1)
    """
    found = dict(zip(names, counts, strict=True))
    missing = found.pop(None, 0)
    return Categories({str(name): count for name, count in found.items()}, missing)


def edges(source: Source, feature: str) -> NDArray[np.float64]:
    """Returns the edges between the fine bins of a numeric feature, or of what the model answers."""
    grid = {**source.bins.own_grids, **source.bins.grids}.get(feature)
    if grid is None:
        return confidences(source)[0][1:] if feature == "confidence" else score_middles(source)[1:]
    return grid.low + np.array(grid.cuts, dtype=float) * (1 << SHIFT) / grid.scale


def confidences(source: Source) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """Returns the left ends of the bins of confidence, and for each score bin which one it is in and its confidence.

    Confidence is the probability of the likelier of two classes: the score, or 1 less it. Where each score has a bin
    each confidence has one; else they are hundredths, at which score bins end (within a lookup cell, 2e-5).
    """
    middles = score_middles(source)
    sure = np.maximum(middles, 1 - middles)
    key = sure.round(9) if source.bins.score_exact else np.minimum(np.floor(sure * 100), 99) / 100
    lefts, place = np.unique(key, return_inverse=True)
    return lefts, place, sure


def score_middles(source: Source) -> NDArray[np.float64]:
    """Returns the score that stands for each bin: the score itself where each has a bin, else the middle."""
    edges = np.array([0.0, *source.bins.score_edges])
    return edges if source.bins.score_exact else (edges + np.array([*source.bins.score_edges, 1.0])) / 2
