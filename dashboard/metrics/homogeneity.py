"""Do several groups have one rate? Pearson's chi-squared test, by permutation where counts are small.

It says that not all groups are alike, not which one differs, and it decides no state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.fairness import homogeneity
from dashboard.metrics.resampling import seed_of
from dashboard.rates import Rate

DRAWS = 9_999
AT_ONCE = 500_000  # numbers held while drawing
FEW = 5.0  # an expected count below it: the chi-squared distribution is not to be relied on (Cochran 1954)
CHI_SQUARED, PERMUTED = "chi-squared", f"permutation ({DRAWS:,})"
ROUGH = "rough: an expected count is under 5, and rows of one subject or of several weights can't be shuffled"


@dataclass(frozen=True)
class Alike:
    """A test that all groups have one rate. `p` is None where every case or none is a hit; `note` says what is rough.

    `least` is the smallest expected count, `groups` are those with trials.
    """

    groups: int
    least: float
    p: float | None
    method: str = CHI_SQUARED
    note: str = ""


def alike(rates: Mapping[str, Rate]) -> Alike | None:
    """Returns the test of more than two groups' rates, None of fewer (two have their difference with its interval).

    Of clustered or weighted rates Pearson's test is of as many cases as they are worth.

    >>> alike({"a": Rate(10, 50), "b": Rate(20, 50), "c": Rate(30, 50)}).method
    'chi-squared'
    >>> found = alike({"a": Rate(0, 4), "b": Rate(3, 4), "c": Rate(4, 4)})
    >>> found.method, round(found.p, 2)
    ('permutation (9,999)', 0.03)
    """
    kept = [rate for rate in rates.values() if rate.trials]
    if len(kept) < 3:
        return None
    hits, trials = (np.array([getattr(rate, side) / rate.deff for rate in kept]) for side in ("hits", "trials"))
    pooled = float(hits.sum() / trials.sum())
    least = float(trials.min() * min(pooled, 1 - pooled))
    p = homogeneity(rates)
    if p is None or least >= FEW:
        return Alike(len(kept), least, p)
    if any(rate.clustered for rate in kept):
        return Alike(len(kept), least, p, note=ROUGH)
    whole = (np.array([getattr(rate, side) for rate in kept], dtype=np.int64) for side in ("hits", "trials"))
    return Alike(len(kept), least, permuted(*whole), PERMUTED)


def permuted(hits: NDArray[np.int64], trials: NDArray[np.int64]) -> float:
    """Returns how often rates lie as far apart as these or farther when who is hit has nothing to do with groups.

    The hits are dealt out anew 9,999 times, which leaves each group a multivariate hypergeometric number; how far apart
    is Pearson's statistic. The seed comes from the counts. Source: Phipps and Smyth (2010) for the one added above and
    below.

    >>> permuted(np.array([5, 5, 5]), np.array([10, 10, 10]))
    1.0
    """
    random = np.random.default_rng(seed_of(hits, trials))
    seen = float((hits**2 / trials).sum())  # with hits and trials fixed all else in the statistic is
    far, left = 0, DRAWS
    while left:
        some = min(left, max(AT_ONCE // len(trials), 1))
        drawn = random.multivariate_hypergeometric(trials, int(hits.sum()), some, method="marginals")
        far += int(np.count_nonzero((drawn**2 / trials).sum(axis=1) >= seen * (1 - 1e-12)))
        left -= some
    return (far + 1) / (DRAWS + 1)
