"""How far experts agree about the same cases, and whether the model's answer, once shown, changes theirs.

Four numbers, because each hides something: the plain share hides what chance alone would agree on; kappa and alpha
take chance away and collapse where nearly all answers are alike; AC1 does not. Ratings are a table of cases by raters.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.metrics.resampling import seed_of
from dashboard.rates import Estimate, Limits, Rate, undefined, wilson

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
DRAWS = 2000
METHOD = "bootstrap over cases"
COLLAPSED = 0.2  # kappa this far under AC1, on answers that are mostly one, is said to have collapsed
MOSTLY = 0.8


def codes(ratings: Sequence[Sequence[Hashable | None]]) -> Codes:
    """Returns ratings, a row for each case and a column for each rater, as numbers; -1 where there is none.

    >>> codes([["sepsis", "none"], ["none", None]]).tolist()
    [[1, 0], [0, -1]]
    """
    known = sorted({str(each) for row in ratings for each in row if each is not None})
    place: dict[str | None, int] = {name: number for number, name in enumerate(known)}
    return np.array([[-1 if each is None else place[str(each)] for each in row] for row in ratings], dtype=np.int64)


def raw_agreement(ratings: ArrayLike) -> Rate | Estimate:
    """Returns the share of pairs of raters who say the same of a case, a mean over cases that two or more rated.

    Of two raters a share of cases, with Wilson's interval; of more by bootstrap. 1 is best.

    >>> raw_agreement([[0, 0], [1, 1], [0, 1], [1, -1]]).value
    0.6666666666666666
    """
    table = _table(ratings)
    if table.raters == 2:
        both = int(table.times[table.rated > 1].sum())
        return Rate(float(table.times @ table.alike), both)
    return _estimate(table, _raw)


def cohens_kappa(ratings: ArrayLike) -> Estimate:
    """Returns Cohen's kappa of two raters on cases that both rated: (observed - chance)/(1 - chance); 1 is best.

    Chance is what two raters with these shares of answers would agree on: sum_k p_k q_k. 0 is no better than chance.
    Source: Cohen, Educ. Psychol. Meas. 20 (1960) 37.

    >>> round(cohens_kappa([[0, 0]] * 20 + [[0, 1]] * 5 + [[1, 0]] * 10 + [[1, 1]] * 15).value, 6)
    0.4
    """
    table = _table(ratings)
    if table.raters != 2:
        return undefined(f"kappa is of two raters, these are {table.raters}", method=METHOD)
    return _estimate(table.of(table.rated == 2), _kappa)


def krippendorffs_alpha(ratings: ArrayLike) -> Estimate:
    """Returns Krippendorff's alpha of nominal answers, any number of raters, ratings may be missing; 1 is best.

    1 - observed/expected disagreement over all pairs of answers to one case, each case weighing as its ratings.
    Source: Krippendorff, Content Analysis (2004), 11.3.
    """
    table = _table(ratings)
    return _estimate(table.of(table.rated > 1), _alpha)


def gwets_ac1(ratings: ArrayLike, categories: int = 2) -> Estimate:
    """Returns Gwet's AC1: (observed - chance)/(1 - chance), chance = sum_k p_k (1 - p_k)/(K - 1); 1 is best.

    p_k is the mean over all rated cases of the share of ratings that say k; K is `categories`, or as many as occur. It
    does not collapse where most answers are alike. Source: Gwet, Brit. J. Math. Stat. Psychol. 61 (2008) 29.
    """
    table = _table(ratings)
    return _estimate(_Table(table.rows, table.times, max(table.categories, categories)), _ac1)


def collapse(ratings: ArrayLike, most: str = "the same answer") -> str:
    """Returns a sentence where kappa is low only because nearly all answers are alike; else "".

    >>> collapse([[0, 0]] * 90 + [[0, 1]] * 5 + [[1, 0]] * 4 + [[1, 1]]).partition(":")[2]
    ' kappa, 0.13, collapses on such data; AC1 is 0.90'
    """
    table = _table(ratings)
    agreed, kappa, ac1 = raw_agreement(ratings), cohens_kappa(ratings).value, gwets_ac1(ratings).value
    said = table.counts * table.times[:, None]
    largest = float(said.sum(axis=0).max() / said.sum()) if said.sum() else 0.0
    if not isinstance(agreed, Rate) or kappa is None or ac1 is None or largest < MOSTLY or ac1 - kappa < COLLAPSED:
        return ""
    return (
        f"They agree on {agreed.hits:.0f} of {agreed.trials:.0f} cases, but {largest:.0%} of all answers are {most}: "
        f"kappa, {kappa:.2f}, collapses on such data; AC1 is {ac1:.2f}"
    ).replace("%", " %")


@dataclass(frozen=True, slots=True)
class AutomationBias:
    """Holds what became of blind answers once the model's was shown: shares of all of them, and of who could give in.

    `towards`: the model's answer taken in place of another; `away`: the model's answer left; both of all blind
    answers. `gave_in`: those who took it, of those who had answered otherwise.
    """

    towards: Rate
    away: Rate
    gave_in: Rate


def automation_bias(blind: ArrayLike, model: ArrayLike, after: ArrayLike) -> AutomationBias:
    """Returns how many blind answers changed towards the model's after it was shown, and away from it, each by Wilson.

    A change from one answer to another, neither of them the model's, is none of the two.

    >>> found = automation_bias([0, 0, 1, 1, 1], [1, 1, 1, 1, 0], [1, 0, 1, 0, 1])
    >>> found.towards.value, found.away.value, found.gave_in.hits, found.gave_in.trials
    (0.2, 0.2, 1, 3)
    """
    first, shown, last = (np.asarray(each) for each in (blind, model, after))
    differed = first != shown
    towards = int((differed & (last == shown)).sum())
    away = int((~differed & (last != shown)).sum())
    return AutomationBias(Rate(towards, first.size), Rate(away, first.size), Rate(towards, int(differed.sum())))


@dataclass(frozen=True, eq=False)
class _Table:
    """Holds the different rows of ratings and how often each occurs: all means over cases follow from them."""

    rows: Codes
    times: Floats
    categories: int

    @property
    def raters(self) -> int:
        return int(self.rows.shape[1])

    @property
    def counts(self) -> Floats:
        """How many raters say each category, by row."""
        counts: Floats = (self.rows[:, :, None] == np.arange(self.categories)).sum(axis=1).astype(float)
        return counts

    @property
    def rated(self) -> Floats:
        rated: Floats = (self.rows >= 0).sum(axis=1).astype(float)
        return rated

    @property
    def alike(self) -> Floats:
        """The share of pairs of raters who agree, by row; 0 where there is no pair."""
        pairs = self.rated * (self.rated - 1)
        alike: Floats = (self.counts * (self.counts - 1)).sum(axis=1) / np.maximum(pairs, 1)
        return alike

    def of(self, kept: NDArray[np.bool_]) -> _Table:
        return _Table(self.rows[kept], self.times[kept], self.categories)


Shares = Callable[[_Table, Floats], tuple[Floats, Floats]]  # observed and chance agreement of each row of times


def _table(ratings: ArrayLike) -> _Table:
    given = np.asarray(ratings, dtype=np.int64)
    given = given[(given >= 0).any(axis=1)] if given.size else given.reshape(0, 2)
    rows, times = np.unique(given, axis=0, return_counts=True)
    return _Table(rows, times.astype(float), int(given.max(initial=-1)) + 1)


def _estimate(table: _Table, shares: Shares) -> Estimate:
    """Returns (observed - chance)/(1 - chance), and its quantiles in `DRAWS` samples of cases drawn anew.

    The draws are seeded by the ratings. Where nobody ever disagrees all draws are alike: the lower limit is then what
    Wilson's of the observed agreement makes of it.
    """
    paired = table.rated > 1
    n, total = int(table.times[paired].sum()), int(table.times.sum())
    if not n:
        return undefined("no case was rated by two", method=METHOD)
    observed, chance = (float(each[0]) for each in shares(table, table.times[None]))
    if not chance < 1 - 1e-12:
        return undefined("every answer is the same, chance alone would always agree", n, n, METHOD)
    value = (observed - chance) / (1 - chance)
    if observed > 1 - 1e-12:
        bounds = partial(_never_apart, n, chance)
        return Estimate(value, n, "Wilson for the agreement", bounds, n, note="they never disagree")
    random = np.random.default_rng(seed_of(table.rows, table.times))
    over, by_chance = shares(table, random.multinomial(total, table.times / total, size=DRAWS).astype(float))
    there = by_chance < 1 - 1e-12
    drawn = np.sort((over[there] - by_chance[there]) / (1 - by_chance[there]))
    return Estimate(value, n, METHOD, partial(_quantiles, drawn), n)


def _quantiles(drawn: Floats, level: float) -> Limits:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _never_apart(n: int, chance: float, level: float) -> Limits:
    return (wilson(n, n, level)[0] - chance) / (1 - chance), 1.0


def _raw(table: _Table, times: Floats) -> tuple[Floats, Floats]:
    observed = _mean(table, times)
    return observed, np.zeros(observed.shape)


def _kappa(table: _Table, times: Floats) -> tuple[Floats, Floats]:
    said = table.rows[:, :, None] == np.arange(table.categories)
    first, second = (_over(times @ said[:, rater].astype(float), times.sum(axis=1)) for rater in (0, 1))
    return _mean(table, times), (first * second).sum(axis=1)


def _alpha(table: _Table, times: Floats) -> tuple[Floats, Floats]:
    pairable, by_category = times @ table.rated, times @ table.counts
    observed = _over(times @ (table.rated * table.alike), pairable)
    return observed, _over((by_category * (by_category - 1)).sum(axis=1), pairable * (pairable - 1))


def _ac1(table: _Table, times: Floats) -> tuple[Floats, Floats]:
    share = _over(times @ (table.counts / table.rated[:, None]), times.sum(axis=1))
    return _mean(table, times), (share * (1 - share)).sum(axis=1) / max(table.categories - 1, 1)


def _mean(table: _Table, times: Floats) -> Floats:
    """Returns the mean share of agreeing pairs over the cases that have a pair."""
    return _over(times @ table.alike, times @ (table.rated > 1).astype(float))


def _over(sums: Floats, totals: Floats) -> Floats:
    """Returns sums over totals, 0 where a draw has none."""
    safe = np.maximum(totals, 1)
    return sums / (safe[:, None] if sums.ndim > 1 else safe)
