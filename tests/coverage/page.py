"""docs/intervals.md: what coverage is, and what every interval has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np

from tests.coverage import grids
from tests.coverage.enumeration import of_a_rate
from tests.coverage.simulation import Found, Study, coverage
from tests.coverage.studies import FIGURE, studies

REPLICATIONS = 10_000
LEAST_EXACT = 0.92

OPENING = """\
# Intervals: how often they contain the truth

A number without an interval hides how much of it is chance. An interval is only worth something if it keeps its word:
a 95 % interval should contain the true value in about 95 of 100 samples. The share of samples in which it does is its
**coverage**. It can be computed: take a world in which the truth is known, let chance draw samples from it, and count.

This page says what the coverage of every interval in Evenhand is, and where it is not what it should be. Under 95 % an
interval promises too much: it is narrower than it should be. Over 95 % it is wider than it needs to be, which is the
safe side. Coverage does not fall evenly: counts are whole numbers, so it jumps from rate to rate by a percent or two
even where it is right on average. That is why two figures are claimed: one for the mean, one for the worst point.

Read a row as: in this domain, on average so many of 100 intervals contain the truth, and at the worst point so many.
What lies outside the domain is in the tables of what is **not met**: there an interval says less than it seems to, and
the remedy is more cases.

The page is made by `python -m tests.coverage > docs/intervals.md`; tests make it again and compare.
"""

EXACT = """
## Counted exactly: rates, differences, ratios

Every outcome there can be is weighted with its binomial probability: no sampling, no error. Claimed for 50 to 5,000
cases and rates from 0.02 to 0.98: a mean of 94 to 96.5 %, no point under 92 %.

A difference is made by MOVER (Newcombe 1998, method 10; Zou and Donner 2008) and a ratio by MOVER-R (Donner and Zou
2012) from limits of the two rates: at each end Wilson's (1927) or Jeffreys' (Brown, Cai and DasGupta 2001), whichever
lies further out. Why it is not Wilson's alone is in [verdicts](verdicts.md).
"""

BY_SIZE = """
### A rate, by the number of cases

Rates 0.02, 0.03, ... 0.98. The plain interval is not used here; it is what many tools draw.
"""

BY_SIZES = f"""
### Differences and ratios, by the numbers of cases

Every pair of the rates {", ".join(f"{rate:g}" for rate in grids.PAIRED_RATES)}.
Turned round, the two groups have the same coverage.
"""

EXACT_MISSED = """
### Not met

Between the sizes and rates above and beyond them. Inside the domain there is one corner: a rate just above 0.02 of 50
or 51 cases. One hit is expected there, and the interval of three hits already lies above it. Contrasts have none.
"""

SIMULATED = """
## Drawn 10,000 times: everything else

Claimed in each domain: no point under 91 %. Each point is drawn 10,000 times, so a coverage of 95 % is known to
+- 0.4, one of 91 % to +- 0.6. *Too low* and *too high* are the shares of intervals that lie entirely below or above the
truth. Where the smallest is under 91 % the figure is not met. Metrics that are rates, differences or ratios of rates
have the intervals enumerated above and no row of their own.

Estimates made before labels arrive (`estimated_*`) have another kind of interval: one for the value that the labels
will show. How often it came to lie inside is their track record, drawn in `tests/test_estimation.py`.
Those from experts' review (`reviewed_*`) are drawn in [estimates from human review](review_estimates.md).

Nor have the energy, CO2e and cost of 1,000 answers (`energy_per_1000` and its like), drawn in
`tests/test_report_energy.py`, `attribution_ndcg`, drawn in `tests/test_attributions.py`, `accuracy_drift_effect` and
`error_drift_effect`, drawn in `tests/test_effect.py`, and `domain_auc`, of a classifier that is learnt anew each time:
of it this is not drawn.
"""


MISSED = """
### Not met

