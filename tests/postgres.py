"""A PostgreSQL server of the tests' own, from Debian's package: a folder, a socket, no network; a database each."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def _programs() -> Path | None:
    """Returns the folder of the newest server's programs, None where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = [path for path in (str(debian[-1]) if debian else None, shutil.which("initdb")) if path]
    return Path(found[0]).parent if found else None


PROGRAMS = _programs()
# PostgreSQL refuses to run as root: there Debian's own account runs it.
AS = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Path]:
    """Yields the folder of a running server's socket; skips where no server is installed."""
    if PROGRAMS is None:
        pytest.skip("there is no PostgreSQL here (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="evenhand-"))  # a socket's path may have 107 characters only
    if AS:
        shutil.chown(folder, "postgres")
    run: dict[str, Any] = {"cwd": folder, "stderr": subprocess.STDOUT, **AS}
    made = [PROGRAMS / "initdb", "-D", "data", "-A", "trust", "-U", "evenhand", "--no-sync", "-E", "UTF8"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **run)
    serving = [PROGRAMS / "postgres", "-D", "data", "-k", folder, "-h", ""]
    server = subprocess.Popen(serving, stdout=subprocess.DEVNULL, **run)
    try:
        ready = [PROGRAMS / "pg_isready", "-h", folder, "-q"]
        deadline = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode != 0:
            assert server.poll() is None, "PostgreSQL stopped at once"
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.1)
        yield folder
    finally:
        server.terminate()
        server.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql(postgresql_server: Path) -> str:
    """Returns the URL of an empty database of the test's own."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(host=str(postgresql_server), user="evenhand", dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    return f"postgresql://evenhand@/{name}?host={postgresql_server}"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Returns the URL of an empty ledger, in each database there is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return str(request.getfixturevalue("postgresql"))
