"""The table of metrics, a file for each kind; `METRICS` is all of them by name."""

from __future__ import annotations

from dashboard.errors import EvenhandError, nearest
from dashboard.metrics.table.aequitas import AEQUITAS
from dashboard.metrics.table.calibration import CALIBRATION
from dashboard.metrics.table.data import DATA
from dashboard.metrics.table.drift import DRIFT
from dashboard.metrics.table.entry import Metric
from dashboard.metrics.table.estimated import ESTIMATED
from dashboard.metrics.table.fairness import FAIRNESS
from dashboard.metrics.table.groups import AREAS, GROUPS
from dashboard.metrics.table.multiclass import MULTICLASS
from dashboard.metrics.table.performance import PERFORMANCE
from dashboard.metrics.table.rates import RATES
from dashboard.metrics.table.regression import REGRESSION
from dashboard.metrics.table.reviewed import REVIEWED
from dashboard.metrics.table.service import SERVICE
from dashboard.metrics.table.value import VALUE
from dashboard.metrics.table.versions import VERSIONS

METRICS: dict[str, Metric] = RATES | {
    metric.name: metric
    for metric in (
        *PERFORMANCE,
        *MULTICLASS,
        *CALIBRATION,
        *REGRESSION,
        *VALUE,
        *VERSIONS,
        *REVIEWED,
        *DATA,
        *FAIRNESS,
        *GROUPS,
        *AREAS,
        *AEQUITAS,
        *DRIFT,
        *SERVICE,
        *ESTIMATED,
    )
}

_NEVER_OF_ONE = {"mean_entropy", "estimated_matthews_correlation", "estimated_brier_score", *(m.name for m in AREAS)}


def _of_a_class(metric: Metric) -> bool:
    """Returns whether a model of several classes has the metric of each class, against all others together."""
    if metric in CALIBRATION or metric.name in _NEVER_OF_ONE:
        return metric.name not in _NEVER_OF_ONE
    contrasted = {"versions", "matrix", "reviews"} & metric.needs or (metric in ESTIMATED and metric.kind == "fairness")
    of_two = "binary" in metric.tasks and "multiclass" not in metric.tasks
    return of_two and metric.kind in ("performance", "fairness") and not contrasted


OF_A_CLASS = frozenset(name for name, metric in METRICS.items() if _of_a_class(metric))

_SYNONYMS = {
    "auc": "roc_auc", "mcc": "matthews_correlation", "mae": "mean_absolute_error", "rmse": "root_mean_squared_error",
    "mape": "mean_absolute_percentage_error", "r2": "r2_score", "bias": "mean_error",
    "ece": "expected_calibration_error", "mce": "maximum_calibration_error",
    "recall": "true_positive_rate", "sensitivity": "true_positive_rate", "specificity": "true_negative_rate",
    "tpr": "true_positive_rate", "tnr": "true_negative_rate", "fpr": "false_positive_rate",
    "fnr": "false_negative_rate", "ppv": "precision", "npv": "negative_predictive_value",
}  # fmt: skip


def metric(name: str) -> Metric:
    """Returns the metric of that name, or says which known one is nearest.

    >>> metric("true_positive_rate").better
    'higher'
    >>> metric("recall")
    Traceback (most recent call last):
    dashboard.errors.EvenhandError: There is no metric 'recall'. Did you mean 'true_positive_rate'?
    """
    found = METRICS.get(name)
    waits = METRICS.get(name.removeprefix("estimated_"))
    if found is None and waits and "labels" not in waits.needs:
        raise EvenhandError(f"There is no metric '{name}'.", f"{waits.name} needs no labels", f"Ask for {waits.name}")
    if found is None:
        raise EvenhandError(
            f"There is no metric '{name}'.", todo=nearest(_SYNONYMS.get(name.casefold(), name), METRICS)
        )
    return found
