"""The queue behind its page: which cases wait for whom, in which order, and the acts that move a case on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from statistics import median
from typing import Any

from dashboard.review import roles, states_cases
from dashboard.review.events import new_id
from dashboard.review.events_cases import Adjudicated, Answered, Claimed, Concluded, Released
from dashboard.review.ledger import Recorded
from dashboard.review.roles import Person
from dashboard.ui import login, people
from dashboard.workspace import Workspace

SEVERITIES = ("high", "medium", "low")
USUAL_SECONDS = 30.0  # what a case takes, until there are own answers to go by


@dataclass(frozen=True)
class Item:
    """One case of the queue: its address and its state as the ledger folds it."""

    model: str
    day: date
    version: str
    id: str
    state: dict[str, Any]

    @property
    def name(self) -> str:
        """Returns the case as people call it."""
        return f"{self.id} · {self.version} · {self.day}"

    def own(self, person: Person) -> dict[str, Any] | None:
        """Returns the person's answer to the case, None where there is none."""
        return next((answer for answer in self.state["answers"] if answer["by"] == person.key), None)


@dataclass(frozen=True)
class Board:
    """The queue as one person sees it: what waits for them, what is theirs, what is disputed, what they did today."""

    waiting: tuple[Item, ...]
    mine: Item | None
    disputed: tuple[Item, ...]
    settled: int
    done: tuple[float, ...]  # seconds that the person's own answers took, of today
    oldest: datetime | None

    @property
    def minutes(self) -> int:
        """Returns how long what waits will take at the person's own pace, in minutes, at least one."""
        pace = median(self.done) if len(self.done) >= 3 else USUAL_SECONDS
        return max(1, round(len(self.waiting) * pace / 60))


def board(model: str, person: Person) -> Board:
    """Returns the queue of a model for one person."""
    now = datetime.now(UTC)
    items = [_item(state) for state in people.ledger().states("case", model)]
    unsettled = [item for item in items if item.state["status"] not in ("settled", "disputed")]
    free = [item for item in unsettled if _open_to(item, person, now)]
    return Board(
        waiting=tuple(sorted(free, key=lambda item: _order(item, person, now))),
        mine=next((item for item in unsettled if _is_mine(item, person, now)), None),
        disputed=tuple(item for item in items if item.state["status"] == "disputed"),
        settled=sum(item.state["status"] == "settled" for item in items),
        done=_pace(model, person, now),
        oldest=min((_since(item) for item in free), default=None),
    )


def claim(item: Item, name: str) -> Recorded:
    """Does take a case, for as long as the workspace's lease."""
    until = datetime.now(UTC) + roles.rules(Workspace().settings.tables).lease
    return people.ledger().append(Claimed(**_on(item, name), until=until), login.person())


def release(item: Item, name: str) -> Recorded:
    """Does give a case back."""
    return people.ledger().append(Released(**_on(item, name)), login.person())


def answer(item: Item, name: str, given: str, seconds: float | None) -> Recorded:
    """Does keep a person's own answer, given blind."""
    return people.ledger().append(Answered(**_on(item, name), answer=given, seconds=seconds), login.person())


def conclude(item: Item, name: str, given: str, shown: str, reason: str = "") -> Recorded:
    """Does keep the answer that stands after the model's was shown."""
    return people.ledger().append(
        Concluded(**_on(item, name), answer=given, shown=shown, reason=reason), login.person()
    )


def adjudicate(item: Item, name: str, given: str, rationale: str) -> Recorded:
    """Does decide between two answers."""
    return people.ledger().append(Adjudicated(**_on(item, name), answer=given, rationale=rationale), login.person())


def may_adjudicate(item: Item, person: Person) -> bool:
    """Returns whether the person had no part in the case."""
    return all(one["by"] != person.key for one in (*item.state["flags"], *item.state["answers"]))


def _item(state: dict[str, Any]) -> Item:
    model, day, version, id_ = people.case_of(state["key"])
    return Item(model, date.fromisoformat(day), version, id_, state)


def _open_to(item: Item, person: Person, now: datetime) -> bool:
    """Returns whether a person may take the case: not held by another, not theirs already in some way."""
    if states_cases.live(item.state, now) not in (None, person.key):
        return False
    own = item.own(person)
    return may_adjudicate(item, person) if own is None else own["final"] is None


def _is_mine(item: Item, person: Person, now: datetime) -> bool:
    own = item.own(person)
    return (own is not None and own["final"] is None) or states_cases.live(item.state, now) == person.key


def _order(item: Item, person: Person, now: datetime) -> tuple[Any, ...]:
    """Returns the place in the queue: what is held first, then flags by severity, then drawn cases in mixed order.

    The mixed order is fixed by the case, so that it says nothing of where the case came from.
    """
    worst = min((SEVERITIES.index(flag["severity"] or "medium") for flag in item.state["flags"]), default=3)
    return not _is_mine(item, person, now), worst, sha256(item.state["key"].encode()).hexdigest()


def _since(item: Item) -> datetime:
    first = [one["at"] for one in (*item.state["flags"], *item.state["draws"])]
    return min(datetime.fromisoformat(at) for at in first)


def _pace(model: str, person: Person, now: datetime) -> tuple[float, ...]:
    given = people.ledger().events(model, "answered", actor=person.name, newest_first=True, limit=200)
    today = [one for one in given if one.at.date() == now.date()]
    return tuple(float(one.event.body["seconds"]) for one in today if one.event.body.get("seconds"))


def _on(item: Item, name: str) -> dict[str, Any]:
    who = {"event_id": new_id(), "name": name, "role": "reviewer", "model": item.model}
    return who | {"day": item.day, "version": item.version, "id": item.id}
