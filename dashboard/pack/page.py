"""The report as one HTML page: no scripts, nothing loaded from anywhere, made to be read on paper as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from dashboard.pack.plain import visible
from dashboard.pack.told import Rows, Section

CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b2127; background: #fff; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.3; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #d5d9de;
  overflow-wrap: anywhere; white-space: pre-line; unicode-bidi: isolate; }
th { color: #555d66; font-weight: 600; } td:first-child { min-width: 6rem; }
svg { max-width: 100%; height: auto; display: block; margin: 1rem 0; break-inside: avoid; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
@page { margin: 18mm; }
"""


def page(headline: str, note: str, sections: Sequence[Section], pictures: Mapping[str, str]) -> bytes:
    """Returns the page: the headline, the sections with their tables, the pictures in the page itself."""
    inside = [f"<h1>{_text(headline)}</h1>", f"<p>{_text(note)}</p>"]
    for section in sections:
        inside += [f"<h2>{_text(section.heading)}</h2>", *(f"<p>{_text(one)}</p>" for one in section.sentences)]
        inside.append(_table(section.rows))
    if pictures:
        inside += ["<h2>Pictures of what was judged</h2>", *pictures.values()]
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{CSP}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(headline)}</title><style>{STYLE}</style>"
    )
    body = "\n".join(part for part in inside if part)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'.encode()


def _table(rows: Rows) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in rows[0])
    lines = ["<tr>" + "".join(f"<td>{_text(row[name])}</td>" for name in rows[0]) + "</tr>" for row in rows]
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{chr(10).join(lines)}</tbody></table>"


def _text(text: object) -> str:
    return escape(visible(text))
