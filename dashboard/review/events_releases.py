"""What people do to a version: sign it off or not, propose another threshold, meet a condition, suspend, revoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from dashboard.errors import EvenhandError
from dashboard.review.events import COMMENT_LIMIT, TEXT_LIMIT, Event, check_person, free_text, one_of, put, required

Decision = Literal["approve", "approve with conditions", "reject", "defer"]

NEEDS_AN_ANSWER = ("outside", "cannot be computed")


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
    needed: int = 1
    nonce: str | None = None

    def __post_init__(self) -> None:
        check_person(self)
        put(self, statement=free_text(self.statement, "The statement", TEXT_LIMIT))
        put(self, rationale=free_text(self.rationale, "The rationale", TEXT_LIMIT))
        conditions = (free_text(text, "A condition", COMMENT_LIMIT) for text in self.conditions)
        put(self, conditions=tuple(text for text in conditions if text))
        put(self, findings=tuple(MappingProxyType(dict(finding)) for finding in self.findings))
        required(self, "statement", "readings_digest", "rollup_identity", "policy_version")
        _check_evidence(self)
        _check_decision(self)

    def event(self) -> Event:
        """Returns the envelope, kind `signed`."""
        kept = ("decision", "rationale", "statement", "readings_digest", "rollup_number", "rollup_identity")
        body: dict[str, Any] = {
            name: getattr(self, name)
            for name in (*kept, "policy_version", "policy_digest", "contract_digest", "needed", "nonce")
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
