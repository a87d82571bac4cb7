"""Why it decides: which inputs count most, by attributions as logged, then and now; else by a surrogate."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import number
from dashboard.policy import Finding
from dashboard.report import attributions, importance
from dashboard.report.attributions import Move, nth
from dashboard.report.drift import refusal
from dashboard.report.importance import Importances
from dashboard.ui import load, parts
from dashboard.ui.state import Scope

HOW = (
    "What each input added to the answers, as logged: the mean size of its attributions, as a share of all inputs'. "
    "An order that turned says that the model decides by other things than it was checked on."
)
LEARNT = (
    "No attributions are logged (contract.toml, [attributions]). A surrogate, trees that learn to say what the model "
    "said, shows how much worse they do when one input is shuffled: a picture of the model, not the model."
)


def section(scope: Scope) -> None:
    """Does draw the view; a surrogate, which takes seconds, waits for a button and is kept."""
    model = load.model(scope.model)
    source = model.source()
    asked = model.scope(*load.drift_days(scope), version=scope.version, kinds=("drift",), metrics=(attributions.NAME,))
    moved = () if refusal(asked) else attributions.moves(source, asked)
    if moved:
        _order(scope, moved)
        return
    found = importance.known(source, scope.version)
    if found is None and st.button("Learn what counts", key="surrogate", help="Takes up to half a minute, once."):
        with st.spinner("Learning from a sample of the reference"):
            found = importance.importances(source, scope.version)
        if found is None:
            parts.nothing(
                "There is too little to learn from.", "It takes 200 cases of the reference with their inputs."
            )
            return
    if found is None:
        parts.note(f"{LEARNT} It takes up to half a minute, once.")
        return
    _shares(found)


def _order(scope: Scope, moved: tuple[Move, ...]) -> None:
    says = attributions.sentence(moved)
    parts.section(says, HOW)
    judged = [finding for finding in load.findings(scope, "drift") if finding.metric == attributions.NAME]
    parts.findings([(finding.state, finding.sentence) for finding in judged])
    rows = pd.DataFrame([move.__dict__ for move in moved])
    parts.picture(charts.orders(rows), "attribution-order", says)
    table = [
        {
            "Input": move.feature,
            "Share then": number(move.before, "share"),
            "Share now": number(move.after, "share"),
            "Place": _went(move),
        }
        for move in moved
    ]
    parts.table(table, "Inputs by attribution, in the reference and now", ("Share then", "Share now"))
    parts.download(rows, "attribution-order")


def _went(move: Move) -> str:
    """Returns where an input's place went, in words.

    >>> _went(Move("lactate", 0.5, 0.1, 1, 4)), _went(Move("bed", 0.1, None, 3, None))
    ('1st, now 4th', '3rd, none logged now')
    """
    if move.first is None:
        return "none logged" if move.now is None else f"{nth(move.now)}, none logged then"
    if move.now is None:
        return f"{nth(move.first)}, none logged now"
    return nth(move.first) if move.first == move.now else f"{nth(move.first)}, now {nth(move.now)}"


def turned(findings: Sequence[Finding]) -> str:
    """Returns in a sentence that the order of inputs left its range, "" where it did not."""
    outside = any(f.metric == attributions.NAME and f.state == "outside" for f in findings)
    return "Which inputs count most has changed: see “Why it decides”." if outside else ""


def _shares(found: Importances) -> None:
    logged = found.source == "logged"
    most = [one.feature for one in found.of if one.share is not None][:3]
    parts.section(f"What counts most: {', '.join(most)}.", HOW if logged else LEARNT)
    if found.caveat:
        parts.findings([("inconclusive", found.caveat)])
    fit = "" if found.fit is None else f" The surrogate follows the model with R2 {found.fit:.2f} on cases held out."
    parts.note(f"{'Every row' if logged else 'A sample'} of the reference: {found.rows:,} cases.{fit}")
    rows = pd.DataFrame([one.__dict__ for one in found.of])
    parts.picture(charts.shares_of_inputs(rows), "importance", f"What counts most: {', '.join(most)}")
    table = [
        {
            "Input": one.feature,
            "Share": number(one.share, "share"),
            "95 % interval": "–" if one.low is None else f"{one.low * 100:.1f} to {(one.high or 0) * 100:.1f} %",
        }
        for one in found.of
    ]
    parts.table(table, "How much each input counts, as a share of all", ("Share", "95 % interval"))
    parts.download(rows, "importance")
