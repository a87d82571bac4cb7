"""Releases behind the Sign-off page: evidence kept and signed, what stands, who must still sign, what was stopped."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dashboard.pack import pack
from dashboard.review import evidence, roles, states_releases
from dashboard.review.events import new_id
from dashboard.review.events_releases import Fulfilled, Revoked, SignedOff, Suspended
from dashboard.review.ledger import Recorded
from dashboard.ui import load, login, people
from dashboard.ui.evidence import Evidence
from dashboard.workspace import Workspace

STOPS: Mapping[str, type[Suspended] | type[Revoked]] = {"suspend": Suspended, "revoke": Revoked}


def sign(given: Evidence, event_id: str, **typed: Any) -> Recorded:
    """Does keep what was on the screen as files, then put the signature into the ledger.

    `typed` is what the person typed and chose. Raises EvenhandError where something is missing or may not be.
    """
    held, policy, contract = (
        load.held(given.scope.model),
        load.policy(given.scope.model),
        load.contract(given.scope.model),
    )
    answers: Mapping[str, str] = typed.pop("answers", {})
    findings = [
        {**found, "answer": answers[rule(found)]} if answers.get(rule(found)) else found for found in given.frozen()
    ]
    act = SignedOff(
        event_id=event_id,
        model=given.scope.model,
        version=given.scope.version,
        since=given.since,
        until=given.until,
        readings_digest=given.digest,
        rollup_number=held.number,
        rollup_identity=held.identity,
        policy_version=policy.version if policy else "none",
        policy_digest=policy.digest if policy else "",
        contract_digest=contract.digest,
        model_digest=contract.digests.get(given.scope.version or "", ""),
        findings=findings,
        missing=list(missing(given)),
        open_flags=open_flags(given.scope.model),
        needed=roles.rules(Workspace().settings.tables).signers,
        nonce=login.nonce(),
        evidence=_kept(given),
        **typed,
    )
    return people.ledger().append(act, login.person())


def rule(finding: Mapping[str, Any]) -> str:
    """Returns what an answer is given to: all findings of one rule in one state are answered together."""
    return f"{finding['rule']}: {finding['state']}"


def stop(done: SignedOff, how: str, why: str, name: str, role: str) -> Recorded:
    """Does suspend or revoke a release."""
    return people.ledger().append(STOPS[how](**_about(done), name=name, role=role, why=why), login.person())


def fulfil(done: SignedOff, condition: str, why: str, name: str, role: str) -> Recorded:
    """Does record that a condition is met."""
    act = Fulfilled(**_about(done), name=name, role=role, why=why, condition=condition)
    return people.ledger().append(act, login.person())


def _about(done: SignedOff) -> dict[str, Any]:
    named = {name: getattr(done, name) for name in ("model", "version", "since", "until")}
    return {"event_id": new_id(), **named}


def waits_for(release: Mapping[str, Any] | None, model: str) -> str:
    """Returns how many must still sign, and who cannot, in a sentence; "" where nobody has to."""
    if release is None or release["status"] != "partly signed":
        return ""
    owners = sorted(roles.rules(Workspace().settings.tables).owners.get(model, ()))
    not_them = f", none of them an owner ({', '.join(owners)})" if owners else ""
    return f"{people.signatures(release)} signatures: the others are other people\u2019s{not_them}."


def overdue(release: Mapping[str, Any] | None) -> list[str]:
    """Returns the numbers of conditions whose day has passed unmet."""
    if release is None:
        return []
    return [str(one["number"]) for one in states_releases.overdue(release, datetime.now(UTC).date())]


def missing(given: Evidence) -> dict[str, str]:
    """Returns what an approval would have to do without, by name and in words: each needs a waiver."""
    model, found = given.scope.model, {}
    if load.policy(model) is None:
        found["policy"] = "nothing says what is allowed"
    if not any(row["kind"] == "performance" and row["value"] is not None for row in given.readings):
        found["labels"] = "nothing says how often it is right on these days"
    if not any(row["kind"] == "drift" for row in given.readings):
        found["drift"] = "nothing says how far its inputs have moved: no rule on it, or no reference for these days"
    settled = people.ledger().states("case", model, status=["settled"])
    if not any(draw["pi"] for case in settled for draw in case["draws"]):
        found["review"] = "nobody has reviewed cases drawn at random"
    return found


def open_flags(model: str) -> list[int]:
    """Returns the flags (by their place in the record) on cases that nobody has settled yet."""
    unsettled = people.ledger().states("case", model, status=["waiting", "claimed", "answered", "disputed"])
    return sorted(int(flag["sequence"]) for case in unsettled for flag in case["flags"])


def _kept(given: Evidence) -> dict[str, str]:
    """Does keep the readings, the policy and the contract as files; returns their SHA-256 by what they are."""
    workspace = Workspace().settings
    folder, paths = workspace.workspace / "evidence", workspace.model(given.scope.model)
    kept = {"readings": evidence.keep(folder, parquet(given.readings), "parquet")}
    for name, path in (("policy", paths.policy), ("contract", paths.contract)):
        if path.exists():
            kept[name] = evidence.keep(folder, path.read_bytes(), "toml")
    return kept


def parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Returns readings as a Parquet file, in their order."""
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), out)
    return out.getvalue()


def packed(done: SignedOff, sequence: int) -> bytes:
    """Returns the evidence pack of a signature's release as a zip, and records that it was taken out."""
    person = login.person() or roles.typed("Somebody at this computer")
    return pack(Workspace().settings, done.model, done.version, person, sequence).content


def longest(today: date) -> date:
    """Returns the last day on which an approval given today may end."""
    return date.fromordinal(today.toordinal() + roles.rules(Workspace().settings.tables).valid_days)
