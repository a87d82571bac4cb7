"""Before labels arrive: what is estimated, beside what came; how often estimates were right; what they assume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.estimates import beside, estimated_dots
from dashboard.charts.words import day, group_name, interval, missing, number, title, unit_of, window
from dashboard.policy import Window
from dashboard.ui import parts, say
from dashboard.ui.load import complete_until, contract, policy, promise, reference, version_starts
from dashboard.ui.load import estimates as load
from dashboard.ui.state import Scope

ASSUMES = (
    "An estimate takes a score to mean, in each group, what it meant while labels were there. It sees that other cases "
    "come. It cannot see that the same score turns out differently, or that inputs change in a way the score does not "
    "show: only labels can."
)
ASSUMES_OF_ERRORS = (
    "An estimate takes inputs to go with errors as large as they did while labels were there. It sees that other cases "
    "come. It cannot see that the same inputs turn out differently: only labels can."
)
HOLLOW = "Hollow and dashed: estimated, with the band in which the realised value is expected (95 %). Solid: realised."


def section(scope: Scope) -> None:
    """Does draw the section: the days whose labels come, one metric over time both ways, the track record."""
    known = load.metrics(scope)
    if not known:
        return
    parts.section("Before the labels arrive")
    drawn = st.container()
    metric, period = _chosen(known)
    over = load.over_time(scope, metric, period)
    estimated = over[over["metric"] == load.PREFIX + metric]
    now = load.coming(scope, (metric,))
    with drawn:
        if not estimated["value"].notna().any():
            parts.nothing(f"{title(metric)} can’t be estimated yet.", why(pd.concat([now, estimated])))
            return
        record = load.record(scope, metric)
        said = until_now(now, load.coming_days(scope), metric)
        parts.findings([(None, said, "Estimated"), (None, held_up(record), "Track record")])
    settled = complete_until(scope.model).isoformat()
    starts = {name: first for name, first in version_starts(scope.model).items() if first > str(over["since"].min())}
    figure = beside(over, settled, promise(scope, metric), starts)
    parts.picture(figure, f"estimated-{metric}", _alt(over, settled))
    parts.note(" ".join((HOLLOW, *gaps(load.calibrating(scope), str(over["since"].min())))))
    parts.note(ASSUMES_OF_ERRORS if contract(scope.model).task == "regression" else ASSUMES)
    parts.note(based_on(now if len(now) else estimated))
    if table := parts.opened("Past estimates and what came", "track-record"):
        with table:
            parts.table(compared(record, metric), f"{title(metric)}, by the week that was predicted", NUMBERS)
    parts.download(over, f"estimated-{metric}-by-{period}")


NUMBERS = ("Estimated", "95 % interval", "Realised", "n")


def _chosen(known: list[str]) -> tuple[str, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.selectbox("Estimate", known, format_func=title, key="estimated", width=340)
        period = st.selectbox("By", ["week", "day", "month"], key="estimated-by", width=120)
    return str(metric or known[0]), str(period or "week")


def until_now(now: pd.DataFrame, days: tuple[date, date] | None, metric: str) -> str:
    """Returns until when labels are complete, and what is estimated for the days since."""
    name = say.lower(say.plain_title(metric))
    if days is None:
        return f"Labels are complete to the end of the log: nothing waits for an estimate of {name}."
    last = date.fromordinal(days[0].toordinal() - 1)
    said = f"Labels are complete to {day(last)}. For the {stretch((days[1] - days[0]).days)} since,"
    rows = now[now["value"].notna()].to_dict("records")
    if not rows:
        return f"{said} {name} can’t be estimated: {why(now)}"
    return f"{said} {name} is estimated at {_value(rows[0])}."


def _value(row: Mapping[Any, Any]) -> str:
    unit = unit_of(str(row["metric"]))
    return f"{number(float(row['value']), unit)} ({interval(row['low'], row['high'], unit)})"


def stretch(days: int) -> str:
    """Returns a number of days in words.

    >>> stretch(21), stretch(10), stretch(1)
    ('3 weeks', '10 days', '1 day')
    """
    if days % 7 == 0 and days > 7:
        return f"{days // 7} weeks"
    return f"{days} day{'' if days == 1 else 's'}"


def why(readings: pd.DataFrame) -> str:
    """Returns why nothing could be estimated, as the readings say it."""
    notes = [str(note) for note in readings["note"] if not missing(note)]
    told = next((note for note in notes if note.startswith("cannot be computed: ")), "")
    reason = told.removeprefix("cannot be computed: ") or "no day here follows the reference"
    return f"{reason[:1].upper()}{reason[1:]}."


def held_up(record: pd.DataFrame) -> str:
    """Returns how often the realised value fell inside the estimated interval."""
    if record.empty:
        return "No past week has all its labels yet, so nothing says how well these estimates do."
    inside, n = int(record["inside"].sum()), len(record)
    name = f"past {'week' if n == 1 else 'weeks'}"
    return f"In {inside} of {n} {name} the realised value fell inside the estimated interval; 95 of 100 should."


def compared(record: pd.DataFrame, metric: str) -> list[dict[str, object]]:
    """Returns the track record as a table's rows, newest first."""
    unit = unit_of(metric)
    return [
        {
            "Window": window(row["since"], row["until"]),
            "Estimated": number(float(row["estimated"]), unit),
            "95 % interval": interval(row["low"], row["high"], unit),
            "Realised": number(float(row["realised"]), unit),
            "Inside": "yes" if row["inside"] else "no",
            "n": number(row["n"], "count"),
        }
        for row in record.sort_values("since", ascending=False).to_dict("records")
    ]


