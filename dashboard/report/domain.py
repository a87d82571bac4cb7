"""Inputs together: whether rows of a window can be told from the reference's, and which rows and inputs give it away.

The one reading of drift that takes rows of the log: a sample of both windows. What was found is kept in a file beside
the rollup, by what it depends on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from dashboard import log, store
from dashboard.metrics.domain import Progress, Sample, domain_auc, tell_apart
from dashboard.rates import Measure, undefined
from dashboard.report.drift import refusal
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading
from dashboard.rollup.rows import typed
from dashboard.settings import ModelPaths
from dashboard.sql import identifier, literal

NAME = "domain_auc"
SAMPLE = 4_000  # rows of either window, at most
TOP = 20  # rows that are named
KEPT = 20  # files of what was found
CODE = 1  # raised when the same rows would give another answer


@dataclass(frozen=True)
class Domain:
    """What was found of one window. `why` says in words why nothing could be; `rows` are (day, version, id, chance)."""

    why: str = ""
    area: float = 0.0
    error: float = 0.0
    days: int = 0
    then: int = 0
    now: int = 0
    inputs: tuple[tuple[str, float], ...] = ()
    rows: tuple[tuple[str, str, str, float], ...] = ()

    def measure(self) -> Measure:
        n = self.then + self.now
        if self.why:
            return undefined(self.why, n)
        note = f"a sample: {self.now:,} rows against {self.then:,} of the reference"
        return domain_auc(self.area, self.error, self.days, n, min(self.then, self.now), note)


def domain_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields how well the window's rows can be told from the reference's, where it is asked for by name."""
    if not scope.names(NAME):
        return
    refused = refusal(scope)
    if not refused and (scope.by or scope.version == "*"):
        refused = "it is of one window, of one version or of all together"
    if not refused and source.paths is None:
        refused = "the log is not at hand"
    version = None if scope.version == "*" else scope.version
    found = undefined(refused) if refused else domain(source, scope).measure()
    yield reading(scope, NAME, Place(version), found)


def domain(source: Source, scope: Scope, progress: Progress = lambda done, total: None) -> Domain:
    """Returns what tells the window from its reference; kept in a file by the rollup, the windows, the version."""
    kept = known(source, scope)
    if kept is not None:
        return kept
    assert source.paths is not None
    found, file = _told(source, source.paths, scope, progress), _file(source, source.paths, scope)
    with suppress(OSError):  # what cannot be kept is computed again
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(asdict(found)), encoding="utf-8")
        for old in sorted(file.parent.glob("*.json"), key=lambda one: one.stat().st_mtime_ns)[:-KEPT]:
            old.unlink(missing_ok=True)
    return found


def known(source: Source, scope: Scope) -> Domain | None:
    """Returns what was found before, None where it has to be learnt."""
    if source.paths is not None:
        with suppress(OSError, ValueError, TypeError, KeyError):
            return _parsed(json.loads(_file(source, source.paths, scope).read_text(encoding="utf-8")))
    return None


def _file(source: Source, paths: ModelPaths, scope: Scope) -> Path:
    asked = [source.snapshot.meta()["identity"], source.contract.digest, scope.version, CODE, SAMPLE]
    asked += [str(day) for day in (scope.since, scope.until, *(scope.reference or ()))]
    name = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]
    return paths.rollup / "domain" / f"{name}.json"


def _parsed(kept: dict[str, Any]) -> Domain:
    inputs, rows = (tuple(tuple(row) for row in kept[name]) for name in ("inputs", "rows"))
    return Domain(**(kept | {"inputs": inputs, "rows": rows}))


def _told(source: Source, paths: ModelPaths, scope: Scope, progress: Progress) -> Domain:
    features = source.contract.features
    assert scope.reference is not None
    if not features:
        return Domain("the contract names no inputs")
    sides = [
        _rows(source, paths, scope.version, since, until)
        for since, until in (scope.reference, (scope.since, scope.until))
    ]
    sizes = [len(side) for side in sides]
    if not all(sizes):
        return Domain("one of the two windows has no rows", then=sizes[0], now=sizes[1])
    rows = [row for side in sides for row in side]
    named = [place for place, feature in enumerate(features) if feature.kind == "categorical"]
    columns = [column([row[4 + place] for row in rows], place in named) for place in range(len(features))]
    now = np.repeat([False, True], sizes)
    subjects = np.unique(np.array([row[3] for row in rows]), return_inverse=True)[1]
    days = np.array([row[0].toordinal() for row in rows])
    found = tell_apart(Sample(np.column_stack(columns), now, days, subjects, tuple(named)), progress)
    if isinstance(found, str):
        return Domain(found, then=sizes[0], now=sizes[1])
    order = np.argsort(-np.where(now, found.chances, -1.0), kind="stable")[:TOP].tolist()
    given = sorted(zip([f.name for f in features], found.importance.tolist(), strict=True), key=lambda one: -one[1])
    top = tuple((str(rows[at][0]), str(rows[at][1]), str(rows[at][2]), float(found.chances[at])) for at in order)
    return Domain("", found.area, found.error, found.days, sizes[0], sizes[1], tuple(given), top)


def column(values: Sequence[Any], is_category: bool) -> Any:
    """Returns an input's values as numbers: categories by how often they occur, the rarest together; missing NaN."""
    if not is_category:
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    names, counts = np.unique(
        np.array([v for v in values if v is not None], dtype=object).astype(str), return_counts=True
    )
    code = {str(names[at]): min(rank, 60) for rank, at in enumerate(np.argsort(-counts, kind="stable"))}
    return np.array([np.nan if value is None else code[str(value)] for value in values], dtype=float)


def _rows(source: Source, paths: ModelPaths, version: str | None, since: date, until: date) -> list[tuple[Any, ...]]:
    """Returns day, version, id, subject and inputs of a sample of a window: the rows whose hash comes first."""
    counted = source.snapshot.batches()
    known = [record for record in log.read_records(paths.log) if record.batch in counted]
    files = [entry for entry in log.entries(paths.log, known, "predictions") if since <= entry.day < until]
    if not files:
        return []
    contract = source.contract
    subject = "coalesce(subject, id)" if "subject" in contract.columns else "id"
    inputs = ", ".join(identifier(f"x_{feature.name}") for feature in contract.features)
    chosen = "NOT list_contains($shadow, version)" if version is None else "version = $version"
    given: dict[str, Any] = {"shadow": list(contract.shadow)} if version is None else {"version": version}
    seed = f"hash(id, version, {literal(contract.name)})"
    # A share by hash first: sorting all rows of a large log for a few would take its time.
    every = max(1, sum(entry.rows for entry in files) // (4 * SAMPLE))
    with store.connect(temp_directory=paths.staging) as connection:
        rows = typed(connection, contract, files)
        return list(
            connection.execute(
                f"SELECT day, version, id, {subject}, {inputs} FROM {rows} "  # noqa: S608
                f"WHERE {chosen} AND {seed} % {every} = 0 ORDER BY {seed}, day, id, version LIMIT {SAMPLE}",
                given,
            ).fetchall()
        )
