"""Text that people typed, made harmless for a file: inert in a spreadsheet, in XML, in a PDF."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any

from dashboard.cases_rejected import FORMULA

ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # what XML 1.0 forbids or warns of
SPELT = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "≥": ">=", "≤": "<=", "−": "-"}


def inert(value: object) -> object:
    """Returns a cell for CSV: a text that a spreadsheet would take for a formula has an apostrophe before it.

    >>> inert("=1+1"), inert("age"), inert(-0.5)
    ("'=1+1", 'age', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and re.match(FORMULA, value) else value


def csv_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Returns rows as CSV, UTF-8, in the order of the first row's columns; no rows make an empty file."""
    if not rows:
        return b""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([inert(name) for name in rows[0]])
    writer.writerows([inert(row.get(name)) for name in rows[0]] for row in rows)
    return out.getvalue().encode("utf-8", "replace")


def visible(text: object) -> str:
    r"""Returns text that may stand in XML: characters that may not are shown as a replacement character.

    >>> visible("a\x00b")
    'a\ufffdb'
    """
    return ODD.sub("\ufffd", str(text))


def spelt(text: object, known: Container[int]) -> str:
    """Returns text in the characters that a font knows; any other one in plainer ones, or else by its number.

    >>> spelt("Zoë – Małgorzata", set(range(256)))
    'Zoë - Ma[U+0142]gorzata'
    """
    fits = "".join(c if ord(c) in known else SPELT.get(c, c) for c in visible(text))
    return "".join(c if c == "\n" or (ord(c) in known and c != "\xad") else f"[U+{ord(c):04X}]" for c in fits)
