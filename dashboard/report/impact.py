"""What Local Law 144's tables are made of: selections, and scores above the exact median, by pairs of groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from dashboard import log, store
from dashboard.report.performance import Source
from dashboard.report.scope import Scope
from dashboard.rollup.rows import typed
from dashboard.settings import ModelPaths
from dashboard.sql.cases import decided, group

SHADOW = "NOT list_contains($shadow, version)"


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
    mean of the middle two (6 RCNY 5-300); above it means strictly above.
    """
    counted = source.snapshot.batches()
    known = [record for record in log.read_records(paths.log) if record.batch in counted]
    files = [e for e in log.entries(paths.log, known, "predictions") if scope.since <= e.day < scope.until]
    if not files or source.contract.task != "binary":
        return Tallies(attributes, {}, None)
    contract = source.contract
    names = [group(contract.attribute(name)) for name in attributes]
    groups = "".join(f"{expression} AS g{k}, " for k, expression in enumerate(names))
    version = {"shadow": list(contract.shadow)} if scope.version is None else {"version": scope.version}
    keys = "".join(f"g{k}, " for k in range(len(names)))
    with store.connect(temp_directory=paths.staging) as connection:
        rows = connection.execute(
            f"WITH chosen AS (SELECT {groups}{decided(contract)} AS said, score "  # noqa: S608
            f"FROM {typed(connection, contract, files)} "
            f"WHERE {SHADOW if scope.version is None else 'version = $version'}), "
            "middle AS (SELECT median(score) AS score FROM chosen) "
            f"SELECT {keys}count(said), count(*) FILTER (said = 1), count(chosen.score), "
            "count(*) FILTER (chosen.score > middle.score), any_value(middle.score) "
            "FROM chosen, middle GROUP BY ALL ORDER BY ALL",
            version,
        ).fetchall()
    by_groups = {row[: len(names)]: Tally(*row[len(names) : -1]) for row in rows}
    return Tallies(attributes, by_groups, rows[0][-1] if rows else None)
