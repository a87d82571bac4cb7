"""The life of a case in the queue: flagged or drawn, claimed, answered blind, concluded, agreed or ruled on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dashboard.errors import EvenhandError
from dashboard.review.events import Event
from dashboard.review.proof import canonical_json
from dashboard.review.roles import Person, Rules, key

State = dict[str, Any]
KINDS = frozenset({"flagged", "queued", "claimed", "released", "answered", "concluded", "adjudicated"})


def subjects(event: Event) -> list[Mapping[str, Any]]:
    """Returns the cases an event is about: all that were drawn, or the one it names."""
    return list(event.body.get("items", ())) if event.kind == "queued" else [event.subject]


def case_key(model: str, case: Mapping[str, Any]) -> str:
    """Returns the name of a case: its model, day, version and id.

    >>> case_key("triage", {"day": "2026-03-04", "version": "v2", "id": "e-17"})
    '["triage","2026-03-04","v2","e-17"]'
    """
    return canonical_json([model, case["day"], case["version"], case["id"]])


def step(state: State | None, event: Event, place: Mapping[str, Any]) -> State:
    """Returns the case after an event; `place` is the record's sequence, instant and the case's key."""
    now = _fresh(event) if state is None else {**state, "flags": [*state["flags"]], "answers": [*state["answers"]]}
    STEPS[event.kind](now, event, place)
    return {**now, "status": status(now)}


def status(case: Mapping[str, Any]) -> str:
    """Returns where a case stands: waiting, claimed, answered (blind, not concluded), disputed or settled."""
    if case["ruling"] is not None:
        return "settled"
    concluded = [answer for answer in case["answers"] if answer["final"] is not None]
    if len(concluded) < len(case["answers"]):
        return "answered"
    if len({answer["final"] for answer in concluded}) > 1:
        return "disputed"
    if len(concluded) >= case["wanted"]:
        return "settled"
    return "claimed" if case["lease"] else "waiting"


def settled(case: Mapping[str, Any]) -> str | None:
    """Returns the answer people came to, None while they have not."""
    if case["status"] != "settled":
        return None
    answer = case["ruling"]["answer"] if case["ruling"] else case["answers"][0]["final"]
    return None if answer is None else str(answer)


def live(case: Mapping[str, Any], now: datetime) -> str | None:
    """Returns who holds the case at an instant; a lease that has run out holds nothing."""
    lease = case["lease"]
    return str(lease["by"]) if lease and datetime.fromisoformat(lease["until"]) > now else None


def _fresh(event: Event) -> State:
    return {"model": event.model, "flags": [], "draws": [], "wanted": 1, "lease": None, "answers": [], "ruling": None}


def _flagged(case: State, event: Event, place: Mapping[str, Any]) -> None:
    kept = {name: event.body.get(name) for name in ("reason", "right_answer", "severity")}
    case["flags"].append({"by": _who(event), "sequence": place["sequence"], "at": place["at"], **kept})


def _queued(case: State, event: Event, place: Mapping[str, Any]) -> None:
    item = next(i for i in event.body["items"] if case_key(event.model, i) == place["key"])
    drawn = {name: item.get(name) for name in ("sources", "pi", "stratum", "gold")}
    case["draws"] = [*case["draws"], {"sequence": place["sequence"], "at": place["at"], **drawn}]
    case["wanted"] = max(case["wanted"], int(item.get("raters") or 1))


def _claimed(case: State, event: Event, _place: Mapping[str, Any]) -> None:
    case["lease"] = {"by": _who(event), "until": event.body["until"]}


def _released(case: State, _event: Event, _place: Mapping[str, Any]) -> None:
    case["lease"] = None


def _answered(case: State, event: Event, place: Mapping[str, Any]) -> None:
    case["answers"].append({"by": _who(event), "blind": event.body["answer"], "final": None, "at": place["at"]})


def _concluded(case: State, event: Event, _place: Mapping[str, Any]) -> None:
    case["answers"] = [
        {**answer, "final": event.body["answer"], "shown": event.body.get("shown")}
        if answer["by"] == _who(event)
        else answer
        for answer in case["answers"]
    ]
    case["lease"] = None


def _adjudicated(case: State, event: Event, place: Mapping[str, Any]) -> None:
    case["ruling"] = {"by": _who(event), "answer": event.body["answer"], "at": place["at"]}


STEPS: Mapping[str, Callable[[State, Event, Mapping[str, Any]], None]] = {
    "flagged": _flagged,
    "queued": _queued,
    "claimed": _claimed,
    "released": _released,
    "answered": _answered,
    "concluded": _concluded,
    "adjudicated": _adjudicated,
}


def _may_claim(case: State | None, _event: Event, person: Person, _rules: Rules, now: datetime) -> None:
    case = _queued_case(case)
    if case["status"] in ("settled", "disputed"):
        raise EvenhandError(f"This case is {case['status']} already", todo="Take the next one")
    holder = live(case, now)
    if holder not in (None, person.key):
        raise EvenhandError("Somebody else is looking at this case", todo="Take the next one")
    if any(answer["by"] == person.key for answer in case["answers"]):
        raise EvenhandError("You have answered this case already", "A second look is another person's", "Take the next")
    if any(flag["by"] == person.key for flag in case["flags"]):
        raise EvenhandError("You flagged this case yourself", "Whoever flags does not review it", "Take the next one")


def _may_release(case: State | None, _event: Event, person: Person, _rules: Rules, now: datetime) -> None:
    if live(_queued_case(case), now) not in (None, person.key):
        raise EvenhandError("Somebody else is looking at this case", todo="Leave it to them")


def _may_answer(case: State | None, _event: Event, person: Person, _rules: Rules, now: datetime) -> None:
    case = _queued_case(case)
    if live(case, now) != person.key:
        raise EvenhandError(
            "Your claim on this case has run out", "A case is answered by who holds it", "Claim it again"
        )
    if any(answer["by"] == person.key for answer in case["answers"]):
        raise EvenhandError("You have answered this case already", "A blind answer is given once")


def _may_conclude(case: State | None, _event: Event, person: Person, _rules: Rules, _now: datetime) -> None:
    own = [answer for answer in _queued_case(case)["answers"] if answer["by"] == person.key]
    if not own:
        raise EvenhandError(
            "There is no answer of yours yet", "The own answer comes first, then the model's", "Answer it"
        )
    if own[0]["final"] is not None:
        raise EvenhandError("You have concluded this case already", "What is concluded stands")


def _may_adjudicate(case: State | None, _event: Event, person: Person, _rules: Rules, _now: datetime) -> None:
    case = _queued_case(case)
    if case["status"] != "disputed":
        raise EvenhandError(f"This case is {case['status']}", "Only where two people differ does a third decide")
    if any(one["by"] == person.key for one in (*case["flags"], *case["answers"])):
        raise EvenhandError(
            "You flagged or answered this case", "Whoever did does not adjudicate it", "Ask a third person"
        )


REFUSE: Mapping[str, Callable[[State | None, Event, Person, Rules, datetime], None]] = {
    "claimed": _may_claim,
    "released": _may_release,
    "answered": _may_answer,
    "concluded": _may_conclude,
    "adjudicated": _may_adjudicate,
}


def _queued_case(case: State | None) -> State:
    if case is None:
        raise EvenhandError("This case is not in the queue", "Cases come there by a flag or a draw", "Flag it first")
    return case


def _who(event: Event) -> str:
    return key(event.actor, event.identity)
