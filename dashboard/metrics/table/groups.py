"""More ways in which groups differ: a group against everybody, the groups furthest apart, errors of a predicted number.

Of the rates they are read by their names only: each says again, of other groups, what the contrasts with the reference
say.
"""

from __future__ import annotations

from dataclasses import replace

from dashboard.metrics.table.entry import DIFFERENCE_SOURCE, PAIRS_SOURCE, Metric, entry
from dashboard.metrics.table.performance import PERFORMANCE
from dashboard.metrics.table.rates import RATES
from dashboard.metrics.table.regression import REGRESSION

OVERALL, GAP = "_overall_difference", "_gap"
_NEEDS_GROUPS = "attribute"
OF_ERRORS = ("mean_error", "mean_absolute_error", "beyond_tolerance_rate")  # of a regression, group by group
_OF_MEANS = "MOVER (Zou 2007) of the two Student's t intervals"
_OF_FAIRLEARN = {
    "selection_rate": "demographic_parity_difference",
    "true_positive_rate": "equal_opportunity_difference",
}


def _against_all(rate: Metric) -> Metric:
    return entry(
        rate.name + OVERALL, f"Difference of {_plain(rate)} from everybody",
        f"{rate.question} How much more or less in this group than in all groups together?",
        f"{rate.name} of the group - {rate.name} of all groups together = (1 - w)(group - rest), w = the group's share "
        "of the denominator", "near zero", _needs(rate), kind="fairness", unit="points",
        source=f"{DIFFERENCE_SOURCE}, of group against rest, times 1 - w", tasks=rate.tasks,
        complement=rate.complement and rate.complement + OVERALL, family=rate.family + OVERALL,
    )  # fmt: skip


def _gap(rate: Metric) -> Metric:
    return entry(
        rate.name + GAP, f"Gap in {_plain(rate)}",
        f"{rate.question} How far apart are the groups furthest apart?",
        f"largest - smallest {rate.name} of the groups", "near zero", _needs(rate), kind="fairness", unit="points",
        source=f"{PAIRS_SOURCE} by {DIFFERENCE_SOURCE}", tasks=rate.tasks,
        complement=rate.complement and rate.complement + GAP,
        family=_OF_FAIRLEARN.get(rate.family, rate.family + GAP),
    )  # fmt: skip


def _of_errors(error: Metric) -> Metric:
    return replace(
        error, name=f"{error.name}_difference", title=f"Difference of {_plain(error)}", kind="fairness",
        question=f"{error.question} How much more or less in this group than in the reference group?",
        formula=f"{error.name} of the group - {error.name} of the reference", better="near zero",
        needs=error.needs | {_NEEDS_GROUPS}, unit="points" if error.unit == "share" else error.unit,
        source=DIFFERENCE_SOURCE if error.unit == "share" else _OF_MEANS,
        family=f"{error.name}_difference",
    )  # fmt: skip


def _of_area(area: Metric) -> Metric:
    return replace(
        area, name=f"{area.name}_difference", title=f"Difference of {_small(area.title)}", kind="fairness",
        question=f"{area.question} How much more or less in this group than in the reference group?",
        formula=f"{area.name} of the group - {area.name} of the reference", better="near zero", unit="difference",
        needs=area.needs | {_NEEDS_GROUPS}, source="MOVER (Zou 2007) of the two intervals of DeLong or Newcombe",
        family=f"{area.name}_difference",
    )  # fmt: skip


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _needs(rate: Metric) -> str:
    return " ".join(sorted(rate.needs | {_NEEDS_GROUPS}))


def _plain(metric: Metric) -> str:
    return metric.name.replace("_", " ")


GROUPS: tuple[Metric, ...] = (
    *(_against_all(rate) for rate in RATES.values()),
    *(_gap(rate) for rate in RATES.values()),
    *(_of_errors(error) for error in REGRESSION if error.name in OF_ERRORS),
)
AREAS: tuple[Metric, ...] = tuple(_of_area(area) for area in PERFORMANCE if area.name == "roc_auc")
