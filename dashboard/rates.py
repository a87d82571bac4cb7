"""Rates as pairs of counts, with their intervals, differences and ratios.

A rate is never a bare number: it carries the counts it was made from, an interval at any level, and says so where it
cannot be computed. Everything with a number and an interval is a `Measure`; intervals are nested in the level, which is
what lets the policy turn an interval into a p-value by asking for other levels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Protocol, Self

from dashboard.rates_limits import wider as wider
from dashboard.rates_limits import wilson as wilson
from dashboard.rates_limits import z_of as z_of

Limits = tuple[float | None, float | None]
NO_LIMITS: Limits = (None, None)
SUBJECT_BUCKETS = 256


class Measure(Protocol):
    """Describes anything with a value and an interval; a `value` of None cannot be computed: `note` says why."""

    @property
    def value(self) -> float | None: ...
    @property
    def n(self) -> int: ...
    @property
    def numerator(self) -> float | None: ...
    @property
    def denominator(self) -> float | None: ...
    @property
    def method(self) -> str: ...
    @property
    def note(self) -> str: ...

    def interval(self, level: float = 0.95) -> Limits:
        """Returns (low, high), None for a side without a limit; a higher level contains a lower one."""
        ...

    def minimum(self) -> int:
        """Returns the smallest denominator behind the value, which a policy's `minimum_n` is compared with."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """Returns hits of trials with Wilson's interval; trials / `deff` of them are independent.

    `deff` is the design effect of clustered trials, at least 1. Of a weighted log, hits and trials are sums of weights,
    `rows` says how many cases they are of, and trials / `deff` is Kish's (sum w)^2 / sum w^2.

    >>> Rate(118, 193).value
    0.6113989637305699
    >>> [round(limit, 3) for limit in Rate(118, 193).interval()]
    [0.541, 0.677]
    >>> Rate(0, 0).value, Rate(0, 0).note
    (None, 'cannot be computed: 0 of 0')
    """

    hits: float
    trials: float
    deff: float = 1.0
    rows: int | None = None

    @property
    def value(self) -> float | None:
        return self.hits / self.trials if self.trials else None

    @property
    def n(self) -> int:
        return int(self.trials) if self.rows is None else self.rows

    @property
    def numerator(self) -> float | None:
        return self.hits

    @property
    def denominator(self) -> float | None:
        return self.trials

    @property
    def method(self) -> str:
        return "Wilson"

    @property
    def note(self) -> str:
        if not self.trials:
            return "cannot be computed: 0 of 0"
        return f"about {self.independent:.0f} independent" if self.clustered else ""

    @property
    def independent(self) -> float:
        """How many independent trials these are worth."""
        return self.trials / self.deff

    @property
    def clustered(self) -> bool:
        """Whether they are worth less than their number."""
        return self.deff > 1 if self.rows is None else self.independent < self.rows * (1 - 1e-9)

    def interval(self, level: float = 0.95) -> Limits:
        return wilson(self.hits / self.deff, self.trials / self.deff, level) if self.trials else NO_LIMITS

    def minimum(self) -> int:
        return self.n

    def at(self, value: float) -> Rate | None:
        """Returns as many trials with another value; None where no rate has it."""
        return replace(self, hits=value * self.trials) if self.trials and 0 <= value <= 1 else None

    def limits(self, level: float) -> tuple[float, float, float]:
        """Returns (value, low, high) of a rate that can be computed."""
        return self.hits / self.trials, *wilson(self.hits / self.deff, self.trials / self.deff, level)

    def wider(self, level: float) -> tuple[float, float, float]:
        """Returns (value, low, high) as contrasts take them: at each end the wider of Wilson's and Jeffreys' limits."""
        return self.hits / self.trials, *wider(self.hits / self.deff, self.trials / self.deff, level)


@dataclass(frozen=True, slots=True)
class _Contrast:
    """Holds what a difference and a ratio have in common: two rates, and which of them are empty."""

    group: Rate
    reference: Rate

    @property
    def n(self) -> int:
        return self.group.n

    @property
    def numerator(self) -> float | None:
        return self.group.hits

    @property
    def denominator(self) -> float | None:
        return self.group.trials

    @property
    def note(self) -> str:
        empty = [name for name, rate in (("group", self.group), ("reference", self.reference)) if not rate.trials]
        if empty:
            return f"cannot be computed: {' and '.join(empty)} 0 of 0"
        if self.group.clustered or self.reference.clustered:
            return f"about {self.group.independent:.0f} against {self.reference.independent:.0f} independent"
        return ""

    def minimum(self) -> int:
        return min(self.group.n, self.reference.n)

    def with_rate(self, value: float) -> Self | None:
        """Returns the same reference and as many trials of the group with another rate; None where there is none."""
        group = self.group.at(value)
        return None if group is None else replace(self, group=group)

    def computable(self) -> bool:
        """Returns whether both rates have trials."""
        return self.group.trials > 0 and self.reference.trials > 0


@dataclass(frozen=True, slots=True)
class Difference(_Contrast):
    """Returns group minus reference, in [-1, 1], 0 is best; MOVER from the wider of Wilson's and Jeffreys' limits.

    Newcombe's formula joins how far each rate lies from its limit. With Wilson's limits alone it errs far out in the
    tail, where a family is judged; docs/verdicts.md says by how much. Source: Newcombe, Statistics in Medicine 17
    (1998) 873, method 10; Zou and Donner, Statistics in Medicine 27 (2008) 1693.

    >>> difference = Difference(Rate(56, 70), Rate(48, 80))
    >>> round(difference.value, 3), [round(limit, 4) for limit in difference.interval()]
    (0.2, [0.0512, 0.3359])
    """

    @property
    def value(self) -> float | None:
        if not self.computable():
            return None
        return self.group.hits / self.group.trials - self.reference.hits / self.reference.trials

    def at(self, value: float) -> Self | None:
        """Returns the same trials with another difference."""
        return self.with_rate(self.reference.hits / self.reference.trials + value) if self.computable() else None

    @property
    def method(self) -> str:
        return "MOVER, Wilson and Jeffreys"

    def interval(self, level: float = 0.95) -> Limits:
        if not self.computable():
            return NO_LIMITS
        p, low, high = self.group.wider(level)
        q, below, above = self.reference.wider(level)
        return p - q - sqrt((p - low) ** 2 + (above - q) ** 2), p - q + sqrt((high - p) ** 2 + (q - below) ** 2)


def mover_ratio(group: tuple[float, float, float], reference: tuple[float, float, float]) -> tuple[float, float]:
    """Returns the MOVER-R interval of a ratio from two (value, low, high); inf where there is no upper limit.

    The limits are the roots x of (p - x q)^2 = (p - low)^2 + x^2 (above - q)^2 and its mirror image, written so that
    nothing is divided by a difference that can vanish. Source: Donner and Zou, Stat. Methods Med. Res. 21 (2012) 347.
    """
    (p, low, high), (q, below, above) = group, reference
    product, least, most = p * q, low * (2 * p - low), above * (2 * q - above)
    root = product + sqrt(max(product * product - least * most, 0.0))
    lower = least / root if root > 0 else 0.0
    least, most = below * (2 * q - below), high * (2 * p - high)
    root = product + sqrt(max(product * product - least * most, 0.0))
    return max(lower, 0.0), root / least if least > 0 else inf


@dataclass(frozen=True, slots=True)
class Ratio(_Contrast):
    """Returns group over reference, 1 is best; MOVER-R from the limits that `Difference` joins.

    It lies entirely under or over 1 exactly where the difference lies entirely under or over 0.

    >>> ratio = Ratio(Rate(24, 119), Rate(52, 119))
    >>> round(ratio.value, 4), [round(limit, 4) for limit in ratio.interval()]
    (0.4615, [0.3016, 0.692])
    >>> Ratio(Rate(5, 10), Rate(0, 10)).interval()[1] is None
    True
    """

    @property
    def value(self) -> float | None:
        if not self.computable() or not self.reference.hits:
            return None
        return self.group.hits * self.reference.trials / (self.group.trials * self.reference.hits)

    def at(self, value: float) -> Self | None:
        """Returns the same trials with another ratio."""
        return self.with_rate(self.reference.hits / self.reference.trials * value) if self.computable() else None

    @property
    def method(self) -> str:
        return "MOVER-R, Wilson and Jeffreys"

    @property
    def note(self) -> str:
        # Named, not super(): slots make a new class, which the zero-argument super() does not know.
        said = _Contrast.note.fget(self)  # type: ignore[attr-defined]
        if self.computable() and not self.reference.hits:
            return f"cannot be computed: the reference's rate is 0 of {self.reference.trials:.10g}; no upper limit"
        return str(said)

    def interval(self, level: float = 0.95) -> Limits:
        if not self.computable():
            return NO_LIMITS
        low, high = mover_ratio(self.group.wider(level), self.reference.wider(level))
        return low, None if high == inf else high


@dataclass(frozen=True, slots=True)
class Estimate:
    """Holds a measure whose interval is a function of the level; `smallest` answers `minimum()`.

    `bounds` is a module-level function or a `functools.partial` of one, so that an estimate can be pickled.
    """

    value: float | None
    n: int
    method: str
    bounds: Callable[[float], Limits]
    smallest: int
    numerator: float | None = None
    denominator: float | None = None
    note: str = ""

    def interval(self, level: float = 0.95) -> Limits:
        z_of(level)  # refuses a level outside (0, 1)
        return self.bounds(level)

    def minimum(self) -> int:
        return self.smallest


def _no_limits(level: float) -> Limits:
    return NO_LIMITS


def undefined(why: str, n: int = 0, smallest: int = 0, method: str = "") -> Estimate:
    """Returns a measure without a value, which says why.

    >>> undefined("no labels").note
    'cannot be computed: no labels'
    """
    return Estimate(None, n, method, _no_limits, smallest, note=f"cannot be computed: {why}")


@dataclass(frozen=True, slots=True)
class Exact:
    """Holds a number that was counted, not estimated: its interval is itself."""

    value: float
    n: int
    numerator: float | None = None
    denominator: float | None = None
    note: str = ""

    @property
    def method(self) -> str:
        return "counted"

    def interval(self, level: float = 0.95) -> Limits:
        return self.value, self.value

    def minimum(self) -> int:
        return self.n
