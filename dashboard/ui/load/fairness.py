"""What the fairness page reads beside single readings: all metrics of all groups in one table, and their tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
import streamlit as st

from dashboard.metrics import METRICS
from dashboard.metrics.homogeneity import Alike, alike
from dashboard.policy import Finding
from dashboard.rates import Rate
from dashboard.report.fairness import is_unknown
from dashboard.ui.load import ENTRIES, Key, days, key, model_of, readings
from dashboard.ui.state import Scope
from dashboard.ui.verdicts import rate_of

__all__ = ["Alike", "all_metrics", "counts", "gaps", "homogeneity", "rates"]
DIFFERENCE = "_difference"
OWN = ["metric", "group", "n", "numerator", "denominator", "value", "low", "high", "note"]
JUDGED = ("metric", "value", "low", "high", "state", "level")


def counts(scope: Scope, labels: bool) -> pd.DataFrame:
    """Returns how many rows each group of the attribute has in the window, the unknown ones too."""
    return readings(scope, ("count",), ("data",), labels=labels, attribute=scope.attribute)


def gaps(scope: Scope, metrics: Sequence[str]) -> pd.DataFrame:
    """Returns what is read of all groups, or of each, by these names; each in the window that it is judged on."""
    parts = [
        readings(scope, chosen, ("fairness",), labels=late, attribute=scope.attribute)
        for late, chosen in _windows(metrics)
    ]
    return pd.concat(parts, ignore_index=True)


def rates(scope: Scope, metrics: Sequence[str], findings: Sequence[Finding]) -> pd.DataFrame:
    """Returns every metric of every group, a row each, beside it what the policy finds of its contrast.

    Columns: those of OWN; of the contrast that the policy judges `judged_metric`, its value and interval at
    `judged_level`, and `judged_state`.
    """
    parts = [
        readings(scope, chosen, ("performance",), labels=late, attribute=scope.attribute)
        for late, chosen in _windows(metrics)
    ]
    own = pd.concat(parts, ignore_index=True)[OWN]
    return own.merge(_verdicts(findings), on=["metric", "group"], how="left")


def all_metrics(scope: Scope, metrics: Sequence[str], findings: Sequence[Finding]) -> pd.DataFrame:
    """Returns the same with each metric's difference to the reference, judged or not: what is downloaded.

    `difference` has its 95 % interval, `difference_low` to `difference_high`, and `reference`.
    """
    apart = gaps(scope, [metric + DIFFERENCE for metric in metrics])
    named = {"value": "difference", "low": "difference_low", "high": "difference_high"}
    apart = apart.assign(metric=apart["metric"].str.removesuffix(DIFFERENCE)).rename(columns=named)
    beside = apart[["metric", "group", *named.values(), "reference"]]
    return rates(scope, metrics, findings).merge(beside, on=["metric", "group"], how="left")


def _windows(metrics: Sequence[str]) -> list[tuple[bool, tuple[str, ...]]]:
    """Returns the metrics that wait for labels and those that do not: they are read of different days."""
    sides = [(late, tuple(m for m in metrics if ("labels" in METRICS[m].needs) == late)) for late in (True, False)]
    return [(late, chosen) for late, chosen in sides if chosen]


def _verdicts(findings: Sequence[Finding]) -> pd.DataFrame:
    """Returns a row for each finding on a group's contrast, by what the contrast is made of."""
    rows = [
        {"metric": rate_of(f.metric), "group": f.group} | {f"judged_{name}": getattr(f, name) for name in JUDGED}
        for f in findings
    ]
    return pd.DataFrame(rows, columns=["metric", "group", *(f"judged_{name}" for name in JUDGED)]).drop_duplicates(
        ["metric", "group"]
    )


def homogeneity(scope: Scope, metrics: Sequence[str]) -> dict[str, Alike]:
    """Returns for each rate the test that all known groups have the same; one for a rate and its mirror image."""
    once = {METRICS[name].family: name for name in reversed(metrics)}
    asked = tuple(name for name in metrics if once[METRICS[name].family] == name)
    found: dict[str, Alike] = {}
    for late, chosen in _windows(asked):
        window = days(scope, labels=late)
        found |= _homogeneity(key(scope.model), *window, scope.version, scope.attribute or "", scope.of_class, chosen)
    return found


@st.cache_data(max_entries=ENTRIES, show_spinner="Dealing the cases out anew")
def _homogeneity(
    key: Key,
    since: date,
    until: date,
    version: str | None,
    attribute: str,
    of_class: str | None,
    metrics: tuple[str, ...],
) -> dict[str, Alike]:
    found = model_of(key).readings(
        since=since, until=until, version=version, attributes=(attribute,), metrics=metrics, kinds=("performance",),
        features=(of_class,) if of_class else None,
    )  # fmt: skip
    rates: dict[str, dict[str, Rate]] = {name: {} for name in metrics}
    for one in found:
        if one.group is not None and not is_unknown(one.group) and isinstance(one.measure, Rate):
            rates[one.metric][one.group] = one.measure
    tests = {name: alike(groups) for name, groups in rates.items()}
    return {name: test for name, test in tests.items() if test}
