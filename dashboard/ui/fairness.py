"""The fairness page's views on one rate: its groups side by side, before labels arrive, in one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dashboard import charts
from dashboard.charts import words
from dashboard.policy import Finding
from dashboard.ui import estimates, headlines, load, parts, say, verdicts
from dashboard.ui.state import Scope


@dataclass(frozen=True)
class Asked:
    """What the page was asked: a rate of the scope's groups; its readings, and the findings on its contrasts."""

    scope: Scope
    metric: str
    reference: str | None
    rates: pd.DataFrame
    findings: Sequence[Finding]

    @property
    def attribute(self) -> str:
        """The attribute or intersection whose groups are looked at; the page stops where there is none."""
        return self.scope.attribute or ""

    @property
    def late(self) -> bool:
        """Whether the rate waits for labels."""
        return verdicts.needs_labels(self.metric)


def by_group(asked: Asked) -> None:
    """Does draw each group's difference to the reference, then each group's rate, and the table of both."""
    known, unknown = verdicts.known_groups(asked.rates)
    differences = verdicts.judged(asked.findings)
    if asked.findings:
        parts.section(verdicts.contrast(asked.findings, say.group(asked.reference)), headlines.judged(asked.findings))
        shown = verdicts.drawn(differences, asked.reference)
        figure = charts.interval_dots(shown, asked.findings[0].allowed)
        parts.picture(figure, f"{asked.metric}-difference", say.alt(shown), states=shown["state"])
        parts.note(say.some(shown, differences))
    title, by = words.title(asked.metric), say.plain(asked.attribute)
    parts.section(words.question(asked.metric), f"{title}, each group by itself, with its 95 % interval.")
    shown = verdicts.drawn(known, asked.reference)
    parts.picture(charts.interval_dots(shown, reference=asked.reference), asked.metric, say.alt(shown))
    parts.note(say.some(shown, known))
    parts.fairness_table(known, differences, f"{title} by {by}")
    parts.note(say.left_out(unknown, asked.attribute))
    parts.download(verdicts.together(asked.rates, differences), f"{asked.metric}-by-{asked.attribute}")


def before_labels(asked: Asked) -> None:
    """Does show what the rate is estimated to be before labels arrive."""
    if asked.late:
        estimates.by_group(asked.scope, asked.metric)
    else:
        parts.nothing("This rate needs no labels.", "It is known for every day of the log.")


def summary(asked: Asked) -> None:
    """Does list the field's own numbers, largest against smallest group."""
    attribute = asked.attribute
    named = load.readings(asked.scope, kinds=("fairness",), labels=True, attribute=attribute)
    named = named[named["group"].isna()]
    parts.readings_table(named, "As fairlearn defines them, with intervals over all pairs of groups", by="metric")
    parts.download(named, f"summary-by-{attribute}")
