"""The rates: hits of trials, from counts of label and decision."""

from __future__ import annotations

from dashboard.metrics.table.entry import BOTH, DECIDED, DECIDING, RATE_SOURCE, entry

RATES = {
    metric.name: metric
    for metric in (
        entry(
            "accuracy", "Accuracy", "Of all cases, how many does it get right?",
            "(tp + tn) / n", "higher", BOTH, source=RATE_SOURCE, tasks=DECIDING,
        ),
        entry(
            "true_positive_rate", "True positive rate (sensitivity, recall)",
            "Of the cases that are positive, how many does it find?",
            "tp / (tp + fn)", "higher", BOTH, source=RATE_SOURCE, tasks=DECIDED, complement="false_negative_rate",
        ),
        entry(
            "true_negative_rate", "True negative rate (specificity)",
            "Of the cases that are negative, how many does it leave alone?",
            "tn / (tn + fp)", "higher", BOTH, source=RATE_SOURCE, tasks=DECIDED, complement="false_positive_rate",
        ),
        entry(
            "false_positive_rate", "False positive rate",
            "Of the cases that are negative, how many raise a false alarm?",
            "fp / (fp + tn)", "lower", BOTH, source=RATE_SOURCE, tasks=DECIDED, complement="true_negative_rate",
            family="true_negative_rate",
        ),
        entry(
            "false_negative_rate", "False negative rate", "Of the cases that are positive, how many does it miss?",
            "fn / (fn + tp)", "lower", BOTH, source=RATE_SOURCE, tasks=DECIDED, complement="true_positive_rate",
            family="true_positive_rate",
        ),
        entry(
            "precision", "Precision (positive predictive value)",
            "Of the cases it selects, how many are really positive?",
            "tp / (tp + fp)", "higher", BOTH, source=RATE_SOURCE, tasks=DECIDED, complement="false_discovery_rate",
        ),
        entry(
            "negative_predictive_value", "Negative predictive value",
            "Of the cases it does not select, how many are really negative?",
            "tn / (tn + fn)", "higher", BOTH, source=RATE_SOURCE, tasks=DECIDED, complement="false_omission_rate",
        ),
        entry(
            "false_discovery_rate", "False discovery rate", "Of the cases it selects, how many are false alarms?",
            "fp / (fp + tp)", "lower", BOTH, source=RATE_SOURCE, tasks=DECIDED, complement="precision",
            family="precision",
        ),
        entry(
            "false_omission_rate", "False omission rate",
            "Of the cases it does not select, how many were positive after all?",
            "fn / (fn + tn)", "lower", BOTH, source=RATE_SOURCE, tasks=DECIDED, complement="negative_predictive_value",
            family="negative_predictive_value",
        ),
        entry(
            "selection_rate", "Selection rate", "Of all cases, how many does it select?",
            "decided positive / all decided, labelled or not", "context", "decisions", source=RATE_SOURCE,
            tasks=DECIDED,
        ),
        entry(
            "prevalence", "Prevalence", "Of all cases with a label, how many are positive?",
            "labelled positive / all labelled, decided or not", "context", "labels", source=RATE_SOURCE,
            tasks=DECIDED,
        ),
    )
}  # fmt: skip
