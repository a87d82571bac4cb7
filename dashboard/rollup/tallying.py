"""Counting itself: coded arrays in, tables of integer sums out.

A tally is a number for every combination of its keys. The keys' codes make one position, and `bincount` counts
positions; only combinations that occur become rows, with their names. Sums are of integers and exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.int64]
DENSE = 8_000_000  # positions that are counted in place; more are sorted first
EXACT = 2.0**53  # float64 holds every whole number up to here
LOW = 26  # bits of the lower part of a sum that might go beyond


@dataclass(frozen=True)
class Key:
    """One key of a tally: a code for every row, and what the codes stand for, in order."""

    name: str
    codes: NDArray[Any]
    stands_for: pa.Array


@dataclass(frozen=True)
class Keys:
    """Several keys together: every row's position among all their combinations, the last key running fastest."""

    keys: tuple[Key, ...]
    positions: Integers

    @classmethod
    def of(cls, *keys: Key) -> Keys:
        """Returns the combination of keys, of which there is one or more."""
        return cls(keys[:1], keys[0].codes.astype(np.int64)).by(*keys[1:])

    def by(self, *keys: Key) -> Keys:
        """Returns these keys with others inside them."""
        positions = self.positions
        for key in keys:
            positions = positions * len(key.stands_for)
            positions += key.codes
        return Keys((*self.keys, *keys), positions)

    def holding(self, inner: Keys) -> Keys:
        """Returns these keys with others inside them that were combined before."""
        positions = self.positions * prod(inner.sizes)
        positions += inner.positions
        return Keys((*self.keys, *inner.keys), positions)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(key.stands_for) for key in self.keys)


@dataclass(frozen=True)
class Cells:
    """The combinations of keys that occur: their codes, and their sums, of which `n` is the number of rows."""

    keys: tuple[Key, ...]
    sums: dict[str, Integers]

    def table(self) -> pa.Table:
        """Returns a row for each cell: what its keys stand for, and its sums."""
        names = {
            key.name: pa.DictionaryArray.from_arrays(key.codes.astype(np.int32), key.stands_for) for key in self.keys
        }
        return pa.table(names | {name: pa.array(values) for name, values in self.sums.items()})

    def gathered(self, inner: str, **sums: str) -> pa.Table:
        """Returns a row for each cell of the keys but the last, which becomes a list called `inner`.

        Lists of sums have the names given: `counts="n"`. The keys' codes must be in order, as `cells` returns them.
        """
        *outer, last = self.keys
        place = np.ravel_multi_index([key.codes for key in outer], [len(key.stands_for) for key in outer])
        first = np.flatnonzero(np.diff(place, prepend=-1))
        ends = pa.array(np.append(first, len(place)), pa.int32())
        table = Cells(tuple(replace(key, codes=key.codes[first]) for key in outer), {}).table()
        columns = {inner: last.stands_for.take(pa.array(last.codes))}
        columns |= {name: pa.array(self.sums[of]) for name, of in sums.items()}
        for name, values in columns.items():
            table = table.append_column(name, pa.ListArray.from_arrays(ends, values))
        return table

    def over(self, *names: str) -> Cells:
        """Returns the cells of these keys alone, summed over the others."""
        kept = {key.name: key for key in self.keys}
        return cells(Keys.of(*(kept[name] for name in names)), self.sums)


def cells(keys: Keys, sums: Mapping[str, NDArray[Any]], where: NDArray[np.bool_] | None = None) -> Cells:
    """Returns every combination that occurs with its `n` and the sum of each of `sums`, of rows `where` true.

    Sums must lie within 2^62, single values within 2^57; a sum called `n` takes the place of the number of rows.
    """
    positions = keys.positions
    if where is not None and not where.all():
        positions, sums = positions[where], {name: values[where] for name, values in sums.items()}
    size, found = prod(keys.sizes), None
    if size > max(DENSE, 2 * len(positions)):
        found, positions = np.unique(positions, return_inverse=True)
        size = len(found)
    counts = np.bincount(positions, minlength=size)
    occurring = np.flatnonzero(counts)
    codes = np.unravel_index(occurring if found is None else found[occurring], keys.sizes)
    kept = tuple(Key(key.name, code, key.stands_for) for key, code in zip(keys.keys, codes, strict=True))
    summed = {name: _sum(positions, values, size)[occurring] for name, values in sums.items()}
    return Cells(kept, {"n": counts[occurring]} | summed)


def tally(
    keys: Keys, sums: Mapping[str, NDArray[Any]] | None = None, where: NDArray[np.bool_] | None = None
) -> pa.Table:
    """Returns the cells of rows as a table.

    >>> colours = Keys.of(Key("colour", np.array([0, 1, 1]), pa.array(["red", "blue"])))
    >>> tally(colours, {"size": np.array([5, 2, 3])}).to_pydict()
    {'colour': ['red', 'blue'], 'n': [1, 2], 'size': [5, 5]}
    """
    return cells(keys, sums or {}, where).table()


def _sum(positions: Integers, values: NDArray[Any], size: int) -> Integers:
    """Returns the exact sums of whole numbers by position; float64 holds them, in two parts where one might not do."""
    if values.dtype == bool:
        return np.bincount(positions[values], minlength=size)
    largest = max(-float(values.min(initial=0)), float(values.max(initial=0)))
    if largest * len(values) < EXACT:
        return np.bincount(positions, weights=values, minlength=size).astype(np.int64)
    whole = values.astype(np.int64, copy=False)
    low = np.bincount(positions, weights=whole & ((1 << LOW) - 1), minlength=size).astype(np.int64)
    high = np.bincount(positions, weights=whole >> LOW, minlength=size).astype(np.int64)
    return low + (high << LOW)


def fixed(values: NDArray[np.float64], scale: int) -> NDArray[np.float64]:
    """Returns round(value * scale), whole numbers, 0 where there is no value.

    >>> fixed(np.array([0.25, np.nan]), 1000).tolist()
    [250.0, 0.0]
    """
    whole = values * scale
    np.rint(whole, out=whole)
    np.copyto(whole, 0, where=np.isnan(whole))
    return whole
