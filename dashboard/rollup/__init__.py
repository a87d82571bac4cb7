"""The rollup: the log counted once, day by day, published under a new number.

Touched days only: a batch that the newest rollup does not know names the days to count again, and labels alone
leave the inputs' tables as they are. Another contract, other bins or another way of counting recounts every day.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from dashboard import bins as binning
from dashboard import log, sql, store
from dashboard.bins import Bins
from dashboard.contract import Contract
from dashboard.errors import EvenhandError
from dashboard.policy.windows import DEFAULT_REFERENCE_DAYS
from dashboard.rollup.chunk import SCALE
from dashboard.rollup.counting import Progress, Work, clear, count
from dashboard.rollup.freezing import freeze
from dashboard.rollup.intake import write as write_intake
from dashboard.rollup.loss_model import with_losses
from dashboard.rollup.publishing import alone, numbers, path, publish
from dashboard.settings import ModelPaths, cannot_write

CODE = "11"  # raised when the way of counting changes: every rollup is then counted anew


@dataclass(frozen=True)
class Built:
    """What one run did. `days` were counted again; with none the newest rollup already was up to date."""

    number: int
    identity: str
    days: tuple[date, ...] = ()
    rows: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())


def build(
    paths: ModelPaths,
    contract: Contract,
    reference: tuple[date, date] | None = None,
    everything: bool = False,
    progress: Progress = lambda done, total: None,
    **limits: Any,
) -> Built:
    """Returns what was counted; publishes a new rollup unless nothing has changed.

    `reference` (since, until) owns the bin edges; without one the first 56 days do. `limits` are memory_limit and
    threads.
    Raises EvenhandError where the log is empty or the workspace cannot be written.
    """
    started = time.perf_counter()
    with alone(paths.rollup):
        records = log.read_records(paths.log)  # once: a batch that arrives meanwhile is for the next run
        files = log.entries(paths.log, records, "predictions")
        if not files:
            raise EvenhandError(
                f"Model '{paths.name}' has no predictions in its log",
                todo=f"Take some in first: evenhand ingest {paths.name} FILE",
            )
        frozen, notes = _bins(paths, contract, files, reference)
        labels = log.entries(paths.log, records, "labels")
        frozen = with_losses(paths, contract, frozen, files, labels)
        known = {record.batch for record in records}
        identity = _identity(known, contract, frozen)
        last = (numbers(paths.rollup) or [0])[-1]
        before = _known(path(paths.rollup, last)) if last and not everything else {}
        if before.get("identity") == identity:
            return Built(last, identity, notes=notes)
        base = last if before.get("basis") == _basis(contract, frozen) else 0
        works = _touched(files, labels, set(before["batches"]) if base else None, known)
        number = _build(paths, contract, frozen, works, base, records, identity, progress, limits)
        days = tuple(sorted({day for work in works for day in work.days}))
        return Built(number, identity, days, sum(w.rows for w in works), time.perf_counter() - started, notes)


def _bins(
    paths: ModelPaths, contract: Contract, files: list[log.FileEntry], reference: tuple[date, date] | None
) -> tuple[Bins, tuple[str, ...]]:
    """Returns the model's bins, made now if it has none or its contract or reference asks for others."""
    kept = paths.rollup / "bins.json"
    first = min(entry.day for entry in files)
    since, until = reference or (first, first + timedelta(days=DEFAULT_REFERENCE_DAYS))
    asked = hashlib.sha256(f"{contract.digest} {reference} {CODE}".encode()).hexdigest()
    marker = paths.rollup / "bins.for"
    if marker.is_file() and marker.read_text(encoding="utf-8") == asked:
        bins = binning.read(kept)
        if bins:
            return bins, ()
    chosen = [entry for entry in files if since <= entry.day < until]
    notes: tuple[str, ...] = ()
    if not chosen:
        notes = (f"the reference window {since} to {until} holds no predictions: bins are taken from the whole log",)
        chosen = files
    bins = freeze(contract, [e.path for e in chosen], since, until, sum(e.rows for e in chosen))
    try:
        marker.unlink(missing_ok=True)  # bins are whole where a marker says for what
        kept.write_text(bins.text, encoding="utf-8")
        marker.write_text(asked, encoding="utf-8")
    except OSError as error:
        raise cannot_write(kept, error) from error
    return bins, notes


