"""One plain sentence per finding: what is judged, its number with interval and counts, the state, what is allowed.

"Sensitivity for F, 65+ is 0.61 (0.54 to 0.68; 118 of 193), 14 points below M, 40-64 (8 to 20): outside the policy's
10 (level 99.6 %)." Every interval in it is drawn at the level it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

from dashboard.metrics import METRICS, RATES
from dashboard.policy import promises
from dashboard.policy.breaches import smallest_breach
from dashboard.policy.numbers import Figures, figures, percent
from dashboard.policy.rules import Promise, Range
from dashboard.policy.verdicts import Limits, State

if TYPE_CHECKING:
    from dashboard.rates import Measure

SPOKEN = {
    "true_positive_rate": "Sensitivity",
    "true_negative_rate": "Specificity",
    "latency_p50": "Median latency",
    "latency_p95": "Latency p95",
    "latency_p99": "Latency p99",
}
POSSIBLE = {
    "share": (0.0, 1.0), "score": (0.0, 1.0), "points": (-1.0, 1.0), "difference": (-1.0, 1.0), "label": (-inf, inf),
    "value": (-inf, inf),
}  # fmt: skip
SHARES = frozenset((*RATES, "beyond_tolerance_rate"))
OF_VERSIONS = "_version_difference"
POSSIBLE["share of variance"] = (-inf, 1.0)
UNSIGNED = re.compile(r"(demographic_parity|equalized_odds|equal_opportunity)_difference$|_gap$|(expected|maximum)_")
HARDLY = " So few cases can hardly show any breach."
DOUBTS = re.compile(r"days assumed independent|heavy tail")


@dataclass(frozen=True)
class Said:
    """Everything a sentence needs to know about one finding."""

    context: Mapping[str, Any]
    measure: Measure | None
    allowed: Range
    state: State
    level: float
    minimum_n: int
    promise: Promise | None = None

    @property
    def metric(self) -> str:
        return str(self.context["metric"])

    @property
    def rate(self) -> str | None:
        """Returns the rate that a signed difference or a ratio is made of; None for every other metric."""
        base = re.sub(r"_(difference|ratio)$", "", self.metric)
        return base if base != self.metric and base.removeprefix("estimated_") in SHARES else None

    @cached_property
    def interval(self) -> Limits:
        return self.measure.interval(self.level) if self.measure is not None else (None, None)

    @cached_property
    def figures(self) -> Figures:
        return figures(METRICS[self.metric].unit, *self.interval, self.allowed)


def sentence(said: Said) -> str:
    """Returns the finding in words; the first letter is a capital, the end a full stop."""
    if said.measure is None or said.measure.value is None:
        against = f" against {_reference(said)}" if said.rate and said.context.get("reference") else ""
        return f"{subject(said)}{against} can't be computed: {_why(said)}."
    if said.promise is not None:
        kept: Any = said.measure
        return promises.sentence(
            said.promise, kept, said.context.get("version"), said.state, said.level, said.minimum_n
        )
    text = f"{subject(said)} is {_number(said, said.measure, said.measure.value)}"
    if said.state == "cannot be computed":
        smaller = " in the smaller group" if said.rate else ""
        has = f"{said.measure.minimum():,}{smaller}"
        return f"{text}: can't be judged, the policy needs {said.minimum_n:,} and there are {has}."
    policy = f"the policy's {_allowed(said)} (level {percent(said.level)})."
    if said.state == "inconclusive":
        return f"{text}: can't tell yet whether it is within {policy}{_smallest_breach(said, said.measure)}"
    return f"{text}: {said.state} {policy}"


def not_judged(name: str) -> str:
    """Returns the sentence for a rule that nothing was found for."""
    why = "no labels, no such group, class or feature"
    return f"The rule “{name}” judged nothing: this window has no readings for it ({why})."


def subject(said: Said) -> str:
    """Returns what is judged: `Sensitivity of v2 for F, 65+`."""
    base = said.rate or said.metric.removesuffix(OF_VERSIONS)
    title = SPOKEN.get(base) or re.sub(r" \(.*\)$", "", METRICS[base].title)
    attribute, group = said.context.get("attribute"), said.context.get("group")
    by = (
        f" for {group_words(attribute, group)}"
        if group is not None
        else f" by {_words(attribute)}"
        if attribute
        else ""
    )
    feature, version = said.context.get("feature"), said.context.get("version")
    about = f" of {_feature(said.metric, feature)}" if feature else ""
    about += f" {'in' if feature else 'of'} {version}" if version else ""
    about += f" minus that of {said.context.get('reference')}" if said.metric.endswith(OF_VERSIONS) else ""
    return title + about + by + _against(said)


def _feature(metric: str, feature: str) -> str:
    """Returns what a metric is of: an input by its name, one class of several in quotes, as it may be any word."""
    return f"the class “{feature}”" if METRICS[metric].kind in ("performance", "fairness") else feature


def group_words(attribute: str | None, group: str) -> str:
    """Returns a group as a person says it; where it is bare digits, a truth value or unknown, with its attribute.

    >>> group_words("sex*age_band", "F*65+"), group_words("site", "3"), group_words("sex", "unknown")
    ('F, 65+', 'site 3', 'unknown sex')
    """
    names = (attribute or "").split("*")
    parts = [part.replace("\\*", "*") for part in re.split(r"(?<!\\)\*", group)]
    if len(names) != len(parts):
        names = [""] * len(parts)
    return ", ".join(_part(name, part) for name, part in zip(names, parts, strict=True))


def _part(name: str, part: str) -> str:
    if part == "unknown":
        return f"unknown {_words(name)}".strip()
    bare = re.fullmatch(r"-?\d+(\.\d+)?|true|false|yes|no|[YN]", part, re.IGNORECASE)
    return f"{_words(name)} {part}".strip() if bare else part


def _words(name: str | None) -> str:
    return (name or "").replace("*", " and ").replace("_", " ")


def _against(said: Said) -> str:
    """Returns the reference, where nothing else in the sentence names it."""
    told = said.rate is not None or said.metric.endswith(OF_VERSIONS)
    return f" against {_reference(said)}" if said.context.get("reference") and not told else ""


def _reference(said: Said) -> str:
    reference = said.context.get("reference")
    return group_words(said.context.get("attribute"), reference) if reference else "the others"


def _why(said: Said) -> str:
    note = (said.measure.note if said.measure is not None else "").removeprefix("cannot be computed").lstrip(": ")
    return (note or "nothing to count").rstrip(".")


def _number(said: Said, measure: Measure, value: float) -> str:
    counts = _counts(measure, whole=said.metric.startswith("estimated_"))
    if said.rate is None:
        return f"{said.figures.full(value)} ({_inside(_to(said.figures, *said.interval), counts)})"
    if not measure.denominator or measure.numerator is None:
        return f"{_contrast(said, value)}, {counts}"
    group: Measure | None = getattr(measure, "group", None)  # a rate's own interval stands before its contrast's
    low, high = group.interval(said.level) if group is not None else (None, None)
    shown = figures("share", low, high, ())
    rate = shown(measure.numerator / measure.denominator)
    return f"{rate} ({_inside(_to(shown, low, high), counts)}), {_contrast(said, value)}"


def _contrast(said: Said, value: float) -> str:
    shown, (low, high) = said.figures, said.interval
    if said.metric.endswith("_ratio"):
        return f"{shown(value)} times that of {_reference(said)}{_bracketed(_to(shown, low, high))}"
    if low is None or high is None:
        return f"{_points(shown, value)} {_reference(said)}"
    if low > 0 or high < 0:
        near, far = sorted((abs(low), abs(high)))
        limits = f"{shown(near)} to {shown(far)}"
    else:
        limits = f"{_side(shown, low)} to {_side(shown, high)}"
    return f"{_points(shown, value)} {_reference(said)} ({limits})"


def _side(shown: Figures, value: float) -> str:
    """Returns a signed limit in words: `14 below`."""
    return f"{shown(abs(value))} {'below' if value < 0 else 'above'}"


def _points(shown: Figures, value: float) -> str:
    """Returns a signed difference in words: `14 points below`, `level with`."""
    return "level with" if shown(abs(value)) == shown(0.0) else _apart(shown, value)


def _apart(shown: Figures, value: float) -> str:
    return f"{shown.full(abs(value))} {'below' if value < 0 else 'above'}"


def _to(shown: Figures, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"{shown(low)} or more" if low is not None else f"{shown(high)} or less" if high is not None else ""
    return "" if low == high else f"{shown(low)} to {shown(high)}"


def _counts(measure: Measure, whole: bool = False) -> str:
    """Returns the counts behind a number, and of its note what makes them worth less; expected ones as `whole`."""
    counts, digits = f"n {measure.n:,}", ",.0f" if whole else ",.10g"
    hits, trials = measure.numerator, measure.denominator
    # A sum of errors is no count: "3,720.6 of 1,713" would say nothing.
    if hits is not None and trials is not None and (whole or (float(hits).is_integer() and 0 <= hits <= trials)):
        counts = f"{hits:{digits}} of {trials:{digits}}"
    doubts = [part for part in measure.note.split("; ") if DOUBTS.search(part)]
    return ", ".join((counts, *doubts))


def _inside(limits: str, counts: str) -> str:
    return f"{limits}; {counts}" if limits else counts


def _bracketed(text: str) -> str:
    return f" ({text})" if text else ""


def _allowed(said: Said) -> str:
    low, high, shown = *said.allowed, said.figures
    unit = shown.suffix if shown.suffix != " points" else ""
    if low is None:
        return "any value" if high is None else f"maximum of {shown.limit(high)}{unit}"
    if high is None:
        return f"minimum of {shown.limit(low)}{unit}"
    if low == -high and shown.scale != 1:
        return shown.limit(high)
    return f"range of {shown.limit(low)} to {shown.limit(high)}{unit}"


def _smallest_breach(said: Said, measure: Measure) -> str:
    """Returns the sentence that says what this many cases could have shown: not significant is not fair."""
    unit, shown = METRICS[said.metric].unit, said.figures
    low, high = POSSIBLE.get(unit, (0.0, inf)) if not UNSIGNED.search(said.metric) else (0.0, 1.0)
    least, most = said.allowed
    allowed = (None if least is not None and least <= low else least, most)  # nothing lies below what is possible
    breach = smallest_breach(measure, said.interval, allowed, said.level, relative=unit == "ratio")
    if breach is None or not low <= breach <= high or (unit == "ratio" and breach == 0):
        return HARDLY
    signed = low < 0 and (unit in ("points", "difference") or METRICS[said.metric].better == "near zero")
    words = _apart(shown, breach) + ("" if said.rate else " zero") if signed else shown.full(breach)
    return f" The smallest breach that this many cases show 4 times in 5 is about {words}."
