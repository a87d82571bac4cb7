"""Estimated readings: what performance and fairness will turn out to be, before the labels are there.

Every number comes from score-bin cells: a reference says what scores mean, in each group by itself; the window brings
its scores and decisions. A label that has already come is not used, so that the estimate is a forecast of the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics import METRICS, estimation_classes, forecast_contrasts, forecasts
from dashboard.metrics.estimation import Calibrator, Expected, Part, expected
from dashboard.metrics.estimation_classes import ClassesPart, ExpectedClasses, expected_classes
from dashboard.metrics.forecasts import Forecast
from dashboard.metrics.ranking import rounded_up
from dashboard.policy.windows import Window
from dashboard.rates import Measure, undefined
from dashboard.report.cells import UNWEIGHTED, Key, ordered
from dashboard.report.contrasts import NAMED
from dashboard.report.expected import Coming, Days, Means, adding_up, calibrated_on, coming, meanings
from dashboard.report.fairness import is_unknown, reference_group
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, period, reading

PREFIX = "estimated_"
EMPTY = "no case with a score and a decision lies outside the days that its version is calibrated on"


@dataclass(frozen=True)
class Group:
    """The cases of one group and version, and what scores mean there; `attribute` '' is everybody."""

    version: str
    group: str
    cases: Coming
    means: Means
    attribute: str

    @property
    def lacks(self) -> str:
        """Returns why the scores' meaning is not known here; "" where it is."""
        for name in self.cases.bins:
            meaning = self.means.get((self.version, self.group, name), "0 labels in the reference")
            if isinstance(meaning, str):
                return f"{name}: {meaning}" if name is not None else meaning
        return ""

    @property
    def calibrators(self) -> dict[str | None, Calibrator]:
        known = ((name, self.means.get((self.version, self.group, name))) for name in self.cases.bins)
        return {name: meaning for name, meaning in known if isinstance(meaning, Calibrator)}


def _cells(groups: Sequence[Group]) -> Expected | ExpectedClasses:
    """Returns the expected cells of groups together; asked only where nothing lacks."""
    if None in groups[0].cases.bins:
        return expected([_part(group.cases.bins[None], group.calibrators[None]) for group in groups])
    classes = [{str(name): cells for name, cells in group.cases.bins.items()} for group in groups]
    known = [{str(name): meaning for name, meaning in group.calibrators.items()} for group in groups]
    return expected_classes([ClassesPart(*both) for both in zip(classes, known, strict=True)])


def _part(decided: Mapping[str, NDArray[np.float64]], calibrator: Calibrator) -> Part:
    nothing = np.zeros(len(calibrator.scores))
    return Part(decided.get("0", nothing), decided.get("1", nothing), calibrator)


@dataclass(frozen=True)
class Outlook:
    """What is expected of one group in one period: the cells, or why there are none; and what a note says of them."""

    cells: Expected | ExpectedClasses | None
    n: int
    note: str = ""
    why: str = ""

    def forecast(self, metric: str) -> Forecast:
        """Returns the forecast of a metric, named without "estimated_"."""
        if self.cells is None:
            return Forecast(None, 0.0, forecasts.NOTHING, self.n, 0, why=self.why)
        if isinstance(self.cells, ExpectedClasses):
            return estimation_classes.forecast(metric, self.cells)
        return forecasts.forecast(metric, self.cells)

    def all(self, wanted: Sequence[str]) -> Iterator[tuple[str, str | None, Forecast]]:
        """Yields metric, class, forecast of what is wanted; several classes each against the rest, too."""
        of_classes = isinstance(self.cells, ExpectedClasses)
        for metric in wanted:
            if metric in (estimation_classes.OVERALL if of_classes else forecasts.METRICS) or self.cells is None:
                yield metric, None, self.forecast(metric)
        if isinstance(self.cells, ExpectedClasses):
            for name in self.cells.names:
                one = self.cells.against_rest(name)
                yield from ((m, name, forecasts.forecast(m, one)) for m in wanted if m in estimation_classes.OF_ONE)


