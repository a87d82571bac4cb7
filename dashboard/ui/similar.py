"""Similar past cases on the screen: how they ended, and of which cases they are."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.charts.words import window
from dashboard.report.similar import Past, Similar, past, similar
from dashboard.ui import load, parts
from dashboard.ui.state import Scope


def section(scope: Scope, case: dict[str, Any]) -> None:
    """Does say how similar past cases ended; nothing where the reference has too few labels."""
    known = _past(load.key(scope.model))
    if known is None or load.contract(scope.model).task == "regression":
        return
    found = similar(known, case["inputs"])
    parts.note(sentence(found, load.contract(scope.model).task == "binary"))


@st.cache_resource(max_entries=4, show_spinner=False)
def _past(key: load.Key) -> Past | None:
    model = load.model(key[1])
    return past(model.source(), model.paths)


def sentence(found: Similar, of_two: bool) -> str:
    """Returns how the most similar past cases ended.

    >>> from datetime import date
    >>> sentence(Similar((("1", 6), ("0", 4)), 5000, date(2026, 1, 1), date(2026, 2, 26)), True)
    'Of the 10 most similar past cases 6 were positive (among 5,000 labelled ones of 1 January to 25 February 2026).'
    """
    of = f"(among {found.of:,} labelled ones of {window(found.since, found.until, year=True)})"
    if of_two:
        positive = dict(found.endings).get("1", 0)
        return f"Of the {found.cases} most similar past cases {positive} were positive {of}."
    ended = ", ".join(f"{n} {name}" for name, n in found.endings)
    return f"The {found.cases} most similar past cases ended as {ended} {of}."
