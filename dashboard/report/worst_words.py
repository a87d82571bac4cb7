"""Worst groups in words: a condition, a group beside everybody else, what the whole search came to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dashboard.policy import Window
from dashboard.rates import Measure, Rate
from dashboard.sql.levels import MISSING, OTHER, Factor

if TYPE_CHECKING:
    from dashboard.report.worst_groups import WorstGroup, WorstGroups

SAYS = {  # what goes wrong, with the number of the group and that of everybody else
    "accuracy": "it is wrong for {} of 100 cases, elsewhere for {}",
    "true_positive_rate": "it misses {} of 100 positive cases, elsewhere {}",
    "false_negative_rate": "it misses {} of 100 positive cases, elsewhere {}",
    "true_negative_rate": "it raises a false alarm for {} of 100 negative cases, elsewhere for {}",
    "false_positive_rate": "it raises a false alarm for {} of 100 negative cases, elsewhere for {}",
    "precision": "{} of 100 that it selects are not positive, elsewhere {}",
    "false_discovery_rate": "{} of 100 that it selects are not positive, elsewhere {}",
    "negative_predictive_value": "{} of 100 that it does not select are positive, elsewhere {}",
    "false_omission_rate": "{} of 100 that it does not select are positive, elsewhere {}",
    "mean_absolute_error": "it is off by {} on average, elsewhere by {}",
}
NOTHING = {
    "no labels": "No labels have come for these days: nobody knows yet whom it serves worst.",
    "nothing to search": "The contract names no attribute and no feature that tells these cases apart.",
}
Days = Callable[[Window], str]


def condition(factor: Factor, level: int) -> str:
    """Returns one condition in words; the upper end of a bin is not in it, unless all numbers are whole.

    >>> lactate = Factor("lactate", "lactate", "feature", "mmol/L", edges=(2.1, 4.0))
    >>> [condition(lactate, level) for level in (1, 2, 3, 4)]
    ['lactate missing', 'lactate under 2.1 mmol/L', 'lactate 2.1 to 4 mmol/L', 'lactate 4 mmol/L or more']
    >>> condition(Factor("age_band", "age", "attribute", edges=(65.0,), values=("<65", "65+")), 2)
    'age band 65+'
    """
    return f"{factor.name.replace('_', ' ')} {_level(factor, level)}"


def _level(factor: Factor, level: int) -> str:
    if factor.kind == "feature" and level == 1:
        return MISSING
    place = level - (1 if factor.kind == "attribute" else 2)
    if factor.values:
        return factor.values[place] if place < len(factor.values) else OTHER
    unit = f" {factor.unit}" if factor.unit else ""
    if place == 0:
        return f"under {_number(factor.edges[0])}{unit}"
    low = factor.edges[place - 1]
    if place == len(factor.edges):
        return f"{_number(low)}{unit} or more"
    high = factor.edges[place] - (1 if factor.whole else 0)
    return f"{_number(low)}{unit}" if high == low else f"{_number(low)} to {_number(high)}{unit}"


def _number(value: float) -> str:
    return f"{value:,.10g}"


def sentence(answer: WorstGroups, days: Days = str) -> str:
    """Returns what the search came to; `days` writes a window."""
    searched, confirmation = answer.searched, days(answer.confirmation)
    if answer.status == "found":
        return of_group(answer, answer.groups[0])
    if answer.status == "too few":
        return (
            f"Too few cases to search: {searched.older:,} on {days(answer.discovery)} and {searched.newer:,} on "
            f"{confirmation}, where a group needs {searched.minimum:,}."
        )
    if answer.status == "none" and not searched.tried:
        return f"No group looked clearly worse than everybody else on {days(answer.discovery)}."
    if answer.status == "none":
        groups = f"{searched.tried:,} group{'s' if searched.tried > 1 else ''}"
        held = "none" if searched.tried > 1 else "it did not"
        verb = f"{held} held" if searched.tried > 1 else f"{held} hold"
        return f"Nothing was confirmed: {groups} looked worse on {days(answer.discovery)}, {verb} on {confirmation}."
    return NOTHING[answer.status]


def of_group(answer: WorstGroups, group: WorstGroup) -> str:
    """Returns a group beside everybody else in a sentence, by the cases that confirmed it."""
    here = group.confirmed
    numbers = [_wrong(measure, answer.question.metric) for measure in (here.group, here.rest)]
    says = SAYS[answer.question.metric].format(*numbers)
    return f"Among {named(group)} {says}; confirmed on {here.group.n:,} later cases."


def named(group: WorstGroup) -> str:
    """Returns a group's name inside a sentence: who they are, then what was measured."""
    people, measured = (
        group.conditions[: len(group.attributes)],
        " and ".join(group.conditions[len(group.attributes) :]),
    )
    return " with ".join(part for part in (", ".join(people) or "cases", measured) if part)


def _wrong(measure: Measure, metric: str) -> str:
    """Returns what is wrong of 100, or how large the error is."""
    from dashboard.metrics import METRICS

    value = measure.value or 0.0
    if not isinstance(measure, Rate):
        return f"{value:,.3g}"
    wrong = 1 - value if METRICS[metric].better == "higher" else value
    return f"{100 * wrong:.0f}" if wrong == 0 or wrong >= 0.0095 else f"{100 * wrong:.1f}"


def looked_at(answer: WorstGroups, days: Days = str) -> list[str]:
    """Returns how the search was done and how much was looked at, in sentences."""
    done = answer.searched
    threes = (
        f" Of the {done.all_threes:,} ways to cross three of them the {done.threes:,} were counted that hold the pairs "
        "which looked worst."
        if done.threes < done.all_threes
        else ""
    )
    said = [
        f"{done.conditions:,} conditions from {len(done.factors)} attributes and features, crossed up to "
        f"{answer.question.depth} deep: {done.crossings:,} groups of at least {done.minimum:,} cases.{threes}",
        f"Discovered on {days(answer.discovery)} ({done.older:,} cases), where {done.looked_worse:,} looked worse; the "
        f"{done.tried + done.too_few:,} worst that do not overlap went on.",
    ]
    if done.tried:
        said.append(
            f"Confirmed on {days(answer.confirmation)} ({done.newer:,} cases): {done.tried:,} groups were tried, "
            f"{done.confirmed:,} are worse (Holm’s correction over all of them, 0.05), {len(answer.groups)} of these "
            "are shown: those that say something of their own."
        )
    if done.too_few:
        said.append(f"{done.too_few:,} could not be tried: too few of their cases are among the newer ones.")
    if done.left_out:
        said.append(
            f"Whoever had cases in both halves is in one of them only, by lot: {done.left_out:,} cases were left out."
        )
    if done.share < 1:
        said.append(
            f"A sample was searched, {100 * done.share:.3g} % of the cases, drawn by a hash that never changes."
        )
    return [*said, *done.notes]


def spent(answer: WorstGroups, days: Days = str) -> str:
    """Returns the warning that the days which confirmed are used up."""
    return (
        f"The cases of {days(answer.confirmation)} are spent: they have answered this question. Whether a change to "
        "the model helped these groups can only be seen on later days; and every further question to the same days is "
        "one more chance of finding what is not there."
    )
