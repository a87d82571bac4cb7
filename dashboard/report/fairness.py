"""Fairness readings: groups against a named reference, and the field's named largest-against-smallest metrics."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from dashboard.contract import UNKNOWN_GROUP, Contract
from dashboard.metrics import METRICS, fairness, multiclass, performance
from dashboard.rates import Difference, Estimate, Measure, Rate, Ratio, undefined
from dashboard.report.bounds import nothing_said, of_differences
from dashboard.report.cells import Cells, ordered, outcomes
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

NAMED: dict[str, tuple[Callable[..., Estimate], tuple[str, ...]]] = {
    "demographic_parity_difference": (fairness.demographic_parity_difference, ("selection_rate",)),
    "demographic_parity_ratio": (fairness.demographic_parity_ratio, ("selection_rate",)),
    "equalized_odds_difference": (fairness.equalized_odds_difference, ("true_positive_rate", "false_positive_rate")),
    "equalized_odds_ratio": (fairness.equalized_odds_ratio, ("true_positive_rate", "false_positive_rate")),
    "equal_opportunity_difference": (fairness.equal_opportunity_difference, ("true_positive_rate",)),
    "equal_opportunity_ratio": (fairness.equal_opportunity_ratio, ("true_positive_rate",)),
}
Compared = Mapping[str, Mapping[str, Rate]]  # rate -> group -> its counts
Words = Callable[[str, str, Measure], str]  # rate, group, its difference -> what missing labels could make of it


def fairness_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the readings of the kind fairness for each of the scope's attributes, for all where it names none."""
    contract = source.contract
    names = scope.attributes or (*contract.attribute_names, *("*".join(crossed) for crossed in contract.intersections))
    if contract.task == "regression" or not any(
        scope.wants(name) for name, m in METRICS.items() if m.kind == "fairness"
    ):
        return
    for attribute in names:
        yield from _of_attribute(source, scope, attribute)


def _of_attribute(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    cells = outcomes(source.snapshot, source.contract, scope, attribute)
    periods: dict[tuple[date | None, str | None], dict[str, Cells]] = defaultdict(dict)
    for (bucket, version, group), sums in cells.items():
        periods[bucket, version][group] = sums
    base = reference_group(source, attribute)
    for (bucket, version), groups in ordered(periods):
        known = {group: groups[group] for group in sorted(groups) if not is_unknown(group)}
        left = sum(sums.n for group, sums in groups.items() if is_unknown(group))
        note = f"{left:,} rows with unknown {attribute.replace('*', ' or ')} are not in it" if left else ""
        place = Place(version, attribute, bucket=bucket)
        missing = of_differences(known, base) if source.contract.task == "binary" else nothing_said
        yield from _contrasts(scope, place, rates_of(source.contract, known), base, missing)
        yield from _named(scope, place, rates_of(source.contract, known), note)


def rates_of(contract: Contract, groups: Mapping[str, Cells]) -> dict[str, dict[str, Rate]]:
    """Returns every rate of every group."""
    if contract.task == "multiclass":
        return {"accuracy": {group: multiclass.accuracy(cells.matrix()) for group, cells in groups.items()}}
    confusions = {group: sums.confusion() for group, sums in groups.items()}
    return {name: {g: function(c) for g, c in confusions.items()} for name, function in performance.RATES.items()}


def _contrasts(scope: Scope, place: Place, rates: Compared, base: str | None, missing: Words) -> Iterator[Reading]:
    for name, groups in rates.items():
        for suffix, contrast in (("difference", Difference), ("ratio", Ratio)):
            metric = f"{name}_{suffix}"
            if not scope.wants(metric):
                continue
            for group, rate in groups.items():
                if group == base:
                    continue
                there = Place(place.version, place.attribute, group, base, bucket=place.bucket)
                measure: Measure = (
                    contrast(rate, groups[base])
                    if base is not None and base in groups
                    else undefined(f"the reference group '{base}' has no rows here", rate.n)
                )
                note = missing(name, group, measure) if suffix == "difference" else ""
                yield reading(scope, metric, there, measure, note)


def _named(scope: Scope, place: Place, rates: Compared, note: str) -> Iterator[Reading]:
    for metric, (function, needed) in NAMED.items():
        if scope.wants(metric) and all(name in rates for name in needed):
            yield reading(scope, metric, place, function(*(rates[name] for name in needed)), note)


def is_unknown(group: str) -> bool:
    """Returns whether a group, or a part of an intersection's group, is unknown.

    >>> is_unknown("unknown*65+"), is_unknown("F*65+")
    (True, False)
    """
    return UNKNOWN_GROUP in re.split(r"(?<!\\)\*", group)


def reference_group(source: Source, attribute: str) -> str | None:
    """Returns the group that others are compared with: the contract's, else the largest of the whole log."""
    contract = source.contract
    parts = [contract.attribute(name).reference for name in attribute.split("*")]
    if all(parts):
        return "*".join(part or "" for part in parts)
    found = source.snapshot.rows(
        "SELECT grp, sum(n) AS n FROM outcomes WHERE attribute = $attribute GROUP BY grp ORDER BY n DESC, grp",
        {"attribute": attribute},
    ) or source.snapshot.rows(
        "SELECT grp, sum(n) AS n FROM errors WHERE attribute = $attribute GROUP BY grp ORDER BY n DESC, grp",
        {"attribute": attribute},
    )
    return next((group for group, _ in found if not is_unknown(group)), None)
