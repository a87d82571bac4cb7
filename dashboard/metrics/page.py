"""The page of all metrics, made from the table: `python -m dashboard.metrics.page > docs/metrics.md`."""

from __future__ import annotations

from dashboard.metrics import METRICS, Kind, Metric

HEADINGS: dict[Kind, str] = {
    "performance": "Performance",
    "fairness": "Fairness",
    "drift": "Drift",
    "service": "Service",
    "data": "Data",
}

OPENING = """\
# Metrics

Every number that Evenhand shows, from the table `dashboard.metrics.METRICS`. tp, fp, fn and tn count cases by label
and decision. A rate whose denominator is 0 cannot be computed and says so; it is never shown as 0. A `_difference` is
group minus reference and a `_ratio` group over reference, except for the six of fairlearn's names, which compare the
largest with the smallest group and have no sign. Each metric's interval is at 95 % unless a policy judges it together
with others; [how often intervals contain the truth](intervals.md) is proved.

`_overall_difference` (a group against everybody), `_gap` (the groups furthest apart, named in the note) and Aequitas'
short names (`tpr`, `ppr`, `fpr_disparity` ...) are read where they are asked for by name, as are `roc_auc_difference`,
`mix_psi`, `concept_shift`, `domain_auc`, `attribution_ndcg`, what drift does and what is wrong with data. So are all
contrasts of one
class of several, unless `--feature` names the class; accuracy by group is always compared.

Of a model of several classes the rates, `f1`, `roc_auc` and `average_precision` are read of each class, taken for the
positive one against all others together; the key `feature` of such a reading is the class. `--feature` asks for one.
"""


ESTIMATED = """\
## Estimated before labels arrive

`estimated_<metric>` is what a metric will turn out to be, said before the labels are there; it is never mixed with the
realised one. It has the unit, the best value and the groups of the metric it estimates, needs no labels of the days it
is about (those that have come are not used), and a policy judges it on the newest window of the log. It can't be had
for days of the reference, on which it rests.

**Of classes** (confidence-based performance estimation): the reference says how often each score turned out positive,
in each group by itself and from at least 500 labels, 50 of each; by isotonic regression where that lowers the
cross-validated Brier score. Each case then counts by its probability, with the decision the model took:
tp = sum over decision 1 of p, fn = sum over decision 0 of p. Everybody is the sum of the groups of the first attribute
in which every group has its own calibration. A version that came after the reference is calibrated on its own first 28
days. Of several classes each is calibrated against the rest, and each decision's column scaled to its count.

**Of numbers** (direct loss estimation): a model of the loss, fitted on the labelled reference, says how far off each
value will be.

The interval is a prediction interval: it holds the realised value with its level's chance. It allows for the labels to
come and, by drawing the reference's days again, for what the reference leaves open. All of it assumes that a score (or
an input) means what it meant in the reference: `track_record` says how that has held.
"""


def page() -> str:
    """Returns docs/metrics.md.

    >>> page().splitlines()[0]
    '# Metrics'
    """
    parts = [OPENING]
    for kind, heading in HEADINGS.items():
        of_kind = (metric for name, metric in METRICS.items() if metric.kind == kind and not _is_estimate(name))
        parts += [f"## {heading}\n", *map(_entry, of_kind)]
    return "\n".join(
        [*parts, ESTIMATED, *(_line(metric) for name, metric in METRICS.items() if _is_estimate(name)), ""]
    )


def _is_estimate(name: str) -> bool:
    return name.startswith("estimated_")


def _line(metric: Metric) -> str:
    """Returns an estimate in one line: all else is said of the metric that it estimates."""
    realised = metric.name.removeprefix("estimated_")
    return f"* `{metric.name}`: [{realised}](#{realised}), from {' and '.join(sorted(metric.needs))}"


def _entry(metric: Metric) -> str:
    facts = [f"best: {metric.better}", f"unit: {metric.unit}", f"tasks: {', '.join(metric.tasks)}"]
    if metric.needs:
        facts.append(f"needs: {', '.join(sorted(metric.needs))}")
    if metric.complement:
        facts.append(f"mirror image: `{metric.complement}`")
    lines = [f"### {metric.name}\n", f"**{metric.title}.** {metric.question}\n", f"    {metric.formula}\n"]
    return "\n".join([*lines, f"{'; '.join(facts)}. Source: {metric.source}.\n"])


if __name__ == "__main__":
    print(page(), end="")
