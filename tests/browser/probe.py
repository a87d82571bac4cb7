"""Starts a real server, opens its pages in a real Chromium, and waits until they have settled."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]
SETTLED = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  if (!app || app.getAttribute('data-test-script-state') !== 'notRunning') return false;
  if (app.getAttribute('data-test-connection-state') !== 'CONNECTED') return false;
  if (!document.querySelector('h1')) return false;
  const unfinished = '[data-testid="stSkeleton"],[data-testid="stAppSkeleton"],[data-stale="true"]';
  if (document.querySelector(unfinished)) return false;
  const charts = [...document.querySelectorAll('[data-testid="stPlotlyChart"]')];
  if (!charts.every(chart => chart.querySelector('.main-svg'))) return false;
  const size = document.body.innerHTML.length, now = performance.now();
  if (window.__size !== size) { window.__size = size; window.__since = now; }
  return now - window.__since > 400;
}"""


@dataclass
class Visit:
    """A page in the browser, and what it asked for and complained of on the way."""

    page: Any
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def settle(self) -> Visit:
        self.page.wait_for_function(SETTLED, timeout=60_000, polling=100)
        return self


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(workspace: Path, python: str = sys.executable, cwd: Path | None = None) -> Iterator[str]:
    """Yields the address of a server for a workspace, in a process of its own."""
    port = free_port()
    code = (
        f"from pathlib import Path; from dashboard.ui.server import serve; serve(Path({str(workspace)!r}), port={port})"
    )
    log = workspace.parent / f"server-{port}.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [python, "-c", code], stdout=out, stderr=subprocess.STDOUT, cwd=cwd, start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/healthz", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(5)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no answer from {url} in a minute: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def visiting(browser: Any, url: str, dark: bool = False, width: int = 1440) -> Iterator[Visit]:
    """Yields a page opened in a fresh context, settled."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme="dark" if dark else "light", reduced_motion="reduce",
        locale="en-GB",
    )  # fmt: skip
    page = context.new_page()
    visit = Visit(page)
    host = re.match(r"https?://[^/]+", url)
    here = (host.group(), host.group().replace("http", "ws", 1), "data:", "blob:") if host else ()
    page.on("request", lambda request: request.url.startswith(here) or visit.elsewhere.append(request.url))
    page.on("console", lambda said: said.type == "error" and visit.complaints.append(f"{said.text} {said.location}"))
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.goto(url, wait_until="commit")
    yield visit.settle()
    context.close()
