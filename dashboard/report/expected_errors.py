"""Estimated errors of a regression: how far off it will turn out to be, before the labels are there (DLE).

The loss model was fitted on the labelled reference; here its expected losses, added up by the rollup, become readings.
The reference's own days are left out: of them the model has seen the labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from dashboard.bins_losses import MODELS, LossFacts
from dashboard.metrics.direct import METHOD, Residuals, expected_loss, rooted
from dashboard.metrics.errors import SCALE, in_unit
from dashboard.rates import Estimate, undefined
from dashboard.report.cells import rows
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

ABSOLUTE, SQUARE = "estimated_mean_absolute_error", "estimated_root_mean_squared_error"


def expected_error_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the estimated errors for everybody or each group of the scope's attributes, by period and version.

    Only where they are asked for by their names, as every estimate.
    """
    wanted = [name for name in (ABSOLUTE, SQUARE) if scope.names(name)]
    if source.contract.task != "regression" or not wanted:
        return
    for attribute in scope.attributes or ("",):
        yield from _of_attribute(source, scope, attribute, wanted)


def _of_attribute(source: Source, scope: Scope, attribute: str, wanted: list[str]) -> Iterator[Reading]:
    facts = source.bins.losses
    since, until = date.fromisoformat(source.bins.since), date.fromisoformat(source.bins.until)
    parameters = scope.parameters(source.contract, attribute=attribute, skip_since=since, skip_until=until)
    found = rows(source.snapshot, "expected_errors", parameters) if facts else []
    for bucket, version, group, n, known, *sums in found:
        place = Place(version, attribute or None, group if attribute else None, bucket=bucket)
        why = _lacks(facts, attribute, group, n, known) if facts else ""
        for name in wanted:
            made = undefined(why, n, method=METHOD) if why or not facts else _made(source, facts, place, name, n, sums)
            yield reading(scope, name, place, made, "" if why or not facts else _fitted_on(facts, since, until))
    if not found and not scope.by:
        why = f"no case with a score outside {since} to {until}, on whose labels the loss model was fitted"
        why = why if facts else "the reference has fewer than 500 labels to learn the errors from"
        place = Place(None if scope.version == "*" else scope.version, attribute or None)
        yield from (reading(scope, name, place, undefined(why, method=METHOD)) for name in wanted)


def _fitted_on(facts: LossFacts, since: date, until: date) -> str:
    return f"fitted on {facts.groups['']['']:,} labels of {since} to {until - timedelta(days=1)}"


def _lacks(facts: LossFacts, attribute: str, group: str, n: int, known: int) -> str:
    """Returns why nothing can be said of a group's errors, "" where something can."""
    if known < n:
        versions = " and ".join(facts.versions)
        return f"{n - known} of {n} cases are of versions without labels in the reference, which has {versions}"
    if group not in facts.groups.get(attribute, {}):
        return "fewer than 500 labels of this group in the reference"
    return ""


def _made(source: Source, facts: LossFacts, place: Place, name: str, n: int, sums: list[int]) -> Estimate:
    """Returns one group's estimate; losses of a window with larger errors are expected to differ more."""
    reference = facts.groups[place.attribute or ""][place.group or ""]
    absolute, square = sums[:MODELS], sums[MODELS:]
    worse = max(square[0], 0) / n / SCALE / facts.square if n and facts.square else 1.0
    unit = source.bins.scale.error if source.bins.scale else 1.0
    if name == ABSOLUTE:
        residuals = Residuals(facts.variances[0], facts.deffs[0], reference, facts.blocks, worse)
        return in_unit(expected_loss(absolute, n, residuals), unit)
    residuals = Residuals(facts.variances[1], facts.deffs[1], reference, facts.blocks, worse**2)
    return in_unit(rooted(expected_loss(square, n, residuals)), unit)
