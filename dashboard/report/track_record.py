"""How far estimates are to be trusted: each past window's estimate beside the value that its labels brought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

from dashboard.metrics import METRICS
from dashboard.policy.windows import Window
from dashboard.report.estimated import PREFIX, estimated_readings
from dashboard.report.expected import calibrated_on, chosen, settled
from dashboard.report.fairness import fairness_readings
from dashboard.report.performance import Source, performance_readings
from dashboard.report.scope import Reading, Scope

COLUMNS = ("since", "until", "version", "attribute", "group", "reference", "feature")
REALISED = {"value": "realised", "low": "realised_low", "high": "realised_high"}
SHOWN = (*COLUMNS, "estimated", "low", "high", "realised", "realised_low", "realised_high", "inside", "n")


def track_record(source: Source, scope: Scope, windows: Sequence[Window], metric: str) -> pd.DataFrame:
    """Returns, for each window in the past, what was estimated and what came: SHOWN, a row for each group and class.

    `windows` follow each other and are of one length; of them those whose labels are complete and that hold no day on
    which the estimate rests. `inside` says whether the realised value fell into the estimated 95 % interval. Versions,
    attributes and the reference are the scope's; no row where one of the two cannot be computed.
    """
    name = metric.removeprefix(PREFIX)
    past = judgeable(source, scope, windows)
    if not past:
        return pd.DataFrame(columns=list(SHOWN))
    kind = METRICS[name].kind
    asked = replace(
        scope, since=past[0].since, until=past[-1].until, by=str(past[0].days), kinds=(kind,), matured=False
    )  # fmt: skip
    realised = fairness_readings if kind == "fairness" else performance_readings
    before = _table(estimated_readings(source, replace(asked, metrics=(PREFIX + name,))))
    after = _table(realised(source, replace(asked, metrics=(name,))))
    found = before.merge(after, on=list(COLUMNS), suffixes=("", "_after")).rename(
        columns={"value": "estimated", **{f"{name}_after": new for name, new in REALISED.items()}}
    )
    starts = {window.since.isoformat() for window in past}
    found = found[found["since"].isin(starts) & found["estimated"].notna() & found["realised"].notna()]
    found["inside"] = (found["low"] <= found["realised"]) & (found["realised"] <= found["high"])
    return found[list(SHOWN)].reset_index(drop=True)


def judgeable(source: Source, scope: Scope, windows: Sequence[Window]) -> list[Window]:
    """Returns the windows whose labels are complete and whose days calibrate no version of the scope."""
    taken = calibrating(source, scope)
    known = [window for window in windows if window.until <= settled(source)]
    return [window for window in known if scope.reference and not any(map(window.shares_a_day, taken))]


def calibrating(source: Source, scope: Scope) -> list[Window]:
    """Returns the days on which estimates of the scope's versions rest: of them there is none."""
    if scope.reference is None:
        return []
    days = calibrated_on(source, scope.reference)
    versions = [version for version in chosen(source.contract, scope.version, days) if version in days]
    return [Window(*days[version]) for version in versions if days[version][0] < days[version][1]]


def _table(readings: Iterable[Reading]) -> pd.DataFrame:
    names = [*COLUMNS, "value", "low", "high", "n"]
    return pd.DataFrame([[getattr(one, name) for name in names] for one in readings], columns=names)
