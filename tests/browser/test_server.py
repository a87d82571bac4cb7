"""The server as it is run: headers, health, the loopback, a port in use."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.errors import EvenhandError
from dashboard.ui.server import HEADERS, check_free, options
from tests.browser.probe import free_port, serving


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    workspace = tmp_path_factory.mktemp("served") / "workspace"
    workspace.mkdir()
    with serving(workspace) as url:
        yield url


@pytest.mark.parametrize("path", ["/", "/healthz", "/fairness?model=triage", "/static/js/nothing.js"])
def test_every_answer_carries_the_security_headers(address: str, path: str) -> None:
    try:
        answer = urllib.request.urlopen(address + path)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_health_means_that_the_workspace_can_be_read(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    with serving(workspace) as url:
        assert urllib.request.urlopen(f"{url}/healthz").status == 200
        workspace.rmdir()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/healthz")
        assert refused.value.code == 503
        refused.value.close()


def test_a_port_in_use_is_said_and_the_next_one_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EvenhandError, match=f"Port {port} on 127.0.0.1 is in use.*--port {port + 1}"):
            check_free("127.0.0.1", port)


@pytest.mark.parametrize("port", [0, -1, 70_000])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(EvenhandError, match="is not a port"):
        check_free("127.0.0.1", port)


def test_a_free_port_is_free() -> None:
    check_free("127.0.0.1", free_port())


def test_the_server_listens_on_the_loopback_only_and_tells_nobody() -> None:
    chosen = options("127.0.0.1", 8501)
    assert chosen["server.address"] == "127.0.0.1"
    assert chosen["server.allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert chosen["browser.gatherUsageStats"] is False
    assert chosen["client.showErrorDetails"] == "none"
