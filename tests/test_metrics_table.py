"""The table of metrics: complete, consistent, documented, and light to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.errors import EvenhandError
from dashboard.metrics import (
    METRICS,
    RATES,
    aequitas,
    attributions,
    balance,
    calibration,
    concept,
    domain,
    energy,
    errors,
    fairness,
    losses,
    metric,
    multiclass,
    performance,
    promises,
    quality,
    ranking,
    service,
    value,
)
from dashboard.metrics.page import page
from dashboard.metrics.table.aequitas import SHORT
from dashboard.metrics.table.groups import OF_ERRORS

DOCS = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"


def test_the_page_of_metrics_is_what_the_table_says() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), "run: python -m dashboard.metrics.page > docs/metrics.md"


def test_every_metric_says_all_it_should() -> None:
    for name, entry in METRICS.items():
        assert entry.name == name
        assert entry.title
        assert entry.question.endswith("?")
        assert entry.formula
        assert entry.source
        assert entry.tasks
        assert entry.unit


def test_complements_are_mutual_and_of_one_family() -> None:
    for entry in METRICS.values():
        if entry.complement:
            other = METRICS[entry.complement]
            assert (other.complement, other.family) == (entry.name, entry.family)


def test_every_family_is_named_after_one_of_its_metrics() -> None:
    assert {entry.family for entry in METRICS.values()} <= set(METRICS)


def test_what_is_estimated_needs_no_labels_and_is_otherwise_the_same() -> None:
    for name, entry in METRICS.items():
        if name.startswith("estimated_"):
            realised = METRICS[name.removeprefix("estimated_")]
            assert "labels" in realised.needs
            assert "labels" not in entry.needs
            assert (entry.kind, entry.unit, entry.better) == (realised.kind, realised.unit, realised.better)


def test_a_ratio_and_the_complement_count_with_the_difference() -> None:
    family = {name for name, entry in METRICS.items() if entry.family == "true_positive_rate_difference"}
    sides = ("true_positive_rate", "false_negative_rate")
    contrasts = {f"{side}_{contrast}" for side in sides for contrast in ("difference", "ratio")}
    assert family == contrasts | {"tpr_disparity", "fnr_disparity"}


def test_every_rate_has_its_function_its_difference_and_its_ratio() -> None:
    assert list(performance.RATES) == list(RATES)
    for name in RATES:
        assert METRICS[f"{name}_difference"].better == "near zero"
        assert METRICS[f"{name}_ratio"].kind == "fairness"


def test_every_other_metric_is_a_function_of_its_name() -> None:
    modules = (
        performance,
        balance,
        aequitas,
        ranking,
        multiclass,
        fairness,
        losses,
        errors,
        promises,
        energy,
        service,
        calibration,
        quality,
        value,
        concept,
        domain,
        attributions,
    )
    made = {name for module in modules for name in METRICS if callable(getattr(module, name, None))}
    made |= {
        f"{rate}_{contrast}" for rate in RATES for contrast in ("difference", "ratio", "overall_difference", "gap")
    }
    made |= {f"{short}{more}" for short in SHORT for more in ("", "_disparity")}  # rates under Aequitas' names
    made |= {f"{name}_difference" for name in OF_ERRORS} | {
        "roc_auc_difference"
    }  # differences.difference_of, and of shares rates.Difference
    made |= {f"{name}_version_difference" for name in made if f"{name}_version_difference" in METRICS}
    made |= {name for name in METRICS if name.startswith("estimated_")}  # those of their own: test_estimation
    made |= {name for name in METRICS if name.startswith("reviewed_")}  # reviewed.error_rate and its like
    made |= {"accuracy_drift_effect", "error_drift_effect"}  # drift_effect.drift_effect of hits, of errors
    made |= {f"top_{k}_accuracy" for k in (2, 3)}  # multiclass.top_k_accuracy
    assert set(METRICS) - made == {
        "psi", "js_distance", "chi_squared", "ks", "wasserstein", "wasserstein_standardised", "mix_psi",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("recall", "true_positive_rate"), ("acuracy", "accuracy"), ("AUC", "roc_auc"), ("latency_95", "latency_p95")],
)
def test_an_unknown_metric_is_an_error_that_names_the_nearest(wrong: str, meant: str) -> None:
    with pytest.raises(EvenhandError, match=f"no metric '{wrong}'.*'{meant}'"):
        metric(wrong)


def loaded(module: str) -> set[str]:
    """Returns what a fresh Python has loaded after importing this."""
    code = f"import sys, {module}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_reading_the_table_needs_no_numpy() -> None:
    assert loaded("dashboard.metrics").isdisjoint({"numpy", "scipy"})


def test_computing_metrics_needs_numpy_and_scipy_special_only() -> None:
    names = ["performance", "balance", "calibration", "ranking", "losses", "errors", "fairness", "drift", "service"]
    heavy = {"scipy.stats", "sklearn", "fairlearn", "pandas", "duckdb", "statsmodels"}
    assert loaded(", ".join(f"dashboard.metrics.{name}" for name in names)).isdisjoint(heavy)
