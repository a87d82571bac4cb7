"""Which cases experts are asked about: drawn at random without replacement, each with a known inclusion probability.

Two random parts are drawn, one without regard to the other, from all candidates: an audit stratified by group, so that
small groups get enough, and uncertain cases, the likelier the nearer their score lies to the threshold. Gold cases,
whose answer is known, show how well experts answer and are no part of any estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.errors import EvenhandError

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
LEAST_RANDOM = 0.4
FURTHEST = 0.1  # the chance of the score furthest from the threshold, that of the nearest being 1


@dataclass(frozen=True, slots=True)
class Shares:
    """Says how a budget is split: the stratified audit (at least 40 %), uncertain cases, gold.

    >>> Shares(0.3, 0.7)
    Traceback (most recent call last):
    dashboard.errors.EvenhandError: The random audit has a share of 0.3. At least 0.4. Take it from the other parts.
    """

    audit: float = 0.6
    uncertain: float = 0.3
    gold: float = 0.1

    def __post_init__(self) -> None:
        if not self.audit >= LEAST_RANDOM:
            found = f"The random audit has a share of {self.audit:g}."
            raise EvenhandError(found, f"At least {LEAST_RANDOM}", "Take it from the other parts")
        if min(self.uncertain, self.gold) < 0 or abs(self.audit + self.uncertain + self.gold - 1) > 1e-9:
            raise EvenhandError("The shares of a budget are not parts of 1.", "Three shares that sum to 1")

    def split(self, budget: int) -> tuple[int, int, int]:
        """Returns how many of each part; what does not come out even goes to the audit.

        >>> Shares().split(25)
        (16, 7, 2)
        """
        uncertain, gold = (int(share * budget + 1e-9) for share in (self.uncertain, self.gold))
        return budget - uncertain - gold, uncertain, gold


@dataclass(frozen=True, eq=False)
class Design:
    """Holds the inclusion probability of each candidate in the audit, among the uncertain, and in one or the other.

    A case drawn twice is asked about once, so that the expected number of cases is the sum of `pi`, a few less than
    the budget.
    """

    audit: Floats
    uncertain: Floats
    stratum: Whole
    sizes: Whole

    @property
    def pi(self) -> Floats:
        """The probability of being drawn at all: 1 - (1 - audit)(1 - uncertain), exact: the draws are independent."""
        return 1 - (1 - self.audit) * (1 - self.uncertain)


def design(group: ArrayLike, score: ArrayLike, threshold: ArrayLike, audit: int, uncertain: int) -> Design:
    """Returns the inclusion probabilities of the candidates, for so many cases of each part.

    `threshold` is one for all or one for each. Of an audit of at least as many cases as there are, all are taken.
    """
    names = np.asarray(group)
    scores, cut = np.broadcast_arrays(np.asarray(score, dtype=float), np.asarray(threshold, dtype=float))
    _, stratum = np.unique(names, return_inverse=True)
    frame = np.bincount(stratum)
    sizes = allocation(frame, audit)
    chance = proportional(closeness(scores, cut), uncertain)
    return Design((sizes / frame)[stratum], chance, stratum.astype(np.int64), sizes)


def draw(plan: Design, seed: int) -> tuple[Whole, Whole]:
    """Returns the places of the cases in the audit and of the uncertain ones; a case may be in both.

    >>> plan = design(["F", "M", "M", "M"], [0.1, 0.5, 0.6, 0.9], 0.5, audit=2, uncertain=1)
    >>> [part.size for part in draw(plan, seed=1)], round(float(plan.pi.sum()), 2)
    ([2, 1], 2.62)
    """
    random = np.random.default_rng(seed)
    order = random.permutation(plan.stratum.size)
    order = order[np.argsort(plan.stratum[order], kind="stable")]
    frame = np.bincount(plan.stratum)
    place = np.arange(order.size) - np.repeat(np.cumsum(frame) - frame, frame)
    audit = order[place < plan.sizes[plan.stratum[order]]]
    return np.sort(audit), systematic(plan.uncertain, random)


def draw_gold(known: int, wanted: int, seed: int) -> Whole:
    """Returns the places of as many of the cases whose answer is known as are wanted, or all; they estimate nothing."""
    return np.sort(np.random.default_rng(seed).permutation(known)[:wanted])


def allocation(frame: ArrayLike, budget: int) -> Whole:
    """Returns how many to draw of each group, by the square root of its size, at most all of it, at least one.

    By size a small group would get too few to say anything, by equal parts a large one too few for the whole. The
    largest remainders round up. Source: Bankier, JASA 83 (1988) 174, power allocation.

    >>> allocation([10_000, 400, 100], 100).tolist()
    [77, 15, 8]
    >>> allocation([10_000, 3], 50).tolist()
    [49, 1]
    """
    sizes = np.asarray(frame, dtype=np.int64)
    if budget >= sizes.sum():
        return sizes
    if budget < sizes.size:
        found = f"An audit of {budget} cases cannot reach {sizes.size} groups."
        raise EvenhandError(found, "At least one case of each", "Audit more cases, or fewer groups")
    share = proportional(np.sqrt(sizes), budget, sizes)
    whole = np.maximum(np.floor(share + 1e-9).astype(np.int64), 1)
    while (over := int(whole.sum()) - budget) != 0:
        free = whole > 1 if over > 0 else whole < sizes
        apart = np.where(free, (whole - share) * np.sign(over), -np.inf)
        whole[int(np.argmax(apart))] -= np.sign(over)
    return whole


def closeness(score: ArrayLike, threshold: ArrayLike) -> Floats:
    """Returns how much likelier a case is among the uncertain: 1 at the threshold, 0.1 for the furthest of all.

    1 / (1 + 9 d / max d), d the distance to the threshold: nobody's weight is more than ten times another's.

    >>> closeness([0.5, 0.6, 1.0], 0.5).round(2).tolist()
    [1.0, 0.36, 0.1]
    """
    away = np.abs(np.asarray(score, dtype=float) - np.asarray(threshold, dtype=float))
    furthest = float(away.max(initial=0.0))
    return 1 / (1 + (1 / FURTHEST - 1) * away / furthest) if furthest > 0 else np.ones(away.shape)


def proportional(weight: ArrayLike, total: float, most: ArrayLike = 1.0) -> Floats:
    """Returns shares of a total in proportion to the weights, none over `most`: what is over goes to the others.

    >>> proportional([8, 1, 1], 2).tolist()
    [1.0, 0.5, 0.5]
    """
    weights = np.asarray(weight, dtype=float)
    limit = np.broadcast_to(np.asarray(most, dtype=float), weights.shape)
    full = np.zeros(weights.shape, dtype=bool)
    if total >= limit.sum():
        return limit.copy()
    while True:
        left = total - float(limit[full].sum())
        share = np.where(full, limit, weights * (left / float(weights[~full].sum())))
        over = (share > limit) & ~full
        if not over.any():
            return share
        full |= over


def systematic(pi: Floats, random: np.random.Generator) -> Whole:
    """Returns the places of a sample in which each case is drawn with exactly its probability, round(sum pi) of them.

    The probabilities are laid end to end in random order and a comb with teeth 1 apart is put on them at a random
    start. Source: Madow, Ann. Math. Stat. 20 (1949) 333; random order: Hartley and Rao, ibid. 33 (1962) 350.
    """
    order = random.permutation(pi.size)
    ends = np.floor(np.cumsum(pi[order]).round(9) + random.uniform())
    return np.sort(order[np.diff(ends, prepend=0.0) > 0])
