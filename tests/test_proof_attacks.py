"""Who can write the ledger's file, and what shows it: attacks, each careless, careful, and with a new checkpoint."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.errors import EvenhandError
from dashboard.review import auditing, events, merkle, receipts, verifier, witness
from dashboard.review.auditing import COULD_NOT_CHECK, INTACT, TAMPERED, TOO_OLD, Audit, audit, lines_of
from dashboard.review.checkpoints import COSIGNED, Checkpoint, Key, cosigned, signed
from dashboard.review.events import Event, new_id
from dashboard.review.events_cases import Flagged
from dashboard.review.ledger import Ledger, canonical_event
from dashboard.review.proof import NOTHING, keyed_digest, sha256
from dashboard.review.roles import Person, Rules

NOW = datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
LOG, WITNESS = Key("hospital.example/log", bytes(range(32))), Key("witness.example/w1", bytes(32), COSIGNED)
Rows = list[dict[str, Any]]


def edit(rows: Rows) -> Rows:
    rows[2]["actor"] = "Mallory"
    return rows


def edit_what_was_written(rows: Rows) -> Rows:
    rows[2]["body"] = rows[2]["body"].replace("septic", "stable")
    return rows


def insert(rows: Rows) -> Rows:
    return numbered([*rows[:3], rows[3] | {"event_id": "forged", "digest": "f" * 64}, *rows[3:]])


def delete(rows: Rows) -> Rows:
    return numbered(rows[:3] + rows[4:])


def swap(rows: Rows) -> Rows:
    return numbered([*rows[:2], rows[3], rows[2], *rows[4:]])


def cut_off(rows: Rows) -> Rows:
    return rows[:5]


def roll_back_and_go_on(rows: Rows) -> Rows:
    kept = rows[:4]
    return rechained([*kept, *[row | {"actor": "Mallory"} for row in rows[4:]]])


ATTACKS: list[tuple[Callable[[Rows], Rows], bool]] = [  # and whether the chain alone shows it, done carelessly
    (edit, True),
    (edit_what_was_written, True),
    (insert, True),
    (delete, True),
    (swap, True),
    (cut_off, False),
    (roll_back_and_go_on, False),
]
attacks = pytest.mark.parametrize(("attack", "shown"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS])


@pytest.fixture(scope="module")
def eight_acts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the file of a ledger of eight acts."""
    path = tmp_path_factory.mktemp("acts") / "ledger.sqlite"
    for number in range(8):
        Ledger(f"sqlite:///{path}").append(
            Flagged(
                event_id=events.new_id(),
                name="Ada Osei",
                role="clinician",
                model="triage",
                day=date(2026, 3, 4),
                version="v2",
                id=f"e-{number}",
                reason="wrong-answer",
                comment="septic on arrival",
                right_answer="1",
            )
        )
    return path


@pytest.fixture
def ledger(eight_acts: Path, tmp_path: Path) -> Ledger:
    """Returns a ledger of eight acts."""
    return Ledger(f"sqlite:///{shutil.copy(eight_acts, tmp_path / 'ledger.sqlite')}")


def numbered(rows: Rows) -> Rows:
    return [row | {"sequence": number} for number, row in enumerate(rows, 1)]


def rechained(rows: Rows) -> Rows:
    """Returns the rows with every digest computed anew, as a careful attacker would."""
    made: Rows = []
    for number, row in enumerate(rows, 1):
        new = row | {"sequence": number, "previous": made[-1]["digest"] if made else NOTHING}
        new["body_digest"] = keyed_digest(new["salt"], new["body"])
        made.append(new | {"digest": sha256(canonical_event(new))})
    return made


def rewrite(ledger: Ledger, rows: Rows) -> None:
    """Does put other rows into the ledger's file, behind the program's back, its guards put back as they were."""
    connection = sqlite3.connect(ledger.url.database or "")
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    for table in ("bodies", "events"):
        names = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
        connection.execute(f"DELETE FROM {table}")
        places = ", ".join("?" * len(names))
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})",
            [[row[name] for name in names] for row in rows],
        )
    for _, sql in guards:
        connection.execute(sql)
    connection.commit()
    connection.close()


def taken(ledger: Ledger, key: Key = LOG) -> str:
    """Returns a checkpoint of the ledger as it is now."""
    leaves = receipts.leaves_of(lines_of(ledger.rows()))
    return signed(Checkpoint(key.name, len(leaves), merkle.root(leaves), NOW), key)


def audited(ledger: Ledger, kept: str | None, *keys: Key, **more: Any) -> Audit:
    faults = ledger.verify().broken
    return audit(lines_of(ledger.rows()), kept, [key.verifier for key in keys], NOW, faults=faults, **more)


