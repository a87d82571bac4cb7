"""How groups differ: contrasts of every rate with a reference group, and the field's named numbers."""

from __future__ import annotations

from dataclasses import replace

from dashboard.metrics.table.entry import BOTH, DECIDED, DIFFERENCE_SOURCE, PAIRS_SOURCE, RATIO_SOURCE, Metric, entry
from dashboard.metrics.table.rates import RATES

_NEEDS_GROUPS = "attribute"
_PAIRS = f"{PAIRS_SOURCE} by {DIFFERENCE_SOURCE}"
_PAIR_RATIOS = f"{PAIRS_SOURCE} by {RATIO_SOURCE}"

NAMED = (
    entry(
        "demographic_parity_difference", "Demographic parity difference",
        "How far apart are the selection rates of the groups furthest apart?",
        "largest - smallest selection rate", "near zero", f"decisions {_NEEDS_GROUPS}", source=f"fairlearn; {_PAIRS}",
        tasks=DECIDED,
    ),
    entry(
        "demographic_parity_ratio", "Demographic parity ratio",
        "What is the smallest selection rate of a group as a part of the largest?",
        "smallest / largest selection rate", "near one", f"decisions {_NEEDS_GROUPS}", unit="ratio",
        source=f"fairlearn; {_PAIR_RATIOS}", tasks=DECIDED, family="demographic_parity_difference",
    ),
    entry(
        "equalized_odds_difference", "Equalized odds difference",
        "How far apart are the groups in what is found and in false alarms, at worst?",
        "the larger of the largest - smallest true positive rate and false positive rate", "near zero",
        f"{BOTH} {_NEEDS_GROUPS}", source=f"fairlearn; {_PAIRS}",
        tasks=DECIDED,
    ),
    entry(
        "equalized_odds_ratio", "Equalized odds ratio",
        "What is the smallest rate of a group as a part of the largest, in cases found and in false alarms, at worst?",
        "the smaller of the smallest / largest true positive rate and false positive rate", "near one",
        f"{BOTH} {_NEEDS_GROUPS}", unit="ratio", source=f"fairlearn; {_PAIR_RATIOS}", tasks=DECIDED,
        family="equalized_odds_difference",
    ),
    entry(
        "equal_opportunity_difference", "Equal opportunity difference",
        "Of the cases that are positive, how far apart are the groups in how many are found?",
        "largest - smallest true positive rate", "near zero", f"{BOTH} {_NEEDS_GROUPS}", source=f"fairlearn; {_PAIRS}",
        tasks=DECIDED,
    ),
    entry(
        "equal_opportunity_ratio", "Equal opportunity ratio",
        "What is the smallest true positive rate of a group as a part of the largest?",
        "smallest / largest true positive rate", "near one", f"{BOTH} {_NEEDS_GROUPS}", unit="ratio",
        source=f"fairlearn; {_PAIR_RATIOS}", tasks=DECIDED, family="equal_opportunity_difference",
    ),
)  # fmt: skip


def _contrasts(rate: Metric) -> tuple[Metric, Metric]:
    """Returns the signed difference and the ratio of a rate to the reference group."""
    difference = entry(
        f"{rate.name}_difference", f"Difference of {_plain(rate)}",
        f"{rate.question} How much more or less in this group than in the reference group?",
        f"{rate.name} of the group - {rate.name} of the reference", "near zero",
        " ".join(sorted(rate.needs | {_NEEDS_GROUPS})), unit="points", source=DIFFERENCE_SOURCE,
        tasks=rate.tasks, complement=rate.complement and f"{rate.complement}_difference",
        family=f"{rate.family}_difference",
    )  # fmt: skip
    ratio = replace(
        difference, name=f"{rate.name}_ratio", title=f"Ratio of {_plain(rate)}", better="near one", unit="ratio",
        question=f"{rate.question} How many times the rate of the reference group?",
        formula=f"{rate.name} of the group / {rate.name} of the reference", complement=None,
        source=RATIO_SOURCE,
    )  # fmt: skip
    return difference, ratio


def _plain(rate: Metric) -> str:
    return rate.name.replace("_", " ")


FAIRNESS = tuple(
    replace(metric, kind="fairness", unit="points" if metric.unit == "share" else metric.unit)
    for metric in (*NAMED, *(contrast for rate in RATES.values() for contrast in _contrasts(rate)))
)
