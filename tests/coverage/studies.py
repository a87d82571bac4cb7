"""All studies of drawn samples, and the figure that is claimed for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from dashboard.metrics import RATES
from dashboard.metrics.table.aequitas import SHORT
from tests.coverage import calibrated, classes, clustered, compared, counted, elsewhere, numeric, scored
from tests.coverage.simulation import Study

FIGURE = 0.91
MODULES = (counted, scored, calibrated, numeric, classes, compared, clustered, elsewhere)


COUNTED = {"count", "throughput", "total_value", "total_logged_value"}
NOT_DRAWN = {  # the page says so
    "energy_per_1000", "co2e_per_1000", "cost_per_1000", "domain_auc", "attribution_ndcg",
    "accuracy_drift_effect", "error_drift_effect",
}  # fmt: skip
GAPS = {
    f"{name}_{contrast}"
    for name in ("demographic_parity", "equalized_odds", "equal_opportunity")
    for contrast in ("difference", "ratio")
}


@cache
def studies() -> dict[str, Study]:
    """Returns every study by its name, in the order of the page."""
    return {study.name: study for module in MODULES for study in module.studies()}


BY_OTHERS = {
    "true_positive_rate_macro": "balanced_accuracy, several classes",
    "brier_uncertainty": "a rate",
    "beyond_tolerance_rate": "a rate",
    "beyond_tolerance_rate_difference": "a difference of two rates",
    "label_coverage": "a rate",
    "wasserstein_standardised": "wasserstein",
    "mix_psi": "psi",
    "chi_squared": "psi",  # the same limits, before they are brought to its scale
    "concept_shift": "a difference of two rates",  # of one score bin; of several joined: test_concept
    "logged_value_per_case": "mean_error",
    "error_rate": "error_rate, by hours",
    "promise_kept": "error_rate, by hours",
    "missing_rate": "error_rate, by hours",  # days as blocks
    **dict.fromkeys(("wrong_type_rate", "late_rate", "duplicate_rate", "rejected_rate"), "error_rate, by hours"),
    "out_of_range_rate": "error_rate, by hours",
    "unseen_category_rate": "error_rate, by hours",
    "ppr": "a rate",
    "ppr_disparity": "a rate",  # a share as odds
    "mean_error_difference": "mean_absolute_error, two versions, other cases",  # the same limits, joined the same way
    "mean_absolute_error_difference": "mean_absolute_error, two versions, other cases",
}


def study_of(metric: str) -> str | None:
    """Returns what the page calls the interval of a metric; None of what is counted, to come or on another page."""
    base, _, _ = metric.rpartition("_")
    if metric in {*COUNTED, *NOT_DRAWN} or metric.startswith(("estimated_", "reviewed_")):
        return None
    if metric.endswith("_version_difference"):
        metric = metric.removesuffix("_version_difference")
        alike = {"mean_absolute_error", "root_mean_squared_error"}
        versions = metric if metric in {"precision", "f1", "roc_auc"} else "true_positive_rate"
        versions = "precision" if metric == "negative_predictive_value" else versions
        return f"{metric}, two versions, other cases" if metric in alike else f"{versions}, two versions, same cases"
    if metric in GAPS:
        return "largest difference of groups" if metric.endswith("_difference") else "smallest ratio of groups"
    if metric.endswith("_overall_difference"):
        return "a group against everybody"
    if metric.endswith("_gap"):
        return "largest difference of groups"
    if metric.removesuffix("_disparity") in SHORT:
        return "a ratio of two rates" if metric.endswith("_disparity") else "a rate"
    if metric in RATES or metric.startswith("top_"):
        return "a rate"
    if base in RATES and metric.endswith(("_difference", "_ratio")):
        return "a difference of two rates" if metric.endswith("_difference") else "a ratio of two rates"
    return BY_OTHERS.get(metric, metric)


def hardest() -> Iterator[Study]:
    """Yields every study with its first two points, which are among those that cover least."""
    for study in studies().values():
        yield study.in_short(2)
