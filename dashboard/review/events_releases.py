"""What people do to a version: sign it off or not, propose another threshold, meet a condition, suspend, revoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from dashboard.errors import EvenhandError
from dashboard.review.events import (
    COMMENT_LIMIT,
    NAME_LIMIT,
    TEXT_LIMIT,
    Event,
    check_person,
    free_text,
    one_of,
    put,
    required,
)

Decision = Literal["approve", "approve with conditions", "reject", "defer"]

NEEDS_AN_ANSWER = ("outside", "cannot be computed")


@dataclass(frozen=True)
class Condition:
    """What an approval depends on: in words, who sees to it, and until when."""

    text: str
    owner: str = ""
    due: date | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Returns the condition as the ledger keeps it."""
        return {"text": self.text, "owner": self.owner, "due": self.due.isoformat() if self.due else None}


@dataclass(frozen=True, kw_only=True)
class SignedOff:
    """A person answers for one version over one window: what was shown (by digest), what was decided, and why.

    `findings` are frozen as they stood on the screen, each that has to be answered with its `answer`; `rollup` is the
    identity of the sums they were made from, `evidence` the kept files by what they are (readings, policy, contract).
    `missing` names what could not be shown, `waivers` why that is accepted. `zone` is the signer's time zone.
    Source of what a signature records: 21 CFR 11.50, 11.70.
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
    conditions: Sequence[Condition | str | Mapping[str, Any]] = ()
    policy_digest: str = ""
    contract_digest: str = ""
    model_digest: str = ""
    needed: int = 1
    nonce: str | None = None
    meaning: str = ""
    zone: str = "UTC"
    expires: date | str | None = None
    missing: Sequence[str] = ()
    waivers: Mapping[str, str] = field(default_factory=dict)
    open_flags: Sequence[int] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    authentication: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_person(self)
        put(self, statement=free_text(self.statement, "The statement", TEXT_LIMIT))
        put(self, rationale=free_text(self.rationale, "The rationale", TEXT_LIMIT))
        put(self, meaning=free_text(self.meaning, "The meaning", COMMENT_LIMIT))
        put(self, conditions=tuple(one for one in map(_condition, self.conditions) if one.text))
        put(self, findings=tuple(MappingProxyType(_answered(finding)) for finding in self.findings))
        put(self, expires=_day(self.expires), missing=tuple(self.missing), open_flags=tuple(self.open_flags))
        told = {name: free_text(why, f"The waiver of {name}", COMMENT_LIMIT) for name, why in self.waivers.items()}
        put(self, waivers=MappingProxyType(told), evidence=MappingProxyType(dict(self.evidence)))
        put(self, authentication=MappingProxyType(dict(self.authentication)))
        required(self, "statement", "readings_digest", "rollup_identity", "policy_version")
        _check_evidence(self)
        _check_decision(self)

    def event(self) -> Event:
        """Returns the envelope, kind `signed`. What an older signature had not is left out where it says nothing."""
        kept = ("decision", "rationale", "statement", "readings_digest", "rollup_number", "rollup_identity")
        body: dict[str, Any] = {
            name: getattr(self, name)
            for name in (*kept, "policy_version", "policy_digest", "contract_digest", "needed", "nonce")
        }
        body |= {"conditions": [one.as_dict() for one in self.conditions if isinstance(one, Condition)]}
        body |= {"findings": [dict(finding) for finding in self.findings]}
        body |= {name: getattr(self, name) for name in ("model_digest", "meaning", "zone")}
        body |= {name: dict(getattr(self, name)) for name in ("waivers", "evidence", "authentication")}
        body |= {"missing": list(self.missing), "open_flags": list(self.open_flags)}
        body |= {"expires": self.expires.isoformat() if isinstance(self.expires, date) else None}
        subject = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return Event(self.event_id, "signed", self.name, self.role, self.model, self.version, subject, body)


@dataclass(frozen=True, kw_only=True)
class OnRelease:
    """What every later act on a signed release names: who, the release, and why."""

    event_id: str
    name: str
    role: str
    model: str
    version: str | None
    since: date
    until: date
    why: str

    def __post_init__(self) -> None:
        check_person(self)
        put(self, why=free_text(self.why, "The reason", COMMENT_LIMIT))
        required(self, "why")

    def envelope(self, kind: str, **body: Any) -> Event:
        """Returns the envelope of an act of a kind on this release."""
        subject = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        told = {"why": self.why, **body}
        return Event(self.event_id, kind, self.name, self.role, self.model, self.version, subject, told)


@dataclass(frozen=True, kw_only=True)
class Suspended(OnRelease):
    """An approval is suspended: what it stands on is in doubt. A new signature ends that."""

    authentication: Mapping[str, Any] = field(default_factory=dict)

    def event(self) -> Event:
        """Returns the envelope, kind `suspended`."""
        return self.envelope("suspended", authentication=dict(self.authentication))


@dataclass(frozen=True, kw_only=True)
class Revoked(OnRelease):
    """An approval is withdrawn. The signatures stay in the record; none of them counts any longer."""

    authentication: Mapping[str, Any] = field(default_factory=dict)

    def event(self) -> Event:
        """Returns the envelope, kind `revoked`."""
        return self.envelope("revoked", authentication=dict(self.authentication))


@dataclass(frozen=True, kw_only=True)
class Fulfilled(OnRelease):
    """A condition of an approval is met; `condition` is its number, such as 17.1: the signature's place and its own."""

    condition: str

    def event(self) -> Event:
        """Returns the envelope, kind `fulfilled`."""
        return self.envelope("fulfilled", condition=self.condition)


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
        check_person(self)
        put(self, rationale=free_text(self.rationale, "The rationale", TEXT_LIMIT))
        put(self, thresholds=MappingProxyType(dict(self.thresholds)))
        put(self, shown=tuple(MappingProxyType(dict(row)) for row in self.shown))
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
        required(self, "rollup_identity")

    def event(self) -> Event:
        """Returns the envelope, kind `proposed`."""
        body: dict[str, Any] = {name: getattr(self, name) for name in ("attribute", "instead_of", "rationale")}
        body |= {"rollup_number": self.rollup_number, "rollup_identity": self.rollup_identity}
        body |= {"thresholds": dict(self.thresholds), "shown": [dict(row) for row in self.shown]}
        subject = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return Event(self.event_id, "proposed", self.name, self.role, self.model, self.version, subject, body)


