"""Data readings of each feature: missing, out of range, unseen, not a number; of deliveries: late, twice, turned away.

They are given where they are asked for, by name or by feature: who asks for everything gets what there was before.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dashboard.metrics import quality
from dashboard.rates import Measure, undefined
from dashboard.report.cells import rows
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

OF_FEATURES = ("missing_rate", "out_of_range_rate", "unseen_category_rate", "wrong_type_rate")
OF_DELIVERIES = ("late_rate", "duplicate_rate", "rejected_rate")
LATE_DAYS = 1
UNCOUNTED = "not counted when these rows were taken in"


def quality_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields what is wrong with deliveries and the values of each feature, per period and version, days as blocks."""
    yield from _delivered(source, scope)
    wanted = [name for name in OF_FEATURES if scope.names(name) or (scope.features is not None and scope.wants(name))]
    features = {feature.name: feature for feature in source.contract.features}
    asked = [name for name in features if scope.features is None or name in scope.features]
    if not wanted or not asked:
        return
    parameters = scope.parameters(source.contract)
    if {"missing_rate", "out_of_range_rate"} & set(wanted):
        for bucket, version, name, n, missing, outside in rows(source.snapshot, "quality_days", parameters):
            if name not in asked:
                continue
            place = Place(version, feature=name, bucket=bucket)
            if "missing_rate" in wanted:
                yield reading(scope, "missing_rate", place, quality.missing_rate(missing, n))
            if "out_of_range_rate" in wanted and features[name].kind == "numeric":
                bounded = (features[name].minimum, features[name].maximum) != (None, None)
                present = np.subtract(n, missing)
                found: Measure = quality.out_of_range_rate(outside, present)
                why = undefined("the contract gives it no range", int(present.sum()))
                yield reading(scope, "out_of_range_rate", place, found if bounded else why)
    if "unseen_category_rate" in wanted:
        yield from _unseen(source, scope, [name for name in asked if features[name].kind == "categorical"])
    if "wrong_type_rate" in wanted:
        yield from _unread(source, scope, [name for name in asked if features[name].kind == "numeric"])


def _unseen(source: Source, scope: Scope, features: list[str]) -> Iterator[Reading]:
    if scope.reference is None:
        for name in features:
            place = Place(feature=name)
            yield reading(scope, "unseen_category_rate", place, undefined("there is no reference window"))
        return
    since, until = scope.reference
    asked = scope.parameters(source.contract, reference_since=since, reference_until=until)
    for bucket, version, name, n, unseen in rows(source.snapshot, "unseen_days", asked):
        if name in features:
            place = Place(version, feature=name, bucket=bucket)
            yield reading(scope, "unseen_category_rate", place, quality.unseen_category_rate(unseen, n))


def _unread(source: Source, scope: Scope, features: list[str]) -> Iterator[Reading]:
    found = rows(source.snapshot, "unread_days", scope.parameters(source.contract, features=features))
    for bucket, version, name, n, unread in found:
        place = Place(version, feature=name, bucket=bucket)
        yield reading(scope, "wrong_type_rate", place, quality.wrong_type_rate(unread, n))
    if not found:
        for name in features:
            yield reading(scope, "wrong_type_rate", Place(feature=name), undefined(UNCOUNTED))


def _delivered(source: Source, scope: Scope) -> Iterator[Reading]:
    wanted = [name for name in OF_DELIVERIES if scope.names(name)]
    if not wanted:
        return
    found = rows(source.snapshot, "intake_days", scope.parameters(source.contract, late_days=LATE_DAYS))
    for bucket, version, delivered, accepted, duplicates, rejected, late in found:
        rates = {
            "late_rate": quality.late_rate(late, accepted),
            "duplicate_rate": quality.duplicate_rate(duplicates, delivered),
            "rejected_rate": quality.rejected_rate(rejected, delivered),
        }
        for name in wanted:
            yield reading(scope, name, Place(version, bucket=bucket), rates[name])
    if not found:
        for name in wanted:
            yield reading(scope, name, Place(), undefined(UNCOUNTED))
