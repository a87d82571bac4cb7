"""What is promised of the service: is it kept, how much of its budget is left, and how fast it burns."""

from __future__ import annotations

from datetime import timedelta

from dashboard import charts
from dashboard.charts.words import day
from dashboard.policy.promises import budget
from dashboard.rates import Measure
from dashboard.ui import load, parts
from dashboard.ui.load import service
from dashboard.ui.load.service import Promised
from dashboard.ui.state import Scope

HOW = (
    "The promise allows {allowed} of answers to break it: that is its budget, over the last {days} days. The line says "
    "how much was left when each day ended, with its 95 % interval."
)
FIGURES = ("Too fast above", "Burn rate, shorter", "Burn rate, longer")
BURN = (
    "At a burn rate of 1 the budget lasts exactly as long as its window. It burns too fast where both windows do: the "
    "long one says that it matters, the short one that it is still going on."
)


def section(scope: Scope) -> None:
    """Does draw every promise of the policy: its budget over time, and its burn rates."""
    found = service.promised(scope)
    if not found:
        parts.nothing(
            "The policy promises nothing of this service.",
            'Write into policy.toml: [[slo]], name = "fast", metric = "latency", within_ms = 300, target = 0.95.',
            'Or of failures: [[slo]], name = "answers", metric = "errors", target = 0.999.',
        )
        return
    starts = load.version_starts(scope.model)
    for one in found:
        _drawn(one, starts)
    parts.note(BURN)


def _drawn(one: Promised, starts: dict[str, str]) -> None:
    promise, version = one.promise, f" of {one.version}" if one.version else ""
    parts.section(f"“{promise.name}”{version}: {title(one)}", says(one))
    if one.kept.value is None:
        parts.nothing(f"No answers in the {promise.days} days before {day(one.until)}.", "Choose another window.")
        return
    allowed = f"{round(100 * (1 - promise.share), 8):.10g} %"
    parts.note(HOW.format(allowed=allowed, days=promise.days))
    drawn = {name: start for name, start in starts.items() if start >= str(one.over["day"].min())}
    parts.picture(charts.budget_left(one.over, drawn), f"budget-{promise.name}", says(one))
    if not one.whole:
        parts.note(f"The log is younger than {promise.days} days: each day has what there was before it.")
    if one.kept.counted:
        parts.note(f"Latencies are counted in bins 2 % wide: this one is {one.kept.counted}.")
    rows = [
        {
            "Last": f"{_hours(burn.pair.short)}, {_hours(burn.pair.long)}",
            "State": burn.state,
            "Too fast above": f"{burn.pair.threshold:.2g}",
            "Burn rate, shorter": _rate(burn.short),
            "Burn rate, longer": _rate(burn.long),
        }
        for burn in one.burns
    ]
    parts.table(rows, f"How fast the budget of “{promise.name}” burns", FIGURES, ("State",))
    parts.download(one.over, f"budget-{promise.name}", "Download the budget by day (CSV)")


def title(one: Promised) -> str:
    """Returns what is promised: `95 of 100 answers within 300 ms`."""
    share = f"{100 * one.promise.share:.10g} of 100 answers"
    limit = one.promise.within_ms
    return f"{share} do not fail" if limit is None else f"{share} within {limit:,.10g} ms"


def says(one: Promised) -> str:
    """Returns how many answers broke the promise lately, and what is left of the budget."""
    if one.kept.value is None:
        return ""
    broken, last = round(one.kept.trials - one.kept.hits), one.until - timedelta(days=1)
    return (
        f"In the {one.promise.days} days to {day(last)} {broken:,} of {one.kept.n:,} answers {one.promise.broke}. "
        f"{budget(one.promise, one.kept)}"
    )


def _hours(hours: int) -> str:
    if hours % 24:
        return "hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"


def _rate(measure: Measure) -> str:
    if measure.value is None:
        return "no answers"
    low, high = measure.interval()
    return f"{_plain(measure.value)} ({_plain(low or 0.0)} to {_plain(high or 0.0)}; n {measure.n:,})"


def _plain(rate: float) -> str:
    return f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"
