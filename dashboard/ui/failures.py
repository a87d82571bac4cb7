"""Which statuses make the failures, where and since when: the sentence, bars by day, the table of statuses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import day, interval, number
from dashboard.report.failures import Failing, drawn
from dashboard.ui import load, parts, say
from dashboard.ui.load import service
from dashboard.ui.state import Scope

WHOLE = "Together"


def section(scope: Scope) -> None:
    """Does say which statuses make the failures, draw them by day, and list them with where they come."""
    if "status" not in load.contract(scope.model).columns:
        parts.nothing(
            "What failed is not known: the contract names no status.",
            'Deliver "ok" or an error code with each prediction, and name its column in [columns]: status = "status".',
        )
        return
    found = service.failures(scope)
    requests = int(found.counts["n"].sum())
    if not found.statuses:
        parts.nothing(f"None of {say.many(requests, 'request')} failed in this window.")
        return
    says = sentence(found.statuses)
    parts.section("Which statuses make the failures?", says)
    several = [name for name in ("endpoint", "version") if found.counts[name].nunique() > 1]
    chosen = WHOLE
    if several:
        choices = [WHOLE, *(f"By {name}" for name in several)]
        chosen = st.segmented_control("Failures", choices, key="failures", default=WHOLE, required=True) or WHOLE
    part = None if chosen == WHOLE else chosen.removeprefix("By ")
    shown = drawn(found.counts, part)
    names = [*dict.fromkeys(one.status for one in found.statuses if one.status in set(shown["status"]))]
    names += ["other"] * ("other" in set(shown["status"]) and "other" not in names)
    since, until = load.days(scope)
    parts.note("A bar is the share of its requests that failed, by status." + each(shown["until"] - shown["since"]))
    parts.picture(charts.failures_by_status(shown, names, since, until), "failures", says)
    rows = [row(one) for one in found.statuses]
    parts.table(
        rows if several else [{name: cell for name, cell in one.items() if name != "Where"} for one in rows],
        "Each status that is a failure, with 95 % intervals",
        ("Failures", "Of all failures", "Of all requests"),
    )
    parts.note("Failures of one hour often have one cause: hours are the blocks of the intervals.")
    parts.download(partial(drawn, found.counts, part), "failures-by-status")


def each(lengths: pd.Series) -> str:
    """Returns whether a bar is a day or a week, as a sentence."""
    return " Weeks begin on Monday." if lengths.max() > pd.Timedelta(days=1) else ""


def sentence(statuses: Sequence[Failing]) -> str:
    """Returns which status makes most failures, where and since when; only what holds for all of its failures.

    >>> sentence([])
    'Nothing failed.'
    """
    if not statuses:
        return "Nothing failed."
    most = statuses[0]
    if len(statuses) == 1:
        told = f"{most.status} makes all {most.of:,} failures" if most.of > 1 else f"The one failure is {most.status}"
    elif most.n == statuses[1].n:
        alike = [one.status for one in statuses if one.n == most.n]
        return f"No status makes most of the {most.of:,} failures: {say.listed(alike)} make {most.n:,} each."
    else:
        told = f"{most.status} makes {most.n:,} of {most.of:,} failures"
    where = [f"at {most.endpoint}"] if most.endpoint else []
    where += [f"of {most.version}"] if most.version else []
    since = f" since {day(most.first)}" if most.late else ""
    if where and most.n > 1:
        told += f", all {' and '.join(where)}"
    return f"{told}{since}."


def row(one: Failing) -> dict[str, object]:
    """Returns the cells of one status."""
    low, high = one.of_requests.interval()
    return {
        "Status": one.status,
        "Failures": f"{one.n:,}",
        "Of all failures": number(one.part, "share"),
        "Of all requests": f"{number(one.of_requests.value, 'share')} ({interval(low, high, 'share')})",
        "Where": ", ".join(name for name in (one.endpoint, one.version) if name) or "several",
        "First": day(one.first),
        "Last": day(one.last),
    }
