"""When did it begin? A disparity window by window, week by week or month by month; what left its range first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.palette import STATES
from dashboard.charts.words import day, digits, interval, missing, number, title, unit_of, window
from dashboard.metrics import METRICS
from dashboard.policy import Finding, Window, first_outside
from dashboard.policy.numbers import figures
from dashboard.ui import load as loads
from dashboard.ui import parts, say, verdicts
from dashboard.ui.fairness import Asked
from dashboard.ui.load import over_time as load
from dashboard.ui.load.over_time import WINDOW

PANELS = 6
OF_A_RATE = {
    "difference": "Difference to the reference",
    "ratio": "Ratio to the reference",
    "rate": "The rate of each group",
    "gap": "Largest gap between two groups",
}
CONTRASTS = ("difference", "ratio")
NAMED = (
    "demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference",
    "equal_opportunity_ratio", "equalized_odds_difference", "equalized_odds_ratio",
)  # fmt: skip
Judged = Sequence[tuple[Window, Sequence[Finding]]]


def section(asked: Asked) -> None:
    """Does say what left its range first, then draw a disparity over time, a panel for each group."""
    first, ruled = _ruled(asked)
    metric, by = _boxes(asked, first)
    judged = load.findings(asked.scope, metric)
    says = told(asked, judged if any(found for _, found in judged) else ruled)
    parts.findings(says)
    rows = load.readings(asked.scope, metric, by)
    rows = verdicts.known_groups(rows)[0] if rows["group"].notna().any() else rows
    if rows["value"].notna().any():
        _drawn(asked, by, rows, judged, " ".join(text for _, text, _ in says))
    else:
        parts.nothing(f"{title(metric)} can’t be computed over time.", "Choose another one, or another question.")


def _ruled(asked: Asked) -> tuple[str, Judged]:
    """Returns which contrast of the rate the policy judges, the difference where it is both, and what it said."""
    known = [name for name in CONTRASTS if f"{asked.metric}_{name}" in METRICS]
    for name in known:
        found = load.findings(asked.scope, f"{asked.metric}_{name}")
        if any(findings for _, findings in found):
            return name, found
    return known[0], ()


def _drawn(asked: Asked, by: str, rows: pd.DataFrame, judged: Judged, says: str) -> None:
    """Does draw the picture, how it is to be read, and the table of all groups."""
    metric = str(rows["metric"].iloc[0])
    settled = loads.complete_until(asked.scope.model).isoformat() if "labels" in METRICS[metric].needs else None
    rows = stated(rows, judged) if by == WINDOW and any(found for _, found in judged) else rows
    ordered = urgent(rows, judged, asked.reference)
    shown = ordered[ordered["group"].isin(list(dict.fromkeys(ordered["group"]))[:PANELS]) | ordered["group"].isna()]
    _picture(asked, shown, judged, settled, says)
    parts.note(_note(by, rows, judged, settled, asked))
    parts.note(_more(shown, rows))
    cells = table(ordered, settled)
    parts.table(cells, f"{title(metric)} by {say.plain(asked.attribute)}, over time", numbers=list(cells[0])[1:])
    parts.download(rows, f"{metric}-by-{asked.attribute}-by-{by}")


def _boxes(asked: Asked, first: str) -> tuple[str, str]:
    """Returns the metric that is drawn, by default the contrast that the policy judges, and by what."""
    rates, days = verdicts.rates(asked.scope), load.length(asked.scope)
    known = {name: f"{asked.metric}_{name}" for name in ("difference", "ratio", "gap")} | {"rate": asked.metric}
    known = {name: known[name] for name in OF_A_RATE} | {name: name for name in NAMED if "selection_rate" in rates}
    options = [name for name, metric in known.items() if metric in METRICS]
    options.sort(key=lambda name: name != first)
    periods = ([WINDOW] if days else []) + ["month", "week"]
    words = {WINDOW: f"Window of {days} days", "month": "Month", "week": "Week"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.selectbox("Shown", options, format_func=_named, key="disparity", width=340, bind="query-params")
        by = st.selectbox("By", periods, format_func=words.__getitem__, key="by", width=200, bind="query-params")
    return known[str(what)], str(by)


def _named(name: str) -> str:
    return OF_A_RATE[name] if name in OF_A_RATE else title(name)


def told(asked: Asked, judged: Judged) -> list[tuple[str | None, str, str]]:
    """Returns what left its range first, then next, each with its window; or that nothing has."""
    windows = [found for _, found in judged if found]
    first = first_outside(windows)
    if not windows:
        return []
    if not first:
        return [_nothing(windows)]
    newest = {finding.group: finding for finding in windows[-1]}
    said: list[tuple[str | None, str, str]] = []
    for finding in first:
        verb = "left the range first" if len(first) > 1 and finding.since == first[0].since else "left the range"
        text = f"{_subject(finding)} {verb} in the window {window(finding.since, finding.until, year=True)}"
        text += f" ({value_words(finding)}){_under(asked, finding)}{_since_then(finding, newest.get(finding.group))}."
        said.append((finding.state, text, "Left its range"))
    return said


def _nothing(windows: Sequence[Sequence[Finding]]) -> tuple[str | None, str, str]:
    newest = windows[-1]
    unsure = sum(finding.state in ("inconclusive", "cannot be computed") for finding in newest)
    many = f"{len(windows)} scheduled window{'' if len(windows) == 1 else 's'}"
    group = "No group has" if newest[0].group else "It has not"
    text = f"{group} left the range in {many}." + (
        f" In the newest it can’t be told for {unsure} of {len(newest)}." if unsure else ""
    )
    return ("inconclusive" if unsure else "within"), text, ""


def _subject(finding: Finding) -> str:
    return say.group(finding.group) if finding.group else title(finding.metric)


def value_words(finding: Finding) -> str:
    """Returns a judged contrast in words, rounded as in the finding's sentence: how far apart, and its interval."""
    unit, low, high = unit_of(finding.metric), finding.low, finding.high
    if finding.value is None or low is None or high is None or unit not in ("points", "ratio"):
        return f"{number(finding.value, unit)}; {interval(low, high, unit)}"
    shown = figures(unit, low, high, finding.allowed)
    if finding.reference is None:
        return f"{shown.full(finding.value)}; {shown(low)} to {shown(high)}"
    who = say.group(finding.reference)
    if unit == "ratio":
        return f"{shown(finding.value)} times that of {who}; {shown(low)} to {shown(high)}"
    side = "below" if finding.value < 0 else "above"
    near, far = sorted((abs(low), abs(high)))
    return f"{shown.full(abs(finding.value))} {side} {who}; {shown(near)} to {shown(far)}"


