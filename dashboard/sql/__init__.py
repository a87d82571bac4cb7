"""The text of statements: files beside this one, and the one place where names and values are quoted.

Values go into statements as `$named` parameters. Where a name is data (a delivered column), or a statement takes
no parameters (COPY), it passes through `identifier` or `literal`, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path


def identifier(name: str) -> str:
    """Returns a name quoted for SQL.

    >>> identifier('a "b"')
    '"a ""b"\""'
    """
    if "\0" in name:
        raise ValueError("a name cannot hold a NUL character")
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | float | bool | None) -> str:
    """Returns a value quoted for SQL.

    >>> literal("it's"), literal(None), literal(0.1), literal(True)
    ("'it''s'", 'NULL', '0.1::DOUBLE', 'TRUE')
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value!r}::DOUBLE" if abs(value) < float("inf") else f"{literal(str(value))}::DOUBLE"
    return "'" + value.replace("'", "''") + "'"


def listing(values: Iterable[str]) -> str:
    """Returns texts as an SQL list.

    >>> listing(["a", "b"])
    "['a', 'b']"
    """
    return f"[{', '.join(literal(value) for value in values)}]"


@cache
def statement(name: str) -> str:
    """Returns the text of `<name>.sql` beside this file; `name` may hold slashes."""
    return (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
