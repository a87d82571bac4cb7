"""What differs between the databases a ledger can be kept in: SQLite, PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event as hooks
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from dashboard.errors import EvenhandError
from dashboard.review.ledger_tables import BODIES, EVENTS, GUARDS, METADATA, NAMES, STATES

BUSY_SECONDS = 30  # 42 appends a second leave room for a thousand waiting people
LOCK = 0x45564E48  # one number for all writers of a ledger in PostgreSQL
KNOWN = ("sqlite", "postgresql")


def checked(url: str) -> sa.URL:
    """Returns the URL of a ledger, its driver filled in; raises EvenhandError for one that cannot be used."""
    try:
        parsed = sa.make_url(url)
        dialect = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise EvenhandError(
            f"'{url}' is not a database URL",
            "Such as sqlite:////srv/evenhand/ledger.sqlite or postgresql://evenhand@host/evenhand",
        ) from error
    if dialect not in KNOWN or (dialect == "sqlite" and parsed.database in (None, "", ":memory:")):
        raise EvenhandError(
            f"The ledger cannot be kept in '{parsed.render_as_string()}'",
            "It is kept in an SQLite file, such as sqlite:////srv/evenhand/ledger.sqlite, or in PostgreSQL",
            "Correct the URL in evenhand.toml, section [ledger]",
        )
    return parsed.set(drivername="postgresql+psycopg") if dialect == "postgresql" else parsed


def engine(url: sa.URL) -> sa.Engine:
    """Returns an engine whose every call opens and closes its own connection."""
    is_file = url.get_backend_name() == "sqlite"
    wait = {"timeout": BUSY_SECONDS} if is_file else {"connect_timeout": BUSY_SECONDS}
    try:
        made = sa.create_engine(url, poolclass=NullPool, connect_args=wait)
    except ModuleNotFoundError as error:
        raise EvenhandError(
            "The ledger is in PostgreSQL and its driver is not installed",
            "It comes with the extra 'postgresql'",
            "Install it: pip install 'evenhand[postgresql]'",
        ) from error
    if is_file:
        hooks.listen(made, "connect", _configure)
        hooks.listen(made, "begin", _begin)
    else:
        hooks.listen(made, "begin", _lock)
    return made


def exists(url: sa.URL) -> bool:
    """Returns whether there is a database to read: of SQLite whether the file is there."""
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver at the first INSERT
    # Rollback journal: before SQLite 3.51.3 its WAL mode can corrupt a file that several processes write.
    settings = ("journal_mode=TRUNCATE", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
    for setting in settings:
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _lock(connection: sa.Connection) -> None:
    """Does make writers wait for each other before they read what they build on; readers never wait."""
    if connection.get_execution_options().get("write", False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def create(connection: sa.Connection) -> None:
    """Does make the tables and their guards where they are missing, and add what an older ledger has not."""
    inspector = sa.inspect(connection)
    known = set(inspector.get_table_names())
    if {table.name for table in METADATA.sorted_tables} <= known and _has_identity(inspector):
        return
    if EVENTS.name in known and not _has_identity(inspector):
        connection.exec_driver_sql("ALTER TABLE events ADD COLUMN identity TEXT NOT NULL DEFAULT ''")
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS bodies_update")  # an older one, made anew below
    METADATA.create_all(connection)
    for guard in GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(guard)


def kept(connection: sa.Connection, table: str) -> tuple[bool, bool]:
    """Returns whether there is such a table, and whether the ledger is an older one that lacks something."""
    inspector = sa.inspect(connection)
    events = inspector.has_table(EVENTS.name)
    older = events and not (inspector.has_table(STATES.name) and _has_identity(inspector))
    return events or inspector.has_table(table), older


def _has_identity(inspector: sa.Inspector) -> bool:
    return any(column["name"] == "identity" for column in inspector.get_columns(EVENTS.name))


def missing_guards(connection: sa.Connection) -> list[str]:
    """Returns, in words, which guards are gone or altered, and whether a body stands without its event."""
    if connection.dialect.name == "sqlite":
        found = set(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars())
        guards = (trigger.replace("IF NOT EXISTS ", "") for trigger in GUARDS["sqlite"])
        gone = sorted(sql.split()[2] for sql in guards if sql not in found)
    else:
        enabled = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
        gone = sorted(NAMES["postgresql"] - set(connection.exec_driver_sql(enabled).scalars()))
    broken = [f"The guard {name} was removed or altered." for name in gone]
    orphans = sa.select(sa.func.count()).where(BODIES.c.sequence.not_in(sa.select(EVENTS.c.sequence)))
    if count := connection.execute(orphans).scalar():
        broken.append(f"{count} bodies stand without their event.")
    return broken


def in_words(url: sa.URL, error: DBAPIError) -> EvenhandError:
    """Returns what a database's error means to the person who meets it."""
    if url.get_backend_name() == "sqlite":
        return EvenhandError(
            f"The ledger {url.database} could not be used: {error.orig}",
            "An SQLite file of this program, in a directory that may be written to, with room left",
            "Check the file, its permissions and the free space; nothing was half recorded",
        )
    said = " ".join(str(error.orig).split())
    return EvenhandError(
        f"The ledger in {url.render_as_string()} could not be used: {said}",
        "A PostgreSQL database that can be reached and written to",
        "Check that it runs and that the URL in evenhand.toml, section [ledger], is right; nothing was half recorded",
    )
