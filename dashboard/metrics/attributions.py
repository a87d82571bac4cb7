"""How much each input counts by its attributions, and how far their order has moved from the reference's.

Days are the units: what is logged of one day hangs together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from dashboard.metrics.resampling import seed_of
from dashboard.rates import Estimate, Limits, undefined

DRAWS = 2000
SURE = 0.99  # the highest level whose limits are read off the draws
METHOD = "bootstrap of whole days"
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Daily:
    """How many attributions each day (row) has of each input (column), and the sums of their sizes."""

    counts: Floats
    sums: Floats

    @property
    def means(self) -> Floats:
        """The mean size of each input's attributions; 0 where there are none."""
        return _means(self.counts.sum(axis=0), self.sums.sum(axis=0))

    @property
    def rows(self) -> int:
        """The rows of the input that has the most."""
        return int(self.counts.sum(axis=0).max(initial=0))

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which inputs have any attribution."""
        return np.asarray(self.counts.any(axis=0))

    def only(self, inputs: NDArray[np.bool_]) -> Daily:
        """Returns some of the inputs, on the days that have any of them."""
        counts, sums = self.counts[:, inputs], self.sums[:, inputs]
        days = counts.any(axis=1)
        return Daily(counts[days], sums[days])


def ndcg(then: Floats, now: Floats) -> float:
    """Returns the normalised discounted cumulative gain of inputs in today's order, gains being the reference's means.

    1: the order is the same, or differs where gains are equal. Of inputs that count alike now the gains are averaged.
    Source: Jarvelin and Kekalainen, ACM TOIS 20 (2002) 422; ties: McSherry and Najork, ECIR 2008, 414.

    >>> round(ndcg(np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])), 3)
    0.79
    """
    return float(_ndcg(then[None], now[None])[0])


def _ndcg(then: Floats, now: Floats) -> Floats:
    """Returns the same of each row."""
    worth = 1 / np.log2(np.arange(2, then.shape[1] + 2))
    best = -np.sort(-then, axis=1) @ worth
    order = np.argsort(-now, axis=1, kind="stable")
    given, gains = (np.take_along_axis(side, order, axis=1) for side in (now, then))
    # Inputs that count alike share the mean of their places' worth.
    starts = np.diff(given, axis=1, prepend=np.inf) != 0
    run = np.cumsum(starts, axis=1) - 1 + np.arange(len(given))[:, None] * given.shape[1]
    size = np.bincount(run.ravel(), minlength=given.size)
    shared = np.bincount(run.ravel(), np.broadcast_to(worth, given.shape).ravel(), given.size) / np.maximum(size, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(best > 0, (gains * shared[run]).sum(axis=1) / best, 1.0))


def attribution_ndcg(then: Daily, now: Daily) -> Estimate:
    """Returns how far today's order of inputs by attribution is the reference's: 1 the same, less the more it moved.

    Inputs without attributions on either side are left out. The interval draws whole days of both sides again,
    seeded from the data, the spread stretched as Student's quantile asks for so few days; beyond a level of 0.99 it
    goes on as a normal tail does.
    Source: Jarvelin and Kekalainen, ACM TOIS 20 (2002) 422; Efron and Tibshirani (1993), chapter 13.
    """
    both = then.there & now.there
    then, now = then.only(both), now.only(both)
    n, smallest = now.rows, min(then.rows, now.rows)
    if both.sum() < 2:
        return undefined("fewer than two inputs have attributions in both windows", n, smallest, METHOD)
    if min(len(then.counts), len(now.counts)) < 2:
        return undefined("each window needs two days with attributions", n, smallest, METHOD)
    if not then.means.any():
        return undefined("every attribution of the reference is 0", n, smallest, METHOD)
    random = np.random.default_rng(seed_of(then.counts, then.sums, now.counts, now.sums))
    value = ndcg(then.means, now.means)
    drawn = np.sort(_ndcg(_drawn(then, random), _drawn(now, random)))
    left_out = int((~both).sum())
    note = f"{left_out} inputs without attributions in one of the windows left out" if left_out else ""
    return Estimate(value, n, METHOD, partial(_limits, value, drawn), smallest, note=note)


def _drawn(side: Daily, random: np.random.Generator) -> Floats:
    """Returns the means of DRAWS samples of days, as far apart as so few days ask for."""
    days = len(side.counts)
    times = random.multinomial(days, np.full(days, 1 / days), DRAWS).astype(float)
    means = _means(times @ side.counts, times @ side.sums)
    stretch = np.sqrt(days / (days - 1)) * stdtrit(days - 1, 0.975) / ndtri(0.975)
    return np.asarray(np.maximum(side.means + stretch * (means - side.means), 0.0))


def _limits(value: float, drawn: Floats, level: float) -> Limits:
    read = min(level, SURE)
    low, high = np.quantile(drawn, [(1 - read) / 2, (1 + read) / 2]).tolist()
    further = ndtri((1 + level) / 2) / ndtri((1 + read) / 2)
    low, high = (value + further * (end - value) for end in (min(low, value), max(high, value)))
    return max(float(low), 0.0), min(float(high), 1.0)


def _means(counts: Floats, sums: Floats) -> Floats:
    return np.asarray(np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0))


def shares(days: Daily, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
    """Returns each input's share of the sum of the mean sizes, and its limits, NaN without two days.

    The limits are linearised, days being the units, with Student's quantile.
    Source: Sarndal, Swensson and Wretman, Model Assisted Survey Sampling (1992), 5.5.

    >>> shares(Daily(np.ones((2, 2)), np.array([[3.0, 1.0], [3.0, 1.0]])))[0].tolist()
    [0.75, 0.25]
    """
    means, number = days.means, len(days.counts)
    total = means.sum()
    share = means / total if total else np.full(len(means), np.nan)
    if number < 2 or not total:
        return share, np.full(len(means), np.nan), np.full(len(means), np.nan)
    counts = np.maximum(days.counts.sum(axis=0), 1)
    apart = (days.sums - means * days.counts) / counts
    influence = (apart - share * apart.sum(axis=1, keepdims=True)) / total
    error = np.sqrt(number / (number - 1) * (influence**2).sum(axis=0))
    reach = stdtrit(number - 1, (1 + level) / 2) * error
    return share, np.maximum(share - reach, 0.0), np.minimum(share + reach, 1.0)
