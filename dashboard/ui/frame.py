"""The row on top of every page: model, version, window, attribute; and at its right what they are as of."""

from __future__ import annotations

from datetime import timedelta
from html import escape

import streamlit as st

from dashboard.charts.words import day, window
from dashboard.settings import workspace_path
from dashboard.ui import load, login, marks, parts, people, verdicts
from dashboard.ui.state import ALL, LATEST, Scope, days_of, followed, keep, last_written, pick


def scope_row() -> bool:
    """Does draw the row and keep the scope; returns whether there is anything to show a page of."""
    login.bar()
    models = load.models()
    if not models:
        parts.sentence("Evenhand", "", "There is no model here yet.")
        parts.nothing(
            f"The workspace is {workspace_path()}.",
            "Look at the sample first: evenhand demo",
            "Or start with a file of your own: evenhand init MODEL FILE, then evenhand ingest MODEL FILE.",
        )
        return False
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="scope-row")
    with row:
        name = _chosen("Model", "model", models, models[0], width=150)
        if not load.key(name)[2]:
            return _not_counted(name)
        version, chosen = _version(name), _window(name)
        scope = Scope(name, version, chosen, _attribute(Scope(name, version, chosen, None)))
        _as_of(scope)
    keep(scope)
    return True


def _not_counted(name: str) -> bool:
    parts.sentence("Evenhand", "", f"Nothing of {name} has been counted yet.")
    parts.nothing(
        "The contract is there; the sums are not.",
        f"Take a log in, if that is not done: evenhand ingest {name} FILE",
        f"Then count it: evenhand rollup {name}",
    )
    return False


def _chosen(
    label: str, name: str, known: list[str], default: str, width: int, words: dict[str, str] | None = None
) -> str:
    """Returns what is chosen in one box; the URL decides at first and where a link was followed, else the visitor."""
    kept = f"scope-{name}"
    linked = followed(name, st.session_state.get(kept), last_written(name))
    if linked in known:
        st.session_state[kept] = linked
    elif st.session_state.get(kept) not in known:
        st.session_state[kept] = pick(st.query_params.get(name), known, default)
    named = words or {}
    return str(
        st.selectbox(
            label,
            known,
            key=kept,
            format_func=lambda value: named.get(value, value),
            width=width,
            persist_state="session",
        )
    )


def _version(name: str) -> str | None:
    versions = list(load.held(name).extent.versions)
    chosen = _chosen("Version", "version", [ALL, *reversed(versions)], ALL, 150, {ALL: "all together"})
    return None if chosen == ALL else chosen


def _window(name: str) -> str:
    held = load.held(name)
    scheduled = [f"{w.since}..{w.until}" for w in reversed(held.plan.by_log.windows)]
    asked = st.query_params.get("window", "")
    custom = [asked] if days_of(asked) and asked not in scheduled else []
    words = {value: window(*(days_of(value) or (None, None))) for value in (*scheduled, *custom)}
    words |= {LATEST: "the latest judged", ALL: "all days"}
    return _chosen("Window", "window", [LATEST, *scheduled, *custom, ALL], LATEST, 240, words)


def _attribute(scope: Scope) -> str | None:
    contract = load.contract(scope.model)
    crossed = ["*".join(names) for names in contract.intersections]
    known = [*contract.attribute_names, *crossed]
    if not known:
        return None
    words = {value: verdicts.crossed(value) for value in known}
    asked = {st.session_state.get("scope-attribute"), st.query_params.get("attribute")}
    default = known[0] if asked & set(known) else verdicts.most_urgent_attribute(scope, known)
    return _chosen("Attribute", "attribute", known, default, 190, words)


def _as_of(scope: Scope) -> None:
    held = load.held(scope.model)
    labels = day(held.extent.complete_until - timedelta(days=1))
    counted = f"Counted {day(held.built_at)}, {held.built_at[11:16]} UTC (#{held.number})"
    other = held.extent.last.year != int(held.built_at[:4])
    reach = f"Days to {day(held.extent.last, year=other)}, labels complete to {labels}"
    state, words = people.state(scope)
    signed = marks.mark(state, words) if state else escape(words)
    st.html(f'<p class="eh-asof">{escape(counted)}<br>{escape(reach)}<br>{signed}</p>')
