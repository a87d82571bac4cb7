"""What was delivered, in words and tables: rows turned away and why, what is missing, how the columns changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from dashboard.charts.words import day, interval, number
from dashboard.log import Record, standing
from dashboard.policy import Finding
from dashboard.report.anomaly_words import percent
from dashboard.report.unit_changes import UnitChange
from dashboard.ui import parts
from dashboard.ui.say import listed, many, were

LISTED = 6  # inputs that a note names
MEASURED = ("Looks", "95 % interval", "Values before", "Values since")
NAMED = 3  # inputs that the page's sentence names
DELIVERED = {
    "late_rate": ("late: a day or more after their time", "taken in"),
    "duplicate_rate": ("twice: an id that had come before on that day", "delivered"),
    "rejected_rate": ("turned away", "delivered"),
}
RATED = ("Share", "95 % interval", "Rows")
COUNTED = ("Rows", "Missing", "Share missing", "Out of range")


def sentence(records: Sequence[Record]) -> tuple[str, str]:
    """Returns how many rows were turned away of how many, the commonest reason, and how much was sent twice."""
    deliveries, records = len(records), standing(records)
    rows, rejected = sum(r.rows for r in records), sum(r.rejected for r in records)
    if not rows:
        return "Nothing has been delivered yet.", "evenhand ingest MODEL FILE takes a file into the log."
    counted = Counter[str]()
    for record in records:
        counted.update(record.reasons)
    repeated = sum(record.repeated for record in records)
    again = f"{many(repeated, 'row')} came more than once and {were(repeated)} counted once."
    more = f"{many(deliveries, 'delivery', 'deliveries')}. {again if repeated else ''}".strip()
    if not rejected:
        return ("The one row" if rows == 1 else f"All {rows:,} rows") + f" delivered {were(rows)} accepted.", more
    return f"{rejected:,} of {rows:,} rows {were(rejected)} turned away{_mostly(counted)}.", more


def _mostly(counted: Counter[str]) -> str:
    """Returns the commonest reason, where there is one.

    >>> _mostly(Counter({"no time": 4, "score is NaN": 1})), _mostly(Counter({"no time": 4, "score is NaN": 4}))
    (', most for: no time', ', for two reasons')
    """
    (first, n), *others = counted.most_common(2)
    if others and others[0][1] == n:
        return f", for {many(len(counted), 'reason').lower()}"
    return f", {'most ' if others else ''}for: {first}"


def with_units(says: str, changes: Sequence[UnitChange]) -> str:
    """Returns the page's sentence with the largest change of unit behind it."""
    if not changes:
        return says
    more = f", and {many(len(changes) - 1, 'more like it', 'more like it')}" if len(changes) > 1 else ""
    return f"{says.rstrip('.')}; {changes[0].short}{more}."


def with_checks(says: str, findings: Sequence[Finding]) -> str:
    """Returns the page's sentence with the inputs of which a check of their values is outside its range behind it."""
    outside = list(dict.fromkeys(str(f.feature) for f in findings if f.state == "outside" and f.feature))
    if not outside:
        return says
    named = listed(outside[:NAMED]) if len(outside) <= NAMED else f"{', '.join(outside[:NAMED])} and more"
    return f"{says.rstrip('.')}, but the values of {named} are outside what the policy allows."


def units(changes: Sequence[UnitChange]) -> list[dict[str, object]]:
    """Returns the changes of unit as rows: what, where, since when, by how much, and what it points to."""
    return [
        {
            "Input": one.feature,
            "Where": "everywhere" if one.attribute is None else f"{one.attribute} {one.group}",
            "When": one.when,
            "Looks": f"× {number(one.scale, 'number')}" + (f" + {number(one.shift, 'number')}" if one.shift else ""),
            "95 % interval": interval(one.low, one.high, "number") if one.low < one.high else "",
            "Values before": f"{one.n_before:,}",
            "Values since": f"{one.n_after:,}",
            "Probably": f"{one.now} instead of {one.before}" if one.now else "",
        }
        for one in changes
    ]


def daily(change: UnitChange) -> pd.DataFrame:
    """Returns the medians of the days behind a change of unit: day and median."""
    return pd.DataFrame(change.medians, columns=["day", "median"])


def looked_at(changes: Sequence[UnitChange]) -> str:
    """Returns how a change of unit is told from drift, and of which rows."""
    every = changes[0].every if changes else 1
    of = f" One row in {every} was looked at." if every > 1 else ""
    return f"From one day to the next all values are what they were times one number, in their old shape.{of}"


