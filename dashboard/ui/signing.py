"""The sign-off page's parts: what is signed, what must be answered, the form, and the signatures that stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.words import window
from dashboard.errors import EvenhandError
from dashboard.policy import Finding
from dashboard.review.events import new_id
from dashboard.review.events_releases import SignedOff
from dashboard.review.ledger import Recorded
from dashboard.review.signoff import Current, Stale
from dashboard.ui import headlines, load, login, parts, people, say
from dashboard.ui.evidence import Evidence, still_stands, windows

DECISIONS = ("approve", "approve with conditions", "reject", "defer")
STATEMENT = "I have read the findings above and I answer for this decision."


def sentence(given: Evidence, earlier: Sequence[tuple[Recorded, SignedOff]]) -> tuple[str, str]:
    """Returns whether the scope's version and days are signed off, by whom, and whether that still stands."""
    what = f"{given.scope.model} {given.scope.version or '(all versions)'}"
    days = window(given.since, given.until)
    mine = [pair for pair in earlier if _about(pair[1]) == (given.scope.version, given.since, given.until)]
    if not mine:
        return f"{what} has not been signed off for {days}.", ""
    recorded, done = mine[0]
    stands = still_stands(done)
    if isinstance(stands, Stale):
        return f"The sign-off of {what} for {days} is stale.", people.described(done, recorded)
    return f"{what} was {people.DECIDED[done.decision]} for {days}.", people.described(done, recorded)


def _about(done: SignedOff) -> tuple[str | None, object, object]:
    return done.version, done.since, done.until


def subject(given: Evidence) -> list[dict[str, object]]:
    """Returns what would be signed, as rows."""
    held, policy = load.held(given.scope.model), load.policy(given.scope.model)
    contract = load.contract(given.scope.model)
    rows = {
        "Model": f"{given.scope.model}, {given.scope.version or 'all versions together'}",
        "Purpose": contract.purpose,
        "Days": windows(given.looks),
        "Policy": f"version {policy.version} ({policy.digest[:12]}…)" if policy else "none",
        "Contract": f"{contract.digest[:12]}…",
        "Counted": f"rollup {held.number} ({held.identity[:12]}…)",
        "Numbers": f"{len(given.readings):,} readings, SHA-256 {given.digest}",
    }
    return [{"What": name, "Evidence": value} for name, value in rows.items()]


def found(given: Evidence) -> str:
    """Returns how many findings there are in each state."""
    if not given.findings:
        return "Nothing is judged for these days: there is no policy, or they are not one of its scheduled windows."
    return " ".join(headlines.attention(given.findings))


def to_answer(given: Evidence) -> list[Finding]:
    """Returns the findings that an approval has to answer in writing."""
    return [finding for finding in given.findings if finding.state in ("outside", "cannot be computed")]


def readings(given: Evidence) -> pd.DataFrame:
    """Returns every reading that the digest covers."""
    return pd.DataFrame(given.readings)


def said(flags: Sequence[Any]) -> str:
    """Returns what people flagged, counted by reason."""
    if not flags:
        return "Nobody has flagged a case."
    counted = Counter(done.reason for _, done in flags)
    listed = ", ".join(f"{reason} {n}" for reason, n in counted.most_common())
    return f"{say.many(len(flags), 'case')} flagged: {listed}."


def form(given: Evidence) -> None:
    """Does show the form and, when it is sent, put the signature into the ledger."""
    parts.note(login.kept())
    if not login.fresh():
        parts.nothing("A signature takes a login of the last minutes.", "What you have chosen at the top is kept.")
        login.again()
        return
    identity = st.session_state.setdefault(f"sign-{given.digest}-{given.scope.version}", new_id())
    with st.form("sign", border=True):
        name, role = login.name_and_role("sign", "Compliance officer")
        decision = st.radio("Decision", DECISIONS, key="sign-decision", horizontal=True)
        rationale = st.text_area("Why (every finding outside or not computable needs an answer)", key="sign-rationale")
        conditions = st.text_area("Conditions, one a line", key="sign-conditions")
        statement = st.text_area("Statement", STATEMENT, key="sign-statement")
        agreed = st.checkbox("I have read the findings and I answer for this.", key="sign-agreed")
        sent = st.form_submit_button(
            f"Sign for {given.scope.version or 'all versions'}, {window(given.since, given.until)}"
        )
    if not _as_shown(given, sent):
        return
    if not agreed:
        parts.nothing("Not signed.", "Tick the box above the button: a signature is for what was read.")
        return
    lines = tuple(line for line in conditions.splitlines() if line.strip())
    try:
        typed = {"name": name, "role": role, "decision": decision, "rationale": rationale, "statement": statement}
        recorded = people.sign(given, identity, conditions=lines, **typed)
    except EvenhandError as error:
        parts.nothing(f"Not signed. {error.found}", error.expected, error.todo)
        return
    del st.session_state[f"sign-{given.digest}-{given.scope.version}"]
    st.success(
        f"Signed. Act {recorded.sequence} of the record, digest {recorded.digest[:16]}…", icon=":material/check:"
    )


def _as_shown(given: Evidence, sent: bool) -> bool:
    """Returns whether the form was sent for what it was shown with; says so where the numbers changed in between."""
    now = (given.scope, given.digest, [finding.sentence for finding in given.findings])
    shown = st.session_state.get("sign-shown", now)
    st.session_state["sign-shown"] = now
    if sent and shown != now:
        parts.nothing("Not signed. The numbers changed while this page was open.", "Read them again, then sign.")
    return sent and shown == now


def earlier(recorded: Recorded, done: SignedOff, stands: Current | Stale) -> None:
    """Does show an earlier sign-off, and whether it still stands."""
    said = people.described(done, recorded)
    if isinstance(stands, Stale):
        parts.findings([("outside", said, "Stale"), *((None, reason, "") for reason in stands.reasons[:6])])
    else:
        parts.findings([("within", f"{said} {stands.note}".strip(), "Still stands")])
    if done.rationale or done.conditions:
        parts.note(" ".join((done.rationale, *(f"Condition: {text}" for text in done.conditions))))
