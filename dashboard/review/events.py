"""What every act has in common: the ledger's envelope, and the checks of what a person typed.

An act is checked when it is made, so that nothing incomplete reaches the ledger.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast, get_args

from dashboard.errors import EvenhandError
from dashboard.review.proof import normal

NAME_LIMIT, COMMENT_LIMIT, TEXT_LIMIT = 200, 4_000, 20_000
DIRECTION_OVERRIDES = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # can make a name read as another


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
    identity: str = ""  # the login's issuer and subject, where there was one

    def event(self) -> Event:
        """Returns itself, so that the ledger takes an act or its envelope."""
        return self


class Act(Protocol):
    """Anything that can be put into the ledger."""

    def event(self) -> Event: ...


def new_id() -> str:
    """Returns a fresh event id: make it when the form is shown, not when the button is pressed."""
    return str(uuid.uuid4())


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


def sound(event: Event) -> Event:
    """Returns the event where every text in it is whole; control characters and excess are refused in words.

    The last gate before the record, for what is not free text as well: ids, codes, names of thresholds.
    """
    for what in ("event_id", "actor", "role", "model", "version", "subject", "body"):
        for text in _texts(getattr(event, what)):
            free_text(text, f"A text in the {what.replace('_', ' ')} of the act", TEXT_LIMIT)
    return event


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inside in value.items():
            yield str(name)
            yield from _texts(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _texts(inside)


def brief(text: object) -> str:
    """Returns the beginning of a text, for a sentence that refuses it.

    >>> brief("x" * 100)[-3:]
    'xx…'
    """
    return str(text) if len(str(text)) <= 60 else f"{str(text)[:60]}…"


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


def check_person(act: Any) -> None:
    """Does check and tidy who acts and in which role."""
    put(act, name=person(act.name), role=person(act.role, "The role"))
    required(act, "event_id", "model")


def required(act: object, *names: str) -> None:
    """Does nothing where each named field holds something; raises EvenhandError naming the first that does not."""
    for name in names:
        if not str(getattr(act, name)).strip():
            raise EvenhandError(f"The {name.replace('_', ' ')} is missing", "An act names what it is about")


def one_of(value: str, kind: object, what: str) -> None:
    """Does nothing where the value is one of a Literal's; raises EvenhandError listing them otherwise."""
    known = cast("tuple[str, ...]", get_args(kind))
    if value not in known:
        raise EvenhandError(f"The {what} is '{brief(value)}'", f"It is one of {', '.join(known)}")


def put(act: object, **values: object) -> None:
    """Does set fields of a frozen act while it is being made."""
    for name, value in values.items():
        object.__setattr__(act, name, value)
