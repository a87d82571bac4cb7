"""What people type may be anything: it is refused in words, or kept exact and shown inert wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.errors import EvenhandError
from dashboard.pack import page, paper
from dashboard.pack.plain import csv_of
from dashboard.pack.told import Section
from dashboard.review.events import Act, new_id, sound
from dashboard.review.events_cases import Adjudicated, Answered, Claimed, Concluded, Flagged, Queued, Released
from dashboard.review.events_exports import Exported
from dashboard.review.events_releases import Condition, Fulfilled, Proposed, Revoked, SignedOff, Suspended
from dashboard.review.ledger import Ledger, of
from dashboard.review.proof import canonical_json
from dashboard.settings import read
from tests.test_pages import ENTRY, show

WHO: dict[str, Any] = {"name": "Ada", "role": "expert", "model": "triage"}
CASE: dict[str, Any] = WHO | {"day": date(2026, 6, 30), "version": "v2", "id": "E0060000"}
RELEASE: dict[str, Any] = WHO | {"version": "v2", "since": date(2026, 6, 1), "until": date(2026, 6, 29)}
SIGNED: dict[str, Any] = RELEASE | {"decision": "approve", "statement": "I answer.", "rationale": "Because."}
SIGNED |= {"readings_digest": "ab" * 32, "rollup_number": 1, "rollup_identity": "x", "policy_version": "1"}
FINDING = {"rule": "r1", "metric": "accuracy", "state": "outside"}
CONDITIONAL = {"decision": "approve with conditions"}
ITEM = {"day": "2026-06-30", "version": "v2", "sources": ["random"], "pi": 0.1}
PROPOSED: dict[str, Any] = RELEASE | {"attribute": "sex", "instead_of": 0.5, "rationale": "r", "rollup_number": 1}
PROPOSED |= {"rollup_identity": "x", "thresholds": {"": 0.4}}

FIELDS: dict[str, Callable[[str], Act]] = {
    **{
        f"flag {name}": (lambda text, name=name: Flagged(**_with(CASE | {"reason": "unfair"}, name, text)))
        for name in ("name", "role", "comment", "right_answer", "reason", "severity", "version", "id", "model")
    },
    **{
        f"{kind.__name__} {name}": (
            lambda text, kind=kind, name=name, more=more: kind(**_with(CASE | more, name, text))
        )
        for kind, more, names in (
            (Claimed, {"until": datetime(2026, 7, 1, tzinfo=UTC)}, ("name", "id")),
            (Released, {}, ("role", "id")),
            (Answered, {"answer": "1"}, ("name", "answer")),
            (Concluded, {"answer": "1", "shown": "0"}, ("answer", "shown", "reason", "guideline")),
            (Adjudicated, {"answer": "1", "rationale": "r"}, ("answer", "rationale")),
        )
        for name in names
    },
    **{
        f"sign {name}": (lambda text, name=name: SignedOff(**_with(SIGNED, name, text)))
        for name in ("name", "role", "statement", "rationale", "meaning", "zone", "policy_version", "decision")
    },
    "sign condition": lambda text: SignedOff(
        **_with(
            SIGNED | {"decision": "approve with conditions"}, "conditions", [Condition(text, "Mo", date(2026, 8, 1))]
        )
    ),
    "sign owner": lambda text: SignedOff(
        **_with(
            SIGNED | {"decision": "approve with conditions"}, "conditions", [Condition("c", text, date(2026, 8, 1))]
        )
    ),
    "sign waiver": lambda text: SignedOff(**_with(SIGNED | {"missing": ["labels"]}, "waivers", {"labels": text})),
    "sign answer": lambda text: SignedOff(**_with(SIGNED, "findings", [FINDING | {"answer": text}])),
    "sign finding": lambda text: SignedOff(**_with(SIGNED, "findings", [FINDING | {"sentence": text}])),
    **{
        f"{kind.__name__} why": (lambda text, kind=kind: kind(**_with(RELEASE, "why", text)))
        for kind in (Suspended, Revoked)
    },
    "fulfil why": lambda text: Fulfilled(**_with(RELEASE | {"condition": "1.1"}, "why", text)),
    "fulfil condition": lambda text: Fulfilled(**_with(RELEASE | {"why": "w"}, "condition", text)),
    "propose rationale": lambda text: Proposed(**_with(PROPOSED, "rationale", text)),
    "propose group": lambda text: Proposed(**_with(PROPOSED, "thresholds", {text: 0.3})),
    "propose attribute": lambda text: Proposed(**_with(PROPOSED, "attribute", text)),
    "queue id": lambda text: Queued(event_id=new_id(), **WHO, frame={}, items=[ITEM | {"id": text}]),
    "queue frame": lambda text: Queued(event_id=new_id(), **WHO, frame={"since": text}, items=[ITEM | {"id": "e"}]),
    "export what": lambda text: Exported(event_id=new_id(), **WHO, version=None, what=text, digest="ab" * 32),
}
TEXTS = {
    "script": "<script>alert(1)</script>",
    "image": "![x](http://x.example/a.png) <img src=x onerror=alert(1)>",
    "formula": '=HYPERLINK("http://x.example")',
    "reversed": "abc\u202etxt.exe",
    "nul": "a\x00b",
    "half": "a\ud800b",
    "long": "x" * 1_000_000,
}
REFUSED = ("nul", "half", "long")  # where a field is of free text


def _with(given: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {"event_id": new_id()} | given | {name: value}


def kept(field: str, text: str) -> tuple[str, str]:
    """Returns what the record would keep of an act, and why it is refused; one of both is empty."""
    try:
        event = sound(FIELDS[field](text).event())
        return canonical_json([event.actor, event.role, event.model, event.version, event.subject, event.body]), ""
    except EvenhandError as error:
        return "", str(error)


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_every_field_refuses_in_words_or_keeps_exactly_what_was_typed(field: str) -> None:
    for kind, text in TEXTS.items():
        told, why = kept(field, text)
        assert len(why) < 1000, f"the refusal of {kind} in {field} repeats what was typed"
        assert bool(why) or kind not in REFUSED, f"{kind} was kept in {field}"
        assert bool(why) or canonical_json(text)[1:-1] in told, (field, kind)


def test_nothing_reaches_the_record_past_the_gate(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    for text in (TEXTS[kind] for kind in REFUSED):
        with pytest.raises(EvenhandError):
            ledger.append(FIELDS["queue id"](text))
        with pytest.raises(EvenhandError):
            ledger.append(FIELDS["propose group"](text))
    assert ledger.events() == []


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_every_file_shows_it_inert(kind: str) -> None:
    text = TEXTS[kind][:5000]
    section = Section(text, (text,), [{text: text, "n": text}])
    html = page.page(text, text, [section], {}).decode()
    assert "<script" not in html
    assert "<img" not in html
    assert "\x00" not in html
    assert paper.paper(text, text, [section], datetime(2026, 7, 1, tzinfo=UTC)).startswith(b"%PDF-")
    first = csv_of([{"a": text}]).decode("utf-8").split("\r\n", 1)[1]
    assert first.lstrip('"')[:1] not in ("=", "+", "@", "-")


@pytest.fixture
def pages(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Returns the app on a copy of the sample whose record holds hostile text in every field that keeps it."""
    workspace = tmp_path / "workspace"
    (workspace / "models").mkdir(parents=True)
    (workspace / "models" / "triage").symlink_to(sample / "models" / "triage")
    ledger = of(read(workspace))
    for place, text in enumerate(TEXTS[kind] for kind in ("script", "image", "formula")):
        ledger.append(FIELDS["flag comment"](text))
        ledger.append(FIELDS["flag name"](text))
        ledger.append(FIELDS["propose rationale"](text))
        everything = SIGNED | dict.fromkeys(("name", "role", "statement", "rationale", "meaning", "zone"), text)
        everything |= {"missing": ["labels"], "waivers": {"labels": text}, "readings_digest": f"a{place}" * 32}
        everything |= {"decision": "approve with conditions", "conditions": [Condition(text, text, date(2026, 8, 1))]}
        everything |= {"findings": [FINDING | {"sentence": text, "answer": text}]}
        ledger.append(SignedOff(event_id=new_id(), **everything))
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    return AppTest.from_file(str(ENTRY), default_timeout=120).run()


@pytest.mark.parametrize("name", ["signoff", "audit", "cases"])
def test_every_page_shows_it_inert(name: str, pages: AppTest) -> None:
    shown = show(pages, name)
    assert not shown.exception
    for element in shown.get("html"):
        assert "<script" not in element.proto.body
        assert "<img" not in element.proto.body
    typed = [text for element in shown.get("markdown") for text in [element.value] if "x.example" in text]
    labels = [element.proto.label for element in shown.get("expander") if "x.example" in element.proto.label]
    assert typed + labels == []
