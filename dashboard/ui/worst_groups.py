"""Whom does it serve worst? Groups nobody named beforehand: searched when asked for, confirmed, with the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.charts.words import counts, interval, number, question, title, unit_of
from dashboard.charts.words import window as days
from dashboard.policy import Window
from dashboard.report.worst_groups import WorstGroups
from dashboard.report.worst_words import looked_at, of_group, sentence, spent
from dashboard.ui import load, parts, say, verdicts
from dashboard.ui.load import worst_groups as searches
from dashboard.ui.state import Scope

ASKS = "Whom does it serve worst, whoever they are?"
HERE, EVERYTHING = "the window above", "all days with labels"
DEPTHS = {1: "one", 2: "two", 3: "three"}
EVERY = 0.5  # seconds between looks at a search that runs
NUMBERS = (
    "Newer cases", "95 % interval", "Counts", "Everybody else", "Difference", "p, corrected", "Of all errors",
    "Older cases",
)  # fmt: skip


def section(scope: Scope, head: Any) -> None:
    """Does offer the search and show what it came to; the page's sentence goes into `head`."""
    asked = _question(scope)
    found = searches.search(asked)
    if found is None:
        _offer(asked, head)
    elif not found.answer.done():
        with head:
            parts.sentence("Groups", ASKS, "The search is running.", "You can leave: its answer will be kept here.")
        _waiting(asked)
    else:
        _told(found.answer.result(), head)


def _question(scope: Scope) -> searches.Asked:
    """Returns what is asked for by the boxes; the answer stands in the URL."""
    metrics = _metrics(scope)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.selectbox("Question", metrics, format_func=question, key="worst", width=420, bind="query-params")
        window = st.selectbox("Days", [HERE, EVERYTHING], key="worst-days", width=220, bind="query-params")
        deep = st.selectbox(
            "Conditions together", list(DEPTHS), index=2, format_func=lambda n: f"up to {DEPTHS[n]}", key="worst-depth",
            width=180, bind="query-params",
        )  # fmt: skip
    return searches.asked(scope, str(metric), int(deep), window == EVERYTHING)


def _metrics(scope: Scope) -> list[str]:
    """Returns the metrics that can be searched, those first that the policy judges groups by."""
    known, policy = searches.known_metrics(scope), load.policy(scope.model)
    judged = [verdicts.rate_of(rule.metric) for rule in policy.rules if rule.attribute] if policy else []
    return [name for name in dict.fromkeys([*judged, *known]) if name in known]


def _offer(asked: searches.Asked, head: Any) -> None:
    _, since, until, *_ = asked
    with head:
        parts.sentence(
            "Groups", ASKS, "These days have not been searched yet.",
            "Every attribute and every feature is crossed. What looks worse on the older days is a suspicion; only "
            "what is worse on the newer days, too, is reported, with all suspicions counted.",
        )  # fmt: skip
    if st.button("Search these days", icon=":material/search:"):
        searches.start(asked)
        st.rerun()
    parts.note(
        f"{days(since, until, year=True)}. This takes seconds. It uses these days up: who asks often finds by chance."
    )


@st.fragment(run_every=EVERY)
def _waiting(asked: searches.Asked) -> None:
    """Does draw how far a search is, again and again; the whole page anew when it is done."""
    found = searches.search(asked)
    if found is None or found.answer.done():
        st.rerun()
    st.progress(found.share, text="Searching" if found.answer.running() else "Waiting for another search to end")


def _told(answer: WorstGroups, head: Any) -> None:
    with head:
        parts.sentence("Groups", ASKS, sentence(answer, _days), _more(answer))
    if answer.groups:
        _picture(answer)
    elif answer.status != "none":
        parts.nothing("Nothing can be searched here.", *TODO[answer.status])
    if answer.status in ("found", "none"):
        parts.section("What was searched")
        used = [spent(answer, _days)] if answer.searched.tried else []
        parts.findings([(None, line) for line in (*looked_at(answer, _days), *used)])


TODO = {
    "no labels": ("Choose an earlier window at the top, or deliver labels.",),
    "nothing to search": ("Name protected attributes and features in the contract.",),
    "too few": ("Choose more days, or fewer conditions together.",),
}


def _days(window: Window) -> str:
    return days(window.since, window.until)


def _more(answer: WorstGroups) -> str:
    """Returns how many groups there are, and how many of them a protected attribute describes."""
    if not answer.groups:
        return ""
    n, people = len(answer.groups), sum(bool(group.attributes) for group in answer.groups)
    says = "says something of its own" if n == 1 else "say something of their own"
    told = f"{say.many(n, 'group')} {say.were(n)} confirmed and {says}"
    return f"{told}; a protected attribute is part of {'all' if people == n else people or 'none'} of them."


def _picture(answer: WorstGroups) -> None:
    metric, rows = answer.question.metric, answer.records()
    where = _days(answer.confirmation)
    note = f"{title(metric)} on {where}, each group with its 95 % interval; the line is everybody’s."
    if not all(row["attributes"] for row in rows):
        note += " Hollow dots: no protected attribute is part of it."
    parts.section(question(metric), note)
    told = " ".join(of_group(answer, group) for group in answer.groups)
    parts.picture(charts.worst_dots(rows, answer.everybody.value), f"worst-{metric}", told)
    parts.table([_row(row) for row in rows], f"{title(metric)} of the groups that were confirmed", numbers=NUMBERS)
    parts.download(answer.frame(), f"worst-groups-{metric}")


def _row(row: Mapping[str, Any]) -> dict[str, object]:
    """Returns a group's line: on the newer cases, beside everybody else, and what it looked like on the older ones."""
    unit = unit_of(str(row["metric"]))
    apart = "points" if unit == "share" else unit
    between, reach = (
        interval(row[a], row[b], u) for a, b, u in (("low", "high", unit), ("difference_low", "difference_high", apart))
    )
    older, newer = (
        counts(row[hits], row[n]) if unit == "share" else f"{row[n]:,}"
        for hits, n in (("discovered_numerator", "discovered_n"), ("numerator", "n"))
    )
    return {
        "Group": row["group"],
        "Newer cases": number(row["value"], unit),
        "95 % interval": between,
        "Counts": newer,
        "Everybody else": number(row["rest"], unit),
        "Difference": f"{number(row['difference'], apart)} ({reach})",
        "p, corrected": "< 0.001" if row["corrected_p"] < 0.001 else f"{row['corrected_p']:.3f}",
        "Of all errors": number(row["share_of_errors"], "share"),
        "Older cases": f"{number(row['discovered'], unit)} ({older})",
    }
