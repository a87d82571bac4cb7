"""What each input's drift does to the model: its labelled reference, reweighed to where the input's values lie now.

One read of a sample of the reference's labelled rows gives how often the model was right (of a regression: how far off
it was) in each part of each input. That is kept in a file beside the rollup and serves every window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import log, store
from dashboard.contract import Feature
from dashboard.metrics.drift_effect import drift_effect
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.rates import Measure, undefined
from dashboard.report.cells import rows
from dashboard.report.drift import reference_shapes, refusal, shapes
from dashboard.report.kept import kept, known
from dashboard.report.own import Shape, edges
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading
from dashboard.rollup.rows import typed, with_labels
from dashboard.settings import ModelPaths
from dashboard.sql import identifier, listing, literal
from dashboard.sql.cases import decided

ACCURACY, ERROR = "accuracy_drift_effect", "error_drift_effect"
SAMPLE = 60_000  # labelled rows of the reference, at most about so many
FEWEST = 500
PARTS = 20  # of a numeric input, each with about as many cases of the reference
CATEGORIES = 60  # of a categorical one, the rarer ones together
CODE = 2  # raised when the same rows would give another answer
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tables:
    """What the reference's labelled rows say of each input: rows and sums by day (in order) and part of the input."""

    rows: int
    of: dict[str, tuple[Whole, Floats]]


@dataclass(frozen=True)
class Effect:
    """What one input's drift does to accuracy, or to the mean error of a regression."""

    feature: str
    measure: Measure


def metric(source: Source) -> str:
    """Returns what the effect is on: accuracy, of a regression the mean error."""
    return ERROR if source.contract.task == "regression" else ACCURACY


def effect_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields what each input's drift does, where it is asked for by name."""
    name = metric(source)
    if not scope.names(name):
        return
    refused = refusal(scope)
    if not refused and (scope.by or scope.version == "*"):
        refused = "it is of one window, of one version or of all together"
    version = None if scope.version == "*" else scope.version
    names = [
        feature.name for feature in source.contract.features if scope.features is None or feature.name in scope.features
    ]
    found = {} if refused else {one.feature: one.measure for one in effects(source, scope)}
    for feature in names:
        yield reading(scope, name, Place(version, feature=feature), found.get(feature) or undefined(refused or _FEW))


_FEW = f"the reference has fewer than {FEWEST} labelled rows, or the log is not at hand"


def effects(source: Source, scope: Scope) -> list[Effect]:
    """Returns what each input's drift does, the largest effect first; [] where the reference has too few labels.

    The first time the labelled reference is read; what it says is kept by the rollup.
    """
    found = None if source.paths is None or scope.reference is None else _tables(source, source.paths, scope.reference)
    return _effects(source, scope, found)


def known_effects(source: Source, scope: Scope) -> list[Effect] | None:
    """Returns the same where the reference was read before, else None: the log is not read."""
    if source.paths is None or scope.reference is None:
        return []
    found = known(source, source.paths, "effects", _asked(scope.reference), _parsed)
    return None if found is None else _effects(source, scope, found)


def _effects(source: Source, scope: Scope, tables: Tables | None) -> list[Effect]:
    if tables is None or tables.rows < FEWEST or scope.reference is None:
        return []
    then = reference_shapes(source, scope.reference)
    days = shapes(source, Scope(scope.since, scope.until, version=scope.version, by="day"))
    found, said = [], assumed(source, scope)
    for feature in source.contract.features:
        before = then.get((None, None, feature.name))
        current = [shape for (_, _, name), shape in days.items() if name == feature.name]
        if before is None or feature.name not in tables.of or not current:
            continue
        parts = _parts(source, feature, before)
        now = np.array([parts.counts(shape) for shape in current])
        trials, sums = tables.of[feature.name]
        effect = drift_effect(sums, trials, now)
        if said and effect.value is not None:
            effect = replace(effect, note="; ".join(filter(None, (effect.note, f"as if {said}"))))
        found.append(Effect(feature.name, effect))
    return sorted(found, key=lambda one: -abs(one.measure.value or 0))


def assumed(source: Source, scope: Scope) -> str:
    """Returns "v2 erred as v1 did" where a version answers in the window that the reference does not have, "" else."""
    assert scope.reference is not None
    then = _versions(source, *scope.reference)
    now = [scope.version] if scope.version else _versions(source, scope.since, scope.until)
    new = [name for name in now if name not in then]
    return f"{' and '.join(new)} erred as {' and '.join(then)} did" if new and then else ""


def _versions(source: Source, since: date, until: date) -> list[str]:
    """Returns the versions in service that answered on those days."""
    asked = Scope(since, until, version="*").parameters(source.contract)
    there = {version for _, version, *_ in rows(source.snapshot, "volume", asked)}
    return sorted(there - {*source.contract.shadow})


@dataclass(frozen=True, eq=False)
class Parts:
    """How an input is cut: `place` says of each value of a column its part, `counts` of each part its cases."""

    size: int
    place: Callable[[Any], Whole]
    counts: Callable[[Shape], Whole]


