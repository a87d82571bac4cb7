"""What a person has typed but not signed: kept over signing in again, for that person and that release only."""

from __future__ import annotations

import contextlib
import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.ui import login
from dashboard.workspace import Workspace


def bring_back(about: str, names: list[str]) -> None:
    """Does fill boxes that are not on the page yet with what the person had typed for `about`."""
    path = _path(about)
    if path is None or not path.exists():
        return
    with contextlib.suppress(OSError, ValueError):
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in names:
            if name in kept and name not in st.session_state:
                st.session_state[name] = kept[name]


def keep(about: str, names: list[str]) -> None:
    """Does keep what stands in the boxes; nothing where nobody is signed in, since no redirect loses it."""
    path = _path(about)
    if path is None:
        return
    typed = {name: st.session_state[name] for name in names if isinstance(st.session_state.get(name), (str, int, bool))}
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            json.dump(typed, new)
        aside.replace(path)


def drop(about: str) -> None:
    """Does forget a draft that was signed."""
    path = _path(about)
    if path is not None:
        path.unlink(missing_ok=True)


def _path(about: str) -> Path | None:
    who = login.person()
    if who is None:
        return None
    return Workspace().settings.workspace / "drafts" / f"{sha256(f'{who.key}|{about}'.encode()).hexdigest()}.json"
