"""How often the model errs, by experts' review: a random audit with known inclusion probabilities, and flags beside it.

Flags are no sample: how likely an expert is to flag an error is unknown and differs by group. So the cases flagged
before the cut-off (F) count as themselves, once each, and stand for nobody else; the random audit (S) stands for the
rest (U), each case for 1/pi of them. What comes from flags alone is a count (`Upheld`), never a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.errors import EvenhandError
from dashboard.rates import Estimate, Limits, undefined, wilson, z_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
METHOD = "Hajek, Wilson on n_eff"
LEAST = 30  # reviewed positives (or negatives) behind a rate of them


@dataclass(frozen=True, slots=True)
class Frame:
    """Says how many cases of a group could have been drawn: `cases`, of them `rest` not flagged before the cut-off."""

    cases: int
    rest: int


@dataclass(frozen=True, slots=True)
class Upheld:
    """Holds how many of the flags that were reviewed turned out to be errors: counts, never a rate of the model's.

    >>> str(Upheld(31, 44))
    '31 of 44 upheld'
    """

    upheld: int
    flags: int

    def __str__(self) -> str:
        return f"{self.upheld} of {self.flags} upheld"


@dataclass(frozen=True, slots=True)
class AuditedRate:
    """Holds a rate estimated from review: (known + rest x q) / cases, Wilson's interval for q on `n_eff` cases.

    `known` is what the flagged cases add, certain; `n_eff` is inf where nothing is left to chance. It is a `Measure`:
    n and `minimum()` are the reviewed cases behind it, numerator and denominator estimated totals of the frame.
    """

    q: float
    n_eff: float
    n: int
    numerator: float
    denominator: float
    known: float = 0.0
    rest: float = 1.0
    cases: float = 1.0
    note: str = ""

    @property
    def value(self) -> float:
        return self._shifted(self.q)

    @property
    def method(self) -> str:
        return METHOD

    def interval(self, level: float = 0.95) -> Limits:
        z_of(level)  # refuses a level outside (0, 1)
        if self.n_eff == inf:
            return self.value, self.value
        low, high = wilson(self.q * self.n_eff, self.n_eff, level)
        return self._shifted(low), self._shifted(high)

    def minimum(self) -> int:
        return self.n

    def _shifted(self, q: float) -> float:
        return (self.known + self.rest * q) / self.cases


@dataclass(frozen=True, eq=False)
class Reviewed:
    """Holds the cases that were flagged or drawn, an entry each, and the `frames` they come from by name of the group.

    `decision` and `answer` are True where positive (the answer where nobody has reviewed the case counts for nothing);
    `pi` is the inclusion probability stored when the case was queued, over all random parts together; `flagged` says
    who was flagged before the cut-off, all others were drawn. A case drawn and `reviewed` by nobody lends its weight to
    the others of its `stratum`: their pi is multiplied by the stratum's response rate (`response`, worked out
    here; only a part of the cases is given the whole's).
    """

    group: NDArray[np.str_]
    decision: Flags
    answer: Flags
    pi: Floats
    flagged: Flags
    reviewed: Flags
    frames: Mapping[str, Frame]
    stratum: NDArray[np.str_] | None = None
    response: Floats = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        drawn = ~self.flagged
        if bool(((self.pi[drawn] <= 0) | (self.pi[drawn] > 1)).any()):
            raise EvenhandError("A drawn case has an inclusion probability outside (0, 1].", "The one stored with it")
        for name, frame in self.frames.items():
            flags = int((self.flagged & (self.group == name)).sum())
            if frame.cases - frame.rest != flags:
                found = f"Group {name} has {frame.cases} cases, {frame.rest} of them not flagged, and {flags} flags."
                raise EvenhandError(found, "Cases less flags are what is not flagged")
        if self.response.size != self.pi.size:
            object.__setattr__(self, "response", self._response())

    def _response(self) -> Floats:
        """Returns for each case the share of those drawn in its stratum that were reviewed; 1 for flags."""
        rate = np.ones(self.pi.size)
        strata = self.group if self.stratum is None else self.stratum
        for name in np.unique(strata[~self.flagged]):
            here = (strata == name) & ~self.flagged
            rate[here] = self.reviewed[here].mean()
        return rate

    def of(self, group: str) -> Reviewed:
        """Returns one group's cases; response rates stay those of the whole strata."""
        here = self.group == group
        return Reviewed(
            self.group[here], self.decision[here], self.answer[here], self.pi[here], self.flagged[here],
            self.reviewed[here], {group: self.frames[group]}, response=self.response[here],
        )  # fmt: skip

    @property
    def frame(self) -> Frame:
        """All cases there are, and the rest of them."""
        return Frame(sum(f.cases for f in self.frames.values()), sum(f.rest for f in self.frames.values()))

    def upheld(self) -> Upheld:
        """Returns how many of the flags that have been reviewed are errors of the model."""
        there = self.flagged & self.reviewed
        return Upheld(int((there & (self.decision != self.answer)).sum()), int(there.sum()))


