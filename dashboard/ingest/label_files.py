"""A label file becomes a batch: each label is filed under the day of its prediction, found by id.

The prediction's time, where the file carries it, says where to look first. A corrected label is a new row; the
latest counts. A label whose prediction has not come waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard import log
from dashboard.contract import Contract
from dashboard.errors import EvenhandError, nearest
from dashboard.ingest import casting, checking, publishing, rejects
from dashboard.ingest.batches import Delivery, Receipt, batch_name, now, receipt, repeated
from dashboard.ingest.checking import made
from dashboard.ingest.sources import Source
from dashboard.ingest.staging import Staged, stage
from dashboard.ingest.waiting import LABEL_COLUMNS, read, write_days, write_waiting
from dashboard.sql import identifier, listing, literal

LABEL_ROLES = ("id", "label", "labeled_at", "time", "version")


def take(delivery: Delivery) -> Receipt:
    """Does take one label file into the log; returns its receipt."""
    digest = delivery.digest()
    same = _same(log.read_records(delivery.paths.log), digest)
    if same:
        return repeated(delivery, same[-1])
    roles = _roles(delivery.source, delivery.contract)
    staged = stage(delivery, lambda source: _select(source, delivery.contract, roles))
    with publishing.writing(delivery.paths):
        known = log.read_records(delivery.paths.log)
        same = _same(known, digest)
        if same:
            return repeated(delivery, same[-1])
        record = _record(delivery, staged, known, digest)
        publishing.publish(delivery.paths, delivery.folder, record)
    return receipt(record)


def _same(known: list[log.Record], digest: str) -> list[log.Record]:
    return [record for record in known if record.kind == "labels" and record.digest == digest]


def _roles(source: Source, contract: Contract) -> dict[str, str]:
    """Returns role to column: the contract's name for it, else the role's own."""
    if "id" not in contract.columns:
        raise EvenhandError(
            "The contract names no id, so labels of their own cannot be matched",
            'Predictions need a column that identifies them: [columns] id = "..."',
            "Name it in contract.toml and take the predictions in again",
        )
    there = {name.casefold(): name for name in source.columns}
    roles = {}
    for role in LABEL_ROLES:
        names = [contract.columns[role]] if role in contract.columns else []
        found = [there[name.casefold()] for name in (*names, role) if name.casefold() in there]
        if found:
            roles[role] = found[0]
        elif role in ("id", "label"):
            wanted = names[0] if names else role
            raise EvenhandError(
                f"{source.name} has no column '{wanted}' ({role})", nearest(wanted, source.columns), "Name it so"
            )
    return roles


def _select(source: Source, contract: Contract, roles: Mapping[str, str]) -> str:
    cast = checking.Cast()
    for role in ("id", "version"):
        column = roles.get(role)
        cast.values[role] = casting.text(column, source.kind(column)) if column else "CAST(NULL AS VARCHAR)"
    cast.reject(f"{made('id')} IS NULL", "no id")
    checking.answer(cast, "label", source, contract, roles)
    cast.reject(f"{made('label')} IS NULL", "no label")
    checking.labelled_at(cast, source, contract, roles)
    time = roles.get("time")
    cast.values["time"] = casting.instant(time, source.kind(time), contract) if time else "CAST(NULL AS TIMESTAMP)"
    listed = ", ".join(f"{made(name)} AS {identifier(name)}" for name in ("id", "version", "label", "labeled_at"))
    return checking.checked(cast, source, f"CAST({made('time')} AS DATE) AS day, {listed}")


def _record(delivery: Delivery, staged: Staged, known: list[log.Record], digest: str) -> log.Record:
    """Returns the batch's record, its files written under `out`."""
    batch, arrived_at = batch_name("labels", digest, 0), now()
    _match(delivery, staged, log.entries(delivery.paths.log, known, "predictions"))
    _judge(delivery, staged, known)
    repeats = delivery.connection.execute("SELECT count(*) FROM verdicts").fetchall()[0][0]
    good = sum(staged.days.values())
    files = _file(delivery, staged, batch, arrived_at)
    waits = sum(entry["rows"] for entry in files if entry["what"] == "waiting")
    notes = list(staged.notes)
    if waits:
        notes.append(f"{waits:,} labels wait for their prediction")
    rejected = rejects.write(delivery, staged, batch, arrived_at, "")
    return log.Record(
        batch=batch,
        kind="labels",
        source=delivery.source.name,
        digest=digest,
        arrived_at=arrived_at.isoformat(timespec="microseconds"),
        columns=dict(staged.source.columns),
        accepted=good - repeats,
        repeated=repeats,
        rejected=sum(staged.reasons.values()),
        reasons=dict(sorted(staged.reasons.items())),
        files=(*files, *rejected),
        notes=tuple(notes),
    )


