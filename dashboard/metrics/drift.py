"""How far a feature has moved since the reference, from two histograms: PSI, Jensen-Shannon, KS and Wasserstein.

Every function takes the reference, the current window and, where there are any, earlier windows of the same length.
The interval is of the distance between what the two windows were drawn from; where the current window does not differ
from the earlier ones by more than they do from each other (`days.p_of_days` above 1 - level), its lower limit is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import log, sqrt
from typing import Generic

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri, gammainccinv, kolmogi

from dashboard.metrics import areas
from dashboard.metrics.days import ENOUGH, p_of_days
from dashboard.metrics.histograms import Categories, Feature, Histogram, Paired, paired, unseen_categories
from dashboard.metrics.noncentral import noncentral_limits
from dashboard.metrics.ranking import rounded_up
from dashboard.rates import Estimate, Exact, Limits, undefined

Floats = NDArray[np.float64]
CHI = "noncentral chi-squared"
NAMED = 3  # categories that a note names


@dataclass(frozen=True, eq=False)
class Compared(Generic[Feature]):
    """Holds a feature in two windows and in earlier ones; what several measures of it need is found once."""

    reference: Feature
    current: Feature
    windows: Sequence[Feature] = ()

    @cached_property
    def common(self) -> Paired:
        return paired(self.reference, self.current)

    @cached_property
    def p(self) -> float | None:
        return p_of_days(self.reference, self.current, self.windows)

    @cached_property
    def errors(self) -> tuple[float, float]:
        """Shape and scale of the area between the errors of the two cumulative distributions, if it is numeric."""
        if isinstance(self.reference, Histogram) and isinstance(self.current, Histogram):
            return areas.of_errors(self.reference, self.current)
        raise TypeError("The area between two cumulative distributions needs numbers, not categories.")


def psi(reference: Feature, current: Feature, windows: Sequence[Feature] = ()) -> Estimate | Exact:
    """Returns the population stability index, sum of (q - p) ln(q / p) over common bins; 0 is no drift.

    Shares are (count + 0.5) / (n + 0.5 B). PSI / (1/n + 1/m) is noncentral chi-squared with B - 1 degrees of freedom
    (Yurdakul 2018), which gives the interval and the limit under no drift.

    >>> from dashboard.metrics.histograms import Categories
    >>> moved = psi(Categories({"a": 500, "b": 500}), Categories({"a": 600, "b": 400}))
    >>> round(moved.value, 4), [round(limit, 3) for limit in moved.interval()]
    (0.0405, [0.013, 0.083])
    """
    return _psi(Compared(reference, current, windows))


def js_distance(reference: Feature, current: Feature, windows: Sequence[Feature] = ()) -> Estimate | Exact:
    """Returns the Jensen-Shannon distance, the root of the divergence in bits; 0 is no drift, 1 is nothing in common.

    Shares as for the PSI. Eight times the divergence in nats is distributed as the PSI is where both are small.

    >>> from dashboard.metrics.histograms import Categories
    >>> round(js_distance(Categories({"a": 500, "b": 500}), Categories({"a": 600, "b": 400})).value, 4)
    0.0853
    """
    return _js_distance(Compared(reference, current, windows))


def chi_squared(reference: Feature, current: Feature, windows: Sequence[Feature] = ()) -> Estimate | Exact:
    """Returns Pearson's chi-squared of two windows by common bins; without drift it is about their number less one.

    Its p-value and degrees of freedom stand in the note. The interval is that of the noncentrality, 0 without drift.

    >>> from dashboard.metrics.histograms import Categories
    >>> found = chi_squared(Categories({"a": 500, "b": 500}), Categories({"a": 600, "b": 400}))
    >>> round(found.value, 3), found.note.split("; ")[1]
    (20.202, 'p 7e-06 with 1 degree of freedom')
    """
    return _chi_squared(Compared(reference, current, windows))


def psi_limit(bins: int, n: int, m: int, level: float = 0.95) -> float:
    """Returns what the PSI of n against m rows stays under with this probability when nothing has drifted.

    >>> round(psi_limit(10, 500, 500, 0.999), 7), round(psi_limit(32, 1000, 1500), 7)
    (0.1115087, 0.0749756)
    """
    return float(chdtri(bins - 1, 1 - level)) * (1 / n + 1 / m)


def ks(reference: Histogram, current: Histogram, windows: Sequence[Histogram] = ()) -> Estimate:
    """Returns the largest gap between the cumulative shares at the bin edges, missing values left out; 0 is no drift.

    Between the edges the gap can be larger by at most the largest reference bin's share, which the note gives and the
    upper limit includes. The interval is Kolmogorov's band for the two cumulative distributions together (Smirnov
    1939).

    >>> ks(Histogram.of([50, 50], [0, 50]), Histogram.of([30, 70], [0, 70])).value
    0.2
    """
    return _ks(Compared(reference, current, windows))


def wasserstein(
    reference: Histogram, current: Histogram, windows: Sequence[Histogram] = (), standardised: bool = False
) -> Estimate:
    """Returns the area between the cumulative distributions, in the feature's unit or in reference standard deviations.

    Each bin's rows are taken to lie at their mean in their own window. The interval adds and takes away what the area
    between the two errors stays under: a gamma distribution with the mean and variance that this area has.

    >>> wasserstein(Histogram.of([50, 50], [0, 50]), Histogram.of([50, 50], [0, 100])).value
    0.5
    """
    return _wasserstein(Compared(reference, current, windows), standardised)


def _psi(compared: Compared[Feature]) -> Estimate | Exact:
    return _divergence(compared, lambda p, q: float(np.sum((q - p) * np.log(q / p))), _itself, _itself)


def _js_distance(compared: Compared[Feature]) -> Estimate | Exact:
    def distance(p: Floats, q: Floats) -> float:
        middle = (p + q) / 2
        nats = float(np.sum(p * np.log(p / middle)) + np.sum(q * np.log(q / middle))) / 2
        return sqrt(max(nats, 0.0) / log(2))

    return _divergence(compared, distance, _index_of_distance, _distance_of_index)


def _chi_squared(compared: Compared[Feature]) -> Estimate | Exact:
    if (refused := _refused(compared)) is not None:
        return refused
    common = compared.common
    counts = np.array([common.reference, common.current], dtype=float)
    counts = counts[:, counts.any(axis=0)]
    if counts.shape[1] < 2:
        return Exact(0.0, compared.current.n, note="one value throughout")
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    value, degrees = float(np.sum((counts - expected) ** 2 / expected)), counts.shape[1] - 1
    p = f"p {float(chdtrc(degrees, value)):.2g} with {degrees} degree{'' if degrees == 1 else 's'} of freedom"
    bounds = partial(noncentral_limits, value, value, degrees, 1.0, _itself)
    note, n, m = f"{_binned(compared)}; {p}", int(counts[0].sum()), int(counts[1].sum())
    return _held(Estimate(value, m, CHI, bounds, min(n, m), note=note), float(chdtri(degrees, 0.05)), compared)


def _ks(compared: Compared[Histogram]) -> Estimate:
    reference, current = compared.reference, compared.current
    n, m = reference.present, current.present
    method = "Kolmogorov band"
    if not n or not m:
        return undefined(_sizes(n, m, "values"), m, method=method)
    gap = float(np.abs(np.cumsum(reference.counts) / n - np.cumsum(current.counts) / m).max())
    coarse = int(reference.counts.max()) / n
    bounds = partial(_band, gap, sqrt(1 / n + 1 / m), coarse)
    limit = min(float(kolmogi(0.05)) * sqrt(1 / n + 1 / m), 1.0)
    note = f"binning hides at most {rounded_up(coarse)}"
    return _held(Estimate(gap, m, method, bounds, min(n, m), note=note), limit, compared)


def _wasserstein(compared: Compared[Histogram], standardised: bool = False) -> Estimate:
    reference, current = compared.reference, compared.current
    n, m = reference.present, current.present
    method = "gamma bound of the area"
    if not n or not m:
        return undefined(_sizes(n, m, "values"), m, method=method)
    deviation = areas.deviation(reference)
    unit = deviation if standardised else 1.0
    if not unit:
        return undefined("the reference has one value only", m, min(n, m), method)
    area = areas.between(reference, current) / unit
    shape, scale = compared.errors
    bounds = partial(_around, area, shape, scale / unit)
    limit = float(gammainccinv(shape, 0.05)) * scale / unit if shape else 0.0
    note = f"{area * unit / deviation:.2g} reference standard deviations" if deviation and not standardised else ""
    return _held(Estimate(area, m, method, bounds, min(n, m), note=note), limit, compared)


NUMERIC: Mapping[str, Callable[[Compared[Histogram]], Estimate]] = {
    "ks": _ks,
    "wasserstein": _wasserstein,
    "wasserstein_standardised": partial(_wasserstein, standardised=True),
}


def measures(compared: Compared[Feature], names: Iterable[str]) -> Iterator[tuple[str, Estimate | Exact]]:
    """Yields the named measures of one feature, what they share found once; of categories those that they have."""
    for name in names:
        if name == "psi":
            yield name, _psi(compared)
        elif name == "js_distance":
            yield name, _js_distance(compared)
        elif name == "chi_squared":
            yield name, _chi_squared(compared)
        elif isinstance(compared.current, Histogram):
            yield name, NUMERIC[name](compared)


def _sizes(n: int, m: int, what: str) -> str:
    return f"{n} {what} in the reference, {m} now"


def _divergence(
    compared: Compared[Feature],
    value_of: Callable[[Floats, Floats], float],
    inward: Callable[[float], float],
    outward: Callable[[float], float],
) -> Estimate | Exact:
    """Returns a divergence over common bins; `inward` brings its value to the scale of the PSI, `outward` back."""
    if (refused := _refused(compared)) is not None:
        return refused
    common = compared.common
    p, q = _shares(common.reference), _shares(common.current)
    value = value_of(p, q)
    n, m = int(common.reference.sum()), int(common.current.sum())
    unit = 1 / n + 1 / m
    bounds = partial(noncentral_limits, value, inward(value) / unit, common.bins - 1, unit, outward)
    limit = outward(psi_limit(common.bins, n, m))
    return _held(Estimate(value, m, CHI, bounds, min(n, m), note=_binned(compared)), limit, compared)


def _refused(compared: Compared[Feature]) -> Estimate | Exact | None:
    """Returns why two windows have no distance on common bins, None where they have one."""
    reference, current = compared.reference, compared.current
    n, m = reference.n, current.n
    if not n or not m:
        return undefined(_sizes(n, m, "rows"), m, method=CHI)
    if compared.common.bins > 1:
        return None
    if _constant(reference, current):
        return Exact(0.0, m, note="one value throughout")
    return undefined(f"{_sizes(n, m, 'rows')}: too few for two bins", m, min(n, m), CHI)


def _binned(compared: Compared[Feature]) -> str:
    """Returns on how many bins two windows are compared, what is left out, which categories the reference lacks."""
    reference, current, common = compared.reference, compared.current, compared.common
    left = reference.missing + current.missing if len(common.names) and not _counts_missing(common) else 0
    notes = [f"{common.bins} bins", f"{left} missing left out" if left else ""]
    if isinstance(reference, Categories) and isinstance(current, Categories):
        unseen = unseen_categories(reference, current)
        more = f" and {len(unseen) - NAMED} more" if len(unseen) > NAMED else ""
        notes.append(f"not in the reference: {', '.join(unseen[:NAMED])}{more}" if unseen else "")
    return "; ".join(note for note in notes if note)


def _counts_missing(common: Paired) -> bool:
    return isinstance(common.bin_of, dict) or common.names[-1] == "missing"


def _constant(reference: Feature, current: Feature) -> bool:
    if isinstance(reference, Histogram) and isinstance(current, Histogram):
        used = int(np.count_nonzero(reference.counts + current.counts))
    else:
        used = len({name for side in (reference, current) for name, count in side.counts.items() if count})
    return used + bool(reference.missing + current.missing) < 2


def _shares(counts: NDArray[np.int64]) -> Floats:
    shares: Floats = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
    return shares


def _itself(value: float) -> float:
    return value


def _index_of_distance(distance: float) -> float:
    return 8 * log(2) * distance * distance


def _distance_of_index(index: float) -> float:
    return min(sqrt(index / (8 * log(2))), 1.0)


def _held(measure: Estimate, limit: float, compared: Compared[Feature]) -> Estimate:
    """Returns the measure with its limit under no drift in the note, its lower limit held by the earlier windows."""
    p, windows = compared.p, compared.windows
    days = "days assumed independent" if p is None else f"p {p:.2g} among {len(windows)} earlier windows"
    if p is None and windows:
        days += f" ({len(windows)} earlier windows, {ENOUGH} needed)"
    notes = [measure.note, f"without drift under {limit:.2g} in 95 of 100", days]
    bounds = measure.bounds if p is None else partial(_held_limits, measure.bounds, p)
    return Estimate(
        measure.value,
        measure.n,
        measure.method,
        bounds,
        measure.smallest,
        note="; ".join(part for part in notes if part),
    )


def _held_limits(bounds: Callable[[float], Limits], p: float, level: float) -> Limits:
    low, high = bounds(level)
    return (0.0 if p > 1 - level else low), high


def _band(gap: float, unit: float, coarse: float, level: float) -> Limits:
    reach = float(kolmogi(1 - level)) * unit
    return max(gap - reach, 0.0), min(gap + reach + coarse, 1.0)


def _around(area: float, shape: float, scale: float, level: float) -> Limits:
    reach = float(gammainccinv(shape, 1 - level)) * scale if shape else 0.0
    return max(area - reach, 0.0), area + reach
