"""Which staged predictions are already known: a prediction's key is (id, version), unique in its day.

The first row of a key is kept. A later one, or one whose key is in the log, is repeated if its content is the
same and rejected if it is not. Content is compared on every column of either side, an absent one being null.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dashboard import store
from dashboard.log import FileEntry
from dashboard.sql import identifier, listing

NOT_CONTENT = {"day", "arrived_at", "reason", "row", "lost", "file_row_number"}
REASON = "duplicate id with other content"


def judge(connection: store.Connection, staged: str, entries: Sequence[FileEntry]) -> None:
    """Does fill the table `verdicts` (number, verdict 'repeated' or 'rejected') for the rows not to be kept.

    `staged` is the relation of staged rows with `number`; `entries` are the log's files of the staged days.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE verdicts (number BIGINT, verdict VARCHAR)")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE clashing AS SELECT day, id, version FROM {staged} "
        "WHERE reason IS NULL AND id IS NOT NULL GROUP BY ALL HAVING count(*) > 1"
    )
    logged = _logged(entries)
    if logged:
        connection.execute(
            f"INSERT INTO clashing SELECT DISTINCT day, id, version FROM {staged} AS s "
            f"WHERE reason IS NULL AND id IS NOT NULL AND EXISTS (SELECT 1 FROM {logged} AS l "
            "WHERE l.id = s.id AND l.version = s.version AND l.day = s.day)"
        )
    if connection.execute("SELECT count(*) FROM clashing").fetchall()[0][0]:
        _compare(connection, staged, logged)


def _logged(entries: Sequence[FileEntry]) -> str:
    if not entries:
        return ""
    files = listing(str(entry.path) for entry in entries)
    read = f"read_parquet({files}, union_by_name = true, hive_partitioning = false)"
    return f"(SELECT *, CAST(time AS DATE) AS day FROM {read})"


def _compare(connection: store.Connection, staged: str, logged: str) -> None:
    """Does judge the clashing rows by a hash of their content."""
    columns = _columns(connection, staged)
    known = _columns(connection, logged) if logged else set()
    every = sorted((columns | known) - NOT_CONTENT)
    parts = [_contents(staged, "number", every, columns, "reason IS NULL")]
    if logged:
        parts.append(_contents(logged, "-1", every, known, "true"))
    connection.execute(
        "INSERT INTO verdicts "
        f"WITH found AS ({' UNION ALL '.join(parts)}), "
        "marked AS (SELECT number, content, min(number) OVER key AS first, "
        "list(content) FILTER (number < 0) OVER key AS logged, "
        "first_value(content) OVER (PARTITION BY day, id, version ORDER BY number) AS kept FROM found "
        "WINDOW key AS (PARTITION BY day, id, version)) "
        "SELECT number, CASE WHEN content = kept OR list_contains(logged, content) THEN 'repeated' ELSE 'rejected' END "
        "FROM marked WHERE number >= 0 AND number > first"
    )


def _contents(relation: str, number: str, every: Sequence[str], there: set[str], where: str) -> str:
    values = ", ".join(identifier(name) if name in there else "NULL" for name in every)
    return (
        f"SELECT {number} AS number, day, id, version, hash({values}) AS content "
        f"FROM {relation} SEMI JOIN clashing USING (day, id, version) WHERE {where}"
    )


def _columns(connection: store.Connection, relation: str) -> set[str]:
    return {row[0] for row in connection.execute(f"DESCRIBE FROM {relation}").fetchall()} - {"number"}


def staged_relation(path: Path) -> str:
    """Returns the relation of a staged file, its rows numbered from 0 in the file's order."""
    read = f"read_parquet({listing([str(path)])}, file_row_number = true)"
    return f"(SELECT * EXCLUDE (file_row_number), file_row_number AS number FROM {read})"
