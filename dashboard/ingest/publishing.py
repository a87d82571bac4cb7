"""Publishing a batch: many files become visible by one small record, renamed last.

Everything is written in a folder of its own under `staging`, synced, renamed into the log, and exists once its
record does. A journal of the renames is written before the first of them, so that the next intake can take away
what a killed one left behind. A running intake holds a lock on its folder; the log has one writer at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashboard import log
from dashboard.settings import ModelPaths, cannot_write, make_folder

JOURNAL = "journal.json"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Does hold an exclusive lock on a file, waiting for it; the lock goes with the process."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def writing(paths: ModelPaths) -> Iterator[None]:
    """Does hold the log's one writer's place."""
    make_folder(paths.staging)
    try:
        lock = locked(paths.staging / ".writer")
        lock.__enter__()
    except OSError as error:
        raise cannot_write(paths.staging, error) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


@contextmanager
def workplace(paths: ModelPaths) -> Iterator[Path]:
    """Returns a new folder under staging, after clearing what killed intakes left; it is removed at the end."""
    with writing(paths):
        _clear(paths)
        _retire(paths)
        folder = make_folder(paths.staging / f"{os.getpid()}-{os.urandom(4).hex()}")
        try:
            handle = (folder / ".lock").open("a")
        except OSError as error:
            raise cannot_write(folder, error) from error
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        with writing(paths):
            _undo(paths, folder)
        handle.close()


def _clear(paths: ModelPaths) -> None:
    """Does undo the intakes whose process is gone: nobody holds the lock of their folder."""
    for folder in paths.staging.iterdir():
        if not folder.is_dir():
            continue
        with (folder / ".lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _undo(paths, folder)


def _retire(paths: ModelPaths) -> None:
    """Does remove files that were replaced more than a day ago: no reader holds them any more."""
    before = (datetime.now(UTC) - timedelta(days=1)).replace(tzinfo=None).isoformat()
    for record in log.read_records(paths.log):
        if record.arrived_at < before:
            for path in record.replaces:
                (paths.log / path).unlink(missing_ok=True)


def _undo(paths: ModelPaths, folder: Path) -> None:
    """Does remove a workplace, and from the log the files that it moved there if their record never came."""
    journal = folder / JOURNAL
    with suppress(OSError, ValueError):
        planned = json.loads(journal.read_text(encoding="utf-8"))
        if not (paths.batches / f"{planned['batch']}.json").exists():
            for path in planned["files"]:
                (paths.log / path).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def publish(paths: ModelPaths, folder: Path, record: log.Record) -> None:
    """Does make a batch visible: `folder/out` holds its files under the paths that the record names.

    The caller holds `writing(paths)`. Killed at any moment it leaves nothing visible, or the whole batch.
    """
    names = [str(entry["path"]) for entry in record.files]
    out = folder / "out"
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(_sync, [out / name for name in names]))
        _write_journal(folder, record.batch, names)
        make_folder(paths.batches)
        for parent in sorted({(paths.log / name).parent for name in names}):
            make_folder(parent)
        for name in names:
            (out / name).rename(paths.log / name)
        _sync_folders(paths, names)
        log.write_record(paths.log, folder, record)
    except OSError as error:
        raise cannot_write(paths.log, error) from error


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _write_journal(folder: Path, batch: str, names: Sequence[str]) -> None:
    with (folder / JOURNAL).open("w", encoding="utf-8") as sink:
        json.dump({"batch": batch, "files": list(names)}, sink)
        sink.flush()
        os.fsync(sink.fileno())
    log.sync_folder(folder)


def _sync_folders(paths: ModelPaths, names: Sequence[str]) -> None:
    folders = {(paths.log / name).parent for name in names}
    folders |= {folder.parent for folder in folders} | {paths.log}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log.sync_folder, folders))
