"""What answers use: energy, the carbon dioxide that goes with it, money; means with hours as blocks."""

from __future__ import annotations

from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from dashboard.rates import Estimate, Exact, Limits, undefined

PER = 1000
WATT_HOURS = 10**9  # fixed point: a billionth of a watt-hour
MOST_WH = 10_000.0  # of one answer; more is counted as this
AMOUNTS = 10**8  # fixed point of logged costs
MOST_COST = 100_000.0  # of one answer; more is counted as this
METHOD = "t, by hour"


def energy_per_1000(n: ArrayLike, watt_hours: ArrayLike) -> Estimate:
    """Returns the watt-hours of 1,000 answers, from measured answers and their watt-hours by hour; lower is better.

    The mean as a ratio of two sums; its variance from the hours' residuals, sum (w - mean n)^2 H / (H - 1) / N^2, with
    Student's t on H - 1 degrees of freedom. Source: Cochran, Sampling Techniques (1977), 6.3. Of one hour no interval
    can be said.

    >>> found = energy_per_1000([10, 10, 20], [0.01, 0.03, 0.04])
    >>> round(found.value, 6), [round(limit, 2) for limit in found.interval()]
    (2.0, [0.14, 3.86])
    """
    return _mean(n, watt_hours, PER)


def co2e_per_1000(n: ArrayLike, watt_hours: ArrayLike, grams_per_kwh: float) -> Estimate:
    """Returns grams of CO2e of 1,000 answers: their energy times the stated grams per kilowatt-hour; lower is better.

    The interval is that of the energy; how far off the stated intensity is, it does not know.

    >>> round(co2e_per_1000([10, 10], [0.5, 0.5], 400).value, 6)
    20.0
    """
    return _mean(n, watt_hours, PER * grams_per_kwh / 1000)


def cost_per_1000(cost: float, n: int) -> Exact:
    """Returns what 1,000 answers cost, as the contract says; it is stated, not measured.

    >>> cost_per_1000(0.4, 12).value
    0.4
    """
    return Exact(cost, n)


def logged_cost_per_1000(n: ArrayLike, costs: ArrayLike) -> Estimate:
    """Returns what 1,000 answers cost, from answers with a logged cost and its sum by hour; lower is better.

    The interval is made like that of energy_per_1000.

    >>> round(logged_cost_per_1000([10, 10], [0.02, 0.04]).value, 6)
    3.0
    """
    return _mean(n, costs, PER, "no answer with a logged cost")


def _mean(n: ArrayLike, sums: ArrayLike, scale: float, nothing: str = "no answer with a measured energy") -> Estimate:
    count, total = np.asarray(n, dtype=float), np.asarray(sums, dtype=float) * scale
    answers, hours = float(count.sum()), int(np.count_nonzero(count))
    if not answers:
        return undefined(nothing, method=METHOD)
    value = float(total.sum()) / answers
    residual = total - value * count
    if hours < 2:
        bounds, note = partial(_limits, value, None, 0), "one hour: no interval"
    else:
        bounds = partial(_limits, value, sqrt(float(residual @ residual) * hours / (hours - 1)) / answers, hours - 1)
        note = ""
    return Estimate(value, int(answers), METHOD, bounds, int(answers), float(total.sum()), answers, note)


def _limits(value: float, error: float | None, freedom: int, level: float) -> Limits:
    if error is None:
        return None, None
    reach = float(stdtrit(freedom, (1 + level) / 2)) * error
    return max(value - reach, 0.0), value + reach
