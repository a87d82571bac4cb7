"""Aequitas' metrics of groups under its own names: rates in its short words, and disparities, ratios to a reference.

Ten of its eleven group metrics are rates of one group by itself; `table.aequitas.SHORT` says which. The eleventh,
`ppr`, is a group's share of all who are selected. Source: Saleiro et al., Aequitas: A Bias and Fairness Audit
Toolkit (2018), arXiv:1811.05577.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.performance import FP, TP, UNLABELLED_POSITIVE, Confusion, true_positive_rate
from dashboard.rates import Estimate, Limits, Rate, undefined

METHOD = "Wilson of the share, as odds"


class Selected(NamedTuple):
    """Holds how many cases are selected: rows, by bucket of subjects, sums of weights and of squared weights."""

    n: int
    buckets: NDArray[np.int64] | None
    weights: NDArray[np.float64] | None


def selected(cells: Confusion) -> Selected:
    """Returns the cases decided positive, labelled or not.

    >>> selected(Confusion.of([[990, 805], [532, 1369]])).n
    2174
    """
    chosen = (FP, TP, UNLABELLED_POSITIVE)
    buckets = None if cells.buckets is None else np.sum([cells.buckets[cell] for cell in chosen], axis=0)
    weights = None if cells.weights is None else np.sum([cells.weights[:, *cell] for cell in chosen], axis=0)
    return Selected(cells.total(*chosen), buckets, weights)


def ppr(groups: Mapping[str, Confusion]) -> dict[str, Rate]:
    """Returns each group's share of all who are selected (predicted positive ratio); no value is best.

    >>> ppr({"F": Confusion.of([[5, 1], [2, 3]]), "M": Confusion.of([[4, 6], [1, 6]])})["F"].value
    0.25
    """
    of = {name: selected(cells) for name, cells in groups.items()}
    total = _together(list(of.values()))
    return {name: _share(each, total) for name, each in of.items()}


def ppr_disparity(groups: Mapping[str, Confusion], reference: str) -> dict[str, Estimate]:
    """Returns how many are selected of each group for one of the reference group; 1 is as many.

    The two shares of `ppr` are not independent. Of the selected of both groups together the group's are binomial:
    Wilson's interval of that share, turned into odds. It grows with the groups' sizes; `pprev_disparity` does not.

    >>> groups = {"F": Confusion.of([[5, 1], [2, 3]]), "M": Confusion.of([[4, 2], [1, 6]])}
    >>> ppr_disparity(groups, "M")["F"].value
    0.5
    """
    of = {name: selected(cells) for name, cells in groups.items()}
    return {name: _odds(each, of[reference]) for name, each in of.items() if name != reference}


def _odds(group: Selected, reference: Selected) -> Estimate:
    share = _share(group, _together([group, reference]))
    rest = share.trials - share.hits
    if not reference.n or rest <= 0:
        return undefined(f"nobody of the reference is selected, {group.n:,} of the group", share.n, share.n, METHOD)
    bounds = partial(_odds_limits, share)
    return Estimate(share.hits / rest, share.n, METHOD, bounds, share.n, share.hits, share.trials, share.note)


def _odds_limits(share: Rate, level: float) -> Limits:
    low, high = share.interval(level)
    return None if low is None else low / (1 - low), None if high is None or high >= 1 else high / (1 - high)


def _together(parts: list[Selected]) -> Selected:
    buckets = [each.buckets for each in parts if each.buckets is not None]
    weights = [each.weights for each in parts if each.weights is not None]
    return Selected(
        sum(each.n for each in parts),
        np.sum(buckets, axis=0) if parts and len(buckets) == len(parts) else None,
        np.sum(weights, axis=0) if parts and len(weights) == len(parts) else None,
    )


def _share(part: Selected, whole: Selected) -> Rate:
    """Returns part of whole with its design effect: as cells of one label, the part's selected and the rest's not."""
    counts = np.zeros((3, 3), dtype=np.int64)
    counts[1, :2] = whole.n - part.n, part.n
    buckets = weights = None
    if part.buckets is not None and whole.buckets is not None:
        buckets = np.zeros((3, 3, len(part.buckets)), dtype=np.int64)
        buckets[1, :2] = whole.buckets - part.buckets, part.buckets
    if part.weights is not None and whole.weights is not None:
        weights = np.zeros((2, 3, 3))
        weights[:, 1, 0], weights[:, 1, 1] = np.maximum(whole.weights - part.weights, 0.0), part.weights
    return true_positive_rate(Confusion.of(counts, buckets, weights))
