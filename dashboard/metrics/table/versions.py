"""How a version differs from another: the signed difference of each metric, this version minus the other."""

from __future__ import annotations

from dataclasses import replace

from dashboard.metrics.table.entry import DIFFERENCE_SOURCE, Metric, without_cutoff
from dashboard.metrics.table.performance import PERFORMANCE
from dashboard.metrics.table.rates import RATES
from dashboard.metrics.table.regression import REGRESSION

SUFFIX = "_version_difference"
_PAIRED = "paired where both scored the same cases"
_SOURCES = {
    "share": f"Newcombe (1998), {_PAIRED}; else {DIFFERENCE_SOURCE}",
    "score": f"MOVER (Zou 2007) of the two intervals, {_PAIRED} with their correlation",
    "label": "MOVER (Zou 2007) of the two intervals",
}
_COMPARED = (
    "accuracy", "true_positive_rate", "true_negative_rate", "false_positive_rate", "false_negative_rate", "precision",
    "negative_predictive_value", "selection_rate", "f1", "roc_auc", "mean_absolute_error",
    "root_mean_squared_error",
)  # fmt: skip
_UNITS = {"share": "points", "score": "difference"}


def _contrast(metric: Metric) -> Metric:
    """Returns the entry of a metric's difference between two versions; better as the metric itself is."""
    other = metric.complement if metric.complement in _COMPARED else None
    return replace(
        metric,
        name=metric.name + SUFFIX,
        title=f"Difference of versions: {_small(metric.title)}",
        question=f"{metric.question} How much more or less with this version than with the other?",
        unit=_UNITS.get(metric.unit, metric.unit),
        needs=metric.needs | {"versions"},
        formula=f"{metric.name} of this version - {metric.name} of the other",
        source=_SOURCES[metric.unit],
        complement=other and other + SUFFIX,
        family=metric.family + SUFFIX,
        tasks=without_cutoff(metric),
    )


def _small(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


VERSIONS: tuple[Metric, ...] = tuple(
    _contrast(metric) for metric in (*RATES.values(), *PERFORMANCE, *REGRESSION) if metric.name in _COMPARED
)
