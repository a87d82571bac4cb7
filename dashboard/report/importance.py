"""How much each input counts for what the model says: by the attributions that were logged, else by a surrogate.

A surrogate is a model of the model, learnt from a sample of the reference's rows. What was found is kept in a file
beside the rollup, by what it depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dashboard.report.performance import Source


@dataclass(frozen=True)
class Importance:
    """One input's share of all importances, which sum to 1, with 95 % limits over days or repeats."""

    feature: str
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Importances:
    """Every input, the most important first. `rows` were used; `fit` is the surrogate's R2 on rows it has not seen.

    `fit` is None where attributions were logged; `caveat` is a sentence, "" where there is none.
    """

    of: tuple[Importance, ...]
    source: Literal["logged", "surrogate"]
    rows: int
    fit: float | None
    caveat: str


def importances(source: Source, version: str | None = None) -> Importances | None:
    """Returns how much each input counts in the reference window; None where it cannot be said."""
    return None
