"""How good, beyond the rates: F1, ranking, losses of probabilities."""

from __future__ import annotations

from dashboard.metrics.table.entry import BOTH, entry

PERFORMANCE = (
    entry(
        "f1", "F1", "How well does it find the positive cases without raising false alarms?",
        "2 tp / (2 tp + fp + fn)", "higher", BOTH, unit="score",
        source="Wilson on Jaccard tp / (tp + fp + fn), mapped by 2J / (1 + J)",
    ),
    entry(
        "roc_auc", "Area under the ROC curve", "How often does a positive case score higher than a negative one?",
        "share of (positive, negative) pairs in the right order, ties half", "higher", "labels scores", unit="score",
        source="DeLong (1988) on the logit scale; Newcombe (2006), method 5, where few or nearly perfect",
    ),
    entry(
        "brier_score", "Brier score", "How far are its probabilities from what happened (squared)?",
        "mean of (score - label)^2", "lower", "labels scores", unit="score", source="Brier (1950)",
    ),
    entry(
        "log_loss", "Log loss", "How surprised would its probabilities be by what happened?",
        "mean of -ln(probability given to the label), clipped at 1e-15", "lower", "labels scores", unit="nats",
        source="Good (1952)",
    ),
)  # fmt: skip
