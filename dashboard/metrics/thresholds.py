"""What another threshold would do, from counts by score bin: every group's rates, and the best that can be had.

A case is selected where its score is at or above the threshold. Thresholds are the edges of the score bins, so that
every count is exact; they are deterministic, nobody's decision is drawn by lot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.performance import Confusion

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
NEGATIVE, POSITIVE, NONE = 0, 1, 2
RATES = ("true_positive_rate", "false_positive_rate", "selection_rate", "precision")
GOALS = ("balanced_accuracy", "accuracy", "value_per_case")
STEPS = 40  # gaps for which the best thresholds of each group are sought


@dataclass(frozen=True)
class Binned:
    """Counts of each group by label (0, 1, none) and score bin, `counts[group, label, bin]`, bins left-closed.

    `edges` are the bins' left edges without the first; place k of a threshold selects the bins from k on: 0 everybody,
    `len(edges) + 1` nobody. `compared` are the groups whose rates are held against each other.
    """

    counts: Counts
    edges: Floats
    compared: tuple[bool, ...]

    @cached_property
    def above(self) -> Counts:
        """Cases selected at each place, `[group, label, place]`."""
        summed = np.cumsum(self.counts[..., ::-1], axis=2)[..., ::-1]
        return np.concatenate([summed, np.zeros((*summed.shape[:2], 1), dtype=np.int64)], axis=2)

    @cached_property
    def all(self) -> Counts:
        """Cases of each group and label."""
        return np.asarray(self.counts.sum(axis=2))

    @property
    def places(self) -> int:
        return int(self.counts.shape[2]) + 1


def nearest(edges: Floats, threshold: float) -> int:
    """Returns the place of the edge that is nearest to a threshold; one at or below 0 selects everybody.

    >>> nearest(np.array([0.2, 0.5]), 0.45), nearest(np.array([0.2, 0.5]), 0.0)
    (2, 0)
    """
    return int(np.abs(np.concatenate([[0.0], edges]) - threshold).argmin())


def value_of(edges: Floats, place: int) -> float:
    """Returns the threshold at a place; above the last edge nobody is selected: infinity."""
    return 0.0 if place == 0 else float(edges[place - 1]) if place <= len(edges) else inf


def confusion(binned: Binned, group: int, place: int) -> Confusion:
    """Returns what a group's cases become under the threshold at a place.

    >>> found = confusion(Binned(np.array([[[3, 1], [1, 4], [0, 2]]]), np.array([0.5]), (True,)), 0, 1)
    >>> found.counts
    ((3, 1, 0), (1, 4, 0), (0, 2, 0))
    """
    chosen = binned.above[group, :, place]
    left = binned.all[group] - chosen
    return Confusion.of(np.column_stack([left, chosen, np.zeros(3, dtype=np.int64)]))


def rates(binned: Binned, rate: str) -> Floats:
    """Returns a rate of each group at each place, NaN where it has no cases; one of RATES."""
    above, every = binned.above, binned.all
    if rate == "precision":
        hits, trials = above[:, POSITIVE], above[:, POSITIVE] + above[:, NEGATIVE]
    elif rate == "selection_rate":
        hits, trials = above.sum(axis=1), every.sum(axis=1)[:, None]
    else:
        label = POSITIVE if rate == "true_positive_rate" else NEGATIVE
        hits, trials = above[:, label], every[:, label][:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(hits / trials, dtype=float)


def gains(binned: Binned, goal: str, worth: Mapping[str, float] | None = None) -> Floats:
    """Returns what each group adds to the overall goal at each place; the goal is the sum over groups.

    Each of GOALS is such a sum: right cases / all; half of tp / positives + half of tn / negatives; value / all.
    """
    tp, fp = binned.above[:, POSITIVE], binned.above[:, NEGATIVE]
    fn, tn = binned.all[:, POSITIVE][:, None] - tp, binned.all[:, NEGATIVE][:, None] - fp
    positives, negatives = (int(binned.all[:, label].sum()) for label in (POSITIVE, NEGATIVE))
    if goal == "balanced_accuracy":
        return np.asarray(tp / max(positives, 1) / 2 + tn / max(negatives, 1) / 2)
    each = worth if goal == "value_per_case" and worth else {"tp": 1, "tn": 1, "fp": 0, "fn": 0}
    total = each["tp"] * tp + each["fp"] * fp + each["fn"] * fn + each["tn"] * tn
    return np.asarray(total / max(positives + negatives, 1))


def changes(
    binned: Binned,
    now: Sequence[int],
    then: Sequence[int],
    worth: Mapping[str, float],
    members: Sequence[int] | None = None,
) -> dict[float, int]:
    """Returns by how much the value of labelled cases changes when thresholds move, and of how many cases each.

    `members` are the groups whose cases are looked at, by default all.

    The same cases are looked at twice: only those whose score lies between a group's two thresholds change, by what a
    decision more or less is worth for their label. All changes that the moves allow are named, some of no case.

    >>> binned = Binned(np.array([[[3, 1], [1, 4], [0, 2]]]), np.array([0.5]), (True,))
    >>> changes(binned, [1], [0], {"tp": 90, "fp": -10, "fn": -200, "tn": 0})
    {0.0: 5, -10.0: 3, 290.0: 1}
    """
    gain = {NEGATIVE: worth["fp"] - worth["tn"], POSITIVE: worth["tp"] - worth["fn"]}
    groups = range(len(now)) if members is None else members
    found = {0.0: int(sum(binned.all[group, :NONE].sum() for group in groups))}
    for group in groups:
        before, after = now[group], then[group]
        for label in (NEGATIVE, POSITIVE) if before != after else ():
            more = int(binned.above[group, label, after] - binned.above[group, label, before])
            by = float(gain[label] if after < before else -gain[label])
            found[0.0] -= abs(more)
            found[by] = found.get(by, 0) + abs(more)
    return found


@dataclass(frozen=True)
class Point:
    """One choice of thresholds (a place for each group), the goal it reaches, and the largest gap between groups."""

    places: tuple[int, ...]
    goal: float
    gap: float


def point(binned: Binned, places: Sequence[int], rate: str, gains: Floats) -> Point:
    """Returns what a choice of thresholds reaches; the gap is NaN with fewer than two groups to compare."""
    return _point(binned.compared, places, rates(binned, rate), gains)


def _point(compared: Sequence[bool], places: Sequence[int], of: Floats, gains: Floats) -> Point:
    at = np.asarray(places)
    mine = np.arange(len(at))
    held = of[mine, at][np.asarray(compared)]
    known = held[~np.isnan(held)]
    gap = float(known.max() - known.min()) if len(known) > 1 else float("nan")
    return Point(tuple(int(k) for k in at), float(gains[mine, at].sum()), gap)


def single_frontier(binned: Binned, rate: str, gains: Floats) -> list[Point]:
    """Returns the thresholds, one for everybody, of which none is better in goal without a larger gap."""
    groups, of = len(binned.counts), rates(binned, rate)
    return best([_point(binned.compared, [k] * groups, of, gains) for k in range(binned.places)])


def best(points: Sequence[Point]) -> list[Point]:
    """Returns the points that no other beats in both goal and gap, by ascending gap.

    >>> [p.goal for p in best([Point((0,), 0.5, 0.0), Point((1,), 0.4, 0.1), Point((2,), 0.7, 0.2)])]
    [0.5, 0.7]
    """
    kept: list[Point] = []
    for one in sorted((p for p in points if p.gap == p.gap), key=lambda p: (p.gap, -p.goal, p.places)):
        if not kept or one.goal > kept[-1].goal + 1e-12:
            kept.append(one)
    return kept


def group_frontier(binned: Binned, rate: str, gains: Floats, fixed: Sequence[int]) -> list[Point]:
    """Returns the best thresholds, one for each group, for STEPS allowed gaps from none to the unconstrained one.

    Exact for each allowed gap d: the goal is a sum over groups, so once the lowest rate r is known each group takes by
    itself its best place with a rate in [r, r + d]; r is tried at every rate that a group can have. Groups that are not
    compared keep their `fixed` place.
    """
    free = [g for g in range(len(binned.counts)) if binned.compared[g]]
    if len(free) < 2:
        return []
    of = rates(binned, rate)
    sorted_by = [_by_rate(of[g], gains[g]) for g in free]
    starts = np.unique(np.concatenate([ranks for ranks, _, _ in sorted_by]))
    top = list(fixed)
    for g in free:
        top[g] = int(np.where(np.isnan(of[g]), -np.inf, gains[g]).argmax())
    widest = _point(binned.compared, top, of, gains)
    found = [widest]
    for allowed in np.linspace(0.0, widest.gap, STEPS, endpoint=False):
        chosen = _within(sorted_by, starts, float(allowed))
        if chosen is not None:
            places = list(fixed)
            for g, place in zip(free, chosen, strict=True):
                places[g] = place
            found.append(_point(binned.compared, places, of, gains))
    return best(found)


Sorted = tuple[Floats, Counts, list[tuple[Floats, Counts]]]


def _by_rate(of: Floats, gain: Floats) -> Sorted:
    """Returns a group's rates in order, the places that have them, and for spans of 1, 2, 4, ... the best in each."""
    known = np.flatnonzero(~np.isnan(of))
    order = known[np.argsort(of[known], kind="stable")]
    best_gain, best_at = gain[order], np.arange(len(order))
    spans = [(best_gain, best_at)]
    width = 1
    while 2 * width <= len(order):
        left, right = (best_gain[:-width], best_at[:-width]), (best_gain[width:], best_at[width:])
        later = right[0] > left[0]
        best_gain, best_at = np.where(later, right[0], left[0]), np.where(later, right[1], left[1])
        spans.append((best_gain, best_at))
        width *= 2
    return of[order], order, spans


def _within(sorted_by: Sequence[Sorted], starts: Floats, allowed: float) -> list[int] | None:
    """Returns the best place of each group with all rates within `allowed` of each other; None where there is none."""
    total, chosen = np.zeros(len(starts)), []
    for ranks, order, spans in sorted_by:
        low = np.searchsorted(ranks, starts, side="left")
        high = np.searchsorted(ranks, starts + allowed + 1e-12, side="right")
        gain, at = np.full(len(starts), -np.inf), np.zeros(len(starts), dtype=np.int64)
        for level, (gains, ats) in enumerate(spans):
            mine = np.flatnonzero((high - low >= 1 << level) & (high - low < 2 << level))
            first, last = low[mine], high[mine] - (1 << level)
            later = gains[last] > gains[first]
            gain[mine], at[mine] = np.where(later, gains[last], gains[first]), np.where(later, ats[last], ats[first])
        total += gain
        chosen.append(order[at])
    if not len(total) or not np.isfinite(total).any():
        return None
    k = int(total.argmax())
    return [int(places[k]) for places in chosen]
