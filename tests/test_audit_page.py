"""The Audit page: the record and whether it is whole, since when somebody else can say so; acts filtered, receipts."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.review import auditing, checkpoints, merkle, receipts
from dashboard.review.auditing import lines_of
from dashboard.review.checkpoints import Checkpoint, Key
from dashboard.review.events import new_id
from dashboard.review.events_cases import Flagged
from dashboard.review.ledger import Ledger
from dashboard.ui import menu, record
from tests.test_pages import ENTRY, headline, texts

LOG = Key("hospital.example/log", bytes(range(32)))


@pytest.fixture
def place(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a workspace with the sample's model and 60 flags of three people."""
    workspace = tmp_path / "workspace"
    (workspace / "models").mkdir(parents=True)
    (workspace / "models" / "triage").symlink_to(sample / "models" / "triage")
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    record.check_again()
    ledger = Ledger(f"sqlite:///{workspace / 'ledger.sqlite'}")
    for n in range(60):
        who: dict[str, Any] = {"event_id": new_id(), "name": ("Ada", "Bo", "Cy")[n % 3], "role": "clinician"}
        about: dict[str, Any] = {"model": "triage", "day": date(2026, 5, 1), "version": "v2", "id": f"e-{n}"}
        ledger.append(Flagged(**who, **about, reason="wrong-answer"))
    return workspace


def anchored(place: Path, size: int) -> None:
    """Does keep a signed checkpoint of the first acts elsewhere, and say in evenhand.toml where."""
    leaves = receipts.leaves_of(lines_of(Ledger(f"sqlite:///{place / 'ledger.sqlite'}").rows()))[:size]
    made = Checkpoint("hospital.example/log", size, merkle.root(leaves), datetime(2026, 11, 29, 14, 0, tzinfo=UTC))
    (place.parent / "kept").write_text(checkpoints.signed(made, LOG), encoding="utf-8")
    text = f'[ledger]\ncheckpoint = "../kept"\nverifiers = ["{LOG.verifier}"]\n'
    (place / "evenhand.toml").write_text(text, encoding="utf-8")


def page(**query: str) -> AppTest:
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page(str(menu.file("audit")))
    return app.run()


def test_without_a_checkpoint_elsewhere_the_record_vouches_only_for_itself(place: Path) -> None:
    app = page()
    assert headline(app) == "60 acts, complete and unchanged as far as the record itself can tell."
    assert "nobody else can say that it was not rewritten" in texts(app)
    assert "Could not check: no checkpoint held elsewhere was given" in texts(app)


def test_with_one_it_says_since_when_and_who_vouches_and_acts_have_receipts(place: Path) -> None:
    anchored(place, 58)
    app = page()
    assert headline(app) == (
        "60 acts, complete and unchanged since the checkpoint of 29 November 2026, 14:00 UTC, "
        "signed by hospital.example/log."
    )
    assert "came after it, held by the chain alone" in texts(app)
    one, late = (Ledger(f"sqlite:///{place / 'ledger.sqlite'}").events(newest_first=True)[n] for n in (5, 0))
    made = record.receipt(one)
    assert made is not None
    assert receipts.check_receipt(made, [LOG.verifier]).size == 58
    assert record.receipt(late) is None


def test_a_rewritten_record_is_told_from_the_checkpoint_alone(place: Path) -> None:
    anchored(place, 60)
    assert record.checked().code == auditing.INTACT
    with sqlite3.connect(place / "ledger.sqlite") as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("DELETE FROM bodies WHERE sequence = 60")
        raw.execute("DELETE FROM events WHERE sequence = 60")
    raw.close()
    app = page()
    assert headline(app) == "The record of 59 acts does not hold together."
    assert "The checkpoint counts 60 events, and 59 are left." in texts(app)


def test_an_edit_is_seen_when_every_act_is_checked_again(place: Path) -> None:
    assert not record.checked().broken
    with sqlite3.connect(place / "ledger.sqlite") as raw:
        raw.execute("DROP TRIGGER events_update")
        raw.execute("UPDATE events SET actor = 'Mallory' WHERE sequence = 7")
    raw.close()
    assert not record.checked().broken, "kept for ten minutes while no act comes"
    app = page()
    app.button(key="check-again").click().run()
    assert headline(app) == "The record of 60 acts does not hold together."
    assert "Event 7 was changed: its digest does not fit." in texts(app)


def test_acts_are_filtered_by_what_the_address_says_and_stand_on_pages(place: Path) -> None:
    assert "60 acts here" in texts(page())
    assert "20 acts here" in texts(page(who="Bo"))
    assert "No act fits." in texts(page(**{"from": "2020-01-01", "to": "2020-02-01"}))
    app = page()
    assert "#11" in texts(app)
    app.number_input(key="page").set_value(2).run()
    assert "#10" in texts(app)
    assert "#11" not in texts(app)


def test_a_broken_checkpoint_file_is_no_anchor(place: Path) -> None:
    anchored(place, 60)
    (place.parent / "kept").write_text("not a checkpoint", encoding="utf-8")
    assert record.checked().code == auditing.COULD_NOT_CHECK
    (place.parent / "kept").unlink()
    assert record.checked().code == auditing.COULD_NOT_CHECK
