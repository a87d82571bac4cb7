"""Service readings: latency quantiles, failures and throughput, with hours as blocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from dashboard.metrics import service
from dashboard.policy.text import PARTS
from dashboard.rates import undefined
from dashboard.report.cells import arrays, rows
from dashboard.report.energy import cost_by, energy_readings
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

QUANTILES = {
    "latency_p50": service.latency_p50,
    "latency_p95": service.latency_p95,
    "latency_p99": service.latency_p99,
}


def service_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the readings of the kind service, per period and version.

    With a feature such as `endpoint=/predict` or `status=*` (each there is) they are of these answers alone.
    """
    parts = [feature for feature in scope.features or () if part_of(feature)]
    for feature in parts:
        yield from _latency_by(source, scope, *feature.split("=", 1))
        yield from _answered_by(source, scope, *feature.split("=", 1))
        if scope.wants("cost_per_1000") and "cost" in source.contract.columns:
            yield from cost_by(source, scope, *feature.split("=", 1))
    if parts:
        return
    yield from _latency(source, scope)
    yield from energy_readings(source, scope)
    if scope.names("promise_kept"):
        why = "promises stand in policy.toml as [[slo]], and `evenhand check` judges them"
        yield reading(scope, "promise_kept", Place(scope.version), undefined(why))
    if not scope.any_of("error_rate", "throughput"):
        return
    named = "status" in source.contract.columns
    for bucket, version, n, days, failed, requests in rows(
        source.snapshot, "volume", scope.parameters(source.contract)
    ):
        place = Place(version, bucket=bucket)
        if scope.wants("error_rate"):
            known = service.error_rate(failed, requests) if named else undefined("the contract names no status", n)
            yield reading(scope, "error_rate", place, known)
        if scope.wants("throughput"):
            yield reading(scope, "throughput", place, service.throughput(n, 24 * days), "hours of days with requests")


def answers(source: Source, scope: Scope) -> Iterator[tuple[date | None, str | None, service.Latencies]]:
    """Yields all latencies of each period and version."""
    parameters = scope.parameters(source.contract, endpoint=None)
    for bucket, version, hours, occurring, bins, counts in arrays(source.snapshot, "latency", parameters):
        yield bucket, version, service.Latencies.of(np.repeat(hours, occurring), bins, counts)


def part_of(feature: str) -> str | None:
    """Returns which column a feature takes answers by, None where it is an input's name.

    >>> part_of("endpoint=/predict"), part_of("status=*"), part_of("age")
    ('endpoint', 'status', None)
    """
    column, given, _ = feature.partition("=")
    return column if given and column in PARTS else None


def _latency_by(source: Source, scope: Scope, column: str, name: str) -> Iterator[Reading]:
    wanted = [metric for metric in QUANTILES if scope.wants(metric)]
    parameters = scope.parameters(source.contract, column=column, name=name)
    found = arrays(source.snapshot, "latency_by", parameters) if wanted else ()
    for bucket, version, part, hours, occurring, bins, counts in found:
        latencies = service.Latencies.of(np.repeat(hours, occurring), bins, counts)
        for metric in wanted:
            place = Place(version, feature=f"{column}={part}", bucket=bucket)
            yield reading(scope, metric, place, QUANTILES[metric](latencies))


def _answered_by(source: Source, scope: Scope, column: str, name: str) -> Iterator[Reading]:
    """Yields failures (of an endpoint: a status says itself whether it is one) and requests per hour."""
    wanted = scope.any_of("throughput", *(("error_rate",) if column == "endpoint" else ()))
    parameters = scope.parameters(source.contract, column=column, name=name)
    for bucket, version, part, n, days, failed, requests in (
        rows(source.snapshot, "answered", parameters) if wanted else ()
    ):
        place = Place(version, feature=f"{column}={part}", bucket=bucket)
        if scope.wants("error_rate") and column == "endpoint" and "status" in source.contract.columns:
            yield reading(scope, "error_rate", place, service.error_rate(failed, requests))
        if scope.wants("throughput"):
            yield reading(scope, "throughput", place, service.throughput(n, 24 * days), "hours of days with requests")


def _latency(source: Source, scope: Scope) -> Iterator[Reading]:
    wanted = [name for name in QUANTILES if scope.wants(name)]
    if not wanted:
        return
    found = list(answers(source, scope))
    for bucket, version, latencies in found:
        for name in wanted:
            yield reading(scope, name, Place(version, bucket=bucket), QUANTILES[name](latencies))
    if not found and not scope.by:
        for name in wanted:
            yield reading(scope, name, Place(), undefined("0 requests with a latency"))