def _match(delivery: Delivery, staged: Staged, entries: Sequence[log.FileEntry]) -> None:
    """Does fill the table `matched` (number, day): first in the days that the labels name, then in all others."""
    connection = delivery.connection
    connection.execute("CREATE OR REPLACE TEMP TABLE matched (number BIGINT, day DATE)")
    hinted = {day for day in staged.days if day is not None}
    first = [entry for entry in entries if entry.day in hinted]
    for chosen, on_day in ((first, "AND s.day = p.day"), (list(entries), "")):
        if chosen:
            files = listing(str(entry.path) for entry in chosen)
            connection.execute(
                "INSERT INTO matched SELECT DISTINCT s.number, p.day "
                "FROM (SELECT id, version, CAST(time AS DATE) AS day "
                f"FROM read_parquet({files}, union_by_name = true, hive_partitioning = false)) AS p "
                f"JOIN (SELECT number, id, version, day FROM {staged.relation} ANTI JOIN matched USING (number) "
                "WHERE reason IS NULL) AS s "
                f"ON s.id = p.id AND coalesce(s.version, p.version) = p.version {on_day}"
            )


def _judge(delivery: Delivery, staged: Staged, known: list[log.Record]) -> None:
    """Does fill `verdicts` with the labels that say nothing new.

    A label is repeated if the file has it twice, if the log has it with the same labeled_at, or if it carries no
    labeled_at and is what the log says last: 0, then 1, then 0 again are three corrections.
    """
    connection, root = delivery.connection, delivery.paths.log
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE verdicts AS SELECT number, 'repeated' AS verdict FROM (SELECT number, "
        "row_number() OVER (PARTITION BY id, version, label, labeled_at ORDER BY number) AS place "
        f"FROM {staged.relation} WHERE reason IS NULL) WHERE place > 1"
    )
    days = {row[0] for row in connection.execute("SELECT DISTINCT day FROM matched").fetchall()}
    entries = [entry for entry in log.entries(root, known, "labels") if entry.day in days]
    entries += log.entries(root, known, "waiting")
    if not entries:
        return
    same = "l.id = s.id AND l.version IS NOT DISTINCT FROM s.version"
    connection.execute(
        f"INSERT INTO verdicts WITH s AS (FROM {staged.relation} ANTI JOIN verdicts USING (number) "
        "WHERE reason IS NULL), "
        f"l AS (SELECT {LABEL_COLUMNS} FROM {read(entries)} SEMI JOIN s USING (id)), "
        "latest AS (SELECT id, version, max_by(label, (coalesce(labeled_at, arrived_at), arrived_at)) AS label FROM l "
        "GROUP BY id, version) "
        "SELECT s.number, 'repeated' FROM s WHERE (s.labeled_at IS NULL "
        f"AND EXISTS (SELECT 1 FROM latest AS l WHERE {same} AND l.label = s.label)) "
        f"OR EXISTS (SELECT 1 FROM l WHERE {same} AND l.label = s.label "
        "AND l.labeled_at = s.labeled_at)"
    )


def _file(delivery: Delivery, staged: Staged, batch: str, arrived_at: datetime) -> list[dict[str, Any]]:
    """Does write the new labels under their predictions' days, and those without one to wait."""
    arrived = f"TIMESTAMP {literal(arrived_at.isoformat(sep=' '))} AS arrived_at"
    fresh = f"(FROM {staged.relation} ANTI JOIN verdicts USING (number) WHERE reason IS NULL)"
    filed = (
        f"SELECT id, version, label, labeled_at, {arrived}, m.day FROM {fresh} AS s JOIN matched AS m USING (number)"
    )
    waits = f"SELECT id, version, label, labeled_at, {arrived} FROM {fresh} ANTI JOIN matched USING (number)"
    return [*write_days(delivery, filed, batch), *write_waiting(delivery, waits, batch)]
