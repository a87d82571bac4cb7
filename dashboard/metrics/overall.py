"""A group against everybody: the group is a part of everybody, so it is compared with the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dashboard.metrics.performance import Confusion
from dashboard.rates import NO_LIMITS, Difference, Limits, Rate


@dataclass(frozen=True, slots=True)
class FromOverall(Difference):
    """Returns group minus everybody: (1 - w)(group - rest), w = the group's share of trials; `reference` is the rest.

    The group is a part of everybody, so the two are not independent; group and rest are.

    >>> FromOverall(Rate(5, 10), Rate(10, 40)).value  # 5 of 10 against 15 of 50
    0.2
    """

    def _share_of_rest(self) -> float:
        return self.reference.trials / (self.group.trials + self.reference.trials)

    @property
    def value(self) -> float | None:
        difference = Difference(self.group, self.reference).value
        return None if difference is None else difference * self._share_of_rest()

    def at(self, value: float) -> FromOverall | None:
        """Returns the same trials, the group another part from everybody; the rest stays as it is."""
        return Difference.at(self, value / self._share_of_rest()) if self.computable() else None

    @property
    def method(self) -> str:
        return "MOVER, Wilson and Jeffreys, group against rest"

    def interval(self, level: float = 0.95) -> Limits:
        low, high = Difference(self.group, self.reference).interval(level)
        if low is None or high is None:
            return NO_LIMITS
        return low * self._share_of_rest(), high * self._share_of_rest()


def from_overall(rates: Mapping[str, Rate], rests: Mapping[str, Rate] | None = None) -> dict[str, FromOverall]:
    """Returns each group's rate minus that of everybody (the sum of these groups); 0 is best.

    `rests` are the rates of everybody but each group. Without them they follow from the counts, each worth as many
    independent trials as its group's design effect says.

    >>> from_overall({"F": Rate(5, 10), "M": Rate(10, 40)})["F"].value
    0.2
    """
    hits, trials, n = (sum(getattr(rate, side) for rate in rates.values()) for side in ("hits", "trials", "n"))
    others = rests or {
        name: Rate(hits - rate.hits, trials - rate.trials, rate.deff, rate.rows and n - rate.rows)
        for name, rate in rates.items()
    }
    return {name: FromOverall(rate, others[name]) for name, rate in rates.items()}


def rests(groups: Mapping[str, Confusion]) -> dict[str, Confusion]:
    """Returns for each group the cells of all the others together.

    >>> rests({"F": Confusion.of([[5, 1], [2, 3]]), "M": Confusion.of([[4, 2], [1, 6]])})["F"].tp
    6
    """
    if not groups:
        return {}
    counts = sum(np.array(each.counts) for each in groups.values())
    buckets, weights = (_summed([getattr(each, of) for each in groups.values()]) for of in ("buckets", "weights"))
    return {
        name: replace(
            Confusion.of(counts - np.array(each.counts)),
            buckets=None if buckets is None else buckets - each.buckets,
            weights=None if weights is None else np.maximum(weights - each.weights, 0.0),
        )
        for name, each in groups.items()
    }


def _summed(parts: list[Any]) -> Any:
    """Returns the sum of the arrays, None where one is missing."""
    return None if any(part is None for part in parts) else sum(parts)
