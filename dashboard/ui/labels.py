"""Labels in time: how long they take and whose come later, how many have come, and what was known on a past day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from dashboard.charts.labels import delay_curves, drawn_groups, missing_labels
from dashboard.charts.words import day, window
from dashboard.errors import EvenhandError
from dashboard.ui import label_words as words
from dashboard.ui import parts
from dashboard.ui.load import complete_until, contract, days, held, reference
from dashboard.ui.load import labels as load
from dashboard.ui.state import Scope

LEARNT = "Learnt from all labels that have come, although some are missing: the quick ones of recent days count less."


def section(scope: Scope) -> None:
    """Does draw the section: how long labels take, how many have come by day, what was known on a past day."""
    parts.section("How long labels take")
    warnings(scope)
    _curves(scope)
    _coverage(scope)
    if box := parts.opened("As it was known on a past day", "as-of"):
        with box:
            _as_of(scope)


def warnings(scope: Scope, coming: bool = True) -> None:
    """Does say whose labels come later, and what that does to rates; nothing where labels come alike."""
    told = [words.whose(one) for one in load.differing(scope, coming)]
    values = words.values_apart(load.values_apart(scope), contract(scope.model).task)
    parts.findings([("inconclusive", text, "Careful") for text in (*told, values) if text])


def careful(scope: Scope) -> None:
    """Does warn on top of a page, where labels of its window are still coming and not of all groups alike."""
    if days(scope, labels=True)[1] > complete_until(scope.model):
        warnings(scope, coming=False)


def _curves(scope: Scope) -> None:
    everybody = load.curves(replace(scope, attribute=None))
    if everybody.empty:
        parts.nothing(
            "Nobody knows when labels came.",
            "They came with the predictions, or there are none yet. A label file with a column labeled_at says when.",
        )
        return
    curves = load.curves(scope)
    longest = int(everybody["delay"].max())
    parts.note(f"{words.how_long(everybody)} {LEARNT} Labels slower than {words.days(longest)} were never seen.")
    drawn, n = drawn_groups(curves), curves["group"].nunique()
    base = reference(scope) if scope.attribute else None
    parts.picture(delay_curves(curves, base), "delays", words.curves_alt(curves))
    if len(drawn) < n:
        parts.note(f"{len(drawn)} of {n} groups are drawn, the largest; the table has all.")
    right = ("Half within", "99 of 100 within", "95 % interval of that", "Labels that came")
    parts.table(words.curve_rows(curves), "How long labels take, the slowest first", right)
    parts.download(curves, "label-delays")


def _coverage(scope: Scope) -> None:
    coverage, extent = load.coverage(scope), held(scope.model).extent
    end = extent.last + timedelta(days=1)
    settled = extent.complete_until
    if settled < end:
        until = (
            f"complete to {day(settled - timedelta(days=1))}" if settled > extent.first else "not complete of any day"
        )
        note = f"Labels are {until}: what needs them is read up to there, unless you choose other days."
    else:
        note = "Labels are complete to the end of the log."
    if coverage["value"].isna().all():
        return
    if (coverage["value"].dropna() == 1).all():
        parts.section("How many labels have come", f"{note} None is missing.")
        return
    parts.section("How many labels have come", f"{note} The darker, the more are missing.")
    figure = missing_labels(coverage, settled.isoformat())
    parts.picture(figure, "missing-labels", words.coverage_alt(coverage, settled, end))
    if box := parts.opened("Label coverage by day", "label-coverage"):
        with box:
            kept = coverage[["since", "group", "value", "low", "high", "numerator", "denominator"]]
            parts.grid(kept, "label-coverage", "Label coverage by day and group")
    parts.download(coverage, "label-coverage-by-day")


def _as_of(scope: Scope) -> None:
    extent, (since, until) = held(scope.model).extent, days(scope, labels=True)
    latest = extent.last + timedelta(days=366)
    chosen = st.date_input(
        "As it was known when this day began", min(until, latest), min_value=extent.first + timedelta(days=1),
        max_value=latest, key="as-of", width=240, format="YYYY-MM-DD", bind="query-params",
    )  # fmt: skip
    on = chosen if isinstance(chosen, date) else until
    with st.spinner("Reading the log as of that day"):
        try:
            readings = load.then_and_now(scope, on)
        except EvenhandError as error:
            parts.trouble(error)
            return
    metric = load.first_metric(scope)
    parts.note(f"{window(since, min(until, on), year=True)}. {words.then_words(readings, on, metric)}")
    if len(readings):
        then = f"When {day(on)} began"
        parts.table(words.then_rows(readings, on), "Then and now, the same days", (then, "Now", "n then", "n now"))
        parts.download(readings, f"as-of-{on}")
    parts.note(
        "Known then: predictions of earlier days, and labels that had become known. "
        "The contract, the policy and the bins of scores are today’s."
    )
