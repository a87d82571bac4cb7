"""Delivered files as relations: what there is, in which form, with which columns, in the order of the file.

Every form becomes one SELECT whose rows are the file's rows in order. CSV and JSON lines are read as text, so
that casting happens in one place; Parquet keeps its types.
"""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Literal, cast

from dashboard import store
from dashboard.errors import EvenhandError
from dashboard.sql import identifier, listing, literal

Form = Literal["parquet", "csv", "jsonl"]
ENDINGS: Mapping[str, Form] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
EXPECTED = "Parquet (.parquet), CSV (.csv, .csv.gz) or JSON lines (.jsonl, .jsonl.gz) was expected"
SAMPLE = 20_000
MOST = 0.9
"""The share of a text column's values that decides what it looks like; a few broken values do not."""
MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK\x03\x04": "a zip archive or Excel"}


@dataclass(frozen=True)
class Source:
    """One delivered file. `columns` maps column to type: of Parquet its own, of text what the content looks like."""

    path: Path
    form: Form
    name: str
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","

    @property
    def typed(self) -> bool:
        """Whether the columns come with types of their own."""
        return self.form == "parquet"

    def kind(self, column: str) -> str:
        """Returns the type that the relation really has: text files are all VARCHAR, whatever they look like."""
        return self.columns[column] if self.typed else "VARCHAR"

    @property
    def relation(self) -> str:
        """The SELECT of the file's rows, in their order."""
        if self.form == "parquet":
            return f"(FROM read_parquet({literal(str(self.path))}))"
        if self.form == "jsonl":
            return self._json_lines()
        return self._csv("strict_mode = true, store_rejects = true")

    def first(self, rows: int | None = None) -> str:
        """Returns the SELECT of the first rows (None: all), read leniently: the whole pass finds what is broken."""
        lenient = self._csv("strict_mode = false, ignore_errors = true")
        limit = "" if rows is None else f" LIMIT {rows}"
        return f"(FROM {lenient if self.form == 'csv' else self.relation}{limit})"

    def _csv(self, options: str) -> str:
        """A CSV file, its dialect stated in full: DuckDB's sniffer would bend it to a broken line."""
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self.columns)
        return (
            f"(FROM read_csv({literal(str(self.path))}, auto_detect = false, header = true, columns = {{{columns}}}, "
            f"delim = {literal(self.delimiter)}, quote = '\"', escape = '\"', "
            f"compression = {literal(_compression(self.path))}, {options}))"
        )

    def _json_lines(self) -> str:
        shape = "{" + ", ".join(f'"{_json_text(name)}": "VARCHAR"' for name in self.columns) + "}"
        return (
            f"(SELECT unnest(json_transform(CASE WHEN json_valid(line) THEN line END, {literal(shape)})), "
            f"line AS {identifier(LINE)} FROM {lines(self.path)} WHERE trim(coalesce(line, '')) <> '')"
        )


LINE = "\x1eline"
"""The column that keeps the raw line of JSON lines; no delivered column can be called so."""


def lines(path: Path) -> str:
    """Returns the relation of a text file's lines (column `line`), in order."""
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, columns = {{'line': 'VARCHAR'}}, "
        f"delim = '\x01', quote = '', escape = '', max_line_size = 16000000, "
        f"compression = {literal(_compression(path))})"
    )


