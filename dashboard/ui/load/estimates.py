"""What is estimated before labels arrive, as pages read it: over time, for the days waited for, past against come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard.metrics import METRICS
from dashboard.policy import Window
from dashboard.report import track_record
from dashboard.ui.load import ENTRIES, Key, contract, held, key, model_of
from dashboard.ui.state import Scope
from dashboard.workspace import frame

PREFIX = "estimated_"


def metrics(scope: Scope, kind: str = "performance") -> list[str]:
    """Returns the metrics of the model's task that can be estimated, without "estimated_"."""
    task = contract(scope.model).task
    return [
        name.removeprefix(PREFIX)
        for name, metric in METRICS.items()
        if name.startswith(PREFIX) and metric.kind == kind and task in metric.tasks
    ]


def coming_days(scope: Scope) -> tuple[date, date] | None:
    """Returns the days whose labels are still coming, None where there are none."""
    extent = held(scope.model).extent
    end = extent.last + timedelta(days=1)
    return (extent.complete_until, end) if extent.complete_until < end else None


def coming(scope: Scope, names: Sequence[str], attribute: str | None = None) -> pd.DataFrame:
    """Returns the estimates of the days whose labels are still coming; by the attribute's groups where one is named.

    `names` are metrics without "estimated_", all of one kind.
    """
    days = coming_days(scope)
    asked = tuple(PREFIX + name for name in names)
    return _readings(key(scope.model), *days, scope.version, asked, None, attribute) if days else frame([])


def over_time(scope: Scope, metric: str, by: str) -> pd.DataFrame:
    """Returns a metric and its estimate by period, from the reference's end to that of the log.

    A period in which some days calibrate a version has no estimate: it would be of other cases than what came.
    """
    there = held(scope.model)
    reference, end = there.plan.by_log.reference, there.extent.last + timedelta(days=1)
    since = reference.until if reference else there.extent.first
    if since >= end:
        return frame([])
    found = _readings(key(scope.model), since, end, scope.version, (metric, PREFIX + metric), by, None)
    partly = [
        any(start < str(taken.until) and str(taken.since) < until for taken in calibrating(scope))
        for start, until in zip(found["since"], found["until"], strict=True)
    ]
    return found[(found["metric"] == metric) | ~pd.Series(partly, index=found.index, dtype=bool)]


def calibrating(scope: Scope) -> list[Window]:
    """Returns the days on which the estimates rest."""
    return _calibrating(key(scope.model), scope.version)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _calibrating(key: Key, version: str | None) -> list[Window]:
    found = model_of(key)
    return track_record.calibrating(found.source(), found.scope(version=version))


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _readings(
    key: Key,
    since: date,
    until: date,
    version: str | None,
    names: tuple[str, ...],
    by: str | None,
    attribute: str | None,
) -> pd.DataFrame:
    found = model_of(key)
    kinds = tuple({METRICS[name].kind for name in names})
    attributes = (attribute,) if attribute else ()
    scope = found.scope(since, until, kinds=kinds, metrics=names, version=version, by=by, attributes=attributes)
    return frame(found.readings(scope))


def record(scope: Scope, metric: str) -> pd.DataFrame:
    """Returns what was estimated and what came, for each past week (the policy's windows of drift) of everybody."""
    return _record(key(scope.model), metric, scope.version, None)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _record(key: Key, metric: str, version: str | None, attribute: str | None) -> pd.DataFrame:
    found = model_of(key)
    scope = found.scope(version=version, attributes=(attribute,) if attribute else ())
    windows = found.plan().by_log.drift_windows
    return track_record.track_record(found.source(), replace(scope, complete_until=None), windows, metric)
