"""The Audit page's parts: the filters, the acts, one of them opened, what anchors the record."""

from __future__ import annotations

import json
from datetime import date, datetime

import streamlit as st

from dashboard.review import roles
from dashboard.review.auditing import Audit
from dashboard.review.ledger import Recorded
from dashboard.ui import login, parts, people, record, say
from dashboard.ui.record import Asked


def filters() -> Asked:
    """Returns which acts are asked for; every box is part of the URL."""
    book = people.ledger()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        actor = _box("Who", "who", "everybody", book.known("actor"))
        kind = _box("What", "what", "every act", book.known("kind"))
        model = _box("Model", "of", "every model", book.known("model"))
        since, until = _day("From", "from"), _day("To", "to")
    asked = Asked(actor, kind, model, since, date.fromordinal(until.toordinal() + 1) if until else None)
    n, pages = record.pages(asked)
    page = 1
    if pages > 1:
        page = int(st.number_input(f"Page, of {pages:,}", 1, pages, key="page", width=160, bind="query-params"))
    parts.note(f"{say.many(n, 'act')} here, the newest first.")
    return Asked(actor, kind, model, asked.since, asked.until, page)


def _box(label: str, name: str, anything: str, known: list[str]) -> str | None:
    words = {"": anything} | {value: value for value in known}
    return parts.linked_box(label, name, words, width=190) or None


def _day(label: str, name: str) -> date | None:
    asked = st.query_params.get(name)
    try:
        first = date.fromisoformat(asked) if asked else None
    except ValueError:
        first = None
    chosen = st.date_input(label, first, key=f"{name}-day", width=150)
    if isinstance(chosen, date):
        st.query_params[name] = chosen.isoformat()
        return chosen
    st.query_params.pop(name, None)
    return None


def listed(acts: list[Recorded], asked: Asked) -> None:
    """Does write the acts of a page, and open one."""
    if not acts:
        parts.nothing("No act fits.", "Widen the filter.")
        return
    parts.table(record.acts_table(acts), "Acts, newest first")
    parts.download(lambda: record.acts_frame(people.ledger().events(**asked.filters())), "acts")
    chosen = st.selectbox(
        "Open an act", [one.sequence for one in acts], None, key="act", width=160, format_func=_number
    )
    if chosen is not None:
        _opened(next(one for one in acts if one.sequence == chosen))


def _number(sequence: int) -> str:
    return f"#{sequence}"


def _opened(one: Recorded) -> None:
    parts.receipt(record.opened(one), _number(one.sequence))
    made = record.receipt(one)
    if made is None:
        parts.note(
            "It has no receipt yet: no checkpoint held elsewhere counts it. `evenhand audit checkpoint` makes one."
        )
        return
    parts.note("Its receipt proves to anybody that the record holds it, as it stands here; docs/proof.md says how.")
    st.download_button(
        "Download its receipt (JSON)", json.dumps(made, indent=1, ensure_ascii=False), key="receipt",
        file_name=f"receipt-{one.sequence}.json", mime="application/json", on_click="ignore", type="tertiary",
    )  # fmt: skip


def anchors(found: Audit) -> None:
    """Does say what holds the record from outside, and offer to check again and to make a checkpoint."""
    parts.section("What anchors it", "A checkpoint held by somebody else shows what the record alone cannot.")
    parts.findings([(record.state(found), found.says, ""), *((None, fault, "") for fault in found.broken[:20])])
    with st.container(horizontal=True):
        if st.button("Check every act again", key="check-again"):
            record.check_again()
            st.rerun()
        if may_anchor() and (text := record.checkpoint()):
            name = f"checkpoint-{datetime.now():%Y-%m-%d}"
            st.download_button(
                "Download a checkpoint of now", text, file_name=name, key="checkpoint", on_click="ignore"
            )
    if not found.checkpoint:
        parts.note(
            "evenhand.toml, [ledger] checkpoint = the path of one that is kept elsewhere; docs/proof.md says how."
        )


def may_anchor() -> bool:
    """Returns whether who is here may make a checkpoint."""
    who = login.person()
    return who is None or bool(who.roles & roles.RIGHTS["checkpointed"])