def _basis(contract: Contract, bins: Bins) -> str:
    """What every day's counts rest on: another basis recounts them all."""
    return hashlib.sha256(f"{contract.digest} {bins.digest} {CODE}".encode()).hexdigest()


def _identity(batches: set[str], contract: Contract, bins: Bins) -> str:
    """A rollup's identity: the digest of its batches and its basis. Numbers restart when a rollup is deleted."""
    return hashlib.sha256(json.dumps([sorted(batches), _basis(contract, bins)]).encode()).hexdigest()


def _known(newest: Path) -> dict[str, Any]:
    """Returns the newest rollup's identity, basis and batches; {} where it cannot be read, so that all is counted."""
    try:
        with store.Snapshot(newest) as snapshot:
            return {**snapshot.meta(), "batches": snapshot.batches()}
    except (EvenhandError, store.Error):
        return {}


def _touched(
    files: list[log.FileEntry], labels: list[log.FileEntry], counted: set[str] | None, known: set[str]
) -> list[Work]:
    """Returns the work: days with new predictions are counted whole, days with only new labels without their inputs."""
    if counted is None or counted - known:
        inputs = {entry.day for entry in files}
        outcomes: set[date] = set()
    else:
        inputs = {entry.day for entry in files if entry.batch not in counted}
        outcomes = {entry.day for entry in labels if entry.batch not in counted} - inputs
    both = [(inputs, True), (outcomes & {entry.day for entry in files}, False)]
    return [
        Work(
            tuple(sorted(days)),
            tuple(e for e in files if e.day in days),
            tuple(e for e in labels if e.day in days),
            inputs=with_inputs,
        )
        for days, with_inputs in both
        if days
    ]


def _build(
    paths: ModelPaths,
    contract: Contract,
    bins: Bins,
    works: list[Work],
    base: int,
    records: list[log.Record],
    identity: str,
    progress: Progress,
    limits: Mapping[str, Any],
) -> int:
    built = paths.rollup / f"build-{os.getpid()}.duckdb"
    try:
        if base:
            shutil.copyfile(path(paths.rollup, base), built)
        with store.connect(temp_directory=paths.staging, **limits) as connection:
            store.attach(connection, built, "rollup")
            if not base:
                connection.execute("USE rollup")
                connection.execute(sql.statement("rollup_tables"))
                connection.execute("USE memory")
            connection.execute("BEGIN")
            done, total = 0, sum(work.rows for work in works)
            for work in works:
                if base:  # a new file is empty
                    clear(connection, work.days, work.tables)
                count(connection, contract, bins, work, progress, done, total)
                done += work.rows
            write_intake(connection, records)
            _describe(connection, contract, bins, {record.batch for record in records}, identity)
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT rollup")
        return publish(paths.rollup, built)
    except OSError as error:
        raise cannot_write(built, error) from error
    except store.Error as error:
        raise EvenhandError(
            f"The log of '{paths.name}' could not be counted: {str(error).splitlines()[0]}",
            todo="Nothing was published; the log and the older rollups are as they were",
        ) from error
    finally:
        built.unlink(missing_ok=True)
        built.with_suffix(".duckdb.wal").unlink(missing_ok=True)


def _describe(connection: Any, contract: Contract, bins: Bins, known: set[str], identity: str) -> None:
    connection.execute("DELETE FROM rollup.batches")
    connection.executemany("INSERT INTO rollup.batches VALUES (?)", [[batch] for batch in sorted(known)])
    facts = {
        "identity": identity,
        "basis": _basis(contract, bins),
        "contract": contract.digest,
        "bins": bins.text,
        "scores": "exact" if bins.score_exact and _all_on_edges(connection, bins) else "binned",
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": CODE,
    }
    connection.execute("DELETE FROM rollup.meta")
    connection.executemany("INSERT INTO rollup.meta VALUES (?, ?)", [list(fact) for fact in facts.items()])


def _all_on_edges(connection: Any, bins: Bins) -> bool:
    """Returns whether every score is its bin's left edge: none lies below it, so equal sums mean equal scores."""
    ((elsewhere,),) = connection.execute(
        sql.statement("scores_off_edges"), {"edges": [0.0, *bins.score_edges], "scale": SCALE}
    ).fetchall()
    return not elsewhere
