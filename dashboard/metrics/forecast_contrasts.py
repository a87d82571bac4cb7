"""How groups will differ, before labels arrive: forecasts of their rates against each other.

The labels of two groups are independent given the scores; what the reference leaves open is drawn for all groups at
once, day by day, and so moves them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations
from math import inf, sqrt

import numpy as np

from dashboard.metrics.forecasts import METHOD, Forecast, limits
from dashboard.rates import Estimate, Limits, undefined, z_of


def difference(group: Forecast, reference: Forecast, note: str = "") -> Estimate:
    """Returns group minus reference; the groups' labels are independent, the reference window drawn for both at once.

    >>> from dashboard.metrics.estimation import DRAWS
    >>> still = Forecast(0.5, 0.01, np.full(DRAWS, 0.5), 9, 9)
    >>> [round(limit, 3) for limit in difference(still, still).interval(0.95)]
    [-0.277, 0.277]
    """
    if group.value is None or reference.value is None:
        return _incomputable(group, reference)
    value, error = _apart(group, reference)
    bounds = partial(limits, value, error, -1.0, 1.0)
    smallest = min(group.smallest, reference.smallest)
    return Estimate(value, group.n, METHOD, bounds, smallest, group.hits, group.trials, note)


def _apart(one: Forecast, other: Forecast) -> tuple[float, float]:
    """Returns the difference of two forecasts that have a value, and its standard error."""
    value = (one.value or 0.0) - (other.value or 0.0)
    return value, sqrt(one.noise + other.noise + float(np.mean((one.draws - other.draws - value) ** 2)))


def ratio(group: Forecast, reference: Forecast, note: str = "") -> Estimate:
    """Returns group over reference; limits by Fieller's theorem, none above where the reference may turn out 0.

    Source: Fieller, JRSS B 16 (1954) 175.
    """
    if group.value is None or reference.value is None:
        return _incomputable(group, reference)
    if not reference.value:
        return undefined("the reference's expected rate is 0; no upper limit", group.n, method=METHOD)
    bounds = partial(_fieller, group.value, reference.value, *_variances(group, reference))
    smallest = min(group.smallest, reference.smallest)
    return Estimate(
        group.value / reference.value, group.n, METHOD, bounds, smallest, group.hits, group.trials, note
    )  # fmt: skip


def _incomputable(group: Forecast, reference: Forecast) -> Estimate:
    found = [f"{name}: {each.why}" for name, each in (("group", group), ("reference", reference)) if each.value is None]
    return undefined("; ".join(found), group.n, method=METHOD)


def _variances(group: Forecast, reference: Forecast) -> tuple[float, float, float]:
    """Returns the variances of two forecasts and their covariance, which is that of the draws."""
    mine, theirs = group.draws - (group.value or 0.0), reference.draws - (reference.value or 0.0)
    mean = (float(np.mean(mine * mine)), float(np.mean(theirs * theirs)), float(np.mean(mine * theirs)))
    return group.noise + mean[0], reference.noise + mean[1], mean[2]


def _fieller(value: float, of: float, variance: float, of_variance: float, both: float, level: float) -> Limits:
    """Returns the x >= 0 with (value - x of)^2 <= z^2 (variance - 2 x both + x^2 of_variance): from, and up to."""
    square = z_of(level) ** 2
    lead, middle, last = of * of - square * of_variance, value * of - square * both, value * value - square * variance
    root = middle + sqrt(max(middle * middle - lead * last, 0.0))  # value / of solves it, so that root is positive
    return last / root if last > 0 else 0.0, root / lead if lead > 0 else None


def largest_difference(rates: Sequence[Mapping[str, Forecast]], note: str = "") -> Estimate:
    """Returns largest minus smallest of the groups' rates, the worst of several rates; unsigned, 0 is best.

    The interval holds all K pairs of groups at level 1 - (1 - level)/K: largest lower limit of a distance (at least
    0) to the largest upper one.
    """
    found = _compared(rates)
    if isinstance(found, Estimate):
        return found
    spreads = [max(f.value or 0.0 for f in each) - min(f.value or 0.0 for f in each) for each in found]
    pairs = tuple(_apart(one, other) for each in found for one, other in combinations(each, 2))
    bounds = partial(_largest_limits, pairs)
    return Estimate(max(spreads), _rows(found), METHOD, bounds, _smallest(found), note=note)


def _largest_limits(pairs: Sequence[tuple[float, float]], level: float) -> Limits:
    reach = z_of(min(1 - (1 - level) / len(pairs), 1 - 2**-53))
    low = max(abs(value) - reach * error for value, error in pairs)
    return max(0.0, low), min(1.0, max(abs(value) + reach * error for value, error in pairs))


def smallest_ratio(rates: Sequence[Mapping[str, Forecast]], note: str = "") -> Estimate:
    """Returns smallest over largest of the groups' rates, the worst of several rates; 1 is best.

    The interval is that of all pairs at level 1 - (1 - level)/K, from the smallest lower to the smallest upper limit.
    """
    found = _compared(rates)
    if isinstance(found, Estimate):
        return found
    extremes = [(min(f.value or 0.0 for f in each), max(f.value or 0.0 for f in each)) for each in found]
    if any(not high for _, high in extremes):
        return undefined("the expected rate of every group is 0", _rows(found), method=METHOD)
    pairs = tuple(
        (one.value or 0.0, other.value or 0.0, *_variances(one, other))
        for each in found
        for one in each
        for other in each
        if one is not other
    )
    bounds = partial(_smallest_limits, pairs)
    value = min(low / high for low, high in extremes)
    return Estimate(value, _rows(found), METHOD, bounds, _smallest(found), note=note)


def _smallest_limits(pairs: Sequence[tuple[float, float, float, float, float]], level: float) -> Limits:
    shared = min(1 - 2 * (1 - level) / len(pairs), 1 - 2**-53)  # each pair is here twice
    found = [_fieller(*pair, shared) for pair in pairs]
    return min(low or 0.0 for low, _ in found), min(1.0, *(inf if high is None else high for _, high in found))


def _compared(rates: Sequence[Mapping[str, Forecast]]) -> list[list[Forecast]] | Estimate:
    """Returns the forecasts that have a value, or why fewer than two groups have one."""
    found = [[each for each in groups.values() if each.value is not None] for groups in rates]
    missing = sorted({f"{name}: {each.why}" for groups in rates for name, each in groups.items() if each.value is None})
    if missing or any(len(each) < 2 for each in found):
        why = "; ".join(missing) or f"it needs two groups and has {min(len(each) for each in found)}"
        return undefined(why, sum(each.n for groups in rates[:1] for each in groups.values()), method=METHOD)
    return found


def _rows(found: Sequence[Sequence[Forecast]]) -> int:
    return sum(each.n for each in found[0])


def _smallest(found: Sequence[Sequence[Forecast]]) -> int:
    return min(each.smallest for group in found for each in group)
