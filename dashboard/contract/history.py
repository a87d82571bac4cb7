"""Which contracts a model was counted by, and since when: a line for each in contracts.jsonl, only ever added to."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashboard.contract import Contract


@dataclass(frozen=True)
class Known:
    """One contract and when it was first counted by (UTC): its features' units and their ranges in words."""

    at: datetime
    digest: str
    units: Mapping[str, str]
    ranges: Mapping[str, str]


def history(path: Path) -> list[Known]:
    """Returns the contracts in order, each where it took another's place; lines that cannot be read are passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found: list[Known] = []
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            told = json.loads(line)
            known = Known(
                datetime.fromisoformat(told["at"]), str(told["digest"]), {**told["units"]}, {**told["ranges"]}
            )
            if not found or found[-1].digest != known.digest:
                found.append(known)
    return found


def remember(path: Path, contract: Contract, at: datetime | None = None) -> None:
    """Does add the contract if the last one was another. What cannot be written stops nobody from counting."""
    known = history(path)
    if known and known[-1].digest == contract.digest:
        return
    units = {feature.name: feature.unit for feature in contract.features}
    ranges = {feature.name: _range(feature.minimum, feature.maximum) for feature in contract.features}
    moment = (at or datetime.now(UTC)).isoformat(timespec="milliseconds")
    told = {"at": moment, "digest": contract.digest, "units": units, "ranges": ranges}
    with suppress(OSError), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def changes(before: Known, now: Known) -> str:
    """Returns in words what is another in a contract.

    >>> at = datetime(2026, 5, 3, tzinfo=UTC)
    >>> ranges = {"lactate": "any value"}
    >>> changes(Known(at, "1", {"lactate": "mmol/L"}, ranges), Known(at, "2", {"lactate": "mg/dL"}, ranges))
    'the unit of lactate is mg/dL; before, mmol/L'
    """
    told = [
        f"the {what} of {name} is {new[name] or 'not stated'}; before, {old[name] or 'not stated'}"
        for what, old, new in (("unit", before.units, now.units), ("range", before.ranges, now.ranges))
        for name in new
        if name in old and old[name] != new[name]
    ]
    told += [f"{name} is a new input" for name in now.units if name not in before.units]
    told += [f"{name} is no input any more" for name in before.units if name not in now.units]
    return ". ".join(told) or "neither inputs nor their units or ranges are others"


def _range(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "any value" if low is high else f"at least {low:g}" if high is None else f"at most {high:g}"
    return f"{low:g} to {high:g}"
