"""Cases: rows of the log itself, filtered, newest first, and one case with everything that was delivered of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard import log, store
from dashboard.contract import Contract
from dashboard.rollup.rows import typed, with_labels
from dashboard.settings import ModelPaths
from dashboard.sql.cases import conditions, decided, groups, outcome

DAYS_AT_ONCE = 7


@dataclass(frozen=True)
class Filters:
    """Which cases are wanted; None is any. `outcome` is one of OUTCOMES; `group` belongs to `attribute`."""

    since: date
    until: date
    version: str | None = None
    outcome: str | None = None
    attribute: str | None = None
    group: str | None = None
    id: str | None = None
    score_from: float | None = None
    score_to: float | None = None


def cases(paths: ModelPaths, contract: Contract, filters: Filters, limit: int = 200) -> list[dict[str, Any]]:
    """Returns up to `limit` cases, newest first: id, version, time, day, score, decision, label, outcome, groups.

    The days are read from the newest back until there are enough.
    """
    found: list[dict[str, Any]] = []
    with store.connect(temp_directory=paths.staging) as connection:
        for predictions, labels in _chunks(paths, filters):
            source = with_labels(connection, typed(connection, contract, predictions), labels)
            where, parameters = conditions(contract, filters.__dict__)
            found += _dicts(
                connection,
                f"SELECT id, version, time, day, score, {decided(contract)} AS decision, label, "  # noqa: S608
                f"{outcome(contract)} AS outcome, {groups(contract)} latency_ms, status FROM {source} "
                f"WHERE {where} ORDER BY time DESC, id LIMIT {limit - len(found)}",
                parameters,
            )
            if len(found) >= limit:
                break
    return found


def case(paths: ModelPaths, contract: Contract, day: date, version: str, id: str) -> dict[str, Any] | None:
    """Returns one case by its address: roles by name, groups by attribute, delivered columns under `inputs`."""
    chosen = [[e for e in log.files(paths.log, what) if e.day == day] for what in ("predictions", "labels")]
    if not chosen[0]:
        return None
    with store.connect() as connection:
        source = with_labels(connection, typed(connection, contract, chosen[0]), chosen[1])
        rows = _dicts(
            connection,
            f"SELECT * REPLACE ({decided(contract)} AS decision), {groups(contract)} {outcome(contract)} AS outcome "  # noqa: S608
            f"FROM {source} WHERE id = $id AND version = $version",
            {"id": id, "version": version},
        )
    if not rows:
        return None
    row = rows[0]
    inputs = {name.removeprefix("x_"): row.pop(name) for name in list(row) if name.startswith("x_")}
    return {**row, "inputs": inputs}


def _chunks(paths: ModelPaths, filters: Filters) -> Iterator[tuple[Sequence[log.FileEntry], Sequence[log.FileEntry]]]:
    known = log.read_records(paths.log)
    predictions, labels = (log.entries(paths.log, known, what) for what in ("predictions", "labels"))
    days = sorted({e.day for e in predictions if filters.since <= e.day < filters.until}, reverse=True)
    for start in range(0, len(days), DAYS_AT_ONCE):
        chosen = set(days[start : start + DAYS_AT_ONCE])
        yield [e for e in predictions if e.day in chosen], [e for e in labels if e.day in chosen]


def _dicts(connection: Any, statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    result = connection.execute(statement, parameters)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