@dataclass(frozen=True)
class _Sample:
    """What the estimators take: the flagged cases as they are, those drawn and reviewed with what each stands for."""

    decision: Flags
    answer: Flags
    pi: Floats
    weight: Floats
    drawn: Flags

    def variance(self, influence: Floats) -> float:
        """Returns sum over S of (1 - pi) w^2 e^2."""
        return float(((1 - self.pi) * (self.weight * influence) ** 2)[self.drawn].sum())


def error_rate(cases: Reviewed) -> Estimate | AuditedRate:
    """Returns the share of all cases whose decision is wrong, in [0, 1]; 0 is best.

    q = sum_S(y/pi) / sum_S(1/pi), theta = (sum_F y + |U| q) / N, y = 1 where decision and answer differ. With
    V = sum_S (1 - pi)/pi^2 (y - q)^2 / (sum_S 1/pi)^2 the interval is Wilson's for q on
    n_eff = min(q (1 - q)/V, (sum_S 1/pi)^2 / sum_S (1 - pi)/pi^2), the second alone where q is 0 or 1, shifted by F.
    Source: Hajek, in Godambe and Sprott (1971) 236; Kott and Liu, Int. Stat. Rev. 77 (2009) 251, for Wilson on n_eff.

    >>> found = error_rate(plain(decision=[1] * 10, answer=[0] + [1] * 9, pi=0.1, cases=100))
    >>> found.value, [round(limit, 3) for limit in found.interval()]
    (0.1, [0.019, 0.386])
    """
    sample = _sample(cases)
    if isinstance(sample, Estimate):
        return sample
    whole = cases.frame
    wrong = sample.decision != sample.answer
    known = float(wrong[~sample.drawn].sum())
    q, n_eff = 0.0, inf
    if whole.rest:
        y, share = wrong.astype(float), sample.weight / whole.rest
        q = min(float((y * share)[sample.drawn].sum()), 1.0)
        n_eff = _n_eff(q, sample.variance(y - q) / whole.rest**2, sample.variance(np.ones(y.size)) / whole.rest**2)
    found = AuditedRate(q, n_eff, wrong.size, known + whole.rest * q, whole.cases, known, whole.rest, whole.cases)
    return replace(found, note=_note(cases, found))


def true_positive_rate(cases: Reviewed) -> Estimate | AuditedRate:
    """Returns the share of positive cases that the model finds, in [0, 1]; 1 is best, 30 reviewed positives needed.

    TP/P, both totals over F (weight 1) and S (weight w = |U|/(pi sum 1/pi)); e = y (d - rate),
    V = sum_S (1 - pi) w^2 e^2 / P^2, n_eff = min(r (1 - r)/V, P^2 / sum_{S, y=1} (1 - pi) w^2), Wilson. Where flags
    alone hold the positives the audit says nothing of those that nobody flagged: it cannot be computed.

    >>> true_positive_rate(plain(decision=[1] * 10, answer=[1] * 10, pi=0.1, cases=100)).note
    'cannot be computed: 10 reviewed positives, at least 30 are needed'
    """
    return _of_those(cases, True, "positives")


