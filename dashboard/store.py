"""The only `import duckdb`: connections that never touch the network, and the errors they raise."""

from __future__ import annotations

from pathlib import Path

import duckdb
from duckdb import Error as Error

Connection = duckdb.DuckDBPyConnection

MEMORY = "1GB"


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
