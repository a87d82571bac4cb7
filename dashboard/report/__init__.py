"""The report: a scope becomes readings, one tidy row for each metric, group and period.

Every number comes from the rollup's sums; no row of the log is read here.
"""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.report.attributions import attribution_readings
from dashboard.report.calibration import calibration_readings
from dashboard.report.cells import rows
from dashboard.report.concept import concept_readings
from dashboard.report.domain import domain_readings
from dashboard.report.drift import drift_readings
from dashboard.report.effects import effect_readings
from dashboard.report.estimated import estimated_readings
from dashboard.report.expected_errors import expected_error_readings
from dashboard.report.fairness import fairness_readings
from dashboard.report.mix import mix_readings
from dashboard.report.performance import Source, performance_readings
from dashboard.report.quality import quality_readings
from dashboard.report.reviewed import without_reviews
from dashboard.report.scope import COLUMNS, KINDS, Reading, Scope, check_names
from dashboard.report.service import service_readings
from dashboard.report.value import value_readings
from dashboard.report.versions import version_readings

__all__ = ["COLUMNS", "KINDS", "Reading", "Scope", "Source", "check_names", "readings", "rows"]


def readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the readings of a scope, kind by kind; raises EvenhandError for names that the contract does not have."""
    check_names(source.contract, scope.attributes, scope.features)
    for part in scope.parts():
        yield from _of_kinds(source, part)


def _of_kinds(source: Source, scope: Scope) -> Iterator[Reading]:
    if {"performance", "data"} & set(scope.kinds):
        yield from performance_readings(source, scope)
        yield from value_readings(source, scope)
        yield from version_readings(source, scope)
        yield from calibration_readings(source, scope)
        yield from without_reviews(scope)
    if "data" in scope.kinds:
        yield from quality_readings(source, scope)
    if "fairness" in scope.kinds:
        yield from fairness_readings(source, scope)
    yield from estimated_readings(source, scope)
    yield from expected_error_readings(source, scope)
    if "drift" in scope.kinds:
        yield from drift_readings(source, scope)
        yield from mix_readings(source, scope)
        yield from concept_readings(source, scope)
        yield from domain_readings(source, scope)
        yield from attribution_readings(source, scope)
        yield from effect_readings(source, scope)
    if "service" in scope.kinds:
        yield from service_readings(source, scope)
