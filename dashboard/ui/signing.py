"""The sign-off page's parts: what is signed, what must be answered, the form, and the signatures that stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.words import day, window
from dashboard.errors import EvenhandError
from dashboard.policy import Finding
from dashboard.review.events_releases import Condition, SignedOff
from dashboard.review.ledger import Recorded
from dashboard.review.signoff import Current, Stale, changes
from dashboard.ui import headlines, load, login, parts, people, releases, say
from dashboard.ui.evidence import Evidence, still_stands, windows
from dashboard.ui.sign_form import instant


def sentence(given: Evidence, earlier: Sequence[tuple[Recorded, SignedOff]]) -> tuple[str, str]:
    """Returns whether the scope's version and days are signed off, by whom, and whether that still stands."""
    what = f"{given.scope.model} {given.scope.version or '(all versions)'}"
    days = window(given.since, given.until)
    mine = [pair for pair in earlier if _about(pair[1]) == (given.scope.version, given.since, given.until)]
    if not mine:
        return f"{what} has not been signed off for {days}.", ""
    recorded, done = mine[0]
    held = people.release(done)
    if held and held["status"] in ("suspended", "revoked"):
        return f"The sign-off of {what} for {days} is {held['status']}.", people.described(done, recorded)
    stands = still_stands(done)
    if isinstance(stands, Stale):
        return f"The sign-off of {what} for {days} is stale.", people.described(done, recorded)
    if held and held["status"] == "partly signed":
        return f"{what} has {people.signatures(held)} signatures for {days}.", people.described(done, recorded)
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
        "Model file": contract.digests.get(given.scope.version or "", "no digest stated in the contract"),
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


def changed(given: Evidence, before: Sequence[tuple[Recorded, SignedOff]]) -> list[str]:
    """Returns what is different from the last approval of this version, in sentences."""
    approved = [
        done for _, done in before if done.decision.startswith("approve") and done.version == given.scope.version
    ]
    return changes(approved[0].findings, given.frozen()) if approved else []


def manifestation(recorded: Recorded, done: SignedOff) -> list[dict[str, object]]:
    """Returns a signature as it is shown wherever the record is: who, when, what it means, how they signed in."""
    sure = done.authentication.get("method") or "typed, identity not verified"
    since = done.authentication.get("at")
    rows = {
        "Signed by": f"{recorded.event.actor} ({recorded.event.role})",
        "At": instant(recorded.at, done.zone),
        "Meaning": done.meaning or "not stated",
        "Decision": people.DECIDED[done.decision],
        "Statement": done.statement,
        "Identity": f"{sure}, at {since[:16].replace('T', ' ')} UTC" if since else sure,
        "Ends": day(done.expires, year=True) if isinstance(done.expires, date) else "no day set",
        "Readings": done.readings_digest,
        "Record": f"act {recorded.sequence}, {recorded.digest}",
    }
    return [{"What": name, "Signed": value} for name, value in rows.items()]


def earlier(recorded: Recorded, done: SignedOff, stands: Current | Stale) -> None:
    """Does show an earlier sign-off: whether it still stands, what it says, what became of it."""
    release = people.release(done)
    said, reasons = people.described(done, recorded), [*reasons_of(stands), *_due(release)]
    stopped = release["status"] if release and release["status"] in ("suspended", "revoked") else ""
    if stopped or reasons:
        word = stopped.capitalize() or "Stale"
        parts.findings([("outside", said, word), *((None, reason, "") for reason in reasons[:6])])
    else:
        note = f" {stands.note}" if isinstance(stands, Current) and stands.note else ""
        parts.findings([("within", f"{said}{note}", "Still stands")])
    parts.note(releases.waits_for(release, done.model))
    with st.expander(f"Act {recorded.sequence}: the signature, its answers and conditions"):
        parts.table(manifestation(recorded, done), "The signature")
        parts.table(_answered(done), "What was answered to each finding")
        parts.table(_conditions(done, recorded, release), "Conditions")
        parts.note(f"Why: {done.rationale}" if done.rationale else "")
        parts.note("; ".join(f"Without {part}: {why}" for part, why in done.waivers.items()))
        _download(recorded, done)
        if release and not stopped:
            _further(recorded, done, release)


def _download(recorded: Recorded, done: SignedOff) -> None:
    """Does offer the evidence pack; it is made, and recorded, only when it is asked for."""
    st.download_button(
        "Download the evidence pack (zip)",
        data=lambda: releases.packed(done, recorded.sequence),
        file_name=f"evidence-{done.model}-{done.version or 'all'}-{done.until}.zip",
        mime="application/zip", key=f"pack-{recorded.sequence}", on_click="ignore", type="tertiary",
    )  # fmt: skip


def reasons_of(stands: Current | Stale) -> tuple[str, ...]:
    """Returns why a signature no longer stands; () while it does."""
    return stands.reasons if isinstance(stands, Stale) else ()


def _due(release: dict[str, Any] | None) -> list[str]:
    return [f"Condition {number} is overdue." for number in releases.overdue(release)]


def _answered(done: SignedOff) -> list[dict[str, object]]:
    answered = [finding for finding in done.findings if finding.get("answer")]
    return [{"Finding": str(f.get("sentence") or f["rule"]), "Answer": str(f["answer"])} for f in answered]


def _conditions(done: SignedOff, recorded: Recorded, release: dict[str, Any] | None) -> list[dict[str, object]]:
    met = {one["number"]: one["fulfilled"] for one in (release or {}).get("conditions", ())}
    rows: list[dict[str, object]] = []
    for place, condition in enumerate(done.conditions, start=1):
        if isinstance(condition, Condition):
            number = f"{recorded.sequence}.{place}"
            told = {
                "Condition": condition.text,
                "Who": condition.owner,
                "Until": day(condition.due) if condition.due else "",
            }
            rows.append({"No": number, **told, "Met": day(met[number]["at"][:10]) if met.get(number) else "not yet"})
    return rows


def _further(recorded: Recorded, done: SignedOff, release: dict[str, Any]) -> None:
    """Does offer what may still happen to a release: a condition met, suspended, revoked."""
    place = f"act-{recorded.sequence}"
    unmet = [one["number"] for one in release["conditions"] if not one["fulfilled"]]
    choices = [*(f"Condition {number} is met" for number in unmet), "Suspend", "Revoke"]
    chosen = st.selectbox("What happened to it", choices, None, key=f"{place}-what", width=300, placeholder="Nothing")
    if chosen is None:
        return
    name, role = login.name_and_role(place, "Compliance officer")
    why = st.text_input("Why", key=f"{place}-why")
    if not st.button(str(chosen), key=f"{place}-do"):
        return
    try:
        if chosen in ("Suspend", "Revoke"):
            releases.stop(done, chosen.lower(), why, name, role)
        else:
            releases.fulfil(done, chosen.split()[1], why, name, role)
    except EvenhandError as error:
        parts.nothing(f"Not done. {error.found}", error.expected, error.todo)
        return
    st.rerun()
