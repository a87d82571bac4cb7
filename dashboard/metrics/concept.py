"""Whether the same score still means the same: the label rate now against then, score bin by score bin.

Rates of whole windows differ whenever other cases come. Held against each other within bins of the score, and the bins
weighted as cases lie now, they differ only where the same score came to mean something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from dashboard.rates import Difference, Estimate, Limits, Rate, undefined
from dashboard.rates_limits import wider

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
DRAWN = 10  # bins of a picture
MOST, IN_A_BIN = 40, 25  # bins of the number, cases of the smaller window in one: fine, so that a bin's cases are alike
FEWEST = 10  # labelled reference cases without which a bin cannot be compared
COMPARED = 0.5  # the share of cases now in bins that can be compared, below which nothing is said
METHOD = "MOVER, score bins"


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Labelled cases then and now in the same bins of the score: hits, cases, where bins begin and end.

    `deffs` are design effects then and now: several cases of one subject are alike.
    """

    hits: tuple[Counts, Counts]
    n: tuple[Counts, Counts]
    ends: tuple[Floats, Floats]
    deffs: tuple[float, float] = (1.0, 1.0)

    def merged(self, most: int | None = None) -> Sides:
        """Returns at most so many bins (None: as many as the number takes), of about equal shares then and now."""
        cases = min(int(n.sum()) for n in self.n)
        bins = most or min(MOST, max(1, cases // IN_A_BIN))
        mass = sum((n / max(int(n.sum()), 1) for n in self.n), np.zeros(len(self.n[0])))
        total = float(mass.sum()) or 1.0
        of = np.minimum(((np.cumsum(mass) - mass / 2) / total * bins).astype(np.int64), bins - 1)
        starts = np.flatnonzero(np.diff(of, prepend=-1))
        hits, n = (tuple(np.add.reduceat(side, starts) for side in sides) for sides in (self.hits, self.n))
        last = np.append(starts[1:], len(of)) - 1
        return Sides((hits[0], hits[1]), (n[0], n[1]), (self.ends[0][starts], self.ends[1][last]), self.deffs)

    def differences(self) -> list[Difference]:
        """Returns now minus then of every bin; without a value where the reference has hardly a case."""
        sides = zip(self.hits[1].tolist(), self.n[1].tolist(), self.hits[0].tolist(), self.n[0].tolist(), strict=True)
        then, now = self.deffs
        return [Difference(Rate(h, m, now), Rate(k, n, then) if n >= FEWEST else Rate(0, 0)) for h, m, k, n in sides]


def concept_shift(sides: Sides) -> Estimate:
    """Returns by how much labels are more frequent now than the same scores went with then; cases lie as now.

    The sum over score bins of (share of cases now) x (label rate now - label rate then). Its limits are those of the
    differences, Newcombe's, joined over bins: of one bin they are the same. They take days for independent.
    Source: Newcombe, Statistics in Medicine 17 (1998) 873; Zou, Psychological Methods 12 (2007) 399.

    >>> from numpy import array
    >>> ends = array([0.0, 0.5]), array([0.5, 1.0])
    >>> sides = Sides((array([10, 80]), array([5, 240])), (array([100, 100]), array([50, 300])), ends)
    >>> concept_shift(sides).value  # other cases, the same meaning of the score
    0.0
    >>> round(concept_shift(Sides((sides.hits[0], array([15, 240])), sides.n, ends)).value, 4)
    0.0286
    """
    n = tuple(int(cases.sum()) for cases in sides.n)
    if not all(n):
        empty = " and ".join(name for name, cases in zip(("the reference", "this window"), n, strict=True) if not cases)
        return undefined(f"{empty} has no labelled case with a score", n[1], method=METHOD)
    bins = sides.merged()
    there = (bins.n[0] >= FEWEST) & (bins.n[1] > 0)
    compared = int(bins.n[1][there].sum())
    if compared < COMPARED * n[1]:
        return undefined("the reference has too few labelled cases with such scores", n[1], min(n), METHOD)
    weights = bins.n[1][there] / compared
    then, now = ((hits[there], cases[there]) for hits, cases in zip(bins.hits, bins.n, strict=True))
    value = float(weights @ (now[0] / now[1] - then[0] / then[1]))
    expected = float(weights @ (then[0] / then[1])) * compared
    bounds = partial(_limits, value, weights, then, now, bins.deffs)
    left_out = 1 - compared / n[1]
    notes = ["days assumed independent", f"{expected / compared:.3g} expected from {n[0]:,} reference labels"]
    notes += [f"{100 * left_out:.3g} % of cases have scores that the reference hardly had"] if left_out else []
    smallest = min(compared, int(then[1].sum()))
    return Estimate(value, n[1], METHOD, bounds, smallest, float(now[0].sum()), float(compared), "; ".join(notes))


def _limits(
    value: float,
    weights: Floats,
    then: tuple[Counts, Counts],
    now: tuple[Counts, Counts],
    deffs: tuple[float, float],
    level: float,
) -> Limits:
    """Returns the limits of a weighted sum of differences, from those of every rate in it."""
    below = above = 0.0
    for (hits, cases), deff, sign in ((now, deffs[1], 1), (then, deffs[0], -1)):
        for weight, h, n in zip(weights.tolist(), hits.tolist(), cases.tolist(), strict=True):
            low, high = wider(h / deff, n / deff, level)
            down, up = (h / n - low, high - h / n) if sign > 0 else (high - h / n, h / n - low)
            below, above = below + (weight * down) ** 2, above + (weight * up) ** 2
    return value - sqrt(below), value + sqrt(above)
