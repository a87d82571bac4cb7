"""Worlds whose disparity is known, views drawn from them, and the verdicts on many views at once.

A view is the hits of every metric and group, the reference group first, so an array of views has the shape
(views, metrics, groups). `outside` is the arithmetic of `dashboard.rates` and `dashboard.policy.verdicts` on arrays.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
ROOM = 0.02  # the allowed range is -0.02 to 0.02
LEVELS = (0.05, 0.05 / 13)  # alpha of one window, and of each of 13 a year
GAP = 0.10


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


def wilson(hits: Floats, trials: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Returns Wilson's limits, as `dashboard.rates.wilson` does."""
    square = z**2
    middle, reach = hits + square / 2, np.sqrt(square * (hits * (trials - hits) / trials + square / 4))
    low = np.where(hits <= 0, 0.0, (middle - reach) / (trials + square))
    return low, np.where(hits >= trials, 1.0, (middle + reach) / (trials + square))


def z_at(level: Floats) -> Floats:
    """Returns the standard normal quantiles of two-sided intervals, as `dashboard.rates.z_of` does."""
    quantiles: Floats = -ndtri((1 - level) / 2)
    return quantiles


def newcombe(hits: Floats, trials: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Returns the limits of every group minus the reference; the last axis is one shorter."""
    low, high = wilson(hits, trials, z)
    rate = hits / trials
    below, above = rate - low, high - rate
    value = rate[..., 1:] - rate[..., :1]
    return (
        value - np.sqrt(below[..., 1:] ** 2 + above[..., :1] ** 2),
        value + np.sqrt(above[..., 1:] ** 2 + below[..., :1] ** 2),
    )


def outside(hits: Floats, trials: Floats, alpha: float, room: float = ROOM) -> tuple[Truths, Floats]:
    """Returns which differences are outside -room to room, and the level of each view's family.

    As `common_level` does: R starts at all and falls to the number disjoint at R's level, until it stays.
    """
    views, metrics, groups = hits.shape
    size = metrics * (groups - 1)
    found, counts = np.ones((views, metrics, groups - 1), dtype=bool), np.full(views, size)
    moving = np.arange(views)
    while moving.size:
        disjoint = found[moving] & _disjoint(hits[moving], trials, _level(counts[moving], size, alpha), room)
        fewer, found[moving] = disjoint.sum(axis=(1, 2)), disjoint
        stays = (fewer == counts[moving]) | (fewer == 0)
        counts[moving] = fewer
        moving = moving[~stays]
    return found, _level(counts, size, alpha)


def _level(counts: NDArray[np.int_], size: int, alpha: float) -> Floats:
    levels: Floats = 1 - alpha * np.maximum(counts, 1) / size
    return levels


def _disjoint(hits: Floats, trials: Floats, level: Floats, room: float) -> Truths:
    low, high = newcombe(hits, trials, z_at(level)[:, None, None])
    apart: Truths = (low > room) | (high < -room)
    return apart


def alarms(world: World, views: int, alpha: float) -> float:
    """Returns the share of a world's views with something outside."""
    return float(outside(world.views(views), world.trials, alpha)[0].any(axis=(1, 2)).mean())


def finds(world: World, views: int, alpha: float) -> float:
    """Returns the share of a world's views in which the first group's first metric is outside."""
    return float(outside(world.views(views), world.trials, alpha)[0][:, 0, 0].mean())
