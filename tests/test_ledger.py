"""The ledger: nothing is lost, nothing is changed, a double click is once; what was typed is kept, or refused."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import EvenhandError
from dashboard.review import events, events_kinds, proof
from dashboard.review.events import Event
from dashboard.review.events_cases import Flagged
from dashboard.review.events_releases import Condition, SignedOff
from dashboard.review.ledger import Ledger

APPENDER = """
import sys
from dashboard.review.events import Event
from dashboard.review.ledger import Ledger
url, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
ledger = Ledger(url)
for i in range(count):
    event = Event(f"{who}-{i}", "exported", who, "tester", "triage", None, {"since": "a", "until": "b"}, {"i": i})
    print(event.event_id, ledger.append(event).sequence, flush=True)
"""


AUDIT = Condition("Audit in May", "Ada Osei", date(2026, 5, 1))


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.sqlite'}"


def a_flag(**changes: object) -> Flagged:
    given = {
        "event_id": events.new_id(),
        "name": "Ada Osei",
        "role": "clinician",
        "model": "triage",
        "day": date(2026, 3, 4),
        "version": "v2",
        "id": "e-17",
        "reason": "wrong-answer",
        "comment": "septic on arrival",
        "right_answer": "1",
    }
    return Flagged(**given | changes)


def a_sign_off(**changes: object) -> SignedOff:
    given = {
        "event_id": events.new_id(),
        "name": "Grace Lindqvist",
        "role": "compliance officer",
        "model": "triage",
        "version": "v2",
        "since": date(2026, 3, 1),
        "until": date(2026, 3, 29),
        "decision": "approve",
        "statement": "I have seen these readings and answer for the release.",
        "readings_digest": "ab" * 32,
        "rollup_number": 42,
        "rollup_identity": "cd" * 32,
        "policy_version": "2026-01",
        "findings": [{"rule": "accuracy min 0.8", "metric": "accuracy", "state": "within", "value": 0.84}],
    }
    return SignedOff(**given | changes)


def appenders(url: str, names: str, count: int) -> list[subprocess.Popen[str]]:
    command = [sys.executable, "-c", APPENDER, url]
    return [subprocess.Popen([*command, name, str(count)], stdout=subprocess.PIPE, text=True) for name in names]


def test_what_is_appended_is_read_back_the_same(ledger_url: str) -> None:
    ledger = Ledger(ledger_url)
    flag, signed = a_flag(), a_sign_off(decision="approve with conditions", conditions=[AUDIT])
    first, second = ledger.append(flag), ledger.append(signed)
    assert [r.sequence for r in (first, second)] == [1, 2]
    assert ledger.events() == [first, second]
    assert events_kinds.act(first.event) == flag
    assert events_kinds.act(second.event) == signed
    assert abs((datetime.now(UTC) - first.at).total_seconds()) < 60
    assert not first.event.verified
    assert second.previous == first.digest


def test_events_are_found_by_model_kind_version_actor_and_subject(ledger_url: str) -> None:
    ledger = Ledger(ledger_url)
    flag, other, signed = a_flag(), a_flag(model="readmission", id="x"), a_sign_off()
    for act in (flag, other, signed):
        ledger.append(act)
    assert [r.sequence for r in ledger.events("triage")] == [1, 3]
    assert [r.sequence for r in ledger.events(kind="flagged", newest_first=True)] == [2, 1]
    assert [r.sequence for r in ledger.events(version="v2", actor="Ada Osei", limit=1)] == [1]
    assert [r.sequence for r in ledger.events(subject=other.event().subject)] == [2]
    assert ledger.events("nothing") == []


def test_a_double_click_is_one_event(ledger_url: str) -> None:
    ledger, flag = Ledger(ledger_url), a_flag()
    assert ledger.append(flag) == ledger.append(flag)
    assert len(ledger.events()) == 1


def test_an_event_id_cannot_stand_for_two_acts(ledger_url: str) -> None:
    ledger, flag = Ledger(ledger_url), a_flag()
    ledger.append(flag)
    with pytest.raises(EvenhandError, match="already stands for something else"):
        ledger.append(replace(flag, comment="changed my mind"))


def test_reading_a_ledger_that_is_not_there_makes_none(tmp_path: Path) -> None:
    ledger = Ledger(url_of(tmp_path))
    assert ledger.events() == []
    assert ledger.verify().intact
    assert list(tmp_path.iterdir()) == []


def test_update_delete_and_replace_are_refused(tmp_path: Path) -> None:
    Ledger(url_of(tmp_path)).append(a_flag())
    raw = sqlite3.connect(tmp_path / "ledger.sqlite")
    for statement in (
        "UPDATE events SET actor = 'x'",
        "UPDATE bodies SET body = '{}'",
        "DELETE FROM events",
        "DELETE FROM bodies",
        "INSERT OR REPLACE INTO events SELECT * FROM events",
        "INSERT OR REPLACE INTO bodies SELECT * FROM bodies",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(statement)
    raw.close()


TAMPERING = {
    "an edited event": ("UPDATE events SET actor = 'Somebody Else' WHERE sequence = 2", "Event 2 was changed"),
    "an edited time": (
        "UPDATE events SET at = '2020-01-01T00:00:00.000000Z' WHERE sequence = 2",
        "Event 2 was changed",
    ),
    "an edited body": ("UPDATE bodies SET body = '{}' WHERE sequence = 2", "Event 2 had its body changed"),
    "a lost body": ("DELETE FROM bodies WHERE sequence = 2", "Event 2 lost its body"),
    "a deleted event": ("DELETE FROM events WHERE sequence = 2", "Event 3 stands where event 2 is expected"),
    "a value of another type": ("UPDATE events SET actor = x'00ff' WHERE sequence = 2", "Event 2 was changed"),
    "a swapped digest": ("UPDATE events SET previous = digest WHERE sequence = 2", "Event 2 does not follow"),
    "a removed guard": ("SELECT 1", "The guard events_update was removed"),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found_and_named(tmp_path: Path, how: str) -> None:
    ledger = Ledger(url_of(tmp_path))
    for _ in range(3):
        ledger.append(a_flag())
    assert ledger.verify().intact
    statement, expected = TAMPERING[how]
    with sqlite3.connect(tmp_path / "ledger.sqlite") as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(statement)
    raw.close()
    found = ledger.verify()
    assert not found.intact
    assert found.lines()[0] == "The record is broken."
    assert any(expected in sentence for sentence in found.broken), found.broken


def test_cutting_off_the_newest_event_is_not_detected_and_said_so(tmp_path: Path) -> None:
    ledger = Ledger(url_of(tmp_path))
    digests = [ledger.append(a_flag()).digest for _ in range(2)]
    assert ledger.verify().last_digest == digests[1]
    assert ledger.verify().lines()[0] == "2 events, in order and unchanged."
    with sqlite3.connect(tmp_path / "ledger.sqlite") as raw:
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("DELETE FROM bodies WHERE sequence = 2")
        raw.execute("DELETE FROM events WHERE sequence = 2")
        for _, sql in triggers:
            raw.execute(sql)
    raw.close()
    found = ledger.verify()
    assert found.intact
    assert found.last_digest == digests[0]
    assert any("cut off" in sentence for sentence in found.cannot_detect)


def test_four_processes_append_at_once_gapless_and_nothing_is_lost(ledger_url: str) -> None:
    processes = appenders(ledger_url, "abcd", 12)
    acknowledged = [line.split() for process in processes for line in process.communicate(timeout=120)[0].splitlines()]
    assert [process.returncode for process in processes] == [0] * 4
    ledger = Ledger(ledger_url)
    recorded = ledger.events()
    assert [r.sequence for r in recorded] == list(range(1, 49))
    assert {r.event.event_id: r.sequence for r in recorded} == {name: int(place) for name, place in acknowledged}
    assert ledger.verify().intact


def test_kill_9_loses_nothing_that_was_acknowledged(ledger_url: str) -> None:
    acknowledged: list[str] = []
    for number in range(6):
        (process,) = appenders(ledger_url, "k", 10_000)
        assert process.stdout is not None
        acknowledged.append(process.stdout.readline().split()[0])  # the same ids again: recorded once
        time.sleep(0.02 + 0.037 * number)
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [line.split()[0] for line in process.communicate()[0].splitlines() if line.count(" ") == 1]
    ledger = Ledger(ledger_url)
    recorded = ledger.events()
    assert set(acknowledged) <= {r.event.event_id for r in recorded}
    assert [r.sequence for r in recorded] == list(range(1, len(recorded) + 1))
    assert ledger.verify().intact
    assert ledger.append(a_flag()).sequence == len(recorded) + 1


def test_a_ledger_that_cannot_be_used_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("this is not a database, and it is long enough to look at" * 20)
    with pytest.raises(EvenhandError, match="could not be used"):
        Ledger(url_of(tmp_path)).events()
    with pytest.raises(EvenhandError, match="could not be used"):
        Ledger(url_of(tmp_path / "absent")).append(a_flag())


@pytest.mark.parametrize("url", ["", "no url", "sqlite://", "mysql://host/db", "nonsense://x"])
def test_a_wrong_url_is_said_in_words(url: str) -> None:
    with pytest.raises(EvenhandError):
        Ledger(url)


def test_a_password_in_a_url_is_not_printed() -> None:
    with pytest.raises(EvenhandError) as error:
        Ledger("mysql://user:hunter2@host/db")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "  "}, "The name is missing"),
        ({"name": "-- 42"}, "The name is missing"),
        ({"name": "Ada\nOsei"}, "line break"),
        ({"name": "Ada \u202eiesO"}, "direction"),
        ({"role": ""}, "The role is missing"),
        ({"id": ""}, "The id is missing"),
        ({"reason": "wrong-anser"}, "Did you mean 'wrong-answer'"),
        ({"reason": "other", "comment": ""}, "Say in the comment"),
        ({"severity": "awful"}, "It is one of low, medium, high"),
        ({"comment": "a\0b"}, "control character"),
        ({"comment": "half \ud83d"}, "lone surrogate"),
        ({"comment": "x" * 1_000_000}, "At most 4,000"),
    ],
)
def test_an_incomplete_flag_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(EvenhandError, match=said):
        a_flag(**changes)


OUTSIDE = [{"rule": "r", "metric": "m", "state": "outside"}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "The name is missing"),
        ({"statement": " "}, "The statement is missing"),
        ({"decision": "accept"}, "It is one of approve"),
        ({"decision": "reject"}, "Say why"),
        ({"findings": OUTSIDE}, "Say in the rationale"),
        ({"decision": "approve with conditions"}, "0 conditions"),
        ({"conditions": ["x"]}, "Conditions belong to"),
        ({"until": date(2026, 3, 1)}, "must end after"),
        ({"readings_digest": "abc"}, "not a SHA-256"),
        ({"findings": [{"metric": "m"}]}, "without a rule"),
    ],
)
def test_an_incomplete_sign_off_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(EvenhandError, match=said):
        a_sign_off(**changes)


def test_an_approval_with_findings_outside_stands_on_its_rationale() -> None:
    assert a_sign_off(findings=OUTSIDE, rationale="Known; the threshold changes on 1 May.").decision == "approve"


def test_hostile_text_is_kept_as_it_is(ledger_url: str) -> None:
    hostile = "<script>alert(1)</script> ![x](http://x/y.png) \u200f\u05d0 =HYPERLINK(1) '; DROP TABLE events; --\nline"
    ledger = Ledger(ledger_url)
    ledger.append(a_flag(comment=hostile))
    assert ledger.events()[0].event.body["comment"] == hostile


def test_what_was_signed_cannot_be_changed_afterwards() -> None:
    signed = a_sign_off()
    with pytest.raises(TypeError):
        signed.findings[0]["state"] = "outside"  # type: ignore[index]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def normalised(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        return proof.normal(value)
    if isinstance(value, list):
        return [normalised(item) for item in value]
    if isinstance(value, dict):
        return {proof.normal(key): normalised(item) for key, item in value.items()}
    return value


@given(JSON_VALUES)
def test_canonical_json_says_the_same_and_is_its_own_canonical_form(value: object) -> None:
    try:
        text = proof.canonical_json(value)
    except EvenhandError:
        return  # two keys that are one in NFC
    assert json.loads(text, parse_int=float) == normalised(value)
    assert proof.canonical_json(json.loads(text)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (-1.7976931348623157e308, "-1.7976931348623157e+308"),
        (9007199254740991, "9007199254740991"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (1e21, "1e+21"),
        (999999999999999700000.0, "999999999999999700000"),
        (333333333.33333329, "333333333.3333333"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (4.5, "4.5"),
    ],
)
def test_numbers_are_printed_as_ecmascript_does(number: float, text: str) -> None:
    assert proof.canonical_json(number) == text


def test_keys_are_sorted_by_utf_16_and_escapes_are_the_short_ones() -> None:
    value = {"\u20ac": 1, "\r": 2, "\uffee": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}
    assert list(json.loads(proof.canonical_json(value)).values()) == [2, 4, 6, 7, 1, 5, 3]
    assert proof.canonical_json('\b\t\n\f\r\x0f"\\/') == r'"\b\t\n\f\r\u000f\"\\/"'


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53 + 1, "\udead", {1: 2}, b"x", {1, 2}, date(2026, 1, 1)])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(EvenhandError):
        proof.canonical_json(value)


def test_an_event_of_a_later_kind_is_kept_too(ledger_url: str) -> None:
    event = Event(events.new_id(), "exported", "Ada", "officer", "triage", None, {}, {"because": ["x", 1.5, None]})
    recorded = Ledger(ledger_url).append(event)
    assert events_kinds.act(recorded.event) == event
