"""The data page's view of values: in another unit, missing, out of range; and how many labels have come."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import charts
from dashboard.report.quality import OF_DELIVERIES, OF_FEATURES
from dashboard.report.unit_changes import UnitChange
from dashboard.ui import deliveries, load, parts, say, verdicts
from dashboard.ui.load import quality
from dashboard.ui.state import Scope

DRAWN = 4
CHECKED = (*OF_FEATURES, *OF_DELIVERIES)


def section(scope: Scope, units: Sequence[UnitChange]) -> None:
    """Does draw the view."""
    if units:
        parts.section("Values in another unit", deliveries.looked_at(units))
        parts.findings([(None, change.sentence) for change in units])
        for k, change in enumerate(units[:DRAWN]):
            daily, unit = deliveries.daily(change), load.unit(scope, change.feature)
            figure = charts.daily_medians(daily, change.since, change.until, unit)
            parts.picture(figure, f"unit-{k}", f"Median by day: {change.sentence}")
            parts.download(daily, f"unit-{k}")
        parts.table(deliveries.units(units), "Inputs whose unit seems to have changed", numbers=deliveries.MEASURED)
    constant = quality.stuck(scope.model)
    if constant:
        parts.section("Always the same value", "These inputs varied in the reference window; a sensor may be stuck.")
        parts.findings([(None, one.sentence) for one in constant])
    parts.note(deliveries.not_looked_at(quality.not_looked_at(scope.model)))
    _missing(scope)
    _rows(scope)
    checks = [finding for finding in load.findings(scope, "data") if finding.metric in CHECKED]
    if checks:
        parts.section("Checks", "What the policy says of values and rows; days, not values, are what varies.")
        parts.findings_table(checks, "Values and rows against the policy: outside first")
        parts.download(verdicts.frame(checks), "value-checks", "Download these checks (CSV)")
    _labels(scope)


def _missing(scope: Scope) -> None:
    found = load.missing(scope)
    parts.section("Missing values", deliveries.missing(found))
    if found.empty:
        parts.nothing(
            "No input is declared.", "Features in the contract are watched for missing and impossible values."
        )
        return
    parts.picture(charts.missing_strip(found), "missing", deliveries.missing(found))
    box = parts.opened("By input", "by-input")
    if box:
        with box:
            rows = deliveries.by_feature(found)
            parts.table(rows, "Missing and out of range, by input", numbers=deliveries.COUNTED)
    parts.download(found, "missing")


def _rows(scope: Scope) -> None:
    found = load.readings(scope, (*OF_DELIVERIES, "wrong_type_rate"), ("data",))
    parts.section("Rows", "By the day of each row. A log that is taken in afterwards is late as a whole.")
    parts.table(
        deliveries.rates(found), "Rows late, twice or turned away; values that were no numbers", deliveries.RATED
    )
    parts.download(found, "rows")


def _labels(scope: Scope) -> None:
    coverage = load.readings(scope, ("label_coverage",), ("data",), by="week", everything=True)
    if coverage["value"].notna().any():
        parts.section(
            "Labels", "Share of each week's predictions whose label has arrived; hollow where they still come."
        )
        settled = load.complete_until(scope.model).isoformat()
        figure = charts.over_time(coverage, load.promise(scope, "label_coverage"), settled=settled)
        parts.picture(figure, "labels", say.alt(coverage, "since"))
        parts.download(coverage, "labels")