def not_looked_at(names: Sequence[str]) -> str:
    """Returns which inputs were too many to be looked at for another unit; "" where none was.

    >>> not_looked_at(["crp", "urea"])
    'Two more inputs look unlike the reference and were not looked at for another unit: crp, urea.'
    """
    if not names:
        return ""
    listed = ", ".join(names[:LISTED]) + (" and others" if len(names) > LISTED else "")
    many_ = many(len(names), "more input")
    return (
        f"{many_} {'looks' if len(names) == 1 else 'look'} unlike the reference and {were(len(names))} not looked at "
        f"for another unit: {listed}."
    )


def missing(quality: pd.DataFrame) -> str:
    """Returns which input is missing most, and before that which went missing on some day far beyond its usual."""
    if quality.empty or not quality["missing"].sum():
        return "Nothing is missing in this window."
    totals = quality.groupby("feature")[["n", "missing"]].sum()
    shares = (totals["missing"] / totals["n"]).sort_values()
    most = f"{shares.index[-1]} is missing most: {number(float(shares.iloc[-1]), 'share')} of rows."
    return f"{_burst(quality)} {most}".strip()


def _burst(quality: pd.DataFrame) -> str:
    """Returns the day on which an input was missing far more than on its median day (six binomial errors), if any."""
    share = quality["missing"] / quality["n"]
    usual = share.groupby(quality["feature"]).transform("median")
    beyond = (share - usual) / ((usual.clip(lower=0.005) / quality["n"]) ** 0.5)
    days = quality.assign(share=share, usual=usual, beyond=beyond).sort_values("beyond")
    if days.empty or days["beyond"].iloc[-1] < 6:
        return ""
    name, on, now, before = next(days[["feature", "day", "share", "usual"]].tail(1).itertuples(index=False))
    return f"{name} went missing on {day(str(on))}: {number(now, 'share')}, usually {number(before, 'share')}."


def by_feature(quality: pd.DataFrame) -> list[dict[str, object]]:
    """Returns missing and out-of-range values by input, most missing first."""
    totals = quality.groupby("feature")[["n", "missing", "out_of_range"]].sum().sort_values("missing", ascending=False)
    rows: list[dict[str, object]] = []
    for name, n, missing_, outside in totals.reset_index().itertuples(index=False):
        share = number(missing_ / n if n else None, "share")
        cells = {"Rows": f"{n:,}", "Missing": f"{missing_:,}", "Share missing": share, "Out of range": f"{outside:,}"}
        rows.append({"Input": str(name), **cells})
    return rows


def rates(readings: pd.DataFrame) -> list[dict[str, object]]:
    """Returns how many rows came late, twice or were turned away, and which input's values were not numbers."""
    rows: list[dict[str, object]] = []
    columns = ("metric", "feature", "value", "low", "high", "numerator", "denominator", "note")
    for metric, feature, value, low, high, hits, trials, note in readings[list(columns)].itertuples(index=False):
        if pd.isna(feature):
            what, of = DELIVERED[metric]
        elif pd.isna(value):
            what, of = "not a number, so not kept", "taken in"
        elif hits > 0:
            what, of = f"not a number, so not kept: {feature}", "taken in"
        else:
            continue
        cells = {"Share": number(None, "share"), "95 % interval": "", "Rows": str(note)}
        if pd.notna(value):
            share, around = percent(float(value)), interval(low, high, "share")
            cells = {"Share": share, "95 % interval": around, "Rows": f"{hits:,.0f} of {trials:,.0f} {of}"}
        row: dict[str, object] = {"What": what, **cells}
        rows += [row] if row not in rows else []  # inputs that were not counted say so once
    return rows


def changes(records: Sequence[Record]) -> list[dict[str, object]]:
    """Returns what was new, gone or of another type, by delivery; the same note is told once."""
    told = set[str]()
    found: list[dict[str, object]] = []
    for record in records:
        for note in record.notes:
            if note not in told:
                told.add(note)
                found.append({"What": note, "Since": day(record.arrived_at, year=True), "Delivery": record.source})
    return found


def frame(records: Sequence[Record]) -> pd.DataFrame:
    """Returns every delivery as a row, newest first."""
    names = ("arrived_at", "kind", "source", "rows", "accepted", "repeated", "rejected", "batch")
    rows = [{name: getattr(record, name) for name in names} for record in reversed(records)]
    return pd.DataFrame(rows, columns=names)


def section(records: Sequence[Record]) -> None:
    """Does draw the view of all deliveries."""
    parts.section("Deliveries", "Newest first: rows delivered, taken in, sent before, turned away.")
    parts.grid(frame(records), "deliveries", "Every delivery: when it came, its rows, how many were accepted")
    parts.download(frame(records), "deliveries")
