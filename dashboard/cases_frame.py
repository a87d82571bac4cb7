"""Who could be drawn for review: every case of some days with its group, score, decision and label, in one read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import log, store
from dashboard.contract import Contract
from dashboard.errors import EvenhandError
from dashboard.rollup.rows import typed, with_labels
from dashboard.settings import ModelPaths
from dashboard.sql.cases import decided, group

MOST = 3_000_000  # cases at once: a window, not a year


@dataclass(frozen=True, eq=False)
class Candidates:
    """Cases in the order of day, version, id; `group` is "" without an attribute, `label` None where none has come."""

    day: list[date]
    version: list[str]
    id: list[str]
    group: NDArray[np.str_]
    score: NDArray[np.float64]
    decision: list[Any]
    label: list[Any]

    def sizes(self) -> dict[str, int]:
        """Returns how many cases each group has."""
        names, counts = np.unique(self.group, return_counts=True)
        return {str(name): int(n) for name, n in zip(names, counts, strict=True)}


def candidates(
    paths: ModelPaths, contract: Contract, since: date, until: date, version: str | None, attribute: str = ""
) -> Candidates:
    """Returns the cases of the days from `since` to before `until`, of a version or of all but shadows.

    Raises EvenhandError where there are none, or more than MOST.
    """
    known = log.read_records(paths.log)
    files, labels = (
        [entry for entry in log.entries(paths.log, known, what) if since <= entry.day < until]
        for what in ("predictions", "labels")
    )
    n = sum(entry.rows for entry in files)
    if not 0 < n <= MOST:
        raise EvenhandError(f"There are {n:,} cases in these days", f"1 to {MOST:,}", "Choose other days at the top")
    names = [contract.attribute(name) for name in attribute.split("*")] if attribute else []
    of_group = " || chr(42) || ".join(group(one) for one in names) or "''"
    chosen = "NOT list_contains($shadow, version)" if version is None else "version = $version"
    given: dict[str, Any] = {"shadow": list(contract.shadow)} if version is None else {"version": version}
    with store.connect(temp_directory=paths.staging) as connection:
        rows = with_labels(connection, typed(connection, contract, files), labels)
        found = connection.execute(
            f"SELECT day, version, id, {of_group}, score, {decided(contract)}, label FROM {rows} "  # noqa: S608
            f"WHERE {chosen} ORDER BY day, version, id",
            given,
        ).fetchall()
    if not found:
        raise EvenhandError("There are no cases of this version in these days", todo="Choose others at the top")
    days, versions, ids, groups, scores, decisions, truths = (list(column) for column in zip(*found, strict=True))
    score = np.array([np.nan if value is None else value for value in scores], dtype=float)
    return Candidates(days, versions, ids, np.array(groups, dtype=str), score, decisions, truths)
