"""Which groups look worst: every crossing of one, two or three conditions counted, the worst kept.

A *condition* is a level of a *factor* (an attribute's group, a bin of a feature, a feature that is missing); level 0 of
a factor is no condition. What looks worst among thousands of crossings looks so by chance too: nothing found here is
a finding before other cases confirm it (`worst_groups`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[Any]
Combo = tuple[int, ...]  # factors, ascending
Group = tuple[tuple[int, int], ...]  # conditions: (factor, level), by factor
Progress = Callable[[float], None]  # called with the share that is done
BLOCK = 16_384  # rows at once: their codes stay in the processor's cache
BUDGET = 3_000_000_000  # rows times crossings of three factors
PLACES = 30  # groups that are kept: so many that involve an attribute, so many that do not
LOOKED_AT = 2_000
SAMPLED = 200_000  # rows by which overlaps are told
SUSPECT = 2.0  # the z from which on a group looks worse
OVERLAP = 0.5
SIMPLER = 0.95  # what one condition more leaves of the evidence


@dataclass(frozen=True)
class Cases:
    """Rows as small integers: `levels[factor]` the level of each, `bad` what is wrong with it: 0 or 1, or how much.

    `sizes` are the numbers of levels, 0 counted; `buckets` are those of the subjects' hashes, where there are any.
    """

    levels: tuple[NDArray[np.uint8], ...]
    sizes: tuple[int, ...]
    bad: Array
    buckets: NDArray[np.uint8] | None = None

    @property
    def n(self) -> int:
        return len(self.bad)

    @property
    def counts(self) -> bool:
        """Whether a case is bad or not; else `bad` says how much."""
        return self.bad.dtype.kind in "ub"

    @cached_property
    def whole(self) -> tuple[float, float]:
        """The sum of what is bad, and of its squares."""
        bad = self.bad.sum(dtype=float)
        return float(bad), float(bad if self.counts else (self.bad**2).sum())

    @property
    def conditions(self) -> int:
        """How many conditions there are."""
        return sum(size - 1 for size in self.sizes)

    def where(self, rows: Array) -> Cases:
        """Returns some of the rows: a mask, a slice's or their numbers."""
        buckets = None if self.buckets is None else self.buckets[rows]
        return Cases(tuple(level[rows] for level in self.levels), self.sizes, self.bad[rows], buckets)

    def mask(self, group: Group) -> NDArray[np.bool_]:
        """Returns which rows fulfil all conditions of a group."""
        found = np.ones(self.n, dtype=bool)
        for factor, level in group:
            found &= self.levels[factor] == level
        return found


@dataclass(frozen=True)
class Table:
    """For every crossing of some factors' levels: rows, the sum of what is bad, and the sum of its squares."""

    n: Array
    bad: Array
    squares: Array | None


@dataclass(frozen=True)
class Suspects:
    """The groups that look worst, the worst first, and how much was looked at.

    `counted` are crossings large enough, `looked_worse` those of them that did; `threes` are the crossings of three
    factors that were counted, of `all_threes`.
    """

    groups: tuple[Group, ...]
    counted: int
    looked_worse: int
    threes: int
    all_threes: int


def tables(
    cases: Cases, combos: Sequence[Combo], squares: bool, progress: Progress = lambda share: None
) -> dict[Combo, Table]:
    """Returns the table of each combination of factors, counted block by block.

    >>> cases = Cases((np.array([1, 2, 2], dtype=np.uint8),), (3,), np.array([0, 0, 1], dtype=np.uint8))
    >>> tables(cases, [(0,)], False)[0,].n.tolist()
    [0, 1, 2]
    """
    flat: dict[Combo, list[Array]] = {}
    for start in range(0, cases.n, BLOCK):
        for combo, sums in _block(cases, slice(start, start + BLOCK), combos, squares):
            have = flat.setdefault(combo, sums)
            for total, more in zip(have, sums, strict=True) if have is not sums else ():
                total += more
        progress(min(1.0, (start + BLOCK) / cases.n))
    return {combo: _table(cases, combo, sums, squares) for combo, sums in flat.items()}


