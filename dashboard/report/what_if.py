"""What another threshold would do to each group of an attribute, from the counts by score bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from dashboard.metrics import performance, thresholds, value
from dashboard.metrics.fairness import largest_difference
from dashboard.metrics.lots import EQUAL, Lots, equalised
from dashboard.metrics.performance import Confusion
from dashboard.metrics.thresholds import NEGATIVE, POSITIVE, Binned, Point
from dashboard.rates import Estimate, Rate
from dashboard.report.cells import Cells, Key, counted_cells, scores
from dashboard.report.fairness import is_unknown
from dashboard.report.performance import Source
from dashboard.report.scope import Scope

LEAST = 20  # positive and negative cases that a group needs for its rates to be held against others'


@dataclass(frozen=True)
class WhatIf:
    """One window's counts by score bin, and what stands beside them.

    `present` is the place of the contract's threshold `asked`; `deffs` how many cases an independent one takes, of
    each rate, of the value and of its change, in each group; `unbinned` the cases of groups whose scores are not
    counted; `decided` what the log says was decided; `weighted` whether the log is a weighted sample, which scores are
    counted without.
    """

    groups: tuple[str, ...]
    binned: Binned
    asked: float
    present: int
    worth: Mapping[str, float]
    deffs: Mapping[tuple[str, str], float]
    unbinned: Mapping[str, int]
    decided: Confusion
    weighted: bool = False

    @property
    def labelled(self) -> tuple[int, int]:
        """How many negative and how many positive cases have a score."""
        every = self.binned.all
        return int(every[:, NEGATIVE].sum()), int(every[:, POSITIVE].sum())

    @property
    def compared(self) -> list[str]:
        """The groups whose rates are held against each other."""
        return [group for group, kept in zip(self.groups, self.binned.compared, strict=True) if kept]

    def threshold(self, place: int) -> float:
        """Returns the threshold at a place."""
        return thresholds.value_of(self.binned.edges, place)

    def place(self, threshold: float) -> int:
        """Returns the place that is nearest to a threshold."""
        return thresholds.nearest(self.binned.edges, threshold)


def what_if(source: Source, scope: Scope) -> WhatIf | None:
    """Returns the counts of a binary model by the scope's first attribute; None where no score is counted."""
    attribute, asked = scope.attributes[0] if scope.attributes else "", replace(scope, by=None)
    edges = np.array(source.bins.score_edges)
    found = scores(source.snapshot, source.contract, asked, attribute, len(edges) + 1)
    cells = {key[2]: (key, of) for key, of in _cells(source, asked, attribute).items()}
    if not found:
        return None
    of = {key[2]: counts for key, counts in sorted(found.items(), key=lambda item: item[0][2])}
    binned = Binned(np.array(list(of.values())), edges, tuple(_compared(group, n) for group, n in of.items()))
    everybody = next(iter(_cells(source, replace(asked, attributes=()), "").values())).confusion()
    known = {group: one.confusion() for group, (_, one) in cells.items() if group in of} | {"": everybody}
    deffs = {(rate, group): _deff(rate, one) for group, one in known.items() for rate in thresholds.RATES}
    worth = source.contract.value.cells if source.contract.value else {}
    for group, one in known.items() if worth else ():
        deffs |= {
            ("value", group): value.design_effect(one, worth),
            ("change", group): value.largest_design_effect(one),
        }
    left = {group: one.n for group, (_, one) in cells.items() if group not in of}
    at = source.contract.threshold
    weighted = "weight" in source.contract.columns
    return WhatIf(tuple(of), binned, at, thresholds.nearest(edges, at), worth, deffs, left, everybody, weighted)


def _cells(source: Source, scope: Scope, attribute: str) -> dict[Key, Cells]:
    return counted_cells(source.snapshot, source.contract, scope, attribute)


def _compared(group: str, counts: Any) -> bool:
    every = counts.sum(axis=1)
    return not is_unknown(group) and min(every[NEGATIVE], every[POSITIVE]) >= LEAST


def _deff(rate: str, cells: Confusion) -> float:
    """Returns how many cases an independent one takes: score bins are counted without subjects and weights."""
    found = performance.RATES[rate](cells)
    return max(found.n / found.independent, 1.0) if found.trials else 1.0


def rates(found: WhatIf, places: Sequence[int]) -> pd.DataFrame:
    """Returns every group's rates now and under other thresholds: a row for each group and rate, everybody first.

    Columns group, rate, threshold, value, low, high, numerator, denominator, and the same with `_now`.
    """
    now = [found.present] * len(found.groups)
    rows = []
    for group, members in _parts(found):
        for rate in thresholds.RATES:
            row: dict[str, Any] = {"group": group or None, "rate": rate}
            for suffix, chosen in (("_now", now), ("", places)):
                measure = _rate(found, rate, group, members, chosen)
                low, high = measure.interval()
                at = {chosen[k] for k in members}
                row |= {f"threshold{suffix}": found.threshold(at.pop()) if len(at) == 1 else None}
                row |= {f"value{suffix}": measure.value, f"low{suffix}": low, f"high{suffix}": high}
                row |= {f"numerator{suffix}": measure.hits, f"denominator{suffix}": measure.trials}
            rows.append(row)
    return pd.DataFrame(rows)


