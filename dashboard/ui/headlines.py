"""The sentence each page opens with, made from readings and findings, never canned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from dashboard.charts.words import digits, interval, made_of, missing, number, unit_of
from dashboard.ui.say import behind, group, listed, lower, many, of_100, one, plain, plain_title

FEW = 30  # labelled cases, below which a share of 100 would promise too much
STANDING = ("accuracy", "true_positive_rate", "mean_absolute_error", "beyond_tolerance_rate")
URGENT = ("outside", "inconclusive", "cannot be computed", "within")

VERBS = {
    "accuracy": "It is right for {here} among {group}",
    "true_positive_rate": "It finds {here} positive cases among {group}",
    "true_negative_rate": "It leaves {here} negative cases alone among {group}",
    "false_positive_rate": "It raises false alarms for {here} negative cases among {group}",
    "false_negative_rate": "It misses {here} positive cases among {group}",
    "precision": "Of those it selects, {here} are positive among {group}",
    "negative_predictive_value": "Of those it does not select, {here} are negative among {group}",
    "false_discovery_rate": "Of those it selects, {here} are false alarms among {group}",
    "false_omission_rate": "Of those it does not select, {here} are positive among {group}",
    "selection_rate": "It selects {here} among {group}",
    "prevalence": "{here} are positive among {group}",
    "beyond_tolerance_rate": "It is off by more than is tolerated for {here} among {group}",
}


def attention(findings: Sequence[Any]) -> tuple[str, str]:
    """Returns the overview's sentence and the one after it: what needs attention, and how much does not."""
    states = Counter(finding.state for finding in findings)
    if not findings:
        return "Nothing is judged here.", "There is no policy, or its schedule has no such window."
    rest = [
        f"{n} {words}"
        for n, words in (
            (states["inconclusive"], "can’t be told yet"),
            (states["within"], "is within range" if states["within"] == 1 else "are within range"),
            (states["cannot be computed"], "can’t be computed"),
        )
        if n
    ]
    if states["outside"]:
        more = f"Of the other checks, {listed(rest)}." if rest else ""
        return f"{many(states['outside'], 'thing needs', 'things need')} attention.", more
    if states["within"] == len(findings):
        return f"All {len(findings)} checks are within range.", ""
    return "Nothing is outside its range, but not everything can be judged.", f"{listed(rest)}."


def most_urgent(findings: Iterable[Any], limit: int = 6) -> list[Any]:
    """Returns the findings to read first: outside, then those that can't be told yet; never those within range."""
    wanted = [finding for finding in findings if finding.state in ("outside", "inconclusive")]
    return sorted(wanted, key=lambda finding: URGENT.index(finding.state))[:limit]


def not_listed(findings: Sequence[Any], listed: Sequence[Any]) -> str:
    """Returns how many findings outside their range are not among those listed, "" where all are."""
    outside = sum(finding.state == "outside" for finding in findings)
    more = outside - sum(finding.state == "outside" for finding in listed)
    if not more:
        return ""
    return f"{many(more, 'more is', 'more are')} outside: see all checks, at the end."


def performance(readings: pd.DataFrame, who: str) -> tuple[str, str]:
    """Returns how often the model is right, what it finds and what it raises in vain, of 100 cases."""
    right = one(readings, "accuracy")
    if one(readings, "mean_absolute_error") is not None:
        return _off(readings, who)
    if right is not None and right["denominator"] < FEW:
        n = f"{right['numerator']:.0f} of {right['denominator']:.0f}"
        return f"{who} was right in {n} with a label: too few to say how good it is.", ""
    if right is None:
        return "How good it is can’t be said yet: no labels have arrived for this window.", ""
    says = f"{who} is right for {of_100(right['value'])} cases."
    found, alarms = one(readings, "true_positive_rate"), one(readings, "false_positive_rate")
    if found is None or alarms is None:
        return says, f"Between {interval(right['low'], right['high'], 'share')} of 100; {behind(right)}."
    more = (
        f"It finds {_of_100_between(found)} of 100 that are positive, and raises {_of_100_between(alarms)} false alarms"
        f" per 100 that are not. Right for {interval(right['low'], right['high'], 'share')} of 100; {behind(right)}."
    )
    return says, more


