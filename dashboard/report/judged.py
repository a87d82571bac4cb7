"""What a policy's rules judge: each rule expanded to the measures of its window, ready for a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dashboard.contract import Contract
from dashboard.errors import EvenhandError
from dashboard.metrics import METRICS
from dashboard.policy import Judged, Policy, Rule, Schedule, Window, schedule, split
from dashboard.report import Reading, Scope, Source, readings
from dashboard.report.promises import kept_reading

# kind, version, versus, attributes, features of the service, window
Batch = tuple[str, str | None, str | None, tuple[str, ...], tuple[str, ...] | None, Window]


@dataclass(frozen=True)
class Plan:
    """The windows of a log under a policy: by the log's days, and where labels are needed by the complete days."""

    by_log: Schedule
    by_labels: Schedule

    def window(self, rule: Rule) -> Window | None:
        """Returns the window that a rule is judged on."""
        labelled = "labels" in METRICS[rule.metric].needs
        return (self.by_labels if labelled else self.by_log).judged(rule.kind)

    def every(self) -> tuple[Window, ...]:
        """Returns all windows that something is judged on, those of drift among them, oldest first."""
        return tuple(sorted({*self.by_log.windows, *self.by_log.drift_windows}))

    def on(self, window: Window) -> Plan:
        """Returns the plan when this window was the current one; what is not judged on it has none.

        Raises EvenhandError where the window is not scheduled.
        """
        if window not in self.every():
            listed = ", ".join(str(one) for one in self.by_log.windows)
            raise EvenhandError(f"The window {window} is not scheduled", f"One of {listed}" if listed else "")
        return Plan(self.by_log.only(window), self.by_labels.only(window))

    def families(self, policy: Policy, window: Window) -> tuple[Policy, ...]:
        """Returns the rules that are judged together on a scheduled window, each family as a policy.

        What waits for labels is a family of its own where its labels are still coming, and where today's check judges
        it on this window and the other rules on a later one.
        """
        current = self.by_labels.current
        apart = window not in self.by_labels.windows or (window == current and current != self.by_log.current)
        late = tuple(rule for rule in policy.rules if apart and "labels" in METRICS[rule.metric].needs)
        both = (late, tuple(rule for rule in policy.rules if rule not in late))
        return tuple(replace(policy, rules=rules) for rules in both if rules)

    def judging(self, policy: Policy) -> Policy:
        """Returns the policy with the rules that have a window here."""
        return replace(policy, rules=tuple(rule for rule in policy.rules if self.window(rule) is not None))


def plan(policy: Policy, first: date, last: date, complete: date) -> Plan:
    """Returns the windows; `complete` is the day from which on labels are still coming."""
    settled = max(first, min(last, complete - timedelta(days=1)))
    by_log = schedule(policy.windows, first, last)
    return Plan(by_log, by_log.settled(settled))


def judged(source: Source, policy: Policy, windows: Plan) -> list[Judged]:
    """Returns every measure that the policy's rules judge, each with the rule and what it is about."""
    batches: dict[Batch, list[Rule]] = defaultdict(list)
    for rule in policy.rules:
        window = windows.window(rule)
        if window is not None and rule.promise is None:
            features = (rule.feature,) if rule.kind == "service" and rule.feature else None
            attributes = attributes_of(source.contract, rule)
            batches[rule.kind, rule.version, rule.versus, attributes, features, window].append(rule)
    found = [item for batch, rules in batches.items() for item in _judge(source, windows, batch, rules)]
    return found + list(_promised(source, policy, windows))


def _promised(source: Source, policy: Policy, windows: Plan) -> Iterator[Judged]:
    """Yields each promise as it stood when the judged window ended, over the promise's own days."""
    for rule in policy.rules:
        window = windows.window(rule)
        if rule.promise is not None and window is not None:
            found = kept_reading(source, rule.promise, window.until, rule.version)
            yield Judged(rule, found.as_dict(), found.measure)


def _judge(source: Source, windows: Plan, batch: Batch, rules: Sequence[Rule]) -> Iterator[Judged]:
    kind, version, versus, attributes, features, window = batch
    reference = windows.by_log.reference
    if kind == "drift" and reference is None:
        return
    scope = Scope(
        window.since,
        window.until,
        version=version,
        attributes=attributes,
        features=features,
        kinds=(kind,),
        metrics=tuple(rule.metric for rule in rules),
        reference=(reference.since, reference.until) if reference else None,
        reference_windows=tuple((w.since, w.until) for w in split(reference, window.days)) if reference else (),
        versus=versus,
    )
    for found in readings(source, scope):
        for rule in rules:
            if rule.metric == found.metric and _meant(rule, found):
                yield Judged(rule, found.as_dict() | _class_of(rule, found), found.measure)


def _meant(rule: Rule, found: Reading) -> bool:
    """Returns whether a rule judges a reading of its metric; of one that is of single classes only, why there is none.

    Several classes: the class is the reading's `feature`. A rule that names none judges whatever there is.
    """
    if rule.of_class is None:
        return _names(rule.feature, found.feature)
    if found.feature is None:
        return "multiclass" not in METRICS[rule.metric].tasks
    return rule.of_class in ("*", found.feature)


def _class_of(rule: Rule, found: Reading) -> dict[str, str]:
    """Returns the class that a refusal is about, which names none."""
    named = rule.of_class if found.feature is None and rule.of_class != "*" else None
    return {"feature": named} if named else {}


def _names(feature: str | None, found: str | None) -> bool:
    """Returns whether a rule's feature is this one; one that ends with "*" is each that begins so."""
    if feature is None or not feature.endswith("*"):
        return feature in (None, found)
    return (found or "").startswith(feature[:-1])


def attributes_of(contract: Contract, rule: Rule) -> tuple[str, ...]:
    """Returns the attributes and intersections that a rule names; "*" is every one the contract declares."""
    if rule.attribute is None:
        return ()
    if rule.attribute != "*":
        return (rule.attribute,)
    return (*contract.attribute_names, *("*".join(names) for names in contract.intersections))
