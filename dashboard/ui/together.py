"""Inputs together: how well rows can be told from the reference's, by which inputs, and which rows."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.charts import words
from dashboard.charts.words import counts, interval, missing, number
from dashboard.report.domain import NAME, Domain
from dashboard.ui import load, parts, say
from dashboard.ui.load import together
from dashboard.ui.state import Scope

SEEN = 0.0005  # of an area: what is not 0.000 in the table
LEAST = 0.005  # of an area: what falls by less is not named in the sentence
HOW = (
    "Trees learn to tell these days' cases from the reference's, and are asked about days and persons they have not "
    "seen. 0.50: they can't tell; 1.00: always. It finds inputs that moved against each other too."
)


def section(scope: Scope) -> None:
    """Does draw the view; what takes seconds waits for a button, and is kept."""
    refused = together.refused(scope)
    parts.note(say.drift_window(load.drift_days(scope), load.reference_days(scope)))
    if refused:
        parts.nothing("There is nothing to tell apart.", f"{refused[0].upper()}{refused[1:]}.")
        return
    found = together.known(scope)
    if found is None and st.button("Compare all inputs together", key="together", help="Takes some seconds, once."):
        bar = st.progress(0.0, "Reading a sample of both windows")

        def told(done: int, total: int) -> None:
            bar.progress(done / total, f"Learning, {done} of {total}")

        found = together.found(scope, told)
        bar.empty()
    if found is None:
        parts.note(f"{HOW} It takes some seconds, once for these days.")
        return
    _drawn(scope, found)


def _drawn(scope: Scope, found: Domain) -> None:
    parts.section(sentence(found), HOW)
    judged = [finding for finding in load.findings(scope, "drift") if finding.metric == NAME]
    parts.findings([(finding.state, finding.sentence) for finding in judged])
    if found.why:
        return
    parts.note(f"A sample: {found.now:,} cases of these days, {found.then:,} of the reference; interval by whole days.")
    given = pd.DataFrame(found.inputs, columns=["input", "auc_falls_by"])
    rows = [{"Input": name, "AUC falls by": number(fall, "ratio")} for name, fall in found.inputs[:20] if fall >= SEEN]
    parts.table(rows, "What gives it away: by how much the AUC falls when one input is shuffled", ("AUC falls by",))
    parts.download(given, "inputs-together")
    cases = pd.DataFrame(found.rows, columns=["day", "version", "id", "chance"])
    named = [
        {
            "Case": id_,
            "Day": words.day(day).replace(" ", "\u00a0"),
            "Version": version,
            "Looks like now": number(chance, "share"),
        }
        for day, version, id_, chance in found.rows
    ]
    with st.container(horizontal=True):
        for _, _, id_, _ in found.rows:
            parts.link("cases", id_, id=id_, window="all")
    parts.table(named, f"The {counts(None, len(named))} that give it away most", ("Looks like now",))
    parts.download(cases, "cases-that-give-it-away")


def sentence(found: Domain) -> str:
    """Returns the view's finding: whether cases can be told apart, and by which inputs.

    >>> sentence(Domain("", 0.7, 0.02, 7, 4000, 4000, (("age", 0.1), ("ward", 0.001))))
    'Cases can be told from the reference’s: AUC 0.70 (0.65 to 0.75). What gives them away most: age.'
    """
    measure = found.measure()
    low, high = measure.interval(0.95)
    if measure.value is None or missing(low) or low is None:
        return f"Whether cases look different can't be said: {found.why}."
    area = f"AUC {number(measure.value, 'ratio')} ({interval(low, high, 'ratio')})"
    if low <= 0.5:
        return f"Cases can't be told from the reference’s by all inputs together: {area}."
    named = [name for name, fall in found.inputs[:3] if fall >= LEAST]
    why = f" What gives them away most: {', '.join(named)}." if named else ""
    return f"Cases can be told from the reference’s: {area}.{why}"