def _table(cases: Cases, combo: Combo, sums: list[Array], squares: bool) -> Table:
    *first, last = (cases.sizes[factor] for factor in combo)
    shape = (*first, max(cases.sizes), -1)
    n, *more = (part.reshape(shape)[..., :last, :] for part in sums)
    if cases.counts:  # one count of both: right and wrong lie side by side
        return Table(n.sum(axis=-1), n[..., 1], n[..., 1])
    bad, *squared = (part[..., 0] for part in more)
    return Table(n[..., 0], bad, squared[0] if squares else None)


def _block(cases: Cases, rows: slice, combos: Sequence[Combo], squares: bool) -> Iterable[tuple[Combo, list[Array]]]:
    """Yields each combination's flat sums over some rows; combinations that begin alike share their codes."""
    needed = sorted(set(chain.from_iterable(combos)))
    bad, step = cases.bad[rows], 2 if cases.counts else 1
    wide = max(cases.sizes) * step  # every table's last factor takes as much room, so that only a sum is left to do
    codes = {factor: cases.levels[factor][rows].astype(np.int64) for factor in needed}
    last = {factor: code * 2 + bad if cases.counts else code for factor, code in codes.items()}
    cells, head, begun, size = np.empty(len(bad), dtype=np.int64), np.empty(0, dtype=np.int64), None, 0
    for combo in combos:
        if combo[:-1] != begun:
            begun = combo[:-1]
            head, size = np.zeros(len(bad), dtype=np.int64), wide
            for factor in begun:
                head = head * cases.sizes[factor] + codes[factor]
                size *= cases.sizes[factor]
            head *= wide
        np.add(head, last[combo[-1]], out=cells)
        sums = [np.bincount(cells, minlength=size)]
        if not cases.counts:
            sums += [np.bincount(cells, bad**power, size) for power in ((1, 2) if squares else (1,))]
        yield combo, sums


def z_of(n: Any, bad: Any, whole_n: Any, whole_bad: Any, whole_squares: Any) -> Any:
    """Returns by how many standard errors groups are worse than the rest of what they are part of; 0 without a rest.

    The score test of two rates, and of two means with the spread of the whole.

    >>> round(float(z_of(50, 20, 200, 50, 50)), 3)
    2.828
    """
    n, bad = np.asarray(n, dtype=float), np.asarray(bad, dtype=float)
    rest = whole_n - n
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = whole_bad / whole_n
        spread = whole_squares / whole_n - mean * mean
        apart = bad / n - (whole_bad - bad) / rest
        found = apart / np.sqrt(spread * (1 / n + 1 / rest))
    return np.where((n > 0) & (rest > 0) & np.isfinite(found), found, 0.0)


def suspects(
    cases: Cases, depth: int, minimum: int, involved: frozenset[int], progress: Progress = lambda share: None
) -> Suspects:
    """Returns the groups that look worst, of at most `depth` conditions and at least `minimum` cases.

    A group of more conditions has to be worse than what is left of each group it is part of, by more than chance does
    among all conditions that could be added: else the larger one stands for it. Groups that overlap are one: the
    stronger, or the simpler where they are as strong. `involved` are the factors that are attributes.
    """
    factors = range(len(cases.sizes))
    few = [combo for k in range(1, min(depth, 2) + 1) for combo in combinations(factors, k)]
    three_share = 0.85 if depth > 2 else 0.0
    found = tables(cases, few, squares=True, progress=lambda share: progress(share * (1 - three_share)))
    threes = _worth_counting(cases, found, minimum) if depth > 2 else []
    found |= tables(cases, threes, False, lambda share: progress(1 - three_share + share * three_share))
    scored = list(chain.from_iterable(_worse(cases, found, combo, minimum) for combo in found))
    scored.sort(key=lambda one: (-one[0] * SIMPLER ** len(one[1]), len(one[1]), one[1]))
    counted = sum(int((_inside(table.n) >= minimum).sum()) for table in found.values())
    kept = _apart(cases, [group for _, group in scored[:LOOKED_AT]], involved)
    every_three = comb(len(cases.sizes), 3) if depth > 2 else 0
    return Suspects(tuple(kept), counted, len(scored), len(threes), every_three)


