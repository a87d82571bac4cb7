"""The login's settings, what its claims mean, and the ways an address could lead elsewhere."""

from __future__ import annotations

import stat
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import settings
from dashboard.errors import EvenhandError
from dashboard.ui import login, login_settings, returning, server

TOML = """
[login]
server_metadata_url = "https://login.example/.well-known/openid-configuration"
client_id = "evenhand"
[roles]
officers = ["compliance"]
"ada@example.org" = "expert"
"17" = ["auditor"]
"""


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVENHAND_CLIENT_SECRET", "s3cret")
    (tmp_path / "evenhand.toml").write_text(TOML, encoding="utf-8")
    return tmp_path


def read(folder: Path, added: str = "", address: str = "http://127.0.0.1:8501") -> login_settings.Login:
    (folder / "evenhand.toml").write_text(TOML.replace("[roles]", f"{added}\n[roles]"), encoding="utf-8")
    found = login_settings.read(settings.read(folder), address)
    assert found is not None
    return found


def test_without_a_section_nobody_signs_in(tmp_path: Path) -> None:
    assert login_settings.read(settings.read(tmp_path)) is None


def test_the_cookie_secret_is_drawn_once_and_only_its_owner_reads_it(given: Path) -> None:
    first, second = read(given), read(given)
    assert first.cookie_secret == second.cookie_secret
    assert len(first.cookie_secret) >= 32
    assert stat.S_IMODE((given / ".cookie-secret").stat().st_mode) == 0o600


def test_a_signature_asks_for_the_password_again(given: Path) -> None:
    again = read(given).secrets()["auth"][login_settings.AGAIN]
    assert again["authorize_params"] == {"max_age": "0"}
    assert again["client_kwargs"]["prompt"] == "login"


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("client_secret = 'x'", "client_secret"),
        ("idle_minutes = 0", "above 0"),
        ("idle_minutes = true", "above 0"),
        ("scope = 3", "Text"),
        ("redirect_uri = 'https://evenhand.example/'", "oauth2callback"),
        ("client_secret_file = 'absent'\ncookie_secret_file = 'absent'", "Could not read"),
    ],
)
def test_a_wrong_entry_is_said_in_words(given: Path, added: str, said: str) -> None:
    with pytest.raises(EvenhandError, match=said):
        read(given, added)


def test_a_missing_secret_says_where_it_belongs(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENHAND_CLIENT_SECRET")
    with pytest.raises(EvenhandError, match="EVENHAND_CLIENT_SECRET"):
        read(given)


CLAIMS: dict[str, Any] = {"iss": "https://login.example", "sub": "17", "name": "Ada Osei", "auth_time": 1_790_000_000}


@pytest.mark.parametrize(
    ("claims", "held"),
    [
        ({}, {"auditor"}),
        ({"sub": "18"}, set()),
        ({"sub": "18", "groups": ["officers", "staff"]}, {"compliance"}),
        ({"sub": "18", "groups": "officers"}, {"compliance"}),
        ({"sub": "18", "email": "ada@example.org", "email_verified": True}, {"expert"}),
        ({"sub": "18", "email": "ada@example.org"}, set()),
        ({"sub": "18", "email": "ada@example.org", "email_verified": False}, set()),
        ({"sub": "18", "groups": ["compliance", "admin"]}, set()),
    ],
)
def test_roles_come_from_the_workspace_never_from_the_login(
    given: Path, claims: dict[str, Any], held: set[str]
) -> None:
    person = login.of_claims(CLAIMS | claims, read(given), settings.read(given).tables)
    assert person.roles == held
    assert person.verified


def test_a_role_that_is_none_is_named(given: Path) -> None:
    tables = {"roles": {"17": ["complience"]}}
    with pytest.raises(EvenhandError, match="Did you mean 'compliance'"):
        login.of_claims(CLAIMS, read(given), tables)


def test_without_a_time_of_authentication_nobody_signs(given: Path) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != "auth_time"}
    assert login.of_claims(claims, read(given), {}).authenticated_at is None


def test_a_session_ends_by_idling_by_age_and_by_signing_out(given: Path) -> None:
    limits, kept, began = read(given, "idle_minutes = 10\nsession_hours = 1"), login.Sessions(), 1000.0
    assert limits.idle == timedelta(minutes=10)
    assert [kept.alive("a", began, limits, began + minutes * 60) for minutes in (0, 9, 18, 27, 36, 45, 54)] == [""] * 7
    assert "lasts 1 hour" in kept.alive("a", began, limits, began + 3601)
    assert kept.alive("b", began, limits, began) == ""
    assert "Nothing happened for 10 minutes" in kept.alive("b", began, limits, began + 601)
    assert kept.alive("c", time.time(), limits, time.time()) == ""
    kept.end("c")
    assert kept.alive("c", time.time(), limits, time.time()) == "You signed out."


@pytest.mark.parametrize(
    "path",
    [
        "//elsewhere",
        "/\\elsewhere",
        "https://elsewhere/",
        "elsewhere",
        "",
        "/a\r\nSet-Cookie: x=1",
        "javascript:alert(1)",
    ],
)
def test_no_way_back_leads_to_another_address(path: str) -> None:
    assert returning.local(path) == ""


def test_a_dashboard_that_others_can_reach_wants_a_login(tmp_path: Path, given: Path) -> None:
    server.check_guarded("127.0.0.1", tmp_path / "no workspace")
    server.check_guarded("0.0.0.0", given)
    with pytest.raises(EvenhandError, match="nobody has to sign in"):
        server.check_guarded("0.0.0.0", tmp_path / "no workspace")
