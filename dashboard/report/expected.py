"""What estimates rest on: the days that calibrate a version, what its scores mean in each group, the cases to come."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.contract import Contract
from dashboard.metrics.estimation import LABELS, OF_EACH, Calibrator, calibrate, too_few
from dashboard.policy.windows import EVERY
from dashboard.report.cells import arrays, rows
from dashboard.report.labels import complete_until
from dashboard.report.performance import Source
from dashboard.report.scope import Scope

Days = tuple[date, date]
Means = dict[tuple[str, str, str | None], Calibrator | str]  # version, group, class: what scores mean, or why unknown
Where = tuple[date | None, str, str]  # bucket, version, group
Floats = NDArray[np.float64]


@dataclass
class Coming:
    """Cases of one group, version and period: counts by decision and bin, per class of a multiclass model.

    `labelled` of them have their label already; no estimate uses it.
    """

    bins: dict[str | None, dict[str, Floats]] = field(default_factory=dict)  # class, decision
    labelled: int = 0

    @property
    def n(self) -> int:
        return int(sum(counts.sum() for counts in next(iter(self.bins.values()), {}).values()))


def calibrated_on(source: Source, reference: Days) -> dict[str, Days]:
    """Returns the days that each version is calibrated on: the reference, where the version has labels in it.

    Another version's scores may mean something else, so one that came later is calibrated on its own first 28 days.
    Days whose labels are still coming are in no calibration: the early ones are not like the late.
    """
    found: dict[str, Days] = source.snapshot.once(("calibrated on", reference), lambda: _days(source, reference))
    return found


def settled(source: Source) -> date:
    """Returns the day from which on labels are still coming."""
    ((first, last, *_),) = rows(source.snapshot, "extent", {})
    found: date = source.snapshot.once("settled", lambda: complete_until(source.snapshot, first, last))
    return found


def _days(source: Source, reference: Days) -> dict[str, Days]:
    asked = {"since": reference[0], "until": reference[1]}
    found: dict[str, Days] = {}
    for version, began, labels in rows(source.snapshot, "first_labels", asked):
        since, until = reference if labels >= LABELS else (began, began + timedelta(days=EVERY))
        found[version] = since, max(since, min(until, settled(source)))
    return found


def adding_up(source: Source, reference: Days) -> dict[str, str]:
    """Returns, by version, the attribute whose groups add up to everybody: the first in which each can be calibrated.

    '' where there is none: everybody is then calibrated together. It is the same for every window of the log.
    """
    key = ("adding up", reference)
    found: dict[str, str] = source.snapshot.once(key, lambda: _adding_up(source, reference))
    return found


def _adding_up(source: Source, reference: Days) -> dict[str, str]:
    # An attribute with very many groups has score bins for the largest of them only.
    names = [name for name in source.contract.attribute_names if name not in source.bins.groups]
    groups: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    asked = _windows(source, reference) | {"attributes": names}
    for attribute, version, group, label, n in rows(source.snapshot, "group_labels", asked):
        groups[version, attribute][group] += [n] if label is not None else []
    return {
        version: next((name for name in names if all(map(_enough, groups[version, name].values()))), "")
        for version in calibrated_on(source, reference)
    }


def _enough(counts: Sequence[int]) -> bool:
    """Returns whether a group's labels, counted by label, suffice for a calibration of its own."""
    return len(counts) > 1 and sum(counts) >= LABELS and min(counts) >= OF_EACH


def _windows(source: Source, reference: Days) -> dict[str, Any]:
    days = calibrated_on(source, reference)
    since, until = ([window[side] for window in days.values()] for side in (0, 1))
    return {"versions": list(days), "since": since, "until": until}


def meanings(source: Source, reference: Days, attribute: str) -> Means:
    """Returns what scores mean in each of an attribute's groups ('' is everybody), by version; kept with the rollup."""
    key = ("meanings", reference, attribute)
    found: Means = source.snapshot.once(key, lambda: _meanings(source, reference, attribute))
    return found


def _meanings(source: Source, reference: Days, attribute: str) -> Means:
    days = calibrated_on(source, reference)
    scores = np.array(source.bins.score_values)
    found: Means = {}
    asked = _windows(source, reference) | {"attribute": attribute}
    for version, group, label, places, positives, bins, counts in arrays(source.snapshot, "reference_bins", asked):
        since, until = days[version]
        shape = ((until - since).days, 2, len(scores))
        flat = np.ravel_multi_index((places, positives, bins), shape)
        by_day = np.bincount(flat, weights=counts, minlength=math.prod(shape)).astype(np.int64).reshape(shape)
        why = too_few(by_day)
        ordinals = since.toordinal() + np.arange(len(by_day))
        found[version, group, label] = why or calibrate(by_day, scores, ordinals)
    return found


def chosen(contract: Contract, version: str | None, known: dict[str, Days]) -> list[str]:
    """Returns the versions that a scope's `version` means: None is all but shadows, "*" every one."""
    if version is None:
        return [name for name in known if name not in contract.shadow]
    return list(known) if version == "*" else [version]


def coming(source: Source, scope: Scope, reference: Days, attribute: str) -> dict[Where, Coming]:
    """Returns the decided cases of a scope by score bin, those of days that their version is calibrated on left out."""
    days = calibrated_on(source, reference)
    versions = [name for name in chosen(source.contract, scope.version, days) if name in days]
    left_out, kept = ([days[name][side] for name in versions] for side in (0, 1))
    asked: dict[str, Any] = {"since": scope.since, "until": scope.until, "by": scope.by, "attribute": attribute}
    asked |= {"versions": versions, "left_out": left_out, "kept": kept}
    found: dict[Where, Coming] = defaultdict(Coming)
    size = len(source.bins.score_values)
    for bucket, version, group, label, decision, bins, counts, labelled in arrays(
        source.snapshot, "expected_bins", asked
    ):
        cases = found[bucket, version, group]
        by_decision = cases.bins.setdefault(label, {})
        by_decision[decision] = np.bincount(bins, weights=counts, minlength=size).astype(float)
        cases.labelled += labelled if len(cases.bins) == 1 else 0
    return dict(found)
