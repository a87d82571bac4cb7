"""What experts' review says of the model: estimates from a random audit and the flags beside it."""

from __future__ import annotations

from dashboard.metrics.table.entry import entry

_SOURCE = "Hajek (1971); Wilson on n_eff (Kott and Liu 2009); docs/review_estimates.md"

REVIEWED = (
    entry(
        "reviewed_error_rate", "Error rate by review", "How often is it wrong, going by what experts say on review?",
        "(errors among flagged + |U| sum(y / pi) / sum(1 / pi)) / N, pi the probability of being drawn", "lower",
        "reviews decisions", source=_SOURCE,
    ),
    entry(
        "reviewed_true_positive_rate", "True positive rate by review",
        "Of the cases that experts call positive on review, how many does it find?",
        "tp / (tp + fn), flagged cases as themselves, those drawn weighted by |U| / (pi sum(1 / pi))", "higher",
        "reviews decisions", source=_SOURCE,
    ),
    entry(
        "reviewed_false_positive_rate", "False positive rate by review",
        "Of the cases that experts call negative on review, how many does it call positive?",
        "fp / (fp + tn), flagged cases as themselves, those drawn weighted by |U| / (pi sum(1 / pi))", "lower",
        "reviews decisions", source=_SOURCE,
    ),
)  # fmt: skip
