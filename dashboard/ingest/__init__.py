"""Intake: files and frames become checked, typed Parquet in the log, each file a batch, all of it or nothing.

accepted + repeated + rejected = the rows delivered, always. Rejected rows are kept with the reason and as they
came. The same content twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dashboard import store
from dashboard.contract import Contract
from dashboard.errors import EvenhandError
from dashboard.ingest import frames, label_files, prediction_files, publishing, sources
from dashboard.ingest.batches import Delivery, Progress, Receipt, as_evenhand, part
from dashboard.ingest.guessing import Proposal, propose
from dashboard.ingest.profiles import ColumnProfile, profile
from dashboard.ingest.roles import Guess
from dashboard.settings import ModelPaths

Take = Callable[[Delivery], Receipt]


class IntakeError(EvenhandError):
    """One or more files could not be taken in. `receipts` are those of the files that were, `failures` the rest."""

    def __init__(self, receipts: list[Receipt], failures: dict[str, EvenhandError]) -> None:
        self.receipts, self.failures = receipts, failures
        only = next(iter(failures.values()))
        if len(failures) + len(receipts) == 1:
            super().__init__(only.found, only.expected, only.todo)
        else:
            said = " ".join(f"{name}: {error}" for name, error in failures.items())
            super().__init__(f"{len(failures)} of {len(failures) + len(receipts)} files were not taken in. {said}")


def predictions(
    paths: ModelPaths,
    contract: Contract,
    given: Sequence[str | Path],
    progress: Progress | None = None,
    *,
    again: bool = False,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> list[Receipt]:
    """Does take prediction files (paths or globs) into the log; returns one receipt per file.

    `again` takes in content that the log already has, replacing what it became (after a wrong contract).
    Raises IntakeError when a file cannot be taken in; the others are, and are in its `receipts`.
    """
    return _each(paths, contract, given, progress, prediction_files.take, again, memory_limit, threads)


def labels(
    paths: ModelPaths,
    contract: Contract,
    given: Sequence[str | Path],
    progress: Progress | None = None,
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> list[Receipt]:
    """Does take label files into the log, under the day of their prediction; returns one receipt per file.

    A label file has an id and a label, and may have labeled_at, the prediction's time and its version, under the
    contract's column names or the roles' own. Raises IntakeError as `predictions` does.
    """
    return _each(paths, contract, given, progress, label_files.take, False, memory_limit, threads)


def frame(
    paths: ModelPaths,
    contract: Contract,
    data: Any,
    key: str | None = None,
    progress: Progress | None = None,
    *,
    kind: str = "predictions",
) -> Receipt:
    """Does take a pandas, polars or Arrow table into the log; returns its receipt.

    The same `key` (else the same rows, in any order) is taken in once. `kind` is "predictions" or "labels".
    """
    take = label_files.take if kind == "labels" else prediction_files.take
    with as_evenhand("the frame"), publishing.workplace(paths) as folder:
        file = frames.write(data, folder / "frame.parquet")
        connection = store.connect(temp_directory=folder / "spill", timezone=contract.timezone)
        with connection:
            source = sources.opened(file, connection, name=f"frame {key}" if key else "frame")
            digest = frames.digest(source, connection, key)
            return take(Delivery(paths, contract, source, digest, folder, connection, part(progress, 0, 1)))


def _each(
    paths: ModelPaths,
    contract: Contract,
    given: Sequence[str | Path],
    progress: Progress | None,
    take: Take,
    again: bool,
    memory_limit: str | None,
    threads: int | None,
) -> list[Receipt]:
    receipts: list[Receipt] = []
    failures: dict[str, EvenhandError] = {}
    files = sources.expand(given)
    for place, path in enumerate(files):
        try:
            with as_evenhand(str(path)), publishing.workplace(paths) as folder:
                connection = store.connect(memory_limit, threads, folder / "spill", contract.timezone)
                with connection:
                    source = sources.opened(path, connection)
                    told = part(progress, place, len(files))
                    delivery = Delivery(paths, contract, source, None, folder, connection, told, again)
                    receipts.append(take(delivery))
        except EvenhandError as error:
            failures[str(path)] = error
    if failures:
        raise IntakeError(receipts, failures)
    return receipts


__all__ = [
    "ColumnProfile",
    "Guess",
    "IntakeError",
    "Proposal",
    "Receipt",
    "frame",
    "labels",
    "predictions",
    "profile",
    "propose",
]
