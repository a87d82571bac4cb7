"""What pages read, and the only caches: every entry is keyed by the rollup, contract and policy that it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.cases import Filters
from dashboard.contract import Contract
from dashboard.policy import Finding, Policy, Schedule, Window, check
from dashboard.report import pictures
from dashboard.report.extent import Extent
from dashboard.report.fairness import occurring_classes, reference_group
from dashboard.report.judged import Plan, judged
from dashboard.rollup import publishing
from dashboard.settings import model_paths, workspace_path
from dashboard.ui.state import LATEST, Scope
from dashboard.workspace import Model, Workspace, frame

Key = tuple[str, str, int, str]  # workspace, model, rollup number, when its files were last written
ENTRIES = 400
JUDGED = ("fairness", "performance", "data", "service", "drift")
STATES = ("outside", "inconclusive", "cannot be computed", "within")


@dataclass(frozen=True)
class Held:
    """What the newest rollup holds, and the windows that the policy schedules."""

    number: int
    identity: str
    built_at: str
    extent: Extent
    plan: Plan


def models() -> list[str]:
    """Returns the models of the workspace."""
    return Workspace().models()


def key(name: str) -> Key:
    """Returns what every cached answer depends on; cheap: three looks at the file system."""
    paths = model_paths(workspace_path(), name)
    number = (publishing.numbers(paths.rollup) or [0])[-1]
    files = (paths.contract, paths.policy, *((publishing.path(paths.rollup, number),) if number else ()))
    return str(workspace_path()), name, number, " ".join(_written(file) for file in files)


def _written(file: Path) -> str:
    try:
        return str(file.stat().st_mtime_ns)
    except OSError:
        return "none"


@st.cache_resource(max_entries=50, show_spinner=False)
def model_of(key: Key) -> Model:
    """Returns the model that a key stands for."""
    return Workspace(key[0]).model(key[1])


def model(name: str) -> Model:
    """Returns a model as its files are now."""
    return model_of(key(name))


def contract(name: str) -> Contract:
    """Returns a model's contract."""
    return model(name).contract


def class_names(name: str) -> list[str]:
    """Returns the classes of a model of several: the contract's, else those that occur in the log."""
    return list(contract(name).classes) or _class_names(key(name))


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _class_names(key: Key) -> list[str]:
    return occurring_classes(model_of(key).source())


def policy(name: str) -> Policy | None:
    """Returns a model's policy, None where there is none."""
    return model(name).policy


def held(name: str) -> Held:
    """Returns what a model's newest rollup holds."""
    return _held(key(name))


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _held(key: Key) -> Held:
    found = model_of(key)
    meta = found.source().snapshot.meta()
    return Held(found.number(), meta["identity"], meta["built_at"], found.extent(), found.plan())


def days(scope: Scope, labels: bool = False) -> tuple[date, date]:
    """Returns the window's days; of LATEST with `labels` the last window whose labels are complete."""
    chosen = scope.days()
    if chosen:
        return chosen
    there = held(scope.model)
    schedule = there.plan.by_labels if labels else there.plan.by_log
    current = schedule.current or there.plan.by_log.current if scope.window == LATEST else None
    if current is None:
        return there.extent.first, date.fromordinal(there.extent.last.toordinal() + 1)
    return current.since, current.until


