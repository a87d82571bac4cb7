"""The rollup as it was known on a past day: the newest one cut off there, its unsettled days counted again.

Only days with labels that became known since differ: they are counted from the log, by the code that counts every
day. The file is nobody's but the caller's, and is gone as soon as it is open.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from dashboard import log, store
from dashboard.bins import Bins
from dashboard.contract import Contract
from dashboard.errors import EvenhandError
from dashboard.log import FileEntry
from dashboard.rollup.counting import INPUT_TABLES, OUTCOME_TABLES, Work, clear, count
from dashboard.rollup.rows import moment, read
from dashboard.settings import ModelPaths
from dashboard.sql import literal


@contextmanager
def as_of(paths: ModelPaths, contract: Contract, bins: Bins, newest: Path, on: date, **limits: Any) -> Iterator[Path]:
    """Yields the file of a rollup of what was known when the day `on` began; it is removed afterwards.

    Known then: predictions of earlier days, and labels that had become known (`labeled_at`, else when they arrived).
    When a prediction arrived does not matter: a log taken in years later still knows then what it knew.
    """
    with tempfile.TemporaryDirectory(prefix="evenhand-") as folder:
        file = Path(folder) / f"as-of-{on}.duckdb"
        try:
            shutil.copyfile(newest, file)
            with store.connect(temp_directory=folder, **limits) as connection:
                store.attach(connection, file, "rollup")
                _same_contract(connection, contract)
                connection.execute("BEGIN")
                _cut(connection, on)
                _count_again(connection, paths, contract, bins, datetime.combine(on, time()))
                connection.execute("INSERT INTO rollup.meta VALUES ('known_before', $on)", {"on": on.isoformat()})
                connection.execute("COMMIT")
                connection.execute("CHECKPOINT rollup")
        except (OSError, store.Error) as error:
            raise EvenhandError(
                f"The log of '{paths.name}' could not be counted as of {on}: {str(error).splitlines()[0]}",
                todo="The log and the rollups are as they were; the temporary folder must have room for a rollup",
            ) from error
        yield file


def _same_contract(connection: Any, contract: Contract) -> None:
    """Does refuse a rollup of another contract: days counted by one and by the other do not add up."""
    ((counted,),) = connection.execute("SELECT value FROM rollup.meta WHERE key = 'contract'").fetchall()
    if counted != contract.digest:
        raise EvenhandError(
            f"The contract of '{contract.name}' changed after the rollup was counted",
            todo=f"Count it again first: evenhand rollup {contract.name}",
        )


def _cut(connection: Any, on: date) -> None:
    day = f"DATE {literal(on.isoformat())}"
    for table in (*INPUT_TABLES, *OUTCOME_TABLES, "intake"):
        connection.execute(f"DELETE FROM rollup.{table} WHERE day >= {day}")  # noqa: S608
    ((first,),) = connection.execute("SELECT min(day) FROM rollup.volume").fetchall()
    if first is None:
        raise EvenhandError(
            f"Nothing was known on {on}", "The log holds no day before it", "Choose a day after the log's first"
        )


def _count_again(connection: Any, paths: ModelPaths, contract: Contract, bins: Bins, before: datetime) -> None:
    counted = {batch for (batch,) in connection.execute("SELECT batch FROM rollup.batches").fetchall()}
    records = [record for record in log.read_records(paths.log) if record.batch in counted]
    predictions, labels = (
        [entry for entry in log.entries(paths.log, records, what) if entry.day < before.date()]
        for what in ("predictions", "labels")
    )
    days = _unsettled(connection, predictions, labels, before)
    chosen, late = (tuple(entry for entry in files if entry.day in days) for files in (predictions, labels))
    work = Work(tuple(sorted(days)), chosen, late, inputs=False, known_before=before)
    if days:
        clear(connection, work.days, work.tables)
        count(connection, contract, bins, work, lambda done, total: None, 0, work.rows)


def _unsettled(
    connection: Any, predictions: Sequence[FileEntry], labels: Sequence[FileEntry], before: datetime
) -> set[date]:
    """Returns the days with a label that became known at that moment or later."""
    tests = [(predictions, "label IS NOT NULL AND labeled_at"), (labels, "coalesce(labeled_at, arrived_at)")]
    return {
        day
        for files, when in tests
        if files
        for (day,) in connection.execute(
            f"SELECT DISTINCT day FROM {read(files)} WHERE {when} >= {moment(before)}"  # noqa: S608
        ).fetchall()
    }
