"""Which of the groups that looked worst are worse: measured on other cases, one level for all that were tried.

The cases on which groups were discovered say nothing of how bad they are: the worst of thousands look worse than they
are. On cases that had no part in it a group is compared with everybody else as any two groups are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.clusters import loss_design_effect, subject_design_effect
from dashboard.metrics.crossings import Cases, Group, z_of
from dashboard.metrics.differences import difference_of
from dashboard.metrics.losses import SCALE, mean_absolute_error
from dashboard.rates import SUBJECT_BUCKETS, Difference, Measure, Rate

Mask = NDArray[np.bool_]
CLEARLY = 1.96  # the z that a group needs once those before it are taken out


@dataclass(frozen=True)
class Compared:
    """A group and everybody else, on the same cases; `difference` is group minus rest, `bad` of them are wrong."""

    group: Measure
    rest: Measure
    difference: Measure
    bad: float
    all_bad: float

    @property
    def share_of_bad(self) -> float:
        """Which share of everything that is bad lies in the group."""
        return self.bad / self.all_bad if self.all_bad else 0.0


def compared(cases: Cases, group: Group, higher_is_better: bool) -> Compared:
    """Returns a group's rate (of what is good where higher is better), or mean error, against everybody else's.

    >>> cases = Cases((np.array([1, 1, 2, 2], np.uint8),), (3,), np.array([1, 0, 0, 0], np.uint8))
    >>> compared(cases, ((0, 1),), True).difference.value
    -0.5
    """
    mask = cases.mask(group)
    one, other = (_measured(cases, part, higher_is_better) for part in (mask, ~mask))
    if isinstance(one, Rate) and isinstance(other, Rate):
        difference: Measure = Difference(one, other)
    else:
        difference = difference_of(one, other)
    return Compared(one, other, difference, float(cases.bad[mask].sum()), cases.whole[0])


def _measured(cases: Cases, mask: Mask, higher_is_better: bool) -> Measure:
    n, bad = int(mask.sum()), cases.bad[mask]
    buckets = None if cases.buckets is None else cases.buckets[mask]
    if not cases.counts:
        total, squares = round(float(bad.sum()) * SCALE), round(float((bad**2).sum()) * SCALE)
        sizes = None if buckets is None else np.bincount(buckets, minlength=SUBJECT_BUCKETS).astype(float)
        sums = None if buckets is None else np.bincount(buckets, bad * SCALE, SUBJECT_BUCKETS).astype(float)
        return mean_absolute_error(total, squares, n, deff=loss_design_effect(sizes, sums, total, squares))
    wrong = int(bad.sum())
    hits = n - wrong if higher_is_better else wrong
    if not n or buckets is None:
        return Rate(hits, n)
    each = np.bincount(buckets, minlength=SUBJECT_BUCKETS)
    wrong_each = np.bincount(buckets[bad > 0], minlength=SUBJECT_BUCKETS)
    return Rate(hits, n, subject_design_effect(wrong_each, each))


def holm(p: Sequence[float]) -> list[float]:
    """Returns p-values corrected for all that were tried together, in the same order.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    found, least = [0.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        least = max(least, min(1.0, p[place] * (len(p) - rank)))
        found[place] = least
    return found


def distinct(cases: Cases, groups: Sequence[Group], deffs: Sequence[float], minimum: int) -> list[int]:
    """Returns the places of the groups that say something of their own; those to be told first come first in `groups`.

    What is already told is taken out: without the cases of the groups kept before it, a group still has to be clearly
    worse than everybody else and than each group that it is part of. Those it is part of take nothing out.
    """
    kept: list[int] = []
    masks = [cases.mask(group) for group in groups]
    for place, (group, mask, deff) in enumerate(zip(groups, masks, deffs, strict=True)):
        left = np.ones(cases.n, dtype=bool)
        for k in kept:
            if not set(groups[k]) < set(group):
                left &= ~masks[k]
        own = mask & left
        wholes = (cases.mask(part) & left for k in range(len(group)) for part in combinations(group, k))
        if int(own.sum()) >= minimum and all(_clearly(cases, own, whole, deff) for whole in wholes):
            kept.append(place)
    return kept


def _clearly(cases: Cases, mask: Mask, whole: Mask, deff: float) -> bool:
    """Returns whether the cases of a mask are clearly worse than the rest of a whole that they are part of."""
    bad, inside = cases.bad[whole], cases.bad[mask]
    squares = bad.sum(dtype=float) if cases.counts else (bad**2).sum()
    z = z_of(len(inside), inside.sum(dtype=float), len(bad), bad.sum(dtype=float), squares)
    return float(z) / sqrt(max(deff, 1.0)) >= CLEARLY
