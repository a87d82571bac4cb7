"""How long labels take, learnt from those that have come although some are still missing: the delay curve.

Only labels that have come are seen, and the label of a recent day is seen only if it was quick: delays are truncated on
the right. The share that had come by each day is therefore put together backwards, from the longest delay down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import erfc, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.rates import z_of

Counts = NDArray[np.int64]
Shares = NDArray[np.float64]
CLOSE = 1e-12  # a share that reaches q but for rounding has reached it


@dataclass(frozen=True, eq=False)
class DelayCurve:
    """Holds, for each delay of 0, 1, ... days, how many labels took exactly that long, and how many were at risk.

    At risk at j are the labels with a delay of at most j whose day lies far enough back to have shown j. Curves of
    different cases add up.
    """

    events: Counts
    at_risk: Counts

    def __add__(self, other: DelayCurve) -> DelayCurve:
        pairs = ((self.events, other.events), (self.at_risk, other.at_risk))
        return DelayCurve(*(_padded(one, another) + _padded(another, one) for one, another in pairs))

    @property
    def n(self) -> int:
        """Returns how many labels it rests on."""
        return int(self.events.sum())

    @property
    def longest(self) -> int:
        """Returns the longest delay seen, on which everything here is conditional: of longer ones nothing is known."""
        return int(np.flatnonzero(self.events)[-1]) if self.events.any() else 0

    @cached_property
    def share(self) -> Shares:
        """The share of labels that has come within 0, 1, ... days: F(d) = product over j > d of (1 - n_j / N_j)."""
        left = np.divide(self.events, self.at_risk, out=np.zeros(len(self.events)), where=self.at_risk > 0)
        return np.append(np.cumprod((1 - left)[:0:-1])[::-1], 1.0)

    @cached_property
    def variance(self) -> Shares:
        """The variance of log F(d): sum over j > d of n_j / (N_j (N_j - n_j)), Greenwood's with time reversed."""
        others = self.at_risk * (self.at_risk - self.events)
        terms = np.divide(self.events, others, out=np.zeros(len(self.events)), where=others > 0)
        return np.append(np.cumsum(terms[:0:-1])[::-1], 0.0)

    def interval(self, level: float = 0.95) -> tuple[Shares, Shares]:
        """Returns the pointwise limits of `share`, on the log(-log) scale, which keeps them between 0 and 1.

        Where the share is 0 or 1 there is nothing to be uncertain of: it is that by what it is conditional on.
        """
        inside = (self.share > 0) & (self.share < 1)
        exponent = np.zeros_like(self.share)
        logs = -np.log(self.share[inside])
        exponent[inside] = z_of(level) * np.sqrt(self.variance[inside]) / logs
        low, high = self.share ** np.exp(exponent), self.share ** np.exp(-exponent)
        return np.where(inside, low, self.share), np.where(inside, high, self.share)

    @property
    def mean(self) -> float:
        """Returns how many days labels take on average: the sum of 1 - F(d) over d."""
        return float(np.sum(1 - self.share))

    def quantile(self, q: float) -> int:
        """Returns the smallest number of days within which a share q of the labels has come."""
        return _first(self.share, q)

    def quantile_interval(self, q: float, level: float = 0.95) -> tuple[int, int]:
        """Returns the limits of a quantile: the days on which the curve's limits reach q."""
        low, high = self.interval(level)
        return _first(high, q), _first(low, q)


def delay_curve(delay: ArrayLike, observable: ArrayLike, n: ArrayLike, least: int = 1) -> DelayCurve | None:
    """Returns the curve of n labels that took `delay` days, of a day on which at most `observable` could be seen.

    Formula: the product limit in reverse time, conditional on a delay no longer than the longest with `least` labels at
    risk, since a factor of few labels says little and weighs on all below it. None where no label is left. Source:
    Lagakos, Barraj and De Gruttola, Biometrika 75 (1988) 515.

    >>> curve = delay_curve([0, 0, 0, 1, 1, 2], [2, 1, 0, 2, 1, 2], [20, 30, 40, 20, 10, 10])
    >>> curve.share.round(3).tolist(), curve.quantile(0.99)
    ([0.5, 0.8, 1.0], 2)
    >>> delay_curve([0, 1, 7], [99, 99, 99], [90, 8, 2]).share[[0, 1, 6]].round(3).tolist()  # nothing truncated
    [0.9, 0.98, 0.98]
    """
    delays, days, counts = (np.asarray(values, dtype=np.int64) for values in (delay, observable, n))
    seen = (delays >= 0) & (delays <= days)
    return curve_of(np.bincount(delays[seen], counts[seen]), np.bincount(days[seen], counts[seen]), least)


def curve_of(by_delay: ArrayLike, by_observable: ArrayLike, least: int = 1) -> DelayCurve | None:
    """Returns the curve from two marginal counts: labels by their delay, and by the longest that could be seen.

    They are enough: a label whose day could not have shown j has come sooner than j, so at risk at j are those with a
    delay of at most j less those of days that could not have shown j.
    """
    events, seen = (np.asarray(values).astype(np.int64) for values in (by_delay, by_observable))
    events = _padded(events, seen)
    hidden = np.concatenate([[0], np.cumsum(_padded(seen, events))[:-1]])
    at_risk = np.cumsum(events) - hidden
    enough = np.flatnonzero((at_risk >= least) & (events > 0))
    if not len(enough):
        return None
    return DelayCurve(np.where(np.arange(len(events)) <= enough[-1], events, 0), at_risk)


def later(one: DelayCurve, other: DelayCurve) -> tuple[float, float]:
    """Returns (z, two-sided p) of the log-rank test in reverse time: z > 0 where the labels of `one` come later.

    At each delay the labels of `one` that took exactly that long are compared with how many of those at risk they are.
    Source: Lagakos, Barraj and De Gruttola, Biometrika 75 (1988) 515.

    >>> slow, quick = (delay_curve([1, 5], [60, 60], n) for n in ([10, 90], [60, 40]))
    >>> round(later(slow, quick)[0], 2), later(slow, quick)[1] < 1e-6
    (7.39, True)
    """
    both = one + other
    events, risk = both.events, both.at_risk
    mine = _padded(one.at_risk, risk)
    share = np.divide(mine, risk, out=np.zeros(len(risk)), where=risk > 0)
    spread = np.divide(risk - events, risk - 1, out=np.zeros(len(risk)), where=risk > 1)
    variance = float(np.sum(events * share * (1 - share) * spread))
    if variance <= 0:
        return 0.0, 1.0
    z = float(np.sum(_padded(one.events, risk) - events * share)) / sqrt(variance)
    return z, erfc(abs(z) / sqrt(2))


def _padded(values: Counts, beside: Counts) -> Counts:
    return np.append(values, np.zeros(max(0, len(beside) - len(values)), dtype=np.int64))


def _first(shares: Shares, q: float) -> int:
    reached = np.flatnonzero(shares >= q - CLOSE)
    return int(reached[0]) if len(reached) else len(shares) - 1