def _off(readings: pd.DataFrame, who: str) -> tuple[str, str]:
    """Returns by how much a regression model's numbers are off."""
    off = one(readings, "mean_absolute_error")
    if off is None:
        return "How good it is can’t be said yet: no labels have arrived for this window.", ""
    n = int(off["n"])
    if n < FEW:
        return (
            f"{who} was off by {number(off['value'], 'label')} on average in {n}: too few to say how good it is.",
            "",
        )
    between = interval(off["low"], off["high"], "label")
    half, explained = one(readings, "median_absolute_error"), one(readings, "r2_score")
    more = f"Somewhere from {between}, going by {many(n, 'case').lower()}. {_lean(readings)}"
    if half is not None:
        more += f" Half of its numbers lie within {number(half['value'], 'label')} of the label."
    if explained is not None and explained["value"] > 0:
        more += f" It explains {number(explained['value'], 'share')} of what makes labels differ."
    return f"{who} is off by {number(off['value'], 'label')} on average.", more


def errors(readings: pd.DataFrame, tolerance: float | None) -> str:
    """Returns how far off estimates are, to which side, and how many of 100 lie within the tolerance."""
    off, beyond = one(readings, "mean_absolute_error"), one(readings, "beyond_tolerance_rate")
    if off is None:
        return ""
    between = interval(off["low"], off["high"], "label")
    said = f"Its estimates are off by {number(off['value'], 'label')} on average ({between})"
    lean = one(readings, "mean_error")
    if lean is not None and not missing(lean["low"]) and (lean["low"] > 0 or lean["high"] < 0):
        said += f" and {_side(lean['value'])}"
    if beyond is not None and tolerance is not None:
        said += f"; {of_100(1 - beyond['value'])} lie within {tolerance:,.6g}"
    return said + "."


def _lean(readings: pd.DataFrame) -> str:
    """Returns whether numbers are too high or too low on average, as far as chance lets it be told."""
    lean = one(readings, "mean_error")
    if lean is None:
        return ""
    if missing(lean["low"]) or lean["low"] <= 0 <= lean["high"]:
        return "Neither too high nor too low on average, as far as can be told."
    return f"On average they are {_side(lean['value'])}."


def _side(value: float) -> str:
    return f"{number(abs(value), 'label')} too {'high' if value > 0 else 'low'}"


def _of_100_between(row: Mapping[str, Any]) -> str:
    return f"{digits(row['value'], 'share')} ({interval(row['low'], row['high'], 'share')})"


def service(readings: pd.DataFrame, promise: float | None, findings: Sequence[Any] = ()) -> tuple[str, str]:
    """Returns within how many milliseconds 95 of 100 answers come, what was promised, how many failed, the budget."""
    slow, failed = one(readings, "latency_p95"), one(readings, "error_rate")
    if slow is None:
        return "How fast it answers is not in the log.", "Deliver a latency column and name it in the contract."
    promised = "" if promise is None else f"; the promise is {number(promise, 'ms')}"
    says = f"95 of 100 answers come within {number(slow['value'], 'ms')}{promised}."
    more = "" if failed is None else f"{number(failed['value'], 'share')} of requests failed ({behind(failed)})."
    kept = next((f for f in findings if f.metric == "promise_kept" and f.value is not None), None)
    if kept is not None:
        spent = (1 - kept.value) / (1 - kept.allowed[0])
        more += f" Of the budget of “{kept.feature}” {spent:.0%} is spent.".replace("%", " %")
    return says, more.strip()


def drift(findings: Sequence[Any], inputs: Sequence[str], own: Sequence[str] = (), cost: str = "") -> tuple[str, str]:
    """Returns how many inputs moved more than chance and more than the policy allows, and which, the furthest first.

    `own` are the score, decision and label; `cost` is what the moves cost together, in a half sentence.
    """
    said = {state: _features(findings, state) for state in ("outside", "inconclusive")}
    moved, unsure = ([name for name in names if name in inputs] for names in said.values())
    if not inputs and not own:
        return "No input can be compared with a reference here.", ""
    if not any(f.feature for f in findings):
        return f"{many(len(inputs), 'input')} compared with the reference; no verdict here.", ""
    unsure = [name for name in unsure if name not in moved]
    more = [f"For {_some(unsure)} it can’t be told yet."] if unsure else []
    too = [name for name in said["outside"] if name in own]
    more += [f"The {_some(too)} moved too." if moved else f"But the {_some(too)} moved."] if too else []
    of = f"{len(inputs)} input{'' if len(inputs) == 1 else 's'}"
    if moved:
        says = f"{len(moved)} of {of} moved more than chance and enough to matter: {_some(moved)}"
        return f"{says}{f'; {cost}' if cost else ''}.", " ".join(more)
    if unsure:
        none = "The one input is not" if len(inputs) == 1 else f"None of {of} is"
        return f"{none} shown to have moved enough to matter.", " ".join(more)
    return f"None of {of} moved enough to matter.", " ".join(more)


