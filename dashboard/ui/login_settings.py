"""How people sign in: evenhand.toml's [login] -> Login, and Streamlit's secrets made from it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dashboard.errors import EvenhandError, nearest
from dashboard.settings import Settings

FIRST, AGAIN = "login", "again"  # the provider for signing in; the same one, asked for the password again
KNOWN = {
    "server_metadata_url": "",
    "client_id": "",
    "client_secret_file": "",
    "cookie_secret_file": "",
    "redirect_uri": "",
    "scope": "openid email profile groups",
    "groups_claim": "groups",
    "name_claim": "name",
    "idle_minutes": 30.0,
    "session_hours": 10.0,
    "fresh_minutes": 5.0,
}


@dataclass(frozen=True)
class Login:
    """An OpenID Connect provider and the limits of a session. Times are from the login, and from the last click."""

    server_metadata_url: str
    client_id: str
    client_secret: str
    cookie_secret: str
    redirect_uri: str
    scope: str
    groups_claim: str
    name_claim: str
    idle: timedelta
    session: timedelta

    def secrets(self) -> dict[str, Any]:
        """Returns what Streamlit wants in its secrets: one provider, and the same asking for the password again."""
        asked = {"scope": self.scope, "prompt": "login"}
        provider = {"client_id": self.client_id, "client_secret": self.client_secret}
        provider |= {"server_metadata_url": self.server_metadata_url}
        again = {"authorize_params": {"max_age": "0"}, "client_kwargs": asked}
        first = {"client_kwargs": {"scope": self.scope, "prompt": "select_account"}}
        common = {"redirect_uri": self.redirect_uri, "cookie_secret": self.cookie_secret}
        return {"auth": common | {FIRST: provider | first, AGAIN: provider | again}}


def read(settings: Settings, address: str = "") -> Login | None:
    """Returns the login that evenhand.toml describes; None where it describes none.

    `address` is where the dashboard answers, for the redirect URI where none is given. Raises EvenhandError for a
    missing or unknown entry and for a secret that cannot be read.
    """
    table = settings.tables.get("login")
    if table is None:
        return None
    given = _known(table)
    for name in ("server_metadata_url", "client_id"):
        if not given[name]:
            raise EvenhandError(
                f"[login] in evenhand.toml has no {name}",
                "It is what the OpenID Connect provider gave for this dashboard",
                "Add it, or remove [login] for one local person without login",
            )
    redirect = str(given["redirect_uri"] or (f"{address}/oauth2callback" if address else ""))
    if urlsplit(redirect).scheme not in ("http", "https") or not redirect.endswith("/oauth2callback"):
        raise EvenhandError(
            f"[login] redirect_uri is '{redirect}'", "Such as https://evenhand.example/oauth2callback", "Correct it"
        )
    return Login(
        **{
            name: str(given[name])
            for name in ("server_metadata_url", "client_id", "scope", "groups_claim", "name_claim")
        },
        redirect_uri=redirect,
        client_secret=_secret("client", given["client_secret_file"], settings.workspace),
        cookie_secret=_cookie_secret(given["cookie_secret_file"], settings.workspace),
        idle=timedelta(minutes=given["idle_minutes"]),
        session=timedelta(hours=given["session_hours"]),
    )


def _known(table: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in table.items():
        if name not in KNOWN:
            raise EvenhandError(f"[login] in evenhand.toml has '{name}'", todo=nearest(name, KNOWN))
        if isinstance(KNOWN[name], float):
            right, expected = type(value) in (int, float) and value > 0, "A number above 0"
        else:
            right, expected = isinstance(value, str), "Text"
        if not right:
            raise EvenhandError(f"[login] {name} in evenhand.toml is {value!r}", expected)
    return {**KNOWN, **table}


def _secret(name: str, file: str, workspace: Path) -> str:
    """Returns a secret from the environment, else from the file; secrets do not stand in evenhand.toml."""
    variable = f"EVENHAND_{name.upper()}_SECRET"
    if value := os.environ.get(variable):
        return value
    if not file:
        raise EvenhandError(
            f"The {name} secret of the login is missing",
            f"It stands in the environment ({variable}) or in a file ([login] {name}_secret_file)",
            "Put it there",
        )
    path = workspace / file
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EvenhandError(
            f"Could not read {path}: {error.strerror}", todo="Check the path and permissions"
        ) from error


def _cookie_secret(file: str, workspace: Path) -> str:
    """Returns what signs the cookies: as given, else drawn once and kept in the workspace for its owner only."""
    if file or os.environ.get("EVENHAND_COOKIE_SECRET"):
        return _secret("cookie", file, workspace)
    path = workspace / ".cookie-secret"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8")
    with os.fdopen(descriptor, "w", encoding="utf-8") as new:
        new.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8")
