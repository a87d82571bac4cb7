"""The parts a page is made of: the sentence, then the picture, then the table; and what stands where nothing is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.calibration import INK
from dashboard.charts.figure import Figure, inked
from dashboard.charts.palette import INKS, NIGHT, PAPER, STATES
from dashboard.charts.words import (
    group_name,
    interval,
    made_of,
    missing,
    number,
    question,
    title,
    unit_of,
    window,
)
from dashboard.errors import EvenhandError
from dashboard.ui import heat, marks, menu, verdicts
from dashboard.ui.state import followed, scope

PICTURE = {
    "displaylogo": False,
    "scrollZoom": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg"},
}


def style() -> None:
    """Does put the style sheet into the page."""
    sheet = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    page = NIGHT if st.context.theme.type == "dark" else PAPER  # behind what stays in place while a table scrolls
    st.html(f"<style>:root {{ --eh-page: {page}; }}\n{sheet}\n{marks.style_rules()}\n{heat.style_rules()}</style>")


def sentence(page: str, asks: str, says: str, more: str = "") -> None:
    """Does open a page: its name and question small, the answer as the heading, one sentence more where needed."""
    lede = f'<p class="eh-lede">{escape(more)}</p>' if more else ""
    st.html(
        f'<p class="eh-kicker"><b>{escape(page)}</b> &nbsp;{escape(asks)}</p>'
        f'<h1 class="eh-sentence">{escape(says)}</h1>{lede}'
    )


def section(heading: str, note: str = "") -> None:
    """Does open a section of a page."""
    below = f'<p class="eh-note">{escape(note)}</p>' if note else ""
    st.html(f'<h2 class="eh-section">{escape(heading)}</h2>{below}')


def note(text: str) -> None:
    """Does write a quiet line: a caveat, what was left out, how it was computed; nothing where there is none."""
    if text:
        st.html(f'<p class="eh-note">{escape(text)}</p>')


def findings(rows: Sequence[tuple[str | None, str] | tuple[str | None, str, str]]) -> None:
    """Does list findings as (state, sentence), each with its mark and the state's word, or the one given third."""
    items = []
    for state, text, *given in rows:
        word = given[0] if given else STATES[state].word.capitalize() if state in STATES else ""
        told = f'<span class="eh-quiet">{escape(word)}:</span> ' if word else ""
        items.append(f"<li>{marks.shape(state)}<span>{told}{escape(text)}</span></li>")
    if items:
        st.html(f'<ul class="eh-findings">{"".join(items)}</ul>')


def picture(figure: Figure, name: str, alt: str, states: Iterable[str | None] = (), narrow: bool = False) -> None:
    """Does draw a figure; `alt` is the finding in words, `name` its key and the name of a saved picture."""
    if not alt:
        raise ValueError("a picture needs its finding in words")
    shown = [state for state in states if state in STATES]
    if shown:
        st.html(marks.key(shown))
    config = PICTURE | {"toImageButtonOptions": {"format": "svg", "filename": name}}
    ink = INKS.get(st.context.theme.type or "light", INKS["light"])
    with st.container(key="narrow") if narrow else st.container():
        st.plotly_chart(inked(figure, ink), key=f"picture-{name}", width="stretch", config=config, alt=alt)


def side_by_side(drawn: Iterable[tuple[str, str, str]]) -> None:
    """Does show small pictures beside each other, as many as fit, each under its name: (name, SVG, its words)."""
    ink = INKS.get(st.context.theme.type or "light", INKS["light"])
    st.html(marks.small_pictures([(name, svg.replace(INK, ink), words) for name, svg, words in drawn]))


def table(
    rows: Sequence[Mapping[str, object]], caption: str, numbers: Iterable[str] = (), states: Iterable[str] = ()
) -> None:
    """Does write a small table in full; larger ones belong into `grid`."""
    if rows:
        st.html(marks.table(rows, caption, numbers, states))


def grid(frame: pd.DataFrame, name: str, alt: str) -> None:
    """Does show a long table that scrolls inside itself."""
    st.dataframe(frame, key=f"grid-{name}", hide_index=True, width="stretch", lazy=len(frame) > 1000, alt=alt)


