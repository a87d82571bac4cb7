"""How many of a feature's values are missing or cannot be, how many rows came late, twice or in vain: rates by day.

What is wrong with values comes in bursts, a device that fails, a site that forgets a field; so days, not values, are
what varies, and every rate has the design effect of days.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.clusters import design_effect
from dashboard.rates import Rate


def missing_rate(missing: ArrayLike, rows: ArrayLike) -> Rate:
    """Returns the share of rows that have no value, from counts by day; 0 is best.

    Formula: missing / n. Source: Wilson (1927), n divided by the design effect of days.

    >>> missing_rate([50, 0, 0, 0], [100, 100, 100, 100]).note
    'about 7 independent'
    """
    return _rate(missing, rows)


def out_of_range_rate(outside: ArrayLike, present: ArrayLike) -> Rate:
    """Returns the share of values that lie outside the contract's range, from counts by day; 0 is best.

    Formula: out of range / values that are there. Source: Wilson (1927), n divided by the design effect of days.

    >>> out_of_range_rate([1, 1], [50, 50]).value
    0.02
    """
    return _rate(outside, present)


def unseen_category_rate(unseen: ArrayLike, present: ArrayLike) -> Rate:
    """Returns the share of values that are a category which the reference does not have, by day; 0 is best.

    Formula: values of unseen categories / values that are there. Source: Wilson (1927), as above.

    >>> unseen_category_rate([0, 3], [50, 50]).numerator
    3
    """
    return _rate(unseen, present)


def wrong_type_rate(unread: ArrayLike, rows: ArrayLike) -> Rate:
    """Returns the share of rows whose value is not a number and so was not kept, from counts by day; 0 is best.

    Formula: unread / n. Source: Wilson (1927), n divided by the design effect of days.

    >>> wrong_type_rate([0, 4], [100, 100]).value
    0.02
    """
    return _rate(unread, rows)


def late_rate(late: ArrayLike, rows: ArrayLike) -> Rate:
    """Returns the share of rows that arrived a day (24 hours) or more after their time, by day; 0 is best.

    Formula: late / n. Source: Wilson (1927), as above.

    >>> late_rate([10, 0], [100, 100]).numerator
    10
    """
    return _rate(late, rows)


def duplicate_rate(duplicates: ArrayLike, delivered: ArrayLike) -> Rate:
    """Returns the share of delivered rows whose id had come before, from counts by day; 0 is best.

    Formula: repeated ids / rows delivered. Source: Wilson (1927), as above.

    >>> duplicate_rate([1, 0], [50, 50]).value
    0.01
    """
    return _rate(duplicates, delivered)


def rejected_rate(rejected: ArrayLike, delivered: ArrayLike) -> Rate:
    """Returns the share of delivered rows that were turned away, from counts by day; 0 is best.

    Formula: rejected / rows delivered. Source: Wilson (1927), as above.

    >>> rejected_rate([0, 3], [50, 50]).denominator
    100
    """
    return _rate(rejected, delivered)


def _rate(hits: ArrayLike, trials: ArrayLike) -> Rate:
    counts: list[NDArray[np.int64]] = [np.asarray(side, dtype=np.int64) for side in (hits, trials)]
    return Rate(int(counts[0].sum()), int(counts[1].sum()), design_effect(counts[0], counts[1]))
