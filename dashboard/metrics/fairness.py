"""How groups differ, from one `Rate` per group: signed contrasts with a reference group, and fairlearn's named metrics.

`differences` and `ratios` compare each group with a named reference. The named metrics keep fairlearn's meaning:
unsigned, largest against smallest. Their intervals come from all pairs of groups together; a bootstrap of largest minus
smallest would lie above 0 even where no group differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from dashboard.errors import EvenhandError
from dashboard.rates import Difference, Estimate, Limits, Rate, Ratio, undefined

Groups = Mapping[str, Rate]
LARGEST_LEVEL = 1 - 2**-53


def differences(rates: Groups, reference: str) -> dict[str, Difference]:
    """Returns each other group's rate minus the reference's; 0 is best.

    >>> differences({"F": Rate(61, 100), "M": Rate(75, 100)}, "M")["F"].value
    -0.14
    """
    base = _reference(rates, reference)
    return {name: Difference(rate, base) for name, rate in rates.items() if name != reference}


def ratios(rates: Groups, reference: str) -> dict[str, Ratio]:
    """Returns each other group's rate over the reference's; 1 is best.

    >>> ratios({"F": Rate(30, 100), "M": Rate(40, 100)}, "M")["F"].value
    0.75
    """
    base = _reference(rates, reference)
    return {name: Ratio(rate, base) for name, rate in rates.items() if name != reference}


def _reference(rates: Groups, reference: str) -> Rate:
    if reference not in rates:
        raise EvenhandError(
            f"The reference group '{reference}' does not occur.",
            f"One of {', '.join(sorted(rates))}" if rates else "At least one group",
            "Name another reference in the contract, or a longer window",
        )
    return rates[reference]


@dataclass(frozen=True, slots=True)
class _Compared:
    """Holds the groups of one rate that have trials, and the names of those that have none."""

    names: tuple[str, ...]
    rates: tuple[Rate, ...]
    left_out: tuple[str, ...]

    @property
    def pairs(self) -> int:
        return len(self.rates) * (len(self.rates) - 1) // 2

    @property
    def extremes(self) -> tuple[int, int]:
        """Returns the positions of the smallest and the largest rate; of equal ones that with fewer trials."""
        where = range(len(self.rates))
        low = min(where, key=lambda i: (self.rates[i].hits / self.rates[i].trials, self.rates[i].trials))
        high = max(where, key=lambda i: (self.rates[i].hits / self.rates[i].trials, -self.rates[i].trials))
        return low, high

    def limits(self, level: float) -> NDArray[np.float64]:
        """Returns value, low and high of every group, as contrasts are made of, shape (3, groups)."""
        return np.array([rate.wider(level) for rate in self.rates]).T


def _compared(rates: Groups) -> _Compared:
    kept = {name: rate for name, rate in rates.items() if rate.trials}
    return _Compared(tuple(kept), tuple(kept.values()), tuple(name for name in rates if name not in kept))


def largest_difference(*rates: Groups) -> Estimate:
    """Returns largest minus smallest rate of the groups, the worst of several rates; 0 is best.

    The interval is that of all K pairs of groups by `Difference` at level 1 - (1 - level)/K: the largest lower limit of
    a pair's distance (at least 0) and the largest upper limit. `minimum()` is the smaller denominator of the two groups
    that the value comes from.

    >>> largest_difference({"F": Rate(61, 100), "M": Rate(75, 100)}).value
    0.14
    """
    method = "MOVER, Wilson and Jeffreys, all pairs"
    compared = [_compared(each) for each in rates]
    if (refusal := _refused(compared, method)) is not None:
        return refusal
    spreads = [_spread(each) for each in compared]
    worst = int(np.argmax(spreads))
    return _estimate(spreads[worst], compared, compared[worst], method, _difference_limits)


def smallest_ratio(*rates: Groups) -> Estimate:
    """Returns smallest over largest rate of the groups, the worst of several rates; 1 is best.

    The interval is that of all pairs of groups by `Ratio` at level 1 - (1 - level)/K, from the smallest lower to the
    smallest upper limit. Cannot be computed where the largest rate is 0.

    >>> smallest_ratio({"F": Rate(30, 100), "M": Rate(40, 100)}).value
    0.75
    """
    method = "MOVER-R, Wilson and Jeffreys, all pairs"
    compared = [_compared(each) for each in rates]
    if (refusal := _refused(compared, method)) is not None:
        return refusal
    if any(not each.rates[each.extremes[1]].hits for each in compared):
        return undefined("the rate of every group is 0", _rows(compared), method=method)
    quotients = [_quotient(each) for each in compared]
    worst = int(np.argmin(quotients))
    return _estimate(quotients[worst], compared, compared[worst], method, _ratio_limits)


def demographic_parity_difference(selection_rates: Groups) -> Estimate:
    """Returns the largest minus the smallest selection rate (fairlearn's definition); 0 is best.

    >>> demographic_parity_difference({"a": Rate(3, 4), "b": Rate(3, 6), "c": Rate(4, 8)}).value
    0.25
    """
    return largest_difference(selection_rates)


def demographic_parity_ratio(selection_rates: Groups) -> Estimate:
    """Returns the smallest over the largest selection rate (fairlearn's definition); 1 is best.

    >>> round(demographic_parity_ratio({"a": Rate(3, 4), "b": Rate(3, 6), "c": Rate(4, 8)}).value, 4)
    0.6667
    """
    return smallest_ratio(selection_rates)


def equalized_odds_difference(true_positive_rates: Groups, false_positive_rates: Groups) -> Estimate:
    """Returns the larger of the largest minus smallest true and false positive rate (as fairlearn does); 0 is best.

    >>> equalized_odds_difference({"a": Rate(1, 2), "b": Rate(3, 5)}, {"a": Rate(2, 2), "b": Rate(0, 1)}).value
    1.0
    """
    return largest_difference(true_positive_rates, false_positive_rates)


def equalized_odds_ratio(true_positive_rates: Groups, false_positive_rates: Groups) -> Estimate:
    """Returns the smaller of the smallest over largest true and false positive rate (as fairlearn does); 1 is best.

    >>> equalized_odds_ratio({"a": Rate(2, 4), "b": Rate(4, 4)}, {"a": Rate(3, 4), "b": Rate(4, 4)}).value
    0.5
    """
    return smallest_ratio(true_positive_rates, false_positive_rates)


def equal_opportunity_difference(true_positive_rates: Groups) -> Estimate:
    """Returns the largest minus the smallest true positive rate (fairlearn's definition); 0 is best.

    >>> equal_opportunity_difference({"a": Rate(1, 2), "b": Rate(3, 4)}).value
    0.25
    """
    return largest_difference(true_positive_rates)


def equal_opportunity_ratio(true_positive_rates: Groups) -> Estimate:
    """Returns the smallest over the largest true positive rate (fairlearn's definition); 1 is best.

    >>> equal_opportunity_ratio({"a": Rate(1, 2), "b": Rate(4, 4)}).value
    0.5
    """
    return smallest_ratio(true_positive_rates)


def homogeneity(rates: Groups) -> float | None:
    """Returns the p-value of Pearson's chi-squared test that all groups have the same rate; None where it cannot be.

    Shown beside more than two groups; it decides no state.

    >>> round(homogeneity({"a": Rate(10, 50), "b": Rate(20, 50), "c": Rate(30, 50)}), 5)
    0.00024
    """
    kept = [rate for rate in rates.values() if rate.trials]
    hits = np.array([rate.hits / rate.deff for rate in kept])
    trials = np.array([rate.trials / rate.deff for rate in kept])
    pooled = float(hits.sum() / trials.sum()) if kept else 0.0
    if len(kept) < 2 or not 0 < pooled < 1:
        return None
    statistic = float(np.sum((hits - trials * pooled) ** 2 / (trials * pooled * (1 - pooled))))
    return float(chdtrc(len(kept) - 1, statistic))


def _spread(compared: _Compared) -> float:
    low, high = (compared.rates[i].hits / compared.rates[i].trials for i in compared.extremes)
    return high - low


def _quotient(compared: _Compared) -> float:
    low, high = (compared.rates[i] for i in compared.extremes)
    return low.hits * high.trials / (low.trials * high.hits)


def _rows(compared: Sequence[_Compared]) -> int:
    return sum(rate.n for each in compared for rate in each.rates)


def _refused(compared: Sequence[_Compared], method: str) -> Estimate | None:
    """Returns the measure to give where a rate has fewer than two groups with trials."""
    for each in compared:
        if len(each.rates) < 2:
            empty = f" (0 of 0: {', '.join(each.left_out)})" if each.left_out else ""
            return undefined(f"it needs two groups and has {len(each.rates)}{empty}", _rows(compared), method=method)
    return None


def _estimate(
    value: float, compared: Sequence[_Compared], worst: _Compared, method: str, limits: Callable[..., Limits]
) -> Estimate:
    low, high = worst.extremes
    notes = [f"lowest {worst.names[low]}, highest {worst.names[high]}"]
    left_out = dict.fromkeys(name for each in compared for name in each.left_out)
    if left_out:
        notes.append(f"left out, 0 of 0: {', '.join(left_out)}")
    smallest = min(worst.rates[low].n, worst.rates[high].n)
    return Estimate(
        value, _rows(compared), method, partial(limits, tuple(compared)), smallest, note="; ".join(notes)
    )  # fmt: skip


def _shared(compared: Sequence[_Compared], level: float) -> float:
    """Returns the level of each pair, so that all of them hold together at `level`."""
    return min(1 - (1 - level) / sum(each.pairs for each in compared), LARGEST_LEVEL)


def _difference_limits(compared: Sequence[_Compared], level: float) -> Limits:
    lows, highs = [0.0], [0.0]
    for each in compared:
        p, low, high = each.limits(_shared(compared, level))
        apart = p[:, None] - p[None, :]
        down = np.hypot((p - low)[:, None], (high - p)[None, :])
        up = np.hypot((high - p)[:, None], (p - low)[None, :])
        others = ~np.eye(len(p), dtype=bool)
        lows.append(float((apart - down)[others].max()))
        highs.append(float((apart + up)[others].max()))
    return max(lows), max(highs)


def _ratio_limits(compared: Sequence[_Compared], level: float) -> Limits:
    lows, highs = [inf], [1.0]
    for each in compared:
        low, high = _pair_ratios(*each.limits(_shared(compared, level)))
        others = ~np.eye(low.shape[0], dtype=bool)
        lows.append(float(low[others].min()))
        highs.append(float(high[others].min()))
    return min(lows), min(highs)


def _pair_ratios(
    p: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns `rates.mover_ratio` of every ordered pair of groups, rows over columns."""
    product = np.outer(p, p)
    down, up = low * (2 * p - low), high * (2 * p - high)
    lower_root = product + np.sqrt(np.maximum(product**2 - np.outer(down, up), 0))
    upper_root = product + np.sqrt(np.maximum(product**2 - np.outer(up, down), 0))
    lower = np.divide(down[:, None], lower_root, out=np.zeros_like(product), where=lower_root > 0)
    upper = np.divide(
        upper_root, down[None, :], out=np.full_like(product, inf), where=np.broadcast_to(down > 0, product.shape)
    )
    return np.maximum(lower, 0), upper
