"""How far off a model is that predicts a number."""

from __future__ import annotations

from dashboard.metrics.table.entry import entry

REGRESSION = (
    entry(
        "mean_absolute_error", "Mean absolute error", "How far off is it on average?",
        "mean of |value - label|", "lower", "labels scores", unit="label", tasks=("regression",),
        source="Student's t on the log scale",
    ),
    entry(
        "median_absolute_error", "Median absolute error", "How far off is it at most for half of the cases?",
        "the |value - label| that half of the cases stay within", "lower", "labels scores", unit="label",
        tasks=("regression",), source="order statistics, from bins 3 % wide",
    ),
    entry(
        "root_mean_squared_error", "Root mean squared error", "How far off is it, large errors weighing more?",
        "square root of the mean of (value - label)^2", "lower", "labels scores", unit="label", tasks=("regression",),
        source="Student's t on the log scale",
    ),
    entry(
        "mean_error", "Mean error (bias)", "Does it say too much or too little on average?",
        "mean of (value - label)", "near zero", "labels scores", unit="label", tasks=("regression",),
        source="Student's t",
    ),
    entry(
        "r2_score", "R2 (share of variance explained)", "How much of the labels' differences does it explain?",
        "1 - mean of (value - label)^2 / variance of the labels", "higher", "labels scores", unit="share of variance",
        tasks=("regression",), source="Kvalseth (1985); delta method on the scale of log(1 - R2)",
    ),
    entry(
        "mean_absolute_percentage_error", "Mean absolute percentage error",
        "How far off is it on average, in relation to the label?",
        "mean of |value - label| / |label| over labels other than 0; the smallest labels weigh most", "lower",
        "labels scores", unit="percent", tasks=("regression",),
        source="Hyndman and Koehler (2006); Student's t on the log scale",
    ),
    entry(
        "beyond_tolerance_rate", "Share beyond the tolerance",
        "How often is it off by more than the contract tolerates?",
        "cases with |value - label| > tolerance / labelled cases", "lower", "labels scores", tasks=("regression",),
        source="Wilson (1927) for the interval",
    ),
)  # fmt: skip