def _parts(found: WhatIf) -> list[tuple[str, Sequence[int]]]:
    """Returns everybody ('') and each group, with the places of who belongs to it."""
    return [("", range(len(found.groups))), *((name, [k]) for k, name in enumerate(found.groups) if name)]


def together(found: WhatIf, places: Sequence[int], members: Sequence[int] | range | None = None) -> Confusion:
    """Returns what the cases of some groups, or of all, become under thresholds."""
    chosen = range(len(found.groups)) if members is None else members
    total = Confusion.of(np.zeros((3, 3), dtype=np.int64))
    for k in chosen:
        total = total + thresholds.confusion(found.binned, k, places[k])
    return total


def _rate(found: WhatIf, rate: str, group: str, members: Sequence[int] | range, places: Sequence[int]) -> Rate:
    plain = performance.RATES[rate](together(found, places, members))
    return Rate(plain.hits, plain.trials, found.deffs.get((rate, group), 1.0))


def reached(found: WhatIf, places: Sequence[int], rate: str, goal: str) -> Point:
    """Returns the goal and the gap of a choice of thresholds."""
    return thresholds.point(found.binned, places, rate, thresholds.gains(found.binned, goal, found.worth))


def gap(found: WhatIf, places: Sequence[int], rate: str) -> Estimate:
    """Returns the largest difference between the groups that are compared, with its interval over all pairs."""
    held = {
        group: _rate(found, rate, group, [k], places)
        for k, group in enumerate(found.groups)
        if found.binned.compared[k]
    }
    return largest_difference(held)


@dataclass(frozen=True)
class Worth:
    """What a labelled case is worth now and under other thresholds, and the difference: the same cases twice."""

    now: Estimate
    then: Estimate
    change: Estimate


def worths(found: WhatIf, places: Sequence[int]) -> dict[str, Worth]:
    """Returns what a case is worth to everybody ('') and in each group; nothing without a value matrix.

    Subjects are counted without scores: now and then are taken to be as clustered as what the log decided, the change
    as if all cases of one person changed alike.
    """
    return {group: _worth(found, group, members, places) for group, members in _parts(found)} if found.worth else {}


def _worth(found: WhatIf, group: str, members: Sequence[int], places: Sequence[int]) -> Worth:
    now = [found.present] * len(found.groups)
    deff, most = (found.deffs.get((name, group), 1.0) for name in ("value", "change"))
    before, after = (value.value_per_case(together(found, at, members), found.worth, deff) for at in (now, places))
    moved = thresholds.changes(found.binned, now, places, found.worth, members)
    return Worth(before, after, value.mean_of_values(moved, most))


def value_table(found: WhatIf, places: Sequence[int]) -> pd.DataFrame:
    """Returns `worths` as a table: a row for each group, everybody first; value, low, high, now and of the change."""
    rows = []
    for group, worth in worths(found, places).items():
        row: dict[str, Any] = {"group": group or None, "rate": "value_per_case", "n": worth.change.n}
        for suffix, one in (("_now", worth.now), ("", worth.then), ("_change", worth.change)):
            low, high = one.interval()
            row |= {f"value{suffix}": one.value, f"low{suffix}": low, f"high{suffix}": high}
        rows.append(row)
    return pd.DataFrame(rows)


def lots(found: WhatIf, rate: str, goal: str) -> Lots | None:
    """Returns what fairlearn's ThresholdOptimizer would reach with that rate equal; None where it has no such rule."""
    if rate not in EQUAL or len(found.compared) < 2:
        return None
    return equalised(found.binned, rate, goal, found.worth, [found.present] * len(found.groups))


def frontiers(found: WhatIf, rate: str, goal: str) -> pd.DataFrame:
    """Returns the best that thresholds can do: columns kind (one, each), gap, goal, places, by ascending gap."""
    gains = thresholds.gains(found.binned, goal, found.worth)
    fixed = [found.present] * len(found.groups)
    one = thresholds.single_frontier(found.binned, rate, gains)
    each = thresholds.group_frontier(found.binned, rate, gains, fixed)
    rows = [("one", p.gap, p.goal, p.places) for p in one] + [("each", p.gap, p.goal, p.places) for p in each]
    return pd.DataFrame(rows, columns=["kind", "gap", "goal", "places"])