Points outside the domains above, drawn in the same way, whose coverage is under 91 %: few cases, or errors and losses
of which a few make up most of the sum. Some points show what another method would do.
"""


def exact_part() -> str:
    """Returns the part of the page that is enumerated."""
    parts = [EXACT, _summary(), _of_rates(), _of_pairs(), _not_met()]
    return "\n".join(parts)


def simulated_part(replications: int = REPLICATIONS) -> str:
    """Returns the part of the page that is drawn."""
    found = {study: coverage(study, replications) for study in studies().values()}
    rows = [row_of(study, points) for study, points in found.items()]
    missed = [row for study, points in found.items() for row in missed_of(study, points)]
    heads = ("interval of", "method", "domain", "points", "mean", "smallest", "where", "none under 91")
    lost = ("interval of", "at", "coverage", "too low", "too high")
    return "\n".join([SIMULATED, _table(heads, rows), MISSED, _table(lost, missed)])


def page() -> str:
    """Returns docs/intervals.md."""
    return f"{OPENING}{exact_part()}\n{simulated_part()}\n"


def row_of(study: Study, found: Sequence[Found]) -> tuple[str, ...]:
    """Returns a study's row: what is claimed, and what was found there."""
    claimed = [each for each in found if each.point.claimed]
    worst = min(claimed, key=lambda each: each.coverage)
    methods = " or ".join(dict.fromkeys(method for each in claimed for method in each.method.split(" or ")))
    mean = float(np.mean([each.coverage for each in claimed]))
    met = "met" if worst.coverage >= FIGURE else "**not met**"
    return (f"`{study.name}`", methods, study.domain, str(len(claimed)), percent(mean), percent(worst.coverage),
            worst.point.says, met)  # fmt: skip


def missed_of(study: Study, found: Sequence[Found]) -> list[tuple[str, ...]]:
    """Returns the rows of the points whose coverage is under the figure, the worst first."""
    under = sorted((each for each in found if each.coverage < FIGURE), key=lambda each: each.coverage)
    return [
        (f"`{study.name}`", each.point.says, percent(each.coverage), percent(each.below / each.drawn),
         percent(each.above / each.drawn))
        for each in under
    ]  # fmt: skip


def percent(share: float) -> str:
    """Returns a share as the page says it.

    >>> percent(0.94961)
    '95.0'
    """
    return f"{100 * share:.1f}"


def _summary() -> str:
    alone = grids.rates()
    where = np.unravel_index(int(alone.round(9).argmin()), alone.shape)
    rows = [("a rate", "Wilson (1927)", f"{len(grids.SIZES)} sizes x {len(grids.HUNDREDTHS)} rates",
             percent(float(alone.mean())), percent(float(alone.min())),
             f"{grids.SIZES[where[0]]} cases, rate {grids.HUNDREDTHS[where[1]]:g}", _met(alone.ravel()))]  # fmt: skip
    for name, method, of in (
        ("a difference of two rates", "MOVER of Wilson and Jeffreys", lambda pair: pair.difference),
        ("a ratio of two rates", "MOVER-R of Wilson and Jeffreys", lambda pair: pair.ratio),
    ):
        covered = np.array([of(pair) for pair in grids.pairs()])
        worst = _worst(grids.pairs(), of)
        rows.append((name, method, f"{len(covered):,} pairs of sizes and rates", percent(covered.mean()),
                     percent(covered.min()), _place(worst), _met(covered)))  # fmt: skip
    return _table(("interval of", "method", "points", "mean", "smallest", "where", "94 to 96.5, none under 92"), rows)


def _met(covered: np.ndarray) -> str:
    return "met" if 0.94 <= covered.mean() <= 0.965 and covered.min() >= LEAST_EXACT else "**not met**"


def _worst(pairs: Iterable[grids.Pair], of: Callable[[grids.Pair], float]) -> grids.Pair:
    """Returns the first of the points with the smallest coverage: mirror images differ in the last digit at most."""
    return min(pairs, key=lambda pair: round(of(pair), 9))


