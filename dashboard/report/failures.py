"""Which statuses make the failures: by day, endpoint and version, and how much of all requests each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from dashboard.metrics.service import error_rate
from dashboard.rates import Measure
from dashboard.report.cells import rows
from dashboard.report.performance import Source
from dashboard.report.scope import Scope

COLUMNS = ("since", "version", "endpoint", "status", "n", "failed")
MOST_DAYS = 120  # of a longer window weeks are drawn
CHANCE = 0.01  # that a status as common all the time would have come so late
OTHERS = "other"


@dataclass(frozen=True)
class Failing:
    """One status that is a failure: its part of all requests, its part of all failures, where and when it comes."""

    status: str
    of_requests: Measure
    n: int
    of: int
    first: pd.Timestamp
    last: pd.Timestamp
    late: bool
    endpoint: str | None
    version: str | None

    @property
    def part(self) -> float:
        """Its part of all failures."""
        return self.n / self.of


@dataclass(frozen=True)
class Failures:
    """The window's failures: requests by day, version, endpoint and status (COLUMNS), and each status, most first."""

    counts: pd.DataFrame
    statuses: Sequence[Failing]


def failures(source: Source, scope: Scope) -> Failures:
    """Returns which statuses make the failures of the scope's window; a status of "ok" or none is no failure."""
    asked = replace(scope, by="day").parameters(source.contract)
    found = rows(source.snapshot, "failures", asked)
    told = [(*row[:3], row[3] or "ok", row[4], row[3] is not None) for row in found]
    counts = pd.DataFrame(told, columns=list(COLUMNS))
    counts["since"] = pd.to_datetime(counts["since"])
    del asked["by"]
    shares = {
        status: error_rate(failed, requests)
        for status, failed, requests in rows(source.snapshot, "failures_hours", asked)
    }
    failed = counts[counts["failed"]]
    each = [failing(status, share, failed, counts) for status, share in shares.items()]
    return Failures(counts, sorted(each, key=lambda one: (-one.n, one.status)))


def failing(status: str, share: Measure, failed: pd.DataFrame, counts: pd.DataFrame) -> Failing:
    """Returns what one status makes of the failures.

    It began late where, at the same rate all the time, its first would have come so late less often than CHANCE: the
    part of all requests that came from then on, to the power of its failures.
    """
    own = failed[failed["status"] == status]
    n, first = int(own["n"].sum()), own["since"].min()
    requests = counts["n"].sum()
    after = float(counts.loc[counts["since"] >= first, "n"].sum() / requests)
    places = {name: _only(own[name], counts[name]) for name in ("endpoint", "version")}
    return Failing(status, share, n, int(failed["n"].sum()), first, own["since"].max(), after**n < CHANCE, **places)


def _only(own: pd.Series, every: pd.Series) -> str | None:
    """Returns the one place all of them are at, None where they are at several or there is no other."""
    return str(own.iloc[0]) if own.nunique() == 1 and every.nunique() > 1 else None


def drawn(counts: pd.DataFrame, part: str | None, most: int = 6) -> pd.DataFrame:
    """Returns failures by day or week and status, together or of each `part` (endpoint, version), as shares.

    Shares are of the part's requests; the `most` commonest statuses keep their names. Columns: part, since, until,
    status, n, requests, share.
    """
    by_week = len(counts) > 0 and (counts["since"].max() - counts["since"].min()).days >= MOST_DAYS
    length = pd.Timedelta(days=7 if by_week else 1)
    start = counts["since"] - pd.to_timedelta(counts["since"].dt.day_of_week if by_week else 0, unit="D")
    known = counts.assign(since=start, part=counts[part] if part else "")
    requests = known.groupby(["part", "since"])["n"].sum().rename("requests").reset_index()
    failed = known[known["failed"]]
    named = failed.groupby("status")["n"].sum().sort_values(ascending=False, kind="stable").index[:most]
    failed = failed.assign(status=failed["status"].where(failed["status"].isin(named), OTHERS))
    found = failed.groupby(["part", "since", "status"])["n"].sum().reset_index().merge(requests, on=["part", "since"])
    found["until"], found["share"] = found["since"] + length, found["n"] / found["requests"]
    return found[["part", "since", "until", "status", "n", "requests", "share"]]
