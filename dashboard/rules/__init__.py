"""Rules as data: what each says, where it stands, what of its text was read, and what here supports it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path

from dashboard.errors import EvenhandError


@dataclass(frozen=True)
class Rule:
    """One rule. `supports` is what a report here can be used for, `limits` what it cannot.

    `as_of` is the day of the text that was read, `read` says how much of it and what could not be verified.
    """

    name: str
    citation: str
    url: str
    as_of: date
    read: str
    says: str
    supports: str
    limits: str


@cache
def rule(key: str) -> Rule:
    """Returns the rule of that file's name.

    >>> rule("four_fifths").citation
    '29 CFR 1607.4(D)'
    """
    path = Path(__file__).with_name(f"{key}.toml")
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    wanted = {field.name for field in fields(Rule)}
    if set(content) != wanted:
        raise EvenhandError(f"{path} holds {', '.join(sorted(content))}", f"A rule holds {', '.join(sorted(wanted))}")
    return Rule(**content)


def keys() -> list[str]:
    """Returns the names of all rules."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))
