"""Worlds whose disparity is known, views drawn from them, and the verdicts on many views at once.

A view is the hits of every metric and group, the reference group first, so an array of views has the shape
(views, metrics, groups). `outside` is the arithmetic of `dashboard.rates` and `dashboard.policy.verdicts` on arrays.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainccinv, betaincinv, ndtri

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
ROOM = 0.02  # the allowed range is -0.02 to 0.02
LEVELS = (0.05, 0.05 / 13)  # alpha of one window, and of each of 13 a year
GAP = 0.10
Ends = Callable[[int, float], tuple[Floats, Floats]]  # trials, level -> low and high of 0, 1, ... hits


@dataclass(frozen=True)
class World:
    """Holds what is true: every metric's rate in the reference group, and how far the others lie from it.

    `apart` is repeated over the groups that are not the reference. With `alone` only the first of them, in the first
    metric, lies apart; the rest are like the reference.
    """

    rate: float
    apart: tuple[float, ...]
    groups: int
    metrics: int
    reference_n: int
    group_n: int
    alone: bool = False

    @property
    def trials(self) -> Floats:
        """Returns the denominators, the reference group's first."""
        return np.array([self.reference_n, *[self.group_n] * (self.groups - 1)], dtype=float)

    @property
    def rates(self) -> Floats:
        """Returns the true rates, shape (metrics, groups)."""
        rates = np.full((self.metrics, self.groups), self.rate)
        if self.alone:
            rates[0, 1] += self.apart[0]
        else:
            rates[:, 1:] += np.resize(self.apart, self.groups - 1)
        clipped: Floats = np.clip(rates.round(12), 0.0, 1.0)
        return clipped

    def views(self, number: int) -> Floats:
        """Returns hits drawn from this world, always the same ones; shape (number, metrics, groups)."""
        generator = np.random.default_rng(zlib.crc32(repr(self).encode()))
        drawn = generator.binomial(self.trials.astype(int), self.rates, size=(number, self.metrics, self.groups))
        return drawn.astype(float)


def wilson(trials: int, level: float) -> tuple[Floats, Floats]:
    """Returns Wilson's limits of 0, 1, ... hits, as `dashboard.rates_limits.wilson` does."""
    hits, square = np.arange(trials + 1.0), float(ndtri((1 - level) / 2)) ** 2
    middle, reach = hits + square / 2, np.sqrt(square * (hits * (trials - hits) / trials + square / 4))
    low, high = (middle - reach) / (trials + square), (middle + reach) / (trials + square)
    low[0], high[-1] = 0.0, 1.0
    return low, high


def jeffreys(trials: int, level: float) -> tuple[Floats, Floats]:
    """Returns Jeffreys' limits of 0, 1, ... hits, as `dashboard.rates_limits.jeffreys` does."""
    hits, tail = np.arange(trials + 1.0), (1 - level) / 2
    low, high = (inverse(hits + 0.5, trials - hits + 0.5, tail) for inverse in (betaincinv, betainccinv))
    low[0], high[-1] = 0.0, 1.0
    return low, high


def wider(trials: int, level: float) -> tuple[Floats, Floats]:
    """Returns at each end the limit further out, as `dashboard.rates_limits.wider` does."""
    (low, high), (below, above) = wilson(trials, level), jeffreys(trials, level)
    return np.minimum(low, below), np.maximum(high, above)


@cache
def table(ends: Ends, trials: int, level: float) -> tuple[Floats, Floats, Floats]:
    """Returns value, low and high of 0, 1, ... hits: every count there can be, once for all views."""
    return np.arange(trials + 1) / trials, *ends(trials, level)


def apart(hits: Floats, trials: Floats, level: float, ends: Ends = wider, room: float = ROOM) -> Truths:
    """Returns which groups' differences from the reference, joined by MOVER, have no part inside -room to room.

    The last axis of `hits` are the groups; that of what is returned is one shorter.
    """
    tables = [table(ends, int(n), level) for n in trials]
    rate, low, high = (
        np.stack([each[side][hits[..., g].astype(int)] for g, each in enumerate(tables)], axis=-1) for side in range(3)
    )
    below, above = rate - low, high - rate
    value = rate[..., 1:] - rate[..., :1]
    lower = value - np.sqrt(below[..., 1:] ** 2 + above[..., :1] ** 2)
    upper = value + np.sqrt(above[..., 1:] ** 2 + below[..., :1] ** 2)
    disjoint: Truths = (lower > room) | (upper < -room)
    return disjoint


def outside(hits: Floats, trials: Floats, alpha: float, ends: Ends = wider) -> tuple[Truths, Floats]:
    """Returns which differences are outside -ROOM to ROOM, and the level of each view's family.

    As `common_level` does: R starts at all and falls to the number disjoint at R's level, until it stays.
    """
    views, metrics, groups = hits.shape
    size = metrics * (groups - 1)
    found, counts = np.ones((views, metrics, groups - 1), dtype=bool), np.full(views, size)
    moving = np.arange(views)
    while moving.size:
        disjoint = found[moving]
        for count in np.unique(counts[moving]):
            here = counts[moving] == count
            disjoint[here] &= apart(hits[moving[here]], trials, _level(int(count), size, alpha), ends)
        fewer, found[moving] = disjoint.sum(axis=(1, 2)), disjoint
        stays = (fewer == counts[moving]) | (fewer == 0)
        counts[moving] = fewer
        moving = moving[~stays]
    return found, np.array([_level(int(count), size, alpha) for count in counts])


def _level(count: int, size: int, alpha: float) -> float:
    return 1 - alpha * max(count, 1) / size


def alarms(world: World, views: int, alpha: float, ends: Ends = wider) -> float:
    """Returns the share of a world's views with something outside."""
    return float(outside(world.views(views), world.trials, alpha, ends)[0].any(axis=(1, 2)).mean())


def finds(world: World, views: int, alpha: float) -> float:
    """Returns the share of a world's views in which the first group's first metric is outside."""
    return float(outside(world.views(views), world.trials, alpha)[0][:, 0, 0].mean())