def estimated_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields the `estimated_*` readings of a scope, for everybody or each group of its attributes.

    Only what is asked for by its name: where all of a kind is, the realised numbers stand, and none is mixed with them.
    """
    names = [name for name in METRICS if _is_estimate(source, name) and scope.names(name)]
    wanted = [name.removeprefix(PREFIX) for name in names]
    if not wanted:
        return
    refusal = _refusal(source, scope)
    if refusal:
        yield from _refused(source, scope, wanted, refusal)
        return
    for attribute in scope.attributes or ("",):
        yield from _performance(source, scope, attribute, [m for m in wanted if METRICS[m].kind == "performance"])
    contrasts = [metric for metric in wanted if METRICS[metric].kind == "fairness"]
    for attribute in _compared(source, scope) if contrasts else ():
        yield from _fairness(source, scope, attribute, contrasts)


def _is_estimate(source: Source, name: str) -> bool:
    task, plain = source.contract.task, name.removeprefix(PREFIX)
    of_task = task in METRICS[name].tasks or (task == "multiclass" and plain in estimation_classes.OF_ONE)
    return name.startswith(PREFIX) and of_task and task != "regression"


def _refusal(source: Source, scope: Scope) -> str:
    """Returns why nothing of the scope can be estimated; "" where that is not known yet."""
    if "weight" in source.contract.columns:
        return f"the log is a weighted sample, and {UNWEIGHTED}"
    if scope.reference is None:
        return "there is no reference window to learn from what scores mean: the log is too short for one"
    reference = Window(*scope.reference)
    if scope.by is None and Window(scope.since, scope.until).shares_a_day(reference):
        return f"the window shares days with the reference ({reference}), whose labels it would be estimated from"
    return ""


def _refused(source: Source, scope: Scope, wanted: Sequence[str], why: str) -> Iterator[Reading]:
    for metric in wanted:
        fair = METRICS[metric].kind == "fairness"
        for attribute in _compared(source, scope) if fair else scope.attributes or ("",):
            place = Place(None if scope.version == "*" else scope.version, attribute or None)
            yield reading(scope, PREFIX + metric, place, undefined(why))


def _compared(source: Source, scope: Scope) -> tuple[str, ...]:
    contract = source.contract
    return scope.attributes or (*contract.attribute_names, *("*".join(names) for names in contract.intersections))


def _performance(source: Source, scope: Scope, attribute: str, wanted: Sequence[str]) -> Iterator[Reading]:
    if not wanted:
        return
    found = outlooks(source, scope, attribute)
    if not found and not scope.by:
        version = None if scope.version == "*" else scope.version
        found = {(None, version, ""): Outlook(None, 0, why=EMPTY)}
    for (bucket, version, group), outlook in ordered(found):
        place = Place(version, attribute or None, group if attribute else None, bucket=bucket)
        for metric, of_class, forecast in outlook.all(wanted):
            measure = forecasts.measure(metric, forecast, outlook.note)
            note = _binning(outlook) if metric == "roc_auc" and not source.bins.score_exact else ""
            yield reading(scope, PREFIX + metric, replace(place, feature=of_class), measure, note)


def _binning(outlook: Outlook) -> str:
    if not isinstance(outlook.cells, Expected):
        return ""
    return f"binning moves it by at most {rounded_up(forecasts.binning_bound(outlook.cells))}"


def _fairness(source: Source, scope: Scope, attribute: str, wanted: Sequence[str]) -> Iterator[Reading]:
    periods: dict[tuple[date | None, str | None], dict[str, Outlook]] = defaultdict(dict)
    for (bucket, version, group), outlook in outlooks(source, scope, attribute).items():
        if not is_unknown(group):
            periods[bucket, version][group] = outlook
    base = reference_group(source, attribute)
    for (bucket, version), groups in ordered(periods):
        place = Place(version, attribute, bucket=bucket)
        note = next(iter(groups.values())).note
        for metric in wanted:
            if metric in NAMED:
                yield reading(scope, PREFIX + metric, place, named(metric, groups, note))
                continue
            for group in sorted(set(groups) - {base or ""}):
                there = Place(version, attribute, group, base, bucket=bucket)
                yield reading(scope, PREFIX + metric, there, contrast(metric, groups, group, base))


def contrast(metric: str, groups: Mapping[str, Outlook], group: str, base: str | None) -> Measure:
    """Returns a signed difference or a ratio of one group to the reference group, as it is expected."""
    rate, _, suffix = metric.rpartition("_")
    if base is None or base not in groups:
        return undefined(f"the reference group '{base}' has no rows here", groups[group].n)
    compare = forecast_contrasts.difference if suffix == "difference" else forecast_contrasts.ratio
    return compare(groups[group].forecast(rate), groups[base].forecast(rate), groups[group].note)


def named(metric: str, groups: Mapping[str, Outlook], note: str = "") -> Measure:
    """Returns one of fairlearn's largest-against-smallest numbers, as it is expected."""
    rates = [{group: each.forecast(rate) for group, each in groups.items()} for rate in NAMED[metric][1]]
    compare = (
        forecast_contrasts.largest_difference if metric.endswith("difference") else forecast_contrasts.smallest_ratio
    )
    return compare(rates, note)


