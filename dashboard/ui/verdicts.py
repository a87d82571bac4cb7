"""Readings and what the policy says of them: a state beside each number, and the interval that it is read off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard.charts.words import in_order
from dashboard.contract import Contract
from dashboard.metrics import METRICS, RATES
from dashboard.metrics.table.calibration import CALIBRATION
from dashboard.metrics.table.groups import OF_ERRORS
from dashboard.policy import Finding
from dashboard.ui import load
from dashboard.ui.say import everybody
from dashboard.ui.state import Scope

DRAWN = 40
CONTRASTS = ("_difference", "_ratio")
ON_GROUPS = {"roc_auc_difference": "Scores", "mix_psi": "Who is served"}  # the view that shows a finding
COMPARED = frozenset((*RATES, *OF_ERRORS))  # what groups are compared by, one group at a time
ONE_INPUT, TOGETHER, LABELS = "One input", "Inputs together", "Labels and scores"  # views of Drift
WHY, DOES = "Why it decides", "What it does"
OF_DRIFT = {"concept_shift": LABELS, "domain_auc": TOGETHER, "attribution_ndcg": WHY}
OF_DRIFT |= {"accuracy_drift_effect": DOES, "error_drift_effect": DOES}
CALIBRATED = frozenset(metric.name for metric in CALIBRATION)


def frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """Returns findings as a table with the columns of `check --format json`."""
    return pd.DataFrame([finding.as_dict() for finding in findings])


def rate_of(metric: str) -> str:
    """Returns the rate or error that a contrast is made of, every other metric as it is.

    >>> rate_of("true_positive_rate_difference"), rate_of("accuracy")
    ('true_positive_rate', 'accuracy')
    """
    return next((metric.removesuffix(c) for c in CONTRASTS if metric.removesuffix(c) in COMPARED), metric)


def needs_labels(rate: str) -> bool:
    """Returns whether a rate waits for labels; one that does not is judged on newer days."""
    return "labels" in METRICS[rate].needs


def contrast(findings: Sequence[Finding], reference: str) -> str:
    """Returns the heading of a picture of contrasts with the reference group."""
    ratio = bool(findings) and all(finding.metric.endswith("_ratio") for finding in findings)
    return f"{'Ratio' if ratio else 'Difference'} to {reference}"


def rates(scope: Scope) -> list[str]:
    """Returns all that groups of the model are compared by, what a rule judges for the attribute first."""
    found = (f for f in load.findings(scope, "fairness") if f.attribute == scope.attribute)
    judged = [rate_of(f.metric) for f in found if f.feature == scope.of_class]
    known = compared(load.contract(scope.model), scope.of_class)
    return [name for name in dict.fromkeys((*judged, *known)) if name in known]


def compared(contract: Contract, of_class: str | None) -> list[str]:
    """Returns what groups of a model are compared by: rates, of one class all but accuracy, of numbers their errors."""
    if contract.task == "multiclass":
        return ["accuracy"] if of_class is None else [name for name in RATES if name != "accuracy"]
    errors = OF_ERRORS if contract.task == "regression" else ()
    tolerated = [name for name in errors if name != "beyond_tolerance_rate" or contract.tolerance is not None]
    return [*tolerated, *(RATES if contract.decides else ())]


def about(findings: Sequence[Finding], attribute: str | None, rate: str, of_class: str | None = None) -> list[Finding]:
    """Returns the findings on one rate's contrast by one attribute; those of the difference where there are both.

    Of several classes those of one class, or of all together.
    """
    of = (attribute, of_class)
    found = [f for f in findings if (f.attribute, f.feature) == of and f.group and rate_of(f.metric) == rate]
    differences = [f for f in found if f.metric.endswith("_difference")]
    return differences or found


def crossed(attribute: str) -> str:
    """Returns an attribute or intersection as it is named on screen.

    >>> crossed("sex*age_band")
    'sex × age band'
    """
    return attribute.replace("_", " ").replace("*", " × ")


def most_urgent_attribute(scope: Scope, known: Sequence[str]) -> str:
    """Returns the attribute of the first finding on fairness that is outside, else the contract's first."""
    outside = (str(f.attribute) for f in load.findings(scope, "fairness") if f.state == "outside")
    return next((attribute for attribute in outside if attribute in known), known[0])


def elsewhere(
    findings: Sequence[Finding], attribute: str | None, rate: str, of_class: str | None = None
) -> list[tuple[str, str, str | None, int]]:
    """Returns where else fairness is outside, as (attribute, rate, class, how many findings), the most urgent first."""
    outside = [f for f in findings if f.state == "outside" and f.attribute]
    counted = Counter((str(f.attribute), rate_of(f.metric), f.feature) for f in outside)
    return [(*where, n) for where, n in counted.items() if where != (attribute, rate, of_class)]


