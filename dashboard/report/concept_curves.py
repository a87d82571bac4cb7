"""The curves behind pictures of labels against scores: what the same scores went with then and now."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from dashboard.metrics.concept import DRAWN, Sides
from dashboard.policy.rules import Range
from dashboard.policy.verdicts import common_level, position
from dashboard.rates import Measure
from dashboard.report.concept import sides
from dashboard.report.drift import refusal
from dashboard.report.performance import Source
from dashboard.report.scope import Scope

CURVES = ("group", "low", "high", "then", "n_then", "now", "n_now", "difference", "least", "most", "differs")
ALPHA = 0.05


def concept_curves(source: Source, scope: Scope) -> pd.DataFrame:
    """Returns a row for each of about ten score bins of everybody, or of each group of the scope's first attribute.

    Label rates then and now, their difference with its limits at one level for all that are returned together
    (Benjamini and Hochberg, 5 %): `differs` says where that leaves out 0.
    """
    attribute = scope.attributes[0] if scope.attributes else ""
    if scope.reference is None or refusal(scope) or source.contract.task == "regression":
        return pd.DataFrame(columns=list(CURVES))
    found = {
        group: one.merged(DRAWN) for (_, _, group), one in sides(source, replace(scope, by=None), attribute).items()
    }
    apart = {group: one.differences() for group, one in found.items()}
    family: dict[Hashable, list[tuple[Measure, Range]]] = {
        (group, place): [(difference, (0.0, 0.0))]
        for group, differences in apart.items()
        for place, difference in enumerate(differences)
        if difference.value is not None
    }
    level = common_level(family, ALPHA)
    rows = [row for group, one in found.items() for row in _rows(group, one, apart[group], level)]
    return pd.DataFrame(rows, columns=list(CURVES))


def _rows(group: str, one: Sides, apart: list[Any], level: float) -> Iterator[Mapping[str, Any]]:
    for place, difference in enumerate(apart):
        low, high = difference.interval(level)
        (k, h), (n, m) = ((int(side[place]) for side in both) for both in (one.hits, one.n))
        yield {
            "group": group or None, "low": one.ends[0][place], "high": one.ends[1][place],
            "then": k / n if n else None, "n_then": n, "now": h / m if m else None, "n_now": m,
            "difference": difference.value, "least": low, "most": high,
            "differs": difference.value is not None and position((low, high), (0.0, 0.0)) == "outside",
        }  # fmt: skip
