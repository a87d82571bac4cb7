"""Cases that two versions scored on the same day: their joint counts, which the counts of each alone do not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.bins import COARSE, score_bin
from dashboard.rollup.chunk import Chunk, Table, named, numbered
from dashboard.rollup.tallying import Key, Keys, tally

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Rows of one chunk two by two: `first` and `second` are the rows of one case by two versions, in name order."""

    chunk: Chunk
    first: Rows
    second: Rows

    def key(self, name: str, of: Key, rows: Rows) -> Key:
        """Returns a key of the chunk for these rows, under a name."""
        return Key(name, of.codes[rows], of.stands_for)

    @property
    def label(self) -> Key:
        """The case's label: the first row's, else the second's."""
        label = self.chunk.truth[0]
        none = len(label.stands_for) - 1
        first, second = label.codes[self.first], label.codes[self.second]
        return Key("label", np.where(first == none, second, first), label.stands_for)


def pair_tables(chunk: Chunk) -> Iterator[Table]:
    """Yields what two versions said of the same cases, for every breakdown: pairs, and pair_bins of labelled ones."""
    if not chunk.coding.has_pairs or not chunk.several_versions:
        return
    found = Pairs(chunk, *paired(chunk.column("case_hash"), chunk.column("version")))
    if not len(found.first):
        return
    day, version = chunk.always.keys
    decision = chunk.truth[1]
    keys = Keys.of(
        found.key("day", day, found.first),
        found.key("first", version, found.first),
        found.key("second", version, found.second),
    )
    said = Keys.of(
        found.label,
        found.key("first_decision", decision, found.first),
        found.key("second_decision", decision, found.second),
    )
    binned = _bins(found)
    for name, attributes in chunk.coding.breakdowns:
        by = keys.by(*(found.key(group.name, group, found.first) for group in chunk.groups(attributes)))
        yield "pairs", named(tally(by.holding(said)), name, attributes)
        if binned:
            yield "pair_bins", named(tally(by.holding(binned[0]), where=binned[1]), name, attributes)


def _bins(found: Pairs) -> tuple[Keys, NDArray[np.bool_]] | None:
    """Returns label and coarse bins of both scores, and which pairs have all three; None but for a binary model."""
    chunk = found.chunk
    if chunk.coding.contract.task != "binary":
        return None
    label = found.label
    both = [chunk.score[rows] for rows in (found.first, found.second)]
    coarse = chunk.bins.coarse
    first, second = (
        Key(name, coarse[score_bin(scores, chunk.bins.score_edges)], numbered(COARSE))
        for name, scores in zip(("first_bin", "second_bin"), both, strict=True)
    )
    there = ~np.isnan(both[0]) & ~np.isnan(both[1]) & (label.codes < len(label.stands_for) - 1)
    return Keys.of(label, first, second), there


def paired(cases: NDArray[Any], versions: NDArray[Any]) -> tuple[Rows, Rows]:
    """Returns the rows of every two versions of one case, the version of the lower code first.

    >>> [rows.tolist() for rows in paired(np.array([7, 8, 7, 9, 7]), np.array([2, 1, 1, 1, 3]))]
    [[2, 0, 2], [0, 4, 4]]
    """
    ordered = np.sort(cases)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    rows = np.flatnonzero(np.isin(cases, again)) if len(again) else np.zeros(0, dtype=np.int64)
    rows = rows[np.lexsort((versions[rows], cases[rows]))]
    first, second = [], []
    for apart in range(1, len(rows)):
        same = cases[rows[apart:]] == cases[rows[:-apart]]
        if not same.any():
            break
        different = same & (versions[rows[apart:]] != versions[rows[:-apart]])
        first.append(rows[:-apart][different])
        second.append(rows[apart:][different])
    nothing = np.zeros(0, dtype=np.int64)
    return np.concatenate([nothing, *first]), np.concatenate([nothing, *second])
