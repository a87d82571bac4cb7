"""Is a signature still about what the numbers say today? A sign-off is current, or stale for reasons in words.

A sign-off names the digest of the readings that were shown. Counting the same log again gives the same
readings and so the same digest; new labels, a changed policy or changed software do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.review.events_releases import SignedOff
from dashboard.review.proof import canonical_json, sha256

KEY = ("rule", "metric", "attribute", "group", "reference", "feature", "version", "since", "until")
WORDS = {
    "within": "within range",
    "outside": "outside range",
    "inconclusive": "not decided yet",
    "cannot be computed": "not computable",
}

DECIDED = {
    "approve": "approved",
    "approve with conditions": "approved with conditions",
    "reject": "rejected",
    "defer": "deferred",
}


@dataclass(frozen=True)
class Current:
    """What was signed is what the numbers say today. `note` says what changed without changing them."""

    note: str = ""


@dataclass(frozen=True)
class Stale:
    """What was signed is no longer what the numbers say, or what they were judged by; `reasons` are sentences."""

    reasons: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Returns the reasons as one text."""
        return " ".join(self.reasons)


def digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """Returns the SHA-256 of the content of readings: the order of rows and of keys does not matter, their number does.

    Values are None, truth values, numbers or text (dates as ISO text); NaN is refused.

    >>> digest([{"n": 1}, {"n": 2.5}]) == digest([{"n": 2.5}, {"n": 1.0}])
    True
    >>> digest([{"n": 1}]) == digest([{"n": 1}, {"n": 1}])
    False
    """
    return sha256("\n".join(sorted(canonical_json(row) for row in rows)))


def state(
    signed: SignedOff,
    *,
    readings_digest: str,
    findings: Sequence[Mapping[str, Any]],
    rollup_identity: str,
    policy_version: str,
    policy_digest: str = "",
    contract_digest: str = "",
    model_digest: str = "",
    on: date | None = None,
) -> Current | Stale:
    """Returns whether a sign-off still stands, given what the same model, version and window say today.

    A rollup counted again does not make it stale as long as the readings are the same. `on` is today, for its end.
    """
    reasons = _changed_rules(signed, policy_version, policy_digest, contract_digest)
    if _differ(signed.model_digest, model_digest):
        reasons.append("The model's file is another one than was signed.")
    if on is not None and isinstance(signed.expires, date) and signed.expires <= on:
        reasons.append(f"The approval ended on {signed.expires.isoformat()}.")
    if readings_digest != signed.readings_digest:
        reasons.append(_why_numbers_changed(signed, rollup_identity))
    reasons += changes(signed.findings, findings)
    if reasons:
        return Stale(tuple(reasons))
    counted_again = rollup_identity != signed.rollup_identity
    return Current("Counted again since it was signed, with the same numbers." if counted_again else "")


def changes(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns one sentence for each finding whose state changed, appeared or went, those outside today first.

    >>> was = {"rule": "1", "metric": "accuracy", "state": "within", "value": 0.84}
    >>> changes([was], [was | {"state": "outside", "value": 0.7}])
    ['accuracy was within range (0.84) and is outside range (0.7).']
    """
    old, new = _keyed(before), _keyed(now)
    sentences = [(new[key]["state"], _changed(old.get(key), new[key])) for key in new]
    sentences += [("", f"{_name(old[key])} is no longer judged.") for key in old if key not in new]
    return [sentence for state, sentence in sorted(sentences, key=lambda item: item[0] != "outside") if sentence]


def _changed_rules(signed: SignedOff, policy_version: str, policy_digest: str, contract_digest: str) -> list[str]:
    reasons = []
    if policy_version != signed.policy_version:
        reasons.append(f"The policy was {signed.policy_version} and is {policy_version}.")
    elif _differ(signed.policy_digest, policy_digest):
        reasons.append(f"The policy was edited, though its version is still {policy_version}.")
    if _differ(signed.contract_digest, contract_digest):
        reasons.append("The contract (what the columns mean, the threshold, the groups) was changed.")
    return reasons


def _why_numbers_changed(signed: SignedOff, rollup_identity: str) -> str:
    if rollup_identity == signed.rollup_identity:
        return "The readings differ although the same rollup is read: the program or the scope of the readings changed."
    return "The readings differ: labels or predictions arrived, or were corrected, since it was signed."


def _differ(before: str, now: str) -> bool:
    return bool(before and now) and before != now


def _keyed(findings: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    return {tuple(finding.get(key) for key in KEY): finding for finding in findings}


def _changed(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> str:
    if old is None:
        return f"{_name(new)} was not judged and is {_judged(new)}."
    if old["state"] == new["state"]:
        return ""
    return f"{_name(new)} was {_judged(old)} and is {_judged(new)}."


def _name(finding: Mapping[str, Any]) -> str:
    """Returns what a finding is about, such as `true_positive_rate_difference (sex F against M)`."""
    group = " ".join(str(finding[key]) for key in ("attribute", "group") if finding.get(key))
    against = f" against {finding['reference']}" if finding.get("reference") else ""
    parts = (group + against, str(finding.get("feature") or ""), str(finding.get("version") or ""))
    about = ", ".join(part.strip() for part in parts if part.strip())
    return f"{finding.get('metric')} ({about})" if about else str(finding.get("metric"))


def _judged(finding: Mapping[str, Any]) -> str:
    value = finding.get("value")
    number = f" ({value:.3g})" if isinstance(value, (int, float)) else ""
    return WORDS.get(finding["state"], str(finding["state"])) + number
