"""The queue on its page: cases drawn with their chances, answered blind, shown, concluded; what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.metrics.audit_sample import Shares
from dashboard.review import roles
from dashboard.review.ledger import Ledger
from dashboard.ui import menu, review_board, review_draw
from dashboard.ui.review_draw import Wanted
from dashboard.ui.state import Scope
from tests.test_pages import ENTRY, headline, texts


@pytest.fixture
def place(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    workspace = tmp_path / "workspace"
    (workspace / "models").mkdir(parents=True)
    (workspace / "models" / "triage").symlink_to(sample / "models" / "triage")
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    return workspace


def page(view: str = "") -> AppTest:
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    if view:
        app.query_params["view"] = view
    app.session_state["me"] = "Ada Osei"
    app.switch_page(str(menu.file("review_queue")))
    app.run()
    assert not app.exception
    return app


SCOPE = Scope("triage", "v2", "2026-05-21..2026-06-18", "sex")


def drawn(place: Path, n: int = 30) -> dict[str, Any]:
    items, frame = review_draw.drawn(SCOPE, Wanted(n, Shares(0.6, 0.3, 0.1), 0.5, seed=3))
    review_draw.queue("triage", roles.typed("Pia Moreau"), items, frame, Shares(0.6, 0.3, 0.1))
    return {"items": items, "frame": frame}


def test_nothing_is_shown_before_it_knows_who_asks(place: Path) -> None:
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    app.switch_page(str(menu.file("review_queue")))
    app.run()
    assert headline(app) == "Say who you are, to be asked."


def test_a_draw_keeps_the_chance_of_every_case_and_what_it_was_drawn_from(place: Path) -> None:
    made = drawn(place)
    (recorded,) = Ledger(f"sqlite:///{place / 'ledger.sqlite'}").events(kind="queued")
    items, frame = recorded.event.body["items"], recorded.event.body["frame"]
    assert len(items) == len(made["items"])
    assert sum(frame["sizes"].values()) > 5000
    by_chance = [item for item in items if item["pi"] is not None]
    assert all(0 < item["pi"] <= 1 for item in by_chance)
    assert sum("random" in item["sources"] for item in items) == 18
    assert all(item["gold"] in ("0", "1") for item in items if "gold" in item["sources"])
    assert {item["pi"] for item in items if item["sources"] == ["gold"]} == {None}
    assert {item["raters"] for item in items} == {1, 2}


def test_one_case_is_answered_blind_then_shown_then_kept(place: Path) -> None:
    drawn(place)
    app = page()
    assert "cases wait for you" in headline(app)
    app.button(key="next").click().run()
    assert "The model said" not in texts(app)
    assert not app.exception
    app.button(key="answer-1").click().run()
    assert "You said Yes. The model said" in texts(app)
    app.button(key="keep").click().run()
    ledger = Ledger(f"sqlite:///{place / 'ledger.sqlite'}")
    kinds = [one.event.kind for one in ledger.events()]
    assert kinds[:4] == ["queued", "claimed", "answered", "concluded"]
    assert kinds[4] == "claimed", "the next case is taken at once"
    concluded = ledger.events(kind="concluded")[0].event.body
    assert concluded["answer"] == "1"
    assert concluded["shown"] in ("0", "1")


def test_who_flagged_a_case_is_not_asked_about_it(place: Path) -> None:
    made = drawn(place)
    board = review_board.board("triage", roles.typed("Ada Osei"))
    assert len(board.waiting) == len(made["items"])
    first = board.waiting[0]
    from dashboard.review.events import new_id
    from dashboard.review.events_cases import Flagged

    who = {"event_id": new_id(), "name": "Ada Osei", "role": "clinician", "model": "triage"}
    at = {"day": first.day, "version": first.version, "id": first.id}
    Ledger(f"sqlite:///{place / 'ledger.sqlite'}").append(Flagged(**who, **at, reason="wrong-answer"))  # type: ignore[arg-type]
    assert first.id not in {item.id for item in review_board.board("triage", roles.typed("Ada Osei")).waiting}
    assert review_board.board("triage", roles.typed("Bo Lind")).waiting[0].id == first.id, "a flag comes first"


def test_results_stand_beside_labels_once_cases_are_reviewed(place: Path) -> None:
    assert "No cases have been drawn yet." in texts(page("Results"))
    drawn(place)
    assert "can’t be said from review yet" in texts(page("Results"))
    for name in ("Ada Osei", "Bo Lind"):
        while (board := review_board.board("triage", roles.typed(name))).waiting:
            item = board.waiting[0]
            review_board.claim(item, name)
            review_board.answer(item, name, "1" if name == "Ada Osei" else "0", 4.0)
            review_board.conclude(item, name, "0", "0")
    said = texts(page("Results"))
    assert "By experts’ answers it is wrong for 0" in said
    assert "Do people agree?" in said
    assert "changed towards it" in said


def test_the_draw_is_shown_before_it_is_made(place: Path) -> None:
    app = page("Draw")
    assert "What would be drawn" in texts(app)
    app.button(key="draw").click().run()
    assert [message.value for message in app.success]
    assert Ledger(f"sqlite:///{place / 'ledger.sqlite'}").count(kind="queued") == 1
