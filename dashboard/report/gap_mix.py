"""Why do two groups differ, and why did that change? A gap taken apart by another attribute: mix against rate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dashboard.contract import Contract
from dashboard.errors import EvenhandError, nearest
from dashboard.metrics.decomposition import GapPart, Part, decomposed, gap_decomposed
from dashboard.metrics.differences import difference_of
from dashboard.policy import Window
from dashboard.policy.windows import refuse_overlap
from dashboard.rates import Difference, Measure, Rate
from dashboard.report.change import TakenApart, rates_by
from dashboard.report.fairness import reference_group
from dashboard.report.performance import Source
from dashboard.report.scope import Scope, check_names

if TYPE_CHECKING:
    import pandas as pd

Rates = Mapping[str, Rate]
GAP_COLUMNS = (
    "among", "share_reference", "share_group", "rate_reference", "rate_group", "mix", "rate", "total",
    "hits_reference", "trials_reference", "hits_group", "trials_group",
)  # fmt: skip
CHANGE_COLUMNS = (
    "among", "mix", "rate", "total", "rate_group_before", "rate_group_now", "rate_reference_before",
    "rate_reference_now", "share_group_before", "share_group_now", "share_reference_before", "share_reference_now",
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Which gap is meant: the rate of a group of an attribute minus the reference's, taken apart by another one."""

    metric: str
    attribute: str
    group: str
    reference: str
    by: str


@dataclass(frozen=True)
class Gap(TakenApart):
    """The gap of one window; each part's `before` is the reference, `now` the group; [] without trials."""

    of: Pair
    scope: Scope
    difference: Difference
    parts: tuple[Part, ...]

    def records(self) -> list[dict[str, Any]]:
        """Returns a row for each group of the other attribute, the largest part first."""
        rows = (
            (
                part.group, part.share_before, part.share_now, part.before.value, part.now.value, part.mix, part.rate,
                part.total, part.before.hits, part.before.trials, part.now.hits, part.now.trials,
            )
            for part in sorted(self.parts, key=lambda part: -abs(part.total))
        )  # fmt: skip
        return [dict(zip(GAP_COLUMNS, row, strict=True)) for row in rows]

    def frame(self) -> pd.DataFrame:
        """Returns the records as a table."""
        import pandas as pd

        return pd.DataFrame(self.records(), columns=list(GAP_COLUMNS))


@dataclass(frozen=True)
class GapChange(TakenApart):
    """A gap before and now, and what each group of the other attribute adds to its change; [] without trials."""

    of: Pair
    before: Scope
    now: Scope
    was: Difference
    is_: Difference
    parts: tuple[GapPart, ...]

    @cached_property
    def difference(self) -> Measure:
        """The change of the gap: now minus before, the two windows' cases being others."""
        return difference_of(self.is_, self.was)

    def records(self) -> list[dict[str, Any]]:
        """Returns a row for each group of the other attribute, the largest part first."""
        ordered = sorted(self.parts, key=lambda part: -abs(part.total))
        rows = ((part.name, part.mix, part.rate, part.total, *_sides(part)) for part in ordered)
        return [dict(zip(CHANGE_COLUMNS, row, strict=True)) for row in rows]

    def frame(self) -> pd.DataFrame:
        """Returns the records as a table."""
        import pandas as pd

        return pd.DataFrame(self.records(), columns=list(CHANGE_COLUMNS))


def _sides(part: GapPart) -> tuple[float | None, ...]:
    """Returns the rates of group and reference before and now, then their shares; None where there are no trials."""
    both = (part.group, part.reference)
    rates = (rate for side in both for rate in ((side.before.value, side.now.value) if side else (None, None)))
    shares = (share for side in both for share in ((side.share_before, side.share_now) if side else (0.0, 0.0)))
    return (*rates, *shares)


