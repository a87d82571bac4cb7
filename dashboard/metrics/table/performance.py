"""How good, beyond the rates: F1, both classes alike, ranking, losses of probabilities."""

from __future__ import annotations

from dashboard.metrics.table.entry import BOTH, CLASSES, entry

PERFORMANCE = (
    entry(
        "f1", "F1", "How well does it find the positive cases without raising false alarms?",
        "2 tp / (2 tp + fp + fn)", "higher", BOTH, unit="score",
        source="Wilson on Jaccard tp / (tp + fp + fn), mapped by 2J / (1 + J)",
    ),
    entry(
        "balanced_accuracy", "Balanced accuracy", "How often is it right if both classes count alike?",
        "(true positive rate + true negative rate) / 2; of several classes the mean of their recalls", "higher", BOTH,
        unit="score", tasks=CLASSES,
        source="Zou and Donner (2008), or Wilson of as many cases as vary alike, the wider",
    ),
    entry(
        "matthews_correlation", "Matthews correlation (MCC)", "How closely does what it says go with what is?",
        "(tp tn - fp fn) / sqrt((tp + fp)(tp + fn)(tn + fp)(tn + fn)); of several classes Gorodkin's R_K", "higher",
        BOTH, unit="score", tasks=CLASSES,
        source="Matthews (1975); Gorodkin (2004); Wilson of as many cases as vary alike",
    ),
    entry(
        "roc_auc", "Area under the ROC curve", "How often does a positive case score higher than a negative one?",
        "share of (positive, negative) pairs in the right order, ties half", "higher", "labels scores", unit="score",
        source="DeLong (1988) on the logit scale; Newcombe (2006), method 5, where few or nearly perfect",
    ),
    entry(
        "average_precision", "Average precision", "Of the cases it scores highest, how many are really positive?",
        "sum of (R_k - R_{k-1}) P_k over scores from the highest down, R recall and P precision of all from there up",
        "higher", "labels scores", unit="score",
        source="Boyd, Eng and Page (2013); infinitesimal jackknife on the logit scale, the wider of both",
    ),
    entry(
        "brier_score", "Brier score", "How far are its probabilities from what happened (squared)?",
        "mean of (score - label)^2; of several classes summed over them", "lower", "labels scores", unit="score",
        source="Brier (1950); Student's t on the log scale", tasks=CLASSES,
    ),
    entry(
        "log_loss", "Log loss", "How surprised would its probabilities be by what happened?",
        "mean of -ln(probability given to the label), clipped at 1e-15", "lower", "labels scores", unit="nats",
        source="Good (1952); Student's t on the log scale", tasks=CLASSES,
    ),
)  # fmt: skip
