"""What models of several classes have beside: averages over classes, the first k places."""

from __future__ import annotations

from dashboard.metrics.table.entry import BOTH, Metric, entry

MANY = ("multiclass",)
_WORTH = "Wilson (1927) of as many cases as vary alike by the delta method"
_AVERAGED = {
    "true_positive_rate": ("recall", "Of each class's cases, how many does it find"),
    "precision": ("precision", "Of the cases it puts into each class, how many belong there"),
    "f1": ("F1", "How well does it find each class without taking in others"),
}


def _averages(name: str, plain: str, question: str) -> tuple[Metric, Metric]:
    """Returns the plain average over classes and the one by their number of labels."""
    macro = entry(
        f"{name}_macro", f"Macro {plain}", f"{question}, all classes counting alike?",
        f"mean over the classes of {name}, each class against the rest", "higher", BOTH, unit="score", source=_WORTH,
        tasks=MANY,
    )  # fmt: skip
    weighted = entry(
        f"{name}_weighted", f"Weighted {plain}",
        f"{question}, classes counting by their labels?",
        f"sum over the classes of labelled so / n x {name}, each class against the rest", "higher", BOTH, unit="score",
        source=_WORTH, tasks=MANY,
    )  # fmt: skip
    return macro, weighted


def _first(k: int) -> Metric:
    return entry(
        f"top_{k}_accuracy", f"Top {k} accuracy",
        f"How often is the label among the {k} classes that it finds most probable?",
        f"cases whose label's probability is among the {k} highest / cases with label and probabilities", "higher",
        "labels scores", source="Wilson (1927) for the interval", tasks=MANY,
    )  # fmt: skip


MULTICLASS = (
    *(metric for name, (plain, question) in _AVERAGED.items() for metric in _averages(name, plain, question)),
    entry(
        "roc_auc_macro", "Macro area under the ROC curve",
        "How often does a case of a class score higher for it than a case of another class?",
        "mean over the classes of roc_auc, each class against the rest", "higher", "labels scores", unit="score",
        source="DeLong (1988) for each class; the limits are the means of the classes' limits", tasks=MANY,
    ),
    _first(2),
    _first(3),
)  # fmt: skip
