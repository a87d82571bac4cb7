"""How far estimates are to be trusted: each past window's estimate beside the value that its labels brought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

from dashboard.metrics import METRICS
from dashboard.policy.windows import Window
from dashboard.report import Reading, Scope, Source, readings
from dashboard.report.estimated import PREFIX
from dashboard.report.expected import calibrated_on, chosen, settled

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
    asked = replace(
        scope, since=past[0].since, until=past[-1].until, by=str(past[0].days), kinds=(METRICS[name].kind,),
        metrics=(name, PREFIX + name), matured=False,
    )  # fmt: skip
    both = list(readings(source, asked))
    before, after = (_table(one for one in both if one.metric == metric) for metric in (PREFIX + name, name))
    renamed = {"value": "estimated", **{f"{column}_after": new for column, new in REALISED.items()}}
    found = before.merge(after, on=list(COLUMNS), suffixes=("", "_after")).rename(columns=renamed)
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
    windows = {scope.reference, *(days[version] for version in versions)}
    return sorted(Window(*found) for found in windows if found[0] < found[1])


def _table(found: Iterable[Reading]) -> pd.DataFrame:
    names = [*COLUMNS, "value", "low", "high", "n"]
    return pd.DataFrame([[getattr(one, name) for name in names] for one in found], columns=names)
