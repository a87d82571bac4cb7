"""What the page on the service reads beyond readings: promises with their budgets and burn rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.metrics.promises import Kept
from dashboard.policy import Promise
from dashboard.policy.text import PARTS
from dashboard.report import failures as fails
from dashboard.report import load as loads
from dashboard.report import promises
from dashboard.report.failures import Failures
from dashboard.report.load import Load
from dashboard.report.promises import Burn
from dashboard.ui.load import ENTRIES, Key, contract, days, held, key, model_of, policy
from dashboard.ui.state import LATEST, Scope
from dashboard.workspace import frame

LATENCIES = ("latency_p50", "latency_p95", "latency_p99", "throughput", "error_rate")


@dataclass(frozen=True)
class Promised:
    """A promise as it stood when the day before `until` ended; `over` is its budget day by day, `whole` if all were."""

    promise: Promise
    version: str | None
    until: date
    kept: Kept
    burns: Sequence[Burn]
    over: pd.DataFrame
    whole: bool


def promised(scope: Scope) -> list[Promised]:
    """Returns the policy's promises at the end of the scope's window, of the latest one at the end of the log."""
    rules = policy(scope.model)
    if rules is None or not rules.promises:
        return []
    extent = held(scope.model).extent
    until = extent.last + timedelta(days=1) if scope.window == LATEST else days(scope)[1]
    wanted = [(rule.promise, rule.version or scope.version) for rule in rules.rules if rule.promise is not None]
    return [_promised(key(scope.model), promise, version, extent.first, until) for promise, version in wanted]


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _promised(key: Key, promise: Promise, version: str | None, first: date, until: date) -> Promised:
    found = promises.hours(model_of(key).source(), promise, first, until, version)
    whole = (until - first).days > promise.days
    since = first + timedelta(days=promise.days - 1) if whole else first
    over = pd.DataFrame([asdict(day) for day in promises.budgets(promise, found, since, until)])
    kept = promises.kept(promise, found, until)
    return Promised(promise, version, until, kept, promises.burns(promise, found, until), over, whole)


def failures(scope: Scope) -> Failures:
    """Returns which statuses make the failures of the scope's window."""
    return _failures(key(scope.model), *days(scope), scope.version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _failures(key: Key, since: date, until: date, version: str | None) -> Failures:
    found = model_of(key)
    return fails.failures(found.source(), found.scope(since, until, version=version))


def against_load(scope: Scope) -> Load:
    """Returns latency against load in the scope's window."""
    return _against_load(key(scope.model), *days(scope), scope.version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _against_load(key: Key, since: date, until: date, version: str | None) -> Load:
    found = model_of(key)
    return loads.load(found.source(), found.scope(since, until, version=version))


def by_part(scope: Scope) -> dict[str, pd.DataFrame]:
    """Returns the latencies of the scope's window by version, endpoint and status, of what its log tells apart."""
    model, asked = contract(scope.model), (key(scope.model), *days(scope))
    found = {"version": _by_part(*asked, "*", None)}
    for column in PARTS:
        if column in model.columns:
            found[column] = _by_part(*asked, scope.version, column)
    return found


def cost_by_part(scope: Scope) -> dict[str, pd.DataFrame]:
    """Returns the logged cost of the scope's window by endpoint and status; {} where no cost is logged."""
    columns = contract(scope.model).columns
    asked = [column for column in PARTS if column in columns and "cost" in columns]
    since, until = days(scope)
    return {
        column: _by_part(key(scope.model), since, until, scope.version, column, ("cost_per_1000",)) for column in asked
    }


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _by_part(
    key: Key, since: date, until: date, version: str | None, column: str | None, metrics: tuple[str, ...] = LATENCIES
) -> pd.DataFrame:
    features = (f"{column}=*",) if column else None
    given: dict[str, Any] = {"kinds": ("service",), "metrics": metrics, "features": features}
    return frame(model_of(key).readings(since=since, until=until, version=version, **given))
