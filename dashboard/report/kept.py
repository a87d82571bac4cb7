"""What was found in the log and is dear to find again, in files beside the rollup, by what it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from dashboard.report.performance import Source
from dashboard.settings import ModelPaths

KEPT = 20  # files of one kind
Found = TypeVar("Found")


def kept(
    source: Source,
    paths: ModelPaths,
    kind: str,
    asked: Any,
    find: Callable[[], Found],
    told: Callable[[Found], Any],
    read: Callable[[Any], Found],
) -> Found:
    """Returns what was found before of this rollup and what was asked, else finds and keeps it.

    `told` and `read` turn it into what JSON holds (dates as text) and back. What cannot be kept is found again.
    """
    before = known(source, paths, kind, asked, read)
    if before is not None:
        return before
    found, file = find(), _file(source, paths, kind, asked)
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(told(found), default=str), encoding="utf-8")
        draft.replace(file)
        for old in sorted(file.parent.glob("*.json"), key=lambda one: one.stat().st_mtime_ns)[:-KEPT]:
            old.unlink(missing_ok=True)
    return found


def known(source: Source, paths: ModelPaths, kind: str, asked: Any, read: Callable[[Any], Found]) -> Found | None:
    """Returns what was found before of this rollup and what is asked, None where nothing was."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        return read(json.loads(_file(source, paths, kind, asked).read_text(encoding="utf-8")))
    return None


def _file(source: Source, paths: ModelPaths, kind: str, asked: Any) -> Path:
    meta = source.snapshot.meta()
    of = [meta["identity"], meta.get("known_before"), source.contract.digest, asked]
    name = hashlib.sha256(json.dumps(of, default=str).encode()).hexdigest()[:24]
    return paths.rollup / kind / f"{name}.json"
