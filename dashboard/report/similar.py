"""Similar past cases: those of the labelled reference whose inputs lie nearest, and how they ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import log, store
from dashboard.contract import Feature
from dashboard.report.performance import Source
from dashboard.rollup.rows import typed, with_labels
from dashboard.settings import ModelPaths
from dashboard.sql import identifier, listing, literal

SAMPLE = 5_000  # labelled rows of the reference, at most about so many
NEAREST = 10
NAMES = 30  # categories that are told apart
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Past:
    """Labelled cases of the reference as points: numbers in standard deviations, each category a corner."""

    features: tuple[Feature, ...]
    middles: Mapping[str, tuple[float, float]]
    corners: Mapping[str, tuple[str, ...]]
    points: Any
    labels: tuple[Any, ...]
    since: date
    until: date

    def point(self, inputs: Mapping[str, Any]) -> list[float]:
        """Returns where a case lies; what is missing lies in the middle, and is a coordinate of its own."""
        found: list[float] = []
        for feature in self.features:
            value = inputs.get(feature.name)
            if feature.kind == "numeric":
                middle, spread = self.middles[feature.name]
                found += [0.0 if value is None else (float(value) - middle) / spread, float(value is None)]
            else:
                found += [float(str(value) == name) / np.sqrt(2) for name in self.corners[feature.name]]
        return found


@dataclass(frozen=True)
class Similar:
    """How the most similar past cases ended, the most frequent ending first; `of` is the sample's size."""

    endings: tuple[tuple[str, int], ...]
    of: int
    since: date
    until: date

    @property
    def cases(self) -> int:
        return sum(n for _, n in self.endings)


def past(source: Source, paths: ModelPaths) -> Past | None:
    """Returns a sample of the labelled reference, in one read of its days; None where it has fewer than NEAREST."""
    since, until = date.fromisoformat(source.bins.since), date.fromisoformat(source.bins.until)
    features = source.contract.features
    rows = _rows(source, paths, since, until)
    if len(rows) < NEAREST or not features:
        return None
    columns = list(zip(*rows, strict=True))
    middles, corners = {}, {}
    for feature, values in zip(features, columns[1:], strict=True):
        there = [value for value in values if value is not None]
        if feature.kind == "numeric":
            numbers = np.array(there or [0.0], dtype=float)
            middles[feature.name] = float(numbers.mean()), float(numbers.std()) or 1.0
        else:
            corners[feature.name] = tuple(name for name, _ in Counter(map(str, there)).most_common(NAMES))
    empty = Past(features, middles, corners, None, tuple(columns[0]), since, until)
    names = [feature.name for feature in features]
    points = np.array([empty.point(dict(zip(names, row[1:], strict=True))) for row in rows])
    return Past(features, middles, corners, _fitted(points), empty.labels, since, until)


def similar(past: Past, inputs: Mapping[str, Any]) -> Similar:
    """Returns how the NEAREST most similar cases ended."""
    _, places = past.points.kneighbors([past.point(inputs)], n_neighbors=NEAREST)
    endings = Counter(str(past.labels[place]) for place in places[0])
    return Similar(tuple(endings.most_common()), len(past.labels), past.since, past.until)


def _fitted(points: Floats) -> Any:
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=NEAREST).fit(points)


def _rows(source: Source, paths: ModelPaths, since: date, until: date) -> Sequence[tuple[Any, ...]]:
    contract, counted = source.contract, source.snapshot.batches()
    records = [record for record in log.read_records(paths.log) if record.batch in counted]
    files, labels = (
        [entry for entry in log.entries(paths.log, records, what) if since <= entry.day < until]
        for what in ("predictions", "labels")
    )
    if not files:
        return []
    inputs = "".join(f", {identifier(f'x_{feature.name}')}" for feature in contract.features)
    every = max(1, sum(entry.rows for entry in files) // SAMPLE)
    in_service = f" AND NOT list_contains({listing(contract.shadow)}, version)" if contract.shadow else ""
    with store.connect(temp_directory=paths.staging) as connection:
        rows = with_labels(connection, typed(connection, contract, files), labels)
        return list(
            connection.execute(
                f"SELECT label{inputs} FROM {rows} WHERE label IS NOT NULL{in_service} "  # noqa: S608
                f"AND hash(id, version, {literal(contract.name)}) % {every} = 0 ORDER BY id, version"
            ).fetchall()
        )