def gap(source: Source, metric: str, attribute: str, group: str, by: str, scope: Scope) -> Gap:
    """Returns a group's gap to the reference in one window, taken apart by another attribute.

    Raises EvenhandError for a metric that is not hits of trials, an attribute or group that is not there, and where
    the contract does not declare the two attributes' intersection.
    """
    of, crossed = _pair(source, metric, attribute, group, by)
    totals, cells = (rates_by(source, metric, scope, name) for name in (attribute, crossed))
    _refuse_unknown(group, totals)
    ours, theirs = (_within(cells, crossed, attribute, by, name) for name in (group, of.reference))
    return Gap(of, scope, _contrast(totals, of), tuple(decomposed(theirs, ours)))


def gap_change(
    source: Source, metric: str, attribute: str, group: str, by: str, before: Scope, now: Scope
) -> GapChange:
    """Returns why a group's gap to the reference changed from one window to another; raises as `gap` does.

    The windows must not share a day.
    """
    refuse_overlap(Window(now.since, now.until), Window(before.since, before.until))
    of, crossed = _pair(source, metric, attribute, group, by)
    totals = [rates_by(source, metric, scope, attribute) for scope in (before, now)]
    _refuse_unknown(group, {**totals[0], **totals[1]})
    cells = [rates_by(source, metric, scope, crossed) for scope in (before, now)]
    ours, theirs = (
        (_within(cells[0], crossed, attribute, by, name), _within(cells[1], crossed, attribute, by, name))
        for name in (group, of.reference)
    )
    was, is_ = (_contrast(rates, of) for rates in totals)
    return GapChange(of, before, now, was, is_, tuple(gap_decomposed(ours, theirs)))


def crossing(contract: Contract, attribute: str, by: str) -> str | None:
    """Returns the declared intersection that crosses an attribute with another, None where there is none."""
    wanted = sorted((*attribute.split("*"), *by.split("*")))
    return next(("*".join(names) for names in contract.intersections if sorted(names) == wanted), None)


def declare(attribute: str, by: str) -> str:
    """Returns what to write into the contract so that two attributes are counted together.

    >>> declare("sex", "insurance")
    '[fairness] intersections = [["sex", "insurance"]]'
    """
    names = ", ".join(f'"{name}"' for name in (*attribute.split("*"), *by.split("*")))
    return f"[fairness] intersections = [[{names}]]"


def _pair(source: Source, metric: str, attribute: str, group: str, by: str) -> tuple[Pair, str]:
    check_names(source.contract, (attribute, by), None)
    if by in attribute.split("*"):
        raise EvenhandError(
            f"A gap of {attribute} is taken apart by another attribute, not by {by}",
            "An attribute that is counted together with it",
        )
    reference = reference_group(source, attribute)
    if reference is None or reference == group:
        raise EvenhandError(
            f"'{group}' is the reference of {attribute}" if reference else f"{attribute} has no reference group",
            "A gap is that of another group to the reference",
        )
    crossed = crossing(source.contract, attribute, by)
    if crossed is None:
        raise EvenhandError(
            f"{attribute} and {by} are not counted together",
            "Their intersection in the contract",
            f"Declare {declare(attribute, by)} and count again: evenhand rollup {source.contract.name}",
        )
    return Pair(metric, attribute, group, reference, by), crossed


def _refuse_unknown(group: str, rates: Rates) -> None:
    if group not in rates:
        raise EvenhandError(f"There is no group '{group}' in this window", todo=nearest(group, sorted(rates)))


def _contrast(totals: Rates, of: Pair) -> Difference:
    return Difference(*(totals.get(name, Rate(0, 0)) for name in (of.group, of.reference)))


def _within(cells: Rates, crossed: str, attribute: str, by: str, group: str) -> Rates:
    """Returns the rates of the other attribute's groups among one group, the unknown one among them."""
    found = {}
    for name, rate in cells.items():
        if _part_of(name, crossed, attribute) == group:
            found[_part_of(name, crossed, by)] = rate
    return found


def _part_of(group: str, crossed: str, attribute: str) -> str:
    """Returns the part of an intersection's group that an attribute of it names.

    >>> _part_of("F*65+", "sex*age_band", "age_band"), _part_of("F*65+*A", "sex*age_band*site", "site*sex")
    ('65+', 'A*F')
    """
    parts = dict(zip(crossed.split("*"), re.split(r"(?<!\\)\*", group), strict=True))
    return "*".join(parts[name] for name in attribute.split("*"))