def _check_evidence(signed: SignedOff) -> None:
    if signed.since >= signed.until:
        raise EvenhandError(f"The window is from {signed.since} to {signed.until}", "It must end after it begins")
    if len(signed.readings_digest) != 64 or set(signed.readings_digest) - set("0123456789abcdef"):
        raise EvenhandError(f"'{signed.readings_digest}' is not a SHA-256", "64 hexadecimal digits are expected")
    if any("state" not in finding or "rule" not in finding for finding in signed.findings):
        raise EvenhandError("A finding without a rule or a state was to be signed", "Sign what `check` returned, whole")


def _check_decision(signed: SignedOff) -> None:
    one_of(signed.decision, Decision, "decision")
    if (signed.decision == "approve with conditions") != bool(signed.conditions):
        found = f"The decision is '{signed.decision}' and {len(signed.conditions)} conditions are given"
        raise EvenhandError(
            found, "Conditions belong to 'approve with conditions', and only there", "Correct one of them"
        )
    if signed.decision in ("reject", "defer"):
        if not signed.rationale:
            raise EvenhandError(f"The decision is '{signed.decision}' and there is no rationale", todo="Say why")
        return
    unanswered = [one for one in signed.findings if one["state"] in NEEDS_AN_ANSWER and not one.get("answer")]
    if unanswered and not signed.rationale:
        n = len(unanswered)
        found = f"{n} findings are outside the policy or cannot be computed, and there is no answer and no rationale"
        raise EvenhandError(
            found, "An approval answers each of them in writing", "Say in the rationale why it is approved"
        )
    silent = [name for name in signed.missing if not signed.waivers.get(name)]
    if silent:
        raise EvenhandError(
            f"What could not be shown is not waived: {', '.join(silent)}",
            "An approval says of each missing part why it does without",
            "Write the reason beside it, or decide otherwise",
        )


def _condition(given: Condition | str | Mapping[str, Any]) -> Condition:
    """Returns a condition, tidied; older signatures keep the text alone."""
    if isinstance(given, str):
        return Condition(free_text(given, "A condition", COMMENT_LIMIT))
    if isinstance(given, Mapping):
        given = Condition(str(given["text"]), str(given.get("owner") or ""), _day(given.get("due")))
    owner = free_text(given.owner, "The owner of a condition", NAME_LIMIT)
    return Condition(free_text(given.text, "A condition", COMMENT_LIMIT), owner, given.due)


def _answered(finding: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(finding)
    if told.get("answer"):
        told["answer"] = free_text(str(told["answer"]), "An answer to a finding", COMMENT_LIMIT)
    return told


def _day(given: date | str | None) -> date | None:
    return date.fromisoformat(given) if isinstance(given, str) else given
