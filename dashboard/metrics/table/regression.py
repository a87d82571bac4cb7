"""How far off a model is that predicts a number."""

from __future__ import annotations

from dashboard.metrics.table.entry import entry

REGRESSION = (
    entry(
        "mean_absolute_error", "Mean absolute error", "How far off is it on average?",
        "mean of |value - label|", "lower", "labels scores", unit="label", tasks=("regression",), source="Student's t",
    ),
    entry(
        "root_mean_squared_error", "Root mean squared error", "How far off is it, large errors weighing more?",
        "square root of the mean of (value - label)^2", "lower", "labels scores", unit="label", tasks=("regression",),
        source="delta method",
    ),
    entry(
        "mean_error", "Mean error (bias)", "Does it say too much or too little on average?",
        "mean of (value - label)", "near zero", "labels scores", unit="label", tasks=("regression",),
        source="Student's t",
    ),
)  # fmt: skip
