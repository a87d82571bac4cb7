"""The cells behind a scope: what the rollup holds, as the values that metrics take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dashboard import sql
from dashboard.contract import Contract
from dashboard.metrics.losses import SCALE
from dashboard.metrics.multiclass import Matrix
from dashboard.metrics.performance import Confusion
from dashboard.rates import SUBJECT_BUCKETS
from dashboard.report.scope import Place, Scope
from dashboard.store import Snapshot

Key = tuple[date | None, str | None, str]  # bucket, version, group
TWO = ("0", "1")
WEIGHTS = 1e6  # weights are sums of round(x * 1e6)
SIDES = {"0": 0, "1": 1, None: 2}
UNWEIGHTED = "scores are counted without weights"
LOSSES = 5  # sums of Brier scores, of their squares, of log losses, of their squares; clipped
Found = TypeVar("Found")
Where = TypeVar("Where", bound=tuple[Any, ...])


@dataclass
class Cells:
    """The sums of one group in one period and version: label by decision, last none. Losses are sums of x * 1e9.

    `weights` are sums of weights and of their squares by label and decision, of a log that has them; `weighed` are the
    losses by the mean weight of their day, label and decision, scaled to a mean weight of 1 over all, and `kish` says
    how many times fewer independent cases those are.
    """

    classes: tuple[str, ...]
    table: NDArray[np.int64]
    weights: NDArray[np.float64] | None = None
    hashed: list[tuple[int, int, NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=list)
    loss_buckets: NDArray[np.float64] | None = None  # labelled rows, sums of Brier scores, of log losses
    rank_buckets: NDArray[np.float64] | None = None  # of label 0 and 1: rows, sums of ranks
    losses: list[int] = field(default_factory=lambda: [0] * LOSSES)
    weighed: list[int] | None = None
    kish: float = 1.0
    lossy: int = 0  # labelled rows that have a score
    n: int = 0
    labelled: int = 0

    @classmethod
    def of(cls, classes: tuple[str, ...], weighted: bool = False) -> Cells:
        """Returns the cells of no case."""
        size = len(classes) + 1
        weights = np.zeros((2, size, size)) if weighted else None
        return cls(classes, np.zeros((size, size), dtype=np.int64), weights)

    @property
    def buckets(self) -> NDArray[np.int64] | None:
        """The counts by bucket of subjects, made when asked for: of many classes and days they are many."""
        if not self.hashed:
            return None
        found = np.zeros((*self.table.shape, SUBJECT_BUCKETS), dtype=np.int64)
        for label, decision, hashes, counts in self.hashed:
            found[label, decision, hashes] += counts
        return found

    def confusion(self) -> Confusion:
        """Returns the cells of a binary model, or of a regression at its cut-off."""
        return Confusion.of(self.table, self.buckets, self.weights)

    def matrix(self) -> Matrix:
        """Returns the cells of a model of several classes."""
        return Matrix(self.classes, self.table, self.buckets, self.weights)


def outcomes(snapshot: Snapshot, contract: Contract, scope: Scope, attribute: str) -> dict[Key, Cells]:
    """Returns the outcome cells of an attribute's groups ('' is everybody) in each period and version."""
    parameters = scope.parameters(contract, attribute=attribute)
    weighted = "weight" in contract.columns
    counted = rows(snapshot, "outcomes_weighted" if weighted else "outcomes", parameters)
    classes = _classes(contract, counted) if contract.task == "multiclass" else TWO
    side: dict[str | None, int] = {name: i for i, name in enumerate(classes)} | {None: len(classes)}
    found: dict[Key, Cells] = defaultdict(lambda: Cells.of(classes, weighted))
    sums: dict[Key, NDArray[np.float64]] = defaultdict(lambda: np.zeros(LOSSES + 1))
    for bucket, version, group, label, decision, n, scored, *more in counted:
        key = bucket, version, group
        cells = found[key]
        cells.n += n
        cells.table[side[label], side[decision]] += n
        if cells.weights is not None:
            cells.weights[:, side[label], side[decision]] += np.array(more[LOSSES : LOSSES + 2], dtype=float) / WEIGHTS
        if label is not None:
            cells.labelled += n
            cells.lossy += scored
            cells.losses = [have + int(add or 0) for have, add in zip(cells.losses, more[:LOSSES], strict=True)]
            if weighted:
                sums[key] += np.array([value or 0 for value in more[LOSSES + 2 :]], dtype=float)
    for key, weighed in sums.items():
        _weigh(found[key], weighed)
    if "subject" in contract.columns:
        _add_subjects(snapshot, parameters, found, side)
    return dict(found)