def gaps(calibrating: Sequence[Window], since: str) -> list[str]:
    """Returns why some days of the picture have no estimate."""
    inside = dict.fromkeys(window(w.since, w.until) for w in calibrating if str(w.since) >= since)
    return [f"No estimate for {days}: a later version is calibrated on these, its first days." for days in inside]


def based_on(readings: pd.DataFrame) -> str:
    """Returns what the estimates rest on, as their first note says it."""
    notes = [str(note) for note in readings["note"] if not missing(note) and not str(note).startswith("cannot")]
    return f"{notes[0][:1].upper()}{notes[0][1:]}." if notes else ""


def _alt(over: pd.DataFrame, settled: str) -> str:
    estimated = over["metric"].str.startswith(load.PREFIX)
    shown = over[estimated | (over["until"].astype(str) <= settled)]
    told = []
    for row in shown.sort_values("since").to_dict("records"):
        which = "estimated" if str(row["metric"]).startswith(load.PREFIX) else "realised"
        told.append(f"{window(row['since'], row['until'])}, {which}: {say.value_words(row)}")
    return "; ".join(told)


def by_group(scope: Scope, metric: str) -> None:
    """Does draw how groups are estimated to differ in a rate, in the days whose labels are still coming.

    The page gives the heading, which must say that this is estimated.
    """
    difference = f"{metric}_difference"
    days = load.coming_days(scope)
    if days is None or scope.attribute is None or difference not in load.metrics(scope, "fairness"):
        parts.note("Nothing waits for an estimate: labels are complete, or this needs none.")
        return
    base = say.group(reference(scope))
    when = f"{window(*days)}, whose labels are still coming"
    parts.note(f"Difference to {base}, not realised but estimated for {when}; each group by itself.")
    found = load.coming(scope, (difference,), scope.attribute)
    known = found[found["value"].notna()]
    if known.empty:
        parts.nothing("No difference can be estimated here.", why(found))
        return
    figure = estimated_dots(known, promise_of(scope, difference))
    parts.picture(
        figure, f"estimated-{difference}-by-{scope.attribute}", f"Estimated, against {base}: {say.alt(known)}"
    )
    parts.note(lacking(found[found["value"].isna()]))
    parts.note(ASSUMES)
    parts.download(found, f"estimated-{difference}-by-{scope.attribute}")


def lacking(readings: pd.DataFrame) -> str:
    """Returns which groups' differences can't be estimated, and why."""
    told = (
        f"{group_name(row['group'])}: {str(row['note']).removeprefix('cannot be computed: ').removeprefix('group: ')}."
        for row in readings.to_dict("records")
    )
    return f"Can’t be estimated: {' '.join(told)}" if len(readings) else ""


def promise_of(scope: Scope, metric: str) -> tuple[float | None, float | None] | None:
    """Returns the range that the policy allows a difference, realised or estimated."""
    rules = policy(scope.model)
    named = (rule for rule in (rules.rules if rules else ()) if rule.metric in (metric, load.PREFIX + metric))
    of_all = (rule for rule in named if not rule.of_class)
    return next((rule.allowed for rule in of_all if rule.attribute in ("*", scope.attribute)), None)
