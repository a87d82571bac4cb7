"""What Local Law 144's tables are made of: selections, and scores above the exact median, by pairs of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import inf
from typing import Any

import numpy as np

from dashboard import log, store
from dashboard.contract import Contract
from dashboard.report.cells import scores
from dashboard.report.performance import Source
from dashboard.report.scope import Scope
from dashboard.rollup.rows import typed
from dashboard.settings import ModelPaths
from dashboard.sql.cases import decided, delivered, group

SHADOW = "NOT list_contains($shadow, version)"
MIDDLE = (
    "CASE WHEN score < $low THEN '-infinity'::DOUBLE WHEN score >= $high THEN 'infinity'::DOUBLE ELSE score::DOUBLE END"
)


@dataclass(frozen=True)
class Tally:
    """Cases of one combination of groups: with a decision, selected; with a score, above the median."""

    decided: int = 0
    selected: int = 0
    scored: int = 0
    above: int = 0

    def __add__(self, other: Tally) -> Tally:
        pairs = zip(self.__dict__.values(), other.__dict__.values(), strict=True)
        return Tally(*(mine + theirs for mine, theirs in pairs))

    def counts(self, scores: bool) -> tuple[int, int]:
        """Returns (hits, n): of scores those above the median, of decisions those selected."""
        return (self.above, self.scored) if scores else (self.selected, self.decided)


@dataclass(frozen=True)
class Tallies:
    """Every combination of the attributes' groups, in the attributes' order, and the median of all scores."""

    attributes: tuple[str, ...]
    by_groups: Mapping[tuple[str, ...], Tally]
    median: float | None

    def of(self, names: tuple[str, ...]) -> dict[tuple[str, ...], Tally]:
        """Returns the tallies by the groups of some of the attributes."""
        places = [self.attributes.index(name) for name in names]
        found: dict[tuple[str, ...], Tally] = {}
        for groups, tally in self.by_groups.items():
            key = tuple(groups[place] for place in places)
            found[key] = found.get(key, Tally()) + tally
        return dict(sorted(found.items()))

    def whole(self) -> Tally:
        """Returns everybody."""
        return reduce(Tally.__add__, self.by_groups.values(), Tally())


def tallies(paths: ModelPaths, source: Source, scope: Scope, attributes: tuple[str, ...]) -> Tallies:
    """Returns the tallies of the scope's days and version, from the rows of the log that the rollup has counted.

    The median is that of the full sample's exact scores, groups that are unknown among them, of an even number the
    mean of the middle two (6 RCNY 5-301(c)); above it means strictly above. The rollup's score bins say between which
    edges it lies, so that the log is read once and only scores between them are told apart; where they do not hold it
    after all, every score is.
    """
    counted = source.snapshot.batches()
    known = [record for record in log.read_records(paths.log) if record.batch in counted]
    files = [e for e in log.entries(paths.log, known, "predictions") if scope.since <= e.day < scope.until]
    if not files or source.contract.task != "binary":
        return Tallies(attributes, {}, None)
    with store.connect(temp_directory=paths.staging) as connection:
        rows = typed(connection, source.contract, files)
        for between in (_middle_bins(source, scope), (-inf, inf)):
            read = _read(connection, rows, source.contract, scope, attributes, between)
            middle = middle_scores(read)
            if middle is None or -inf < middle[0] <= middle[1] < inf:
                break
    return _tallies(attributes, read, middle)


def _middle_bins(source: Source, scope: Scope) -> tuple[float, float]:
    """Returns the edges of the score bins that hold the middle of the scope's scores."""
    edges = source.bins.score_edges
    everybody = replace(scope, attributes=(), by=None)
    found = scores(source.snapshot, source.contract, everybody, "", len(edges) + 1).values()
    below = np.cumsum(sum(counts.sum(axis=0) for counts in found))
    if not np.any(below):
        return -inf, inf
    first, last = np.searchsorted(below, [(below[-1] - 1) // 2, below[-1] // 2], side="right")
    bounded = (-inf, *edges, inf)
    return bounded[first], bounded[last + 1]


Read = tuple[tuple[str, ...], int | None, float | None, int]  # groups, decision, score, how many


def _read(
    connection: Any,
    rows: str,
    contract: Contract,
    scope: Scope,
    attributes: tuple[str, ...],
    between: tuple[float, float],
) -> list[Read]:
    """Returns how many rows of the log there are of each groups, decision and score, a score outside as -inf or inf.

    Texts become groups after they are counted: there are few of them then.
    """
    chosen = [contract.attribute(name) for name in attributes]
    inside = [f"{group(one)} AS g{k}" if one.edges else delivered(one) for k, one in enumerate(chosen)]
    named = [f"g{k}" if one.edges else group(one) for k, one in enumerate(chosen)]
    columns = "".join(f"{column}, " for column in dict.fromkeys(inside))
    groups = "".join(f"{column} AS group_{k}, " for k, column in enumerate(named))
    where, version = _of_version(contract, scope)
    found = connection.execute(
        f"WITH counted AS (SELECT {columns}{decided(contract)} AS said, {MIDDLE} AS score, count(*) AS n "  # noqa: S608
        f"FROM {rows} WHERE {where} GROUP BY ALL) "
        f"SELECT {groups}said, score, sum(n)::BIGINT FROM counted GROUP BY ALL ORDER BY ALL",
        version | {"low": between[0], "high": between[1]},
    ).fetchall()
    return [(row[: len(chosen)], *row[len(chosen) :]) for row in found]


def _of_version(contract: Contract, scope: Scope) -> tuple[str, dict[str, Any]]:
    """Returns the condition on the version and its parameters: the scope's, else all but shadows."""
    if scope.version is not None:
        return "version = $version", {"version": scope.version}
    return (SHADOW, {"shadow": list(contract.shadow)}) if contract.shadow else ("true", {})


def middle_scores(read: Sequence[Read]) -> tuple[float, float] | None:
    """Returns the middle two of all scores, twice the same of an odd number; None where there are none.

    >>> middle_scores([((), 1, 0.9, 1), ((), 0, 0.2, 2), ((), 0, 0.4, 1), ((), 0, None, 7)])
    (0.2, 0.4)
    """
    held = sorted((score, n) for _, _, score, n in read if score is not None)
    below = np.cumsum([n for _, n in held])
    if not held:
        return None
    first, last = np.searchsorted(below, [(below[-1] - 1) // 2, below[-1] // 2], side="right")
    return held[first][0], held[last][0]


def _tallies(attributes: tuple[str, ...], read: Sequence[Read], middle: tuple[float, float] | None) -> Tallies:
    """No score lies between the middle two: above their mean is above the lower of them, however it is rounded."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for groups, said, score, n in read:
        counts = sums.setdefault(groups, [0, 0, 0, 0])  # in the order of Tally
        if said is not None:
            counts[0] += n
            counts[1] += n if said == 1 else 0
        if score is not None and middle is not None:
            counts[2] += n
            counts[3] += n if score > middle[0] else 0
    found = {groups: Tally(*counts) for groups, counts in sums.items()}
    return Tallies(attributes, found, None if middle is None else (middle[0] + middle[1]) / 2)
