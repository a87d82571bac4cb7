"""Labels in time, in words and tables: how long they take, whose come later, what was known then and is now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from dashboard.charts.words import day, group_name, interval, missing, number, unit_of, window
from dashboard.report.labels import Uneven
from dashboard.ui import say

HALF, NEARLY_ALL = 0.5, 0.99


def how_long(curves: pd.DataFrame) -> str:
    """Returns within how many days half and nearly all labels come, from everybody's curve.

    >>> how_long(pd.DataFrame({"group": None, "delay": [0, 1, 2], "share": [0.2, 0.7, 1.0]}))
    'Half of the labels come within 1 day, 99 of 100 within 2.'
    """
    half, most = within(curves, HALF), within(curves, NEARLY_ALL)
    return f"Half of the labels come within {days(half)}, 99 of 100 within {most}."


def within(curves: pd.DataFrame, share: float, column: str = "share") -> int:
    """Returns on which day a curve reaches a share; the last that it shows where it does not."""
    reached = curves.loc[curves[column] >= share - 1e-12, "delay"]
    return int(reached.iloc[0] if len(reached) else curves["delay"].max())


def days(n: int) -> str:
    return f"{n} day{'' if n == 1 else 's'}"


def curves_alt(curves: pd.DataFrame) -> str:
    """Returns every curve of a picture in one text."""
    told = (f"{group_name(name or None)}: {how_long(rows).lower()}" for name, rows in _by_group(curves))
    return " ".join(told)


def curve_rows(curves: pd.DataFrame) -> list[dict[str, object]]:
    """Returns each group's curve as a table's row, the slowest first."""
    found = [
        {
            "Group": group_name(name or None),
            "Half within": days(within(rows, HALF)),
            "99 of 100 within": days(within(rows, NEARLY_ALL)),
            "95 % interval of that": f"{within(rows, NEARLY_ALL, 'high')} to {within(rows, NEARLY_ALL, 'low')}",
            "Labels that came": number(int(rows["n"].iloc[0]), "count"),
            "order": -within(rows, NEARLY_ALL) - within(rows, HALF) / 1e6,
        }
        for name, rows in _by_group(curves)
    ]
    ordered = sorted(found, key=lambda row: float(str(row["order"])))
    return [{name: value for name, value in row.items() if name != "order"} for row in ordered]


def _by_group(curves: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), rows) for name, rows in curves.assign(group=curves["group"].fillna("")).groupby("group")]


def whose(one: Uneven) -> str:
    """Returns whose labels are fewer, by how many days they come later, and what that means."""
    return one.sentence(window(one.since, one.until), say.plain(one.attribute))


def values_apart(apart: Mapping[str, int], task: str) -> str:
    """Returns which label value comes sooner or later, and which way that pulls what has arrived; "" if none does.

    >>> values_apart({"0": -7, "1": 7}, "binary")
    'Positives are known 7 days later than negatives: on what has arrived, prevalence and precision can read too low.'
    """
    if not apart:
        return ""
    if task == "binary":
        by = apart.get("1") or -apart.get("0", 0)
        known, reads = ("later", "low") if by > 0 else ("sooner", "high")
        told = f"Positives are known {days(abs(by))} {known} than negatives"
        return f"{told}: on what has arrived, prevalence and precision can read too {reads}."
    last = max(apart, key=lambda value: apart[value])
    return f"Labels of class {last} come {days(apart[last])} later than the others: of what has arrived too few are it."


def coverage_alt(coverage: pd.DataFrame, settled: date, end: date) -> str:
    """Returns how many cases have their label before and after the day from which on labels are still coming."""
    told = []
    for name, rows in coverage.assign(group=coverage["group"].fillna("")).groupby("group"):
        late = rows["since"].astype(str) >= settled.isoformat()
        before, after = (_share(part) for part in (rows[~late], rows[late]))
        told.append(f"{group_name(str(name) or None)} {before}" + (f", then {after}" if settled < end else ""))
    return f"Cases that have their label, before and from {day(settled)}: {'; '.join(told)}"


def _share(rows: pd.DataFrame) -> str:
    n = float(rows["denominator"].sum())
    return number(float(rows["numerator"].sum()) / n, "share") if n else "none"


def then_words(readings: pd.DataFrame, on: date, metric: str) -> str:
    """Returns what was known of the window then, and how its main metric read then and reads now."""
    known = _value(readings, "label_coverage", "then")
    if known is None:
        return f"Nothing of this window was known on {day(on, year=True)}."
    told = f"When {day(on, year=True)} began, {number(known, 'share')} of these cases had their label."
    then, now = (_value(readings, metric, when) for when in ("then", "now"))
    if then is None or now is None:
        return told
    unit, name = unit_of(metric), say.plain_title(metric)
    return f"{told} {name} read {number(then, unit)} then, and {number(now, unit)} now."


def _value(readings: pd.DataFrame, metric: str, when: str) -> float | None:
    rows = readings[(readings["metric"] == metric) & readings["group"].isna() & (readings["when"] == when)]
    found = rows["value"].dropna()
    return float(found.iloc[0]) if len(found) else None


def then_rows(readings: pd.DataFrame, on: date) -> list[dict[str, object]]:
    """Returns then against now as a table's rows: a metric of everybody, or of a group, in each."""
    places: dict[tuple[str, str], dict[str, Mapping[Any, Any]]] = {}
    for row in readings.to_dict("records"):
        group = "" if missing(row["group"]) else str(row["group"])
        places.setdefault((str(row["metric"]), group), {})[str(row["when"])] = row
    nobody: Mapping[Any, Any] = {"value": None, "low": None, "high": None, "n": 0}
    return [
        {
            "Metric": say.plain_title(metric),
            "Group": group_name(group or None),
            f"When {day(on)} began": _cell(both.get("then", nobody), metric),
            "Now": _cell(both.get("now", nobody), metric),
            "n then": number(both.get("then", nobody)["n"], "count"),
            "n now": number(both.get("now", nobody)["n"], "count"),
        }
        for (metric, group), both in places.items()
    ]


def _cell(row: Mapping[Any, Any], metric: str) -> str:
    if missing(row["value"]):
        return "–"
    unit = unit_of(metric)
    return f"{number(float(row['value']), unit)} ({interval(row['low'], row['high'], unit)})"
