"""The scope that every page shares (model, version, window, attribute) and its place in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

ALL, LATEST = "all", "latest"
_KEPT = "scope"


@dataclass(frozen=True)
class Scope:
    """What is looked at. `version` None is all versions together.

    `window` is LATEST (what `evenhand check` judges: the last whole window, for what needs labels the last one whose
    labels are complete), ALL, or `since..until` with `until` exclusive. `of_class` is the class of several that is
    taken for the positive one; the page that asks for one sets it.
    """

    model: str
    version: str | None
    window: str
    attribute: str | None
    of_class: str | None = None

    def query(self) -> dict[str, str]:
        """Returns the scope as it stands in the URL.

        >>> Scope("triage", None, "2026-03-01..2026-03-29", "sex").query()["version"]
        'all'
        """
        attribute, version = self.attribute or ALL, self.version or ALL
        return {"model": self.model, "version": version, "window": self.window, "attribute": attribute}

    def days(self) -> tuple[date, date] | None:
        """Returns the window's first day and the day after its last, None where the window is LATEST or ALL."""
        return days_of(self.window)


def days_of(window: str) -> tuple[date, date] | None:
    """Returns the days that `since..until` names, None for anything else.

    >>> days_of("2026-03-01..2026-03-29")
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 29))
    >>> days_of("2026-03-29..soon")
    """
    since, _, until = window.partition("..")
    try:
        first, end = date.fromisoformat(since), date.fromisoformat(until)
    except ValueError:
        return None
    return (first, end) if first < end else None


def pick(asked: str | None, known: Sequence[str], default: str) -> str:
    """Returns what was asked for if it is known, else the default.

    >>> pick("v9", ["v1", "v2"], "v2")
    'v2'
    """
    return asked if asked is not None and asked in known else default


def followed(name: str, shown: str | None, written: str | None) -> str | None:
    """Returns what a link that was followed puts into the URL under a name, None where no link was.

    `shown` is what the visitor's box holds, `written` what was last written into the URL: where both are the same
    and the URL says something else, it was a link; where they differ the visitor has chosen, and the URL is behind.
    """
    asked = st.query_params.get(name)
    return asked if asked is not None and shown == written != asked else None


def last_written(name: str) -> str | None:
    """Returns what the last run wrote into the URL under a name of the scope."""
    kept: Scope | None = st.session_state.get(_KEPT)
    return kept.query().get(name) if kept else None


def keep(scope: Scope) -> None:
    """Does remember the scope for the page and write it into the URL, other parameters left as they are."""
    st.session_state[_KEPT] = scope
    asked: Mapping[str, str] = scope.query()
    if any(st.query_params.get(name) != value for name, value in asked.items()):
        st.query_params.update(asked)


def scope() -> Scope:
    """Returns the scope of this run; the frame has set it before any page runs."""
    kept: Scope = st.session_state[_KEPT]
    return kept