def _under(asked: Asked, finding: Finding) -> str:
    """Returns which versions answered in a finding's window, nothing where the log has only one."""
    starts = load.answering(asked.scope, str(finding.since), str(finding.until))
    if len(loads.held(asked.scope.model).extent.versions) < 2 or not starts:
        return ""
    if len(starts) > 1:
        return f", while {say.listed(list(starts))} answered"
    ((name, since),) = starts.items()
    return f", under {name}, which answers since {day(since)}"


def _since_then(first: Finding, newest: Finding | None) -> str:
    if newest is None or newest.since == first.since:
        return ""
    word = {"outside": "it still is outside", "within": "it is within range again"}
    return f"; in the newest window {word.get(newest.state, 'it can’t be told')}"


def stated(rows: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """Returns readings by window with the states of the findings, and the intervals that these are read off."""
    by_place = {(f.group, f.since): f for _, found in judged for f in found}
    places = zip(rows["group"], rows["since"].astype(str), strict=True)
    found = [by_place.get((None if missing(group) else str(group), since)) for group, since in places]
    columns: dict[str, Any] = {
        end: [getattr(f, end) if f else own for f, own in zip(found, rows[end].tolist(), strict=True)]
        for end in ("low", "high")
    }
    columns["state"] = [f.state if f else None for f in found]
    return rows.assign(**columns)


def urgent(rows: pd.DataFrame, judged: Judged, reference: str | None) -> pd.DataFrame:
    """Returns the readings with the groups that matter most first: the reference of a rate, then what left its range
    (the first to leave first), what can't be told in the newest window, what is clearly apart, the largest."""
    left = [finding.group for finding in first_outside([found for _, found in judged])]
    newest = judged[-1][1] if judged else ()
    states = {finding.group: loads.STATES.index(finding.state) for finding in newest if finding.value is not None}

    def place(group: str) -> tuple[Any, ...]:
        own = rows[(rows["group"] == group) & rows["value"].notna()]
        outside = left.index(group) if group in left else len(left)
        return group != reference, own.empty, outside, states.get(group, 9), -float(own["n"].sum())

    order = {group: at for at, group in enumerate(sorted(set(rows["group"].dropna().astype(str)), key=place))}
    return rows.assign(_place=rows["group"].map(order)).sort_values(["_place", "since"]).drop(columns="_place")


def _picture(asked: Asked, shown: pd.DataFrame, judged: Judged, settled: str | None, says: str) -> None:
    allowed = next((finding.allowed for _, found in judged for finding in found), None)
    starts = loads.version_starts(asked.scope.model)
    figure = charts.disparity_over_time(shown, allowed, starts, asked.reference, settled)
    newest = shown[shown["value"].notna()].sort_values("since").groupby("group", dropna=False, sort=False).tail(1)
    alt = f"{says} Newest: {say.alt(newest)}".strip()
    states = shown["state"].dropna() if "state" in shown else ()
    parts.picture(figure, f"{shown['metric'].iloc[0]}-over-time", alt, states=states)


def _note(by: str, rows: pd.DataFrame, judged: Judged, settled: str | None, asked: Asked) -> str:
    """Returns how the picture is drawn, and why what is drawn more often is not judged."""
    days = load.length(asked.scope)
    any_judged = any(found for _, found in judged)
    band = " The pale green band is what the policy allows." if any_judged else ""
    if not any_judged:
        how = "No rule of the policy judges this: it is drawn at plain 95 %, and nothing here has a state."
    elif by == WINDOW:
        how = "A mark is what the policy said of that window, read off the interval drawn; plain dots are not judged."
    else:
        how = f"Drawn by {by} at plain 95 %, not judged: only the policy’s windows of {days} days get a state."
    late = settled is not None and (rows["until"].astype(str) > settled).any()
    return how + band + (" Hollow: labels are still coming, these may change." if late else "")


def _more(shown: pd.DataFrame, rows: pd.DataFrame) -> str:
    more = rows["group"].nunique() - shown["group"].nunique()
    return f"{more} more {'group is' if more == 1 else 'groups are'} in the table." if more else ""


def table(rows: pd.DataFrame, settled: str | None) -> list[dict[str, object]]:
    """Returns a row for each group, a column for each period: the value, its interval, its mark."""
    periods = sorted({(str(since), str(until)) for since, until in zip(rows["since"], rows["until"], strict=True)})
    names = {since: _period(since, until, settled) for since, until in periods}
    found: dict[str, dict[str, object]] = {}
    for row in rows.to_dict("records"):
        group = "All groups" if missing(row["group"]) else say.group(row["group"])
        empty: dict[str, object] = dict.fromkeys(names.values(), "–")
        cells = found.setdefault(group, {"Group": group} | empty)
        cells[names[str(row["since"])]] = _cell(row)
    return list(found.values())


def _period(since: str, until: str, settled: str | None) -> str:
    late = settled is not None and until > settled
    return window(since, until) + (" (labels coming)" if late else "")


def _cell(row: Mapping[Any, Any]) -> str:
    if missing(row["value"]):
        return "–"
    unit = unit_of(str(row["metric"]))
    glyph = f" {STATES[row['state']].glyph}" if row.get("state") in STATES else ""
    return f"{digits(float(row['value']), unit)} ({interval(row['low'], row['high'], unit)}){glyph}"
