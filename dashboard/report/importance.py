"""How much each input counts for what the model says: by the attributions that were logged, else by a surrogate.

A surrogate is a model of the model, learnt from a sample of the reference's rows. What was found is kept in a file
beside the rollup, by what it depends on.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dashboard import log, store
from dashboard.metrics.attributions import shares
from dashboard.metrics.surrogate import surrogate
from dashboard.report.attributions import reference
from dashboard.report.domain import KEPT, column
from dashboard.report.performance import Source
from dashboard.rollup.rows import typed
from dashboard.settings import ModelPaths
from dashboard.sql import identifier, literal

SAMPLE = 20_000  # rows of the reference, at most
CLASSES = 8  # of several classes those that are said most
EDGE = 0.001  # scores nearer to 0 or 1 count as this far off: the log-odds of 0 are no number
WEAK = 0.5  # an R2 under which a surrogate says little
CODE = 1  # raised when the same rows would give another answer
WARNING = "A model of the model, and one that follows it poorly (R2 {fit:.2f}): read the order with care."


@dataclass(frozen=True)
class Importance:
    """One input's share of all importances, which sum to 1, with 95 % limits over days or repeats."""

    feature: str
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Importances:
    """Every input, the most important first. `rows` were used; `fit` is the surrogate's R2 on rows it has not seen.

    `fit` is None where attributions were logged; `caveat` is a sentence, "" where there is none.
    """

    of: tuple[Importance, ...]
    source: Literal["logged", "surrogate"]
    rows: int
    fit: float | None
    caveat: str


def importances(source: Source, version: str | None = None) -> Importances | None:
    """Returns how much each input counts in the reference window; None where it cannot be said.

    Without logged attributions a surrogate is learnt, which takes seconds, once for a rollup and version.
    """
    found = known(source, version)
    if found is not None or source.paths is None or not source.contract.features:
        return found
    found, file = learnt(source, source.paths, version), _file(source, source.paths, version)
    with suppress(OSError):  # what cannot be kept is computed again
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(found and asdict(found)), encoding="utf-8")
        for old in sorted(file.parent.glob("*.json"), key=lambda one: one.stat().st_mtime_ns)[:-KEPT]:
            old.unlink(missing_ok=True)
    return found


def known(source: Source, version: str | None = None) -> Importances | None:
    """Returns what the rollup or an earlier answer says, None where a surrogate would have to be learnt."""
    logged = _logged(source, version) if source.contract.attributions else None
    if logged is None and source.paths is not None:
        with suppress(OSError, ValueError, TypeError, KeyError):
            kept = json.loads(_file(source, source.paths, version).read_text(encoding="utf-8"))
            return kept and Importances(**kept | {"of": tuple(Importance(**one) for one in kept["of"])})
    return logged


def _window(source: Source) -> tuple[date, date]:
    """Returns the reference window: the one that the bins were taken from."""
    return date.fromisoformat(source.bins.since), date.fromisoformat(source.bins.until)


def _logged(source: Source, version: str | None) -> Importances | None:
    days = reference(source, _window(source), version)
    if not days.means.any():
        return None
    named, there = list(source.contract.attributions), days.there
    values = zip(*(side[there].tolist() for side in shares(days)), strict=True)
    names = [name for name, some in zip(named, there, strict=True) if some]
    found = [Importance(name, *map(_plain, value)) for name, value in zip(names, values, strict=True)]
    absent = [feature.name for feature in source.contract.features if feature.name not in names]
    caveat = f"No attributions are logged of {', '.join(absent)}: how much that counts is not known." if absent else ""
    none = [Importance(name, None, None, None) for name in absent]
    return Importances((*_ordered(found), *none), "logged", days.rows, None, caveat)


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _ordered(found: list[Importance]) -> list[Importance]:
    return sorted(found, key=lambda one: -(one.share or 0.0))


def _file(source: Source, paths: ModelPaths, version: str | None) -> Path:
    asked = [source.snapshot.meta()["identity"], source.contract.digest, version, CODE, SAMPLE]
    name = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]
    return paths.rollup / "importance" / f"{name}.json"


def learnt(source: Source, paths: ModelPaths, version: str | None) -> Importances | None:
    """Returns what a surrogate says, learnt now; None where there is too little to learn from."""
    features, answers = source.contract.features, _answers(source)
    rows = _rows(source, paths, version, answers)
    if not rows:
        return None
    first = 1 + len(answers)
    said = _numbers(source, list(zip(*(row[1:first] for row in rows), strict=True)))
    named = tuple(place for place, feature in enumerate(features) if feature.kind == "categorical")
    inputs = [column([row[first + place] for row in rows], place in named) for place in range(len(features))]
    subjects = np.unique(np.array([row[0] for row in rows]), return_inverse=True)[1]
    found = surrogate(np.column_stack(inputs), said, subjects, named)
    if isinstance(found, str):
        return None
    values = zip(found.share.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    of = [Importance(feature.name, *value) for feature, value in zip(features, values, strict=True)]
    caveat = WARNING.format(fit=found.fit) if found.fit < WEAK else ""
    return Importances(tuple(_ordered(of)), "surrogate", len(rows), found.fit, caveat)


def _answers(source: Source) -> list[str]:
    """Returns the log's columns of what the model says: probabilities, a score or number, else the decision."""
    contract = source.contract
    scored = "score" in contract.columns and contract.task != "multiclass"
    return [f"p_{name}" for name in contract.classes[:CLASSES]] or ["score" if scored else "decision"]


def _numbers(source: Source, said: list[tuple[Any, ...]]) -> Any:
    """Returns what the model said, a column a number: log-odds of scores, a predicted number, decisions as 0 and 1."""
    if _answers(source) == ["decision"]:
        names, counts = np.unique(np.array(said[0]), return_counts=True)
        return (np.array(said[0])[:, None] == names[np.argsort(-counts, kind="stable")][:CLASSES]).astype(float)
    numbers = np.array(said, dtype=float).T
    if source.contract.task == "regression":
        return numbers
    bounded = np.clip(numbers, EDGE, 1 - EDGE)
    return np.log(bounded / (1 - bounded))


def _rows(source: Source, paths: ModelPaths, version: str | None, said: list[str]) -> list[tuple[Any, ...]]:
    """Returns subject, what was said and inputs of a sample of the reference: the rows whose hash comes first."""
    (since, until), contract = _window(source), source.contract
    counted = source.snapshot.batches()
    records = [record for record in log.read_records(paths.log) if record.batch in counted]
    files = [entry for entry in log.entries(paths.log, records, "predictions") if since <= entry.day < until]
    if not files:
        return []
    subject = "coalesce(subject, id)" if "subject" in contract.columns else "id"
    inputs = ", ".join(identifier(f"x_{feature.name}") for feature in contract.features)
    there = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in said)
    chosen = "NOT list_contains($shadow, version)" if version is None else "version = $version"
    given: dict[str, Any] = {"shadow": list(contract.shadow)} if version is None else {"version": version}
    seed = f"hash(id, version, {literal(contract.name)})"
    # A share by hash first: sorting all rows of a large log for a few would take its time.
    every = max(1, sum(entry.rows for entry in files) // (4 * SAMPLE))
    with store.connect(temp_directory=paths.staging) as connection:
        return list(
            connection.execute(
                f"SELECT {subject}, {', '.join(map(identifier, said))}, {inputs} "  # noqa: S608
                f"FROM {typed(connection, contract, files)} WHERE {chosen} AND {there} AND {seed} % {every} = 0 "
                f"ORDER BY {seed}, day, id, version LIMIT {SAMPLE}",
                given,
            ).fetchall()
        )
