"""Data readings of each feature: missing, out of range, of a category that the reference does not have.

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

OF_FEATURES = ("missing_rate", "out_of_range_rate", "unseen_category_rate")


def quality_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields what is wrong with the values of each feature, per period and version, days as blocks."""
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
