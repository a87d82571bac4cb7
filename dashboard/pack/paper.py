"""The report as a PDF, in the fonts every reader has: a character outside Latin-1 is shown by its number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from textwrap import wrap

from dashboard.pack.plain import spelt
from dashboard.pack.told import Section

NOTE = "Characters that this file's fonts lack are shown by their number, as in [U+0142]; report.html shows them."
LETTERS, MOST_LINES = 62, 40  # the widest letters that fit a line of a table, lines of a row that fit a page
WIDTHS = {2: (1, 3), 3: (1, 4, 2), 5: (1, 4, 2, 2, 2), 6: (5, 4, 3, 2, 3, 2)}


def paper(headline: str, note: str, sections: Sequence[Section], at: datetime) -> bytes:
    """Returns the PDF, dated `at`, so that the same report is the same bytes."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(at)
    pdf.set_title(spelt(headline))
    pdf.set_margin(16)
    pdf.set_auto_page_break(True, 16)
    pdf.add_page()
    _say(pdf, headline, 15, "B")
    _say(pdf, note, 9)
    _say(pdf, NOTE, 9)
    for section in sections:
        pdf.ln(3)
        _say(pdf, section.heading, 12, "B")
        for sentence in section.sentences:
            _say(pdf, sentence, 9)
        if section.rows:
            _table(pdf, section)
    return bytes(pdf.output())


def _say(pdf, text: str, size: int, style: str = "") -> None:  # type: ignore[no-untyped-def]
    pdf.set_font("Helvetica", style, size)
    pdf.multi_cell(0, size * 0.5, spelt(text), new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(1)


def _table(pdf, section: Section) -> None:  # type: ignore[no-untyped-def]
    pdf.set_font("Helvetica", "", 8)
    names = list(section.rows[0])
    widths = WIDTHS.get(len(names), (1,) * len(names))
    with pdf.table(col_widths=widths, line_height=4, text_align="LEFT", borders_layout="HORIZONTAL_LINES") as table:
        for cells in (names, *([row[name] for name in names] for row in section.rows)):
            pieces = [_pieces(spelt(cell), width / sum(widths)) for cell, width in zip(cells, widths, strict=True)]
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
