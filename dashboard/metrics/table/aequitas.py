"""Aequitas' metrics of groups under its own names, read by their names only."""

from __future__ import annotations

from dataclasses import replace

from dashboard.metrics.table.entry import DECIDED, RATIO_SOURCE, Metric, entry
from dashboard.metrics.table.rates import RATES

SHORT = {
    "tpr": "true_positive_rate", "tnr": "true_negative_rate", "for": "false_omission_rate",
    "fdr": "false_discovery_rate", "fpr": "false_positive_rate", "fnr": "false_negative_rate",
    "npv": "negative_predictive_value", "precision": "precision", "pprev": "selection_rate", "prev": "prevalence",
}  # fmt: skip
_OWN_NAMES = {name: short for short, name in SHORT.items() if name != short}
_SOURCE = "Aequitas, Saleiro et al. (2018)"
_OWN = {"pprev": "Predicted prevalence (pprev)"}
DISPARITY = "_disparity"


def _short(short: str) -> Metric:
    """Returns the entry of a rate under its short name: the rate of one group, for fairness."""
    rate = RATES[SHORT[short]]
    return replace(
        rate, name=short, title=_OWN.get(short, f"{rate.title.partition(' (')[0]} ({short})"),
        kind="fairness", needs=rate.needs | {"attribute"}, formula=f"{rate.name} of the group: {rate.formula}",
        source=f"{_SOURCE}; {rate.source}", complement=_OWN_NAMES.get(rate.complement or ""),
    )  # fmt: skip


def _disparity(short: str) -> Metric:
    rate = RATES[SHORT[short]]
    return entry(
        short + DISPARITY, f"Disparity of {short}",
        f"{rate.question} How many times the rate of the reference group?",
        f"{short} of the group / {short} of the reference, the same as {rate.name}_ratio", "near one",
        " ".join(sorted(rate.needs | {"attribute"})), kind="fairness", unit="ratio",
        source=f"{_SOURCE}; {RATIO_SOURCE}", tasks=DECIDED, family=f"{rate.family}_difference",
    )  # fmt: skip


PPR = (
    entry(
        "ppr", "Predicted positive ratio (ppr)", "Of all cases that it selects, how many are of this group?",
        "selected cases of the group / all selected cases whose group is known", "context", "decisions attribute",
        kind="fairness", source=f"{_SOURCE}; Wilson (1927) for the interval", tasks=DECIDED,
    ),
    entry(
        "ppr_disparity", "Disparity of ppr", "How many cases of this group does it select for one of the reference?",
        "selected cases of the group / selected cases of the reference", "near one", "decisions attribute",
        kind="fairness", unit="ratio", source=f"{_SOURCE}; Wilson (1927) of the share, as odds", tasks=DECIDED,
    ),
)  # fmt: skip
AEQUITAS: tuple[Metric, ...] = (
    *(_short(short) for short in SHORT if short not in RATES),
    *PPR,
    *(_disparity(short) for short in SHORT if short != "prev"),  # Aequitas has none of prev
)
