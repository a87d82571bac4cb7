"""The counts behind pictures that no single reading holds: all latencies, two distributions, gaps, delays of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.metrics import service
from dashboard.metrics.histograms import Categories, Histogram
from dashboard.report.cells import rows
from dashboard.report.drift import reference_shapes, shapes
from dashboard.report.labels import curves
from dashboard.report.own import edges
from dashboard.report.performance import Source
from dashboard.report.scope import Scope
from dashboard.report.service import answers

DRAWN = 48  # bins of a drawn distribution
PERIODS = 240  # columns of a heat map, at most about so many


def latencies(source: Source, scope: Scope) -> pd.DataFrame:
    """Returns all answers of the scope by period and latency bin: time, low, high (ms), n.

    A period is as many whole hours as make about PERIODS of them.
    """
    found = [one for _, _, one in answers(source, replace(scope, by=None))]
    nothing = np.zeros(0, dtype=np.int64)
    hours, bins, counts = (
        np.concatenate([nothing, *(getattr(one, name) for one in found)]) for name in ("hours", "bins", "counts")
    )
    step = max(1, round((scope.until - scope.since).days * 24 / PERIODS))
    edges = np.array([0.0, *service.edges(), np.inf])
    first, wide = int(hours.min() if len(hours) else 0) // step, len(edges) - 1
    summed = np.bincount((hours // step - first) * wide + bins, counts).astype(np.int64)  # exact: far below 2^53
    cells = np.flatnonzero(summed)
    at, place = pd.to_datetime((cells // wide + first) * step * 3600, unit="s"), cells % wide
    shown = {"time": at, "low": edges[place], "high": np.minimum(edges[place + 1], 1e7), "n": summed[cells]}
    return pd.DataFrame(shown)


def volume(latency: pd.DataFrame) -> pd.DataFrame:
    """Returns requests by period: time and n, from what `latencies` returns."""
    return latency.groupby("time")["n"].sum().reset_index()


def delay_curves(source: Source, scope: Scope) -> pd.DataFrame:
    """Returns the share of labels that comes within so many days, by group of the scope's first attribute or everybody.

    Learnt from all days of the log. Columns: group, delay, share, low, high, n (labels that came), at_risk.
    """
    found = curves(source.snapshot, scope.attributes[0] if scope.attributes else "")
    most = max((curve.longest for curve in found.values()), default=0) + 1
    parts = []
    for (_, group, _), curve in found.items():
        low, high = curve.interval()
        shares = {"share": curve.share, "low": low, "high": high, "at_risk": curve.at_risk}
        drawn = pd.DataFrame({name: _upto(values, most) for name, values in shares.items()})
        parts.append(drawn.assign(group=group or None, delay=np.arange(most), n=curve.n))
    columns = ["group", "delay", "share", "low", "high", "n", "at_risk"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _upto(values: NDArray[Any], most: int) -> NDArray[Any]:
    """Returns values for the delays 0 to `most` - 1; beyond its end a curve stays where it is."""
    return np.pad(values[:most], (0, max(0, most - len(values))), mode="edge")


def missing(source: Source, scope: Scope) -> pd.DataFrame:
    """Returns missing and out-of-range values by day and feature: day, feature, n, missing, out_of_range."""
    asked = replace(scope, by="day", version=None).parameters(source.contract, feature=None)
    found = [(row[0], *row[2:]) for row in rows(source.snapshot, "quality", asked)]
    return pd.DataFrame(found, columns=["day", "feature", "n", "missing", "out_of_range"])


def distribution(source: Source, scope: Scope, feature: str) -> pd.DataFrame:
    """Returns a feature in the reference and now, as shares.

    Numeric: low, high, reference, now on DRAWN equal bins, what lies outside in the end bins. Categorical: category,
    reference, now. Empty where one of the two windows has nothing.
    """
    if scope.reference is None:
        return pd.DataFrame()
    asked = replace(scope, features=(feature,), by=None)
    then = reference_shapes(source, scope.reference).get((None, None, feature))
    now = next(iter(shapes(source, asked).values()), None)
    if isinstance(then, Categories) and isinstance(now, Categories):
        return _categories(then, now)
    if isinstance(then, Histogram) and isinstance(now, Histogram):
        return _numeric(edges(source, feature), then, now)
    return pd.DataFrame()


def _categories(then: Categories, now: Categories) -> pd.DataFrame:
    names = [*dict.fromkeys((*then.counts, *now.counts)), "missing"]
    columns = {
        when: [{**shape.counts, "missing": shape.missing}.get(name, 0) / max(shape.n, 1) for name in names]
        for when, shape in (("reference", then), ("now", now))
    }
    found = pd.DataFrame({"category": names} | columns)
    return found[(found["reference"] > 0) | (found["now"] > 0)].reset_index(drop=True)


def _numeric(edges: NDArray[np.float64], then: Histogram, now: Histogram) -> pd.DataFrame:
    if len(edges) < 2 or not then.present or not now.present:
        return pd.DataFrame()
    drawn = np.linspace(edges[0], edges[-1], DRAWN + 1)
    columns = {name: _spread(edges, shape.counts, drawn) for name, shape in (("reference", then), ("now", now))}
    return pd.DataFrame({"low": drawn[:-1], "high": drawn[1:]} | columns)


def _spread(
    edges: NDArray[np.float64], counts: Sequence[int] | NDArray[np.int64], drawn: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Returns shares on the drawn bins: counts spread evenly inside their fine bin, the open ends on the outermost."""
    known = np.asarray(counts, dtype=float)
    below = np.cumsum(known)[: len(edges)]  # how many lie below each edge
    cumulative = np.interp(drawn, edges, below)
    cumulative[0], cumulative[-1] = 0.0, known.sum()
    shares: NDArray[np.float64] = np.diff(cumulative) / known.sum()
    return shares
