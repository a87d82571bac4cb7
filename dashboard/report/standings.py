"""Which version is better, for everybody and for each group: the differences of versions, judged at one level."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dashboard.metrics import METRICS
from dashboard.policy.rules import MINIMUM_N, Range
from dashboard.policy.verdicts import common_level, computable, position
from dashboard.rates import Measure
from dashboard.report.scope import Reading

Verdict = Literal["better", "worse", "more", "less", "unsure", "too few", "cannot be computed"]
ALPHA = 0.05
NO_DIFFERENCE: Range = (0.0, 0.0)


@dataclass(frozen=True)
class Standing:
    """One difference of two versions with the interval that its verdict is read off, and the level of that interval."""

    reading: Reading
    verdict: Verdict
    level: float


def standings(readings: Sequence[Reading], minimum_n: int = MINIMUM_N) -> list[Standing]:
    """Returns what each difference says of the version judged; everybody's are a family, and so are the groups'.

    Within a family every interval is drawn at one level (Benjamini and Hochberg, as in `policy.verdicts`), a metric
    and its mirror image counted once: of many groups without any difference hardly one is named.
    """
    found: list[Standing] = []
    for of_groups in (False, True):
        members = [one for one in readings if (one.group is not None) == of_groups]
        level = _level(members, minimum_n)
        found += [_standing(one, level, minimum_n) for one in members]
    return found


def _level(members: Sequence[Reading], minimum_n: int) -> float:
    family: dict[Hashable, list[tuple[Measure, Range]]] = {}
    for one in members:
        if one.measure is not None and computable(one.measure, minimum_n):
            key = METRICS[one.metric].family, one.group
            family.setdefault(key, []).append((one.measure, NO_DIFFERENCE))
    return common_level(family, ALPHA)


def _standing(one: Reading, level: float, minimum_n: int) -> Standing:
    if one.measure is None or one.measure.value is None:
        return Standing(one, "cannot be computed", level)
    low, high = one.measure.interval(level)
    drawn = replace(one, low=low, high=high)
    if not computable(one.measure, minimum_n):
        return Standing(drawn, "too few", level)
    if position((low, high), NO_DIFFERENCE) != "outside":
        return Standing(drawn, "unsure", level)
    return Standing(drawn, _verdict(METRICS[one.metric].better, one.measure.value), level)


def _verdict(better: str, value: float) -> Verdict:
    if better == "higher":
        return "better" if value > 0 else "worse"
    if better == "lower":
        return "better" if value < 0 else "worse"
    return "more" if value > 0 else "less"
