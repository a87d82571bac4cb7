"""What a signature stands on: the policy's own findings, each on its days, and the digest of every number behind them.

A kind of finding has windows of its own (what needs labels is judged on days whose labels are complete, drift on its
last week). They are read off the findings, so that what was signed is enough to find the same evidence again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import streamlit as st

from dashboard.charts.words import window
from dashboard.errors import EvenhandError
from dashboard.metrics import METRICS
from dashboard.policy import Finding, Schedule, Window, check
from dashboard.policy.promises import KEPT
from dashboard.report.judged import Plan, judged
from dashboard.report.promises import kept_reading
from dashboard.review import signoff
from dashboard.review.events_releases import SignedOff
from dashboard.ui import load, say
from dashboard.ui.state import Scope

Rows = list[dict[str, Any]]
KINDS = ("performance", "fairness", "service", "data")


@dataclass(frozen=True, order=True)
class Look:
    """One kind of reading on the days it is judged on; `labels` None is what needs labels and what does not."""

    kind: str
    labels: bool | None
    since: date
    until: date

    def __str__(self) -> str:
        needs = {True: " (with labels)", False: " (without labels)", None: ""}[self.labels]
        return f"{self.kind}{needs}"


@dataclass(frozen=True)
class Evidence:
    """What a signature stands on: the version, the windows, what was found, the digest of every number behind it.

    `since` and `until` are the first day of the earliest window and the day after the last one's end.
    """

    scope: Scope
    looks: tuple[Look, ...]
    findings: Sequence[Finding]
    readings: Rows
    digest: str

    @property
    def since(self) -> date:
        return min(look.since for look in self.looks)

    @property
    def until(self) -> date:
        return max(look.until for look in self.looks)

    def frozen(self) -> Rows:
        """Returns the findings as the ledger keeps them."""
        return [finding.as_dict() for finding in self.findings]


def evidence(scope: Scope) -> Evidence:
    """Returns the evidence for a scope: of LATEST exactly what `evenhand check` and the Overview say."""
    fixed = replace(scope, attribute=None)
    findings = load.findings(fixed)
    return _stood(fixed, findings, looks([f.as_dict() for f in findings]) or _plain(*load.days(fixed, labels=True)))


def again(done: SignedOff) -> Evidence:
    """Returns today's evidence for what was signed: the same version, kinds and windows."""
    then = looks(done.findings)
    scope = Scope(done.model, done.version, f"{done.since}..{done.until}", None)
    findings = _findings(load.key(done.model), done.version, then) if done.findings else load.findings(scope)
    return _stood(scope, findings, then or _plain(done.since, done.until))


def looks(findings: Sequence[Mapping[str, Any]]) -> tuple[Look, ...]:
    """Returns the kinds and windows that findings were judged on; () where none of them had one.

    A promise has days of its own, which end with a judged window: they are a look only where nothing else is judged
    on that window, so that other rules find theirs again.
    """
    dated = [finding for finding in findings if finding.get("since") and finding["metric"] in METRICS]
    promised = {_look(finding) for finding in dated if finding["metric"] == KEPT}
    others = {_look(finding) for finding in dated if finding["metric"] != KEPT}
    ends = _ends(others)
    return tuple(sorted(others | {look for look in promised if look.until not in ends}))


def _ends(then: Iterable[Look]) -> set[date]:
    """Returns the ends of the windows that need no labels: promises are looked at when they end."""
    return {look.until for look in then if not look.labels and look.kind != "drift"}


def _look(finding: Mapping[str, Any]) -> Look:
    days = (date.fromisoformat(str(finding[name])) for name in ("since", "until"))
    return Look(METRICS[finding["metric"]].kind, _labelled(finding["metric"]), *days)


def _labelled(metric: str) -> bool:
    known = METRICS.get(metric)
    return known is not None and "labels" in known.needs


def _plain(since: date, until: date) -> tuple[Look, ...]:
    """Returns the looks where nothing is judged: the usual readings of one window."""
    return tuple(Look(kind, None, since, until) for kind in KINDS)


