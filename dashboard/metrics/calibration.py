"""Whether scores can be taken at their word, in one number: distances of a reliability curve from the diagonal.

They are biased upwards, the more so the fewer the cases: what perfectly calibrated scores would show stands in their
notes, and their intervals allow for it. `calibration_error` is not biased, and is what groups are compared by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import log2, pi, sqrt

import numpy as np
from scipy.special import chndtr, ndtr

from dashboard.metrics.losses import SCALE, mean
from dashboard.metrics.ranking import rounded_up
from dashboard.metrics.reliability import ADDED, Floats, Reliability, largest_deviation, mean_deviations
from dashboard.rates import Estimate, Limits, Rate, undefined, wilson, z_of

NUMEROUS = 10_000.0  # beyond so many units noncentral chi-squared is normal to four digits
NONE = "0 labelled cases with a score"


def calibration_error(
    positives: int, scores: int, squares: int, n: int, scale: int = SCALE, deff: float = 1.0, coarse: float = 0.0
) -> Estimate:
    """Returns the mean of label - score, in [-1, 1]: 0 is best, above 0 it happens more often than it says.

    From n cases' positives and the sums of scores and of (label - score)^2 (both times `scale`); where scores are
    known by bin only, `coarse` is how far that can move it. Interval: Wilson's for the share that happened, of n / r
    cases, less the mean score; r is the variance of label - score over that of the label, both with a few cases added.
    (Where 5 positives are expected Student's covers 87 to 95 %, this 91 to 98.) "Calibration in the large".
    Source: Cox, Biometrika 45 (1958) 562; Van Calster et al., BMC Medicine 17 (2019) 230.

    >>> calibration_error(1, 2 * 10**9, 10**9, 4).value
    -0.25
    """
    if n == 0:
        return undefined(NONE)
    said = scores / n / scale
    # Integers throughout: the difference of two large sums would lose the digits that matter.
    off = positives * scale - scores
    variance = max(squares * n * scale - off * off, 0) / (n * scale) ** 2
    added = ADDED * ((1 - said) ** 2 + said**2)
    share = (positives + ADDED) / (n + 2 * ADDED)
    alike = (n * variance + added) / (n + 2 * ADDED) / (share * (1 - share)) * deff
    notes = [f"binning moves it by at most {rounded_up(100 * coarse)} points"] if coarse else []
    if deff > 1:
        notes.append(f"about {n / deff:.0f} independent")
    bounds = partial(_less_the_score, positives / alike, n / alike, said)
    return Estimate(off / n / scale, n, "Wilson, less the mean score", bounds, n, None, n, "; ".join(notes))


def _less_the_score(hits: float, trials: float, said: float, level: float) -> Limits:
    low, high = wilson(hits, trials, level)
    return low - said, high - said


def expected_calibration_error(curve: Reliability) -> Estimate:
    """Returns the mean distance of a curve from the diagonal, in [0, 1]: sum of n/N |observed - mean score|; 0 is best.

    Chance alone moves it away from 0; the note says to where. Labels of the same cases scatter it with a standard
    deviation of at most s = sqrt(sum (n/N)^2 variance), and lift it by at most b = sqrt(2/pi) sum n/N sqrt(variance):
    by that much where calibration is perfect, by almost nothing far from it. So the interval runs from value - b - z s
    to value + z s: it covers whatever the curve's shape, mostly more often than its level. Source: Naeini, Cooper and
    Hauskrecht, AAAI (2015) 2901, with bins of equal count; the bias: Broecker, Climate Dynamics 39 (2012) 655.

    >>> from dashboard.metrics.reliability import reliability
    >>> curve = reliability([0, 1, 2], [2, 0, 0], [0.25, 0.55, 0.75], edges=[0.5])
    >>> round(expected_calibration_error(curve).value, 3)
    0.29
    """
    if not curve.total:
        return undefined(NONE)
    value = float(curve.share @ np.abs(curve.gaps))
    bias = sqrt(2 / pi) * float(curve.share @ np.sqrt(curve.variances))
    spread = sqrt(float(curve.share**2 @ curve.variances))
    note = _notes(curve, float(curve.share @ mean_deviations(curve)))
    return _of_curve(curve, value, "normal, less its bias below", partial(_l1_limits, value, bias, spread), note)


def maximum_calibration_error(curve: Reliability) -> Estimate:
    """Returns the largest distance of a curve from the diagonal, in [0, 1]: max |observed - mean score|; 0 is best.

    Interval: exact limits of every bin that hold together; low is the largest of their nearer ends, high the largest
    of the farther ones. The note has the mean under perfect calibration, from 400 seeded draws.
    Source: Naeini, Cooper and Hauskrecht, AAAI (2015) 2901, with bins of equal count.

    >>> from dashboard.metrics.reliability import reliability
    >>> round(maximum_calibration_error(reliability([10] * 10, [10] * 10, [0.48, 0.53] * 5)).value, 3)
    0.03
    """
    if not curve.total:
        return undefined(NONE)
    value = float(np.abs(curve.gaps).max())
    note = _notes(curve, largest_deviation(curve))
    return _of_curve(curve, value, "exact, all bins together", partial(_farthest, curve), note)


def brier_reliability(curve: Reliability, brier: float | None = None) -> Estimate:
    """Returns the part of the Brier score that miscalibration costs: sum of n/N (observed - mean score)^2; 0 is best.

    On the same bins reliability - resolution + uncertainty is exactly the Brier score of the scores replaced by their
    bins' means; the note says how far that is from `brier`, the Brier score itself. Interval: noncentral chi-squared
    with the mean and the variance that the bins' variances give. Source: Murphy, J. Applied Meteorology 12 (1973) 595.

    >>> from dashboard.metrics.reliability import reliability
    >>> curve = reliability([2, 8], [8, 2], [0.3, 0.7])
    >>> parts = [part(curve).value for part in (brier_reliability, brier_resolution, brier_uncertainty)]
    >>> [round(part, 4) for part in parts], round(parts[0] - parts[1] + parts[2], 4), round(binned_brier(curve), 4)
    ([0.01, 0.09, 0.25], 0.17, 0.17)
    """
    if not curve.total:
        return undefined(NONE)
    note = f"{float(np.sum(curve.chance)) * curve.deff / curve.total:.2g} expected under perfect calibration"
    if brier is not None:
        note += f"; Brier score on the bins {binned_brier(curve):.4f}, without binning {brier:.4f}"
    return _mean_square(curve, curve.gaps, curve.share, 1.0, note)


def brier_resolution(curve: Reliability) -> Estimate:
    """Returns the part of the Brier score that telling cases apart earns: sum of n/N (observed - overall)^2; 0: none.

    At most the uncertainty. Interval as of the reliability. Source: Murphy, J. Applied Meteorology 12 (1973) 595.

    >>> from dashboard.metrics.reliability import reliability
    >>> brier_resolution(reliability([1, 1], [1, 1], [0.3, 0.7])).value
    0.0
    """
    if not curve.total:
        return undefined(NONE)
    if len(curve.n) < 2:
        return undefined(f"all {curve.total:,} cases are in one bin of scores", curve.total, curve.total)
    overall = int(curve.positives.sum()) / curve.total
    noise = curve.share - curve.share**2
    return _mean_square(curve, curve.positives / curve.n - overall, noise, 0.25, "")


def brier_uncertainty(curve: Reliability) -> Estimate:
    """Returns the part of the Brier score that no score can remove: p (1 - p), p the share that happened; at most 0.25.

    Interval: Wilson's for p, mapped. Source: Murphy, Journal of Applied Meteorology 12 (1973) 595.

    >>> from dashboard.metrics.reliability import reliability
    >>> brier_uncertainty(reliability([1, 1], [1, 1], [0.3, 0.7])).value
    0.25
    """
    if not curve.total:
        return undefined(NONE)
    rate = Rate(int(curve.positives.sum()), curve.total, curve.deff)
    share = rate.hits / rate.trials
    return _of_curve(curve, share * (1 - share), "Wilson, mapped", partial(_parabola, rate), rate.note)


def binned_brier(curve: Reliability) -> float:
    """Returns the Brier score of the scores replaced by their bins' means.

    >>> from dashboard.metrics.reliability import reliability
    >>> binned_brier(reliability([1, 1], [1, 1], [0.5, 0.5]))
    0.25
    """
    hits, misses = curve.positives, curve.n - curve.positives
    return float(hits @ (1 - curve.scores) ** 2 + misses @ curve.scores**2) / curve.total


def mean_entropy(total: int, squares: int, n: int, classes: int = 2, scale: int = SCALE) -> Estimate:
    """Returns how undecided scores are on average, in bits: mean of -sum p log2 p; 0: always certain.

    Always saying 0.5 has 1 bit, c equally likely classes log2(c). From the sums of the entropies and of their squares;
    needs no labels, so it can be watched before they come. Source: Shannon (1948).

    >>> mean_entropy(10**9, 10**9, 2).value
    0.5
    """
    if n == 0:
        return undefined("0 cases with a score", method="Student's t")
    return mean(total, squares, n, scale, floor=0.0, ceiling=log2(max(classes, 2)))


def _of_curve(curve: Reliability, value: float, method: str, bounds: Callable[[float], Limits], note: str) -> Estimate:
    return Estimate(value, curve.total, method, bounds, curve.total, None, curve.total, note)


def _notes(curve: Reliability, by_chance: float) -> str:
    """Returns what a distance from the diagonal is to be held against, and what it was made from."""
    least, most = int(curve.n.min()), int(curve.n.max())
    bins = "1 bin" if len(curve.n) == 1 else f"{len(curve.n)} bins"
    notes = [f"{100 * by_chance:.2g} points expected under perfect calibration"]
    notes.append(f"{bins} of {least:,}" if least == most else f"{bins} of {least:,} to {most:,}")
    coarse = float(curve.share @ curve.coarse)
    if coarse:
        notes.append(f"binning moves it by at most {rounded_up(100 * coarse)} points")
    return "; ".join([*notes, *_independent(curve)])


def _independent(curve: Reliability) -> list[str]:
    return [f"about {curve.total / curve.deff:.0f} independent"] if curve.deff > 1 else []


def _l1_limits(value: float, bias: float, spread: float, level: float) -> Limits:
    reach = z_of(level) * spread
    return max(value - bias - reach, 0.0), min(value + reach, 1.0)


def _farthest(curve: Reliability, level: float) -> Limits:
    ends = curve.limits(level) - curve.scores[:, None]
    return max(0.0, float(ends[:, 0].max()), float(-ends[:, 1].min())), float(np.abs(ends).max())


def _unbiased(curve: Reliability, deff: float) -> Floats:
    """Returns the variance of each bin's observed rate without bias; what one case cannot show, on the safe side."""
    n, p = curve.n / deff, curve.positives / curve.n
    return np.where(n > 1, p * (1 - p) / np.maximum(n - 1, 1e-9), curve.variances)


def _mean_square(curve: Reliability, gaps: Floats, noise: Floats, ceiling: float, note: str) -> Estimate:
    """Returns a mean of squares sum n/N gap^2, each gap lifted by noise of that share of its variance, with its limits.

    Its variance is 2 bias u + 4 true v: u and v say how unevenly noise and gaps lie on the bins. A design effect is on
    the safe side: only below is all of the noise that it makes taken off.
    """
    share, variances = curve.share, curve.variances
    value = float(share @ gaps**2)
    bias, least = (float(noise @ _unbiased(curve, deff)) for deff in (curve.deff, 1.0))
    u = float(share**2 @ variances**2) / float(share @ variances)
    v = float(share**2 @ (gaps**2 * variances)) / value if value > 0 else u
    notes = "; ".join([*([note] if note else []), *_independent(curve)])
    bounds = partial(_noncentral_limits, value, Noise(bias, bias, u, v), Noise(least, bias, u, v), ceiling)
    return _of_curve(curve, value, "noncentral chi-squared", bounds, notes)


@dataclass(frozen=True, slots=True)
class Noise:
    """By how much noise lifts a mean of squares, and what makes the variance: 2 noise u + 4 true v."""

    bias: float
    noise: float
    u: float
    v: float

    def below(self, value: float, true: float) -> float:
        """Returns how often a draw lies below the value: noncentral chi-squared of its mean and variance."""
        mean, variance = true + self.bias, 2 * self.noise * self.u + 4 * true * self.v
        if variance <= 0:
            return float(value >= mean)
        unit = variance / (2 * self.bias + 4 * true) if mean > 0 else 0.0
        if not unit or value / unit > NUMEROUS or self.bias / unit < 1e-6:
            return float(ndtr((value - mean) / sqrt(variance)))
        return float(chndtr(value / unit, self.bias / unit, true / unit))


def _noncentral_limits(value: float, under: Noise, over: Noise, ceiling: float, level: float) -> Limits:
    """Returns the true mean squares at which the value lies at either tail; they contain the value."""
    tail = (1 - level) / 2
    low = 0.0 if under.below(value, 0.0) <= 1 - tail else _where(under, value, 1 - tail, 0.0, value)
    high = value if over.below(value, value) <= tail else _where(over, value, tail, value, ceiling)
    return min(low, value), max(high, value)


def _where(noise: Noise, value: float, share: float, inside: float, outside: float) -> float:
    """Returns the true mean square under which `share` of the draws lie below the value, which falls as it grows."""
    for _ in range(50):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if noise.below(value, middle) > share else (inside, middle)
    return (inside + outside) / 2


def _parabola(rate: Rate, level: float) -> Limits:
    low, high = (float(limit or 0.0) for limit in rate.interval(level))
    ends = sorted((low * (1 - low), high * (1 - high)))
    return ends[0], 0.25 if low <= 0.5 <= high else ends[1]
