"""The fairness page's views on one rate: its groups side by side, before labels arrive, in one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from dashboard import charts
from dashboard.charts import words
from dashboard.metrics.table.aequitas import DISPARITY, SHORT
from dashboard.metrics.table.fairness import NAMED
from dashboard.metrics.table.groups import GAP, OF_ERRORS
from dashboard.policy import Finding
from dashboard.ui import estimates, fairness_words, headlines, labels, load, parts, say, verdicts
from dashboard.ui.load import estimates as estimated
from dashboard.ui.load import fairness as numbers
from dashboard.ui.state import Scope

ALL_CLASSES = "all"
LISTED, FEWER = 6, 200  # findings as sentences: openly, and in the box below


@dataclass(frozen=True)
class Asked:
    """What the page was asked: a rate of the scope's groups; its readings, and the findings on its contrasts.

    `of_attribute` are the findings on all contrasts by the attribute, `counts` the rows of every group.
    """

    scope: Scope
    metric: str
    reference: str | None
    rates: pd.DataFrame
    findings: Sequence[Finding]
    of_attribute: Sequence[Finding] = ()
    counts: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def attribute(self) -> str:
        """The attribute or intersection whose groups are looked at; the page stops where there is none."""
        return self.scope.attribute or ""

    @property
    def late(self) -> bool:
        """Whether the rate waits for labels."""
        return verdicts.needs_labels(self.metric)

    @property
    def computed(self) -> bool:
        """Whether any known group's rate has a value."""
        return bool(verdicts.known_groups(self.rates)[0]["value"].notna().any())

    @property
    def waiting(self) -> bool:
        """Whether there are groups, and only their labels are to come."""
        return self.late and not self.computed and len(verdicts.known_groups(self.counts)[0]) > 0


def of_class(scope: Scope) -> Scope:
    """Returns the scope with the class that is chosen; of a model without classes as it is."""
    contract = load.contract(scope.model)
    if contract.task != "multiclass":
        return scope
    said = {ALL_CLASSES: "all classes (right or wrong)"}
    said |= {name: f"{name} against the rest" for name in load.class_names(scope.model)}
    chosen = parts.linked_box("Class", "class", said, width=260)
    return scope if chosen == ALL_CLASSES else replace(scope, of_class=chosen)


def asked_of(scope: Scope, metric: str) -> Asked:
    """Returns what the page reads whichever view is open."""
    found = [
        f for f in load.findings(scope, "fairness") if (f.attribute, f.feature) == (scope.attribute, scope.of_class)
    ]
    late = verdicts.needs_labels(metric)
    rates = load.readings(scope, (metric,), ("performance",), labels=late, attribute=scope.attribute)
    about = verdicts.about(found, scope.attribute, metric, scope.of_class)
    return Asked(scope, metric, load.reference(scope), rates, about, found, numbers.counts(scope, late))


def opening(asked: Asked) -> None:
    """Does open the page: its sentence, the days, what is positive, who is missing, what is outside elsewhere."""
    scope, contract = asked.scope, load.contract(asked.scope.model)
    elsewhere = verdicts.elsewhere(load.findings(scope, "fairness"), scope.attribute, asked.metric, scope.of_class)
    of = (asked.metric, asked.attribute, asked.reference, scope.of_class)
    says, more = fairness_words.opening(asked.counts, asked.rates, asked.findings, of, elsewhere)
    parts.sentence("Fairness", "Is anyone treated worse, and are we sure?", says, more)
    positive = say.positive(contract, scope.of_class) if asked.metric not in OF_ERRORS else ""
    parts.note(" ".join(part for part in (_days(asked), positive) if part))
    parts.note(fairness_words.on_top(asked.counts, asked.attribute))
    if asked.late:
        labels.careful(scope)
    for attribute, rate, of_class, n in elsewhere:
        there = {"class": of_class or ALL_CLASSES} if contract.task == "multiclass" else {}
        told = say.outside_elsewhere(attribute, rate, of_class, n)
        parts.link("fairness", told, attribute=attribute, metric=rate, **there)


