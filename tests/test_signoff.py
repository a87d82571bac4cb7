"""A sign-off is stale when, and only when, the numbers or the rules are no longer what was signed."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import EvenhandError
from dashboard.review.events_releases import SignedOff
from dashboard.review.signoff import Current, Stale, changes, digest, state

READINGS = [
    {"metric": "accuracy", "group": None, "value": 0.84, "n": 440},
    {"metric": "accuracy", "group": "F", "value": 0.1 + 0.2, "n": 193},
    {"metric": "accuracy", "group": "M", "value": None, "n": 0},
]
WITHIN = {"rule": "r1", "metric": "accuracy", "group": "F", "attribute": "sex", "state": "within", "value": 0.84}
OUTSIDE = WITHIN | {"state": "outside", "value": 0.7}


def signed(**changed: Any) -> SignedOff:
    given: dict[str, Any] = {
        "event_id": "1",
        "name": "Grace",
        "role": "officer",
        "model": "triage",
        "version": "v2",
        "since": date(2026, 3, 1),
        "until": date(2026, 3, 29),
        "decision": "approve",
        "statement": "I answer for it.",
        "readings_digest": digest(READINGS),
        "rollup_number": 42,
        "rollup_identity": "one",
        "policy_version": "2026-01",
        "policy_digest": "p",
        "findings": [WITHIN],
    }
    return SignedOff(**given | changed)


def today(**changed: Any) -> Current | Stale:
    given: dict[str, Any] = {
        "readings_digest": digest(READINGS),
        "findings": [WITHIN],
        "rollup_identity": "one",
        "policy_version": "2026-01",
        "policy_digest": "p",
    }
    return state(signed(), **given | changed)


@given(st.integers())
def test_the_digest_does_not_depend_on_order(seed: int) -> None:
    rows = [dict(random.Random(seed).sample(list(row.items()), len(row))) for row in READINGS]
    random.Random(seed).shuffle(rows)
    assert digest(rows) == digest(READINGS)


@pytest.mark.parametrize("changed", [{"value": 0.3}, {"n": 194}, {"group": "f"}, {"extra": 1}])
def test_the_digest_sees_every_change(changed: dict[str, Any]) -> None:
    assert digest([READINGS[0], READINGS[1] | changed, READINGS[2]]) != digest(READINGS)


def test_a_reading_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(EvenhandError):
        digest([{"value": float("nan")}])


def test_nothing_changed_is_current() -> None:
    assert today() == Current()


def test_counting_again_with_the_same_numbers_is_current_and_said() -> None:
    result = today(rollup_identity="two")
    assert isinstance(result, Current)
    assert "same numbers" in result.note


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"readings_digest": digest([]), "rollup_identity": "two"}, "labels or predictions arrived"),
        ({"readings_digest": digest([])}, "although the same rollup is read"),
        ({"policy_version": "2026-02"}, "The policy was 2026-01 and is 2026-02."),
        ({"policy_digest": "q"}, "though its version is still 2026-01"),
        ({"findings": [OUTSIDE]}, "accuracy (sex F) was within range (0.84) and is outside range (0.7)."),
        ({"findings": []}, "accuracy (sex F) is no longer judged."),
    ],
)
def test_it_is_stale_with_the_reason_in_words(changed: dict[str, Any], said: str) -> None:
    result = today(**changed)
    assert isinstance(result, Stale)
    assert said in result.reason


def test_changes_name_what_is_outside_today_first() -> None:
    other = WITHIN | {"group": "M"}
    sentences = changes([WITHIN, other], [WITHIN | {"state": "inconclusive"}, other | {"state": "outside"}])
    assert ["sex M" in sentence for sentence in sentences] == [True, False]
