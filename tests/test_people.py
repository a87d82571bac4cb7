"""People in the ledger: every right of every role, the life of a case and of a release, states folded from events."""

from __future__ import annotations

import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.errors import EvenhandError
from dashboard.review import evidence, roles, states
from dashboard.review.events import Event, new_id
from dashboard.review.events_cases import Adjudicated, Answered, Claimed, Concluded, Flagged, Queued, Released
from dashboard.review.events_releases import Condition, Fulfilled, Revoked, SignedOff, Suspended
from dashboard.review.ledger import Ledger
from dashboard.review.roles import RIGHTS, ROLES, Person, Rules

DAY = date(2026, 3, 4)
LATER = datetime.now(UTC) + timedelta(minutes=30)


def someone(name: str, *held: str, age: float = 0) -> Person:
    at = datetime.now(UTC) - timedelta(seconds=age)
    return Person(name, frozenset(held), f"https://login.example|{name}", "oidc, password", at)


ADA, BO, CY, DI = (someone(name, "expert", "reviewer") for name in ("Ada", "Bo", "Cy", "Di"))
OFFICER, SECOND = someone("Olu", "compliance"), someone("Pia", "compliance")
LOGIN = Rules(login=True)


def on(case: str, person: Person) -> dict[str, Any]:
    return {"event_id": new_id(), "name": person.name, "role": "typed", "model": "triage"} | {
        "day": DAY,
        "version": "v2",
        "id": case,
    }


def flag(case: str, by: Person) -> Flagged:
    return Flagged(**on(case, by), reason="wrong-answer", comment="seen on the ward", right_answer="1")


def draw(*cases: str, raters: int = 1) -> Queued:
    items = [
        {"day": str(DAY), "version": "v2", "id": case, "sources": ["random"], "pi": 0.1, "raters": raters}
        for case in cases
    ]
    who = {"event_id": new_id(), "name": "Ada", "role": "reviewer", "model": "triage"}
    return Queued(**who, frame={"since": "2026-03-01", "until": "2026-03-29", "size": 1000}, items=items)


def signed(by: Person, digest: str = "ab" * 32, **changes: Any) -> SignedOff:
    given: dict[str, Any] = {"event_id": new_id(), "name": by.name, "role": "typed", "model": "triage", "version": "v2"}
    given |= {"since": date(2026, 3, 1), "until": date(2026, 3, 29), "decision": "approve", "statement": "I answer."}
    given |= {"readings_digest": digest, "rollup_number": 1, "rollup_identity": "x", "policy_version": "1"}
    return SignedOff(**given | changes)


def act_of(kind: str, person: Person) -> Event:
    """Returns a bare act of a kind: enough for the question who may do it."""
    case = {"day": str(DAY), "version": "v2", "id": "e-1"}
    body = {"items": [case], "answer": "1", "until": LATER.isoformat(), "decision": "approve", "readings_digest": "d"}
    return Event(new_id(), kind, person.name, "typed", "triage", "v2", case, body)