def _days(asked: Asked) -> str:
    """Returns the days that are looked at, and whether their labels are complete where any are there."""
    window = load.days(asked.scope, labels=asked.late)
    if asked.late and not asked.computed:
        return f"{words.window(*window, year=True)}."
    return say.window(window, load.complete_until(asked.scope.model) if asked.late else None)


def uncomputed(asked: Asked) -> None:
    """Does say why nothing can be computed and what can be looked at instead."""
    known, _ = verdicts.known_groups(asked.counts)
    if known.empty:
        parts.nothing("Nothing can be compared here.", "Choose another attribute or window.")
    elif asked.late:
        parts.nothing(
            "Nothing can be computed here.", "Labels may be missing in this window: choose an earlier one.",
            "What is estimated before they arrive stands under “Before labels”.",
        )  # fmt: skip
        if load.contract(asked.scope.model).decides:
            parts.link("fairness", "The selection rate needs no labels →", metric="selection_rate")
    else:
        parts.nothing("Nothing can be computed here.", "No case of this window has a decision.")


def by_group(asked: Asked) -> None:
    """Does draw each group's difference to the reference, list what was found, draw each group's rate, table both."""
    known, unknown = verdicts.known_groups(asked.rates)
    differences = _differences(asked)
    if differences["value"].notna().any():
        how = headlines.judged(asked.findings) if asked.findings else "No rule judges it: each with its 95 % interval."
        parts.section(verdicts.contrast(asked.findings, say.group(asked.reference)), how)
        shown = verdicts.drawn(differences, asked.reference)
        figure = charts.interval_dots(shown, asked.findings[0].allowed if asked.findings else None)
        parts.picture(figure, f"{asked.metric}-difference", say.alt(shown), states=shown["state"])
        parts.note(say.some(shown, differences, "the others stand below the table"))
    told(asked)
    title, by = words.title(asked.metric), say.plain(asked.attribute)
    parts.section(words.question(asked.metric), f"{title}, each group by itself, with its 95 % interval.")
    shown = verdicts.chosen(known, differences, asked.reference)
    parts.picture(charts.interval_dots(shown, reference=asked.reference), asked.metric, say.alt(shown))
    parts.fairness_table(shown, differences, f"{title} by {by}")
    both = verdicts.together(asked.rates, differences)
    _others(both[~both["group"].isin(set(shown["group"]) | set(unknown["group"]))])
    parts.note(fairness_words.unknown(verdicts.known_groups(asked.counts)[1], asked.counts, asked.attribute))
    parts.download(both, f"{asked.metric}-by-{asked.attribute}")


def _differences(asked: Asked) -> pd.DataFrame:
    """Returns each group's contrast as the policy judges it; where no rule does, its difference without a state."""
    if asked.findings:
        return verdicts.judged(asked.findings)
    return numbers.gaps(asked.scope, [f"{asked.metric}_difference"]).assign(state=None)


def told(asked: Asked) -> None:
    """Does list the findings by the attribute: openly what is outside or can't be told, worst first; else in a box."""
    if not asked.of_attribute:
        return
    parts.section(f"What the policy finds by {say.plain(asked.attribute)}")
    urgent = [f for f in asked.of_attribute if f.state in ("outside", "inconclusive")]
    listed = sorted(urgent, key=lambda f: (headlines.URGENT.index(f.state), f not in asked.findings))[:LISTED]
    parts.findings([(f.state, f.sentence) for f in listed])
    rest = [f for f in asked.of_attribute if f not in listed]
    box = parts.opened(fairness_words.others(rest, asked.attribute, bool(listed)), "more-findings") if rest else None
    if box is not None:
        with box:
            parts.findings([(f.state, f.sentence) for f in rest[:FEWER]])
            if len(rest) > FEWER:
                parts.note(f"The first {FEWER} of {len(rest):,} are listed; the download has all.")
            parts.download(verdicts.frame(asked.of_attribute), f"findings-by-{asked.attribute}")