def by_the_one_file(ledger: Ledger, kept: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Returns what the verifier without Evenhand says of the exported record."""
    path, checkpoint = folder / "record.jsonl", folder / "kept"
    path.write_text("".join(receipts.export(lines_of(ledger.rows()))), encoding="utf-8")
    arguments = ["verifier.py", str(path), "--key", str(LOG.verifier)]
    if kept is not None:
        checkpoint.write_text(kept, encoding="utf-8")
        arguments += ["--checkpoint", str(checkpoint)]
    monkeypatch.setattr(sys, "argv", arguments)
    return verifier.main()


def test_a_record_left_alone_is_intact_and_stays_so_while_it_grows(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = taken(ledger)
    assert audited(ledger, kept, LOG).code == INTACT == by_the_one_file(ledger, kept, tmp_path, monkeypatch)
    ledger.append(events.Event("later", "exported", "Ada", "clinician", "triage", None, {"id": "e"}, {"i": 1}))
    found = audited(ledger, kept, LOG)
    assert (found.code, found.broken) == (INTACT, ())
    assert "The first 8 events are complete and unchanged" in found.says
    assert "1 came after it" in found.says
    assert by_the_one_file(ledger, kept, tmp_path, monkeypatch) == INTACT


@attacks
def test_a_careless_change_is_shown_by_the_chain_unless_it_only_cuts_off(
    ledger: Ledger, attack: Callable[[Rows], Rows], shown: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = taken(ledger)
    rewrite(ledger, attack([dict(row) for row in ledger.rows()]))
    expected = TAMPERED if shown else COULD_NOT_CHECK
    assert audited(ledger, None).code == expected == by_the_one_file(ledger, None, tmp_path, monkeypatch)
    assert audited(ledger, kept, LOG).code == TAMPERED == by_the_one_file(ledger, kept, tmp_path, monkeypatch)


def leave_a_gap(rows: Rows) -> Rows:
    return rows[:3] + rows[4:]


def lose_what_was_written(rows: Rows) -> Rows:
    return [*rows[:3], rows[3] | {"salt": "no salt"}, *rows[4:]]


def another_type(rows: Rows) -> Rows:
    return [*rows[:3], rows[3] | {"actor": b"\xff"}, *rows[4:]]


@pytest.mark.parametrize(
    "change", [*(attack for attack, _ in ATTACKS), leave_a_gap, lose_what_was_written, another_type]
)
def test_the_chain_is_judged_as_the_ledger_judges_it(
    ledger: Ledger, change: Callable[[Rows], Rows], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(ledger, change([dict(row) for row in ledger.rows()]))
    found = audit(lines_of(ledger.rows()), None, [], NOW)
    assert found.broken == ledger.verify().broken
    assert bool(found.broken) is (by_the_one_file(ledger, None, tmp_path, monkeypatch) == TAMPERED)


@attacks
def test_a_careful_change_is_shown_only_by_the_checkpoint_held_elsewhere(
    ledger: Ledger, attack: Callable[[Rows], Rows], shown: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = taken(ledger)
    rewrite(ledger, rechained(attack([dict(row) for row in ledger.rows()])))
    alone = audited(ledger, None)
    assert (alone.code, alone.broken) == (COULD_NOT_CHECK, ()), "the chain fits together again, and is not believed"
    assert by_the_one_file(ledger, None, tmp_path, monkeypatch) == COULD_NOT_CHECK
    found = audited(ledger, kept, LOG)
    assert found.code == TAMPERED == by_the_one_file(ledger, kept, tmp_path, monkeypatch)
    assert len(found.broken) == 1


@attacks
def test_a_new_checkpoint_of_the_attackers_own_does_not_help(
    ledger: Ledger, attack: Callable[[Rows], Rows], shown: bool, tmp_path: Path
) -> None:
    kept = taken(ledger)
    witness.start(tmp_path / "w", WITNESS.name, LOG.verifier)
    witness.sign(tmp_path / "w", kept, [], NOW)
    rewrite(ledger, rechained(attack([dict(row) for row in ledger.rows()])))
    another = taken(ledger, Key(LOG.name, b"\x09" * 32))
    assert audited(ledger, another, LOG).code == COULD_NOT_CHECK, "signed by a key that nobody knows"
    stolen = taken(ledger)
    assert audited(ledger, stolen, LOG, WITNESS).code == COULD_NOT_CHECK, "the record's own key, but no witness"
    assert audited(ledger, kept, LOG).code == TAMPERED, "the checkpoint that was held elsewhere"
    leaves = receipts.leaves_of(lines_of(ledger.rows()))
    proof = merkle.consistency(leaves, 8) if len(leaves) >= 8 else []
    with pytest.raises(EvenhandError, match=r"was not shown|only grows"):
        witness.sign(tmp_path / "w", stolen, proof, NOW)


def test_with_the_key_and_every_copy_of_the_checkpoint_a_rewrite_cannot_be_seen_and_that_is_said(
    ledger: Ledger,
) -> None:
    rewrite(ledger, rechained(edit([dict(row) for row in ledger.rows()])))
    found = audited(ledger, taken(ledger), LOG)
    assert found.code == INTACT
    assert any("private keys and every copy" in line for line in found.lines())


def test_what_came_after_the_checkpoint_can_be_changed_and_that_is_said(ledger: Ledger) -> None:
    kept = taken(ledger)
    ledger.append(events.Event("later", "exported", "Ada", "clinician", "triage", None, {"id": "e"}, {"i": 1}))
    rows = [dict(row) for row in ledger.rows()]
    rows[-1]["actor"] = "Mallory"
    rewrite(ledger, rechained(rows))
    assert audited(ledger, kept, LOG).code == INTACT
    assert "after the checkpoint" in auditing.CANNOT_DETECT[0]


def test_without_a_checkpoint_or_a_key_to_it_the_answer_is_never_intact(ledger: Ledger) -> None:
    kept = taken(ledger)
    for text, keys, words in [
        (None, (LOG,), "no checkpoint held elsewhere"),
        (kept, (), "no public key"),
        (kept, (WITNESS,), "by none of the keys"),
        (kept, (LOG, WITNESS), f"not signed by {WITNESS.name}"),
        (kept.replace("\n8\n", "\n7\n"), (LOG,), "does not fit"),
        ("", (LOG,), "no signed checkpoint"),
    ]:
        found = audited(ledger, text, *keys)
        assert found.code == COULD_NOT_CHECK
        assert words in found.says


def test_an_old_checkpoint_is_called_old_and_a_broken_record_broken_all_the_same(ledger: Ledger) -> None:
    leaves = receipts.leaves_of(lines_of(ledger.rows()))
    root, week = merkle.root(leaves), timedelta(days=7)
    old = signed(Checkpoint(LOG.name, 8, root, NOW - timedelta(days=8)), LOG)
    assert audited(ledger, old, LOG).code == INTACT
    assert audited(ledger, old, LOG, max_age=week).code == TOO_OLD
    seen = cosigned(old, WITNESS, NOW - timedelta(days=1))
    assert audited(ledger, seen, LOG, WITNESS, max_age=week).code == INTACT, "a witness saw it yesterday"
    for at in (None, NOW + timedelta(days=1)):
        odd = signed(Checkpoint(LOG.name, 8, root, at), LOG)
        assert audited(ledger, odd, LOG, max_age=week).code == COULD_NOT_CHECK
    rewrite(ledger, rechained(edit([dict(row) for row in ledger.rows()])))
    assert audited(ledger, old, LOG, max_age=week).code == TAMPERED


def test_a_checkpoint_of_nothing_is_the_beginning_of_everything(ledger: Ledger, tmp_path: Path) -> None:
    empty = Ledger(f"sqlite:///{tmp_path / 'none.sqlite'}")
    kept = taken(empty)
    assert audited(empty, kept, LOG).code == INTACT
    assert audited(ledger, kept, LOG).code == INTACT


def test_a_text_that_an_admin_erased_is_no_attack_and_one_that_merely_went_is(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", Rules(login=True))
    who = Person("Root", frozenset({"admin", "expert"}), "https://login.example|root")
    about = {"day": "2026-03-04", "version": "v2", "id": "e-1"}
    for n in range(2):
        ledger.append(
            Event(new_id(), "flagged", "Root", "expert", "triage", "v2", about, {"comment": f"seen {n}"}), who
        )
    ledger.append(Event(new_id(), "erased", "Root", "admin", "triage", None, {"sequence": "1"}, {"why": "asked"}), who)
    lines = list(lines_of(ledger.rows()))
    held = signed(Checkpoint("here", 3, merkle.root([line.canonical.encode() for line in lines])), LOG)
    assert audit(lines, held, [LOG.verifier], datetime.now(UTC)).code == INTACT
    lines[1] = lines[1]._replace(body="", salt="")
    found = audit(lines, held, [LOG.verifier], datetime.now(UTC))
    assert found.code == TAMPERED
    assert found.broken == ("Event 2 lost what was written, and no event says it was erased.",)
