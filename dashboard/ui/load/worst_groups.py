"""Searches for worst groups: started once, running beside the pages, kept for everybody who asks the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock

import streamlit as st

from dashboard.report.worst_groups import WorstGroups, metrics_of
from dashboard.ui.load import Key, contract, days, key, model_of
from dashboard.ui.state import ALL, Scope

__all__ = ["Asked", "Search", "Searches", "asked", "known_metrics", "search", "start"]
KEPT = 20
Asked = tuple[Key, date, date, str | None, str, int]  # of which rollup, since, until, version, metric, depth


@dataclass
class Search:
    """One search: how far it is, and its answer in time."""

    answer: Future[WorstGroups]
    share: float = 0.0

    def moved(self, done: int, total: int) -> None:
        """Does note how far it is."""
        self.share = done / total if total else 0.0


class Searches:
    """All searches of this server, one at a time; the last KEPT stay, a failed one only until it has been told."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "worst-groups")
        self._kept: OrderedDict[Asked, Search] = OrderedDict()
        self._lock = Lock()

    def start(self, asked: Asked, run: Callable[[Callable[[int, int], None]], WorstGroups]) -> Search:
        """Returns the search for a question, begun if nobody has."""
        with self._lock:
            if asked not in self._kept:
                made = Search(Future())
                made.answer = self._pool.submit(run, made.moved)
                self._kept[asked] = made
                done = [one for one, kept in self._kept.items() if kept.answer.done()]
                for one in done[: max(0, len(self._kept) - KEPT)]:
                    del self._kept[one]
            return self._kept[asked]

    def get(self, asked: Asked) -> Search | None:
        """Returns the search for a question, None where there is none."""
        with self._lock:
            found = self._kept.get(asked)
            if found and found.answer.done() and found.answer.exception():
                del self._kept[asked]
            return found


@st.cache_resource(show_spinner=False)
def _searches() -> Searches:
    return Searches()


def known_metrics(scope: Scope) -> tuple[str, ...]:
    """Returns the metrics that can be searched."""
    return metrics_of(contract(scope.model).task)


def asked(scope: Scope, metric: str, depth: int, everything: bool = False) -> Asked:
    """Returns the question of a scope: of its window, or of everything that has its labels."""
    since, until = days(replace(scope, window=ALL) if everything else scope, labels=True)
    return key(scope.model), since, until, scope.version, metric, depth


def start(question: Asked) -> Search:
    """Returns the search for a question, which runs on whoever looks on."""
    which, since, until, version, metric, depth = question
    found = model_of(which)
    return _searches().start(
        question,
        lambda progress: found.worst_groups(metric, depth, progress, since=since, until=until, version=version),
    )


def search(question: Asked) -> Search | None:
    """Returns the search for a question, None where nobody has started one."""
    return _searches().get(question)
