"""The report as a PDF, its font inside it: a character that the font lacks is shown by its number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import Any

from dashboard.pack.plain import spelt
from dashboard.pack.told import Section

NOTE = "Characters that this file's font lacks are shown by their number, as in [U+05D0]; report.html shows them."
FONT = "Noto Sans"  # Latin, Greek, Cyrillic; one weight, so that headings are told by their size
LETTERS, MOST_LINES = 62, 40  # the widest letters that fit a line of a table, lines of a row that fit a page
WIDTHS = {2: (1, 3), 3: (1, 4, 2), 5: (1, 4, 2, 2, 2), 6: (5, 4, 3, 2, 3, 2)}


def paper(headline: str, note: str, sections: Sequence[Section], at: datetime) -> bytes:
    """Returns the PDF, dated `at`, so that the same report is the same bytes."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(at)
    pdf.add_font(FONT, "", str(_file()))
    pdf.set_title(spelt(headline, known()))
    pdf.set_margin(16)
    pdf.set_auto_page_break(True, 16)
    pdf.add_page()
    _say(pdf, headline, 16)
    _say(pdf, note, 9)
    _say(pdf, NOTE, 9)
    for section in sections:
        pdf.ln(3)
        _say(pdf, section.heading, 13)
        for sentence in section.sentences:
            _say(pdf, sentence, 9)
        if section.rows:
            _table(pdf, section)
    return bytes(pdf.output())


def _file() -> Path:
    import fontpkg_noto_sans

    return Path(fontpkg_noto_sans.__file__).parent / "files" / "NotoSans[wdth,wght].ttf"


@cache
def known() -> frozenset[int]:
    """Returns the characters that the font has."""
    from fontTools.ttLib import TTFont

    with TTFont(_file(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def _say(pdf, text: str, size: int) -> None:  # type: ignore[no-untyped-def]
    pdf.set_font(FONT, "", size)
    pdf.multi_cell(0, size * 0.5, spelt(text, known()), new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(1)


def _table(pdf, section: Section) -> None:  # type: ignore[no-untyped-def]
    from fpdf.fonts import FontFace

    pdf.set_font(FONT, "", 8)
    names = list(section.rows[0])
    widths = WIDTHS.get(len(names), (1,) * len(names))
    plain: dict[str, Any] = {"text_align": "LEFT", "borders_layout": "HORIZONTAL_LINES", "line_height": 4}
    with pdf.table(col_widths=widths, headings_style=FontFace(emphasis="NONE", color=90), **plain) as table:
        for cells in (names, *([row[name] for name in names] for row in section.rows)):
            pieces = [
                _pieces(spelt(cell, known()), width / sum(widths)) for cell, width in zip(cells, widths, strict=True)
            ]
            for part in zip_longest(*pieces, fillvalue=""):
                row = table.row()
                for cell in part:
                    row.cell(cell)


def _pieces(text: str, share: float) -> list[str]:
    """Returns a cell in pieces that fit a page each: a row of a table is never cut by the end of a page."""
    lines = [part for line in text.split("\n") for part in wrap(line, max(int(share * LETTERS), 4)) or [""]]
    if len(lines) <= MOST_LINES:
        return [text]
    return ["\n".join(lines[k : k + MOST_LINES]) for k in range(0, len(lines), MOST_LINES)]
