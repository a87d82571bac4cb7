"""Readings of a regression: how far off, for everybody and by group, from sums of errors in the frozen units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dashboard.bins import Scale
from dashboard.metrics import errors, losses
from dashboard.metrics.clusters import loss_design_effect
from dashboard.metrics.errors import LARGEST, SCALE, Moments, in_unit
from dashboard.rates import SUBJECT_BUCKETS, Exact, Measure, Rate, undefined
from dashboard.report.cells import Key, arrays, ordered, rows
from dashboard.report.scope import Place, Reading, Scope, reading

if TYPE_CHECKING:
    from dashboard.report.performance import Source

Floats = NDArray[np.float64]


class Sums(NamedTuple):
    """What sql/read/errors.sql adds up, in the same order."""

    n: int = 0
    labelled: int = 0
    error: int = 0
    absolute: int = 0
    square: int = 0
    fourth: int = 0
    label: int = 0
    label_sq: int = 0
    label_cube: int = 0
    label_fourth: int = 0
    square_label: int = 0
    square_label_sq: int = 0
    relative: int = 0
    relative_sum: int = 0
    relative_sq: int = 0
    beyond: int = 0
    clipped: int = 0
    label_clipped: int = 0
    relative_clipped: int = 0


class Buckets(NamedTuple):
    """The same by subject bucket, as sql/read/subject_errors.sql has it."""

    labelled: Floats
    error: Floats
    absolute: Floats
    square: Floats
    label: Floats
    label_sq: Floats
    relative: Floats
    relative_sum: Floats
    beyond: Floats


@dataclass(frozen=True)
class Errors:
    """What is known of one group's errors in one period and version; `bins` counts them by size."""

    sums: Sums
    scale: Scale
    tolerance: float | None
    bins: Floats | None = None
    buckets: Buckets | None = None

    @cached_property
    def squares(self) -> int:
        """The sum of squared errors, times SCALE: the rollup's is in steps squared."""
        return self.sums.square // SCALE

    @cached_property
    def moments(self) -> Moments:
        s = self.sums
        powers = (s.label_cube, s.label_fourth, s.square_label, s.square_label_sq)
        units = (self.scale.error, self.scale.label)
        return Moments(s.labelled, self.squares, s.fourth, s.label, s.label_sq // SCALE, *powers, *units)

    def deff(self, of: str, squares: int, rows: str = "labelled") -> float:
        """Returns the design effect of a mean of what is summed as `of`, whose squares add up to `squares`."""
        if self.buckets is None:
            return 1.0
        totals, counts = getattr(self.buckets, of), getattr(self.buckets, rows)
        if of == "square":
            return loss_design_effect(counts, totals / SCALE, self.squares, squares, SCALE)
        return loss_design_effect(counts, totals, getattr(self.sums, of), squares, SCALE)

    def note(self, power: int) -> str:
        """Returns what is to be known of a mean of |error|^power: a heavy tail, errors that were cut off."""
        tail = "" if self.bins is None else errors.heavy_tail(self.bins, power)
        return "; ".join(part for part in (tail, self.cut) if part)

    @property
    def cut(self) -> str:
        """Returns how many errors are counted as less than they are."""
        n, most = self.sums.clipped, LARGEST * self.scale.error
        return f"at least: of {n} row{'' if n == 1 else 's'} only {most:g} is counted" if n else ""


def _mean_absolute_error(found: Errors) -> Measure:
    deff = found.deff("absolute", found.squares)
    s = found.sums
    measured = losses.mean_absolute_error(s.absolute, found.squares, s.labelled, SCALE, deff, found.note(1))
    return in_unit(measured, found.scale.error)


def _root_mean_squared_error(found: Errors) -> Measure:
    deff = found.deff("square", found.sums.fourth)
    s = found.sums
    measured = losses.root_mean_squared_error(found.squares, s.fourth, s.labelled, SCALE, deff, found.note(2))
    return in_unit(measured, found.scale.error, power=2)


def _mean_error(found: Errors) -> Measure:
    deff = found.deff("error", found.squares)
    measured = losses.mean_error(found.sums.error, found.squares, found.sums.labelled, SCALE, deff)
    return in_unit(measured, found.scale.error)


def _median_absolute_error(found: Errors) -> Measure:
    if found.bins is None:
        many = found.sums.labelled > 0
        why = "errors are binned for the largest groups only" if many else "0 rows"
        return undefined(why, found.sums.labelled, found.sums.labelled, "order statistics")
    return errors.median_absolute_error(found.bins, found.scale.error, found.deff("absolute", found.squares))


def _r2_score(found: Errors) -> Measure:
    b, far = found.buckets, found.sums.clipped + found.sums.label_clipped
    deff = 1.0
    if b is not None:
        deff = errors.r2_design_effect(found.moments, b.labelled, b.square / SCALE, b.label, b.label_sq / SCALE)
    measured = errors.r2_score(found.moments, deff)
    told = f"{far} absurdly large value{'' if far == 1 else 's'} cut off" if far else ""
    return replace(measured, note="; ".join(part for part in (measured.note, told) if part))


def _mean_absolute_percentage_error(found: Errors) -> Measure:
    s = found.sums
    squares = s.relative_sq // SCALE
    deff = found.deff("relative_sum", squares, "relative")
    n = s.relative_clipped
    cut = f"at least: of {n} row{'' if n == 1 else 's'} only {LARGEST:.0%} is counted" if n else ""
    return errors.mean_absolute_percentage_error(
        s.relative_sum, squares, s.relative, s.labelled - s.relative, deff, cut
    )


def _beyond_tolerance_rate(found: Errors) -> Measure:
    s = found.sums
    if found.tolerance is None:
        return undefined("the contract names no tolerance ([model] tolerance = ...)", s.labelled, s.labelled, "Wilson")
    buckets = (found.buckets.beyond, found.buckets.labelled) if found.buckets else None
    return errors.beyond_tolerance_rate(s.beyond, s.labelled, buckets)


MEASURES: dict[str, Callable[[Errors], Measure]] = {
    "mean_absolute_error": _mean_absolute_error,
    "median_absolute_error": _median_absolute_error,
    "root_mean_squared_error": _root_mean_squared_error,
    "mean_error": _mean_error,
    "r2_score": _r2_score,
    "mean_absolute_percentage_error": _mean_absolute_percentage_error,
    "beyond_tolerance_rate": _beyond_tolerance_rate,
    "count": lambda found: Exact(float(found.sums.n), found.sums.n, found.sums.n),
    "label_coverage": lambda found: Rate(found.sums.labelled, found.sums.n),
}
BARS, TAIL = 60, 0.005
BINNED = ("mean_absolute_error", "median_absolute_error", "root_mean_squared_error")


def error_readings(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    """Yields a regression's readings for everybody ('') or each group of an attribute, by period and version."""
    wanted = [name for name in MEASURES if scope.wants(name)]
    if not wanted:
        return
    for (bucket, version, group), found in ordered(error_sums(source, scope, attribute)):
        place = Place(version, attribute or None, group if attribute else None, bucket=bucket)
        for name in wanted:
            yield reading(scope, name, place, MEASURES[name](found))


def error_sums(source: Source, scope: Scope, attribute: str) -> dict[Key, Errors]:
    """Returns what is known of the errors of an attribute's groups ('' is everybody) in each period and version."""
    parameters = scope.parameters(source.contract, attribute=attribute)
    found = {
        (bucket, version, group): Sums(*(int(value or 0) for value in sums))
        for bucket, version, group, *sums in rows(source.snapshot, "errors", parameters)
    }
    if not found and not scope.by and not attribute:
        found = {(None, None if scope.version == "*" else scope.version, ""): Sums()}
    scale, tolerance = source.bins.scale, source.contract.tolerance
    if scale is None:
        return {}
    bins = _bins(source, parameters) if scope.any_of(*BINNED) else {}
    buckets = _buckets(source, parameters) if "subject" in source.contract.columns else {}
    return {key: Errors(sums, scale, tolerance, bins.get(key), buckets.get(key)) for key, sums in found.items()}


def _bins(source: Source, parameters: dict[str, object]) -> dict[Key, Floats]:
    """Returns the counts by bin of |error|."""
    size = len(errors.edges()) + 1
    return {
        (bucket, version, group): np.bincount(np.abs(bins), weights=counts, minlength=size).astype(float)
        for bucket, version, group, bins, counts in arrays(source.snapshot, "error_bins", parameters)
    }


def _buckets(source: Source, parameters: dict[str, object]) -> dict[Key, Buckets]:
    found = {}
    for bucket, version, group, hashes, *sums in arrays(source.snapshot, "subject_errors", parameters):
        placed = np.zeros((len(sums), SUBJECT_BUCKETS))
        placed[:, hashes] = np.array(sums)
        found[bucket, version, group] = Buckets(*placed)
    return found


def error_bars(source: Source, scope: Scope) -> tuple[Floats, Floats]:
    """Returns the scope's errors as bars: the edges, in the label's unit, and how many of 1 lie in each.

    About BARS bars of one round width around 0 hold all but the 0.5 % farthest out on each side, which are in no bar.
    A bin that lies in two bars is shared out between them. Both are empty where nothing is labelled.
    """
    scale, largest = source.bins.scale, len(errors.edges())
    parameters = replace(scope, by=None).parameters(source.contract, attribute="")
    found = arrays(source.snapshot, "error_bins", parameters)
    counts = sum((np.bincount(b + largest, n, 2 * largest + 1) for *_, b, n in found), np.zeros(2 * largest + 1))
    if scale is None or not counts.sum():
        return np.zeros(0), np.zeros(0)
    known = np.array([*errors.edges(), errors.edges()[-1]]) * scale.error
    bounds = np.concatenate((-known[::-1], known))  # bin k lies between bounds k and k + 1, the middle one around 0
    shares = np.concatenate(([0.0], np.cumsum(counts) / counts.sum()))
    low, high = np.interp([TAIL, 1 - TAIL], shares, bounds)
    width = _round_width(2 * max(-low, high) / BARS)
    edges = np.arange(np.floor(low / width + 0.5), np.ceil(high / width - 0.5) + 2) * width - width / 2
    return edges, np.diff(np.interp(edges, bounds, shares))


def _round_width(rough: float) -> float:
    """Returns the smallest of 1, 2, 2.5 and 5 times a power of ten that is not below a width > 0.

    >>> _round_width(0.13), _round_width(3.0)
    (0.2, 5.0)
    """
    power = 10.0 ** np.floor(np.log10(rough))
    return float(next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999))
