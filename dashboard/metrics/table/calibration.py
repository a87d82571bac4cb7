"""Whether scores can be taken at their word, and how undecided they are."""

from __future__ import annotations

from dashboard.metrics.table.entry import CLASSES, entry

LABELLED = "labels scores"
MURPHY = "Murphy (1973); noncentral chi-squared for the interval"

CALIBRATION = (
    entry(
        "calibration_error", "Calibration error", "How much more often does it happen than the scores say?",
        "mean of label - score", "near zero", LABELLED, unit="points", tasks=CLASSES,
        source="Cox (1958); Wilson (1927), for cases of the variance of label - score, for the interval",
    ),
    entry(
        "expected_calibration_error", "Expected calibration error",
        "How far are its percentages from what happens, on average?",
        "sum over 10 bins of equal count of n / N |observed rate - mean score|", "lower", LABELLED, unit="points",
        tasks=CLASSES, source="Naeini, Cooper and Hauskrecht (2015); its bias: Broecker (2012)",
    ),
    entry(
        "maximum_calibration_error", "Maximum calibration error",
        "How far are its percentages from what happens where they are worst?",
        "largest |observed rate - mean score| of 10 bins of equal count", "lower", LABELLED, unit="points",
        tasks=CLASSES, source="Naeini, Cooper and Hauskrecht (2015); Clopper and Pearson (1934) for the interval",
    ),
    entry(
        "brier_reliability", "Brier score: reliability", "How much of the Brier score is due to wrong percentages?",
        "sum over 10 bins of equal count of n / N (observed rate - mean score)^2", "lower", LABELLED, unit="score",
        tasks=CLASSES, source=MURPHY,
    ),
    entry(
        "brier_resolution", "Brier score: resolution", "How much does telling cases apart take off the Brier score?",
        "sum over 10 bins of equal count of n / N (observed rate - prevalence)^2", "higher", LABELLED, unit="score",
        tasks=CLASSES, source=MURPHY,
    ),
    entry(
        "brier_uncertainty", "Brier score: uncertainty", "How much of the Brier score can no score remove?",
        "prevalence (1 - prevalence)", "context", LABELLED, unit="score", tasks=CLASSES,
        source="Murphy (1973); Wilson (1927) for the interval",
    ),
    entry(
        "mean_entropy", "Mean entropy", "How undecided is it between the classes?",
        "mean of -sum over classes of p log2 p", "context", "scores", unit="bits", tasks=CLASSES,
        source="Shannon (1948); Student's t for the interval",
    ),
)  # fmt: skip
