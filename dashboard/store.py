"""The only `import duckdb`: connections that never touch the network, and the errors they raise."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
from duckdb import Error as Error

from dashboard.errors import EvenhandError
from dashboard.sql import identifier, literal

Connection = duckdb.DuckDBPyConnection

MEMORY = "1GB"
RECENT = 32


def connect(
    memory_limit: str | None = None,
    threads: int | None = None,
    temp_directory: str | Path | None = None,
    timezone: str = "UTC",
) -> Connection:
    """Returns an in-memory connection that spills to `temp_directory` and downloads no extension.

    `timezone` is that of times that carry none. A connection belongs to one thread, and has one open result:
    drain it (`fetchall`) or take `cursor()`.

    >>> connect(threads=1).execute("SELECT 1 + 1").fetchall()
    [(2,)]
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": memory_limit or MEMORY,
    }
    if threads:
        config["threads"] = str(threads)
    if temp_directory is not None:
        config["temp_directory"] = str(temp_directory)
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = $zone", {"zone": timezone})
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    return connection


def paths(files: Sequence[Path]) -> str:
    """Returns the list literal of files for read_parquet."""
    return "[" + ", ".join(literal(str(file)) for file in files) + "]"


def attach(connection: Connection, file: Path, name: str) -> None:
    """Does attach a DuckDB file for writing under a name; the file is made where it is missing."""
    connection.execute(f"ATTACH {literal(str(file))} AS {identifier(name)}")


class Snapshot:
    """One published rollup, read-only. Threads may share it: every call has a cursor of its own."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.number = int(file.stem) if file.stem.isdigit() else 0
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        self._kept: dict[Hashable, Any] = {}
        self._recent: dict[Hashable, Any] = {}
        self._lock = Lock()
        try:
            self._connection = duckdb.connect(str(file), read_only=True, config=config)
        except Error as error:
            raise EvenhandError(
                f"The rollup {file} cannot be opened: {error}",
                todo="Count again: evenhand rollup MODEL --all (the log is untouched)",
            ) from error

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Does close the file; whoever still reads keeps reading."""
        self._connection.close()

    def rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Returns the statement's rows; integers are exact whatever their size."""
        return self._connection.cursor().execute(statement, parameters or {}).fetchall()

    def arrays(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Returns the statement's rows with every LIST as a numpy array: quicker than `rows` for long lists."""
        columns = self._connection.cursor().execute(statement, parameters or {}).fetchnumpy()
        found = list(zip(*(column.tolist() for column in columns.values()), strict=True))
        for part in (part for row in found for part in row if hasattr(part, "setflags")):
            part.setflags(write=False)
        return found

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Returns what `make` returned when it was first asked for under this key: a rollup never changes.

        It is kept here and goes with the snapshot: DuckDB shows a later file of the same name to nobody while this one
        is still held.
        """
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def lately(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Returns what `make` returned when it was last asked for under this key; the newest RECENT answers are kept.

        One view asks for the same cells several times: for its numbers, for what the policy says of them, for a
        picture. Nobody may change what is returned.
        """
        with self._lock:
            if key in self._recent:
                self._recent[key] = self._recent.pop(key)
                return self._recent[key]
        found = make()
        with self._lock:
            self._recent[key] = found
            while len(self._recent) > RECENT:
                del self._recent[next(iter(self._recent))]
        return found

    def meta(self) -> dict[str, str]:
        """Returns the rollup's facts: identity, basis, contract, bins, built_at, code."""
        return dict(self.rows("SELECT key, value FROM meta"))

    def batches(self) -> set[str]:
        """Returns the batches that were counted."""
        return {batch for (batch,) in self.rows("SELECT batch FROM batches")}
