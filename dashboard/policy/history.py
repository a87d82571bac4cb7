"""Which policies a model was judged by, and since when: a line for each in policies.jsonl, only ever added to."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashboard.policy.rules import Policy


@dataclass(frozen=True)
class Seen:
    """One policy, and when it was first judged by (UTC)."""

    at: datetime
    version: str
    digest: str


def history(path: Path) -> list[Seen]:
    """Returns the policies in order, each where it took another's place; lines that cannot be read are passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found: list[Seen] = []
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            told = json.loads(line)
            seen = Seen(datetime.fromisoformat(told["at"]), str(told["version"]), str(told["digest"]))
            if not found or found[-1].digest != seen.digest:
                found.append(seen)
    return found


def remember(path: Path, policy: Policy | None, at: datetime | None = None) -> None:
    """Does add the policy if the last one was another. What cannot be written stops nobody from judging."""
    known = history(path)
    if policy is None or (known and known[-1].digest == policy.digest):
        return
    moment = (at or datetime.now(UTC)).isoformat(timespec="milliseconds")
    line = json.dumps({"at": moment, "version": policy.version, "digest": policy.digest}, ensure_ascii=False)
    with suppress(OSError), path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
