"""What every metric is called, asks, needs and means: the table `METRICS`, read by reports, policies, pages and docs.

The numbers themselves are in the modules beside it: `performance` (from counts of label and decision, from sums of
losses), `fairness` (from one rate per group), `drift` (from two histograms) and `service` (from a latency histogram).
This table imports none of them, so that a policy can be read without numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dashboard.errors import EvenhandError, nearest

Kind = Literal["performance", "fairness", "drift", "service", "data"]
Better = Literal["higher", "lower", "near zero", "near one", "context"]
BINARY = ("binary",)
CLASSES = ("binary", "multiclass")
EVERY = ("binary", "multiclass", "regression")


@dataclass(frozen=True, slots=True)
class Metric:
    """Describes a metric; `complement` is its mirror image, `family` the name under which a policy counts it once."""

    name: str
    title: str
    question: str
    kind: Kind
    unit: str
    better: Better
    needs: frozenset[str]
    formula: str
    source: str
    tasks: tuple[str, ...] = BINARY
    complement: str | None = None
    family: str = ""


def _metric(
    name: str,
    title: str,
    question: str,
    formula: str,
    better: Better,
    needs: str,
    *,
    kind: Kind = "performance",
    unit: str = "share",
    source: str = "",
    tasks: tuple[str, ...] = BINARY,
    complement: str | None = None,
    family: str = "",
) -> Metric:
    wants = frozenset(needs.split())
    return Metric(name, title, question, kind, unit, better, wants, formula, source, tasks, complement, family or name)


_RATE_SOURCE = "Wilson (1927) for the interval"
_BOTH = "labels decisions"

RATES = {
    metric.name: metric
    for metric in (
        _metric(
            "accuracy", "Accuracy", "Of all cases, how many does it get right?",
            "(tp + tn) / n", "higher", _BOTH, source=_RATE_SOURCE, tasks=CLASSES,
        ),
        _metric(
            "true_positive_rate", "True positive rate (sensitivity, recall)",
            "Of the cases that are positive, how many does it find?",
            "tp / (tp + fn)", "higher", _BOTH, source=_RATE_SOURCE, complement="false_negative_rate",
        ),
        _metric(
            "true_negative_rate", "True negative rate (specificity)",
            "Of the cases that are negative, how many does it leave alone?",
            "tn / (tn + fp)", "higher", _BOTH, source=_RATE_SOURCE, complement="false_positive_rate",
        ),
        _metric(
            "false_positive_rate", "False positive rate",
            "Of the cases that are negative, how many raise a false alarm?",
            "fp / (fp + tn)", "lower", _BOTH, source=_RATE_SOURCE, complement="true_negative_rate",
            family="true_negative_rate",
        ),
        _metric(
            "false_negative_rate", "False negative rate", "Of the cases that are positive, how many does it miss?",
            "fn / (fn + tp)", "lower", _BOTH, source=_RATE_SOURCE, complement="true_positive_rate",
            family="true_positive_rate",
        ),
        _metric(
            "precision", "Precision (positive predictive value)",
            "Of the cases it selects, how many are really positive?",
            "tp / (tp + fp)", "higher", _BOTH, source=_RATE_SOURCE, complement="false_discovery_rate",
        ),
        _metric(
            "negative_predictive_value", "Negative predictive value",
            "Of the cases it does not select, how many are really negative?",
            "tn / (tn + fn)", "higher", _BOTH, source=_RATE_SOURCE, complement="false_omission_rate",
        ),
        _metric(
            "false_discovery_rate", "False discovery rate", "Of the cases it selects, how many are false alarms?",
            "fp / (fp + tp)", "lower", _BOTH, source=_RATE_SOURCE, complement="precision", family="precision",
        ),
        _metric(
            "false_omission_rate", "False omission rate",
            "Of the cases it does not select, how many were positive after all?",
            "fn / (fn + tn)", "lower", _BOTH, source=_RATE_SOURCE, complement="negative_predictive_value",
            family="negative_predictive_value",
        ),
        _metric(
            "selection_rate", "Selection rate", "Of all cases, how many does it select?",
            "decided positive / all decided, labelled or not", "context", "decisions", source=_RATE_SOURCE,
        ),
        _metric(
            "prevalence", "Prevalence", "Of all cases with a label, how many are positive?",
            "labelled positive / all labelled, decided or not", "context", "labels", source=_RATE_SOURCE,
        ),
    )
}  # fmt: skip

_PERFORMANCE = (
    _metric(
        "f1", "F1", "How well does it find the positive cases without raising false alarms?",
        "2 tp / (2 tp + fp + fn)", "higher", _BOTH, unit="score",
        source="Wilson on Jaccard tp / (tp + fp + fn), mapped by 2J / (1 + J)",
    ),
    _metric(
        "roc_auc", "Area under the ROC curve", "How often does a positive case score higher than a negative one?",
        "share of (positive, negative) pairs in the right order, ties half", "higher", "labels scores", unit="score",
        source="DeLong (1988) on the logit scale; Newcombe (2006), method 5, where few or nearly perfect",
    ),
    _metric(
        "brier_score", "Brier score", "How far are its probabilities from what happened (squared)?",
        "mean of (score - label)^2", "lower", "labels scores", unit="score", source="Brier (1950)",
    ),
    _metric(
        "log_loss", "Log loss", "How surprised would its probabilities be by what happened?",
        "mean of -ln(probability given to the label), clipped at 1e-15", "lower", "labels scores", unit="nats",
        source="Good (1952)",
    ),
    _metric(
        "mean_absolute_error", "Mean absolute error", "How far off is it on average?",
        "mean of |value - label|", "lower", "labels scores", unit="label", tasks=("regression",), source="Student's t",
    ),
    _metric(
        "root_mean_squared_error", "Root mean squared error", "How far off is it, large errors weighing more?",
        "square root of the mean of (value - label)^2", "lower", "labels scores", unit="label", tasks=("regression",),
        source="delta method",
    ),
    _metric(
        "mean_error", "Mean error (bias)", "Does it say too much or too little on average?",
        "mean of (value - label)", "near zero", "labels scores", unit="label", tasks=("regression",),
        source="Student's t",
    ),
    _metric(
        "count", "Count", "How many cases are there?", "n", "context", "", kind="data", unit="count", tasks=EVERY,
        source="counted",
    ),
    _metric(
        "label_coverage", "Label coverage", "Of all cases, how many have their label?", "labelled / n", "higher", "",
        kind="data", tasks=EVERY, source=_RATE_SOURCE,
    ),
)  # fmt: skip

_NEEDS_GROUPS = "attribute"
_PAIRS = "all pairs of groups by Newcombe (1998) at level 1 - (1 - level)/K"
_PAIR_RATIOS = "all pairs of groups by MOVER-R (Donner and Zou 2012) at level 1 - (1 - level)/K"

_NAMED = (
    _metric(
        "demographic_parity_difference", "Demographic parity difference",
        "How far apart are the selection rates of the groups furthest apart?",
        "largest - smallest selection rate", "near zero", f"decisions {_NEEDS_GROUPS}", source=f"fairlearn; {_PAIRS}",
    ),
    _metric(
        "demographic_parity_ratio", "Demographic parity ratio",
        "What is the smallest selection rate of a group as a part of the largest?",
        "smallest / largest selection rate", "near one", f"decisions {_NEEDS_GROUPS}", unit="ratio",
        source=f"fairlearn; {_PAIR_RATIOS}", family="demographic_parity_difference",
    ),
    _metric(
        "equalized_odds_difference", "Equalized odds difference",
        "How far apart are the groups in what is found and in false alarms, at worst?",
        "the larger of the largest - smallest true positive rate and false positive rate", "near zero",
        f"{_BOTH} {_NEEDS_GROUPS}", source=f"fairlearn; {_PAIRS}",
    ),
    _metric(
        "equalized_odds_ratio", "Equalized odds ratio",
        "What is the smallest rate of a group as a part of the largest, in cases found and in false alarms, at worst?",
        "the smaller of the smallest / largest true positive rate and false positive rate", "near one",
        f"{_BOTH} {_NEEDS_GROUPS}", unit="ratio", source=f"fairlearn; {_PAIR_RATIOS}",
        family="equalized_odds_difference",
    ),
    _metric(
        "equal_opportunity_difference", "Equal opportunity difference",
        "Of the cases that are positive, how far apart are the groups in how many are found?",
        "largest - smallest true positive rate", "near zero", f"{_BOTH} {_NEEDS_GROUPS}", source=f"fairlearn; {_PAIRS}",
    ),
    _metric(
        "equal_opportunity_ratio", "Equal opportunity ratio",
        "What is the smallest true positive rate of a group as a part of the largest?",
        "smallest / largest true positive rate", "near one", f"{_BOTH} {_NEEDS_GROUPS}", unit="ratio",
        source=f"fairlearn; {_PAIR_RATIOS}", family="equal_opportunity_difference",
    ),
)  # fmt: skip


def _contrasts(rate: Metric) -> tuple[Metric, Metric]:
    """Returns the signed difference and the ratio of a rate to the reference group."""
    difference = _metric(
        f"{rate.name}_difference", f"Difference of {_plain(rate)}",
        f"{rate.question} How much more or less in this group than in the reference group?",
        f"{rate.name} of the group - {rate.name} of the reference", "near zero",
        " ".join(sorted(rate.needs | {_NEEDS_GROUPS})), unit="points", source="Newcombe (1998), method 10",
        tasks=rate.tasks, complement=rate.complement and f"{rate.complement}_difference",
        family=f"{rate.family}_difference",
    )  # fmt: skip
    ratio = replace(
        difference, name=f"{rate.name}_ratio", title=f"Ratio of {_plain(rate)}", better="near one", unit="ratio",
        question=f"{rate.question} How many times the rate of the reference group?",
        formula=f"{rate.name} of the group / {rate.name} of the reference", complement=None,
        source="MOVER-R: Donner and Zou (2012)",
    )  # fmt: skip
    return difference, ratio


def _plain(rate: Metric) -> str:
    return rate.name.replace("_", " ")


_FAIRNESS = tuple(
    replace(metric, kind="fairness", unit="points" if metric.unit == "share" else metric.unit)
    for metric in (*_NAMED, *(contrast for rate in RATES.values() for contrast in _contrasts(rate)))
)

_DRIFT = (
    _metric(
        "psi", "Population stability index", "How much has the distribution moved since the reference?",
        "sum of (now - then) ln(now / then) over 10 bins or the categories, shares (count + 0.5) / (n + 0.5 B)",
        "lower",
        "reference", kind="drift", unit="psi", tasks=EVERY, source="Yurdakul (2018); noncentral chi-squared",
    ),
    _metric(
        "js_distance", "Jensen-Shannon distance", "How far apart are the distributions, from 0 (same) to 1 (disjoint)?",
        "square root of the Jensen-Shannon divergence in bits", "lower", "reference", kind="drift", unit="distance",
        tasks=EVERY, source="Lin (1991); Endres and Schindelin (2003); noncentral chi-squared",
    ),
    _metric(
        "ks", "Kolmogorov-Smirnov distance", "What is the largest gap between the two cumulative distributions?",
        "largest |F(now) - F(then)| over the bin edges", "lower", "reference", kind="drift", unit="share", tasks=EVERY,
        source="Smirnov (1939)",
    ),
    _metric(
        "wasserstein", "Wasserstein distance", "How far have values moved on average, in their own unit?",
        "area between the two cumulative distributions", "lower", "reference", kind="drift", unit="feature",
        tasks=EVERY,
        source="Vaserstein (1969)",
    ),
    _metric(
        "wasserstein_standardised", "Wasserstein distance in standard deviations",
        "How far have values moved on average, in standard deviations of the reference?",
        "wasserstein / standard deviation of the reference", "lower", "reference", kind="drift", unit="deviations",
        tasks=EVERY, source="Vaserstein (1969)", family="wasserstein",
    ),
)  # fmt: skip

_QUANTILE_SOURCE = "order statistics of a log histogram, relative error at most 1 %"

_SERVICE = (
    *(
        _metric(
            f"latency_p{percent}", f"Latency, {percent} of 100",
            f"Within how many milliseconds do {percent} of 100 answers come?",
            f"{percent / 100:g} quantile of latency", "lower", "latency", kind="service", unit="ms", tasks=EVERY,
            source=_QUANTILE_SOURCE,
        )
        for percent in (50, 95, 99)
    ),
    _metric(
        "error_rate", "Error rate", "Of all requests, how many failed?", "failed / n", "lower", "status",
        kind="service",
        tasks=EVERY, source=_RATE_SOURCE,
    ),
    _metric(
        "throughput", "Throughput", "How many requests come in an hour?", "n / hours", "context", "", kind="service",
        unit="per hour", tasks=EVERY, source="counted",
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = RATES | {metric.name: metric for metric in (*_PERFORMANCE, *_FAIRNESS, *_DRIFT, *_SERVICE)}


_SYNONYMS = {
    "auc": "roc_auc", "mae": "mean_absolute_error", "rmse": "root_mean_squared_error",
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
    if found is None:
        raise EvenhandError(
            f"There is no metric '{name}'.", todo=nearest(_SYNONYMS.get(name.casefold(), name), METRICS)
        )
    return found
