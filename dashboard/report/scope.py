"""The scope of a question: days, versions, attributes and features, by which period; and the reading it ends in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from dashboard.contract import Contract
from dashboard.errors import EvenhandError, nearest
from dashboard.metrics import METRICS
from dashboard.policy.text import PARTS
from dashboard.rates import Measure

DAYS = {"day": 1, "week": 7}
KINDS = ("performance", "fairness", "drift", "service", "data")
COLUMNS = (
    "kind", "metric", "attribute", "group", "reference", "feature", "version", "since", "until",
    "value", "low", "high", "n", "numerator", "denominator", "method", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """What is asked. `until` is exclusive; `version` is None (all together), "*" (each by itself) or a name.

    `attributes` are names of attributes or intersections; () is everybody. `reference` is the window that drift is
    measured against; it shares no day with the scope's. From `complete_until` on labels are still coming, which is
    noted; where `matured`, what needs labels is read up to that day only. `versus` is the version that `version` is
    compared with.
    """

    since: date
    until: date
    version: str | None = None
    attributes: tuple[str, ...] = ()
    features: tuple[str, ...] | None = None
    by: str | None = None  # day, week, month, or a number of days counted from `since`
    kinds: tuple[str, ...] = KINDS
    metrics: tuple[str, ...] | None = None
    reference: tuple[date, date] | None = None
    reference_windows: tuple[tuple[date, date], ...] = ()
    complete_until: date | None = None
    matured: bool = False
    versus: str | None = None
    everything: bool = False  # `metrics` are all there are, split: none of them was asked for by its name

    def wants(self, metric: str) -> bool:
        """Returns whether the metric is asked for."""
        return METRICS[metric].kind in self.kinds and (self.metrics is None or metric in self.metrics)

    def names(self, metric: str) -> bool:
        """Returns whether the metric is asked for by its name, so that its absence has to be explained."""
        return self.metrics is not None and not self.everything and self.wants(metric)

    def any_of(self, *names: str) -> bool:
        return any(self.wants(name) for name in names)

    def parts(self) -> tuple[Scope, ...]:
        """Returns what needs labels, ending where they are complete, and the rest; only itself unless `matured`."""
        if not self.matured or self.complete_until is None or self.complete_until >= self.until:
            return (self,)
        names = [name for name in METRICS if self.wants(name)]
        labelled = tuple(name for name in names if needs_labels(name))
        others = tuple(name for name in names if name not in labelled)
        whole = replace(self, everything=self.metrics is None or self.everything)
        halves = (replace(whole, until=self.complete_until, metrics=labelled), replace(whole, metrics=others))
        return tuple(replace(half, kinds=half.kinds_wanted()) for half in halves if half.metrics)

    def kinds_wanted(self) -> tuple[str, ...]:
        """Returns the kinds of which a metric is asked for."""
        kinds = {metric.kind for name, metric in METRICS.items() if self.wants(name)}
        return tuple(kind for kind in self.kinds if kind in kinds)

    def parameters(self, contract: Contract, **more: Any) -> dict[str, Any]:
        """Returns the parameters that the reading statements share."""
        return {
            "since": self.since,
            "until": self.until,
            "version": self.version,
            "shadow": list(contract.shadow),
            "by": self.by,
        } | more


@dataclass(frozen=True)
class Place:
    """What a measure is about."""

    version: str | None = None
    attribute: str | None = None
    group: str | None = None
    reference: str | None = None
    feature: str | None = None
    bucket: date | None = None


@dataclass(frozen=True)
class Reading:
    """One number with its interval and everything that says what it is. `since` and `until` are ISO dates."""

    kind: str
    metric: str
    attribute: str | None
    group: str | None
    reference: str | None
    feature: str | None
    version: str | None
    since: str
    until: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    numerator: float | None
    denominator: float | None
    method: str
    note: str
    measure: Measure | None = field(default=None, compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Returns exactly the keys that `readings --format json` prints."""
        return {name: getattr(self, name) for name in COLUMNS}


def needs_labels(metric: str) -> bool:
    """Returns whether a metric waits for labels.

    >>> needs_labels("accuracy"), needs_labels("selection_rate")
    (True, False)
    """
    return "labels" in METRICS[metric].needs


def reading(scope: Scope, metric: str, place: Place, measure: Measure, note: str = "") -> Reading:
    """Returns a measure as a reading, with its pointwise 95 % interval."""
    low, high = measure.interval(0.95) if measure.value is not None else (None, None)
    since, until = period(scope, place.bucket)
    return Reading(
        kind=METRICS[metric].kind,
        metric=metric,
        attribute=place.attribute,
        group=place.group,
        reference=place.reference,
        feature=place.feature,
        version=place.version,
        since=since.isoformat(),
        until=until.isoformat(),
        value=_plain(measure.value),
        low=_plain(low),
        high=_plain(high),
        n=int(measure.n),
        numerator=_plain(measure.numerator),
        denominator=_plain(measure.denominator),
        method=measure.method,
        note="; ".join(part for part in (measure.note, note, _labels_note(scope, metric, until)) if part),
        measure=measure,
    )


def _labels_note(scope: Scope, metric: str, until: date) -> str:
    if scope.complete_until is None or not needs_labels(metric):
        return ""
    if until > scope.complete_until:
        return "labels still coming"
    return f"labels complete to {scope.complete_until - timedelta(days=1)}" if scope.matured else ""


def _plain(number: float | int | None) -> float | int | None:
    return None if number is None else int(number) if isinstance(number, int) else float(number)


def period(scope: Scope, bucket: date | None) -> tuple[date, date]:
    """Returns the days of a bucket, cut to the scope's window."""
    if bucket is None or scope.by is None:
        return scope.since, scope.until
    if scope.by == "month":
        end = date(bucket.year + bucket.month // 12, bucket.month % 12 + 1, 1)
    else:
        end = bucket + timedelta(days=DAYS.get(scope.by) or int(scope.by))
    return max(bucket, scope.since), min(end, scope.until)


def check_names(contract: Contract, attributes: tuple[str, ...], features: tuple[str, ...] | None) -> None:
    """Does refuse an attribute, intersection or feature that the contract does not have, naming the nearest."""
    known = [*contract.attribute_names, *("*".join(names) for names in contract.intersections)]
    for name in attributes:
        if name not in known:
            raise EvenhandError(f"The contract has no attribute '{name}'", todo=nearest(name, known))
    columns = [
        *(feature.name for feature in contract.features),
        *contract.own_features,
        *contract.classes,
    ]
    for name in features or ():
        column, part, _ = name.partition("=")
        if part and column in PARTS:  # answers of one endpoint or status
            if column not in contract.columns:
                raise EvenhandError(f"The contract names no {column}", todo=f"Name its column in [columns]: {column}")
        elif name not in columns:
            raise EvenhandError(f"The contract has no feature '{name}'", todo=nearest(name, columns))