def false_positive_rate(cases: Reviewed) -> Estimate | AuditedRate:
    """Returns the share of negative cases that the model calls positive, in [0, 1]; 0 is best.

    As `true_positive_rate`, over the reviewed negatives, of which it needs 30.
    """
    return _of_those(cases, False, "negatives")


def plain(
    decision: ArrayLike, answer: ArrayLike, pi: ArrayLike, cases: int, flagged: ArrayLike = False,
    reviewed: ArrayLike = True,
) -> Reviewed:  # fmt: skip
    """Returns the cases of a single group, named "all", from a value for each or one for all."""
    decided = np.asarray(decision, dtype=bool)
    shape = decided.shape
    flags = np.broadcast_to(np.asarray(flagged, dtype=bool), shape)
    frames = {"all": Frame(cases, cases - int(flags.sum()))}
    chance = np.broadcast_to(np.asarray(pi, dtype=float), shape)
    looked = np.broadcast_to(np.asarray(reviewed, dtype=bool), shape)
    return Reviewed(np.full(shape, "all"), decided, np.asarray(answer, dtype=bool), chance, flags, looked, frames)


def _of_those(cases: Reviewed, positive: bool, called: str) -> Estimate | AuditedRate:
    sample = _sample(cases)
    if isinstance(sample, Estimate):
        return sample
    among = sample.answer == positive
    n = int(among.sum())
    if n < LEAST:
        return undefined(f"{n} reviewed {called}, at least {LEAST} are needed", n, n, METHOD)
    if cases.frame.rest and not (among & sample.drawn).any():
        return undefined(f"the random audit found no {called}, flags alone are no sample", n, n, METHOD)
    total = float(sample.weight[among].sum())
    hits = float(sample.weight[among & sample.decision].sum())
    r, y = min(hits / total, 1.0), among.astype(float)
    spread, most = sample.variance(y * (sample.decision - r)), sample.variance(y)
    found = AuditedRate(r, _n_eff(r, spread / total**2, most / total**2), n, hits, total)
    return replace(found, note=_note(cases, found))


def _n_eff(q: float, variance: float, largest: float) -> float:
    """Returns how many independent cases the estimate is worth, `largest` being the variance were all y - q equal 1."""
    most = 1 / largest if largest > 0 else inf
    seen = q * (1 - q) / variance if 0 < q < 1 and variance > 0 else inf
    return min(seen, most)


def _sample(cases: Reviewed) -> _Sample | Estimate:
    """Returns what was reviewed, with weights that sum to |U| over S; or says why nothing can be estimated."""
    whole, waiting = cases.frame, int((cases.flagged & ~cases.reviewed).sum())
    if not whole.cases:
        return undefined("no cases", method=METHOD)
    if waiting:
        flags = int(cases.flagged.sum())
        return undefined(f"{waiting} of {flags} flagged cases are not reviewed yet", method=METHOD)
    there = cases.reviewed
    drawn = ~cases.flagged[there]
    if whole.rest and not drawn.any():
        return undefined("nothing of a random audit is reviewed, flags alone are no sample", method=METHOD)
    pi = np.where(drawn, cases.pi[there] * cases.response[there], 1.0)
    scale = whole.rest / float((1 / pi[drawn]).sum()) if drawn.any() else 0.0
    return _Sample(cases.decision[there], cases.answer[there], pi, np.where(drawn, scale / pi, 1.0), drawn)


def _note(cases: Reviewed, found: AuditedRate) -> str:
    drawn = ~cases.flagged
    missed = int((drawn & ~cases.reviewed).sum())
    parts = [] if found.n_eff == inf else [f"about {found.n_eff:.0f} independent"]
    if missed:
        parts.append(
            f"{missed} of {int(drawn.sum())} drawn are not reviewed: taken to be like the rest of their stratum"
        )
    unseen = int((drawn & (cases.response == 0)).sum())
    if unseen:
        parts.append(f"{unseen} of them in strata nobody reviewed, which the number leaves out")
    return "; ".join(parts)