def _place(pair: grids.Pair) -> str:
    return f"{pair.p:g} of {pair.n:,} and {pair.q:g} of {pair.m:,}"


def _of_rates() -> str:
    rows = [
        (f"{n:,}", *(percent(float(f(of))) for of in (covered, grids.wald(n)) for f in (np.mean, np.min)))
        for n, covered in zip(grids.SIZES, grids.rates(), strict=True)
    ]
    heads = ("cases", "Wilson: mean", "smallest", "the plain p +- 1.96 sqrt(p (1 - p) / n): mean", "smallest")
    return f"{BY_SIZE}\n{_table(heads, rows)}"


def _of_pairs() -> str:
    rows = []
    for n, m in dict.fromkeys((pair.n, pair.m) for pair in grids.pairs()):
        here = [pair for pair in grids.pairs() if (pair.n, pair.m) == (n, m)]
        both = (_both(here, of) for of in (lambda pair: pair.difference, lambda pair: pair.ratio))
        rows.append((f"{n:,} and {m:,}", *chain.from_iterable(both)))
    heads = ("cases", "difference: mean", "smallest", "ratio: mean", "smallest")
    return f"{BY_SIZES}\n{_table(heads, rows)}"


def _both(pairs: Iterable[grids.Pair], of: Callable[[grids.Pair], float]) -> tuple[str, str]:
    covered = [of(pair) for pair in pairs]
    return percent(float(np.mean(covered))), percent(min(covered))


def _not_met() -> str:
    heads = ("interval of", "where", "points", "under 92 %", "smallest", "at")
    return f"{EXACT_MISSED}\n{_table(heads, [*_missed_rates(), *_missed_pairs()])}"


def _missed_rates() -> Iterable[tuple[str, ...]]:
    low = [each for each in grids.between() if each[1] < LEAST_EXACT]
    _, least, rate = min(low, key=lambda each: round(each[1], 9))
    where = f"{grids.EVERY_SIZE[0]} to {grids.EVERY_SIZE[-1]} cases, every number of them, every rate from 0.02 to 0.98"
    sizes = " and ".join(str(each[0]) for each in low)
    yield "a rate", where, "all", f"at {sizes} cases", percent(least), f"{rate:.4f}"
    for sizes, rates, says in (
        (grids.FEW_SIZES, grids.HUNDREDTHS, "fewer cases"), (grids.SIZES, grids.RARE_RATES, "rarer than 0.02")
    ):  # fmt: skip
        covered = np.array([of_a_rate(n, rates) for n in sizes])
        size, rate = np.unravel_index(int(covered.round(9).argmin()), covered.shape)
        under = f"{int((covered < LEAST_EXACT).sum())}"
        named = ", ".join(f"{n:,}" for n in sizes) if len(sizes) < 5 else f"{sizes[0]:,} to {sizes[-1]:,}"
        where = f"{says}: {named} cases, {rates[0]:g} to {rates[-1]:g}"
        yield ("a rate", where, str(covered.size), under, percent(float(covered.min())),
               f"{rates[rate]:g} of {sizes[size]:,}")  # fmt: skip


def _missed_pairs() -> Iterable[tuple[str, ...]]:
    small, rare = grids.outside()
    for says, pairs in (
        ("50 to 100 cases, rates up to 0.12, from 0.88 on and 0.5, in steps of 0.01", grids.searched()),
        ("20 or 30 cases", small),
        ("50, 100 or 500 cases, one or both rates under 0.02", rare),
    ):
        for name, of in (("a difference", lambda pair: pair.difference), ("a ratio", lambda pair: pair.ratio)):
            covered, worst = [of(pair) for pair in pairs], _worst(pairs, of)
            under = f"{sum(each < LEAST_EXACT for each in covered):,}"
            yield name, says, f"{len(covered):,}", under, percent(min(covered)), _place(worst)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
