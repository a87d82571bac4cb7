"""The record behind the Audit page: whether it is whole, since when that is anchored, acts filtered, one opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.words import day
from dashboard.errors import EvenhandError
from dashboard.review import auditing, checkpoints, merkle, receipts
from dashboard.review.auditing import Audit
from dashboard.review.checkpoints import Checkpoint
from dashboard.review.ledger import Recorded
from dashboard.ui import people, say
from dashboard.workspace import Workspace

PAGE = 50  # acts at once
AGAIN = timedelta(minutes=10)  # after which the whole record is checked anew, whatever happened
STATES = {auditing.INTACT: "within", auditing.TAMPERED: "outside", auditing.COULD_NOT_CHECK: "inconclusive"}


@dataclass(frozen=True)
class Asked:
    """Which acts are shown; None is any. Days are UTC."""

    actor: str | None = None
    kind: str | None = None
    model: str | None = None
    since: date | None = None
    until: date | None = None
    page: int = 1

    def filters(self) -> dict[str, Any]:
        """Returns the filters as the ledger takes them."""
        return {name: getattr(self, name) for name in ("actor", "kind", "model", "since", "until")}


def checked() -> Audit:
    """Returns whether the record is whole, against the checkpoint that the settings name; kept until an act comes."""
    return _audited(*people.ledger().newest(), *_anchor())


def check_again() -> None:
    """Does forget what was found, so that every act is looked at again."""
    _audited.clear()


@st.cache_data(ttl=AGAIN, max_entries=4, show_spinner="Checking the record")
def _audited(sequence: int, digest: str, text: str | None, keys: tuple[str, ...]) -> Audit:
    """Returns what an audit finds; the newest act's place and digest only say when to look again."""
    book = people.ledger()
    verifiers = [checkpoints.verifier_of(key) for key in keys]
    lines = auditing.lines_of(book.rows())
    return auditing.audit(lines, text, verifiers, datetime.now(UTC), None, book.verify().broken)


def _anchor() -> tuple[str | None, tuple[str, ...]]:
    """Returns the checkpoint held elsewhere and the public keys that must have signed it, as the settings name them.

    evenhand.toml: [ledger] checkpoint = a path, verifiers = public keys or files of them; else audit.pub.
    """
    settings = Workspace().settings
    table = settings.tables.get("ledger", {})
    beside = settings.workspace / "audit.pub"
    named = table.get("verifiers") or ([str(beside)] if beside.exists() else [])
    keys = tuple(line for text in named for line in _keys(settings.workspace / text, text))
    path = table.get("checkpoint")
    if not path:
        return None, keys
    try:
        return checkpoints.read(settings.workspace / path), keys
    except EvenhandError:
        return "", keys  # named and not there: said as a checkpoint that cannot be used


def _keys(path: Path, text: str) -> list[str]:
    lines = checkpoints.read(path).splitlines() if path.exists() else [text]
    return [line for line in lines if line.strip()]


def sentence(found: Audit) -> tuple[str, str]:
    """Returns how many acts the record holds, whether it is whole, and since when somebody else can say so."""
    if not found.events:
        return "Nothing has been recorded yet.", "Every flag, answer and sign-off will be listed here."
    acts = say.many(found.events, "act")
    if found.broken:
        return f"The record of {acts} does not hold together.", " ".join(found.broken[:3])
    if found.checkpoint is None:
        how = (
            "No checkpoint held elsewhere is named in evenhand.toml, so nobody else can say that it was not rewritten."
        )
        return f"{acts}, complete and unchanged as far as the record itself can tell.", how
    newer = found.events - found.checkpoint.size
    since = f", complete and unchanged since the checkpoint {anchored(found.checkpoint)}"
    return f"{acts}{since}.", f"{say.many(newer, 'act')} came after it, held by the chain alone." if newer else ""


def anchored(kept: Checkpoint) -> str:
    """Returns when a checkpoint was made and who vouches for it."""
    at = kept.since()
    when = f"of {day(at.date(), year=True)}, {at:%H:%M} UTC, " if at else ""
    return f"{when}signed by {say.listed([signer.name for signer in kept.signers])}"


def state(found: Audit) -> str:
    """Returns the state whose mark stands beside what was found."""
    return STATES.get(found.code, "inconclusive")


def acts(asked: Asked) -> list[Recorded]:
    """Returns one page of acts, the newest first."""
    return people.ledger().events(**asked.filters(), newest_first=True, limit=PAGE, offset=PAGE * (asked.page - 1))


def pages(asked: Asked) -> tuple[int, int]:
    """Returns how many acts match, and on how many pages they stand."""
    n = people.ledger().count(**asked.filters())
    return n, max(1, -(-n // PAGE))


def acts_table(acts: Sequence[Recorded]) -> list[dict[str, object]]:
    """Returns acts as rows: when, who, what, about what."""
    return [
        {
            "Act": f"#{one.sequence}",
            "When": f"{day(one.at.date(), year=True)}, {one.at:%H:%M} UTC".replace(" ", "\u00a0"),
            "Who": f"{one.event.actor} ({one.event.role})" + ("" if one.event.verified else ", not verified"),
            "What": people.in_words(one.event),
            "Model": " ".join(part for part in (one.event.model, one.event.version) if part),
            "About": ", ".join(one.event.subject.values()),
        }
        for one in acts
    ]


def acts_frame(acts: Sequence[Recorded]) -> pd.DataFrame:
    """Returns acts as a table for download, one row each, with the digests that chain them."""
    return pd.DataFrame(
        [
            {"sequence": one.sequence, "at": one.at.isoformat(), "kind": one.event.kind, "actor": one.event.actor}
            | {"role": one.event.role, "verified": one.event.verified, "model": one.event.model}
            | {"version": one.event.version, "previous": one.previous, "digest": one.digest}
            for one in acts
        ]
    )


def opened(one: Recorded) -> dict[str, Any]:
    """Returns one act in full, as the record holds it."""
    event = one.event
    about = {"kind": event.kind, "actor": event.actor, "role": event.role, "verified": event.verified}
    about |= {"model": event.model, "version": event.version, "subject": dict(event.subject), "body": dict(event.body)}
    return (
        {"sequence": one.sequence, "at": one.at.isoformat(), "event_id": event.event_id}
        | about
        | {
            "previous": one.previous,
            "digest": one.digest,
        }
    )


def receipt(one: Recorded) -> dict[str, Any] | None:
    """Returns the receipt of an act under the checkpoint held elsewhere; None where that does not count it yet."""
    text, keys = _anchor()
    if not text or not keys:
        return None
    lines = list(auditing.lines_of(people.ledger().rows()))
    try:
        return receipts.receipt(lines, one.sequence, text, [checkpoints.verifier_of(key) for key in keys])
    except EvenhandError:
        return None


def checkpoint() -> str | None:
    """Returns a checkpoint of the record as it stands, signed; None where the workspace has no key or it is broken."""
    path = Workspace().settings.workspace / "audit.key"
    if not path.exists() or checked().broken:
        return None
    key = checkpoints.read_key(path)
    leaves = receipts.leaves_of(auditing.lines_of(people.ledger().rows()))
    return checkpoints.signed(Checkpoint(key.name, len(leaves), merkle.root(leaves), datetime.now(UTC)), key)
