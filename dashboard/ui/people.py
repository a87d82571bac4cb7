"""What people did and do: sign-offs with the evidence they stand on, flags on cases, and the record of both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dashboard.charts.words import day, group_name, window
from dashboard.review import signoff, states_releases
from dashboard.review.events import Event
from dashboard.review.events_cases import Flagged
from dashboard.review.events_kinds import act
from dashboard.review.events_releases import Proposed, SignedOff
from dashboard.review.ledger import Ledger, Recorded, of
from dashboard.ui import load, login
from dashboard.ui.evidence import still_stands
from dashboard.ui.state import Scope
from dashboard.workspace import Workspace

DECIDED = signoff.DECIDED


def ledger() -> Ledger:
    """Returns the workspace's ledger."""
    return of(Workspace().settings)


def signed(model: str) -> list[tuple[Recorded, SignedOff]]:
    """Returns the sign-offs of a model, newest first."""
    found = ((recorded, act(recorded.event)) for recorded in ledger().events(model, "signed", newest_first=True))
    return [(recorded, done) for recorded, done in found if isinstance(done, SignedOff)]


def flag(scope: Scope, case: dict[str, Any], event_id: str, **typed: Any) -> Recorded:
    """Does put a flag on a case into the ledger."""
    at = {"day": case["time"].date(), "version": str(case["version"]), "id": str(case["id"])}
    return ledger().append(Flagged(event_id=event_id, model=scope.model, **at, **typed), login.person())


def flags(model: str, case: dict[str, Any] | None = None) -> list[tuple[Recorded, Flagged]]:
    """Returns the flags of a model, or of one case, newest first."""
    subject = None
    if case is not None:
        subject = {"day": case["time"].date().isoformat(), "version": str(case["version"]), "id": str(case["id"])}
    found = ledger().events(model, "flagged", subject=subject, newest_first=True)
    acts = ((recorded, act(recorded.event)) for recorded in found)
    return [(recorded, done) for recorded, done in acts if isinstance(done, Flagged)]


def case_of(key: str) -> tuple[str, str, str, str]:
    """Returns model, day, version and id of the case that a state's key names."""
    model, day_, version, id_ = json.loads(key)
    return str(model), str(day_), str(version), str(id_)


def release(done: SignedOff) -> dict[str, Any] | None:
    """Returns the release that a signature belongs to, as the ledger folds it."""
    subject = {"since": done.since.isoformat(), "until": done.until.isoformat()}
    key = states_releases.release_key(done.model, done.version, subject)
    return next(iter(ledger().states("release", done.model, key=key)), None)


def signatures(held: Mapping[str, Any]) -> str:
    """Returns how many people's signatures stand together, of how many."""
    return f"{len({one['by'] for one in states_releases.signatures(held)})} of {held['needed']}"


def state(scope: Scope) -> tuple[str | None, str]:
    """Returns whether the scope's version is signed off, as a state for the mark and words."""
    of = scope.version or "all versions"
    newest = next((done for _, done in signed(scope.model) if done.version == scope.version), None)
    if newest is None:
        return None, f"{of.capitalize()}: not signed off"
    held = release(newest)
    status = str(held["status"]) if held else ""
    if status in ("suspended", "revoked"):
        return "outside", f"{of}: {status}"
    if isinstance(still_stands(newest), signoff.Stale):
        return "outside", f"{of}: sign-off is stale"
    today = datetime.now(UTC).date()
    if held and states_releases.expired(held, today):  # of several signatures the first to end
        return "outside", f"{of}: the approval has ended"
    if held and states_releases.overdue(held, today):
        return "outside", f"{of}: a condition is overdue"
    if held and status == "partly signed":
        return "inconclusive", f"{of}: {signatures(held)} signatures"
    good = newest.decision.startswith("approve")
    to = day(newest.until - timedelta(days=1))
    return ("within" if good else "inconclusive"), f"{of}: {DECIDED[newest.decision]} by {newest.name}, days to {to}"


def in_words(event: Event) -> str:
    """Returns what was done, in words; of a proposal which thresholds, in place of which."""
    done = act(event)
    if not isinstance(done, Proposed):
        return event.kind
    return f"proposed {proposal(done.thresholds)} in place of {done.instead_of:g}"


def proposal(thresholds: Mapping[str, float | None]) -> str:
    """Returns thresholds in words.

    >>> proposal({"": 0.4}), proposal({"F": 0.3, "M": None})
    ('the threshold 0.4', 'the thresholds F 0.3, M above all scores')
    """
    told = {group: "above all scores" if at is None else f"{at:g}" for group, at in thresholds.items()}
    if set(told) == {""}:
        return f"the threshold {told['']}"
    return "the thresholds " + ", ".join(f"{group_name(group)} {at}" for group, at in told.items())


def propose(scope: Scope, days: tuple[date, date], event_id: str, **given: Any) -> Recorded:
    """Does put a proposal of thresholds into the ledger."""
    held = load.held(scope.model)
    counted: dict[str, Any] = {"rollup_number": held.number, "rollup_identity": held.identity}
    seen: dict[str, Any] = {"model": scope.model, "version": scope.version, "since": days[0], "until": days[1]}
    made = Proposed(event_id=event_id, attribute=scope.attribute or "", **seen, **counted, **given)
    return ledger().append(made, login.person())


def described(done: SignedOff, recorded: Recorded) -> str:
    """Returns a sign-off in one sentence."""
    of = f"{done.version or 'all versions'}, {window(done.since, done.until, year=True)}"
    return f"{done.name} ({done.role}), {day(recorded.at.date(), year=True)}: {DECIDED[done.decision]} for {of}."
