"""An OpenID Connect provider on this machine for the tests: its users, their groups, when each authenticated.

`oidc-provider-mock` is a whole provider but states no `auth_time`; its form asks at every login, so the time of the
token is the time of the authentication, and that is added here.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.browser.probe import free_port

USERS = {
    "ada": {"name": "Ada Osei", "groups": ["clinicians"]},
    "grace": {"name": "Grace Lindqvist", "groups": ["officers"]},
    "pia": {"name": "Pia Moreau", "groups": ["officers"]},
    "vic": {"name": "Vic Tanaka", "groups": ["viewers"]},
    "noah": {"name": "Noah Silva", "groups": ["strangers"]},
    "old": {"name": "Olga Brandt", "groups": ["officers"], "auth_time": 1_700_000_000},
}
ROLES = """
[roles]
clinicians = ["expert", "reviewer"]
officers = ["compliance"]
viewers = ["viewer"]
"""
PROGRAM = """
import sys, time, warnings
warnings.simplefilter("ignore")
from oidc_provider_mock import _app
plain = _app.OpenIDCode.generate_user_info
def with_time(self, user, scope):
    return {"auth_time": int(time.time()), **plain(self, user, scope)}
_app.OpenIDCode.generate_user_info = with_time
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[1]), _app.app(require_nonce=True), threaded=True)
"""


@contextlib.contextmanager
def provider(log: Path) -> Iterator[str]:
    """Yields the address of a running provider that knows USERS."""
    port = free_port()
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)], stdout=out, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/.well-known/openid-configuration", timeout=2).close()
                break
            time.sleep(0.1)
        for subject, claims in USERS.items():
            body = json.dumps(claims).encode()
            headers = {"Content-Type": "application/json"}
            put = urllib.request.Request(f"{address}/users/{subject}", data=body, method="PUT", headers=headers)
            urllib.request.urlopen(put, timeout=5).close()
        yield address
    finally:
        process.terminate()
        process.wait(timeout=15)


def describe(workspace: Path, address: str, **limits: float) -> None:
    """Does write an evenhand.toml that signs people in at a provider."""
    lines = [f'server_metadata_url = "{address}/.well-known/openid-configuration"', 'client_id = "evenhand"']
    lines += [f"{name} = {value}" for name, value in limits.items()]
    text = "[login]\n" + "\n".join(lines) + '\nclient_secret_file = ".client-secret"\n' + ROLES
    (workspace / "evenhand.toml").write_text(text, encoding="utf-8")
    (workspace / ".client-secret").write_text("a secret of the tests", encoding="utf-8")
