"""A gap taken apart, in a sentence: how much is another mix, how much another rate among like cases."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.metrics import METRICS
from dashboard.metrics.decomposition import GapPart, Part
from dashboard.policy.numbers import Figures, figures
from dashboard.policy.sentences import group_words
from dashboard.rates import Difference
from dashboard.report.gap_mix import Gap, GapChange

MINUS = "\u2212"
NOTHING = 0.0005  # of a point and less is none with one decimal


def gap_sentence(gap: Gap) -> str:
    """Returns the gap in a sentence: how wide, whether chance could make it, how much is mix and how much is rate."""
    value, of = gap.difference.value, gap.of
    if value is None or not gap.parts:
        return f"{_title(of.metric)} of {_who(gap)} can't be compared: {_why(gap.difference)}."
    low, high = gap.difference.interval(0.95)
    points = figures("points", low, high, (0.0,))
    opening = (
        f"{_title(of.metric)} for {_who(gap)} is {_apart(points, value)} that for "
        f"{group_words(of.attribute, of.reference)} ({_limits(points, low, high)})"
    )
    if gap.by_chance:
        return f"{opening}: chance alone does as much. Taken apart all the same: {_parts(gap, value)}."
    return f"{opening}: {_parts(gap, value)}."


def change_sentence(change: GapChange) -> str:
    """Returns the change of a gap in a sentence: from where to where, whether chance could do it, mix and rate."""
    of, value = change.of, change.difference.value
    title = f"{_title(of.metric)} for {_who(change)}"
    if value is None or not change.parts:
        empty = change.was if change.was.value is None else change.is_
        return f"{title}: the gap's change can't be told: {_why(empty)}."
    low, high = change.difference.interval(0.95)
    points = figures("points", low, high, (0.0,))
    between = f"{points(low or 0.0)} to {points(high or 0.0)}".replace("-", MINUS)
    moved = f"{points.full(value)}".replace("-", MINUS)
    reference = group_words(of.attribute, of.reference)
    opening = (
        f"{title} was {_apart(points, change.was.value)} that for {reference} and is now "
        f"{_apart(points, change.is_.value)}{_it(points, change)}: a change of {moved} ({between})"
    )
    told = f"{_signed(change.mix)} by other shares, {_signed(change.rate)} within the same {_kind(of.by)}"
    most = _most(change.parts, change.rate)
    told += f", most among {group_words(of.by, most.name)}" if isinstance(most, GapPart) else ""
    if change.by_chance:
        return f"{opening}. Chance alone does as much. Taken apart all the same: {told}."
    return f"{opening}; {told}."


def _parts(gap: Gap, value: float) -> str:
    """Returns the two parts: of so many points where both go the gap's way, else each with its sign."""
    if abs(gap.mix) < NOTHING:
        return (
            f"none of it is other mix, {_signed(gap.rate)} points lie within the same {_kind(gap.of.by)}{_where(gap)}"
        )
    alike = gap.mix * value >= 0 and gap.rate * value >= 0
    mix, rate = ((f"{abs(part) * 100:.1f}" if alike else _signed(part)) for part in (gap.mix, gap.rate))
    mix += " of these points" if alike else " points"
    return f"{mix} because {_mix(gap)} (other mix), {rate} within the same {_kind(gap.of.by)}{_where(gap)}"


def _mix(gap: Gap) -> str:
    most = _most(gap.parts, gap.mix, mix=True)
    if not isinstance(most, Part):
        return "shares are others"
    size = "larger" if most.share_now > most.share_before else "smaller"
    return f"a {size} share of them is {group_words(gap.of.by, most.group)}"


def _where(gap: Gap) -> str:
    most = _most(gap.parts, gap.rate)
    return f", most among {group_words(gap.of.by, most.group)}" if isinstance(most, Part) else ""


def _most(parts: Sequence[Part | GapPart], total: float, mix: bool = False) -> Part | GapPart | None:
    """Returns the part that adds most to a total, None where there is nothing to add to or only one part."""
    if abs(total) < NOTHING or len(parts) < 2:
        return None
    sign = 1 if total > 0 else -1
    return max(parts, key=lambda part: sign * (part.mix if mix else part.rate))


def _apart(points: Figures, value: float | None) -> str:
    if not value or points(abs(value)) == points(0.0):
        return "level with"
    return f"{points.full(abs(value))} {'below' if value < 0 else 'above'}"


def _it(points: Figures, change: GapChange) -> str:
    return " it" if _apart(points, change.is_.value) == "level with" else ""


def _limits(points: Figures, low: float | None, high: float | None) -> str:
    """Returns the interval in words; of a gap that chance may make with the sides of both ends."""
    if low is None or high is None:
        return "no interval"
    if low > 0 or high < 0:
        near, far = sorted((abs(low), abs(high)))
        return f"{points(near)} to {points(far)}"
    return f"{points(abs(low))} below to {points(high)} above"


def _signed(value: float) -> str:
    return f"{value * 100:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0").replace("-", MINUS)


def _title(metric: str) -> str:
    return METRICS[metric].title.split(" (")[0]


def _who(found: Gap | GapChange) -> str:
    return group_words(found.of.attribute, found.of.group)


def _kind(by: str) -> str:
    return by.replace("*", " and ").replace("_", " ")


def _why(difference: Difference) -> str:
    return difference.note.removeprefix("cannot be computed: ") or "nothing to count"
