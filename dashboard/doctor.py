"""What is installed, what the workspace holds, what is missing and what to do about it."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from dashboard import settings
from dashboard.errors import EvenhandError
from dashboard.review.ledger import Ledger
from dashboard.workspace import Model, Workspace

PACKAGES = ("duckdb", "pandas", "numpy", "scikit-learn", "fairlearn", "streamlit", "plotly", "sqlalchemy", "pyarrow")


@dataclass(frozen=True)
class Line:
    """One thing examined: whether it is as it should be, and a sentence."""

    ok: bool
    text: str


def examine(workspace: Path | None) -> Iterator[Line]:
    """Yields what was found, a line each."""
    yield Line(True, f"evenhand {metadata.version('evenhand')} on Python {platform.python_version()}")
    yield Line(True, ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES))
    folder = settings.workspace_path(workspace)
    if not folder.is_dir():
        yield Line(False, f"There is no workspace at {folder}. Make one: evenhand demo, or evenhand init MODEL FILE")
        return
    writable = os.access(folder, os.W_OK | os.X_OK)
    yield Line(writable, f"The workspace {folder} {'can' if writable else 'cannot'} be written")
    try:
        given = Workspace(folder)
    except EvenhandError as error:
        yield Line(False, str(error))
        return
    if not given.models():
        yield Line(False, "It holds no model. Make one: evenhand init MODEL FILE")
    for name in given.models():
        yield from _model(given, name)
    yield from _ledger(given.settings.ledger)


def _model(given: Workspace, name: str) -> Iterator[Line]:
    try:
        model = given.model(name)
        batches = model.batches()
        rows = sum(batch.accepted for batch in batches if batch.kind == "predictions")
        yield Line(True, f"{name}: the contract is sound; {len(batches)} batches, {rows:,} predictions")
        if model.policy is None:
            yield Line(False, f"{name}: there is no policy.toml; evenhand init proposes one")
        yield _counted(model) if batches else Line(False, f"{name}: the log is empty: evenhand ingest {name} FILE")
    except EvenhandError as error:
        yield Line(False, f"{name}: {error}")


def _counted(model: Model) -> Line:
    if behind := model.behind():
        return Line(False, f"{model.name}: {behind}")
    snapshot = model.source().snapshot
    return Line(True, f"{model.name}: rollup {snapshot.number} of {snapshot.meta()['built_at']} counts them all")


def _ledger(url: str) -> Iterator[Line]:
    try:
        found = Ledger(url).verify()
        yield Line(found.intact, f"The ledger holds {found.events:,} events" + _faults(found.broken))
    except EvenhandError as error:
        yield Line(False, str(error))
    yield Line(True, f"SQLite {sqlite3.sqlite_version}")


def _faults(broken: tuple[str, ...]) -> str:
    return ", unbroken" if not broken else ". Broken: " + " ".join(broken)
