"""Who is here: the person whom the login vouches for, or one local person without login; and for how long."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import streamlit as st

from dashboard.review import roles
from dashboard.review.roles import Person
from dashboard.ui import parts
from dashboard.ui.login_settings import AGAIN, FIRST, Login, read
from dashboard.ui.say import literal
from dashboard.workspace import Workspace

ROLE_WORDS = "viewer, expert, reviewer, model owner, compliance, auditor, admin"


class Sessions:
    """When each login was last used, and which were ended; shared by every tab of this server."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: dict[str, float] = {}
        self._ended: set[str] = set()

    def alive(self, session: str, began: float, login: Login, now: float) -> str:
        """Returns "" while a login may be used and marks it as used, else why it may not."""
        with self._lock:
            last = self._seen.get(session, max(began, now - login.idle.total_seconds()))
            if session in self._ended:
                return "You signed out."
            if now - began > login.session.total_seconds():
                return f"Your session has ended: it lasts {_lasting(login.session.total_seconds())}."
            if now - last > login.idle.total_seconds():
                return f"Nothing happened for {_lasting(login.idle.total_seconds())}, so your session has ended."
            self._seen[session] = now
            return ""

    def end(self, session: str) -> None:
        """Does end a login in every tab, whatever their cookies say."""
        with self._lock:
            self._ended.add(session)


@st.cache_resource(show_spinner=False)
def sessions() -> Sessions:
    """Returns the sessions of this server."""
    return Sessions()


def settings() -> Login | None:
    """Returns how people sign in here, None where nobody has to."""
    return read(Workspace().settings, "http://localhost")


def person() -> Person | None:
    """Returns who is signed in; None where there is no login, and the name is typed.

    Roles come from evenhand.toml's [roles], by the login's groups, e-mail address and subject.
    """
    login = settings()
    if login is None or not st.user.get("is_logged_in", False):
        return None
    return of_claims(_claims(), login, Workspace().settings.tables)


def of_claims(claims: Mapping[str, Any], login: Login, tables: Mapping[str, Any]) -> Person:
    """Returns the person that a login's claims describe. An e-mail address counts only where it is verified."""
    groups = claims.get(login.groups_claim) or ()
    named = [groups] if isinstance(groups, str) else [str(group) for group in groups]
    email = str(claims.get("email") or "")
    if email and claims.get("email_verified") in (True, "true"):
        named.append(email)
    subject = str(claims.get("sub") or "")
    at = claims.get("auth_time")
    means = claims.get("amr") or claims.get("acr") or "login"
    means = means if isinstance(means, str) else " and ".join(map(str, means))
    return Person(
        name=str(claims.get(login.name_claim) or email or subject),
        roles=roles.granted(tables, [*named, subject, "*"]),
        identity=f"{claims.get('iss')}|{subject}",
        method=f"OpenID Connect, {claims.get('iss')}, {means}",
        authenticated_at=datetime.fromtimestamp(float(at), UTC) if at else None,
    )


def _claims() -> dict[str, Any]:
    return dict(st.user)


def nonce() -> str | None:
    """Returns what is this login's own, to be used for one signature; None where there is no login."""
    return hashlib.sha256(_session(_claims()).encode()).hexdigest() if person() else None


def gate() -> bool:
    """Returns whether a page may be shown; draws how to sign in where not."""
    login = settings()
    if login is None:
        return True
    who = person()
    if who is None:
        return _closed("Sign in to see this workspace.")
    claims = _claims()
    why = sessions().alive(_session(claims), float(claims.get("iat") or 0), login, time.time())
    if why:
        return _closed(f"{why} Sign in again to go on.")
    if not who.roles:
        parts.sentence("Evenhand", "", f"{who.name} has no role in this workspace.")
        parts.nothing(
            f"A role is one of {ROLE_WORDS}.",
            "Ask whoever keeps evenhand.toml to add you, or a group of yours, to [roles].",
        )
        st.button("Sign out", on_click=_leave, key="leave")
        return False
    return True


def bar() -> None:
    """Does show who is here, and the way out."""
    who = person()
    if who is None:
        if settings() is None:
            st.html('<p class="eh-asof">Identity not verified: no login is configured, this machine only.</p>')
        return
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="who-row"):
        st.caption(literal(f"{who.name}, {' and '.join(sorted(who.roles))}"), width="content")
        st.button("Sign out", on_click=_leave, key="leave", type="tertiary")


def name_and_role(place: str, example: str) -> tuple[str, str]:
    """Returns the name and role of whoever acts: of the login, else as typed into two boxes."""
    who = person()
    if who is not None:
        parts.note(f"You act as {who.name} ({', '.join(sorted(who.roles))}).")
        return who.name, sorted(who.roles)[0] if who.roles else ""
    left, right = st.columns(2)
    name = left.text_input("Your name", key=f"{place}-name", autocomplete="name")
    return name, right.text_input("Your role", key=f"{place}-role", placeholder=example)


def here(asks: str) -> Person | None:
    """Returns the person signed in; without a login whoever typed a name in the box, kept while the page is open."""
    who = person()
    if who is not None or settings() is not None:
        return who
    name = st.text_input(asks, key="me", width=280, placeholder="Your name", persist_state="session")
    return roles.typed(name) if name.strip() else None


def kept() -> str:
    """Returns under whose name an act is kept, in a sentence."""
    if person() is not None:
        return "Kept in the record under your login."
    return "Kept in the record with your name, which is typed and not verified: no login is configured."


def fresh() -> bool:
    """Returns whether the login is recent enough to sign with and not used yet; where there is none, True."""
    who, rules = person(), roles.rules(Workspace().settings.tables)
    return who is None or roles.is_fresh(who, rules, datetime.now(UTC))


def again() -> None:
    """Does offer to sign in again, for a signature: what is typed into a draft is kept, see `signing`."""
    st.button("Sign in again to sign", on_click=st.login, args=(AGAIN,), key="again", icon=":material/lock:")


def _closed(why: str) -> bool:
    parts.sentence("Evenhand", "", why)
    st.button("Sign in", on_click=st.login, args=(FIRST,), key="enter", type="primary")
    return False


def _leave() -> None:
    sessions().end(_session(_claims()))
    st.logout()


def _session(claims: Mapping[str, Any]) -> str:
    return "|".join(str(claims.get(name)) for name in ("iss", "sub", "iat", "auth_time", "nonce"))


def _lasting(seconds: float) -> str:
    """Returns a span in words.

    >>> _lasting(36000), _lasting(1800), _lasting(3)
    ('10 hours', '30 minutes', '3 seconds')
    """
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{seconds / size:g} {unit}{'s' if seconds != size else ''}"
    return f"{seconds:g} seconds"
