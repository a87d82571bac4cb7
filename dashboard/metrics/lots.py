"""Equal rates by drawing lots: what fairlearn's ThresholdOptimizer would reach, from counts by score bin.

Between two thresholds a group can take a share of its cases by lot, and so have any rate between theirs. The best a
group can have at a rate is then the upper hull of its thresholds' (rate, goal), and equal rates cost the least where
the sum of the hulls is highest. Source: Hardt, Price and Srebro, Advances in NIPS 29 (2016) 3315.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.thresholds import NEGATIVE, POSITIVE, Binned, gains, rates

Floats = NDArray[np.float64]
EQUAL = ("true_positive_rate", "false_positive_rate", "selection_rate")  # precision can be had equal by no hull


@dataclass(frozen=True)
class Mix:
    """What decides the cases of one group: selected from place `sure` on, from `lot` to `sure` with `chance`.

    `drawn` cases of `n` lie between the two: they are decided by lot.
    """

    group: int
    lot: int
    sure: int
    chance: float
    drawn: int
    n: int


@dataclass(frozen=True)
class Lots:
    """The best equal rate that can be had by drawing lots: the rate, the goal, and how each group gets there."""

    rate: float
    goal: float
    mixes: tuple[Mix, ...]

    @property
    def share(self) -> float:
        """Which share of the cases is decided by lot."""
        every = sum(mix.n for mix in self.mixes)
        return sum(mix.drawn for mix in self.mixes) / every if every else 0.0


def equalised(binned: Binned, rate: str, goal: str, worth: Mapping[str, float], fixed: Sequence[int]) -> Lots:
    """Returns what is reached when the groups that are compared get one and the same rate, one of EQUAL.

    Of all equal rates the one is chosen that fairlearn would choose. Groups that are not compared keep their `fixed`
    place. Exact: the highest sum of hulls lies at a corner of one.

    >>> counts = np.array([[[4, 0], [0, 4], [0, 0]], [[2, 2], [2, 2], [0, 0]]])
    >>> binned = Binned(counts, np.array([0.5]), (True, True))
    >>> found = equalised(binned, "selection_rate", "accuracy", {}, (1, 1))
    >>> found.rate, found.goal, found.share
    (0.5, 0.75, 0.0)
    """
    of, by, gain = rates(binned, rate), _sought(binned, goal, worth), gains(binned, goal, worth)
    free = [g for g in range(len(binned.counts)) if binned.compared[g]]
    hulls = [_hull(of[g], by[g]) for g in free]
    corners = np.unique(np.concatenate([of[g][hull] for g, hull in zip(free, hulls, strict=True)]))
    heights = sum(np.interp(corners, of[g][hull], by[g][hull]) for g, hull in zip(free, hulls, strict=True))
    at = float(corners[int(np.argmax(heights))])
    mixes = tuple(_mix(binned, g, of[g], hull, at) for g, hull in zip(free, hulls, strict=True))
    total = sum(float(gain[g, fixed[g]]) for g in range(len(binned.counts)) if g not in free)
    for mix in mixes:
        total += mix.chance * float(gain[mix.group, mix.lot]) + (1 - mix.chance) * float(gain[mix.group, mix.sure])
    return Lots(at, total, mixes)


def _sought(binned: Binned, goal: str, worth: Mapping[str, float]) -> Floats:
    """Returns what fairlearn adds up over groups: each group's own goal times its share of the labelled cases.

    Of balanced accuracy this is not that of everybody together; of the other goals it is.
    """
    if goal != "balanced_accuracy":
        return gains(binned, goal, worth)
    found, known = [], binned.all[:, [NEGATIVE, POSITIVE]].sum(axis=1)
    for group, share in enumerate(known / max(known.sum(), 1)):
        alone = Binned(binned.counts[[group]], binned.edges, (True,))
        found.append(share * gains(alone, goal)[0])
    return np.array(found)


def _hull(of: Floats, by: Floats) -> list[int]:
    """Returns the places on the upper hull of (rate, goal), by ascending rate; the rates cover 0 to 1."""
    kept: list[int] = []
    for place in np.lexsort((-by, of)):
        if kept and of[kept[-1]] == of[place]:
            continue
        while len(kept) > 1 and _below(of, by, kept[-2], kept[-1], int(place)):
            kept.pop()
        kept.append(int(place))
    return kept


def _below(of: Floats, by: Floats, left: int, middle: int, right: int) -> bool:
    """Returns whether the middle place lies below the line between the others: on it, it saves lots."""
    rise = (by[middle] - by[left]) * (of[right] - of[left]) - (by[right] - by[left]) * (of[middle] - of[left])
    return bool(rise < 0)


def _mix(binned: Binned, group: int, of: Floats, hull: list[int], at: float) -> Mix:
    """Returns how a group has the rate `at`: by one place of its hull, or by lots between two neighbours."""
    corners = of[hull]
    above = min(int(np.searchsorted(corners, at, side="left")), len(hull) - 1)
    n, selected = int(binned.counts[group].sum()), binned.above[group].sum(axis=0)
    if above == 0 or corners[above] == at:
        return Mix(group, hull[above], hull[above], 1.0, 0, n)
    sure, lot = hull[above - 1], hull[above]
    chance = float((at - corners[above - 1]) / (corners[above] - corners[above - 1]))
    return Mix(group, lot, sure, chance, int(selected[lot] - selected[sure]), n)