def readings(
    scope: Scope,
    metrics: Sequence[str] = (),
    kinds: Sequence[str] = (),
    *,
    labels: bool = False,
    attribute: str | None = None,
    by: str | None = None,
    everything: bool = False,
    version: str | None = None,
) -> pd.DataFrame:
    """Returns readings of the scope, the 17 columns; `by` is day, week or month, `everything` ignores the window.

    `version` "*" gives one for each version; without it the scope's is taken. Of a scope with a class what is read of
    each class is read of that one only.
    """
    since, until = days(replace(scope, window="all") if everything else scope, labels)
    attributes = (attribute,) if attribute else ()
    asked = (since, until, version or scope.version, attributes, tuple(metrics), tuple(kinds), by)
    return _readings(key(scope.model), *asked, (scope.of_class,) if scope.of_class else None)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _readings(
    key: Key,
    since: date,
    until: date,
    version: str | None,
    attributes: tuple[str, ...],
    metrics: tuple[str, ...],
    kinds: tuple[str, ...],
    by: Any,
    features: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    found = model_of(key)
    asked: dict[str, Any] = {"since": since, "until": until, "version": version, "attributes": attributes, "by": by}
    asked["features"] = features
    asked |= {"metrics": metrics or None, "kinds": kinds or ("performance", "fairness", "service", "data")}
    return frame(found.readings(**asked))


def findings(scope: Scope, *kinds: str) -> list[Finding]:
    """Returns what the policy says of the scope: of its scheduled window and version; outside first; [] if not judged.

    Without `kinds` of all. A kind is a family of its own, so it is judged, and kept, by itself.
    """
    if policy(scope.model) is None:
        return []
    chosen = scope.days() if scope.window != LATEST else None
    found = (_findings(key(scope.model), scope.version, chosen, scope.window, kind) for kind in kinds or JUDGED)
    return sorted((finding for family in found for finding in family), key=lambda one: STATES.index(one.state))


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _findings(key: Key, version: str | None, chosen: tuple[date, date] | None, window: str, kind: str) -> list[Finding]:
    found = model_of(key)
    if found.policy is None:
        return []
    plan = found.plan()
    rules = tuple(replace(rule, version=rule.version or version) for rule in found.policy.of_kind(kind))
    families: tuple[Policy, ...] = (replace(found.policy, rules=rules),) if rules else ()
    if window != LATEST:
        scheduled = chosen and Window(*chosen)
        if not scheduled or scheduled not in plan.by_log.windows:
            return []
        families = tuple(family for one in families for family in plan.families(one, scheduled))
        drift = tuple(w for w in plan.by_log.drift_windows if w.until <= scheduled.until and w.since >= scheduled.since)
        fixed = Schedule(plan.by_log.reference, (scheduled,), drift)
        plan = Plan(fixed, fixed)
    return [finding for one in families for finding in check(one, judged(found.source(), one, plan))]


def promise(scope: Scope, metric: str) -> tuple[float | None, float | None] | None:
    """Returns the range that the policy allows a metric of everybody, None where no rule names it."""
    rules = policy(scope.model)
    named = [rule for rule in rules.rules if rule.metric == metric and not rule.attribute] if rules else []
    parts = ("endpoint=", "status=")  # a class or a part of the answers has no promise for all
    of_all = (rule for rule in named if not rule.of_class and not (rule.feature or "").startswith(parts))
    return next((rule.allowed for rule in of_all), None)


def version_starts(name: str) -> dict[str, str]:
    """Returns the day on which each version first predicted."""
    return _version_starts(key(name))


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _version_starts(key: Key) -> dict[str, str]:
    found = frame(model_of(key).readings(kinds=("data",), metrics=("count",), version="*", by="day"))
    return {str(version): str(since) for version, since in found.groupby("version")["since"].min().items()}


def complete_until(name: str) -> date:
    """Returns the day from which on labels are still coming."""
    return held(name).extent.complete_until


def volume(scope: Scope) -> pd.DataFrame:
    """Returns requests by period: time and n."""
    return pictures.volume(latencies(scope))


def latencies(scope: Scope) -> pd.DataFrame:
    """Returns all answers of the window by period and latency bin: time, low, high, n."""
    return _picture(key(scope.model), "latencies", *days(scope), scope.version, None)


def missing(scope: Scope) -> pd.DataFrame:
    """Returns missing and out-of-range values by day and feature."""
    return _picture(key(scope.model), "missing", *days(scope), scope.version, None)


def distribution(scope: Scope, feature: str) -> pd.DataFrame:
    """Returns a feature's shares in the reference and in the window."""
    return _picture(key(scope.model), "distribution", *drift_days(scope), scope.version, None, feature)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _picture(
    key: Key, what: str, since: date, until: date, version: str | None, attribute: str | None, *more: str
) -> pd.DataFrame:
    found = model_of(key)
    asked = found.scope(since, until, version=version, attributes=(attribute,) if attribute else ())
    drawn: pd.DataFrame = getattr(pictures, what)(found.source(), asked, *more)
    return drawn


def drift_days(scope: Scope) -> tuple[date, date]:
    """Returns the window that drift is looked at: of LATEST the last whole drift window, else the scope's own."""
    schedule = held(scope.model).plan.by_log
    if scope.window != LATEST or not schedule.drift_windows:
        return days(scope)
    return schedule.drift_windows[-1].since, schedule.drift_windows[-1].until


def drift(
    scope: Scope,
    metrics: Sequence[str] = (),
    feature: str | None = None,
    by: str | None = None,
    attribute: str | None = None,
) -> pd.DataFrame:
    """Returns the drift readings of the scope's drift window; with `by` of the whole log; of a mix by `attribute`."""
    plan = held(scope.model).plan.by_log
    if plan.reference is None:
        return frame([])
    since, until = drift_days(scope) if by is None else days(replace(scope, window="all"))
    features, attributes = (feature,) if feature else None, (attribute,) if attribute else ()
    return _readings(
        key(scope.model), since, until, scope.version, attributes, tuple(metrics), ("drift",), by, features
    )


def batches(name: str) -> list[Any]:
    """Returns the records of what was delivered, in order of arrival; read from the log, not the rollup."""
    return list(model(name).batches())


def cases(scope: Scope, limit: int, **wanted: Any) -> pd.DataFrame:
    """Returns rows of the log in the scope, newest first; `wanted` are the filters' names."""
    since, until = days(scope)
    return pd.DataFrame(model(scope.model).cases(Filters(since, until, scope.version, **wanted), limit))


def case(name: str, day: date, version: str, id: str) -> dict[str, Any] | None:
    """Returns one case with everything that was delivered of it."""
    return model(name).case(day, version, id)


def reference_days(scope: Scope) -> tuple[date, date] | None:
    """Returns the window that drift is measured against."""
    window = held(scope.model).plan.by_log.reference
    return (window.since, window.until) if window else None


def reference(scope: Scope) -> str | None:
    """Returns the group that others are compared with."""
    return _reference(key(scope.model), scope.attribute or "")


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _reference(key: Key, attribute: str) -> str | None:
    return reference_group(model_of(key).source(), attribute)


def unit(scope: Scope, feature: str) -> str:
    """Returns a feature with its unit, for an axis."""
    found = next((f.unit for f in contract(scope.model).features if f.name == feature), "")
    return f"{feature}, {found}" if found else feature