def counted_cells(snapshot: Snapshot, contract: Contract, scope: Scope, attribute: str) -> dict[Key, Cells]:
    """Returns the outcome cells of every group, period and version; of everybody at least the cells of no case."""
    cells = outcomes(snapshot, contract, scope, attribute)
    if cells or scope.by or attribute:
        return cells
    nobody = Cells.of(contract.classes if contract.task == "multiclass" else TWO)
    return {(None, None if scope.version == "*" else scope.version, ""): nobody}


def place_of(attribute: str, key: Key, feature: str | None = None) -> Place:
    """Returns the place of a group's reading."""
    bucket, version, group = key
    return Place(version, attribute or None, group if attribute else None, bucket=bucket, feature=feature)


def _classes(contract: Contract, counted: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """Returns the classes in the contract's order, then those that only occur."""
    occurring = {row[at] for row in counted for at in (3, 4)} - {None, *contract.classes}
    return (*contract.classes, *sorted(occurring))


def _weigh(cells: Cells, weighed: NDArray[np.float64]) -> None:
    """Does put the weighted losses beside the plain ones, scaled to a mean weight of 1."""
    total, squares, *sums = weighed
    if total > 0:
        cells.weighed = [*(round(value * cells.lossy / total) for value in sums), cells.losses[-1]]
        cells.kish = cells.lossy * squares / total**2


def _add_subjects(
    snapshot: Snapshot, parameters: dict[str, Any], found: dict[Key, Cells], side: Mapping[str | None, int]
) -> None:
    for bucket, version, group, label, decision, hashes, counts, *sums in arrays(snapshot, "subjects", parameters):
        cells = found[bucket, version, group]
        cells.hashed.append((side[label], side[decision], hashes, counts))
        if label is None:
            continue
        if cells.loss_buckets is None or cells.rank_buckets is None:
            cells.loss_buckets = np.zeros((3, SUBJECT_BUCKETS))
            cells.rank_buckets = np.zeros((2, 2, SUBJECT_BUCKETS))
        briers, logs, ranks = sums
        cells.loss_buckets[:, hashes] += (counts, briers, logs)
        if label in TWO:
            cells.rank_buckets[side[label] % 2][:, hashes] += (counts, ranks / SCALE)


def scores(
    snapshot: Snapshot, contract: Contract, scope: Scope, attribute: str, size: int
) -> dict[Key, NDArray[np.int64]]:
    """Returns a binary model's counts of shape (3, score bins) per group: label 0, label 1, no label."""
    found: dict[Key, NDArray[np.int64]] = defaultdict(lambda: np.zeros((3, size), dtype=np.int64))
    for bucket, version, group, label, bins, counts in rows(
        snapshot, "bins", scope.parameters(contract, attribute=attribute) | {"class": None}
    ):
        found[bucket, version, group][SIDES[label], bins] += counts
    return dict(found)


def rows(snapshot: Snapshot, name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Returns the rows of one of the statements in sql/read; nobody may change them."""
    return _read(snapshot, snapshot.rows, name, parameters)


def _read(
    snapshot: Snapshot, read: Callable[..., list[tuple[Any, ...]]], name: str, parameters: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Returns what a statement says; of a window as a whole it is kept for a while, being asked for several times."""

    def make() -> list[tuple[Any, ...]]:
        return read(sql.statement(f"read/{name}"), parameters)

    if parameters.get("by"):
        return make()
    found: list[tuple[Any, ...]] = snapshot.lately((read.__name__, name, repr(sorted(parameters.items()))), make)
    return found


def ordered(found: Mapping[Where, Found]) -> list[tuple[Where, Found]]:
    """Returns what was found by period, then version, then group or feature.

    >>> [key[0].day for key, _ in ordered({(date(2026, 1, 10), None): 1, (date(2026, 1, 9), None): 2})]
    [9, 10]
    """
    return sorted(found.items(), key=lambda item: [str(part or "") for part in item[0]])


def arrays(snapshot: Snapshot, name: str, parameters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of a statement that begins with the bucket, its lists as arrays."""
    for bucket, *row in _read(snapshot, snapshot.arrays, name, parameters):
        yield bucket.date() if isinstance(bucket, datetime) else bucket, *row
