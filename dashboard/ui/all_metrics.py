"""Every metric of every group at a glance: a matrix of marks, and below it whether the groups differ at all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.words import group_name, in_order, made_of, missing, number, unit_of
from dashboard.metrics import METRICS
from dashboard.policy.rules import MINIMUM_N
from dashboard.ui import fairness_words, load, marks, parts, say, verdicts
from dashboard.ui.fairness import Asked
from dashboard.ui.load import fairness as numbers
from dashboard.ui.marks import Judged


def view(asked: Asked) -> None:
    """Does draw the matrix, what is left out of it, the download of all its numbers, and the tests."""
    metrics = verdicts.rates(asked.scope)
    judged = [f for f in asked.of_attribute if f.group]
    found = numbers.rates(asked.scope, metrics, judged)
    known, unknown = verdicts.known_groups(asked.counts)
    shown = rows(known, found, asked.reference)
    enough = minimum(asked)
    columns, heads, cells = matrix(shown, found, metrics, asked.reference, enough)
    by = say.plain(asked.attribute)
    parts.section(f"Every metric by {by}", key_words(found, enough))
    st.html(marks.key(state for row in cells for cell in row if (state := cell.state)) + hatched(cells))
    first = ", the reference first" if asked.reference in set(shown["group"]) else ""
    st.html(marks.matrix(heads, columns, cells, f"All metrics by {by}{first}"))
    parts.note(say.some(shown, known, "the download has all"))
    parts.note(fairness_words.unknown(unknown, asked.counts, asked.attribute))
    everything = partial(numbers.all_metrics, asked.scope, metrics, judged)
    parts.download(everything, f"all-metrics-by-{asked.attribute}", "Download all numbers (CSV)")
    whether_alike(asked, metrics, known)


def minimum(asked: Asked) -> int:
    """Returns the denominator below which nothing is judged: the policy's, else the usual one."""
    policy = load.policy(asked.scope.model)
    return policy.minimum_n if policy else MINIMUM_N


def rows(known: pd.DataFrame, found: pd.DataFrame, reference: str | None) -> pd.DataFrame:
    """Returns the groups there is room for, with their counts: the reference, the most urgent, then the largest."""
    order = {state: place for place, state in enumerate(load.STATES)}
    judged = found.dropna(subset=["judged_state"]).rename(columns={"judged_state": "state"})
    judged = judged.sort_values("state", key=lambda states: states.map(order), kind="stable")
    return verdicts.chosen(known, judged, reference)


def matrix(
    shown: pd.DataFrame, found: pd.DataFrame, metrics: Sequence[str], reference: str | None, enough: int
) -> tuple[list[str], list[tuple[str, str]], list[list[Judged]]]:
    """Returns the heads of columns and rows and the cells between them; the reference's row is the first."""
    n = {str(row["group"]): int(row["n"]) for row in shown.to_dict("records")}
    groups = in_order(n)
    groups = [*(g for g in groups if g == reference), *(g for g in groups if g != reference)]
    kept = found[found["group"].isin(set(groups))]
    there = {(row["metric"], row["group"]): row for row in kept.to_dict("records")}
    cells = [[cell(there.get((metric, group)), enough) for metric in metrics] for group in groups]
    heads = [(group_name(g), f"{'reference, ' if g == reference else ''}n {n[g]:,}") for g in groups]
    return [say.plain_title(metric) for metric in metrics], heads, cells


def cell(row: dict[Any, Any] | None, enough: int) -> Judged:
    """Returns a metric of a group: value and mark; where its denominator is too small, how many there are.

    >>> row = {"metric": "accuracy", "value": 0.5, "numerator": 6, "denominator": 12, "n": 12, "judged_state": None}
    >>> cell(row, 50)
    Judged(words='50\\u202f%', state=None, few='6 of 12')
    """
    if row is None:
        return Judged("–", few="no case")
    unit = unit_of(str(row["metric"]))
    state = None if missing(row["judged_state"]) else str(row["judged_state"])
    made = made_of(row["numerator"], row["denominator"], unit) if unit == "share" else f"n {row['n']:,}"
    few = made if row["n"] < enough or missing(row["value"]) else ""
    return Judged(number(row["value"], unit), state, few)


def key_words(found: pd.DataFrame, enough: int) -> str:
    """Returns how to read the matrix."""
    judged = found["judged_state"].notna().any()
    told = (
        "A mark says what the policy finds of the group’s difference to the reference; without one no rule judges it."
        if judged
        else "No rule of the policy judges a difference by this attribute here: there are no marks."
    )
    return f"{told} Fewer than {enough} cases in a denominator are hatched, with their counts: too few to judge."


def hatched(cells: Sequence[Sequence[Judged]]) -> str:
    """Returns the key to the hatching, "" where nothing is hatched."""
    few = any(cell.few for row in cells for cell in row)
    return '<div class="eh-key"><span><span class="eh-swatch eh-few"></span>too few cases</span></div>' if few else ""


def whether_alike(asked: Asked, metrics: Sequence[str], known: pd.DataFrame) -> None:
    """Does show, when it is asked for, whether more than two groups differ in a rate at all."""
    if len(known) < 3:
        return
    box = parts.opened("Do the groups differ at all? A test of each rate", "homogeneity")
    if box is None:
        return
    found = numbers.homogeneity(asked.scope, metrics)
    with box:
        if not found:
            parts.nothing("No rate can be tested here.", "A test needs three groups that have cases.")
            return
        caption = f"The chance of rates as far apart as these if all {say.plain(asked.attribute)} groups had one rate"
        told = [row_of(name, test) for name, test in found.items()]
        named = [name for name in told[0] if any(row[name] for row in told)]
        parts.table([{name: row[name] for name in named} for row in told], caption, numbers=("Groups", "p"))
        parts.note(
            "Pearson’s chi-squared test; where an expected count is under 5 the cases are dealt out anew 9,999 times. "
            "It says whether groups differ, not which, nor whether it matters: it decides no state."
        )


def row_of(name: str, test: numbers.Alike) -> dict[str, object]:
    """Returns the row of one test."""
    mirror = METRICS[name].complement
    title = say.plain_title(name) + (f" (and {say.lower(say.plain_title(mirror))})" if mirror else "")
    p = "–" if test.p is None else "under 0.0001" if test.p < 1e-4 else f"{test.p:.4f}"
    note = "every case or none: nothing to test" if test.p is None else test.note
    return {"Rate": title, "Groups": f"{test.groups:,}", "p": p, "Test": test.method, "Note": note}
