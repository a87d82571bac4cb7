"""What the Drift page reads: what moved in each feature, its trail, what was judged of each window, its groups."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.words import in_order
from dashboard.policy import Finding, check
from dashboard.report import moved
from dashboard.report.judged import judged
from dashboard.report.moved_groups import by_group
from dashboard.ui.load import ENTRIES, Key, drift, drift_days, held, key, model_of, policy, reference_days
from dashboard.ui.state import Scope

WINDOWS = 26  # drift windows that a trail goes back
JUDGED = 10  # those whose states are shown
FACTS = [*moved.Moved.__dataclass_fields__]
ENDS = ("value", "low", "high")


def inputs(scope: Scope) -> list[str]:
    """Returns the features that the contract names."""
    return [feature.name for feature in model_of(key(scope.model)).contract.features]


def facts(scope: Scope) -> pd.DataFrame:
    """Returns what moved most in each feature, its missing share then and now: a row a feature, the fields of Moved."""
    return _facts(key(scope.model), *drift_days(scope), scope.version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _facts(key: Key, since: date, until: date, version: str | None) -> pd.DataFrame:
    found = model_of(key)
    asked = found.scope(since, until, version=version, kinds=("drift",))
    return pd.DataFrame([asdict(one) for one in moved.facts(found.source(), asked)], columns=FACTS)


def trail(scope: Scope) -> pd.DataFrame:
    """Returns the PSI of every feature in the last drift windows up to the scope's: feature, since, value."""
    windows = [w for w in held(scope.model).plan.by_log.drift_windows if w.until <= drift_days(scope)[1]][-WINDOWS:]
    if not windows or reference_days(scope) is None:
        return pd.DataFrame(columns=["feature", "since", "value"])
    return _trail(key(scope.model), windows[0].since, windows[-1].until, windows[0].days, scope.version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _trail(key: Key, since: date, until: date, days: int, version: str | None) -> pd.DataFrame:
    found = model_of(key)
    asked = found.scope(since, until, version=version, kinds=("drift",), by=str(days))
    return pd.DataFrame(moved.trail(found.source(), asked), columns=["feature", "since", "value"])


def over_time(scope: Scope, feature: str) -> pd.DataFrame:
    """Returns one feature's PSI in the last scheduled drift windows, with the states that these were given.

    Each window is judged as `check` judged it when it was the newest, all features together. Without a policy: by
    week, no states.
    """
    windows = held(scope.model).plan.by_log.drift_windows
    if policy(scope.model) is None or not windows or reference_days(scope) is None:
        return drift(scope, ("psi",), feature, by="week").assign(state=None)
    found = [_judged(key(scope.model), scope.version, window.since, window.until) for window in windows[-JUDGED:]]
    kept = [worst(findings, feature) for findings in found]
    rows = pd.DataFrame([finding.as_dict() for finding in kept if finding])
    if rows.empty:
        return drift(scope, ("psi",), feature, by=str(windows[-1].days)).assign(state=None)
    return rows.assign(numerator=None, denominator=None, note=None)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _judged(key: Key, version: str | None, since: date, until: date) -> list[Finding]:
    found = model_of(key)
    assert found.policy is not None
    rules = tuple(replace(rule, version=rule.version or version) for rule in found.policy.of_kind("drift"))
    family = replace(found.policy, rules=rules)
    plan = found.plan()
    window = next(one for one in plan.every() if (one.since, one.until) == (since, until))
    return check(family, judged(found.source(), family, plan.on(window)))


def worst(findings: list[Finding], feature: str) -> Finding | None:
    """Returns the first finding on a feature's PSI: findings are in order, the worst first."""
    return next((one for one in findings if one.metric == "psi" and one.feature == feature), None)


def by_version(scope: Scope, feature: str) -> pd.DataFrame:
    """Returns one feature's PSI in the scope's drift window, a reading for each version."""
    return drift(replace(scope, version="*"), ("psi",), feature)


def groups(scope: Scope, feature: str) -> pd.DataFrame:
    """Returns how far one feature moved in each group of the scope's attribute, from the log: PSI and what moved."""
    return _groups(key(scope.model), *drift_days(scope), scope.version, scope.attribute or "", feature)


@st.cache_data(max_entries=ENTRIES, show_spinner="Reading these values by group")
def _groups(key: Key, since: date, until: date, version: str | None, attribute: str, feature: str) -> pd.DataFrame:
    found = model_of(key)
    asked = found.scope(since, until, version=version, attributes=(attribute,), kinds=("drift",))
    rows: list[dict[str, Any]] = [
        {"metric": "psi", "group": one.group, "since": since.isoformat(), "until": until.isoformat()}
        | dict(zip(ENDS, (one.psi.value, *one.psi.interval()), strict=True))
        | {"n": one.psi.n, "numerator": None, "denominator": None, "note": one.psi.note}
        | asdict(one.moved)
        for one in by_group(found.paths, found.source(), asked, feature)
    ]
    order = {group: place for place, group in enumerate(in_order(str(row["group"]) for row in rows))}
    rows.sort(key=lambda row: order[str(row["group"])])
    return pd.DataFrame(rows)
