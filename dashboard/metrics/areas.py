"""The area between two cumulative distributions of a numeric feature, and what chance alone makes of it."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from dashboard.metrics.histograms import Histogram


def deviation(histogram: Histogram) -> float:
    """Returns the standard deviation of the bin means."""
    used = histogram.counts > 0
    counts, means = histogram.counts[used], histogram.sums[used] / histogram.counts[used]
    mean = float(counts @ means) / histogram.present
    return sqrt(float(counts @ (means - mean) ** 2) / histogram.present)


def between(reference: Histogram, current: Histogram) -> float:
    places, steps = [], []
    for side, sign in ((reference, 1.0), (current, -1.0)):
        used = side.counts > 0
        places.append(side.sums[used] / side.counts[used])
        steps.append(sign * side.counts[used] / side.present)
    place, step = np.concatenate(places), np.concatenate(steps)
    order = np.argsort(place, kind="stable")
    return float(np.abs(np.cumsum(step[order])[:-1]) @ np.diff(place[order]))


def of_errors(reference: Histogram, current: Histogram) -> tuple[float, float]:
    """Returns shape and scale of a gamma with mean and variance of the area under |error now - error then|.

    The errors of the cumulative shares are Brownian bridges. For normal X, Y with correlation r the covariance of |X|
    and |Y| is (2/pi) (r asin r + sqrt(1 - r^2) - 1) of their deviations (Nabeya 1951).
    """
    together = reference + current
    used = together.counts > 0
    means = together.sums[used] / together.counts[used]
    below = np.array([np.cumsum(side.counts[used])[:-1] / side.present for side in (reference, current)])
    left = below / [[reference.present], [current.present]]  # covariance of i <= j: left[:, i] @ (1 - below[:, j])
    deviation = np.sqrt(np.sum(left * (1 - below), axis=0))
    scaled = np.maximum(np.diff(means), 0.0) * deviation
    mean = sqrt(2 / pi) * float(scaled.sum())
    if not mean:
        return 0.0, 0.0
    known = deviation > 0
    scaled, deviation, left, below = scaled[known], deviation[known], left[:, known], below[:, known]
    above = ~np.tri(len(scaled), dtype=bool)  # pairs i < j
    # Sums of products by hand: so few columns, and BLAS would start threads for them.
    then, now = (
        np.multiply.outer(low, high) for low, high in zip(left / deviation, (1 - below) / deviation, strict=True)
    )
    r = np.clip((then + now)[above], 0.0, 1.0)
    folded = r * np.arcsin(r) + np.sqrt(1 - r * r) - 1
    pairs = 2 * float((folded * np.multiply.outer(scaled, scaled)[above]).sum())
    variance = 2 / pi * (pairs + (pi / 2 - 1) * float(scaled @ scaled))
    return mean * mean / variance, variance / mean