def _inside(table: Array) -> Array:
    """Returns the part of a table in which every level is a condition."""
    return table[(slice(1, None),) * table.ndim]


def _worth_counting(cases: Cases, found: dict[Combo, Table], minimum: int) -> list[Combo]:
    """Returns the threes of factors that are counted: all, or of many those that hold the pairs that look worst."""
    threes: list[Combo] = list(combinations(range(len(cases.sizes)), 3))
    most = BUDGET // max(cases.n, 1)
    if len(threes) <= most:
        return threes
    worst = {pair: float(_scores(cases, found[pair], minimum).max()) for pair in found if len(pair) == 2}
    rank = {three: max(worst[pair] for pair in combinations(three, 2)) for three in threes}
    return sorted(sorted(threes, key=lambda three: (-rank[three], three))[:most])


def _scores(cases: Cases, table: Table, minimum: int) -> Array:
    """Returns each crossing's z against everybody else, drawn towards 0 where it has few cases; 0 where too few."""
    n, bad = _inside(table.n), _inside(table.bad)
    enough = (n >= minimum) & (cases.n - n >= minimum)
    return np.where(enough, z_of(n, bad, cases.n, *cases.whole) * n / (n + minimum), 0.0)


def _worse(cases: Cases, found: dict[Combo, Table], combo: Combo, minimum: int) -> Iterable[tuple[float, Group]]:
    """Yields the crossings of some factors that look worse than everybody else and than the groups they are part of."""
    score = _scores(cases, found[combo], minimum)
    worse = score >= SUSPECT
    clearly = -float(ndtri(0.05 / max(cases.conditions, 1)))
    if worse.any():
        for parent in chain.from_iterable(combinations(combo, k) for k in range(1, len(combo))):
            missing = tuple(i for i, factor in enumerate(combo) if factor not in parent)
            whole = found[parent]
            sums = (whole.n, whole.bad, whole.bad if whole.squares is None else whole.squares)
            of = [np.expand_dims(_inside(part), missing) for part in sums]
            worse &= z_of(_inside(found[combo].n), _inside(found[combo].bad), *of) >= clearly
    for place in np.argwhere(worse):
        group = tuple((factor, int(level) + 1) for factor, level in zip(combo, place, strict=True))
        yield float(score[tuple(place)]), group


def _apart(cases: Cases, groups: Sequence[Group], involved: frozenset[int]) -> list[Group]:
    """Returns the groups without those that overlap one before them, unless one is part of the other."""
    sample = cases.where(slice(None, None, max(1, cases.n // SAMPLED)))  # type: ignore[arg-type]
    kept: list[tuple[Group, Array, int]] = []
    left = {True: PLACES, False: PLACES}
    for group in groups:
        kind = any(factor in involved for factor, _ in group)
        if not left[kind]:
            continue
        mask = sample.mask(group)
        packed, size = np.packbits(mask), int(mask.sum())
        if any(not _related(group, other) and _same(packed, size, bits, n) for other, bits, n in kept):
            continue
        kept.append((group, packed, size))
        left[kind] -= 1
        if not any(left.values()):
            break
    return [group for group, _, _ in kept]


def _related(one: Group, other: Group) -> bool:
    """Returns whether one group is part of the other by its conditions."""
    return set(one) <= set(other) or set(other) <= set(one)


def _same(packed: Array, size: int, other: Array, other_size: int) -> bool:
    both = int(np.bitwise_count(packed & other).sum())
    return both > OVERLAP * (size + other_size - both)
