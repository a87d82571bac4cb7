"""What the Reports page reads: the four-fifths screen, and Local Law 144's counts."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard.metrics.four_fifths import Screen, screen
from dashboard.report.fairness import is_unknown
from dashboard.report.impact import Tallies, tallies
from dashboard.rules import Rule
from dashboard.rules import rule as rule_of
from dashboard.ui.load import ENTRIES, Key, days, key, model_of, readings
from dashboard.ui.state import Scope


def rule(name: str) -> Rule:
    """Returns a rule, as its file says."""
    return rule_of(name)


def four_fifths(scope: Scope) -> tuple[Screen, int]:
    """Returns the screen of the scope's attribute, and how many cases have an unknown group."""
    rates = readings(scope, ("selection_rate",), ("performance",), attribute=scope.attribute)
    rows = [(str(row["group"]), int(row["numerator"] or 0), int(row["denominator"] or 0)) for row in
            rates.fillna({"numerator": 0, "denominator": 0}).to_dict("records")]  # fmt: skip
    known = tuple(row for row in rows if not is_unknown(row[0]))
    return _screen(known), sum(n for group, _, n in rows if is_unknown(group))


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _screen(rows: tuple[tuple[str, int, int], ...]) -> Screen:
    return screen({group: (hits, n) for group, hits, n in rows})


def impact(scope: Scope, attributes: tuple[str, ...]) -> Tallies:
    """Returns selections and scores above the median by the groups of the attributes, read from the log."""
    return _impact(key(scope.model), *days(scope), scope.version, attributes)


@st.cache_data(max_entries=50, show_spinner="Reading the scores of these days")
def _impact(key: Key, since: date, until: date, version: str | None, attributes: tuple[str, ...]) -> Tallies:
    found = model_of(key)
    return tallies(found.paths, found.source(), found.scope(since, until, version=version), attributes)