def _parts(source: Source, feature: Feature, reference: Shape) -> Parts:
    """Returns about PARTS parts of a number, the categories of a name; missing is one, unseen categories another."""
    if isinstance(reference, Histogram):
        return _of_number(edges(source, feature.name), reference)
    ranked = sorted(reference.counts, key=lambda name: (-reference.counts[name], name))
    code = {name: min(rank, CATEGORIES - 1) for rank, name in enumerate(ranked)}
    most = min(len(ranked), CATEGORIES)

    def counts(shape: Shape) -> Whole:
        assert isinstance(shape, Categories)
        found = np.zeros(most + 2, dtype=np.int64)
        for name, n in shape.counts.items():
            found[code.get(name, most + 1)] += n
        found[most] += shape.missing
        return found

    return Parts(
        most + 2,
        lambda values: np.array([most if v is None else code.get(str(v), most + 1) for v in values], dtype=np.int64),
        counts,
    )


def _of_number(cuts: Floats, reference: Histogram) -> Parts:
    total = max(reference.present, 1)
    before = np.cumsum(reference.counts) - reference.counts
    part = np.unique(np.minimum(before * PARTS // total, PARTS - 1), return_inverse=True)[1].astype(np.int64)
    most = int(part.max(initial=0)) + 1

    def place(values: Any) -> Whole:
        numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
        fine = np.searchsorted(cuts, numbers, side="right").clip(0, len(part) - 1)
        return np.where(np.isnan(numbers), most, part[fine]).astype(np.int64)

    def counts(shape: Shape) -> Whole:
        assert isinstance(shape, Histogram)
        return np.append(np.bincount(part, shape.counts, most), shape.missing).astype(np.int64)

    return Parts(most + 1, place, counts)


def _tables(source: Source, paths: ModelPaths, reference: tuple[date, date]) -> Tables:
    return kept(source, paths, "effects", _asked(reference), lambda: _learnt(source, paths, reference), _told, _parsed)


def _asked(reference: tuple[date, date]) -> list[str | int]:
    return [CODE, SAMPLE, *(str(day) for day in reference)]


def _told(tables: Tables) -> dict[str, Any]:
    of = {name: [trials.tolist(), sums.tolist()] for name, (trials, sums) in tables.of.items()}
    return {"rows": tables.rows, "of": of}


def _parsed(told: dict[str, Any]) -> Tables:
    of = {name: (np.array(t, dtype=np.int64), np.array(s, dtype=float)) for name, (t, s) in told["of"].items()}
    return Tables(int(told["rows"]), of)


def _learnt(source: Source, paths: ModelPaths, reference: tuple[date, date]) -> Tables:
    """Returns the tables of the labelled reference, read once for all inputs."""
    days, loss, columns = _read(source, paths, reference)
    found: dict[str, tuple[Whole, Floats]] = {}
    then = reference_shapes(source, reference)
    order, day = np.unique(days, return_inverse=True)
    for feature, values in zip(source.contract.features, columns, strict=True):
        before = then.get((None, None, feature.name))
        if before is None:
            continue
        parts = _parts(source, feature, before)
        cell = day * parts.size + parts.place(values)
        cells, shape = len(order) * parts.size, (len(order), parts.size)
        trials = np.bincount(cell, minlength=cells).astype(np.int64)
        sums = np.bincount(cell, loss, cells).astype(np.float64)
        found[feature.name] = trials.reshape(shape), sums.reshape(shape)
    return Tables(len(days), found)


def _read(source: Source, paths: ModelPaths, reference: tuple[date, date]) -> tuple[Whole, Floats, list[list[Any]]]:
    """Returns day, loss (1 where right, of a regression |error|) and the inputs of labelled rows of the reference."""
    contract, counted = source.contract, source.snapshot.batches()
    known_before = source.snapshot.meta().get("known_before")  # of a model as it was known on a day
    before = datetime.fromisoformat(known_before) if known_before else None
    records = [record for record in log.read_records(paths.log) if record.batch in counted]
    since, until = reference
    files, labels = (
        [entry for entry in log.entries(paths.log, records, what) if since <= entry.day < until]
        for what in ("predictions", "labels")
    )
    empty: tuple[Whole, Floats, list[list[Any]]]
    empty = np.zeros(0, dtype=np.int64), np.zeros(0), [[] for _ in contract.features]
    if not files:
        return empty
    told, truth = ("score", "label") if contract.task == "regression" else (decided(contract), "label")
    loss = f"abs(score - {truth})" if contract.task == "regression" else f"(({told}) = {truth})::DOUBLE"
    inputs = "".join(f", {identifier(f'x_{feature.name}')}" for feature in contract.features)
    every = max(1, sum(entry.rows for entry in files) // SAMPLE)
    chosen = f"hash(id, version, {literal(contract.name)}) % {every} = 0"
    in_service = f" AND NOT list_contains({listing(contract.shadow)}, version)" if contract.shadow else ""
    with store.connect(temp_directory=paths.staging) as connection:
        cases = with_labels(connection, typed(connection, contract, files), labels, before)
        found = connection.execute(
            f"SELECT day, {loss}{inputs} FROM {cases} "  # noqa: S608
            f"WHERE {truth} IS NOT NULL AND ({told}) IS NOT NULL AND {chosen}{in_service} ORDER BY day, id, version"
        ).fetchall()
    if not found:
        return empty
    columns = [list(column) for column in zip(*found, strict=True)]
    days = np.array([day.toordinal() for day in columns[0]], dtype=np.int64)
    return days, np.array(columns[1], dtype=float), columns[2:]
