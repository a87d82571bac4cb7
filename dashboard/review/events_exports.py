"""What leaves the workspace as a file: recorded by its SHA-256, so that whoever holds it can be told whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dashboard.errors import EvenhandError
from dashboard.review.events import Event, check_person, required


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A person takes a file out: `what` it is (evidence, feedback), its SHA-256, and how much is in it."""

    event_id: str
    name: str
    role: str
    model: str
    version: str | None
    what: str
    digest: str
    counts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_person(self)
        required(self, "what", "digest")
        if len(self.digest) != 64 or set(self.digest) - set("0123456789abcdef"):
            raise EvenhandError(f"'{self.digest}' is not a SHA-256", "64 hexadecimal digits are expected")
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))

    @property
    def subject(self) -> Mapping[str, str]:
        """Returns what the act is about: the kind of file and its SHA-256."""
        return {"what": self.what, "sha256": self.digest}

    def event(self) -> Event:
        """Returns the envelope, kind `exported`."""
        body = {"counts": dict(self.counts)}
        return Event(self.event_id, "exported", self.name, self.role, self.model, self.version, self.subject, body)
