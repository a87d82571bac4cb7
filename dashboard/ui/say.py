"""Readings, counts and days in words: what captions, notes and the texts behind pictures are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from dashboard.charts import per_thousand
from dashboard.charts.words import counts, day, group_name, interval, made_of, missing, number, title, unit_of
from dashboard.charts.words import window as days
from dashboard.contract import Contract

SMALL = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def literal(text: str) -> str:
    r"""Returns text for a label or caption, which Streamlit reads as Markdown: no image or link is made of it.

    >>> literal("![x](http://x.example) F, 65+: 3")
    '\\!\\[x\\](http\\://x.example) F, 65+: 3'
    """
    return re.sub(r"([\\`*_\[\]<>#$!~|]|:(?=\S))", r"\\\1", text)


def many(n: int, one: str, more: str = "") -> str:
    """Returns a count with its noun.

    >>> many(1, "thing"), many(3, "thing"), many(1204, "row")
    ('One thing', 'Three things', '1,204 rows')
    """
    return f"{SMALL[n] if n < len(SMALL) else f'{n:,}'} {one if n == 1 else more or one + 's'}"


def were(n: int) -> str:
    """Returns the verb of a count."""
    return "was" if n == 1 else "were"


def of_100(value: float) -> str:
    """Returns a share as a natural frequency.

    >>> of_100(0.8432), of_100(0.0041)
    ('84 of 100', '4 of 1,000')
    """
    return f"{value * 100:.0f} of 100" if value >= 0.01 or value == 0 else f"{value * 1000:.0f} of 1,000"


def everybody(readings: pd.DataFrame) -> pd.DataFrame:
    """Returns the readings of no single group and, of several classes, of no single class."""
    return readings[readings["group"].isna() & readings["feature"].isna()]


def one(readings: pd.DataFrame, metric: str) -> Mapping[str, Any] | None:
    """Returns the one reading of a metric for everybody, None where there is none that could be computed."""
    rows = everybody(readings[(readings["metric"] == metric) & readings["value"].notna()])
    return None if rows.empty else {str(key): value for key, value in rows.iloc[0].to_dict().items()}


def listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else "none"


def behind(row: Mapping[str, Any]) -> str:
    return counts(row["numerator"], row["denominator"])


def cells(readings: pd.DataFrame) -> dict[str, int] | None:
    """Returns the four counts tp, fn, fp, tn behind the true and false positive rates; None without both."""
    found, alarms = one(readings, "true_positive_rate"), one(readings, "false_positive_rate")
    if found is None or alarms is None:
        return None
    tp, fp = int(found["numerator"]), int(alarms["numerator"])
    return {"tp": tp, "fn": int(found["denominator"]) - tp, "fp": fp, "tn": int(alarms["denominator"]) - fp}


def group(name: str | None) -> str:
    """Returns a group's name for a sentence."""
    return group_name(name)


def plain(attribute: str) -> str:
    """Returns an attribute or intersection in words.

    >>> plain("sex*age_band")
    'sex and age band'
    """
    return attribute.replace("*", " and ").replace("_", " ")


def outside_elsewhere(attribute: str, rate: str, of_class: str | None, n: int) -> str:
    """Returns the words of a link to what is outside by another attribute, on another rate, or of another class.

    >>> outside_elsewhere("sex*age_band", "true_positive_rate", None, 1)
    'Outside by sex × age band: 1 finding (true positive rate) →'
    """
    name = attribute.replace("_", " ").replace("*", " × ")
    of = f"{lower(plain_title(rate))} of {of_class}" if of_class else lower(plain_title(rate))
    return f"Outside by {name}: {n} finding{'' if n == 1 else 's'} ({of}) →"


def plain_title(metric: str) -> str:
    """Returns a metric's title without what stands in brackets."""
    return title(metric).split(" (")[0]


def lower(text: str) -> str:
    """Returns a title inside a sentence: its first letter small, unless it is an abbreviation.

    >>> lower("True positive rate"), lower("F1")
    ('true positive rate', 'F1')
    """
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def value_words(row: Mapping[Any, Any]) -> str:
    """Returns a reading in words: value, interval and counts.

    >>> row = {"metric": "accuracy", "value": 0.71, "low": 0.66, "high": 0.76, "numerator": 312, "denominator": 440}
    >>> value_words(row)
    '71\\u202f% (66 to 76; 312 of 440)'
    """
    unit = unit_of(str(row["metric"]))
    if missing(row["value"]):
        return "can’t be computed"
    of = made_of(row["numerator"], row["denominator"], unit)
    inside = "; ".join(p for p in (interval(row["low"], row["high"], unit), of) if p)
    return f"{number(row['value'], unit)} ({inside})"


