"""What is it worth? The value of a case on average and of all together, by the contract's matrix and as logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dashboard.charts.words import MINUS, counts, missing, number
from dashboard.contract import Contract
from dashboard.ui import load, parts, say
from dashboard.ui.state import Scope

METRICS = ("value_per_case", "total_value", "logged_value_per_case", "total_logged_value")
OUTCOMES = {
    "tp": "Positive, and found",
    "fp": "Negative, a false alarm",
    "fn": "Positive, and missed",
    "tn": "Negative, and left alone",
}


def section(scope: Scope) -> None:
    """Does draw the section, or nothing where the contract says nothing of value."""
    contract = load.contract(scope.model)
    matrix = bool(contract.value and contract.value.cells)
    if not matrix and "value" not in contract.columns:
        return
    unit = contract.value.unit if contract.value else ""
    readings = load.readings(scope, METRICS, ("performance",), labels=True)
    parts.section("What is it worth?", say.window(load.days(scope, labels=True), load.complete_until(scope.model)))
    told = [text for text in (matrix_words(readings, unit), logged_words(readings, unit)) if text]
    if not told:
        parts.nothing(
            "No case of this window has a value yet.", "The value matrix needs labels; choose an older window."
        )
        return
    parts.findings([(None, text) for text in told])
    if matrix:
        rates = load.readings(scope, ("true_positive_rate", "false_positive_rate"), ("performance",), labels=True)
        parts.table(table(contract, say.cells(rates)), "The value matrix and this window’s cases", numbers=NUMBERS)
    parts.download(readings, "value")


def matrix_words(readings: pd.DataFrame, unit: str) -> str:
    """Returns what a case is worth by the matrix, and all labelled cases together."""
    return _words(readings, "value_per_case", "total_value", "labelled cases", unit)


def logged_words(readings: pd.DataFrame, unit: str) -> str:
    """Returns what a case is worth by the logged value, and all cases together."""
    return _words(readings, "logged_value_per_case", "total_logged_value", "cases with a logged value", unit)


def _words(readings: pd.DataFrame, mean: str, total: str, what: str, unit: str) -> str:
    each, together = say.one(readings, mean), say.one(readings, total)
    if each is None or together is None:
        return ""
    between = "" if missing(each["low"]) else f" ({_plain(each, 'low')} to {_plain(each, 'high')})"
    logged = ", as logged" if mean.startswith("logged") else ""
    return (
        f"A case is worth {money(each['value'], unit)} on average{logged}{between}; the {int(each['n']):,} {what} "
        f"{money(together['value'], unit)} together."
    )


def _plain(row: Mapping[str, Any], end: str) -> str:
    return number(row[end], "number")


def money(value: float, unit: str) -> str:
    """Returns a value in the contract's unit.

    >>> money(-1204.6, "EUR"), money(3, "")
    ('\\u22121,205 EUR', '3')
    """
    whole = abs(value) >= 100 or float(value).is_integer()
    text = f"{value:,.0f}".replace("-", MINUS) if whole else number(value, "number")
    return f"{text} {unit}".strip()


NUMBERS = ("Worth each", "Cases", "Together")


def table(contract: Contract, cells: Mapping[str, int] | None) -> list[dict[str, object]]:
    """Returns a row for each outcome: what a case of it is worth, how many there are, what they are worth together."""
    value = contract.value
    if value is None:
        return []
    rows: list[dict[str, object]] = []
    for name, worth in value.cells.items():
        row: dict[str, object] = {"Outcome": OUTCOMES[name], "Worth each": money(worth, value.unit)}
        if cells:
            row |= {"Cases": counts(None, cells[name]), "Together": money(worth * cells[name], value.unit)}
        rows.append(row)
    return rows
