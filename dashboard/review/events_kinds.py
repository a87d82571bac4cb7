"""An envelope of the ledger, opened: which act it holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from dashboard.review.events import Event
from dashboard.review.events_cases import Adjudicated, Answered, Claimed, Concluded, Flagged, OnCase, Queued, Released
from dashboard.review.events_releases import Fulfilled, OnRelease, Proposed, Revoked, SignedOff, Suspended

ON_CASE: Mapping[str, type[OnCase]] = {
    "claimed": Claimed,
    "released": Released,
    "answered": Answered,
    "concluded": Concluded,
    "adjudicated": Adjudicated,
}
ON_RELEASE: Mapping[str, type[OnRelease]] = {"suspended": Suspended, "revoked": Revoked, "fulfilled": Fulfilled}
RELEASES: Mapping[str, type[SignedOff] | type[Proposed] | type[OnRelease]] = {
    "signed": SignedOff,
    "proposed": Proposed,
    **ON_RELEASE,
}
Known = Flagged | Queued | OnCase | SignedOff | Proposed | OnRelease


def act(event: Event) -> Known | Event:
    """Returns the act that an envelope holds; one of another kind, or whose text was erased, stays as it is."""
    who: dict[str, Any] = {"event_id": event.event_id, "name": event.actor, "role": event.role, "model": event.model}
    body = dict(event.body)
    if body.get("erased"):
        return event
    if event.kind == "queued":
        return Queued(**who, **body)
    if event.kind in RELEASES and event.subject:
        since, until = (date.fromisoformat(event.subject[name]) for name in ("since", "until"))
        on_release: Any = RELEASES[event.kind]
        made: Known = on_release(**who, version=event.version, since=since, until=until, **body)
        return made
    if event.kind == "claimed":
        body["until"] = datetime.fromisoformat(body["until"])
    if event.kind == "flagged" or event.kind in ON_CASE:
        case: dict[str, Any] = {"day": date.fromisoformat(event.subject["day"]), "id": event.subject["id"]}
        on_case = Flagged if event.kind == "flagged" else ON_CASE[event.kind]
        return on_case(**who, **case, version=event.version or "", **body)
    return event
