"""What a changed unit did to what the model says where it changed: the cause beside its effect."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from dashboard.metrics.performance import selection_rate
from dashboard.rates import Difference, Rate
from dashboard.report.cells import counted_cells, rows, scores
from dashboard.report.extent import extent
from dashboard.report.own import score_middles
from dashboard.report.performance import Source
from dashboard.report.scope import Scope
from dashboard.report.unit_changes import UnitChange

DAYS = 28  # compared on either side, fewer where a version began or the log ends
LEAST = 50  # cases on either side


def effect(source: Source, found: UnitChange) -> str:
    """Returns what the model selects since the change and what its mean score is, beside the days before; "" where
    too few cases, another kind of model or no attribute of the contract let it be told."""
    named = {attribute.name for attribute in source.contract.attributes}
    if source.contract.task != "binary" or found.attribute not in {None, *named}:
        return ""
    there = extent(source)
    began = [day for _, day in rows(source.snapshot, "version_starts", {}) if day <= found.since]
    first = max([there.first, found.since - timedelta(days=DAYS), *began])
    end = min(found.until or date.max, there.last + timedelta(days=1), found.since + timedelta(days=DAYS))
    sides = [_side(source, found, *days) for days in ((first, found.since), (found.since, end))]
    if any(rate.trials < LEAST for rate, _ in sides):
        return ""
    (before, was), (after, now) = sides
    low, high = Difference(after, before).interval()
    assert low is not None
    assert high is not None
    where, then = ("" if found.attribute is None else " there"), f"{100 * (before.value or 0):.0f}"
    by = f", {_between(low, high)} {'more' if low > 0 else 'fewer'} than the {then} before"
    if low <= 0 <= high:
        by = f" ({then} before: chance may do as much)"
    selects = f"Since then the model selects {100 * (after.value or 0):.0f} of 100 cases{where}{by}"
    return f"{selects}; their mean score is {now:.3f}, it was {was:.3f}."


def _between(low: float, high: float) -> str:
    """Returns the limits of a difference, in cases of 100.

    >>> _between(-0.062, -0.018)
    '2 to 6'
    """
    less, more = sorted((abs(low), abs(high)))
    return f"{100 * less:.0f} to {100 * more:.0f}"


def _side(source: Source, found: UnitChange, since: date, until: date) -> tuple[Rate, float]:
    """Returns how many of the cases in some days are selected, and their mean score."""
    attribute = found.attribute or ""
    scope = Scope(since, until)
    selected = [
        selection_rate(cells.confusion())
        for (_, _, group), cells in counted_cells(source.snapshot, source.contract, scope, attribute).items()
        if found.attribute is None or group == found.group
    ]
    size = len(source.bins.score_edges) + 1
    counts = np.zeros(size)
    for (_, _, group), of in scores(source.snapshot, source.contract, scope, attribute, size).items():
        if found.attribute is None or group == found.group:
            counts += of.sum(axis=0)
    mean = float(counts @ score_middles(source) / max(counts.sum(), 1))
    return (selected[0] if selected else Rate(0, 0)), mean
