"""What a person can do, as values: flag a case, sign off a version, propose a threshold; and the ledger's envelope.

An act is checked when it is made, so that nothing incomplete reaches the ledger.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, Protocol, cast, get_args

from dashboard.errors import EvenhandError, nearest
from dashboard.review.proof import normal

Severity = Literal["low", "medium", "high"]
Decision = Literal["approve", "approve with conditions", "reject", "defer"]

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "wrong-answer": "The answer is wrong",
        "wrong-reason": "The answer is right for the wrong reason",
        "wrong-input": "A value it was given is wrong",
        "missing-context": "Something decisive was not among its values",
        "unfair": "The case seems to be treated unfairly",
        "other": "Something else",
    }
)
"""The reason codes of a flag, version 1. A code is never reused: a change of meaning is a new code."""

NAME_LIMIT, COMMENT_LIMIT, TEXT_LIMIT = 200, 4_000, 20_000
DIRECTION_OVERRIDES = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # can make a name read as another
NEEDS_AN_ANSWER = ("outside", "cannot be computed")


@dataclass(frozen=True)
class Event:
    """One act as the ledger keeps it. `event_id` comes from the client, so that a double click is one event.

    `subject` is what the act is about: a case (day, version, id) or a window (since, until).
    """

    event_id: str
    kind: str
    actor: str
    role: str
    model: str
    version: str | None
    subject: Mapping[str, str]
    body: Mapping[str, Any]
    verified: bool = False  # that the actor is who the name says: only a login can tell

    def event(self) -> Event:
        """Returns itself, so that the ledger takes an act or its envelope."""
        return self


class Act(Protocol):
    """Anything that can be put into the ledger."""

    def event(self) -> Event: ...


@dataclass(frozen=True, kw_only=True)
class Flagged:
    """A person says that one prediction is wrong, and why. The case is addressed by model, day, version and id."""

    event_id: str
    name: str
    role: str
    model: str
    day: date
    version: str
    id: str
    reason: str
    comment: str = ""
    right_answer: str | None = None
    severity: Severity = "medium"

    def __post_init__(self) -> None:
        _check_person(self)
        if self.reason not in REASONS:
            raise EvenhandError(f"The reason '{self.reason}' is not a reason code", todo=nearest(self.reason, REASONS))
        _set(self, comment=free_text(self.comment, "The comment", COMMENT_LIMIT))
        _set(self, right_answer=free_text(self.right_answer or "", "The right answer", NAME_LIMIT) or None)
        if self.reason == "other" and not self.comment:
            raise EvenhandError(
                "The reason is 'other' and there is no comment", todo="Say in the comment what is wrong"
            )
        _one_of(self.severity, Severity, "severity")
        _required(self, "version", "id")

    def event(self) -> Event:
        """Returns the envelope, kind `flagged`."""
        body = {name: getattr(self, name) for name in ("reason", "comment", "right_answer", "severity")}
        subject = {"day": self.day.isoformat(), "version": self.version, "id": self.id}
        return Event(self.event_id, "flagged", self.name, self.role, self.model, self.version, subject, body)


@dataclass(frozen=True, kw_only=True)
class SignedOff:
    """A person answers for one version over one window: what was shown (by digest), what was decided, and why.

    `findings` are frozen as they stood on the screen; `rollup` is the identity of the sums they were made from.
    """

    event_id: str
    name: str
    role: str
    model: str
    version: str | None
    since: date
    until: date
    decision: Decision
    statement: str
    readings_digest: str
    rollup_number: int
    rollup_identity: str
    policy_version: str
    findings: Sequence[Mapping[str, Any]] = ()
    rationale: str = ""
    conditions: Sequence[str] = ()
    policy_digest: str = ""
    contract_digest: str = ""

    def __post_init__(self) -> None:
        _check_person(self)
        _set(self, statement=free_text(self.statement, "The statement", TEXT_LIMIT))
        _set(self, rationale=free_text(self.rationale, "The rationale", TEXT_LIMIT))
        conditions = (free_text(text, "A condition", COMMENT_LIMIT) for text in self.conditions)
        _set(self, conditions=tuple(text for text in conditions if text))
        _set(self, findings=tuple(MappingProxyType(dict(finding)) for finding in self.findings))
        _required(self, "statement", "readings_digest", "rollup_identity", "policy_version")
        _check_evidence(self)
        _check_decision(self)

    def event(self) -> Event:
        """Returns the envelope, kind `signed`."""
        kept = ("decision", "rationale", "statement", "readings_digest", "rollup_number", "rollup_identity")
        body: dict[str, Any] = {
            name: getattr(self, name) for name in (*kept, "policy_version", "policy_digest", "contract_digest")
        }
        body |= {"conditions": list(self.conditions), "findings": [dict(finding) for finding in self.findings]}
        subject = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return Event(self.event_id, "signed", self.name, self.role, self.model, self.version, subject, body)


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """A person proposes other thresholds, seen on one window; whether they hold is judged on later data.

    `thresholds` are by group, "" is everybody; an infinite one, which selects nobody, is None. `shown` are the rates as
    they stood on the screen.
    """

    event_id: str
    name: str
    role: str
    model: str
    version: str | None
    since: date
    until: date
    attribute: str
    thresholds: Mapping[str, float | None]
    instead_of: float
    rationale: str
    rollup_number: int
    rollup_identity: str
    shown: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        _check_person(self)
        _set(self, rationale=free_text(self.rationale, "The rationale", TEXT_LIMIT))
        _set(self, thresholds=MappingProxyType(dict(self.thresholds)))
        _set(self, shown=tuple(MappingProxyType(dict(row)) for row in self.shown))
        if not self.rationale:
            raise EvenhandError("There is no reason for the proposal", todo="Say why the threshold should change")
        if not self.thresholds or any(at is not None and not 0 <= at <= 1 for at in self.thresholds.values()):
            raise EvenhandError(
                "A threshold is missing or not in [0, 1]", todo="Choose one for everybody or each group"
            )
        if self.since >= self.until:
            raise EvenhandError(f"The window is from {self.since} to {self.until}", "It must end after it begins")
        if set(self.thresholds.values()) == {self.instead_of}:
            raise EvenhandError("The proposal is what holds already", todo="Choose another threshold first")
        _required(self, "rollup_identity")

    def event(self) -> Event:
        """Returns the envelope, kind `proposed`."""
        body: dict[str, Any] = {name: getattr(self, name) for name in ("attribute", "instead_of", "rationale")}
        body |= {"rollup_number": self.rollup_number, "rollup_identity": self.rollup_identity}
        body |= {"thresholds": dict(self.thresholds), "shown": [dict(row) for row in self.shown]}
        subject = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return Event(self.event_id, "proposed", self.name, self.role, self.model, self.version, subject, body)


def new_id() -> str:
    """Returns a fresh event id: make it when the form is shown, not when the button is pressed."""
    return str(uuid.uuid4())


def act(event: Event) -> Flagged | SignedOff | Proposed | Event:
    """Returns the flag, sign-off or proposal that an envelope holds; an envelope of another kind stays as it is."""
    who: dict[str, Any] = {"event_id": event.event_id, "name": event.actor, "role": event.role, "model": event.model}
    if event.kind == "flagged":
        return Flagged(
            **who,
            day=date.fromisoformat(event.subject["day"]),
            version=event.version or "",
            id=event.subject["id"],
            **event.body,
        )
    if event.kind in ("signed", "proposed"):
        since, until = (date.fromisoformat(event.subject[name]) for name in ("since", "until"))
        kind = SignedOff if event.kind == "signed" else Proposed
        return kind(**who, version=event.version, since=since, until=until, **event.body)
    return event


def free_text(text: str, what: str, limit: int) -> str:
    """Returns what a person typed: NFC, trimmed, line ends as LF; control characters and excess are refused.

    >>> free_text(" seen on the ward\\r\\n", "The comment", 100)
    'seen on the ward'
    """
    clean = normal(text).replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(clean) > limit:
        raise EvenhandError(f"{what} has {len(clean):,} characters", f"At most {limit:,} are kept", "Shorten it")
    odd = next((c for c in clean if unicodedata.category(c) == "Cc" and c not in "\n\t"), None)
    if odd is not None:
        raise EvenhandError(
            f"{what} holds the control character U+{ord(odd):04X}", todo="Remove it, or type the text again"
        )
    return clean


def person(name: str, what: str = "The name") -> str:
    """Returns a printed name or role: one line, with a letter in it, without characters that reverse how it reads.

    >>> person("  Dr. Ada Osei ")
    'Dr. Ada Osei'
    """
    clean = free_text(name, what, NAME_LIMIT)
    if not any(character.isalpha() for character in clean):
        raise EvenhandError(f"{what} is missing", "Whoever acts is named in the record", "Type it")
    if "\n" in clean or "\t" in clean or DIRECTION_OVERRIDES & set(clean):
        raise EvenhandError(
            f"{what} holds a line break or a character that changes its direction", todo="Type it on one line"
        )
    return clean


def _check_person(act: Flagged | SignedOff | Proposed) -> None:
    _set(act, name=person(act.name), role=person(act.role, "The role"))
    _required(act, "event_id", "model")


def _check_evidence(signed: SignedOff) -> None:
    if signed.since >= signed.until:
        raise EvenhandError(f"The window is from {signed.since} to {signed.until}", "It must end after it begins")
    if len(signed.readings_digest) != 64 or set(signed.readings_digest) - set("0123456789abcdef"):
        raise EvenhandError(f"'{signed.readings_digest}' is not a SHA-256", "64 hexadecimal digits are expected")
    if any("state" not in finding or "rule" not in finding for finding in signed.findings):
        raise EvenhandError("A finding without a rule or a state was to be signed", "Sign what `check` returned, whole")


def _check_decision(signed: SignedOff) -> None:
    _one_of(signed.decision, Decision, "decision")
    if (signed.decision == "approve with conditions") != bool(signed.conditions):
        found = f"The decision is '{signed.decision}' and {len(signed.conditions)} conditions are given"
        raise EvenhandError(
            found, "Conditions belong to 'approve with conditions', and only there", "Correct one of them"
        )
    if signed.rationale:
        return
    if signed.decision in ("reject", "defer"):
        raise EvenhandError(f"The decision is '{signed.decision}' and there is no rationale", todo="Say why")
    open_findings = [finding for finding in signed.findings if finding["state"] in NEEDS_AN_ANSWER]
    if open_findings:
        found = f"{len(open_findings)} findings are outside the policy or cannot be computed, and there is no rationale"
        raise EvenhandError(
            found, "An approval answers each of them in writing", "Say in the rationale why it is approved"
        )


def _required(act: Flagged | SignedOff | Proposed, *names: str) -> None:
    for name in names:
        if not str(getattr(act, name)).strip():
            raise EvenhandError(f"The {name.replace('_', ' ')} is missing", "An act names what it is about")


def _one_of(value: str, kind: object, what: str) -> None:
    known = cast("tuple[str, ...]", get_args(kind))
    if value not in known:
        raise EvenhandError(f"The {what} is '{value}'", f"It is one of {', '.join(known)}")


def _set(act: Flagged | SignedOff | Proposed, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(act, name, value)  # frozen: only while it is being made
