"""From measures to findings: all of one kind and one window judged together, then put in order, worst first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

from dashboard.metrics import METRICS
from dashboard.policy.rules import Policy, Range, Rule
from dashboard.policy.sentences import Said, not_judged, sentence
from dashboard.policy.verdicts import STATES, State, common_level, computable, excess, position

if TYPE_CHECKING:
    from dashboard.rates import Measure

CONTEXT = ("metric", "attribute", "group", "reference", "feature", "version", "since", "until")
IDEAL = {"higher": 1.0, "near one": 1.0, "lower": 0.0, "near zero": 0.0}
NOT_IN_JSON = ("kind", "then", "level")
Family = dict[Hashable, list[tuple["Measure", Range]]]


@dataclass(frozen=True)
class Judged:
    """One measure to be judged by one rule. `context` holds the keys of `CONTEXT` that apply, as in a reading."""

    rule: Rule
    context: Mapping[str, Any]
    measure: Measure | None

    @property
    def family(self) -> tuple[str, str, str]:
        """Returns what is judged together: the kind and the window."""
        return self.rule.kind, str(self.context.get("since")), str(self.context.get("until"))

    @property
    def once(self) -> Hashable:
        """Returns what counts once within its family: a metric, its complement and its ratio, about the same thing."""
        return METRICS[self.rule.metric].family, *(self.context.get(key) for key in CONTEXT[1:6])


@dataclass(frozen=True)
class Finding:
    """What the policy says about one measure. `low` and `high` are its interval at `level`; dates are ISO text."""

    rule: str
    state: State
    metric: str
    attribute: str | None
    group: str | None
    reference: str | None
    feature: str | None
    version: str | None
    since: str | None
    until: str | None
    value: float | None
    low: float | None
    high: float | None
    n: int
    allowed: Range
    sentence: str
    kind: str
    then: tuple[str, ...]
    level: float

    def as_dict(self) -> dict[str, Any]:
        """Returns exactly the keys that `check --format json` prints; `allowed` is [min, max], null for no limit."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in NOT_IN_JSON}
        return named | {"allowed": list(self.allowed)}


def check(policy: Policy, judged: Sequence[Judged]) -> list[Finding]:
    """Returns one finding for each measure, and one for each rule that judged nothing; outside first, worst first.

    Every interval of a kind and window is drawn at the one level that accounts for all of them. The rules of
    `judged` are the policy's own; another window is another family.
    """
    families: dict[tuple[str, str, str], list[Judged]] = defaultdict(list)
    for item in judged:
        families[item.family].append(item)
    found = []
    for (kind, _, _), items in families.items():
        level = common_level(_family(items, policy.minimum_n), policy.windows.alpha(kind))
        found += [_finding(item, level, policy.minimum_n) for item in items]
    used = {item.rule for item in judged}
    found += [_nothing(rule, policy) for rule in policy.rules if rule not in used]
    return in_order(found)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Returns findings with what is outside first, the worst of them first."""
    return sorted(findings, key=_order)


def exit_code(findings: Iterable[Finding]) -> int:
    """Returns 0 where all is within, 1 where something is outside, 2 where nothing is but not all could be told.

    >>> exit_code([])
    2
    """
    states = {finding.state for finding in findings}
    if "outside" in states:
        return 1
    return 0 if states == {"within"} else 2


def _family(items: Sequence[Judged], minimum_n: int) -> Family:
    family: Family = defaultdict(list)
    for item in items:
        if item.measure is not None and computable(item.measure, minimum_n):
            family[item.once].append((item.measure, item.rule.allowed))
    return family


def _finding(item: Judged, level: float, minimum_n: int) -> Finding:
    measure, rule = item.measure, item.rule
    low, high = measure.interval(level) if measure is not None else (None, None)
    judgeable = measure is not None and computable(measure, minimum_n)
    state: State = position((low, high), rule.allowed) if judgeable else "cannot be computed"
    value, n = (measure.value, measure.n) if measure is not None else (None, 0)
    context = _context(item)
    text = sentence(Said(context, measure, rule.allowed, state, level, minimum_n, rule.promise))
    return Finding(
        rule.name,
        state,
        **context,
        **_numbers(value, low, high, n),
        allowed=rule.allowed,
        sentence=text,
        kind=rule.kind,
        then=rule.then,
        level=level,
    )


def _nothing(rule: Rule, policy: Policy) -> Finding:
    context: dict[str, Any] = dict.fromkeys(CONTEXT) | {"metric": rule.metric, "attribute": rule.attribute}
    context |= {"feature": rule.feature or rule.of_class, "version": rule.version}
    return Finding(
        rule.name,
        "cannot be computed",
        **context,
        **_numbers(None, None, None, 0),
        allowed=rule.allowed,
        sentence=not_judged(rule.name),
        kind=rule.kind,
        then=rule.then,
        level=1 - policy.windows.alpha(rule.kind),
    )


def _context(item: Judged) -> dict[str, Any]:
    given = {key: item.context.get(key) for key in CONTEXT} | {"metric": item.rule.metric}
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in given.items()}


def _numbers(value: float | None, low: float | None, high: float | None, n: int) -> dict[str, Any]:
    figures = {"value": value, "low": low, "high": high}  # plain numbers, whatever library they come from
    return {name: None if figure is None else float(figure) for name, figure in figures.items()} | {"n": int(n)}


def _order(finding: Finding) -> tuple[Any, ...]:
    ideal = IDEAL.get(METRICS[finding.metric].better)
    beyond = excess(finding.value, finding.allowed, ideal)
    named = tuple(str(getattr(finding, key) or "") for key in ("kind", *CONTEXT, "rule"))
    return STATES.index(finding.state), -beyond, *named
