"""Whom does the model serve worst? Groups discovered on the older days, confirmed on the newest, in a sentence each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, Literal

from dashboard.errors import EvenhandError, nearest
from dashboard.metrics import METRICS
from dashboard.metrics.crossings import Cases, Group, Suspects, suspects, z_of
from dashboard.metrics.worst_groups import Compared, compared, distinct, holm
from dashboard.policy import Window
from dashboard.policy.verdicts import p_value
from dashboard.rates import Measure, Rate, undefined
from dashboard.report.performance import Source, performance_readings
from dashboard.report.scope import Scope
from dashboard.report.worst_rows import Days, Halves, halves
from dashboard.report.worst_words import condition
from dashboard.settings import ModelPaths
from dashboard.sql.levels import TESTS

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
OLDER = 0.6  # the share of the window's days that groups are discovered on
LEAST_SHARE = 0.005  # of the older cases, in a group
DEPTHS = (1, 2, 3)
SHOWN = 15
Status = Literal["found", "none", "nothing to search", "no labels", "too few"]
Progress = Callable[[int, int], None]
STEPS = 1000
READING, COUNTING = 0.4, 0.9  # how much of the time, and of what is left, each takes


@dataclass(frozen=True)
class Question:
    """What is searched: the groups that a metric is worst for, of up to `depth` conditions, on these days."""

    metric: str
    since: date
    until: date
    version: str | None = None
    depth: int = 3


@dataclass(frozen=True)
class WorstGroup:
    """One group: its conditions in words, how it compares on the older days and on the newer, and how sure that is."""

    conditions: tuple[str, ...]
    attributes: tuple[str, ...]
    discovered: Compared
    confirmed: Compared
    p: float
    corrected_p: float

    @property
    def name(self) -> str:
        """The conditions, joined."""
        return ", ".join(self.conditions)


@dataclass(frozen=True)
class Searched:
    """How much was looked at.

    `conditions` were crossed into `crossings` that are large enough; `looked_worse` did on the older days, `tried` of
    them on the newer; `confirmed` were, `shown` of those say something of their own. `too_few` could not be tried.
    """

    conditions: int = 0
    factors: tuple[str, ...] = ()
    crossings: int = 0
    threes: int = 0
    all_threes: int = 0
    looked_worse: int = 0
    too_few: int = 0
    tried: int = 0
    confirmed: int = 0
    minimum: int = 0
    share: float = 1.0
    left_out: int = 0
    older: int = 0
    newer: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorstGroups:
    """The answer: groups confirmed, the worst first; else why there are none. `everybody` is of the newer days."""

    question: Question
    discovery: Window
    confirmation: Window
    status: Status
    everybody: Measure
    groups: tuple[WorstGroup, ...] = ()
    searched: Searched = Searched()

    def records(self) -> list[dict[str, Any]]:
        """Returns a row for each group: what it is, both halves' counts, the difference with its interval, p."""
        return [_record(self, group) for group in self.groups]

    def frame(self) -> pd.DataFrame:
        """Returns the records as a table."""
        import pandas as pd

        return pd.DataFrame(self.records(), columns=list(COLUMNS))


COLUMNS = (
    "group", "attributes", "metric", "version", "value", "low", "high", "n", "numerator", "rest", "rest_n",
    "difference", "difference_low", "difference_high", "p", "corrected_p", "share_of_errors", "discovered",
    "discovered_n", "discovered_numerator", "discovered_rest", "discovery_since", "discovery_until",
    "confirmation_since", "confirmation_until", "method", "note",
)  # fmt: skip


def _record(of: WorstGroups, group: WorstGroup) -> dict[str, Any]:
    one, rest, apart = group.confirmed.group, group.confirmed.rest, group.confirmed.difference
    (low, high), (least, most) = one.interval(0.95), apart.interval(0.95)
    before = group.discovered.group
    days = [day.isoformat() for w in (of.discovery, of.confirmation) for day in (w.since, w.until)]
    row = (
        group.name, "*".join(group.attributes) or None, of.question.metric, of.question.version, one.value, low, high,
        one.n, one.numerator, rest.value, rest.n, apart.value, least, most, group.p, group.corrected_p,
        group.confirmed.share_of_bad, before.value, before.n, before.numerator, group.discovered.rest.value, *days,
        apart.method, apart.note,
    )  # fmt: skip
    return dict(zip(COLUMNS, row, strict=True))


def metrics_of(task: str) -> tuple[str, ...]:
    """Returns the metrics that can be searched for a task; a search is for the groups that they are worst for.

    >>> metrics_of("multiclass"), metrics_of("regression")
    (('accuracy',), ('mean_absolute_error',))
    """
    return tuple(name for name in TESTS if task in METRICS[name].tasks)


def question(source: Source, scope: Scope, complete_until: date, metric: str | None = None, depth: int = 3) -> Question:
    """Returns a question, checked; without a metric accuracy, of a number its error.

    It ends where labels are complete, unless that leaves no day.
    """
    known = metrics_of(source.contract.task)
    if metric is not None and metric not in known:
        raise EvenhandError(f"Worst groups are not searched by '{metric}'", todo=nearest(metric, known))
    if depth not in DEPTHS:
        raise EvenhandError(f"The depth is {depth}", "1, 2 or 3 conditions are crossed")
    end = min(scope.until, complete_until) if complete_until > scope.since else scope.until
    return Question(metric or known[0], scope.since, end, scope.version, depth)


