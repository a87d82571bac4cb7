"""Serves the dashboard: on this machine unless told otherwise, no telemetry, strict headers, an honest health check."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import socket
import threading
import time
import webbrowser
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import dashboard
from dashboard.errors import EvenhandError
from dashboard.settings import read, workspace_path
from dashboard.ui import login_settings
from dashboard.ui.returning import Returning

HERE = Path(__file__).resolve().parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")


# Streamlit styles by inline style elements and plotly draws through blobs; scripts come from here and nowhere else.
def inline_scripts() -> str:
    """Returns the hashes of the scripts inside Streamlit's own index.html, as CSP sources."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


POLICY = "; ".join(
    (
        "default-src 'self'",
        f"script-src 'self' 'wasm-unsafe-eval' {inline_scripts()}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class SecureHeaders:
    """Adds HEADERS to every HTTP answer; websockets pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


async def healthz(_request: Request) -> JSONResponse:
    """Returns 200 while the workspace can be read, else 503 (an unknown path answers 200 whatever happens)."""
    readable = os.access(workspace_path(), os.R_OK | os.X_OK)
    body = {"status": "ok" if readable else "the workspace cannot be read", "version": dashboard.__version__}
    return JSONResponse(body, status_code=200 if readable else 503)


def application(address: str = "") -> st.App:
    """Returns the ASGI application, for `serve` and for other ASGI servers (there the redirect URI must be given).

    Raises EvenhandError where evenhand.toml describes a login that cannot be used.
    """
    login = login_settings.read(read(), address)
    middleware = [Middleware(SecureHeaders)]
    if login is not None:
        middleware.append(Middleware(Returning, secure=login.redirect_uri.startswith("https:")))
    secrets = None if login is None else login.secrets()
    return st.App(HERE / "app.py", routes=[Route("/healthz", healthz)], middleware=middleware, secrets=secrets)


def options(host: str, port: int) -> dict[str, Any]:
    """Returns Streamlit's settings: nothing phones home, no developer's toolbar, errors without a traceback."""
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.allowedHosts": list(LOOPBACK) if host in LOOPBACK else [],
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "runner.magicEnabled": False,
        "theme.base": str(HERE / "theme.toml"),
    }


def serve(workspace: Path, *, host: str = "127.0.0.1", port: int = 8501, open_browser: bool = False) -> None:
    """Does serve one workspace until it is stopped.

    Raises EvenhandError where the port is taken or the address is not this machine's.
    """
    check_free(host, port)
    check_guarded(host, workspace)
    os.environ["EVENHAND_WORKSPACE"] = str(workspace)
    threading.Thread(target=_ready, daemon=True).start()
    with _opened(f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}" if open_browser else None):  # noqa: S104
        application(f"http://{host}:{port}").run(config=options(host, port))


def _ready() -> None:
    """Does import what the first page needs while the server starts, so that its first visitor does not wait for it."""
    first = ("dashboard.charts", "dashboard.workspace", "dashboard.report.pictures", "plotly.graph_objects")
    for name in (*first, "scipy.optimize"):  # the last for estimates: a third of a second
        importlib.import_module(name)


def check_guarded(host: str, workspace: Path) -> None:
    """Does nothing where only this machine reaches the dashboard, or people sign in; raises EvenhandError otherwise."""
    if host not in LOOPBACK and "login" not in read(workspace).tables:
        raise EvenhandError(
            f"{host} can be reached from other machines, and nobody has to sign in",
            "Without a login the dashboard answers this machine only: whoever reaches it could act under any name",
            "Describe a login in evenhand.toml, section [login] (docs/people.md), or leave --host out",
        )


def check_free(host: str, port: int) -> None:
    """Does nothing where the port can be listened on; raises EvenhandError saying why not otherwise."""
    if not 1 <= port <= 65535:
        raise EvenhandError(f"{port} is not a port", "A port is between 1 and 65535", "Leave --port out to use 8501")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise EvenhandError(f"Port {port} needs more rights", todo="Choose one above 1023 with --port") from error
        except OSError as error:
            taken = error.errno in (48, 98, 10048)  # EADDRINUSE on macOS, Linux, Windows
            found = f"Port {port} on {host} is in use" if taken else f"Cannot listen on {host}:{port}: {error.strerror}"
            todo = f"Stop what uses it, or choose another: --port {port + 1}" if taken else "Choose another with --host"
            raise EvenhandError(found, todo=todo) from error


@contextlib.contextmanager
def _opened(url: str | None) -> Iterator[None]:
    """Opens the browser once the server answers; without a browser nothing happens."""

    def when_up() -> None:
        address = str(url).removeprefix("http://").rsplit(":", 1)
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection((address[0], int(address[1])), timeout=0.2):
                webbrowser.open(str(url))
                return
            time.sleep(0.1)

    if url:
        threading.Thread(target=when_up, daemon=True).start()
    yield
