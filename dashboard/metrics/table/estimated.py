"""What is estimated before labels arrive: a mirror of the metrics that need labels, derived from their entries."""

from __future__ import annotations

from dataclasses import replace

from dashboard.metrics.table.entry import Metric, without_cutoff
from dashboard.metrics.table.fairness import FAIRNESS
from dashboard.metrics.table.multiclass import MULTICLASS
from dashboard.metrics.table.performance import PERFORMANCE
from dashboard.metrics.table.rates import RATES
from dashboard.metrics.table.regression import REGRESSION

CBPE = "confidence-based performance estimation, its interval that of the value to come"
_FROM_SCORES = ("f1", "balanced_accuracy", "matthews_correlation", "roc_auc", "brier_score")
_BINARY_ONLY = ("matthews_correlation", "brier_score")  # of several classes it would need their joint probability


def estimated(metric: Metric) -> Metric:
    """Returns the entry of a metric's estimate: the same in all but that it needs no labels of the window judged.

    Its `needs` have "reference" instead of "labels": a policy judges it on the newest window of the log.

    >>> entry = estimated(RATES["accuracy"])
    >>> entry.name, sorted(entry.needs)
    ('estimated_accuracy', ['decisions', 'reference', 'scores'])
    """
    return replace(
        metric,
        name=f"estimated_{metric.name}",
        title=f"Estimated {_small(metric.title)}",
        question=f"Before its labels arrive, going by the scores: {_small(metric.question)}",
        needs=(metric.needs - {"labels"}) | {"scores", "reference"},
        formula=f"{metric.formula}, each case counted by its probability of a positive label",
        source=CBPE,
        complement=metric.complement and f"estimated_{metric.complement}",
        family=f"estimated_{metric.family}",
        tasks=("binary",) if metric.name in _BINARY_ONLY else without_cutoff(metric),
    )


def _small(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _expected(metric: Metric) -> Metric:
    """Returns the entry of an error's estimate: from a model of the loss, not of the label."""
    formula = f"{metric.formula}, as a model of the loss expects it that was fitted on the labelled reference"
    source = "direct loss estimation, its interval that of the value to come"
    question = f"Before its labels arrive, going by its inputs: {_small(metric.question)}"
    return replace(estimated(metric), formula=formula, source=source, question=question)


_EXPECTED = ("mean_absolute_error", "root_mean_squared_error")
ESTIMATED: tuple[Metric, ...] = tuple(
    estimated(metric)
    for metric in (
        *RATES.values(),
        *(metric for metric in PERFORMANCE if metric.name in _FROM_SCORES),
        *(metric for metric in MULTICLASS if not metric.name.startswith("top_")),
        *FAIRNESS,
    )
    if "labels" in metric.needs
) + tuple(_expected(metric) for metric in REGRESSION if metric.name in _EXPECTED)