def _others(rest: pd.DataFrame) -> None:
    """Does hold the groups that there is no room for, in a box that is shut at first."""
    box = parts.opened(f"{say.many(rest['group'].nunique(), 'other group')}", "other-groups") if len(rest) else None
    if box is not None:
        with box:
            columns = ["group", "value", "low", "high", "numerator", "denominator", "n", "note"]
            more = ["contrast_value", "contrast_low", "contrast_high", "contrast_state"]
            parts.grid(rest[[name for name in (*columns, *more) if name in rest]], "other-groups", "The other groups")


def before_labels(asked: Asked) -> None:
    """Does show what the rate is estimated to be before labels arrive."""
    if not asked.late:
        parts.nothing("This rate needs no labels.", "It is known for every day of the log.")
    elif asked.scope.of_class or f"{asked.metric}_difference" not in estimated.metrics(asked.scope, "fairness"):
        parts.nothing(
            "How groups differ in this is not estimated before the labels are there.", "Performance has what is."
        )
    else:
        estimates.by_group(asked.scope, asked.metric)


def summary(asked: Asked) -> None:
    """Does list the field's own numbers, largest against smallest group; gaps and Aequitas' ratios when asked for."""
    attribute, known = asked.attribute, [name for name in verdicts.rates(asked.scope) if name not in OF_ERRORS]
    names = tuple(metric.name for metric in NAMED) if "selection_rate" in known else ()
    named = (
        load.readings(asked.scope, names, ("fairness",), labels=True, attribute=attribute) if names else pd.DataFrame()
    )
    if named.empty:
        parts.nothing("fairlearn’s numbers are of a decision.", "Choose a class, or name a cut-off in the contract.")
    else:
        parts.readings_table(named, "As fairlearn defines them, with intervals over all pairs of groups", by="metric")
        parts.download(named, f"summary-by-{attribute}")
    gaps = parts.opened("Gaps: the two groups furthest apart, rate by rate", "gaps") if known else None
    if gaps is not None:
        with gaps:
            found = numbers.gaps(asked.scope, [name + GAP for name in known])
            parts.readings_table(found, "Largest minus smallest, with intervals over all pairs of groups", by="metric")
            parts.download(found, f"gaps-by-{attribute}")
    short = [name for name, of in SHORT.items() if of in known and name != "prev"]
    box = parts.opened("Aequitas’ disparities: each group’s rate over the reference’s", "aequitas") if short else None
    if box is not None:
        with box:
            _disparities(asked, [*(name + DISPARITY for name in short), "ppr" + DISPARITY])


def _disparities(asked: Asked, metrics: Sequence[str]) -> None:
    found = numbers.gaps(asked.scope, metrics)
    if found.empty:
        parts.nothing("There is no group beside the reference.", "A disparity needs two groups.")
        return
    shown = verdicts.drawn(found, asked.reference)
    rows = [
        {"Group": words.group_name(group)}
        | {metric.removesuffix(DISPARITY): say.value_and_interval(row) for metric, row in _by_metric(of_group)}
        for group, of_group in verdicts.known_groups(shown)[0].groupby("group", sort=False)
    ]
    columns = [metric.removesuffix(DISPARITY) for metric in dict.fromkeys(shown["metric"])]
    parts.table(rows, "Times the rate of the reference, 1 is alike, with the 95 % interval", numbers=columns)
    parts.note(say.some(shown, found, "the download has all"))
    parts.download(found, f"disparities-by-{asked.attribute}")


def _by_metric(readings: pd.DataFrame) -> list[tuple[str, dict[str, object]]]:
    return [(str(row["metric"]), {str(k): v for k, v in row.items()}) for row in readings.to_dict("records")]
