"""Draws cases for review: how many, by which design, of whom; the chance of each is kept with it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import streamlit as st

from dashboard.cases_frame import Candidates, candidates
from dashboard.charts.words import group_name, window
from dashboard.errors import EvenhandError
from dashboard.metrics.audit_sample import LEAST_RANDOM, Shares, design, draw, draw_gold
from dashboard.review import roles
from dashboard.review.events import new_id
from dashboard.review.events_cases import Queued
from dashboard.review.ledger import Recorded
from dashboard.review.roles import Person
from dashboard.ui import load, login, parts, people, say
from dashboard.ui.state import Scope
from dashboard.workspace import Workspace

USUAL, SECOND = 50, 0.2  # cases; the share that two people answer
HOW = (
    "At least 40 of 100 are drawn at random, by group so that small groups get enough; others lie near the threshold, "
    "the nearer the likelier; gold cases, whose answer is known, show how well people answer. Flagged cases come by "
    "themselves. The chance that each had is kept: without it review says nothing of the rest."
)


@dataclass(frozen=True)
class Wanted:
    """What is to be drawn."""

    cases: int
    shares: Shares
    second: float
    seed: int


def section(scope: Scope, person: Person) -> None:
    """Does offer a draw to who may make one."""
    parts.section("Draw cases for review", HOW)
    if not person.roles & roles.RIGHTS["queued"]:
        parts.nothing("Reviewers and compliance officers draw cases.", "Ask one of them.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = int(st.number_input("Cases", 10, 2000, USUAL, step=10, key="draw-n", width=130))
        audit = st.number_input("At random, %", int(100 * LEAST_RANDOM), 100, 60, step=5, key="draw-audit", width=150)
        gold = st.number_input("Gold, %", 0, 30, 10, step=5, key="draw-gold", width=120)
        second = st.number_input("Answered by two, %", 0, 100, int(100 * SECOND), step=10, key="draw-second", width=170)
    seed = st.session_state.setdefault("draw-seed", secrets.randbits(31))
    rest = max(0, 100 - int(audit) - int(gold))
    shares = Shares(1 - (rest + int(gold)) / 100, rest / 100, int(gold) / 100)
    days = load.days(scope)
    try:
        items, frame = drawn(scope, Wanted(n, shares, second / 100, seed))
    except EvenhandError as error:
        parts.nothing(error.found, error.expected, error.todo)
        return
    parts.table(_preview(items, frame["sizes"]), f"What would be drawn, of {window(*days)}")
    if st.button(f"Draw {say.many(len(items), 'case')}", key="draw", type="primary"):
        _append(scope, person, items, frame, shares)


def _append(scope: Scope, person: Person, items: list[dict[str, Any]], frame: dict[str, Any], shares: Shares) -> None:
    try:
        recorded = queue(scope.model, person, items, frame, shares)
    except EvenhandError as error:
        parts.nothing(f"Not drawn. {error.found}", error.expected, error.todo)
        return
    del st.session_state["draw-seed"]
    st.success(f"Drawn. Act {recorded.sequence} of the record.", icon=":material/check:")


def queue(model: str, person: Person, items: list[dict[str, Any]], frame: dict[str, Any], shares: Shares) -> Recorded:
    """Does put what was drawn into the queue."""
    parts_of = {"random": shares.audit, "uncertain": shares.uncertain, "gold": shares.gold}
    who = {"event_id": new_id(), "name": person.name, "role": "reviewer", "model": model}
    return people.ledger().append(Queued(**who, frame=frame, items=items, design=parts_of), login.person())


def drawn(scope: Scope, wanted: Wanted) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Returns the cases drawn, each with its chance, and what they were drawn from."""
    since, until = load.days(scope)
    contract = load.contract(scope.model)
    found = _candidates(load.key(scope.model), since, until, scope.version, scope.attribute or "")
    near = contract.task == "binary" and not np.isnan(found.score).all()
    audit, uncertain, gold = wanted.shares.split(wanted.cases)
    audit, uncertain = (audit, uncertain) if near else (audit + uncertain, 0)
    score = np.nan_to_num(found.score, nan=0.0)
    plan = design(found.group, score, contract.threshold, audit, uncertain)
    by_chance = dict(zip(("random", "uncertain"), draw(plan, wanted.seed), strict=True))
    known = [place for place, label in enumerate(found.label) if label is not None]
    by_chance["gold"] = np.array(known, dtype=np.int64)[draw_gold(len(known), gold, wanted.seed + 1)]
    items = _items(found, plan.pi, by_chance, wanted)
    frame = {"since": since.isoformat(), "until": until.isoformat(), "version": scope.version}
    return items, frame | {"attribute": scope.attribute, "sizes": found.sizes(), "seed": wanted.seed}


@st.cache_resource(max_entries=2, show_spinner="Reading the cases")
def _candidates(key: load.Key, since: date, until: date, version: str | None, attribute: str) -> Candidates:
    paths = Workspace().settings.model(key[1])
    return candidates(paths, load.contract(key[1]), since, until, version, attribute)


def _items(found: Candidates, pi: Any, by_chance: Mapping[str, Any], wanted: Wanted) -> list[dict[str, Any]]:
    """Returns each case once, whatever drew it: a gold case that no chance drew has no inclusion probability."""
    sources: dict[int, list[str]] = {}
    for source, places in by_chance.items():
        for place in places.tolist():
            sources.setdefault(place, []).append(source)
    random = np.random.default_rng(wanted.seed + 2)
    twice = dict(zip(sorted(sources), random.random(len(sources)) < wanted.second, strict=True))
    return [
        {
            "day": found.day[place].isoformat(), "version": found.version[place], "id": found.id[place],
            "sources": of, "pi": float(pi[place]) if set(of) & {"random", "uncertain"} else None,
            "stratum": str(found.group[place]), "raters": 2 if twice[place] else 1,
            "gold": str(found.label[place]) if "gold" in of else None,
        }
        for place, of in sorted(sources.items())
    ]  # fmt: skip


def _preview(items: list[dict[str, Any]], sizes: Mapping[str, int]) -> list[dict[str, object]]:
    """Returns how many cases of each group are drawn, by what, of how many."""
    rows: list[dict[str, object]] = []
    for group in [*sizes, None] if len(sizes) > 1 else [None]:
        here = [item for item in items if group is None or item["stratum"] == group]
        by = {source: sum(source in item["sources"] for item in here) for source in ("random", "uncertain", "gold")}
        name = "Everybody" if group is None else group_name(group)
        of = sum(sizes.values()) if group is None else sizes[group]
        counted = {"At random": by["random"], "Near the threshold": by["uncertain"], "Gold": by["gold"]}
        rows.append({"Group": name, **counted, "Together": len(here), "Of": f"{of:,}"})
    return rows