def _features(findings: Sequence[Any], state: str) -> list[str]:
    """Returns the features whose PSI is in a state, in the findings' order: the furthest beyond its limit first."""
    return list(dict.fromkeys(str(f.feature) for f in findings if f.metric == "psi" and f.state == state and f.feature))


def _some(names: Sequence[str], most: int = 5) -> str:
    """Returns names, of many the first.

    >>> _some(list("abcdefg"))
    'a, b, c, d, e and 2 more'
    """
    return listed(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"


def fairness(
    findings: Sequence[Any], rate: str, attribute: str, rates: pd.DataFrame, elsewhere: Sequence[Any] = ()
) -> tuple[str, str]:
    """Returns the most urgent finding on a rate by an attribute, or that no group is shown to be treated worse.

    `elsewhere` is what is outside by other attributes or rates: with it nothing is said of all groups.
    """
    states, name = Counter(f.state for f in findings), lower(plain_title(rate))
    worst = [f for f in most_urgent(findings) if f.state == "outside"]
    here = f"By {plain(attribute)}, no group’s {name}" if elsewhere else ""
    if not findings:
        return (
            f"The {name} by {plain(attribute)}, without a verdict.",
            "No rule of the policy judges it for this window.",
        )
    if worst:
        return _worse(worst[0], rate, rates), " ".join(finding.sentence for finding in worst)
    if states["inconclusive"]:
        who = "one group" if states["inconclusive"] == 1 else f"{states['inconclusive']} groups"
        shown = f"{here} is shown to be worse" if here else "No group is shown to be treated worse"
        return f"{shown}; for {who} it can’t be told yet.", ""
    if states["within"]:
        shown = f"{here} is worse" if here else "No group is treated worse"
        return f"{shown} than the policy allows.", ""
    return f"No group has enough cases to judge the {name} by {plain(attribute)}.", ""


def _worse(finding: Any, rate: str, rates: pd.DataFrame) -> str:
    """Returns a group's rate and its reference's as natural frequencies, of errors how far off and to which side."""
    values = {row["group"]: row["value"] for row in rates.to_dict("records")}
    mine, theirs = values.get(finding.group), values.get(finding.reference)
    if mine is None or theirs is None:
        return f"For {group(finding.group)} the {lower(plain_title(rate))} is outside the allowed range."
    if rate == "mean_error":
        return f"Its numbers are {_side(mine)} on average among {group(finding.group)}, and {_side(theirs)} among " + (
            f"{group(finding.reference)}."
        )
    if rate == "mean_absolute_error":
        far = f"It is off by {number(mine, 'label')} on average among {group(finding.group)}"
        return f"{far}, and by {number(theirs, 'label')} among {group(finding.reference)}."
    here, there = f"{100 * mine:.0f} of 100", f"{100 * theirs:.0f}"
    return (
        VERBS[rate].format(here=here, group=group(finding.group)) + f", and {there} among {group(finding.reference)}."
    )


def judged(findings: Sequence[Any]) -> str:
    """Returns how many comparisons were judged together, at which level."""
    level = f"{100 * findings[0].level:.5g}" if findings else ""
    return (
        f"{many(len(findings), 'comparison')} here, judged together with all others of the policy: intervals are drawn "
        f"at {level} %, so that chance is accounted for (Benjamini-Hochberg). The pale band is what the policy allows."
    )


def leading(task: str) -> str:
    """Returns the metric that says best how good a model of a task is."""
    return "mean_absolute_error" if task == "regression" else "accuracy"


def standing(
    readings: pd.DataFrame, service: pd.DataFrame, findings: Sequence[Any]
) -> list[tuple[str, str, str, str | None]]:
    """Returns the overview's tiles: name, value, facts, state."""
    tiles = [_tile(readings, name, findings) for name in STANDING]
    for kind, name in (("fairness", "Fairness"), ("drift", "Drift")):
        states = Counter(f.state for f in findings if f.kind == kind)
        if states:
            worst = next(state for state in URGENT if states[state])
            tiles.append((name, f"{states['outside']} of {sum(states.values())}", "checks outside their range", worst))
    tiles.append(_tile(service, "latency_p95", findings))
    return [tile for tile in tiles if tile]


def _tile(readings: pd.DataFrame, metric: str, findings: Sequence[Any]) -> tuple[str, str, str, str | None] | None:
    row = one(readings, metric)
    if row is None:
        return None
    state = next((f.state for f in findings if f.metric == metric and f.group is None and f.feature is None), None)
    unit = unit_of(metric)
    made = made_of(row["numerator"], row["denominator"], unit)
    made += " cases" if made and " of " not in made else ""
    facts = "; ".join(part for part in (interval(row["low"], row["high"], unit), made) if part)
    return plain_title(metric), number(row["value"], unit), facts, state