def _stood(scope: Scope, findings: Sequence[Finding], then: tuple[Look, ...]) -> Evidence:
    rows, digest = _readings(load.key(scope.model), scope.version, then)
    return Evidence(scope, then, findings, rows, digest)


@st.cache_data(max_entries=100, show_spinner=False)
def _readings(key: load.Key, version: str | None, then: tuple[Look, ...]) -> tuple[Rows, str]:
    rows = [row for look in then for row in _of(key, version, look)] + _promised(key, version, then)
    return rows, signoff.digest(rows)


def _of(key: load.Key, version: str | None, look: Look) -> Rows:
    """Returns the readings of a look: of everybody and of every group, drift of everybody only."""
    model = load.model(key[1])
    names = (*model.contract.attribute_names, *("*".join(crossed) for crossed in model.contract.intersections))
    asked: dict[str, Any] = {"since": look.since, "until": look.until, "kinds": (look.kind,), "version": version}
    of_groups: list[tuple[str, ...]] = [()] if look.kind == "drift" or not names else [(), names]
    of_groups = [names] if look.kind == "fairness" else of_groups
    found = [one for attributes in of_groups for one in model.readings(attributes=attributes, **asked)]
    return [one.as_dict() for one in found if look.labels in (None, _labelled(one.metric))]


def _promised(key: load.Key, version: str | None, then: tuple[Look, ...]) -> Rows:
    """Returns the readings of the policy's promises at the end of each window."""
    model = load.model(key[1])
    rules = [rule for rule in model.policy.rules if rule.promise is not None] if model.policy else []
    found = (
        kept_reading(model.source(), rule.promise, until, rule.version or version)
        for until in sorted(_ends(then))
        for rule in rules
        if rule.promise is not None
    )
    return [one.as_dict() for one in found]


@st.cache_data(max_entries=100, show_spinner=False)
def _findings(key: load.Key, version: str | None, then: tuple[Look, ...]) -> list[Finding]:
    """Returns what today's policy says of the windows of then."""
    found = load.model(key[1])
    if found.policy is None:
        return []
    reference = found.plan().by_log.reference
    pinned = Plan(*(_schedule(reference, [look for look in then if look.labels is need]) for need in (False, True)))
    rules = tuple(replace(rule, version=rule.version or version) for rule in found.policy.rules)
    policy = replace(found.policy, rules=rules)
    return check(policy, judged(found.source(), policy, pinned))


def _schedule(reference: Window | None, then: Sequence[Look]) -> Schedule:
    whole, drift = (
        tuple(sorted({Window(look.since, look.until) for look in then if (look.kind == "drift") is is_drift}))
        for is_drift in (False, True)
    )
    return Schedule(reference, whole, drift)


def still_stands(done: SignedOff) -> signoff.Current | signoff.Stale:
    """Returns whether what was signed is what the same version and windows say today."""
    try:
        now, held, policy = again(done), load.held(done.model), load.policy(done.model)
    except EvenhandError as error:
        return signoff.Stale((str(error),))
    return signoff.state(
        done,
        readings_digest=now.digest,
        findings=now.frozen(),
        rollup_identity=held.identity,
        policy_version=policy.version if policy else "none",
        policy_digest=policy.digest if policy else "",
        contract_digest=load.contract(done.model).digest,
        model_digest=load.contract(done.model).digests.get(done.version or "", ""),
        on=datetime.now(UTC).date(),
    )


def windows(then: Sequence[Look]) -> str:
    """Returns which kinds were judged on which days, in words."""
    by_days: dict[tuple[date, date], list[Look]] = {}
    for look in sorted(then, key=lambda look: (look.since, look.until)):
        by_days.setdefault((look.since, look.until), []).append(look)
    split = {kind for kind in (look.kind for look in then) if len({_days(k) for k in then if k.kind == kind}) > 1}
    told = []
    for days, here in by_days.items():
        names = sorted({str(look) if look.kind in split else look.kind for look in here})
        told.append(f"{window(*days, year=True)}: {say.listed(names)}")
    return "; ".join(told)


def _days(look: Look) -> tuple[date, date]:
    return look.since, look.until
