"""Rows that were turned away: by reason and delivery, one row as it was delivered, what to do next, all to download."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.cases_rejected import Form, Wanted, write
from dashboard.charts.words import day
from dashboard.contract import Contract
from dashboard.log import Record, standing
from dashboard.ui import load, parts
from dashboard.ui.load import quality
from dashboard.ui.say import many, were
from dashboard.ui.state import Scope

LIMIT = 200
DELIVERIES = 60  # shown in the picture, the last ones
ANY = "any"
CORRECT = "Or the contract is wrong about it: correct contract.toml, then evenhand ingest {model} FILE --again."
REDELIVER = "Correct the file and deliver it again: evenhand ingest {model} FILE; rows that are in are counted once."
NEXT = (
    (
        "duplicate id",
        "The row that came first stands. If both are predictions, each needs an id, or a version, of its own.",
    ),
    ("no time", f"The time is empty there. {REDELIVER}"),
    ("time", f"{REDELIVER} If only the format is unusual, name it as time_format in contract.toml; then FILE --again."),
    ("no score and no decision", f"The model said nothing and status does not say that it failed. {REDELIVER}"),
    ("broken line", f"Quote fields that hold the separator or a line break, and write UTF-8. {REDELIVER}"),
    ("no id", "A label needs its prediction's id. Correct the file: evenhand ingest {model} FILE --labels."),
    ("no label", "The label is empty. Deliver it once it is known: evenhand ingest {model} FILE --labels."),
    ("labeled_at", REDELIVER),
    ("label", f"Neither the positive nor the negative value. {REDELIVER} {CORRECT}"),
    ("decision", f"Neither the positive nor the negative value. {REDELIVER} {CORRECT}"),
    ("score outside", f"A score is a probability, 0 to 1; one in per cent is to be divided by 100. {REDELIVER}"),
    ("probability", f"A probability lies between 0 and 1. {REDELIVER}"),
)


def section(scope: Scope, records: Sequence[Record]) -> None:
    """Does draw the view: what was turned away of which delivery and why, the rows, what to do."""
    kept = [record for record in standing(records) if record.rejected]
    if not kept:
        parts.nothing(
            "No row was turned away.", "Rows that cannot be read are kept here with the reason, as delivered."
        )
        return
    shares = by_delivery(kept)
    parts.section(
        "Turned away, by delivery", "Each row is kept with the reason and as it was delivered; nothing is lost."
    )
    parts.picture(charts.reasons_strip(shares), "reasons", words(kept))
    parts.table(by_reason(kept, scope.model), "Rows turned away, by reason", numbers=("Rows", "Deliveries"))
    parts.download(shares, "reasons")
    _rows(scope, kept)


def by_delivery(records: Sequence[Record]) -> pd.DataFrame:
    """Returns the rows turned away of the last deliveries by reason: delivery, arrived, reason, rows, of, share."""
    found = [
        {"delivery": record.source, "arrived": record.arrived_at[:10], "reason": reason, "rows": n, "of": record.rows}
        for record in records[-DELIVERIES:]
        for reason, n in record.reasons.items()
    ]
    frame = pd.DataFrame(found, columns=["delivery", "arrived", "reason", "rows", "of"])
    return frame.assign(share=frame["rows"] / frame["of"])


def words(records: Sequence[Record]) -> str:
    """Returns the picture in words: the delivery that lost the largest share of its rows."""
    worst = max(records, key=lambda record: record.rejected / record.rows)
    return (
        f"{worst.rejected:,} of {worst.rows:,} rows of {worst.source} {were(worst.rejected)} turned away, more than of "
        f"any other of {many(len(records), 'delivery', 'deliveries').lower()} that lost some."
    )


def by_reason(records: Sequence[Record], model: str) -> list[dict[str, object]]:
    """Returns the reasons, commonest first: rows, deliveries, when last, what to do next."""
    rows, deliveries, last = Counter[str](), Counter[str](), dict[str, str]()
    for record in records:
        rows.update(record.reasons)
        deliveries.update(record.reasons.keys())
        last |= dict.fromkeys(record.reasons, record.arrived_at)
    return [
        {
            "Reason": reason,
            "Rows": f"{n:,}",
            "Deliveries": f"{deliveries[reason]:,}",
            "Last": day(last[reason], year=True),
            "What to do": todo(reason, model),
        }
        for reason, n in rows.most_common()
    ]


def todo(reason: str, model: str) -> str:
    """Returns what to do about rows that were turned away for a reason.

    >>> todo("score is NaN", "triage")
    'Correct the file and deliver it again: evenhand ingest triage FILE; rows that are in are counted once.'
    """
    return next((text for start, text in NEXT if reason.startswith(start)), REDELIVER).format(model=model)


def offending(reason: str, contract: Contract, columns: Sequence[str]) -> frozenset[str]:
    """Returns the delivered columns that a reason is about; none of a line that has no columns.

    >>> named = {"time": "seen_at", "score": "risk", "id": "visit"}
    >>> offending("time not understood", Contract("t", "binary", columns=named), ["visit", "Seen_At"])
    frozenset({'Seen_At'})
    """
    roles = [role for role in contract.columns if role in reason.replace("duplicate id", "id").split()]
    wanted = {contract.columns[role].casefold() for role in roles} | {role.casefold() for role in roles}
    if reason.startswith("probability of "):
        wanted |= {column.casefold() for name, column in contract.scores.items() if f" {name} " in f"{reason} "}
    return frozenset(column for column in columns if column.casefold() in wanted)


def as_delivered(row: str, reason: str, contract: Contract) -> list[dict[str, object]]:
    """Returns a row as it was delivered, the fields that the reason is about first and marked; a broken line whole."""
    try:
        given: Any = json.loads(row)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        return [{"Field": "the line", "As delivered": row, "Wrong": reason}]
    wrong = offending(reason, contract, list(given))
    fields = sorted(given.items(), key=lambda item: item[0] not in wrong)
    return [
        {"Field": name, "As delivered": _shown(value), "Wrong": f"▲ {reason}" if name in wrong else ""}
        for name, value in fields
    ]


def _shown(value: object) -> str:
    return "(empty)" if value is None or value == "" else value if isinstance(value, str) else json.dumps(value)


def _rows(scope: Scope, records: Sequence[Record]) -> None:
    parts.section("The rows", "Newest delivery first; select one to read it. Downloads have all that match.")
    wanted, n = _asked(records)
    shown = f" The first {LIMIT} are shown." if n > LIMIT else ""
    parts.note(f"{many(n, 'row matches', 'rows match')}.{shown}")
    if not n:
        parts.nothing("No row matches all three.", "Choose “any” for one of them.")
        return
    found = quality.rejected(scope.model, wanted, LIMIT)
    event = st.dataframe(
        found, key="grid-rejected", hide_index=True, on_select="rerun", selection_mode="single-row", height=280,
        width="stretch", alt="Rows turned away, newest delivery first; select one to read it",
    )  # fmt: skip
    chosen = found.iloc[(event["selection"]["rows"] or [0])[0]]
    fields = as_delivered(chosen["row"], chosen["reason"], load.contract(scope.model))
    caption = f"Row {chosen['number']:,} of {chosen['source']}, as it was delivered: {chosen['reason']}"
    with st.container(horizontal=True):
        _download(scope, wanted, n, "csv")
        _download(scope, wanted, n, "parquet")
    parts.table(fields, caption)


def _asked(records: Sequence[Record]) -> tuple[Wanted, int]:
    """Returns which rows are asked for, and how many there are."""
    reasons = sorted({reason for record in records for reason in record.reasons})
    days = sorted({record.arrived_at[:10] for record in records}, reverse=True)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reason = parts.linked_box("Reason", "reason", _any({name: name for name in reasons}), width=300)
        batch = parts.linked_box(
            "Delivery", "delivery", _any({r.batch: r.source for r in reversed(records)}), width=260
        )
        arrived = parts.linked_box("Arrived", "arrived", _any({on: day(on, year=True) for on in days}), width=200)
    asked = [None if value == ANY else value for value in (reason, batch, arrived)]
    wanted = Wanted(asked[0], asked[1], date.fromisoformat(asked[2]) if asked[2] else None)
    return wanted, sum(wanted.of(record) for record in records)


def _any(named: Mapping[str, str]) -> dict[str, str]:
    return {ANY: "any", **named}


def _download(scope: Scope, wanted: Wanted, n: int, form: Form) -> None:
    st.download_button(
        f"Download {many(n, 'row', 'rows').lower()} ({'CSV' if form == 'csv' else 'Parquet'})",
        data=lambda: content(scope.model, wanted, form),
        file_name=f"turned-away.{form}",
        mime="text/csv" if form == "csv" else "application/vnd.apache.parquet",
        key=f"rejected-{form}", on_click="ignore", type="tertiary",
    )  # fmt: skip


def content(model: str, wanted: Wanted, form: Form) -> bytes:
    """Returns the file of all rows that are wanted."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"rows.{form}"
        write(load.model(model).paths, wanted, file, form)
        return file.read_bytes()
