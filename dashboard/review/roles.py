"""Who may do what: roles, the acts each may do, and the person who acts. Pure values; the ledger asks at every act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, get_args

from dashboard.errors import EvenhandError, nearest

Role = Literal["viewer", "expert", "reviewer", "model owner", "compliance", "auditor", "admin", "service"]
ROLES: tuple[Role, ...] = get_args(Role)
DECIDING = frozenset(ROLES) - {"admin", "service", "viewer", "auditor"}
PRECEDENCE = ("compliance", "reviewer", "expert", "model owner", "auditor", "admin", "service")

RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "flagged": frozenset({"expert", "reviewer", "model owner", "compliance"}),
        "queued": frozenset({"reviewer", "compliance", "service"}),
        "claimed": frozenset({"expert", "reviewer"}),
        "released": frozenset({"expert", "reviewer"}),
        "answered": frozenset({"expert", "reviewer"}),
        "concluded": frozenset({"expert", "reviewer"}),
        "adjudicated": frozenset({"reviewer"}),
        "proposed": frozenset({"reviewer", "model owner", "compliance"}),
        "signed": frozenset({"reviewer", "compliance"}),
        "fulfilled": frozenset({"model owner", "compliance"}),
        "suspended": frozenset({"compliance"}),
        "revoked": frozenset({"compliance"}),
        "exported": frozenset({"reviewer", "model owner", "compliance", "service"}),
        "checkpointed": frozenset({"auditor", "compliance", "admin", "service"}),
        "erased": frozenset({"admin"}),
    }
)
"""The roles that may do each kind of act. Reading needs any role; whoever has none sees nothing."""

FRESH = frozenset({"signed", "suspended", "revoked"})
"""Acts that need a login of the last minutes (21 CFR 11.200: a signature is executed by its owner)."""


@dataclass(frozen=True)
class Person:
    """Who acts. `identity` is the login's issuer and subject; "" where a name was only typed."""

    name: str
    roles: frozenset[str]
    identity: str = ""
    method: str = "typed, identity not verified"
    authenticated_at: datetime | None = None

    @property
    def verified(self) -> bool:
        """Returns whether a login vouches for the name."""
        return bool(self.identity)

    @property
    def key(self) -> str:
        """Returns what tells one person from another: the login's, else the typed name."""
        return key(self.name, self.identity)


@dataclass(frozen=True)
class Rules:
    """What a workspace demands of its people, from evenhand.toml.

    `login`: whether acts need a verified person. `owners`: by model, who answers for building it (names or identities).
    """

    login: bool = False
    owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    signers: int = 1
    lease: timedelta = timedelta(minutes=30)
    fresh: timedelta = timedelta(minutes=5)
    valid_days: int = 365  # the longest that an approval may hold

    def owns(self, person: Person, model: str) -> bool:
        """Returns whether the person is one of the model's owners."""
        return bool(self.owners.get(model, frozenset()) & {person.name, person.identity} - {""})


def key(name: str, identity: str) -> str:
    """Returns what tells one person from another.

    >>> key("Ada  Osei", ""), key("Ada Osei", "https://login.example|17")
    ('typed:ada osei', 'https://login.example|17')
    """
    return identity or f"typed:{' '.join(name.casefold().split())}"


def typed(name: str) -> Person:
    """Returns the one local person of a workspace without login: nothing vouches for the name, all decisions open."""
    return Person(name, DECIDING | {"service"})


def rules(tables: Mapping[str, Any]) -> Rules:
    """Returns what evenhand.toml demands of people; without a [login] anybody acts under a typed name.

    Raises EvenhandError for a value of another type, and for fewer than one signer.

    >>> rules({"login": {"fresh_minutes": 2}, "signoff": {"signers": 2}, "models": {"triage": {"owners": ["Mo"]}}})
    Rules(login=True, owners={'triage': frozenset({'Mo'})}, signers=2, ...fresh=datetime.timedelta(seconds=120), ...)
    """
    owners = {model: _names(table, f"models.{model}") for model, table in tables.get("models", {}).items()}
    return Rules(
        login="login" in tables,
        owners=owners,
        signers=int(_number(tables, "signoff", "signers", 1)),
        lease=timedelta(minutes=_number(tables, "review", "lease_minutes", 30)),
        fresh=timedelta(minutes=_number(tables, "login", "fresh_minutes", 5)),
        valid_days=int(_number(tables, "signoff", "valid_days", 365)),
    )


def granted(tables: Mapping[str, Any], named: Iterable[str]) -> frozenset[str]:
    """Returns the roles that evenhand.toml's [roles] gives to whoever has one of these names.

    A name is a group of the login's, an e-mail address or a subject. Raises EvenhandError for a role that is none.

    >>> sorted(granted({"roles": {"officers": ["compliance"], "ada@example.org": ["expert"]}}, ["officers", "staff"]))
    ['compliance']
    """
    found: set[str] = set()
    table = tables.get("roles", {})
    for name in named:
        given = table.get(name, ())
        for role in [given] if isinstance(given, str) else given:
            if role not in ROLES:
                raise EvenhandError(f"evenhand.toml gives '{name}' the role '{role}'", todo=nearest(str(role), ROLES))
            found.add(role)
    return frozenset(found)


def _names(table: Any, where: str) -> frozenset[str]:
    names = table.get("owners", []) if isinstance(table, Mapping) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise EvenhandError(
            f"owners in evenhand.toml, section [{where}], is {names!r}", 'A list such as ["mo@example.org"]'
        )
    return frozenset(names)


def _number(tables: Mapping[str, Any], section: str, name: str, otherwise: float) -> float:
    value = tables.get(section, {}).get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0 or value != value:
        raise EvenhandError(f"{name} in evenhand.toml, section [{section}], is {value!r}", "A number above 0")
    return float(value)


def authorise(person: Person, kind: str, rules: Rules, now: datetime) -> str:
    """Returns the role in which a person may do an act of a kind.

    Raises EvenhandError, saying who could, where the person may not, or has to sign in (again) first.
    """
    if rules.login and not person.verified:
        raise EvenhandError(
            f"'{person.name}' is not signed in", "In this workspace only who is signed in can act", "Sign in first"
        )
    allowed = RIGHTS.get(kind, frozenset())
    held = [role for role in PRECEDENCE if role in person.roles & allowed]
    if not held:
        has = ", ".join(role for role in ROLES if role in person.roles) or "no role"
        who = ", ".join(role for role in ROLES if role in allowed)
        raise EvenhandError(
            f"{person.name} has {has}", f"To do this ('{kind}') takes {who or 'a program'}", "Ask whoever has that role"
        )
    if rules.login and kind in FRESH and not is_fresh(person, rules, now):
        raise EvenhandError(
            "The login is too old for a signature",
            f"A signature needs a login of the last {rules.fresh.total_seconds() / 60:.0f} minutes",
            "Sign in again, then sign",
        )
    return held[0]


def is_fresh(person: Person, rules: Rules, now: datetime) -> bool:
    """Returns whether a person signed in recently enough for a signature; half a minute of clock skew is allowed."""
    at = person.authenticated_at
    return at is not None and timedelta(0) <= now - at + timedelta(seconds=30) <= rules.fresh + timedelta(seconds=30)
