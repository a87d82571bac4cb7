"""How the columns of deliveries changed: appeared, vanished, changed their type; and which categories are new."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dashboard import charts
from dashboard.charts.words import day
from dashboard.ingest.sources import family
from dashboard.log import Record
from dashboard.ui import deliveries, load, parts
from dashboard.ui.load import quality
from dashboard.ui.say import many, were
from dashboard.ui.state import Scope

DELIVERIES, COLUMNS, CATEGORIES = 60, 40, 50
STRIP = ("column", "delivery", "batch", "arrived", "type", "what")
KINDS = {"predictions": "predictions", "labels": "labels that came later"}
VERBS = {"appeared": "appeared", "vanished": "vanished", "type": "changed its type"}


def section(scope: Scope, records: Sequence[Record]) -> None:
    """Does draw the view: a strip of columns by delivery for each kind of file, then what was new."""
    for kind, named in KINDS.items():
        of_kind = [record for record in records if record.kind == kind]
        if of_kind:
            _columns(strip(of_kind), kind, f"Columns of {named}", len(of_kind))
    edited = [event for event in load.model(scope.model).events() if event.short == "contract edited"]
    if edited:
        parts.section("The contract", "What it says of inputs was changed; the day is that of the first count by it.")
        parts.findings([(None, f"{day(event.since, year=True)}: {event.sentence}") for event in edited])
    noted = deliveries.changes(records)
    parts.section(
        "Noted at intake", "" if noted else "Nothing: no column was new, gone, of another type or unreadable."
    )
    parts.table(noted, "What was new, gone, of another type or could not be read, by delivery")
    found = quality.new_categories(scope.model)
    parts.section("New categories", _new(found))
    parts.table(_categories(found), "Categories that the reference window does not have", numbers=("Rows",))
    if len(found):
        parts.download(found, "new-categories")


def strip(records: Sequence[Record]) -> pd.DataFrame:
    """Returns a row for each column and delivery that has it or lost it, in order of arrival: STRIP.

    `what` is "" where the column is as before, else "appeared", "vanished" or "type"; of the first delivery nothing is
    new. A column of nothing but nulls has no type of its own, so it changes none.
    """
    known: dict[str, str] = {}
    last: set[str] = set()
    found: list[tuple[str, str, str, str, str, str]] = []
    for k, record in enumerate(records):
        where = (record.source, record.batch, record.arrived_at[:10])
        for name, type_ in record.columns.items():
            was = known.get(name, type_)
            other = family(was) != family(type_) and "unknown" not in (family(was), family(type_))
            what = "appeared" if k and name not in last else "type" if other else ""
            found.append((name, *where, type_, what))
            known[name] = was if family(type_) == "unknown" else type_
        found += [(name, *where, "", "vanished") for name in known if name in last and name not in record.columns]
        last = set(record.columns)
    return pd.DataFrame(found, columns=list(STRIP))


def words(columns: pd.DataFrame, of: int) -> str:
    """Returns the strip in words: what happened to which column, with which delivery."""
    happened = columns[columns["what"] != ""]
    if happened.empty:
        return f"Nothing changed: {many(of, 'delivery', 'deliveries').lower()} with the same columns and types."
    told = [
        f"{row.column} {VERBS[str(row.what)]} with {row.delivery} ({day(row.arrived)})" for row in happened.itertuples()
    ]
    more = f"; and {len(told) - 3} more" if len(told) > 3 else ""
    return "; ".join(told[:3]) + more + "."


def _columns(columns: pd.DataFrame, kind: str, heading: str, of: int) -> None:
    parts.section(heading, words(columns, of))
    shown = recent(columns)
    parts.picture(charts.columns_strip(shown), f"columns-{kind}", words(columns, of))
    left = columns["column"].nunique() - shown["column"].nunique()
    parts.note(f"{many(left, 'more column')} {were(left)} always there and always of one type." if left else "")
    parts.download(columns, f"columns-{kind}")


def recent(columns: pd.DataFrame) -> pd.DataFrame:
    """Returns the last deliveries, and of many columns those to which something happened first."""
    batches = list(dict.fromkeys(columns["batch"]))[-DELIVERIES:]
    changed = set(columns.loc[columns["what"] != "", "column"])
    names = sorted(dict.fromkeys(columns["column"]), key=lambda name: name not in changed)[:COLUMNS]
    return columns[columns["batch"].isin(batches) & columns["column"].isin(names)]


def _new(found: pd.DataFrame) -> str:
    if found.empty:
        return "Every category of every input occurs in the reference window."
    shown = f" The first {CATEGORIES} are shown." if len(found) > CATEGORIES else ""
    return f"{many(len(found), 'category', 'categories')} that the reference window does not have.{shown}"


def _categories(found: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {"Input": row.feature, "Category": row.category, "Since": day(row.since, year=True), "Rows": f"{row.n:,}"}
        for row in found.head(CATEGORIES).itertuples()
    ]