def shown_on(finding: Finding) -> tuple[str, dict[str, str]]:
    """Returns the page that shows a finding, and what of the scope to set for it."""
    if finding.metric in ON_GROUPS:
        return "groups", {"attribute": str(finding.attribute), "view": ON_GROUPS[finding.metric]}
    if finding.kind == "fairness" and finding.attribute:
        of_class = {"class": finding.feature} if finding.feature else {}
        return "fairness", {"attribute": finding.attribute, "metric": rate_of(finding.metric)} | of_class
    if finding.metric == "psi" and finding.feature:
        return "drift", {"feature": finding.feature, "view": OF_DRIFT.get(finding.metric, ONE_INPUT)}
    if finding.metric in OF_DRIFT:
        return "drift", {"view": OF_DRIFT[finding.metric]}
    of_kind = {"data": "data", "drift": "drift", "service": "service"}.get(finding.kind, "performance")
    page = "calibration" if finding.metric in CALIBRATED else of_kind
    return page, {"attribute": finding.attribute} if finding.attribute else {}


def judged(findings: Sequence[Finding]) -> pd.DataFrame:
    """Returns findings with the columns of readings, `state` added: the intervals are those the states are read off."""
    rows = frame(findings)
    return rows.assign(numerator=None, denominator=None, note=None, method=None, kind="") if len(rows) else rows


def with_states(readings: pd.DataFrame, findings: Sequence[Finding]) -> pd.DataFrame:
    """Returns readings by feature with the states of the findings on them, and with those findings' intervals."""
    by_feature: dict[Any, Finding] = {(f.metric, f.feature): f for f in reversed(findings)}  # of two rules the worse
    found = [by_feature.get(pair) for pair in zip(readings["metric"], readings["feature"], strict=True)]
    states: list[Any] = [f.state if f else None for f in found]
    kept = readings.assign(state=states)
    for end in ("low", "high"):
        own = readings[end].tolist()
        kept[end] = [getattr(f, end) if f else value for f, value in zip(found, own, strict=True)]
    return kept


def known_groups(readings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the readings of known groups, in order, and those of groups that are (in part) unknown."""
    unknown = readings["group"].astype(str).str.split("*").map(lambda parts: "unknown" in parts).astype(bool)
    places = {group: place for place, group in enumerate(in_order(readings["group"].dropna().astype(str)))}
    ordered = readings.sort_values("group", key=lambda groups: groups.map(places))
    return ordered[~unknown.reindex(ordered.index)], ordered[unknown.reindex(ordered.index)]


def drawn(readings: pd.DataFrame, reference: str | None, limit: int = DRAWN) -> pd.DataFrame:
    """Returns the groups that a picture has room for, in their order: the reference, the urgent, then the largest."""
    if readings["group"].nunique() <= limit:
        return readings
    states = readings["state"] if "state" in readings else pd.Series("within", readings.index)
    place = states.map({state: place for place, state in enumerate(load.STATES)}).where(
        states != "cannot be computed", 9
    )
    urgent = readings.assign(_place=place.where(readings["group"] != reference, -1), _n=-readings["n"].astype(float))
    kept = list(dict.fromkeys(urgent.sort_values(["_place", "_n"], kind="stable")["group"]))[:limit]
    return readings[readings["group"].isin(kept)]


def chosen(readings: pd.DataFrame, findings: pd.DataFrame, reference: str | None, limit: int = DRAWN) -> pd.DataFrame:
    """Returns the readings of the groups that there is room for, by what was found on each: see `drawn`."""
    if readings["group"].nunique() <= limit:
        return readings
    worst = {row["group"]: row["state"] for row in reversed(findings.to_dict("records"))}  # findings: worst first
    kept = drawn(readings.assign(state=readings["group"].map(worst)), reference, limit)["group"]
    return readings[readings["group"].isin(set(kept))]


def allowed(scope: Scope, metric: str) -> tuple[float | None, float | None] | None:
    """Returns the range that the first rule on a metric allows, whomever it is for; None where there is no rule."""
    policy = load.policy(scope.model)
    return next((rule.allowed for rule in policy.rules if rule.metric == metric), None) if policy else None


def computed(readings: pd.DataFrame) -> list[str]:
    """Returns the metrics that have a value for everybody and, of several classes, for all classes together."""
    shown = everybody(readings[readings["value"].notna() & (readings["metric"] != "count")])
    return list(dict.fromkeys(shown["metric"]))


def measured(readings: pd.DataFrame) -> bool:
    """Returns whether anything that needs labels has a value."""
    return any("labels" in METRICS[name].needs for name in computed(readings) if name in METRICS)


def together(rates: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Returns each group's rate with its contrast beside it, for download."""
    if differences.empty:
        return rates
    named = {name: f"contrast_{name}" for name in ("metric", "value", "low", "high", "state", "reference")}
    beside = differences[["group", *named]].rename(columns=named)
    return rates.drop(columns="reference").merge(beside, on="group", how="left")
