"""The limits of one rate: Wilson's, Jeffreys', and the wider of the two, which contrasts of rates are made of.

Wilson's interval covers well. Its ends, each by itself, do not: near 0 and 1 both lie too far towards the middle, so
the outer one misses too often and the inner one too seldom, the more so the higher the level. In a contrast that is
judged one end is all that counts. Jeffreys' ends miss about as often as they should, but its 95 % interval falls short
here and there. The one further out, at each end, has neither fault; docs/verdicts.md and docs/intervals.md say how far.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

from scipy.special import betainccinv, betaincinv, ndtri

from dashboard.errors import EvenhandError


@lru_cache(maxsize=4096)
def z_of(level: float) -> float:
    """Returns the standard normal quantile of a two-sided interval.

    >>> round(z_of(0.95), 4)
    1.96
    """
    if not 0 < level < 1:
        raise EvenhandError(f"The level of an interval is {level}.", "A number between 0 and 1.", "Use 0.95.")
    return -float(ndtri((1 - level) / 2))


def wilson(hits: float, trials: float, level: float) -> tuple[float, float]:
    """Returns Wilson's score interval for hits of trials (trials > 0; both may be fractions of a count).

    Source: Wilson, JASA 22 (1927) 209.
    """
    square = z_of(level) ** 2
    middle = hits + square / 2
    reach = sqrt(square * (hits * (trials - hits) / trials + square / 4)) if 0 < hits < trials else square / 2
    low = 0.0 if hits <= 0 else (middle - reach) / (trials + square)
    high = 1.0 if hits >= trials else (middle + reach) / (trials + square)
    return low, high


def jeffreys(hits: float, trials: float, level: float) -> tuple[float, float]:
    """Returns Jeffreys' interval: the outer quantiles of Beta(hits + 1/2, trials - hits + 1/2), 0 for none, 1 for all.

    Source: Brown, Cai and DasGupta, Statistical Science 16 (2001) 101; of its ends alone: Cai, Journal of Statistical
    Planning and Inference 131 (2005) 63.

    >>> [round(limit, 4) for limit in jeffreys(1, 20, 0.95)]
    [0.0054, 0.2108]
    """
    tail, a, b = (1 - level) / 2, hits + 0.5, trials - hits + 0.5
    low = 0.0 if hits <= 0 else float(betaincinv(a, b, tail))
    return low, 1.0 if hits >= trials else float(betainccinv(a, b, tail))


@lru_cache(maxsize=16384)
def wider(hits: float, trials: float, level: float) -> tuple[float, float]:
    """Returns at each end the limit of Wilson's and Jeffreys' that lies further out; a few microseconds, once.

    >>> [round(limit, 4) for limit in wider(1, 20, 0.95)], [round(limit, 4) for limit in wilson(1, 20, 0.95)]
    ([0.0054, 0.2361], [0.0089, 0.2361])
    """
    (low, high), (below, above) = wilson(hits, trials, level), jeffreys(hits, trials, level)
    return min(low, below), max(high, above)