def outlooks(source: Source, scope: Scope, attribute: str) -> dict[Key, Outlook]:
    """Returns what is expected of each group of an attribute ('' is everybody), by period and version.

    Everybody is the sum of the groups of the first attribute in which each has its own calibration; where there is no
    such attribute, all are calibrated together.
    """
    if scope.reference is None:
        return {}
    reference = scope.reference
    by_version = adding_up(source, reference) if not attribute else {}
    together: dict[Key, list[Group]] = defaultdict(list)
    for name in {attribute} if attribute else set(by_version.values()):
        means = meanings(source, reference, name)
        for (bucket, version, group), cases in coming(source, scope, reference, name).items():
            if attribute or by_version[version] == name:
                key = bucket, version if scope.version == "*" else scope.version, group if attribute else ""
                together[key].append(Group(version, group, cases, means, name))
    return {key: _outlook(source, scope, key[0], parts, bool(attribute)) for key, parts in together.items()}


def _outlook(source: Source, scope: Scope, bucket: date | None, parts: Sequence[Group], alone: bool) -> Outlook:
    n = sum(part.cases.n for part in parts)
    days = Window(*period(scope, bucket))
    reference = Window(*scope.reference) if scope.reference else None
    if reference is None or days.shares_a_day(reference):
        return Outlook(None, n, why=f"the period shares days with the reference ({reference})")
    several = len({part.version for part in parts}) > 1
    lacking = [f"{part.version}: {part.lacks}" if several else part.lacks for part in parts if part.lacks]
    if lacking:
        return Outlook(None, n, why="; ".join(dict.fromkeys(lacking)))
    notes = [*_calibration(source, (reference.since, reference.until), parts, days, alone), _arrived(parts, n)]
    return Outlook(_cells(parts), n, "; ".join(notes))


def _calibration(source: Source, reference: Days, parts: Sequence[Group], days: Window, alone: bool) -> Iterator[str]:
    """Yields what a reader must know of the calibration: on what, of whom, what is left out for it."""
    on = calibrated_on(source, reference)
    windows = {version: Window(*on[version]) for version in sorted({part.version for part in parts})}
    labels = _labels(parts)
    yield f"calibrated on {labels:,} labels of {' and '.join(dict.fromkeys(map(str, windows.values())))}"
    names = sorted({part.attribute for part in parts})
    if not alone:
        yield " and ".join(
            f"the groups of {name} added up" if name else "everybody calibrated together" for name in names
        )
    left_out = [str(window) for window in windows.values() if window.shares_a_day(days)]
    if left_out:
        yield f"cases of {' and '.join(dict.fromkeys(left_out))} left out"


def _labels(parts: Sequence[Group]) -> int:
    unique = {(part.version, part.group): next(iter(part.calibrators.values())) for part in parts}
    return sum(each.negatives + each.positives for each in unique.values())


def _arrived(parts: Sequence[Group], n: int) -> str:
    labelled = sum(part.cases.labelled for part in parts)
    return f"{labelled:,} of {n:,} labels have come and are not used" if labelled else "no label has come yet"
