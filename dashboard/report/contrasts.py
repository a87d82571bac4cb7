"""Groups compared in every way there is: to the reference, to everybody, the furthest apart, in Aequitas' words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from dashboard.metrics import METRICS, aequitas, fairness, overall
from dashboard.metrics.performance import Confusion
from dashboard.metrics.table.aequitas import DISPARITY, SHORT
from dashboard.metrics.table.groups import GAP, OVERALL
from dashboard.rates import Difference, Estimate, Measure, Rate, Ratio, undefined
from dashboard.report.scope import Place, Reading, Scope, reading

NAMED: dict[str, tuple[Callable[..., Estimate], tuple[str, ...]]] = {
    "demographic_parity_difference": (fairness.demographic_parity_difference, ("selection_rate",)),
    "demographic_parity_ratio": (fairness.demographic_parity_ratio, ("selection_rate",)),
    "equalized_odds_difference": (fairness.equalized_odds_difference, ("true_positive_rate", "false_positive_rate")),
    "equalized_odds_ratio": (fairness.equalized_odds_ratio, ("true_positive_rate", "false_positive_rate")),
    "equal_opportunity_difference": (fairness.equal_opportunity_difference, ("true_positive_rate",)),
    "equal_opportunity_ratio": (fairness.equal_opportunity_ratio, ("true_positive_rate",)),
}
Groups = Mapping[str, Rate]
Words = Callable[[str, str, Measure], str]  # rate, group, its difference -> what missing labels could make of it


@dataclass(frozen=True)
class View:
    """What is compared: the cells of each group and the rates that are made of them, with the reference's name.

    `asks` says whether a metric is wanted here. `note` counts the rows that are in no group.
    """

    scope: Scope
    place: Place
    cells: Mapping[str, Confusion]
    functions: Mapping[str, Callable[[Confusion], Rate]]
    base: str | None
    asks: Callable[[str], bool]
    missing: Words
    note: str = ""

    @cached_property
    def _made(self) -> dict[str, Groups]:
        return {}

    def rates(self, name: str) -> Groups:
        """Returns a rate of every group; of many groups what nobody asks for would take longer than what is asked."""
        if name not in self._made:
            self._made[name] = {group: self.functions[name](cells) for group, cells in self.cells.items()}
        return self._made[name]

    def reading(
        self, metric: str, measure: Measure, group: str | None = None, to: bool = False, note: str = ""
    ) -> Reading:
        """Returns a measure of a group, or of all groups together, as a reading; `to` the reference."""
        place = replace(self.place, group=group, reference=self.base if to else None)
        return reading(self.scope, metric, place, measure, note)


def contrasts_of(view: View) -> Iterator[Reading]:
    """Yields the view's contrasts; those to everybody, gaps and Aequitas' names where they are asked for by name."""
    yield from _to_reference(view)
    yield from _to_everybody(view)
    yield from _largest(view)
    yield from _in_aequitas_words(view)


def measured(contrast: Callable[[Rate, Rate], Measure], rates: Groups, base: str | None) -> dict[str, Measure]:
    """Returns the contrast of every other group with the reference; of every group where the reference has no rows."""
    if base is None or base not in rates:
        return {group: undefined(absent(base), rate.n) for group, rate in rates.items()}
    return {group: contrast(rate, rates[base]) for group, rate in rates.items() if group != base}


def absent(base: str | None) -> str:
    """Returns why nothing can be compared with a reference that does not occur."""
    return f"the reference group '{base}' has no rows here"


def _to_reference(view: View) -> Iterator[Reading]:
    for name in view.functions:
        for suffix, contrast in (("difference", Difference), ("ratio", Ratio)):
            metric = f"{name}_{suffix}"
            if not view.asks(metric):
                continue
            for group, measure in measured(contrast, view.rates(name), view.base).items():
                note = view.missing(name, group, measure) if suffix == "difference" else ""
                yield view.reading(metric, measure, group, to=True, note=note)


def _to_everybody(view: View) -> Iterator[Reading]:
    names = [name for name in view.functions if view.scope.names(name + OVERALL)]
    others = overall.rests(view.cells) if names else {}
    for name in names:
        rests = {group: view.functions[name](cells) for group, cells in others.items()}
        for group, measure in overall.from_overall(view.rates(name), rests).items():
            yield view.reading(name + OVERALL, measure, group, note=view.note)


def _largest(view: View) -> Iterator[Reading]:
    for metric, (function, needed) in NAMED.items():
        if view.asks(metric) and all(name in view.functions for name in needed):
            yield view.reading(metric, function(*(view.rates(name) for name in needed)), note=view.note)
    for name in view.functions:
        if view.scope.names(name + GAP):
            yield view.reading(name + GAP, fairness.largest_difference(view.rates(name)), note=view.note)


def _in_aequitas_words(view: View) -> Iterator[Reading]:
    for short, name in SHORT.items():
        if name not in view.functions:
            continue
        if short != name and view.scope.names(short):
            yield from (view.reading(short, rate, group) for group, rate in view.rates(name).items())
        if short + DISPARITY in METRICS and view.scope.names(short + DISPARITY):
            ratios = measured(Ratio, view.rates(name), view.base).items()
            yield from (view.reading(short + DISPARITY, ratio, group, to=True) for group, ratio in ratios)
    if "selection_rate" in view.functions:
        yield from _selected(view)


def _selected(view: View) -> Iterator[Reading]:
    if view.scope.names("ppr"):
        for group, rate in aequitas.ppr(view.cells).items():
            yield view.reading("ppr", rate, group, note=view.note)
    if not view.scope.names("ppr_disparity"):
        return
    if view.base is not None and view.base in view.cells:
        found = aequitas.ppr_disparity(view.cells, view.base)
    else:
        found = {group: undefined(absent(view.base), cells.n) for group, cells in view.cells.items()}
    for group, measure in found.items():
        yield view.reading("ppr_disparity", measure, group, to=True)