def value_and_interval(row: Mapping[Any, Any]) -> str:
    """Returns a reading's value and its interval in words, an en dash where it has none."""
    if missing(row["value"]):
        return "–"
    unit = unit_of(str(row["metric"]))
    return f"{number(row['value'], unit)} ({interval(row['low'], row['high'], unit)})"


def alt(readings: pd.DataFrame, by: str = "group") -> str:
    """Returns every reading of a picture in one text, for those who cannot see it."""
    rows = readings.to_dict("records")
    return "; ".join(f"{_name(row, by)}: {value_words(row)}" for row in rows) or "nothing to show"


def _name(row: Mapping[Any, Any], by: str) -> str:
    if by == "since":
        return days(row["since"], row["until"])
    return group_name(row["group"]) if by == "group" else str(row[by])


def window(chosen: tuple[date, date], complete_until: date | None) -> str:
    """Returns the days that are looked at, and whether their labels are complete; None where labels do not matter."""
    told = f"{days(*chosen, year=True)}."
    if complete_until is None:
        return f"{told} This does not wait for labels."
    if chosen[1] <= complete_until:
        return f"{told} No more labels are expected for these days."
    return f"{told} Labels are complete to {day(complete_until - timedelta(days=1))}: later ones are still coming."


def some(shown: pd.DataFrame, of: pd.DataFrame, others: str = "the table has all") -> str:
    """Returns how many groups a picture shows of how many and where the others are, "" where it shows all."""
    here, all_ = shown["group"].nunique(), of["group"].nunique()
    return "" if here == all_ else f"{here} of {all_} groups are drawn, the most urgent and the largest; {others}."


def still_coming(readings: pd.DataFrame, settled: str) -> str:
    """Returns the note of a picture over time: how it is drawn, and which of its dots may still change."""
    note = "Of the labels that have arrived; each dot with its 95 % interval."
    if not (readings["until"].astype(str) > settled).any():
        return note
    return f"{note} Hollow dots: labels of days from {day(settled)} on are still coming, and these may change."


def drift_window(chosen: tuple[date, date], reference: tuple[date, date] | None) -> str:
    """Returns which days are compared with which."""
    against = f" against {days(*reference, year=True)}" if reference else ""
    return f"{days(*chosen, year=True)}{against}."


def positive(contract: Contract, of_class: str | None = None) -> str:
    """Returns what counts as positive where it is not the contract's label: a class, or what reaches a cut-off."""
    if of_class is not None:
        return f"Positive is {of_class}, against all other classes together."
    if contract.cutoff is None:
        return ""
    cut = f"{contract.cutoff:,.10g}"
    return f"Selected is who is predicted {cut} or more, positive whose label is: the contract’s cut-off."


def icons(cells: Mapping[str, int]) -> str:
    """Returns the icon array in words."""
    of = per_thousand(**cells)
    return f"Of 1,000: {of['tp']} found, {of['fn']} missed, {of['fp']} false alarms, {of['tn']} rightly left alone"


def confusion(cells: Mapping[str, int]) -> tuple[list[dict[str, object]], str]:
    """Returns the four counts as a table, and its caption."""
    rows: list[dict[str, object]] = [
        {"Decision": "Positive", "Labelled positive": f"{cells['tp']:,}", "Labelled negative": f"{cells['fp']:,}"},
        {"Decision": "Negative", "Labelled positive": f"{cells['fn']:,}", "Labelled negative": f"{cells['tn']:,}"},
    ]
    return rows, "The cases of this window, counted"


def volume(requests: pd.DataFrame) -> str:
    """Returns the requests of a window, and when there were most."""
    top = requests.sort_values("n").iloc[-1]
    return f"{int(requests['n'].sum()):,} answers; most at {top['time']:%-d %B, %H:%M}: {int(top['n']):,}"


def shares(of: pd.DataFrame) -> str:
    """Returns each category's share in the reference and now."""
    rows = of.to_dict("records")
    return "; ".join(
        f"{r['category']}: {number(r['reference'], 'share')}, now {number(r['now'], 'share')}" for r in rows
    )


def moved(readings: pd.DataFrame, feature: str) -> str:
    """Returns how far one feature moved, in words."""
    row = readings[readings["feature"] == feature].iloc[0].to_dict()
    return f"{feature} in the reference and now; population stability index {value_words(row)}"
