"""The cells behind a scope: what the rollup holds, as the values that metrics take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dashboard import sql
from dashboard.contract import Contract
from dashboard.metrics.performance import Confusion
from dashboard.rates import SUBJECT_BUCKETS
from dashboard.report.scope import Scope
from dashboard.store import Snapshot

Key = tuple[date | None, str | None, str]  # bucket, version, group
SIDES = {"0": 0, "1": 1, None: 2}
Found = TypeVar("Found")
Where = TypeVar("Where", bound=tuple[Any, ...])


@dataclass
class Cells:
    """The sums of one group in one period and version. Losses are sums of round(x * 1e9)."""

    table: NDArray[np.int64] = field(default_factory=lambda: np.zeros((3, 3), dtype=np.int64))
    buckets: NDArray[np.int64] | None = None
    loss_buckets: NDArray[np.float64] | None = None
    losses: list[int] = field(default_factory=lambda: [0] * 5)  # brier sum, squares, log loss sum, squares, clipped
    lossy: int = 0  # labelled rows that have a score
    n: int = 0
    right: int = 0  # multiclass: decision is the label
    judged: int = 0  # multiclass: label and decision are there
    labelled: int = 0

    def confusion(self) -> Confusion:
        return Confusion.of(self.table, self.buckets)


def outcomes(snapshot: Snapshot, contract: Contract, scope: Scope, attribute: str) -> dict[Key, Cells]:
    """Returns the outcome cells of an attribute's groups ('' is everybody) in each period and version."""
    found: dict[Key, Cells] = defaultdict(Cells)
    parameters = scope.parameters(contract, attribute=attribute)
    for bucket, version, group, label, decision, n, scored, *losses in rows(snapshot, "outcomes", parameters):
        cells = found[bucket, version, group]
        cells.n += n
        cells.labelled += n if label is not None else 0
        if contract.task == "binary":
            cells.table[SIDES[label], SIDES[decision]] += n
            cells.lossy += scored if label is not None else 0
            cells.losses = [have + int(more or 0) for have, more in zip(cells.losses, losses, strict=True)]
        elif label is not None and decision is not None:
            cells.judged += n
            cells.right += n if label == decision else 0
    if "subject" in contract.columns and contract.task == "binary":
        _add_subjects(snapshot, parameters, found)
    return dict(found)


def _add_subjects(snapshot: Snapshot, parameters: dict[str, Any], found: dict[Key, Cells]) -> None:
    for bucket, version, group, label, decision, hashes, counts, briers, logs in rows(snapshot, "subjects", parameters):
        cells = found[bucket, version, group]
        if cells.buckets is None or cells.loss_buckets is None:
            cells.buckets = np.zeros((3, 3, SUBJECT_BUCKETS), dtype=np.int64)
            cells.loss_buckets = np.zeros((3, SUBJECT_BUCKETS))
        cells.buckets[SIDES[label], SIDES[decision], hashes] += counts
        if label is not None:
            cells.loss_buckets[:, hashes] += (counts, briers, logs)


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
    """Returns the rows of one of the statements in sql/read."""
    return snapshot.rows(sql.statement(f"read/{name}"), parameters)


def ordered(found: Mapping[Where, Found]) -> list[tuple[Where, Found]]:
    """Returns what was found by period, then version, then group or feature.

    >>> [key[0].day for key, _ in ordered({(date(2026, 1, 10), None): 1, (date(2026, 1, 9), None): 2})]
    [9, 10]
    """
    return sorted(found.items(), key=lambda item: [str(part or "") for part in item[0]])


def arrays(snapshot: Snapshot, name: str, parameters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of a statement that begins with the bucket, its lists as arrays."""
    for bucket, *row in snapshot.arrays(sql.statement(f"read/{name}"), parameters):
        yield bucket.date() if isinstance(bucket, datetime) else bucket, *row
