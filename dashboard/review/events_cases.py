"""What people do to a case: flag it, put it into the queue, claim it, answer it blind, conclude, decide a dispute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Literal

from dashboard.errors import EvenhandError, nearest
from dashboard.review.events import (
    COMMENT_LIMIT,
    NAME_LIMIT,
    Event,
    brief,
    check_person,
    free_text,
    one_of,
    put,
    required,
)

Severity = Literal["low", "medium", "high"]

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


GUIDELINE = "1"
"""The version of what reviewers are asked, kept with every conclusion."""


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
        check_person(self)
        if self.reason not in REASONS:
            raise _no_reason(self.reason)
        put(self, comment=free_text(self.comment, "The comment", COMMENT_LIMIT))
        put(self, right_answer=free_text(self.right_answer or "", "The right answer", NAME_LIMIT) or None)
        if self.reason == "other" and not self.comment:
            raise EvenhandError(
                "The reason is 'other' and there is no comment", todo="Say in the comment what is wrong"
            )
        one_of(self.severity, Severity, "severity")
        required(self, "version", "id")

    def event(self) -> Event:
        """Returns the envelope, kind `flagged`."""
        body = {name: getattr(self, name) for name in ("reason", "comment", "right_answer", "severity")}
        subject = {"day": self.day.isoformat(), "version": self.version, "id": self.id}
        return Event(self.event_id, "flagged", self.name, self.role, self.model, self.version, subject, body)


@dataclass(frozen=True, kw_only=True)
class OnCase:
    """What every act on a case in the queue names: who, and the case by model, day, version and id."""

    event_id: str
    name: str
    role: str
    model: str
    day: date
    version: str
    id: str

    def __post_init__(self) -> None:
        check_person(self)
        required(self, "version", "id")

    def envelope(self, kind: str, **body: Any) -> Event:
        """Returns the envelope of an act of a kind on this case."""
        subject = {"day": self.day.isoformat(), "version": self.version, "id": self.id}
        return Event(self.event_id, kind, self.name, self.role, self.model, self.version, subject, body)


@dataclass(frozen=True, kw_only=True)
class Claimed(OnCase):
    """A person takes a case from the queue until an instant (UTC); nobody else gets it before."""

    until: datetime

    def event(self) -> Event:
        """Returns the envelope, kind `claimed`."""
        return self.envelope("claimed", until=self.until.astimezone(UTC).isoformat())


@dataclass(frozen=True, kw_only=True)
class Released(OnCase):
    """A person gives a claimed case back unanswered."""

    def event(self) -> Event:
        """Returns the envelope, kind `released`."""
        return self.envelope("released")


@dataclass(frozen=True, kw_only=True)
class Answered(OnCase):
    """A person's own answer, given before the model's is shown. `seconds`: how long the case was looked at."""

    answer: str
    seconds: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        put(self, answer=free_text(self.answer, "The answer", NAME_LIMIT))
        required(self, "answer")

    def event(self) -> Event:
        """Returns the envelope, kind `answered`."""
        return self.envelope("answered", answer=self.answer, seconds=self.seconds)


@dataclass(frozen=True, kw_only=True)
class Concluded(OnCase):
    """A person's answer after the model's was shown: kept, or changed. `shown` is what the model had said."""

    answer: str
    shown: str
    reason: str = ""
    guideline: str = GUIDELINE

    def __post_init__(self) -> None:
        super().__post_init__()
        put(self, answer=free_text(self.answer, "The answer", NAME_LIMIT))
        required(self, "answer")
        if self.reason and self.reason not in REASONS:
            raise _no_reason(self.reason)

    def event(self) -> Event:
        """Returns the envelope, kind `concluded`."""
        kept = {name: getattr(self, name) for name in ("answer", "shown", "reason", "guideline")}
        return self.envelope("concluded", **kept)


@dataclass(frozen=True, kw_only=True)
class Adjudicated(OnCase):
    """A third person decides between two answers, and says why."""

    answer: str
    rationale: str

    def __post_init__(self) -> None:
        super().__post_init__()
        put(self, answer=free_text(self.answer, "The answer", NAME_LIMIT))
        put(self, rationale=free_text(self.rationale, "The rationale", COMMENT_LIMIT))
        required(self, "answer", "rationale")

    def event(self) -> Event:
        """Returns the envelope, kind `adjudicated`."""
        return self.envelope("adjudicated", answer=self.answer, rationale=self.rationale)


@dataclass(frozen=True, kw_only=True)
class Queued:
    """Cases drawn for review, each with the chance it had of being drawn: it cannot be reconstructed later.

    `frame` says what was drawn from, as `since`, `until`, `version` and the sizes by stratum. Each item holds `day`,
    `version`, `id`, `sources` (random, uncertain, gold, flag), `pi` (None where the case was chosen, not drawn),
    `stratum`, `raters`, and of a gold item its known answer as `gold`.
    """

    event_id: str
    name: str
    role: str
    model: str
    frame: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]]
    design: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_person(self)
        put(self, items=tuple(MappingProxyType(dict(item)) for item in self.items))
        put(self, frame=MappingProxyType(dict(self.frame)), design=MappingProxyType(dict(self.design)))
        if not self.items:
            raise EvenhandError("No case was drawn", todo="Choose a window with cases, or a larger draw")
        named = [(item.get("day"), item.get("version"), item.get("id")) for item in self.items]
        if len(set(named)) < len(named) or any(not all(parts) for parts in named):
            raise EvenhandError("A case was drawn twice, or lacks its day, version or id", "Each is drawn once")
        wrong = next((item for item in self.items if not _likely(item.get("pi"))), None)
        if wrong is not None:
            raise EvenhandError(f"Case {wrong['id']} was drawn with probability {wrong['pi']}", "It is in (0, 1]")

    def event(self) -> Event:
        """Returns the envelope, kind `queued`."""
        body = {"frame": dict(self.frame), "design": dict(self.design), "items": [dict(item) for item in self.items]}
        subject = {"since": str(self.frame.get("since", "")), "until": str(self.frame.get("until", ""))}
        return Event(self.event_id, "queued", self.name, self.role, self.model, None, subject, body)


def _no_reason(reason: str) -> EvenhandError:
    return EvenhandError(f"The reason '{brief(reason)}' is not a reason code", todo=nearest(brief(reason), REASONS))


def _likely(pi: object) -> bool:
    return pi is None or (isinstance(pi, (int, float)) and 0 < pi <= 1)