def readings_table(readings: pd.DataFrame, caption: str, by: str = "group") -> None:
    """Does write readings with their n and intervals, one row each; `by` names the column that tells them apart."""
    names = {"group": "Group", "feature": "Feature", "metric": "Metric", "since": "Window", "version": "Version"}
    rows = []
    for row in readings.to_dict("records"):
        unit = unit_of(str(row["metric"]))
        told = {name: str(row[name]) for name in ("feature", "version")}
        told |= {"group": group_name(row["group"]), "metric": title(str(row["metric"]))}
        told["since"] = window(row["since"], row["until"])
        cells: dict[str, object] = {
            names[by]: told[by],
            "Value": number(None if missing(row["value"]) else float(row["value"]), unit),
            "95 % interval": "" if missing(row["value"]) or row["low"] == row["high"] else _interval(row),
            "Counts": made_of(row["numerator"], row["denominator"], unit),
            "n": number(row["n"], "count"),
        }
        if "state" in row:
            cells["State"] = row["state"] if row["state"] in STATES else None
        cells["Note"] = "" if missing(row["note"]) else row["note"]
        rows.append(cells)
    empty = {name for name in ("Note", "State", "Counts") if not any(row.get(name) for row in rows)}
    kept = [{name: value for name, value in row.items() if name not in empty} for row in rows]
    table(kept, caption, numbers=("Value", "95 % interval", "Counts", "n"), states=("State",))


def _interval(row: Mapping[Any, Any]) -> str:
    return interval(row["low"], row["high"], unit_of(str(row["metric"])))


def download(
    frame: pd.DataFrame | Callable[[], pd.DataFrame], name: str, label: str = "Download these numbers (CSV)"
) -> None:
    """Does offer a table, or what makes one, as CSV: built only when it is asked for."""
    st.download_button(
        label,
        data=lambda: (frame() if callable(frame) else frame).to_csv(index=False).encode(),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"csv-{name}",
        on_click="ignore",
        type="tertiary",
    )


def tiles(values: Sequence[tuple[str, str, str, str | None]]) -> None:
    """Does show a row of numbers as (name, value, facts, state or None)."""
    items = "".join(
        f'<div class="eh-tile"><div class="name">{escape(name)}</div><div class="value">{escape(value)}</div><div '
        f'class="facts">{marks.mark(state) if state else ""}<div class="eh-quiet">{escape(facts)}</div></div></div>'
        for name, value, facts, state in values
    )
    st.html(f'<div class="eh-tiles">{items}</div>')


def opened(label: str, name: str) -> Any:
    """Returns the box under a heading that is shut at first, None while it is shut: what is inside is not computed."""
    box = st.expander(label, on_change="rerun", key=f"opened-{name}")
    return box if box.open else None


def views(name: str, drawn: Mapping[str, Callable[[], None]]) -> None:
    """Does draw the view that is open, of several under their headings; which one is part of the URL.

    What is not open is not computed.
    """
    for box, draw in zip(st.tabs(list(drawn), key=name, bind="query-params"), drawn.values(), strict=True):
        if box.open:
            with box:
                draw()


