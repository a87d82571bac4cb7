"""Quantiles of counts in bins: which ranks bound one, whatever the distribution (order statistics)."""

from __future__ import annotations

from math import ceil, floor, inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik


def bin_of_rank(cumulative: NDArray[np.float64], rank: int) -> int:
    """Returns the bin that holds the value of a rank, counted from 1, by the bins' cumulative counts.

    >>> bin_of_rank(np.array([2.0, 5.0]), 3)
    1
    """
    return int(np.searchsorted(cumulative, max(rank, 1)))


def limit_ranks(n: int, deff: float, q: float, level: float) -> tuple[int, float]:
    """Returns the ranks between which the quantile q of n values lies: 0 and inf where there is no limit.

    qbinom(a/2, n, q) and qbinom(1 - a/2, n, q) + 1 of n / deff values, spread out again.

    >>> limit_ranks(1000, 1.0, 0.5, 0.95)
    (469, 532)
    """
    worth = max(floor(n / deff), 1)
    tail = (1 - level) / 2
    # The upper rank is counted from the top: 1 - tail would lose the digits of a small tail.
    low, beyond = _quantile(tail, worth, q), _quantile(tail, worth, 1 - q)
    high = worth + 1 - beyond - (float(bdtr(beyond, worth, 1 - q)) <= tail)
    return floor(low * n / worth), inf if high > worth else ceil(high * n / worth)


def _quantile(tail: float, n: int, q: float) -> int:
    """Returns the smallest k with P(X <= k) >= tail for a binomial X."""
    k = max(ceil(float(bdtrik(tail, n, q))), 0)
    return k - 1 if k > 0 and float(bdtr(k - 1, n, q)) >= tail else k
