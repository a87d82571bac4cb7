"""Signing in leads back to the page one came from; cookies of an https address travel by https only.

Streamlit's login always returns to the first page and forgets the address. On the way out the page is remembered in a
cookie of ten minutes, on the way back the browser is sent there: a path on this host, never another address.
"""

from __future__ import annotations

from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "evenhand_return"
MINUTES = 10


class Returning:
    """Remembers the page at /auth/login and goes back there after /oauth2callback; `secure` marks every cookie so."""

    def __init__(self, app: ASGIApp, *, secure: bool = False) -> None:
        self.app, self.secure = app, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if scope["path"].endswith("/auth/login"):
                    _remember(headers, came_from(asked.get("referer", ""), asked.get("host", "")))
                elif scope["path"].endswith("/oauth2callback"):
                    _return(headers, cookie_parser(asked.get("cookie", "")).get(COOKIE, ""))
                if self.secure:
                    _secured(message)
            await send(message)

        await self.app(scope, receive, answer)


def came_from(referer: str, host: str) -> str:
    """Returns the path and query of a page of this host, "" for any other.

    >>> came_from("https://evenhand.example/signoff?model=triage", "evenhand.example")
    '/signoff?model=triage'
    >>> came_from("https://elsewhere.example/signoff", "evenhand.example"), came_from("", "evenhand.example")
    ('', '')
    """
    parts = urlsplit(referer)
    if parts.netloc != host or not host:
        return ""
    return local(parts.path + (f"?{parts.query}" if parts.query else ""))


def local(path: str) -> str:
    """Returns a path that stays on this host, "" for anything a browser could read as another address.

    >>> local("/signoff?model=triage"), local("//elsewhere.example"), local("/\\\\elsewhere"), local("https://elsewhere")
    ('/signoff?model=triage', '', '', '')
    """
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if plain and path.isprintable() and not urlsplit(path).netloc else ""


def _remember(headers: MutableHeaders, path: str) -> None:
    if path:
        kept = quote(path, safe="")
        headers.append("set-cookie", f"{COOKIE}={kept}; Max-Age={MINUTES * 60}; Path=/; HttpOnly; SameSite=Lax")


def _return(headers: MutableHeaders, kept: str) -> None:
    path = local(unquote(kept))
    if path and "location" in headers:
        headers["location"] = path
    headers.append("set-cookie", f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")


def _secured(message: Message) -> None:
    message["headers"] = [
        (name, value if name.lower() != b"set-cookie" or b"secure" in value.lower() else value + b"; Secure")
        for name, value in message["headers"]
    ]