def nothing(found: str, *todo: str) -> None:
    """Does say what is not there and what to do next: an empty state that teaches."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in todo)
    st.html(f'<div class="eh-empty"><p><b>{escape(found)}</b></p>{lines}</div>')


def trouble(error: EvenhandError) -> None:
    """Does show what went wrong in words, never as a traceback."""
    sentence("Not shown", "", error.found.rstrip(".") + "." if error.found else "This page cannot be shown.")
    nothing(error.expected or "What to do", error.todo)


def link(page: str, words: str, **other: str) -> None:
    """Does link to another page with the same scope, but for what is `other` in it."""
    if menu.file(page).is_file():
        st.page_link(str(menu.file(page)), label=words, query_params=scope().query() | other)


def linked_findings(findings: Sequence[Any]) -> None:
    """Does list findings, each with a link to the page that shows it, by its attribute and its rate."""
    with st.container(key="linked-findings", gap=None):
        for finding in findings:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                word = f'<span class="eh-quiet">{STATES[finding.state].word.capitalize()}:</span> '
                told = f"{marks.shape(finding.state)}<span>{word}{escape(finding.sentence)}</span>"
                st.html(f'<p class="eh-finding">{told}</p>', width="stretch")
                page, other = verdicts.shown_on(finding)
                link(page, f"{page.capitalize()} →", **other)


def linked_sentences(told: Sequence[tuple[str, str, str]], name: str) -> None:
    """Does list sentences that no rule judges, each with a link: (sentence, page that shows more, window)."""
    if not told:
        return
    with st.container(key=f"linked-sentences-{name}", gap=None):
        for text, page, days in told:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.html(f'<p class="eh-finding">{marks.shape(None)}<span>{escape(text)}</span></p>', width="stretch")
                link(page, f"{page.capitalize()} →", window=days)


def findings_table(findings: Sequence[Any], caption: str) -> None:
    """Does write findings in full: state, sentence, what was judged when."""
    rows = [
        {
            "Finding": finding.sentence,
            "State": finding.state,
            "Judged on": window(finding.since, finding.until) if finding.since else "",
        }
        for finding in findings
    ]
    table(rows, caption, states=("State",))


def question_box(rates: Sequence[str]) -> str:
    """Returns the metric that is chosen by its plain question, the technical name beside it."""
    words = {rate: f"{question(rate)} ({title(rate).split(' (')[0].lower()})" for rate in rates}
    return linked_box("Question", "metric", words, width=620)


def linked_box(label: str, name: str, words: Mapping[str, str], width: int) -> str:
    """Returns what is chosen in a box that is part of the URL by its name, and that a link can set: value -> words."""
    written = f"{name}-written"
    linked = followed(name, st.session_state.get(name), st.session_state.get(written))
    if linked in words:
        st.session_state[name] = linked
    elif st.session_state.get(name) not in words:
        st.session_state.pop(name, None)
    chosen = str(st.selectbox(label, list(words), format_func=words.__getitem__, key=name, width=width))
    st.query_params[name] = st.session_state[written] = chosen
    return chosen


def metric_and_period(metrics: Sequence[str]) -> tuple[str, str]:
    """Returns which metric is drawn over time, and by which period."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = st.selectbox("Metric", list(metrics) or ["accuracy"], format_func=title, key="over-time", width=340)
        period = st.selectbox("By", ["week", "day", "month"], key="period", width=120)
    return str(metric), str(period)


def fairness_table(rates: pd.DataFrame, differences: pd.DataFrame, caption: str) -> None:
    """Does write each group's rate or error, its difference to the reference with the judged interval, the state."""
    beside = {row["group"]: row for row in differences.to_dict("records")} if len(differences) else {}
    judged = len(differences) > 0 and bool(differences["state"].notna().any())
    rows = []
    for row in rates.to_dict("records"):
        unit = unit_of(str(row["metric"]))
        value = "Rate" if unit == "share" else "Value"
        cells: dict[str, object] = {
            "Group": group_name(row["group"]),
            value: number(None if missing(row["value"]) else float(row["value"]), unit),
            "95 % interval": "" if missing(row["value"]) else interval(row["low"], row["high"], unit),
            "Counts": made_of(row["numerator"], row["denominator"], unit) or number(row["n"], "count"),
        }
        if beside:
            cells |= _beside(beside.get(row["group"]), judged)
        rows.append(cells)
    right = ("Rate", "Value", "95 % interval", "Counts", "Against reference", "Judged interval", "Its interval")
    table(rows, caption, numbers=right, states=("State",))


def _beside(other: Mapping[Any, Any] | None, judged: bool) -> dict[str, object]:
    """Returns the cells of a group's contrast, with its state if any is judged; without one it is the reference."""
    shown, between = "reference" if other is None else "–", ""
    if other is not None and not missing(other["value"]):
        shown, between = number(other["value"], unit_of(str(other["metric"]))), _interval(other)
    if not judged:
        return {"Against reference": shown, "Its interval": between}
    return {"Against reference": shown, "Judged interval": between, "State": other["state"] if other else None}


def receipt(act: Mapping[str, Any], name: str) -> None:
    """Does show one act of the record in full, to read and to download."""
    text = json.dumps(act, indent=2, ensure_ascii=False, default=str)
    with st.expander(f"Act {name} in full", expanded=False):
        st.code(text, language="json", wrap_lines=True)
    st.download_button(
        "Download this act (JSON)", text, file_name=f"act-{name.strip('#')}.json", mime="application/json",
        key="act-json", on_click="ignore", type="tertiary",
    )  # fmt: skip