@pytest.mark.parametrize("role", [*ROLES, "nothing"])
@pytest.mark.parametrize("kind", sorted(RIGHTS))
def test_every_right_of_every_role(kind: str, role: str, tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", LOGIN)
    person = someone("Ada", role)
    if role in RIGHTS[kind]:
        assert roles.authorise(person, kind, LOGIN, datetime.now(UTC)) == role
        return
    with pytest.raises(EvenhandError, match="To do this"):
        ledger.append(act_of(kind, person), person)
    assert ledger.events() == []
    assert not (tmp_path / "ledger.sqlite").exists()


def test_an_admin_decides_nothing_and_a_viewer_and_an_auditor_neither() -> None:
    decisions = {"flagged", "answered", "concluded", "adjudicated", "proposed", "signed", "suspended", "revoked"}
    for role in ("admin", "viewer", "auditor", "service"):
        assert not {kind for kind in decisions if role in RIGHTS[kind]}, role


def test_where_a_login_is_configured_a_typed_name_does_nothing(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    for by in (None, roles.typed("Ada")):
        with pytest.raises(EvenhandError, match="is not signed in"):
            ledger.append(flag("e-1", ADA), by)
    assert ledger.events() == []


def test_what_the_login_says_is_recorded_whatever_was_typed(ledger_url: str) -> None:
    recorded = Ledger(ledger_url, LOGIN).append(replace(flag("e-1", ADA), name="Somebody Else", role="chief"), ADA)
    assert (recorded.event.actor, recorded.event.role) == ("Ada", "reviewer")
    assert recorded.event.verified
    assert recorded.event.identity == "https://login.example|Ada"


def test_a_signature_takes_a_login_of_the_last_minutes(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    for age in (301, -120):
        with pytest.raises(EvenhandError, match="too old"):
            ledger.append(
                signed(OFFICER), replace(OFFICER, authenticated_at=datetime.now(UTC) - timedelta(seconds=age))
            )
    with pytest.raises(EvenhandError, match="too old"):
        ledger.append(signed(OFFICER), replace(OFFICER, authenticated_at=None))
    assert ledger.append(signed(OFFICER), someone("Olu", "compliance", age=200)).sequence == 1


def test_a_case_is_claimed_answered_blind_concluded_and_settled(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    ledger.append(draw("e-1"), ADA)
    ledger.append(Claimed(**on("e-1", BO), until=LATER), BO)
    with pytest.raises(EvenhandError, match="Somebody else"):
        ledger.append(Claimed(**on("e-1", CY), until=LATER), CY)
    with pytest.raises(EvenhandError, match="claim on this case has run out"):
        ledger.append(Answered(**on("e-1", CY), answer="1"), CY)
    with pytest.raises(EvenhandError, match="own answer comes first"):
        ledger.append(Concluded(**on("e-1", BO), answer="1", shown="0"), BO)
    ledger.append(Answered(**on("e-1", BO), answer="1", seconds=4.5), BO)
    with pytest.raises(EvenhandError, match="given once"):
        ledger.append(Answered(**on("e-1", BO), answer="0"), BO)
    ledger.append(Concluded(**on("e-1", BO), answer="0", shown="0", reason="wrong-input"), BO)
    (case,) = ledger.states("case", "triage")
    assert case["status"] == "settled"
    assert case["answers"][0] | {"at": ""} == {"by": BO.key, "blind": "1", "final": "0", "shown": "0", "at": ""}
    assert states.states_cases.settled(case) == "0"
    assert case["draws"][0]["pi"] == 0.1
    with pytest.raises(EvenhandError, match="settled already"):
        ledger.append(Claimed(**on("e-1", CY), until=LATER), CY)


def test_two_who_differ_need_a_third_who_had_no_part(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    ledger.append(flag("e-1", ADA), ADA)
    ledger.append(draw("e-1", raters=2), ADA)
    with pytest.raises(EvenhandError, match="flagged this case yourself"):
        ledger.append(Claimed(**on("e-1", ADA), until=LATER), ADA)
    for person, answer in ((BO, "1"), (CY, "0")):
        ledger.append(Claimed(**on("e-1", person), until=LATER), person)
        ledger.append(Answered(**on("e-1", person), answer=answer), person)
        ledger.append(Concluded(**on("e-1", person), answer=answer, shown="0"), person)
    assert ledger.states("case")[0]["status"] == "disputed"
    for person in (ADA, BO):
        with pytest.raises(EvenhandError, match="does not adjudicate"):
            ledger.append(Adjudicated(**on("e-1", person), answer="1", rationale="lactate"), person)
    ledger.append(Adjudicated(**on("e-1", DI), answer="1", rationale="lactate was 4 at noon"), DI)
    assert states.states_cases.settled(ledger.states("case", status=["settled"])[0]) == "1"


def test_a_lease_that_ran_out_lets_others_in(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    ledger.append(draw("e-1"), ADA)
    ledger.append(Claimed(**on("e-1", BO), until=datetime.now(UTC) - timedelta(seconds=1)), BO)
    ledger.append(Claimed(**on("e-1", CY), until=LATER), CY)
    with pytest.raises(EvenhandError, match="run out"):
        ledger.append(Answered(**on("e-1", BO), answer="1"), BO)
    with pytest.raises(EvenhandError, match="Leave it to them"):
        ledger.append(Released(**on("e-1", BO)), BO)
    ledger.append(Released(**on("e-1", CY)), CY)
    assert ledger.states("case")[0]["status"] == "waiting"


def test_what_was_on_the_screen_must_be_the_state_that_is_acted_on(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    seen = ledger.append(draw("e-1"), ADA).sequence
    ledger.append(flag("e-1", CY), CY)
    with pytest.raises(EvenhandError, match="in the meantime"):
        ledger.append(Claimed(**on("e-1", BO), until=LATER), BO, expected=seen)
    ledger.append(Claimed(**on("e-1", BO), until=LATER), BO, expected=seen + 1)


def test_a_release_is_approved_by_k_distinct_people_over_the_same_readings(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, replace(LOGIN, owners={"triage": frozenset({"Mo"})}))
    owner = someone("Mo", "compliance")
    with pytest.raises(EvenhandError, match="is an owner of triage"):
        ledger.append(signed(owner), owner)
    ledger.append(signed(OFFICER, needed=2), OFFICER)
    with pytest.raises(EvenhandError, match="signed these readings already"):
        ledger.append(signed(OFFICER, needed=2), OFFICER)
    assert ledger.states("release")[0]["status"] == "partly signed"
    ledger.append(signed(SECOND, digest="cd" * 32, needed=2), SECOND)
    assert ledger.states("release")[0]["status"] == "partly signed"
    ledger.append(signed(OFFICER, digest="cd" * 32, needed=2), OFFICER)
    assert ledger.states("release")[0]["status"] == "approved"


def test_a_login_signs_once(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    ledger.append(signed(OFFICER, nonce="login-1"), OFFICER)
    with pytest.raises(EvenhandError, match="used for a signature already"):
        ledger.append(signed(OFFICER, digest="cd" * 32, nonce="login-1"), OFFICER)
    assert len(ledger.events()) == 1


def test_the_text_of_a_flag_can_be_erased_and_the_record_still_verifies(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    for case in ("e-1", "e-2"):
        ledger.append(flag(case, ADA), ADA)
    ledger.append(signed(OFFICER), OFFICER)
    admin = someone("Root", "admin")

    def erasing(sequence: int) -> Event:
        return Event(new_id(), "erased", "Root", "", "triage", None, {"sequence": str(sequence)}, {"why": "asked to"})

    ledger.append(erasing(1), admin)
    assert ledger.events()[0].event.body == {"erased": True}
    assert ledger.states("case")[0]["flags"][0]["right_answer"] is None
    assert ledger.events()[1].event.body["comment"] == "seen on the ward"
    assert ledger.verify().intact
    assert ledger.rebuild(check=True) == []
    for other in (3, 99):
        with pytest.raises(EvenhandError, match="cannot be erased"):
            ledger.append(erasing(other), admin)
    assert len(ledger.events()) == 4


def test_states_are_what_folding_all_events_gives_whatever_happened(ledger_url: str) -> None:
    chance, people, cases = random.Random(7), (ADA, BO, CY, DI), [f"e-{n}" for n in range(6)]
    ledger, refused = Ledger(ledger_url, LOGIN), 0
    ledger.append(draw(*cases[:4], raters=2), ADA)
    for _ in range(160):
        person, case = chance.choice(people), chance.choice(cases)
        act: Any = chance.choice(
            [
                lambda who, what: flag(what, who),
                lambda who, what: Claimed(**on(what, who), until=LATER),
                lambda who, what: Released(**on(what, who)),
                lambda who, what: Answered(**on(what, who), answer=chance.choice("01")),
                lambda who, what: Concluded(**on(what, who), answer=chance.choice("01"), shown="0"),
                lambda who, what: Adjudicated(**on(what, who), answer="1", rationale="because"),
            ]
        )(person, case)
        try:
            ledger.append(act, person)
        except EvenhandError:
            refused += 1
    assert 20 < refused < 140
    assert ledger.rebuild(check=True) == []
    folded = states.fold((one.event, one.at, one.sequence) for one in ledger.events())
    held = {("case", one.pop("key")): one for one in ledger.states("case")}
    assert {key: {k: v for k, v in one.items() if k != "sequence"} for key, one in held.items()} == folded
    assert ledger.verify().intact


def test_a_state_that_was_edited_is_found_and_made_right(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", LOGIN)
    ledger.append(draw("e-1", "e-2"), ADA)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as raw:
        raw.execute(
            "UPDATE states SET status = 'settled', state = replace(state, 'waiting', 'settled') WHERE key LIKE '%e-1%'"
        )
        raw.execute("DELETE FROM states WHERE key LIKE '%e-2%'")
    raw.close()
    assert len(ledger.rebuild(check=True)) == 2
    assert ledger.states("case")[0]["status"] == "settled"
    assert len(ledger.rebuild()) == 2
    assert ledger.rebuild(check=True) == []
    assert [one["status"] for one in ledger.states("case")] == ["waiting", "waiting"]


def test_postgresql_refuses_changes_and_a_change_past_its_guards_is_found(postgresql: str) -> None:
    import psycopg

    ledger = Ledger(postgresql, LOGIN)
    for case in ("e-1", "e-2"):
        ledger.append(flag(case, ADA), ADA)
    for statement in (
        "UPDATE events SET actor = 'x'",
        "UPDATE bodies SET body = '', salt = '' WHERE sequence = 1",
        "DELETE FROM bodies",
        "DELETE FROM events",
        "TRUNCATE bodies, events",
    ):
        with psycopg.connect(postgresql) as raw, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            raw.execute(statement)
    assert ledger.verify().intact
    with psycopg.connect(postgresql) as raw:
        raw.execute("ALTER TABLE events DISABLE TRIGGER events_update")
        raw.execute("UPDATE events SET actor = 'Somebody Else' WHERE sequence = 1")
    assert ledger.verify().broken == (
        "The guard events_update was removed or altered.",
        "Event 1 was changed: its digest does not fit.",
    )


def test_a_ledger_from_before_there_were_logins_is_read_and_goes_on(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.append(flag("e-1", ADA))
    with sqlite3.connect(tmp_path / "ledger.sqlite") as raw:
        raw.execute("DROP TABLE states")
        raw.execute("ALTER TABLE events DROP COLUMN identity")
    raw.close()
    assert ledger.verify().intact
    assert [one.event.actor for one in ledger.events()] == ["Ada"]
    assert ledger.append(flag("e-2", ADA)).sequence == 2
    assert ledger.rebuild() == ["""The state of case ["triage","2026-03-04","v2","e-1"] is not what the events say."""]
    assert len(ledger.states("case")) == 2


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "No case was drawn"),
        ([{"day": "d", "version": "v", "id": "1", "pi": 1.2}], "is in"),
        ([{"day": "d", "version": "v", "id": "1", "pi": 0}], "is in"),
        ([{"day": "d", "version": "v", "id": "1", "pi": 1}] * 2, "drawn twice"),
        ([{"day": "d", "version": "v", "pi": 1}], "lacks its day"),
    ],
)
def test_a_draw_that_cannot_be_is_refused(items: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(EvenhandError, match=said):
        replace(draw("e-1"), items=items)


def test_the_page_about_people_says_what_the_ledger_asks() -> None:
    text = (Path(__file__).parent.parent / "docs" / "people.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    named = rows[0][2:]
    said = {row[0].strip("`"): {role for role, may in zip(named, row[2:], strict=True) if may} for row in rows[2:]}
    assert said == {kind: set(held) for kind, held in RIGHTS.items()}


def test_conditions_name_who_and_until_when_and_are_met_once(ledger_url: str) -> None:
    ledger, model_owner = Ledger(ledger_url, LOGIN), someone("Mo", "model owner")
    vague = signed(OFFICER, decision="approve with conditions", conditions=["Audit in May"])
    with pytest.raises(EvenhandError, match="has no owner or no day"):
        ledger.append(vague, OFFICER)
    clear = signed(OFFICER, decision="approve with conditions", conditions=[Condition("Audit", "Mo", date(2026, 5, 1))])
    place = ledger.append(clear, OFFICER).sequence
    assert ledger.states("release")[0]["status"] == "approved with conditions"
    about: dict[str, Any] = {"model": "triage", "version": "v2", "since": clear.since, "until": clear.until}
    who = {"name": "Mo", "role": "owner", "why": "Report 17"}

    def met(number: str) -> Fulfilled:
        return Fulfilled(event_id=new_id(), **about, **who, condition=number)

    with pytest.raises(EvenhandError, match="no condition"):
        ledger.append(met(f"{place}.2"), model_owner)
    ledger.append(met(f"{place}.1"), model_owner)
    with pytest.raises(EvenhandError, match="is met already"):
        ledger.append(met(f"{place}.1"), model_owner)
    (release,) = ledger.states("release")
    assert states.states_releases.overdue(release, date(2026, 6, 1)) == []
    assert ledger.events(kind="fulfilled")[0].event.actor == "Mo"


def test_what_was_suspended_stands_again_only_by_new_signatures(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    about: dict[str, Any] = {"name": "Olu", "role": "officer", "model": "triage", "version": "v2", "why": "in doubt"}
    about |= {"since": date(2026, 3, 1), "until": date(2026, 3, 29)}
    with pytest.raises(EvenhandError, match="no signature that stands"):
        ledger.append(Suspended(event_id=new_id(), **about), OFFICER)
    ledger.append(signed(OFFICER), OFFICER)
    with pytest.raises(EvenhandError, match="too old"):
        ledger.append(Revoked(event_id=new_id(), **about), replace(OFFICER, authenticated_at=None))
    ledger.append(Suspended(event_id=new_id(), **about), OFFICER)
    assert ledger.states("release")[0]["status"] == "suspended"
    ledger.append(signed(OFFICER), OFFICER)
    assert ledger.states("release")[0]["status"] == "approved"
    ledger.append(Revoked(event_id=new_id(), **about), OFFICER)
    assert ledger.states("release")[0]["status"] == "revoked"
    assert len(ledger.events(kind="signed")) == 2


def test_an_approval_ends_and_not_later_than_the_workspace_allows(ledger_url: str) -> None:
    ledger, today = Ledger(ledger_url, replace(LOGIN, valid_days=90)), datetime.now(UTC).date()
    with pytest.raises(EvenhandError, match="At most 90 days"):
        ledger.append(signed(OFFICER, expires=today + timedelta(days=91)), OFFICER)
    ledger.append(signed(OFFICER, expires=today + timedelta(days=90)), OFFICER)
    (release,) = ledger.states("release")
    assert states.states_releases.expired(release, today) is None
    assert states.states_releases.expired(release, today + timedelta(days=90)) == today + timedelta(days=90)


def test_what_is_missing_is_waived_in_writing_or_not_approved() -> None:
    with pytest.raises(EvenhandError, match="is not waived: review"):
        signed(OFFICER, missing=["review"], waivers={"review": " "})
    assert signed(OFFICER, missing=["review"], waivers={"review": "first release"}).missing == ("review",)
    assert signed(OFFICER, missing=["review"], decision="defer", rationale="No review yet").decision == "defer"


def test_how_a_signer_signed_in_comes_from_the_login_never_from_the_page(ledger_url: str) -> None:
    made = signed(OFFICER, authentication={"method": "fingerprint", "at": "2020-01-01"})
    recorded = Ledger(ledger_url, LOGIN).append(made, OFFICER)
    assert recorded.event.body["authentication"]["method"] == "oidc, password"
    assert OFFICER.authenticated_at is not None
    assert recorded.event.body["authentication"]["at"] == OFFICER.authenticated_at.isoformat()


def test_evidence_is_named_by_its_content_and_a_change_is_found(tmp_path: Path) -> None:
    digest = evidence.keep(tmp_path / "evidence", b"readings", "parquet")
    assert evidence.keep(tmp_path / "evidence", b"readings", "parquet") == digest
    assert evidence.kept(tmp_path / "evidence", digest, "parquet") == b"readings"
    (tmp_path / "evidence" / f"{digest}.parquet").write_bytes(b"other readings")
    with pytest.raises(EvenhandError, match="was changed"):
        evidence.kept(tmp_path / "evidence", digest, "parquet")
    (tmp_path / "evidence" / f"{digest}.parquet").unlink()
    with pytest.raises(EvenhandError, match="Bring it back"):
        evidence.kept(tmp_path / "evidence", digest, "parquet")


def test_a_case_is_given_to_one_of_four_who_ask_at_once(ledger_url: str) -> None:
    ledger = Ledger(ledger_url, LOGIN)
    ledger.append(draw(*(f"e-{n}" for n in range(5))), ADA)

    def take(who: Person, case: str) -> str | None:
        try:
            Ledger(ledger_url, LOGIN).append(Claimed(**on(case, who), until=LATER), who)
        except EvenhandError:
            return None
        return who.key

    with ThreadPoolExecutor(4) as pool:
        for case in (f"e-{n}" for n in range(5)):
            took = [one for one in pool.map(lambda who, case=case: take(who, case), (ADA, BO, CY, DI)) if one]
            assert len(took) == 1
            held = ledger.states(
                "case", "triage", key=states.states_cases.case_key("triage", on(case, ADA) | {"day": str(DAY)})
            )
            assert held[0]["lease"]["by"] == took[0]
    assert len(ledger.events(kind="claimed")) == 5
