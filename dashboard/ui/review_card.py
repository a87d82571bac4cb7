"""The queue's page: one card, the own answer first, then the model's; keys for everything."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from dashboard.charts.words import day, number
from dashboard.errors import EvenhandError
from dashboard.review.events_cases import REASONS
from dashboard.review.roles import Person
from dashboard.ui import case_view, load, login, menu, parts, review_board, say, similar
from dashboard.ui.review_board import Board, Item
from dashboard.ui.state import Scope

YES_NO = {"1": "Yes", "0": "No"}


def sentence(board: Board) -> tuple[str, str]:
    """Returns how many cases wait for the person, and how far they have come."""
    n = len(board.waiting)
    if not n:
        more = f"{say.many(len(board.disputed), 'case')} wait for a third opinion." if board.disputed else ""
        return "No case waits for you.", more
    done = len(board.done)
    progress = f"{done} of {done + n} answered today, " if done else ""
    waited = _age(board.oldest)
    left = f"{progress}about {say.many(board.minutes, 'minute')} left".capitalize()
    return (
        f"{say.many(n, 'case')} {'wait' if n > 1 else 'waits'} for you{waited}.",
        f"{left}. Your own answer first, then the model's.",
    )


def _age(oldest: datetime | None) -> str:
    days = (datetime.now(UTC) - oldest).days if oldest else 0
    return f", the oldest since {say.many(days, 'day')}" if days else ""


def card(scope: Scope, board: Board, person: Person) -> None:
    """Does show the case at hand, or the way to the next."""
    item = board.mine
    if item is None:
        if board.waiting and st.button("Take the first case", key="next", type="primary", shortcut="n"):
            _do(partial(review_board.claim, board.waiting[0], person.name), "started")
        return
    case = load.case(item.model, item.day, item.version, item.id)
    if case is None:
        parts.nothing(f"Case {item.name} is no longer in the log.", "It was withdrawn or erased: give it back.")
        st.button("Give it back", key="skip", on_click=_doing(partial(review_board.release, item, person.name)))
        return
    own = item.own(person)
    parts.section(f"Case {item.id}", _where(item, blind=own is None))
    if own is None:
        _ask(scope, item, person)
    else:
        _reveal(scope, item, case, own, person)
    parts.table(case_view.inputs(scope, case), "What the model was given, and where it lies among all")


def _where(item: Item, *, blind: bool = False) -> str:
    """Returns where a case stands, and what was flagged once the own answer is given: a flag would give it away."""
    told = "; ".join(REASONS.get(flag["reason"] or "", "its text was erased").lower() for flag in item.state["flags"])
    return f"{day(item.day, year=True)}, version {item.version}." + (
        f" Somebody flagged it: {told}." if told and not blind else ""
    )


def _ask(scope: Scope, item: Item, person: Person) -> None:
    parts.note(f"What is right for this case? {load.contract(scope.model).purpose}")
    began = st.session_state.setdefault(f"queue-began-{item.name}", time.time())
    if load.contract(scope.model).task == "regression":
        number_ = st.number_input("Your number", value=None, key=f"answer-{item.name}", width=200)
        if number_ is not None:
            said = _doing(partial(_answer, item, person, f"{number_:g}", began))
            st.button("That is my answer", key="answer-number", on_click=said, shortcut="1")
    with st.container(horizontal=True, key="queue-answers"):
        for place, (value, words) in enumerate(answers(scope).items(), start=1):
            given = _doing(partial(_answer, item, person, value, began))
            st.button(words, key=f"answer-{value}", on_click=given, shortcut=str(place) if place < 10 else None)
        back = _doing(partial(review_board.release, item, person.name))
        st.button("Leave it to somebody else", key="skip", on_click=back, shortcut="x", type="tertiary")


def _answer(item: Item, person: Person, value: str, began: float) -> None:
    review_board.answer(item, person.name, value, time.time() - began)


def _reveal(scope: Scope, item: Item, case: dict[str, Any], own: dict[str, Any], person: Person) -> None:
    shown = str(case.get("decision"))
    words = answers(scope)
    agree = shown == own["blind"]
    told = f"You said {words.get(own['blind'], own['blind'])}. The model said {words.get(shown, shown)}"
    score = f", with {number(case['score'], 'share')}" if case.get("score") is not None else ""
    parts.findings([("within" if agree else "outside", f"{told}{score}.", "You agree" if agree else "You differ")])
    similar.section(scope, case)
    reasons = {"": "no reason given", **REASONS}
    asks = "Why, if the model is wrong"
    why = st.selectbox(asks, reasons, format_func=reasons.__getitem__, key=f"why-{item.name}", width=420)
    with st.container(horizontal=True, key="queue-conclusion"):
        keep = _doing(partial(review_board.conclude, item, person.name, own["blind"], shown, why or ""), "started")
        kept = words.get(own["blind"], own["blind"])
        st.button(f"Keep {kept}", key="keep", on_click=keep, shortcut="k", type="primary")
        others = [value for value in words if value != own["blind"]]
        for place, value in enumerate(others, start=1):
            change = _doing(partial(review_board.conclude, item, person.name, value, shown, why or ""), "started")
            key = "w" if len(others) == 1 else str(place) if place < 10 else None
            st.button(f"Change to {words[value]}", key=f"change-{value}", on_click=change, shortcut=key)
        if st.button("Flag it", key="flag-it", shortcut="f", type="tertiary"):
            st.switch_page(str(menu.file("cases")), query_params=scope.query() | {"id": item.id, "window": "all"})


def answers(scope: Scope) -> dict[str, str]:
    """Returns the answers there are, as the log writes them, and in words."""
    contract = load.contract(scope.model)
    if contract.task == "binary":
        return YES_NO
    return {str(name): str(name).replace("_", " ").capitalize() for name in contract.classes}


def disputed(scope: Scope, board: Board, person: Person) -> None:
    """Does show the cases on which two people differ, to whoever had no part in them."""
    mine = [item for item in board.disputed if review_board.may_adjudicate(item, person)]
    if not mine:
        parts.nothing("No dispute waits for you.", "Where two people differ, a third who had no part decides.")
        return
    item = mine[0]
    case = load.case(item.model, item.day, item.version, item.id)
    words = answers(scope)
    said = " and ".join(words.get(one["final"], str(one["final"])) for one in item.state["answers"])
    parts.section(f"Case {item.id}", f"{_where(item)} Two people said {said}.")
    if case is not None:
        parts.table(case_view.inputs(scope, case), "What the model was given, and where it lies among all")
    with st.form("adjudicate", border=True):
        given = st.radio(
            "What is right", list(words), format_func=words.__getitem__, key="rule-answer", horizontal=True
        )
        why = st.text_area("Why", key="rule-why")
        sent = st.form_submit_button("Decide")
    if sent:
        _do(partial(review_board.adjudicate, item, person.name, str(given), why))


def _doing(act: Callable[[], Any], then: str = "") -> Callable[[], None]:
    """Returns what a button does: the act, and in words why it could not be done, shown after the rerun."""

    def done() -> None:
        try:
            act()
            st.session_state["queue-then"] = then
        except EvenhandError as error:
            st.session_state["queue-trouble"] = (error.found, error.expected, error.todo)

    return done


def _do(act: Callable[[], Any], then: str = "") -> None:
    _doing(act, then)()
    st.rerun()


def go_on(board: Board, person: Person) -> Board:
    """Returns the board after what the last button asked for: the next case is taken; says what could not be done."""
    trouble = st.session_state.pop("queue-trouble", None)
    if trouble:
        parts.nothing(f"Not done. {trouble[0]}", *trouble[1:])
    if st.session_state.pop("queue-then", "") == "started" and board.mine is None and board.waiting:
        _doing(partial(review_board.claim, board.waiting[0], person.name))()
        return review_board.board(board.waiting[0].model, person)
    return board


def who() -> Person | None:
    """Returns who reviews: the login's person, else whoever types a name here."""
    return login.here("Who reviews?")
