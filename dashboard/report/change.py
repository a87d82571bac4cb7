"""Why did it change? A rate in two windows (or of two versions), taken apart by an attribute: mix against rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from dashboard.errors import EvenhandError
from dashboard.metrics import METRICS
from dashboard.metrics.decomposition import GapPart, Part, decomposed
from dashboard.policy import Window
from dashboard.policy.numbers import figures
from dashboard.policy.sentences import group_words
from dashboard.policy.windows import refuse_overlap
from dashboard.rates import Difference, Measure, Rate
from dashboard.report.judged import Plan
from dashboard.report.performance import Source, performance_readings
from dashboard.report.scope import Scope, check_names

if TYPE_CHECKING:
    import pandas as pd

BY_VERSION = "version"
MINUS = "\u2212"
COLUMNS = (
    "group", "share_before", "share_now", "rate_before", "rate_now", "mix", "rate", "total", "hits_before",
    "trials_before", "hits_now", "trials_now",
)  # fmt: skip


class Differing(Protocol):
    """Describes a difference of two rates and the parts that add up to it."""

    @property
    def difference(self) -> Measure: ...
    @property
    def parts(self) -> Sequence[Part | GapPart]: ...


class TakenApart:
    """Adds to what differs how much of it is mix and how much is rate, and whether chance may make it."""

    @property
    def mix(self: Differing) -> float:
        """How much of the difference is other shares."""
        return sum(part.mix for part in self.parts)

    @property
    def rate(self: Differing) -> float:
        """How much of it is another rate among like cases."""
        return sum(part.rate for part in self.parts)

    @property
    def by_chance(self: Differing) -> bool:
        """Whether chance may make it: its 95 % interval contains 0, or has no end to tell it by."""
        low, high = self.difference.interval(0.95)
        return low is None or high is None or low <= 0 <= high


@dataclass(frozen=True)
class Change(TakenApart):
    """A rate before and now, and what each group of an attribute adds to its change; `parts` are [] without trials."""

    metric: str
    by: str
    before: Scope
    now: Scope
    difference: Difference
    parts: tuple[Part, ...]

    def records(self) -> list[dict[str, Any]]:
        """Returns a row for each group, the largest part first: shares and rates of both windows, mix, rate, total."""
        ordered = sorted(self.parts, key=lambda part: -abs(part.total))
        rows = (
            (
                part.group, part.share_before, part.share_now, part.before.value, part.now.value, part.mix, part.rate,
                part.total, part.before.hits, part.before.trials, part.now.hits, part.now.trials,
            )
            for part in ordered
        )  # fmt: skip
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    def frame(self) -> pd.DataFrame:
        """Returns the records as a table."""
        import pandas as pd

        return pd.DataFrame(self.records(), columns=list(COLUMNS))


def why(source: Source, metric: str, before: Scope, now: Scope, by: str) -> Change:
    """Returns the change of a rate from one scope to another, taken apart by an attribute, intersection or `version`.

    Raises EvenhandError for a metric that is not hits of trials, an attribute the contract does not have, and for
    windows of the same version that share a day.
    """
    if by != BY_VERSION:
        check_names(source.contract, (by,), None)
    if before.version == now.version or None in (before.version, now.version):
        refuse_overlap(Window(now.since, now.until), Window(before.since, before.until))
    sides = [rates_by(source, metric, scope, by) for scope in (before, now)]
    totals = [rates_by(source, metric, scope, "").get("", Rate(0, 0)) for scope in (before, now)]
    return Change(metric, by, before, now, Difference(totals[1], totals[0]), tuple(decomposed(*sides)))


def two_windows(
    plan: Plan, metric: str, now: tuple[date | None, date | None], before: tuple[date | None, date | None]
) -> tuple[Window, Window]:
    """Returns the windows before and now, what is not given filled in: the one judged, and as many days before it.

    Raises EvenhandError where no window is whole yet.
    """
    schedule = plan.by_labels if metric in METRICS and "labels" in METRICS[metric].needs else plan.by_log
    judged = schedule.current
    since, until = now[0] or (judged.since if judged else None), now[1] or (judged.until if judged else None)
    if since is None or until is None:
        raise EvenhandError("No window is whole yet", "Two windows are compared", "Name them: --since and --until")
    here = _window(since, until)
    end = before[1] or here.since
    return _window(before[0] or end - timedelta(days=here.days), end), here


def _window(since: date, until: date) -> Window:
    if since >= until:
        raise EvenhandError(
            f"The window runs from {since} until {until}", "It must hold a day", "`until` is the day after it"
        )
    return Window(since, until)


def rates_by(source: Source, metric: str, scope: Scope, by: str) -> Mapping[str, Rate]:
    """Returns the rate of each group; of the versions those in service, shadows score cases a second time.

    Of several classes: right against wrong, or the class that the scope names as its feature against the rest.
    """
    known = METRICS.get(metric)
    rates = known is not None and known.kind in ("performance", "data") and "feature" not in known.needs
    if known is None or not rates or not set(source.contract.tasks) & set(known.tasks):
        raise EvenhandError(f"'{metric}' is not a rate of this model", todo="accuracy, selection_rate, label_coverage")
    versions, of_class = by == BY_VERSION, scope.features[0] if scope.features else None
    asked = replace(
        scope, metrics=(metric,), kinds=(known.kind,), by=None, versus=None, version="*" if versions else scope.version,
        attributes=(by,) if by and not versions else (),
    )  # fmt: skip
    found: dict[str, Rate] = {}
    for one in performance_readings(source, asked):
        if one.feature != of_class or (versions and not _in_service(source, scope, one.version)):
            continue
        if one.value is None and not isinstance(one.measure, Rate):
            continue
        if not isinstance(one.measure, Rate):
            raise EvenhandError(
                f"{metric} cannot be taken apart", "A rate is expected: hits of trials", "For example accuracy"
            )
        found[str(one.version) if versions else one.group or ""] = one.measure
    return found


def _in_service(source: Source, scope: Scope, version: str | None) -> bool:
    return version not in source.contract.shadow if scope.version is None else version == scope.version


def sentence(change: Change) -> str:
    """Returns the change in a sentence: how much, whether chance could do it, how much is mix and how much is rate."""
    title = METRICS[change.metric].title.split(" (")[0]
    value = change.difference.value
    if value is None:
        return f"{title} can't be compared: {change.difference.note.removeprefix('cannot be computed: ')}."
    low, high = change.difference.interval(0.95)
    points = figures("points", low, high, ())
    between = f"({points(low or 0.0)} to {points(high or 0.0)})".replace("-", MINUS)
    moved = f"{'rose' if value > 0 else 'fell'} by {points.full(abs(value))}"
    if float(points(abs(value))) == 0:
        moved, between = "hardly moved", between.replace(")", " points)")
    if change.by_chance:
        opening = f"{title} {moved} {between}: chance alone does as much."
        return f"{opening} Taken apart all the same: {_parts(change)}."
    return f"{title} {moved} {between}: {_parts(change)}."


def _parts(change: Change) -> str:
    """Returns the two parts in words, each with the group that adds most to it."""
    return f"{_mix(change)}, {_rate(change)}"


def _signed(value: float) -> str:
    return f"{value * 100:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0").replace("-", MINUS)


def _mix(change: Change) -> str:
    most = max(change.parts, key=lambda part: part.mix * _sign(change.mix), default=None)
    if most is None or abs(change.mix) < 0.0005:
        return f"{_signed(change.mix)} because of other shares"
    moved = "larger" if most.share_now > most.share_before else "smaller"
    return f"{_signed(change.mix)} because a {moved} share is {group_words(change.by, most.group)}"


def _rate(change: Change) -> str:
    most = max(change.parts, key=lambda part: part.rate * _sign(change.rate), default=None)
    if most is None or abs(change.rate) < 0.0005:
        return f"{_signed(change.rate)} within the groups"
    better = METRICS[change.metric].better
    up = {"higher": "got better", "lower": "got worse"}.get(better, "rose")
    down = {"higher": "got worse", "lower": "got better"}.get(better, "fell")
    told = f"{_signed(change.rate)} because it {up if change.rate > 0 else down} within groups"
    return f"{told}, most among {group_words(change.by, most.group)}" if len(change.parts) > 1 else told


def _sign(value: float) -> int:
    return 1 if value > 0 else -1
