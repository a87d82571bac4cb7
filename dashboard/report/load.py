"""Latency against load: the hours of a window, and the classes of hours by how many requests came."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.metrics.load import LoadClass, hourly_quantile, load_classes
from dashboard.metrics.service import Latencies
from dashboard.report.cells import rows
from dashboard.report.performance import Source
from dashboard.report.scope import Scope
from dashboard.report.service import answers


@dataclass(frozen=True)
class Load:
    """Each hour's requests and the latency 95 of 100 of them stayed within (hour, n, p95); the classes of hours."""

    hours: pd.DataFrame
    classes: list[LoadClass]


def load(source: Source, scope: Scope) -> Load:
    """Returns latency against load in the scope's window, all its versions' requests together."""
    parameters = scope.parameters(source.contract)
    del parameters["by"]
    counted = rows(source.snapshot, "volume_hours", parameters)
    at, n = (np.array([row[place] for row in counted], dtype=np.int64) for place in (1, 2))
    at, place = np.unique(at, return_inverse=True)
    requests = np.bincount(place, n, len(at)).astype(np.int64)
    found = [one for _, _, one in answers(source, replace(scope, by=None))]
    whole = Latencies.of(*(_joined(found, name) for name in ("hours", "bins", "counts")))
    hours, p95 = hourly_quantile(whole, 0.95)
    drawn = pd.DataFrame({"hour": at, "n": requests}).merge(pd.DataFrame({"hour": hours, "p95": p95}), on="hour")
    drawn["hour"] = pd.to_datetime(drawn["hour"] * 3600, unit="s")
    return Load(drawn, load_classes(at, requests, whole))


def _joined(found: list[Latencies], name: str) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, dtype=np.int64), *(getattr(one, name) for one in found)])
