"""A prediction file becomes a batch: staged typed in one pass, judged for duplicates, written by day, published."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from dashboard import log
from dashboard.ingest import checking, duplicates, publishing, rejects, waiting
from dashboard.ingest.batches import (
    Delivery,
    Receipt,
    batch_name,
    file_entries,
    now,
    receipt,
    repeated,
    run,
    schema_notes,
)
from dashboard.ingest.staging import Staged, stage
from dashboard.ingest.tallies import tallies
from dashboard.sql import identifier, literal


def take(delivery: Delivery) -> Receipt:
    """Does take one prediction file into the log; returns its receipt."""
    known = log.read_records(delivery.paths.log)
    digest = delivery.digest()
    same = _same(known, digest)
    if same and not delivery.again:
        return repeated(delivery, same[-1])
    first = not any(record.kind == "predictions" for record in known)
    columns, missing = checking.meet(delivery.source, delivery.contract, first)
    staged = stage(delivery, lambda source: checking.predictions(source, delivery.contract, columns))
    with publishing.writing(delivery.paths):
        known = log.read_records(delivery.paths.log)
        same = _same(known, digest)
        if same and not delivery.again:
            return repeated(delivery, same[-1])
        notes = schema_notes(staged.source, log.columns_before(known)) + missing + list(staged.notes)
        record = _record(delivery, staged, known, same, digest, notes)
        publishing.publish(delivery.paths, delivery.folder, record)
    return receipt(record)


def _same(known: list[log.Record], digest: str) -> list[log.Record]:
    return [record for record in known if record.kind == "predictions" and record.digest == digest]


def _record(
    delivery: Delivery, staged: Staged, known: list[log.Record], same: list[log.Record], digest: str, notes: list[str]
) -> log.Record:
    """Returns the batch's record, its files written under `out`."""
    batch, arrived_at = batch_name("predictions", digest, len(same)), now()
    gone = [str(f["path"]) for old in same for f in old.files if f["what"] in ("predictions", "rejected")]
    entries = [
        e for e in log.entries(delivery.paths.log, known, "predictions") if e.batch not in {s.batch for s in same}
    ]
    days = set(staged.days)
    duplicates.judge(delivery.connection, staged.relation, [entry for entry in entries if entry.day in days])
    files = _write_days(delivery, staged, batch, arrived_at)
    rejected = rejects.write(delivery, staged, batch, arrived_at, duplicates.REASON)
    filed = waiting.file(delivery, staged, log.entries(delivery.paths.log, known, "waiting"), batch)
    verdicts = Counter(
        dict(delivery.connection.execute("SELECT verdict, count(*) FROM verdicts GROUP BY ALL").fetchall())
    )
    reasons = dict(staged.reasons) | ({duplicates.REASON: verdicts["rejected"]} if verdicts["rejected"] else {})
    return log.Record(
        batch=batch,
        kind="predictions",
        source=delivery.source.name,
        digest=digest,
        arrived_at=arrived_at.isoformat(timespec="microseconds"),
        columns=dict(staged.source.columns),
        accepted=sum(staged.days.values()) - sum(verdicts.values()),
        repeated=verdicts["repeated"],
        rejected=sum(reasons.values()),
        reasons=dict(sorted(reasons.items())),
        files=(*files, *rejected, *filed.files),
        replaces=(*gone, *filed.replaces),
        notes=(*notes, *filed.notes),
        tallies=tallies(delivery.connection, staged, arrived_at),
    )


def _write_days(delivery: Delivery, staged: Staged, batch: str, arrived_at: datetime) -> list[dict[str, Any]]:
    """Does write the accepted rows under out/predictions/day=..., in no order within a day; returns their entries.

    Freed from the file's order the writer fills whole row groups for each day, and spills, whatever that order is.
    """
    root = delivery.out / "predictions"
    root.mkdir(parents=True)
    columns = ", ".join(identifier(name) for name in staged.columns if name not in ("id", "day"))
    select = (
        f"SELECT coalesce(id, {literal(batch)} || ':' || number + 1) AS id, {columns}, "
        f"TIMESTAMP {literal(arrived_at.isoformat(sep=' '))} AS arrived_at, day FROM {staged.relation} "
        f"ANTI JOIN verdicts USING (number) WHERE reason IS NULL"
    )
    copy = (
        f"COPY ({select}) TO {literal(str(root))} (FORMAT parquet, PARTITION_BY (day), COMPRESSION snappy, "
        f"OVERWRITE_OR_IGNORE true, FILENAME_PATTERN {literal(f'{batch}-{{i}}')}, RETURN_STATS true)"
    )
    delivery.connection.execute("SET preserve_insertion_order = false")
    try:
        written = run(delivery, copy, 0.6, 1.0)
    finally:
        delivery.connection.execute("SET preserve_insertion_order = true")
    return file_entries(delivery.out, [(row[0], row[1]) for row in written], "predictions")
