"""The life of a release: signed by one or more people, conditions met or not, suspended, revoked, signed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from dashboard.errors import EvenhandError
from dashboard.review.events import Event
from dashboard.review.proof import canonical_json
from dashboard.review.roles import Person, Rules, key

State = dict[str, Any]
KINDS = frozenset({"signed", "fulfilled", "suspended", "revoked"})
APPROVING = ("approve", "approve with conditions")


def release_key(model: str, version: str | None, subject: Mapping[str, str]) -> str:
    """Returns the name of a release: its model, version and the days it was judged on.

    >>> release_key("triage", "v2", {"since": "2026-03-01", "until": "2026-03-29"})
    '["triage","v2","2026-03-01","2026-03-29"]'
    """
    return canonical_json([model, version, subject.get("since"), subject.get("until")])


def step(state: State | None, event: Event, place: Mapping[str, Any]) -> State:
    """Returns the release after an event; `place` is the record's sequence and instant."""
    now: State = {"signatures": [], "conditions": [], "needed": 1, "stopped": None} if state is None else dict(state)
    at = {"sequence": place["sequence"], "at": place["at"], "by": key(event.actor, event.identity)}
    if event.kind == "signed":
        kept = {name: event.body.get(name) for name in ("decision", "readings_digest", "expires")}
        now["signatures"] = [*now["signatures"], {**at, "name": event.actor, "role": event.role, **kept}]
        now["needed"] = int(event.body.get("needed") or 1)
        now["conditions"] = [*now["conditions"], *_conditions(event, place)]
    elif event.kind == "fulfilled":
        number = event.body.get("condition")
        now["conditions"] = [{**one, "fulfilled": at} if one["number"] == number else one for one in now["conditions"]]
    else:
        now["stopped"] = {**at, "kind": event.kind}
    return {**now, "status": status(now)}


def status(release: Mapping[str, Any]) -> str:
    """Returns where a release stands: approved, approved with conditions, partly signed, rejected, deferred, stopped.

    Signatures count together only over the same readings, and only those given after it was last suspended or revoked.
    """
    standing = signatures(release)
    if not standing:
        return str(release["stopped"]["kind"]) if release["stopped"] else "not signed"
    decisions = [one["decision"] for one in standing]
    for decision, word in (("reject", "rejected"), ("defer", "deferred")):
        if decision in decisions:
            return word
    if len({one["by"] for one in standing}) < release["needed"]:
        return "partly signed"
    return "approved with conditions" if APPROVING[1] in decisions else "approved"


def signatures(release: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the signatures that stand together: over the newest readings signed, after the last stop."""
    after = release["stopped"]["sequence"] if release["stopped"] else 0
    since = [one for one in release["signatures"] if one["sequence"] > after]
    return [one for one in since if one["readings_digest"] == since[-1]["readings_digest"]]


def expired(release: Mapping[str, Any], today: date) -> date | None:
    """Returns the day on which the approval ended, None while it has not."""
    ends = [date.fromisoformat(one["expires"]) for one in signatures(release) if one["expires"]]
    return min(ends) if ends and min(ends) <= today else None


def overdue(release: Mapping[str, Any], today: date) -> list[Mapping[str, Any]]:
    """Returns the conditions whose day has passed unfulfilled."""
    return [
        one
        for one in release["conditions"]
        if one["fulfilled"] is None and one["due"] and date.fromisoformat(one["due"]) < today
    ]


def _conditions(event: Event, place: Mapping[str, Any]) -> list[State]:
    """Returns a signature's conditions without their text: number, owner, due day."""
    given = event.body.get("conditions") or []
    return [
        {
            "number": f"{place['sequence']}.{count}",
            "owner": one.get("owner") if isinstance(one, Mapping) else None,
            "due": one.get("due") if isinstance(one, Mapping) else None,
            "fulfilled": None,
        }
        for count, one in enumerate(given, start=1)
    ]


def _may_sign(release: State | None, event: Event, person: Person, rules: Rules, now: datetime) -> None:
    if rules.owns(person, event.model):
        raise EvenhandError(
            f"{person.name} is an owner of {event.model}", "A model is signed off by others", "Ask another officer"
        )
    vague = [one["text"] for one in event.body.get("conditions", ()) if not one.get("owner") or not one.get("due")]
    if vague:
        raise EvenhandError(
            f"The condition '{vague[0][:60]}' has no owner or no day", "Somebody sees to each, until a day", "Name both"
        )
    ends = event.body.get("expires")
    if ends and date.fromisoformat(ends) > now.date() + timedelta(days=rules.valid_days):
        raise EvenhandError(
            f"The approval would end on {ends}",
            f"At most {rules.valid_days} days are allowed here",
            "Choose a nearer day",
        )
    if release is None:
        return
    again = [one for one in signatures(release) if one["by"] == person.key]
    if any(one["readings_digest"] == event.body.get("readings_digest") for one in again):
        raise EvenhandError("You have signed these readings already", "Each person signs once", "See Sign-off")


def _may_fulfil(release: State | None, event: Event, person: Person, _rules: Rules, _now: datetime) -> None:
    known = {one["number"]: one for one in (release or {}).get("conditions", ())}
    found = known.get(str(event.body.get("condition")))
    if found is None:
        raise EvenhandError(f"There is no condition {event.body.get('condition')}", todo="Reload the page")
    if found["fulfilled"]:
        raise EvenhandError(f"Condition {found['number']} is met already", todo="Reload the page")


def _may_stop(release: State | None, event: Event, _person: Person, _rules: Rules, _now: datetime) -> None:
    if release is None or not signatures(release):
        raise EvenhandError(
            "There is no signature that stands", f"What is signed can be {event.kind}", "Reload the page"
        )


def refuse_replay(used: State | None) -> None:
    """Does nothing for a login's token not used for a signature yet; raises EvenhandError for one that was."""
    if used is not None:
        raise EvenhandError(
            "This login was used for a signature already", "Every signature takes a login of its own", "Sign in again"
        )


REFUSE: Mapping[str, Callable[[State | None, Event, Person, Rules, datetime], None]] = {
    "signed": _may_sign,
    "fulfilled": _may_fulfil,
    "suspended": _may_stop,
    "revoked": _may_stop,
}
