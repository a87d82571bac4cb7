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
"""


def page() -> str:
    """Returns docs/metrics.md.

    >>> page().splitlines()[0]
    '# Metrics'
    """
    parts = [OPENING]
    for kind, heading in HEADINGS.items():
        parts += [f"## {heading}\n", *(_entry(metric) for metric in METRICS.values() if metric.kind == kind)]
    return "\n".join(parts)


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