def _json_text(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _compression(path: Path) -> str:
    return "gzip" if path.suffix == ".gz" else "none"


def expand(given: Sequence[str | Path]) -> list[Path]:
    """Returns the files that paths and globs name, globs sorted; raises EvenhandError where one names nothing."""
    found: list[Path] = []
    for item in given:
        path = Path(item).expanduser()
        pattern = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 (the pattern may be absolute)
        matches = [path] if path.exists() else [Path(name) for name in pattern]
        if not matches:
            raise EvenhandError(f"There is no file {item}", "A file or a pattern was expected", "Check the path")
        found += matches
    return list(dict.fromkeys(found))


def opened(path: Path, connection: store.Connection, name: str | None = None) -> Source:
    """Returns a file as a source, its columns known; raises EvenhandError for what cannot be read at all."""
    source = Source(path, _form(path), name or path.name)
    _check_start(source)
    if source.form == "csv":
        source = _with_header(source)
        return replace(source, columns=_looks_like(source, list(source.columns), connection))
    if source.form == "jsonl":
        keys = _keys(source, connection)
        source = replace(source, columns=dict.fromkeys(keys, "VARCHAR"))
        return replace(source, columns=_looks_like(source, keys, connection))
    described = connection.execute(f"DESCRIBE {source.relation}").fetchall()
    return replace(source, columns={row[0]: row[1] for row in described})


def _form(path: Path) -> Form:
    if path.is_dir():
        raise EvenhandError(f"{path} is a directory", EXPECTED, f"Name its files: '{path}/*.parquet'")
    name = path.name.removesuffix(".gz").lower()
    form = ENDINGS.get(Path(name).suffix)
    if form is None or (form == "parquet" and path.suffix == ".gz"):
        raise EvenhandError(f"{path} has an ending that is not known", EXPECTED, "Rename or convert the file")
    return form


def open_text(path: Path) -> IO[bytes]:
    """Returns the file's bytes, decompressed."""
    return cast(IO[bytes], gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def _check_start(source: Source) -> None:
    """Does refuse, by its first bytes, a file that is not what its ending says."""
    path = source.path
    try:
        if path.stat().st_size == 0:
            raise EvenhandError(f"{path} is empty", EXPECTED, "Export it again")
        with path.open("rb") if source.typed else open_text(path) as file:
            start = file.read(4)
            if source.typed:
                file.seek(-4, io.SEEK_END if path.stat().st_size >= 4 else io.SEEK_SET)
                _check_parquet(path, start, file.read(4))
    except (OSError, EOFError) as error:
        raise EvenhandError(f"Could not read {path}: {error}", todo="Check the file and its permissions") from error
    kind = next((kind for mark, kind in MARKS.items() if start.startswith(mark)), None)
    if kind:
        raise EvenhandError(f"{path} is {kind}", EXPECTED, "Save it as UTF-8 text or Parquet")
    if source.form == "jsonl" and start.lstrip().startswith(b"["):
        raise EvenhandError(f"{path} is one JSON array", "One JSON object per line was expected", "Convert it")
    if not start.strip():
        raise EvenhandError(f"{path} starts with an empty line", EXPECTED, "Remove it")


def _check_parquet(path: Path, start: bytes, end: bytes) -> None:
    if start != b"PAR1":
        raise EvenhandError(f"{path} is not Parquet", EXPECTED, "Check how it was written")
    if end != b"PAR1":
        raise EvenhandError(f"{path} is cut off: its end is missing", EXPECTED, "Copy or export it again")


def _with_header(source: Source) -> Source:
    """Returns a CSV source with its columns and delimiter, from its first line."""
    with open_text(source.path) as file:
        raw = file.readline(4_000_000).removeprefix(b"\xef\xbb\xbf")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvenhandError(
            f"The header of {source.path} is not UTF-8", "UTF-8 was expected", "Save the file as UTF-8"
        ) from error
    if "\0" in text:
        raise EvenhandError(f"{source.path} is not text", EXPECTED, "Check how it was written")
    try:
        delimiter = max(",;\t|", key=lambda mark: len(next(csv.reader([text], delimiter=mark))))
        names = [name.strip() or f"column{i}" for i, name in enumerate(next(csv.reader([text], delimiter=delimiter)))]
    except csv.Error as error:
        raise EvenhandError(
            f"The header of {source.path} cannot be read: {error}",
            "Lines that end in LF were expected",
            "Export it again",
        ) from error
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            raise EvenhandError(
                f"The header of {source.path} has both '{seen[name.casefold()]}' and '{name}'",
                "Column names must differ in more than case",
                "Rename one of them",
            )
        seen[name.casefold()] = name
    return replace(source, columns=dict.fromkeys(names, "VARCHAR"), delimiter=delimiter)


def _keys(source: Source, connection: store.Connection) -> list[str]:
    """Returns every key of the objects in JSON lines, in the order of their first line."""
    found = connection.execute(
        f"SELECT key FROM (SELECT unnest(json_keys(line)) AS key, row_number() OVER () AS n "
        f"FROM {lines(source.path)} WHERE json_valid(line) AND json_type(line) = 'OBJECT') GROUP BY key ORDER BY min(n)"
    ).fetchall()
    if not found:
        raise EvenhandError(f"No line of {source.path} is a JSON object", EXPECTED, "Check how it was written")
    return [row[0] for row in found]


def _looks_like(source: Source, names: list[str], connection: store.Connection) -> dict[str, str]:
    """Returns the type that each text column's first rows have: BIGINT, DOUBLE, BOOLEAN, TIMESTAMP, VARCHAR or NULL."""
    tests = []
    for name in names:
        value = f"nullif(trim({identifier(name)}), '')"
        fits = [f"count(try_cast({value} AS {kind}))" for kind in ("BIGINT", "DOUBLE", "TIMESTAMP", "BOOLEAN")]
        fractions = f"count(*) FILTER ({value} SIMILAR TO '.*[.eEnN].*')"
        tests.append(f"[count({value}), {', '.join(fits)}, {fractions}]")
    counts = connection.execute(f"SELECT {', '.join(tests)} FROM {source.first(SAMPLE)}").fetchone() or ()
    return {name: _type(*count) for name, count in zip(names, counts, strict=True)}


def _type(n: int, whole: int, number: int, instant: int, truth: int, fractions: int) -> str:
    if n == 0:
        return "NULL"
    if number >= MOST * n:
        return "BIGINT" if whole == number and fractions == 0 else "DOUBLE"
    if truth >= MOST * n:
        return "BOOLEAN"
    return "TIMESTAMP" if instant >= MOST * n else "VARCHAR"


def content_digest(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


FAMILIES = {
    "VARCHAR": "text",
    "BOOLEAN": "truth",
    "DATE": "time",
    "TIME": "time",
}


def family(kind: str) -> str:
    """Returns what a type is to a reader: number, text, truth, time, or unknown where a column was all empty.

    >>> family("DECIMAL(10,2)"), family("TIMESTAMP WITH TIME ZONE"), family("NULL")
    ('number', 'time', 'unknown')
    """
    if kind in ("NULL", '"NULL"'):
        return "unknown"
    if kind.startswith("TIMESTAMP"):
        return "time"
    numbers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "UTINYINT")
    if kind.startswith(numbers) or kind in ("USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"):
        return "number"
    return FAMILIES.get(kind, "text")


__all__ = ["LINE", "Form", "Source", "content_digest", "expand", "family", "lines", "listing", "open_text", "opened"]
