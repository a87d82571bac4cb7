"""Labels that came before their prediction: they wait, and are filed as soon as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.ingest.batches import Delivery, file_entries
from dashboard.ingest.staging import Staged
from dashboard.log import FileEntry
from dashboard.sql import listing, literal

LABEL_COLUMNS = "id, version, label, labeled_at, arrived_at"


@dataclass(frozen=True)
class Filed:
    """What a prediction batch adds to its record for the labels that waited for it."""

    files: tuple[dict[str, Any], ...] = ()
    replaces: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(entries: Sequence[FileEntry]) -> str:
    """Returns the relation of label files."""
    files = listing(str(entry.path) for entry in entries)
    return f"read_parquet({files}, union_by_name = true, hive_partitioning = false)"


def file(delivery: Delivery, staged: Staged, entries: Sequence[FileEntry], batch: str) -> Filed:
    """Does file the waiting labels whose predictions are staged; the rest goes on waiting in one new file."""
    if not entries:
        return Filed()
    connection = delivery.connection
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE arrived AS SELECT DISTINCT w.{LABEL_COLUMNS.replace(', ', ', w.')}, p.day "
        f"FROM {read(entries)} AS w JOIN "
        f"(SELECT day, id, version FROM {staged.relation} ANTI JOIN verdicts USING (number) WHERE reason IS NULL "
        "AND id IS NOT NULL) AS p ON w.id = p.id AND coalesce(w.version, p.version) = p.version"
    )
    [[found]] = connection.execute("SELECT count(*) FROM arrived").fetchall()
    if not found:
        return Filed()
    files = write_days(delivery, f"SELECT {LABEL_COLUMNS}, day FROM arrived", f"{batch}-waited")
    rest = (
        f"SELECT w.* FROM {read(entries)} AS w WHERE NOT EXISTS (SELECT 1 FROM arrived AS a WHERE a.id = w.id "
        "AND a.version IS NOT DISTINCT FROM w.version)"
    )
    files += write_waiting(delivery, rest, batch)
    gone = tuple(entry.path.relative_to(delivery.paths.log).as_posix() for entry in entries)
    return Filed(tuple(files), gone, (f"{found:,} labels that had come before were filed",))


def write_days(delivery: Delivery, select: str, name: str) -> list[dict[str, Any]]:
    """Does write label rows under out/labels/day=...; `select` has the label columns and day."""
    root = delivery.out / "labels"
    root.mkdir(parents=True, exist_ok=True)
    connection = delivery.connection
    connection.execute("SET partitioned_write_max_open_files = 400")
    written = connection.execute(
        f"COPY ({select}) TO {literal(str(root))} (FORMAT parquet, PARTITION_BY (day), COMPRESSION zstd, "
        f"OVERWRITE_OR_IGNORE true, FILENAME_PATTERN {literal(name + '-{i}')}, RETURN_STATS true)"
    ).fetchall()
    return file_entries(delivery.out, [(row[0], row[1]) for row in written], "labels")


def write_waiting(delivery: Delivery, select: str, batch: str) -> list[dict[str, Any]]:
    """Does write the labels that wait to out/waiting; nothing where there are none."""
    folder = delivery.out / "waiting"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{batch}.parquet"
    [[rows]] = delivery.connection.execute(
        f"COPY (SELECT {LABEL_COLUMNS} FROM ({select})) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchall()
    if not rows:
        path.unlink()
        return []
    return file_entries(delivery.out, [(str(path), rows)], "waiting")
