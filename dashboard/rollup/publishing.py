"""Publishing: a rollup is built aside and appears whole, under a number nobody used before.

Readers open the newest number and never see one that is being built. Three are kept, since readers may hold
older ones.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashboard.errors import EvenhandError
from dashboard.log import sync_folder
from dashboard.settings import cannot_write, make_folder

KEEP = 3
NUMBERED = re.compile(r"(\d+)\.duckdb")


def numbers(folder: Path) -> list[int]:
    """Returns the published numbers, oldest first."""
    try:
        found = (NUMBERED.fullmatch(name) for name in os.listdir(folder))  # noqa: PTH208 (a listing makes no Path of each name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(int(match[1]) for match in found if match)


def path(folder: Path, number: int) -> Path:
    """Returns the file of a number."""
    return folder / f"{number}.duckdb"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Does hold the model's rollup lock: a second builder waits, then counts only what is left."""
    make_folder(folder)
    try:
        handle = (folder / "lock").open("w")
    except OSError as error:
        raise cannot_write(folder / "lock", error) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for left in folder.glob("build-*"):
            left.unlink(missing_ok=True)
        yield


def publish(folder: Path, built: Path) -> int:
    """Returns the number under which the built file was published; the file is synced to disk first."""
    with built.open("rb") as handle:
        os.fsync(handle.fileno())
    number = (numbers(folder) or [0])[-1] + 1
    try:
        os.link(built, path(folder, number))
    except FileExistsError as error:
        raise EvenhandError(
            f"Rollup {number} was published by somebody else meanwhile", todo="Run evenhand rollup again"
        ) from error
    except OSError as error:
        raise cannot_write(path(folder, number), error) from error
    built.unlink()
    sync_folder(folder)
    for old in numbers(folder)[:-KEEP]:
        with suppress(OSError):
            path(folder, old).unlink()
    return number
