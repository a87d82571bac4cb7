"""The form of a signature: the decision, an answer to each finding, conditions, its end, the button that signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import streamlit as st

from dashboard.charts.words import day, window
from dashboard.errors import EvenhandError
from dashboard.policy import Finding
from dashboard.review.events import new_id
from dashboard.review.events_releases import Condition
from dashboard.ui import drafts, login, parts, releases, say
from dashboard.ui.evidence import Evidence

DECISIONS = ("approve", "approve with conditions", "reject", "defer")
STATEMENT = "I have read the findings above and I answer for this decision."
MEANINGS = (
    "I approve as compliance officer",
    "I approve as clinical reviewer",
    "I approve as the person responsible for its use",
    "I have reviewed it",
)
MOST_CONDITIONS = 5
USUAL_DAYS = 90


def form(given: Evidence, answers_to: Sequence[Finding]) -> None:
    """Does show the form and, when its button is pressed, put the signature into the ledger."""
    parts.note(login.kept())
    about = f"{given.scope.model}|{given.scope.version}|{given.since}|{given.until}"
    names = _names(given, answers_to)
    drafts.bring_back(about, names)
    name, role = login.name_and_role("sign", "Compliance officer")
    left, right = st.columns(2)
    decision = left.radio("Decision", DECISIONS, key="sign-decision")
    meaning = right.selectbox("What your signature means", MEANINGS, key="sign-meaning")
    ends = _ends(right, decision)
    conditions = _conditions() if decision == "approve with conditions" else ()
    answers = _answers(answers_to) if decision.startswith("approve") else {}
    waivers = _waivers(given) if decision.startswith("approve") else {}
    why = "Why" if not decision.startswith("approve") else "Anything else about why (or one answer to all of them)"
    rationale = st.text_area(why, key="sign-rationale")
    statement = st.text_area("Statement", STATEMENT, key="sign-statement", height=80)
    agreed = st.checkbox("I have read the findings and I answer for this.", key="sign-agreed")
    drafts.keep(about, names)
    if not login.fresh():
        parts.nothing("A signature takes a login of the last minutes.", "What you have typed is kept.")
        login.again()
        return
    of = f"{given.scope.version or 'all versions'}, {window(given.since, given.until)}"
    with_them = f" with {say.many(len(conditions), 'condition')}" if conditions else ""
    sent = st.button(f"Sign: {decision.split(' with')[0]}{with_them} ({of})", key="sign", type="primary")
    if not as_shown(given, sent):
        return
    if not agreed:
        parts.nothing("Not signed.", "Tick the box above the button: a signature is for what was read.")
        return
    typed: dict[str, Any] = {"name": name, "role": role, "decision": decision, "meaning": meaning, "zone": zone()}
    typed |= {"rationale": rationale, "statement": statement, "answers": answers, "waivers": waivers}
    _sign(given, about, typed | {"conditions": conditions, "expires": ends})


def _sign(given: Evidence, about: str, typed: Mapping[str, Any]) -> None:
    kept = f"sign-{given.digest}-{given.scope.version}"
    identity = st.session_state.setdefault(kept, new_id())
    try:
        recorded = releases.sign(given, identity, **typed)
    except EvenhandError as error:
        parts.nothing(f"Not signed. {error.found}", error.expected, error.todo)
        return
    del st.session_state[kept]
    drafts.drop(about)
    st.success(
        f"Signed. Act {recorded.sequence} of the record, digest {recorded.digest[:16]}…", icon=":material/check:"
    )


def _ends(place: Any, decision: str) -> date | None:
    if not decision.startswith("approve"):
        return None
    today = datetime.now(UTC).date()
    last = releases.longest(today)
    usual = min(today + timedelta(days=USUAL_DAYS), last)
    chosen = place.date_input("The approval ends on", usual, min_value=today, max_value=last, key="sign-ends")
    return chosen if isinstance(chosen, date) else usual


def _conditions() -> tuple[Condition, ...]:
    many = st.number_input("How many conditions", 1, MOST_CONDITIONS, 1, key="sign-conditions", width=180)
    found = []
    for place in range(1, int(many) + 1):
        text, owner, due = st.columns([3, 1.4, 1])
        told = text.text_input(f"Condition {place}", key=f"sign-condition-{place}")
        who = owner.text_input("Who sees to it", key=f"sign-condition-owner-{place}")
        until = due.date_input(
            "Until", datetime.now(UTC).date() + timedelta(days=30), key=f"sign-condition-due-{place}"
        )
        found.append(Condition(told, who, until if isinstance(until, date) else None))
    return tuple(found)


def _answers(findings: Sequence[Finding]) -> dict[str, str]:
    """Returns the answer typed to each rule that found something, by `releases.rule`."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(releases.rule(finding.as_dict()), []).append(finding)
    if by_rule:
        parts.note("An approval answers each of these in writing.")
    answers = {}
    for rule, found in by_rule.items():
        more = f" (and {len(found) - 1} more of this rule)" if len(found) > 1 else ""
        answers[rule] = st.text_area(say.literal(f"{found[0].sentence}{more}"), key=f"sign-answer-{rule}", height=68)
    return answers


def _waivers(given: Evidence) -> dict[str, str]:
    """Returns why an approval does without what is missing."""
    missing = releases.missing(given)
    if missing:
        parts.note("What is missing, and why the approval does without it:")
    return {
        part: st.text_input(f"{part.capitalize()}: {words}", key=f"sign-waiver-{part}")
        for part, words in missing.items()
    }


def _names(given: Evidence, findings: Sequence[Finding]) -> list[str]:
    """Returns the boxes whose content is kept in a draft."""
    fixed = ["sign-decision", "sign-meaning", "sign-rationale", "sign-statement", "sign-conditions"]
    several = [f"sign-condition-{what}{n}" for what in ("", "owner-") for n in range(1, MOST_CONDITIONS + 1)]
    rules = [f"sign-answer-{releases.rule(finding.as_dict())}" for finding in findings]
    return [*fixed, *several, *rules, *(f"sign-waiver-{part}" for part in releases.missing(given))]


def as_shown(given: Evidence, sent: bool) -> bool:
    """Returns whether the button was pressed for what the page was shown with; says so where the numbers changed."""
    now = (given.scope, given.digest, [finding.sentence for finding in given.findings])
    shown = st.session_state.get("sign-shown", now)
    st.session_state["sign-shown"] = now
    if sent and shown != now:
        parts.nothing("Not signed. The numbers changed while this page was open.", "Read them again, then sign.")
    return sent and shown == now


def zone() -> str:
    """Returns the signer's time zone, as the browser names it."""
    return str(st.context.timezone or "UTC")


def instant(at: datetime, zone_: str) -> str:
    """Returns when something was signed: in the signer's zone, and in UTC.

    >>> instant(datetime(2026, 3, 4, 14, 0, tzinfo=UTC), "Europe/Berlin")
    '4 March 2026, 15:00 Europe/Berlin (14:00 UTC)'
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        local = at.astimezone(ZoneInfo(zone_))
    except (ZoneInfoNotFoundError, ValueError):
        local, zone_ = at, "UTC"
    utc = f" ({at:%H:%M} UTC)" if zone_ != "UTC" else ""
    return f"{day(local.date(), year=True)}, {local:%H:%M} {zone_}{utc}"