def worst_groups(
    paths: ModelPaths,
    source: Source,
    asked: Question,
    minimum: int,
    progress: Progress = lambda done, total: None,
    on: date | None = None,
) -> WorstGroups:
    """Returns the groups that a metric is clearly worst for, each confirmed on cases that had no part in finding it.

    The older 60 % of the days discover, the rest confirm; `minimum` is the least number of cases of a group.
    """
    days = _days(source, asked, on)
    empty = WorstGroups(asked, *_windows(days), "no labels", undefined("no labels"))
    if not days.n:
        return empty
    rows = halves(paths, source, days, lambda share: progress(int(READING * STEPS * share), STEPS))
    return answer_of(
        empty, rows, minimum, lambda share: progress(int((READING + (1 - READING) * share) * STEPS), STEPS)
    )


def answer_of(
    empty: WorstGroups, rows: Halves, minimum: int, progress: Callable[[float], None] = lambda share: None
) -> WorstGroups:
    """Returns the answer that two halves of cases give; `empty` holds the question and the days."""
    searched = Searched(
        rows.discovery.conditions, tuple(factor.name for factor in rows.factors), minimum=minimum, share=rows.share,
        left_out=rows.left_out, older=rows.discovery.n, newer=rows.confirmation.n, notes=rows.notes,
    )  # fmt: skip
    empty = replace(empty, everybody=_everybody(rows.confirmation, empty.question), searched=searched)
    if not rows.factors:
        return replace(empty, status="nothing to search")
    least = max(minimum, ceil(LEAST_SHARE * rows.discovery.n))
    if rows.discovery.n < 2 * least or rows.confirmation.n < 2 * minimum:
        return replace(empty, status="too few")
    found = suspects(
        rows.discovery, empty.question.depth, least, rows.attributes, lambda share: progress(COUNTING * share)
    )  # fmt: skip
    answer = _confirmed(empty, rows, found, least, minimum)
    progress(1.0)
    return answer


def _days(source: Source, asked: Question, on: date | None) -> Days:
    """Returns the days on which there are cases, cut in two, and how many cases there are."""
    scope = Scope(
        asked.since, asked.until, asked.version, by="day", kinds=("performance",), metrics=(asked.metric,)
    )  # fmt: skip
    counted = {
        date.fromisoformat(one.since): int(one.measure.minimum() if one.measure else 0)
        for one in performance_readings(source, scope)
        if one.feature is None
    }
    there = [day for day, n in counted.items() if n]
    since = min(there, default=asked.since)
    until = max(there, default=asked.until - timedelta(days=1)) + timedelta(days=1)
    split = since + timedelta(days=max(1, round(OLDER * (until - since).days)))
    return Days(
        asked.metric, since, split, max(until, split + timedelta(days=1)), asked.version, sum(counted.values()), on
    )


def _windows(days: Days) -> tuple[Window, Window]:
    return Window(days.since, days.split), Window(days.split, days.until)


def _higher(asked: Question) -> bool:
    return METRICS[asked.metric].better == "higher"


def _everybody(cases: Cases, asked: Question) -> Measure:
    return compared(cases, (), _higher(asked)).group


def _confirmed(empty: WorstGroups, rows: Halves, found: Suspects, least: int, minimum: int) -> WorstGroups:
    """Returns the answer: the groups tried on the newer cases, one level for all of them."""
    higher = _higher(empty.question)
    tried = []
    for group in found.groups:
        here = compared(rows.confirmation, group, higher)
        if here.difference.minimum() >= minimum:
            tried.append((group, here))
    p = [p_value(here.difference, (0.0, None) if higher else (None, 0.0)) for _, here in tried]
    corrected = holm(p)
    sure = [k for k in range(len(tried)) if corrected[k] < ALPHA]
    sure.sort(key=lambda k: (*_place(rows, corrected[k], tried[k][0]), -_strength(rows.confirmation, *tried[k]), k))
    deffs = [_deff(tried[k][1]) for k in sure]
    own = [sure[i] for i in distinct(rows.confirmation, [tried[k][0] for k in sure], deffs, minimum)][:SHOWN]
    groups = [
        WorstGroup(
            tuple(condition(rows.factors[factor], level) for factor, level in tried[k][0]),
            tuple(rows.factors[factor].name for factor, _ in tried[k][0] if factor in rows.attributes),
            compared(rows.discovery, tried[k][0], higher), tried[k][1], p[k], corrected[k],
        )
        for k in own
    ]  # fmt: skip
    searched = replace(
        empty.searched, crossings=found.counted, threes=found.threes, all_threes=found.all_threes,
        looked_worse=found.looked_worse, too_few=len(found.groups) - len(tried), tried=len(tried),
        confirmed=len(sure), minimum=least,
    )  # fmt: skip
    return replace(empty, status="found" if groups else "none", groups=tuple(groups), searched=searched)


def _place(rows: Halves, corrected: float, group: Group) -> tuple[float, int]:
    """Returns where a group stands among the confirmed: by its evidence, then by whom it is about.

    Whom attributes alone describe come first, then those that features narrow down, then those of features alone.
    """
    people = sum(factor in rows.attributes for factor, _ in group)
    return round(corrected, 3), 0 if people == len(group) else 1 if people else 2


def _strength(cases: Cases, group: Group, here: Compared) -> float:
    z = float(z_of(here.group.n, here.bad, cases.n, *cases.whole))
    return z / sqrt(_deff(here))


def _deff(here: Compared) -> float:
    """Returns by how much clustering widens a group's interval, as a share of its cases."""
    return here.group.deff if isinstance(here.group, Rate) else 1.0
