"""Counts of one feature in one window, and how two windows are brought onto few common bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]
BINS = 10
EXPECTED = 5


@dataclass(frozen=True, slots=True)
class Histogram:
    """Holds a numeric feature: counts and sums per fine bin, ascending, the same in all windows, and missing.

    >>> (Histogram.of([1, 2], [1.0, 6.0]) + Histogram.of([0, 1], [0.0, 2.0], missing=4)).n
    8
    """

    counts: Counts
    sums: NDArray[np.float64] = field(compare=False)
    missing: int = 0

    @classmethod
    def of(cls, counts: ArrayLike, sums: ArrayLike, missing: int = 0) -> Histogram:
        """Returns the histogram of two sequences of one length."""
        return cls(np.asarray(counts, dtype=np.int64), np.asarray(sums, dtype=np.float64), int(missing))

    def __add__(self, other: Histogram) -> Histogram:
        return Histogram(self.counts + other.counts, self.sums + other.sums, self.missing + other.missing)

    @property
    def present(self) -> int:
        return int(self.counts.sum())

    @property
    def n(self) -> int:
        return self.present + self.missing


@dataclass(frozen=True, slots=True)
class Categories:
    """Holds a categorical feature: counts per category, and missing.

    >>> (Categories({"a": 1}) + Categories({"a": 1, "b": 2}, missing=1)).n
    5
    """

    counts: Mapping[str, int]
    missing: int = 0

    def __add__(self, other: Categories) -> Categories:
        names = dict.fromkeys((*self.counts, *other.counts))
        counts = {name: self.counts.get(name, 0) + other.counts.get(name, 0) for name in names}
        return Categories(counts, self.missing + other.missing)

    @property
    def n(self) -> int:
        return sum(self.counts.values()) + self.missing


Feature = TypeVar("Feature", Histogram, Categories)


@dataclass(frozen=True, slots=True)
class Paired:
    """Holds two windows on common bins: counts of the reference and of now, and where each fine one went."""

    reference: Counts
    current: Counts
    bin_of: Mapping[str, int] | NDArray[np.intp]
    names: tuple[str, ...]

    @property
    def bins(self) -> int:
        return len(self.reference)


def paired(reference: Feature, current: Feature) -> Paired:
    """Returns both windows on bins that each expect at least 5 of either; missing values have a bin of their own.

    Expected is what the two windows together would put there. Numeric: about ten bins of equal reference count,
    neighbours merged. Categories: unseen ones together, rare ones together. Too few missing to be a bin of their own
    are left out.
    """
    if isinstance(reference, Histogram) and isinstance(current, Histogram):
        return _paired_numbers(reference, current)
    if isinstance(reference, Categories) and isinstance(current, Categories):
        return _paired_categories(reference, current)
    raise TypeError("A histogram and categories cannot be compared.")


def _expected(together: Counts | int, n: int, m: int) -> NDArray[np.float64]:
    """Returns the count expected in the smaller of the two windows."""
    return np.asarray(together) * (min(n, m) / max(n + m, 1))


def _paired_numbers(reference: Histogram, current: Histogram) -> Paired:
    n, m = reference.n, current.n
    bin_of = _even(reference.counts)
    together = np.bincount(bin_of, weights=reference.counts + current.counts)
    bin_of = _joined(_expected(together, n, m))[bin_of]
    sides = [np.bincount(bin_of, weights=side.counts).astype(np.int64) for side in (reference, current)]
    names = tuple(str(i) for i in range(len(sides[0])))
    if _expected(reference.missing + current.missing, n, m) >= EXPECTED:
        sides = [np.append(counts, side.missing) for counts, side in zip(sides, (reference, current), strict=True)]
        names += ("missing",)
    return Paired(sides[0], sides[1], bin_of, names)


def _even(counts: Counts) -> NDArray[np.intp]:
    """Returns the number of the merged bin of each fine one, so that about `BINS` hold equal counts.

    A fine bin holding more than its share is one merged bin; what is left is shared by those left.
    """
    before = np.cumsum(counts) - counts
    middle, total = before + counts / 2, int(counts.sum())
    found, start, base = np.zeros(len(counts), dtype=np.intp), 0, 0
    for bin_ in range(BINS - 1):
        ends = (before > base) & (middle - base > (total - base) / (BINS - bin_))
        ends[:start] = False
        if not ends.any():
            break
        start = int(ends.argmax())
        base = int(before[start])
        found[start:] = bin_ + 1
    return found


def _joined(expected: NDArray[np.float64]) -> NDArray[np.intp]:
    """Returns the new number of each bin when those expecting under 5 join their smaller neighbour, smallest first."""
    groups = [[i] for i in range(len(expected))]
    totals = expected.tolist()
    while len(totals) > 1 and min(totals) < EXPECTED:
        least = totals.index(min(totals))
        beside = [i for i in (least - 1, least + 1) if 0 <= i < len(totals)]
        into = min(beside, key=lambda i: totals[i])
        low, high = sorted((least, into))
        groups[low : high + 1] = [groups[low] + groups[high]]
        totals[low : high + 1] = [totals[low] + totals[high]]
    number = np.empty(len(expected), dtype=np.intp)
    for new, members in enumerate(groups):
        number[members] = new
    return number


def unseen_categories(reference: Categories, current: Categories) -> tuple[str, ...]:
    """Returns the categories that the reference does not have, the most frequent first.

    >>> unseen_categories(Categories({"a": 1}), Categories({"a": 5, "b": 2, "c": 3}))
    ('c', 'b')
    """
    new = {name: n for name, n in current.counts.items() if n and not reference.counts.get(name)}
    return tuple(sorted(new, key=lambda name: (-new[name], name)))


MISSING, UNSEEN, RARE = "missing values", "categories not in the reference", "rare categories"


def folded(counts: Mapping[str, int], missing: int, bin_of: Mapping[str, int], bins: int) -> Counts:
    """Returns a window's counts in the bins of a comparison; a category that it did not know counts as unseen."""
    total = np.zeros(bins, dtype=np.int64)
    for name, count in counts.items():
        where = bin_of.get(f"={name}", bin_of.get(UNSEEN))
        if where is not None:
            total[where] += count
    if MISSING in bin_of:
        total[bin_of[MISSING]] += missing
    return total


def _paired_categories(reference: Categories, current: Categories) -> Paired:
    known = [name for name, count in reference.counts.items() if count]
    unseen = sum(count for name, count in current.counts.items() if not reference.counts.get(name))
    # "=" keeps a category that is called like one of the three bins apart from it.
    together = {f"={name}": reference.counts[name] + current.counts.get(name, 0) for name in sorted(known)}
    together |= {UNSEEN: unseen, MISSING: reference.missing + current.missing}
    counts = np.array([*together.values()])
    expected = dict(zip(together, _expected(counts, reference.n, current.n).tolist(), strict=True))
    own = [name for name in together if expected[name] >= EXPECTED]
    rare = [name for name in together if name not in own]
    names = [name.removeprefix("=") for name in own]
    bin_of = {name: i for i, name in enumerate(own)}
    total = sum(expected[name] for name in rare)
    if total >= EXPECTED or not own:
        names.append(RARE)
        bin_of |= dict.fromkeys(rare, len(own))
    else:
        smallest = min(own, key=lambda name: expected[name])
        bin_of |= dict.fromkeys(rare, bin_of[smallest])
        names[bin_of[smallest]] += f" and {RARE}" if total else ""
    sides = [folded(side.counts, side.missing, bin_of, len(names)) for side in (reference, current)]
    return Paired(sides[0], sides[1], bin_of, tuple(names))
