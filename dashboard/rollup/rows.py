"""The log's rows as one relation: several files, one type a column, and the latest label of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dashboard import store
from dashboard.contract import Contract
from dashboard.log import FileEntry
from dashboard.sql import identifier, literal


def read(entries: Sequence[FileEntry]) -> str:
    """Returns the FROM clause of log files, with `day` from their folders."""
    files = store.paths([entry.path for entry in entries])
    return f"read_parquet({files}, union_by_name = true, hive_partitioning = true, hive_types = {{'day': DATE}})"


def typed(connection: Any, contract: Contract, predictions: Sequence[FileEntry]) -> str:
    """Returns the FROM clause of the files' predictions with every column that the contract names, in its type.

    A column that no file has is NULL; one that was text before the contract made it a number is cast.
    """
    files = read(predictions)
    found = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {files}").fetchall()}  # noqa: S608
    wanted = {f"x_{name}": "DOUBLE" if name in contract.numeric else "VARCHAR" for name in contract.named_columns}
    wanted["cost"] = "DOUBLE"  # a role that files written before there was one do not have
    absent = [f"NULL::{kind} AS {identifier(name)}" for name, kind in wanted.items() if name not in found]
    cast = [
        f"TRY_CAST({identifier(name)} AS {kind}) AS {identifier(name)}"
        for name, kind in wanted.items()
        if found.get(name, kind) != kind
    ]
    replaced = f" REPLACE ({', '.join(cast)})" if cast else ""
    return f"(SELECT {', '.join(['*' + replaced, *absent])} FROM {files}{_once(predictions)})"  # noqa: S608


def _once(predictions: Sequence[FileEntry]) -> str:
    """A day of several batches may hold a key twice (two writers at once): the row that came first counts."""
    if len({entry.day for entry in predictions}) == len({(e.day, e.batch) for e in predictions}):
        return ""
    return " QUALIFY row_number() OVER (PARTITION BY day, id, version ORDER BY arrived_at, score, decision) = 1"


def with_labels(
    connection: Any, predictions: str, labels: Sequence[FileEntry], known_before: datetime | None = None
) -> str:
    """Returns the FROM clause of `typed` predictions with their latest labels and the days these took to come.

    A label that does not say when it became known took from its prediction's arrival to its own: a log that is
    taken in years later did not wait for its labels for years. `known_before` leaves out what became known then or
    later; a label that was delivered with its prediction and does not say when was known with it.
    """
    if known_before is not None:
        known = ", ".join(_known(column, known_before) for column in ("label", "labeled_at"))
        predictions = f"(SELECT * REPLACE ({known}) FROM {predictions})"  # noqa: S608
    if not labels:
        delay = "CASE WHEN label IS NOT NULL THEN date_diff('day', time, labeled_at) END"
        return f"(SELECT *, {delay} AS delay FROM {predictions})"  # noqa: S608
    versioned = _latest_labels(connection, labels, known_before)
    inside = "late.label IS NULL OR (p.label IS NOT NULL AND p.labeled_at > late.known_at)"
    delay = (
        "CASE WHEN p.label IS NULL AND late.label IS NULL THEN NULL "
        f"WHEN {inside} THEN date_diff('day', p.time, p.labeled_at) "
        "WHEN late.labeled_at IS NOT NULL THEN date_diff('day', p.time, late.labeled_at) "
        "ELSE date_diff('day', greatest(p.time, p.arrived_at), late.arrived_at) END"
    )
    same_version = " AND (late.version IS NULL OR late.version = p.version)" if versioned else ""
    best = (
        " QUALIFY row_number() OVER (PARTITION BY p.day, p.id, p.version ORDER BY late.known_at DESC NULLS LAST, "
        "late.arrived_at DESC, late.label DESC) = 1"
        if versioned
        else ""
    )
    return (
        f"(SELECT p.* EXCLUDE (label), CASE WHEN {inside} THEN p.label ELSE late.label END AS label, "  # noqa: S608
        f"{delay} AS delay FROM {predictions} AS p "
        f"LEFT JOIN late ON late.day = p.day AND late.id = p.id{same_version}{best})"
    )


def _known(column: str, before: datetime) -> str:
    """A column of a prediction, empty where the label it came with was not known yet."""
    return f"CASE WHEN labeled_at >= {moment(before)} THEN NULL ELSE {column} END AS {column}"


def moment(at: datetime) -> str:
    """Returns an instant as SQL; the log's times are UTC and carry no zone."""
    return f"TIMESTAMP {literal(at.isoformat(sep=' '))}"


def _latest_labels(connection: Any, labels: Sequence[FileEntry], known_before: datetime | None) -> bool:
    """Does make `late`: per key the latest label: by labeled_at, else by arrival, then by value.

    Returns whether any label names a version; one that names none holds for every version of its case.
    """
    known = f"WHERE coalesce(labeled_at, arrived_at) < {moment(known_before)} " if known_before else ""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE late AS SELECT day, id, version, label, labeled_at, "  # noqa: S608
        f"coalesce(labeled_at, arrived_at) AS known_at, arrived_at FROM {read(labels)} {known}"
        "QUALIFY row_number() OVER (PARTITION BY day, id, version "
        "ORDER BY known_at DESC, arrived_at DESC, label DESC) = 1"
    )
    (versioned,) = connection.execute("SELECT count(version) FROM late").fetchall()[0]
    return bool(versioned)
