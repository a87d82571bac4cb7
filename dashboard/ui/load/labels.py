"""Labels in time, as pages read it: how long they take, whose come later, how many have come, what was known then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard.metrics import METRICS
from dashboard.report import pictures
from dashboard.report.labels import Uneven, labels_later, uneven
from dashboard.ui.load import ENTRIES, Key, contract, days, held, key, model_of
from dashboard.ui.state import Scope
from dashboard.workspace import frame

Days = tuple[date, date]
BEFORE = 28  # settled days that are shown beside those whose labels are still coming
MAIN = (
    "label_coverage", "accuracy", "true_positive_rate", "false_negative_rate", "false_positive_rate", "precision",
    "roc_auc", "macro_f1", "mean_absolute_error", "root_mean_squared_error", "mean_error",
)  # fmt: skip
BY_GROUP = ("false_negative_rate", "accuracy", "mean_absolute_error")


def curves(scope: Scope) -> pd.DataFrame:
    """Returns the delay curves by group of the scope's attribute: group, delay, share, low, high, n, at_risk."""
    return _curves(key(scope.model), scope.attribute)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _curves(key: Key, attribute: str | None) -> pd.DataFrame:
    found = model_of(key)
    return pictures.delay_curves(found.source(), found.scope(attributes=(attribute,) if attribute else ()))


def coming_days(scope: Scope) -> Days | None:
    """Returns the days whose labels are still coming, None where there are none."""
    extent = held(scope.model).extent
    end = extent.last + timedelta(days=1)
    return (extent.complete_until, end) if extent.complete_until < end else None


def differing(scope: Scope, coming: bool = True) -> list[Uneven]:
    """Returns whose labels are fewer in the window, the worst first; `coming`: also on the days that still wait."""
    windows = dict.fromkeys((days(scope, labels=True), coming_days(scope) if coming else None))
    return [one for window in windows if window for one in _uneven(key(scope.model), *window, scope.version)]


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _uneven(key: Key, since: date, until: date, version: str | None) -> list[Uneven]:
    return uneven(model_of(key).source(), since, until, version)


def values_apart(scope: Scope) -> dict[str, int]:
    """Returns, for each label value that comes later than the others or sooner (< 0), by how many days."""
    return _values_apart(key(scope.model))


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _values_apart(key: Key) -> dict[str, int]:
    return labels_later(model_of(key).source().snapshot)


def coverage(scope: Scope) -> pd.DataFrame:
    """Returns label coverage by day and group: the days whose labels are still coming, and four weeks before."""
    extent = held(scope.model).extent
    end = extent.last + timedelta(days=1)
    since = max(extent.first, min(extent.complete_until, end) - timedelta(days=BEFORE))
    return _coverage(key(scope.model), since, end, scope.version, scope.attribute)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _coverage(key: Key, since: date, until: date, version: str | None, attribute: str | None) -> pd.DataFrame:
    attributes = (attribute,) if attribute else ()
    asked = {"metrics": ("label_coverage",), "kinds": ("data",), "by": "day", "attributes": attributes}
    return frame(model_of(key).readings(since=since, until=until, version=version, **asked))  # type: ignore[arg-type]


def first_metric(scope: Scope, names: Sequence[str] = BY_GROUP) -> str:
    """Returns the first of these metrics that the model's task has."""
    task = contract(scope.model).task
    return next(name for name in names if task in METRICS[name].tasks)


def then_and_now(scope: Scope, on: date) -> pd.DataFrame:
    """Returns the readings of the window as they were known when the day `on` began, and as they are: column `when`.

    The window's days before `on`, everybody's main metrics and one by group. Empty where no day lies before it.
    """
    since, until = days(scope, labels=True)
    until = min(until, on)
    if since >= until:
        return frame([]).assign(when=[])
    of_task = tuple(name for name in MAIN if name in METRICS and contract(scope.model).task in METRICS[name].tasks)
    asked = [((), of_task)]
    if scope.attribute:
        asked.append(((scope.attribute,), (first_metric(scope),)))  # type: ignore[arg-type]
    found = [
        _as_of(key(scope.model), day, since, until, scope.version, attributes, names)
        for day in (on, None)
        for attributes, names in asked
    ]
    return pd.concat(found, ignore_index=True)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _as_of(
    key: Key, on: date | None, since: date, until: date, version: str | None, attributes: tuple[str, ...],
    metrics: tuple[str, ...],
) -> pd.DataFrame:  # fmt: skip
    found = model_of(key) if on is None else model_of(key).as_of(on)
    kinds = ("performance", "data")
    asked = found.scope(since, until, kinds=kinds, metrics=metrics, attributes=attributes, version=version)
    return frame(found.readings(asked)).assign(when="now" if on is None else "then")
