"""What a policy is: rules with the range each allows, the windows they are judged on, the smallest denominator."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property

from dashboard.metrics import METRICS
from dashboard.policy.windows import WindowPlan

Range = tuple[float | None, float | None]
MINIMUM_N = 50


@dataclass(frozen=True)
class Promise:
    """One `[[slo]]`: the share of answers that are to come within `within_ms`, or, where it is None, not to fail.

    It is looked at over `days` days.
    """

    name: str
    metric: str  # latency or errors
    share: float
    days: int
    within_ms: float | None = None

    @property
    def broke(self) -> str:
        """Returns what an answer does that breaks it.

        >>> Promise("fast", "latency", 0.95, 28, 300.0).broke
        'took more than 300 ms'
        """
        return "failed" if self.within_ms is None else f"took more than {self.within_ms:,.10g} ms"


@dataclass(frozen=True)
class Rule:
    """One `[[rule]]`: the metric, whom and what it is judged for, and the allowed range (None: no limit).

    `attribute`, `feature` and `version` are None (everybody, no feature, all versions together), a name, or "*"
    for each one there is; an intersection is written `sex*age_band`. `versus` is the version that `version` is compared
    with. `of_class` is a class of several, taken for the positive one against all others, or "*" for each; None is
    whatever the metric is read of.
    A promise is judged by a rule of its own, on `promise_kept`, whose feature is the promise's name.
    """

    metric: str
    allowed: Range
    attribute: str | None = None
    feature: str | None = None
    version: str | None = None
    then: tuple[str, ...] = ()
    versus: str | None = None
    of_class: str | None = None
    promise: Promise | None = None

    @property
    def kind(self) -> str:
        """Returns the kind of its metric: findings of one kind are judged together."""
        return METRICS[self.metric].kind

    @property
    def name(self) -> str:
        """Returns what identifies the rule within its policy.

        >>> Rule("true_positive_rate_difference", (-0.1, 0.1), attribute="*").name
        'true_positive_rate_difference by *: -0.1 to 0.1'
        """
        attribute = f" by {self.attribute}" if self.attribute else ""
        feature = f" of {self.feature}" if self.feature else ""
        feature += f" of class {self.of_class}" if self.of_class else ""
        version = f" for {self.version}" if self.version else ""
        version += f" against {self.versus}" if self.versus else ""
        return f"{self.metric}{attribute}{feature}{version}: {range_in_words(self.allowed)}"


@dataclass(frozen=True)
class Policy:
    """One version of a model's policy. Its digest tells two texts of the same version apart."""

    version: str
    rules: tuple[Rule, ...]
    minimum_n: int = MINIMUM_N
    windows: WindowPlan = field(default_factory=WindowPlan)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the canonical content: comments, spacing and the order of keys do not change it."""
        content = asdict(self)
        for rule in content["rules"]:
            for later in (
                "versus",
                "of_class",
                "promise",
            ):  # a policy without them keeps the digest it had before there were any
                if rule[later] is None:
                    del rule[later]
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def promises(self) -> tuple[Promise, ...]:
        """Returns what is promised of the service, in the file's order."""
        return tuple(rule.promise for rule in self.rules if rule.promise is not None)

    def of_kind(self, kind: str) -> tuple[Rule, ...]:
        """Returns the rules judged together as one kind."""
        return tuple(rule for rule in self.rules if rule.kind == kind)


def range_in_words(allowed: Range) -> str:
    """Returns an allowed range as a person writes it.

    >>> range_in_words((0.8, None)), range_in_words((None, 0.1)), range_in_words((-0.1, 0.1))
    ('at least 0.8', 'at most 0.1', '-0.1 to 0.1')
    """
    low, high = allowed
    if low is None:
        return "anything" if high is None else f"at most {high:.10g}"
    return f"at least {low:.10g}" if high is None else f"{low:.10g} to {high:.10g}"
