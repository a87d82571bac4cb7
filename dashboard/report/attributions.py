"""Attributions as logged: how much each input counted, day by day, and how far their order has moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from dashboard.metrics.attributions import Daily, attribution_ndcg
from dashboard.rates import undefined
from dashboard.report.cells import arrays, ordered
from dashboard.report.drift import refusal
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

NAME = "attribution_ndcg"
Where = tuple[date | None, str | None]  # bucket, version


@dataclass(frozen=True)
class Move:
    """One input's share of all attributions and its place by it, in the reference and now; None where there is none."""

    feature: str
    before: float | None
    after: float | None
    first: int | None
    now: int | None


def attribution_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields how far the order of inputs by attribution is the reference's, where it is asked for by name."""
    if not scope.names(NAME):
        return
    refused = "" if source.contract.attributions else "no attributions are logged"
    refused = refused or refusal(scope)
    found = {} if refused else daily(source, scope)
    if not found:
        none = undefined(refused or "the window has no attributions")
        yield reading(scope, NAME, Place(None if scope.version == "*" else scope.version), none)
        return
    before = reference(source, scope.reference)
    for (bucket, version), now in ordered(found):
        yield reading(scope, NAME, Place(version, bucket=bucket), attribution_ndcg(before, now))


def daily(source: Source, scope: Scope) -> dict[Where, Daily]:
    """Returns the attributions of each period and version by day and input, inputs in the contract's order."""
    names = list(source.contract.attributions)
    found: dict[Where, list[tuple[int, Any, Any, Any]]] = {}
    for bucket, version, feature, days, counts, sums in arrays(
        source.snapshot, "attributions", scope.parameters(source.contract)
    ):
        if feature in names:
            found.setdefault((bucket, version), []).append((names.index(feature), days, counts, sums))
    return {where: _table(rows, len(names)) for where, rows in found.items()}


def reference(source: Source, window: tuple[date, date] | None, version: str | None = None) -> Daily:
    """Returns the attributions of the reference window, of a version or all in service; read once."""
    assert window is not None
    asked = Scope(*window, version=version)
    empty = Daily(*np.zeros((2, 0, len(source.contract.attributions))))
    found: Daily = source.snapshot.once(
        ("attributions", window, version), lambda: daily(source, asked).get((None, version), empty)
    )
    return found


def _table(rows: list[tuple[int, Any, Any, Any]], inputs: int) -> Daily:
    first = min(int(days[0]) for _, days, _, _ in rows)
    last = max(int(days[-1]) for _, days, _, _ in rows)
    counts, sums = np.zeros((2, last - first + 1, inputs))
    for place, days, number, sizes in rows:
        counts[days - first, place], sums[days - first, place] = number, sizes
    some = counts.any(axis=1)
    return Daily(counts[some], sums[some])


def moves(source: Source, scope: Scope) -> tuple[Move, ...]:
    """Returns every input whose attributions are logged, the most important of the reference first."""
    if not source.contract.attributions or scope.reference is None:
        return ()
    now = daily(source, scope).get((None, scope.version))
    if now is None:
        return ()
    sides = [_placed(side) for side in (reference(source, scope.reference), now)]
    found = [
        Move(name, sides[0][0][place], sides[1][0][place], sides[0][1][place], sides[1][1][place])
        for place, name in enumerate(source.contract.attributions)
    ]
    return tuple(sorted(found, key=lambda move: (move.first is None, move.first or 0, move.feature)))


def _placed(side: Daily) -> tuple[list[float | None], list[int | None]]:
    """Returns each input's share and place; inputs that count alike have one place."""
    there, means = side.there, side.means
    total = float(means.sum())
    shares = [float(mean) / total if total and some else None for mean, some in zip(means, there, strict=True)]
    places = [1 + int((means[there] > mean).sum()) if some else None for mean, some in zip(means, there, strict=True)]
    return shares, places


def sentence(moved: tuple[Move, ...]) -> str:
    """Returns which input's place changed most, in a sentence.

    >>> sentence((Move("lactate", 0.5, 0.1, 1, 4), Move("age", 0.3, 0.5, 2, 1)))
    'lactate was 1st of 2 by attribution, now 4th.'
    """
    both = [(move, move.first, move.now) for move in moved if move.first is not None and move.now is not None]
    if not both:
        return "No input has attributions in both windows."
    move, first, now = max(both, key=lambda one: (abs(one[2] - one[1]), -min(one[1], one[2])))
    if first == now:
        return f"The order of the {len(both)} inputs by attribution is the reference's."
    return f"{move.feature} was {nth(first)} of {len(both)} by attribution, now {nth(now)}."


def nth(place: int) -> str:
    """Returns a place as people say it.

    >>> nth(1), nth(12), nth(23)
    ('1st', '12th', '23rd')
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th") if place % 100 not in (11, 12, 13) else "th"
    return f"{place}{ending}"
