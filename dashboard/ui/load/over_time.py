"""What the view of fairness over time reads: readings by window, week or month, and what was judged of each window."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd

from dashboard.metrics import METRICS
from dashboard.policy import Finding, Schedule, Window
from dashboard.ui import load
from dashboard.ui.state import LATEST, Scope

WINDOW = "window"


def schedule(scope: Scope, metric: str) -> Schedule:
    """Returns the windows that a metric is judged on: where it waits for labels, those whose labels are complete."""
    plan = load.held(scope.model).plan
    return plan.by_labels if "labels" in METRICS[metric].needs else plan.by_log


def length(scope: Scope) -> int | None:
    """Returns how many days a scheduled window has, None where none is whole yet."""
    windows = load.held(scope.model).plan.by_log.windows
    return windows[-1].days if windows else None


def readings(scope: Scope, metric: str, by: str) -> pd.DataFrame:
    """Returns a metric of the scope's groups over the whole log, by WINDOW, week or month.

    By WINDOW: the scheduled ones, judged or still waiting for labels, and as many as there are before them.
    """
    kinds, days = (METRICS[metric].kind,), length(scope)
    if by != WINDOW or days is None:
        found = load.readings(scope, (metric,), kinds, attribute=scope.attribute, by=by, everything=True)
    else:
        held = load.held(scope.model)
        windows = held.plan.by_log.windows
        before = (windows[0].since - held.extent.first).days // days
        since, until = windows[0].since - timedelta(days=before * days), windows[-1].until
        of_windows = replace(scope, window=f"{since}..{until}")
        found = load.readings(of_windows, (metric,), kinds, attribute=scope.attribute, by=str(days))
    return found[found["feature"].isna() if scope.of_class is None else found["feature"] == scope.of_class]


def findings(scope: Scope, metric: str) -> list[tuple[Window, list[Finding]]]:
    """Returns each scheduled window with what the policy said of the metric by the scope's attribute, oldest first.

    Each window is judged as a family, as `check` judged it when it was the newest, and as the page does when it is
    chosen.
    """
    scheduled = schedule(scope, metric)
    return [(window, _of(scope, metric, window, window == scheduled.current)) for window in scheduled.windows]


def _of(scope: Scope, metric: str, window: Window, current: bool) -> list[Finding]:
    asked = replace(scope, window=LATEST if current else f"{window.since}..{window.until}")
    found = load.findings(asked, METRICS[metric].kind)
    about = (metric, scope.attribute, scope.of_class)
    return [finding for finding in found if (finding.metric, finding.attribute, finding.feature) == about]


def answering(scope: Scope, since: str, until: str) -> dict[str, str]:
    """Returns the versions in service that answered in a window, each with the day since which it does."""
    shadow, starts = load.contract(scope.model).shadow, load.version_starts(scope.model)
    of_window = replace(scope, window=f"{since}..{until}")
    counted = load.readings(of_window, ("count",), ("data",), version=scope.version or "*")
    names = [str(name) for name in counted[counted["value"] > 0]["version"].dropna()]
    return {name: starts[name] for name in dict.fromkeys(names) if name in starts and name not in shadow}
