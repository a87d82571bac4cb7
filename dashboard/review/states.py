"""What is the case now: current states as a fold over events. Pure: the ledger keeps the rows, a rebuild checks them.

An act first passes `refuse`, which looks at the states it touches; what is recorded then always folds. Times are the
record's own, people are told apart by `roles.key`, and no free text gets in: that stays in the bodies, to be erasable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from dashboard.review import states_cases, states_releases
from dashboard.review.events import Event
from dashboard.review.roles import Person, Rules

Key = tuple[str, str]  # what kind of thing, which one
State = dict[str, Any]

STEPS: Mapping[str, Callable[[State | None, Event, Mapping[str, Any]], State]] = {
    "case": states_cases.step,
    "release": states_releases.step,
    "nonce": lambda _state, _event, place: {**place, "status": "used"},
}
REFUSE = {**states_cases.REFUSE, **states_releases.REFUSE}


def touched(event: Event) -> list[Key]:
    """Returns the things whose state an event changes."""
    if event.kind in states_cases.KINDS:
        return [("case", states_cases.case_key(event.model, case)) for case in states_cases.subjects(event)]
    if event.kind in states_releases.KINDS:
        nonce = event.body.get("nonce")
        release = ("release", states_releases.release_key(event.model, event.version, event.subject))
        return [release, ("nonce", str(nonce))] if nonce else [release]
    return []


def refuse(event: Event, states: Mapping[Key, State | None], person: Person, rules: Rules, now: datetime) -> None:
    """Does nothing where the act may be done on these states; raises EvenhandError in words otherwise."""
    for found in touched(event):
        if found[0] == "nonce":
            states_releases.refuse_replay(states[found])
        elif check := REFUSE.get(event.kind):
            check(states[found], event, person, rules, now)


def step(key: Key, state: State | None, event: Event, at: datetime, sequence: int) -> State:
    """Returns the state of one thing after an event on it."""
    place = {"sequence": sequence, "at": at.isoformat()}
    return STEPS[key[0]](state, event, {**place, "key": key[1]})


def fold(recorded: Iterable[tuple[Event, datetime, int]]) -> dict[Key, State]:
    """Returns every current state, from all events in order."""
    states: dict[Key, State] = {}
    for event, at, sequence in recorded:
        for key in touched(event):
            states[key] = step(key, states.get(key), event, at, sequence)
    return states
