"""The fairness page in words: what it opens with, whoever is missing; what counts as positive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from dashboard.charts.words import group_name
from dashboard.policy import Finding
from dashboard.ui import headlines, say, verdicts
from dashboard.ui.headlines import URGENT

MUCH = 0.1  # the share of cases of unknown group from which on the page says so on top
NAMED = 6
OF_STATE = {
    "outside": "outside range",
    "inconclusive": "can’t be told yet",
    "cannot be computed": "can’t be computed",
    "within": "within range",
}


def opening(
    counts: pd.DataFrame,
    rates: pd.DataFrame,
    findings: Sequence[Finding],
    asked: tuple[str, str, str | None, str | None],
    elsewhere: Sequence[tuple[str, str, str | None, int]],
) -> tuple[str, str]:
    """Returns the page's first sentence and one more; `asked` are metric, attribute, reference group and class."""
    metric, attribute, reference, of_class = asked
    known, _ = verdicts.known_groups(counts)
    by, name = say.plain(attribute), say.lower(say.plain_title(metric))
    if known.empty:
        says = f"Nobody’s {by} is known in this window."
        return says if len(counts) else "There are no cases in this window.", _deliver(attribute)
    if len(known) == 1:
        only = f"All cases whose {by} is known are {group_name(known['group'].iloc[0])}: there is nobody to compare."
        return only, "A comparison needs two groups. Choose another attribute, or a longer window."
    if not rates["value"].notna().any():
        return f"Nothing can be said of the {name} by {by} yet.", ""
    if reference not in set(known["group"]):
        says = f"Nobody of {say.group(reference)} is in this window, and the others are compared with them."
        return says, "Choose another window, or name another reference group in the contract."
    if of_class is not None and not findings:
        rule = f'No rule of the policy judges it; one would name the class: class = "{of_class}".'
        return f"The {name} of {of_class} by {by}, without a verdict.", rule
    return headlines.fairness(findings, metric, attribute, rates, elsewhere)


def _deliver(attribute: str) -> str:
    columns = " and ".join(f"[attributes.{name}]" for name in attribute.split("*"))
    return f"Check the column that {columns} in the contract names: it must be delivered with the predictions."


def unknown(groups: pd.DataFrame, counts: pd.DataFrame, attribute: str) -> str:
    """Returns how many cases are in no comparison since their group is not known, of how many, group by group."""
    n, of = int(groups["n"].sum()), int(counts["n"].sum())
    if not n:
        return f"The {say.plain(attribute)} of every case is known." if of else ""
    are = "is" if n == 1 else "are"
    told = f"{say.many(n, 'case')} of {of:,} ({share(n, of)}) with unknown {either(attribute)} {are} in no comparison"
    listed = groups.sort_values("n", ascending=False).head(NAMED)
    each = [f"{str(row['group']).replace('*', ' × ')} ({row['n']:,})" for row in listed.to_dict("records")]
    more = f" and {len(groups) - NAMED} more" if len(groups) > NAMED else ""
    return f"{told}: {', '.join(each)}{more}." if "*" in attribute else f"{told}."


def on_top(counts: pd.DataFrame, attribute: str) -> str:
    """Returns what is said on top where many cases have no known group, else ""."""
    _, groups = verdicts.known_groups(counts)
    n, of = int(groups["n"].sum()), int(counts["n"].sum())
    if not of or n < MUCH * of or n == of:
        return ""
    by = either(attribute)
    of_all = f"{share(n, of)} of the cases ({n:,} of {of:,})"
    return f"The {by} of {of_all} is unknown: they are in no comparison, whoever they are."


def either(attribute: str) -> str:
    """Returns an attribute in words, of an intersection any of its parts.

    >>> either("sex*age_band")
    'sex or age band'
    """
    return say.plain(attribute.replace("*", " or "))


def share(n: int, of: int) -> str:
    """Returns a share in words.

    >>> share(240, 600), share(1, 5000)
    ('40 %', 'under 1 %')
    """
    return f"{100 * n / of:.0f} %" if n * 200 >= of else "under 1 %"


def others(findings: Sequence[Finding], attribute: str, more: bool) -> str:
    """Returns the heading of the box that holds the findings not listed openly, beside those that are (`more`)."""
    states: Counter[str] = Counter(finding.state for finding in findings)
    each = ", ".join(f"{states[state]} {OF_STATE[state]}" for state in URGENT if states[state])
    noun = "more finding" if more else "finding"
    return f"{say.many(len(findings), noun)} by {say.plain(attribute)}: {each}"
