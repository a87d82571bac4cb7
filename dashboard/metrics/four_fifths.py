"""The four-fifths rule: how the least selected group compares with the most selected one, and what chance would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from dashboard.metrics.resampling import seed_of

LINE = 0.8
DRAWS = 9_999
AT_ONCE = 500_000  # numbers held while drawing
FEW = 5.0  # an expected count below it calls for Fisher's exact test


@dataclass(frozen=True)
class Standing:
    """One group: its rate, its ratio to the highest rate, and how often chance alone sets the two so far apart.

    `p` is two-sided and of this pair alone, by `test`; None for the highest group itself.
    """

    group: str
    selected: int
    n: int
    rate: float
    ratio: float | None
    p: float | None = None
    test: str = ""

    @property
    def draws_attention(self) -> bool:
        """Whether the ratio lies under four fifths."""
        return self.ratio is not None and self.ratio < LINE - 1e-12


@dataclass(frozen=True)
class Screen:
    """Every group against the most selected one. `by_chance` is the share of shuffles with a ratio as low or lower.

    `empty` are groups without a decision. Where nothing can be computed `why` says so and the ratios are None.
    """

    standings: tuple[Standing, ...]
    highest: str | None = None
    lowest: str | None = None
    ratio: float | None = None
    by_chance: float | None = None
    empty: tuple[str, ...] = ()
    why: str = ""


def screen(groups: Mapping[str, tuple[int, int]]) -> Screen:
    """Returns the four-fifths screen of groups given as (selected, n); a screen, not a verdict.

    29 CFR 1607.4(D): a selection rate under four fifths of the highest group's draws attention. Of groups with the
    same highest rate the largest is the one the others are held against.

    >>> found = screen({"A": (48, 80), "B": (12, 40)})
    >>> found.highest, found.lowest, found.ratio, [s.draws_attention for s in found.standings]
    ('A', 'B', 0.5, [False, True])
    >>> found.by_chance
    0.0015
    """
    empty = tuple(name for name, (_, n) in groups.items() if n == 0)
    known = {name: counts for name, counts in groups.items() if counts[1]}
    hits, sizes = (np.array([counts[k] for counts in known.values()], dtype=np.int64) for k in (0, 1))
    if len(known) < 2 or not hits.any():
        few = "fewer than two groups have a decision" if len(known) < 2 else "no case of any group was selected"
        return Screen(tuple(_alone(name, *counts) for name, counts in known.items()), empty=empty, why=few)
    names, rates = list(known), hits / sizes
    top = max(range(len(names)), key=lambda k: (rates[k], sizes[k]))
    standings = tuple(_against(names[k], known[names[k]], known[names[top]], k == top) for k in range(len(names)))
    low = min(standings, key=lambda one: (one.rate, -one.n))
    return Screen(standings, names[top], low.group, low.ratio, by_chance(hits, sizes), empty)


def by_chance(hits: NDArray[np.int64], sizes: NDArray[np.int64]) -> float:
    """Returns how often a smallest ratio this low or lower comes up when who is selected has nothing to do with groups.

    Permutation test (Good 2005; Phipps and Smyth 2010 for the one added above and below): the decisions are dealt out
    anew, 9,999 times, which leaves each group a multivariate hypergeometric number of selections. The seed comes
    from the counts.

    >>> by_chance(np.array([5, 5]), np.array([10, 10]))
    1.0
    """
    random = np.random.default_rng(seed_of(hits, sizes))
    seen = (hits / sizes).min() / (hits / sizes).max()
    low, left = 0, DRAWS
    while left:
        some = min(left, max(AT_ONCE // len(sizes), 1))
        rates = random.multivariate_hypergeometric(sizes, int(hits.sum()), some, method="marginals") / sizes
        low += int(np.count_nonzero(rates.min(axis=1) / rates.max(axis=1) <= seen + 1e-12))
        left -= some
    return (low + 1) / (DRAWS + 1)


def _alone(name: str, selected: int, n: int) -> Standing:
    return Standing(name, selected, n, selected / n, None)


def _against(name: str, one: tuple[int, int], top: tuple[int, int], is_top: bool) -> Standing:
    ratio = (one[0] / one[1]) / (top[0] / top[1])
    p, test = (None, "") if is_top else pair_test(one, top)
    return Standing(name, *one, one[0] / one[1], ratio, p, test)


def pair_test(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, str]:
    """Returns the two-sided p-value of two groups given as (selected, n), and the test it is from.

    Pearson's chi-squared without correction; Fisher's exact test where an expected count is below 5 (Cochran 1954).

    >>> pair_test((12, 40), (48, 80))[1], pair_test((1, 5), (4, 6))[1]
    ('chi-squared', "Fisher's exact")
    """
    table = np.array([[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]], dtype=float)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    if expected.min() < FEW:
        from scipy.stats import fisher_exact

        return float(fisher_exact(table.astype(np.int64)).pvalue), "Fisher's exact"
    return float(special.chdtrc(1, ((table - expected) ** 2 / expected).sum())), "chi-squared"
