"""Promises on a service: `[[slo]]` of a policy, read; and what their findings say of the budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dashboard.errors import EvenhandError, nearest
from dashboard.policy.numbers import percent
from dashboard.policy.rules import Promise, Rule

if TYPE_CHECKING:
    from dashboard.metrics.promises import Kept
    from dashboard.policy.verdicts import State

SLO = ("name", "metric", "within_ms", "target", "window", "version", "then")
METRICS = ("latency", "errors")
KEPT = "promise_kept"
FEWEST_DAYS = 4  # the longest pair of burn rates begins at three


def promise_rule(
    table: Mapping[str, Any], where: str, days: Callable[[Any, int, str], int], then: tuple[str, ...]
) -> Rule:
    """Returns the rule that judges one `[[slo]]`; `days` reads a length such as "28d", `then` was read already."""
    name, metric, version = (_text(table, key, where) for key in ("name", "metric", "version"))
    if name is None or metric is None:
        missing = "name" if name is None else "metric"
        raise EvenhandError(f"{where} has no {missing}", todo='Write name = "fast" and metric = "latency" or "errors"')
    if metric not in METRICS:
        raise EvenhandError(f"{where}: nothing is promised of '{metric}'", todo=nearest(metric, METRICS))
    share = _number(table.get("target"), f"{where}, target", "A share under 1 such as 0.95 is expected")
    if not 0 < share < 1:
        found = f"{where}: target is {share:g}"
        raise EvenhandError(found, "A promise of all or of none has no budget", "95 of 100 are written 0.95")
    length = days(table.get("window"), 28, f"{where}, window")
    if length < FEWEST_DAYS:
        raise EvenhandError(f"{where}: the window has {length} days", f"{FEWEST_DAYS} days or more are expected")
    promise = Promise(name, metric, share, length, _limit(table, metric, where))
    return Rule(KEPT, (share, None), feature=name, version=version, then=then, promise=promise)


def _limit(table: Mapping[str, Any], metric: str, where: str) -> float | None:
    found = table.get("within_ms")
    if metric == "errors":
        if found is not None:
            raise EvenhandError(f"{where}: errors have no within_ms", todo="Remove `within_ms`")
        return None
    limit = _number(found, f"{where}, within_ms", "A number of milliseconds such as 300 is expected")
    if not 0.01 <= limit <= 1e7:
        raise EvenhandError(f"{where}: within_ms is {limit:g}", "0.01 ms to 10,000,000 ms can be told apart")
    return limit


def _text(table: Mapping[str, Any], key: str, where: str) -> str | None:
    found = table.get(key)
    if found is None or (isinstance(found, str) and found.strip()):
        return found.strip() if found else None
    raise EvenhandError(f"{where}: {key} is {found!r}", "A text is expected")


def _number(found: Any, where: str, expected: str) -> float:
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found != found:
        raise EvenhandError(f"{where} is {found!r}", expected)
    return float(found)


def sentence(promise: Promise, kept: Kept, version: str | None, state: State, level: float, minimum_n: int) -> str:
    """Returns a promise's finding in words: how many answers broke it, and what is left of the budget."""
    value, low, high = (100 * (1 - share) for share in kept.limits(level))
    decimals = next((d for d in range(1, 4) if low - high >= 2 * 10**-d), 4)
    text = (
        f"“{promise.name}”{f' of {version}' if version else ''}: {value:.{decimals}f} % of answers "
        f"({high:.{decimals}f} to {low:.{decimals}f} %; {kept.trials - kept.hits:,.10g} of {kept.trials:,.10g}) "
        f"{promise.broke}, {round(100 * (1 - promise.share), 8):.10g} % may"
    )
    if state == "cannot be computed":
        return f"{text}: can't be judged, the policy needs {minimum_n:,} and there are {kept.n:,}."
    said = "can't tell yet whether it is within" if state == "inconclusive" else state
    return f"{text}: {said} the promise (level {percent(level)}). {budget(promise, kept)}"


def budget(promise: Promise, kept: Kept) -> str:
    """Returns how much of the budget is spent, and how long it lasts, as a sentence."""
    spent = kept.spent()[0]
    told = f"{_percent(spent)} of the {promise.days}-day budget is spent"
    if spent > 1:
        return f"{told}: there is none left."
    if kept.empty_on is None:
        return f"{told}; at the rate of the last 3 days it lasts."
    return f"{told}; at the rate of the last 3 days it is used up on {kept.empty_on.day} {kept.empty_on:%B}."


def _percent(share: float) -> str:
    per_cent = 100 * share
    return f"{per_cent:,.0f} %" if per_cent >= 1 or not per_cent else "less than 1 %"
