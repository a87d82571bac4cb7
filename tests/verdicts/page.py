"""docs/verdicts.md: how often a verdict is wrong, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from dashboard import rates_limits
from tests.coverage import grids
from tests.coverage.page import LEAST_EXACT
from tests.verdicts.grid import (
    EDGES,
    FIGURE,
    HIGHEST,
    LARGE,
    LARGEST,
    LOWEST,
    NOWHERE,
    RATES,
    SIZES,
    VIEWS,
    between,
    cells,
    gap_found,
    gaps,
    least_found,
    size_for_the_gap,
)  # fmt: skip
from tests.verdicts.untold import untold
from tests.verdicts.views import LEVELS, finds, jeffreys, wider, wilson

OPENING = f"""\
# Verdicts: how often they are wrong

A [policy](policy.md) judges many findings at once, and chance alone makes some group look apart. How often it does can
be counted: take a world in which every difference is known, draw {VIEWS:,} views of it, judge each as `evenhand check`
does, and see what is called `outside`. The allowed range is -0.02 to 0.02 here; every group is compared with one
reference group, 2, 4 or 12 groups with 1 or 7 rates drawn independently; 50 to 2,000 cases stand in a denominator.

What comes out:

* **Where no group differs**, something is called outside in at most 5 % of views, whatever the rates and sizes.
* **Where every difference lies exactly at the range's edge**, the same holds: with equal denominators and with
  denominators 40 times apart, at rates near 0 and 1 as in the middle.
* **With the default schedule**, 13 windows a year at alpha 0.05 / 13, both hold for each window by a wide margin.
* **A true gap of 0.10** with 2,000 cases in both denominators and rates from 0.2 to 0.95 is found in at least 95 % of
  views of one explicit window, in the largest family too. A scheduled window's stricter level finds it less often, see
  the last table.

The page is made by `python -m tests.verdicts > docs/verdicts.md`; tests make it again and compare.
"""

CELLS = f"""
Each cell is the worst of what was drawn: the largest share of views, in per cent, with at least one finding outside,
over every family and, at the edge, over all differences at the lower end, all at the upper, and half at each. Of
{VIEWS:,} views a share of 5 % is known to +- 0.7. A heading such as *2,000, 50* means 2,000 cases in the reference
group and 50 in each of the others.
"""

HEADINGS = {
    (NOWHERE, LEVELS[0]): "No disparity, one window (alpha 0.05)",
    (NOWHERE, LEVELS[1]): "No disparity, one of 13 windows (alpha 0.05 / 13)",
    (EDGES, LEVELS[0]): "Every difference at the range's edge, one window (alpha 0.05)",
    (EDGES, LEVELS[1]): "Every difference at the range's edge, one of 13 windows (alpha 0.05 / 13)",
}

WHY = """
## Which limits

A difference is judged by the one end of its interval that faces the range, and in a family of 77 that end lies far out
in the tail. MOVER (Newcombe 1998, Zou and Donner 2008) joins the ends of the two rates' own intervals. Wilson's is
right as a whole, but near 0 and 1 both its ends lie too far towards the middle, and the outer one misses too often. A
small group against a large one shows it; two of like size share the fault, and it cancels. Jeffreys' ends miss about as
often as they should, but here and there its 95 % interval covers too little. Evenhand takes at each end the limit that
lies further out. *Worst* is the largest share of views with something outside in the cells above, one window; *gap
found* is the exact chance of the last table, one window; coverage is that of a 95 % interval, as in
[intervals](intervals.md). What misses its figure is in bold.
"""

FINDING = f"""
## A true gap of 0.10 is found

One group's one rate lies 0.10 above or below the reference group's, every other difference is none, and all have
{LARGE:,} cases. *Drawn*: the smallest share of {VIEWS:,} views in which that finding is outside, over
rates from {LOWEST:g} to {HIGHEST:g} in steps of 0.05; the smallest of many draws lies somewhat under the truth.
*At least*: the exact chance at the worst rates, every outcome weighted, where nothing else is outside. *Smallest gap*
and *cases needed* are what is found in 95 % of views at the worst rates, in the family of {LARGEST} findings.
"""


UNTOLD = """
## What can't be told says what these cases could show

An `inconclusive` sentence ends with the smallest breach that as many cases would show 4 times in 5, from the half-width
of the interval at that breach, rounded as it is printed. Here two groups do not differ, and `check` can't tell at the
level of one of 13 windows whether they keep to the range. *Found* is the exact chance that the breach it names, were it
the truth, would be outside.
"""


def false_part() -> str:
    """Returns the part of the page about what is outside by chance."""
    parts = ["## Outside by chance", CELLS.strip("\n"), _between()]
    for (truths, alpha), heading in HEADINGS.items():
        found = cells(truths, alpha)
        rows = [(f"{rate:g}", *(_share(found[rate, sizes]) for sizes in SIZES)) for rate in RATES]
        parts += [f"### {heading}", _table(("rate", *(f"{n:,}, {m:,}" for n, m in SIZES)), rows)]
    return "\n\n".join(parts)


def _between() -> str:
    found = between()
    (rate, (n, m)), worst = max(found.items(), key=lambda item: item[1])
    return (
        f"Between these rates and sizes {len(found)} more cells were drawn at the range's edge, one window: the worst "
        f"is {_share(worst)} %,\nat the rate {rate:g} with {n:,} cases in the reference group and {m:,} in each of the "
        "others."
    )


def limits_part() -> str:
    """Returns the part of the page about what other limits would do."""
    heads = ("limits of each rate", "worst, no disparity, %", "worst, at the edge, %", "gap found, %",
             "coverage: mean, %", "smallest, %")  # fmt: skip
    return f"{WHY}\n{_table(heads, _of_limits())}"


def finding_part() -> str:
    """Returns the part of the page about what is found."""
    heads = ("level", "findings judged", "drawn, %", "at least, %", "smallest gap", "cases needed")
    return f"{FINDING}\n{_table(heads, _found())}"


def untold_part() -> str:
    """Returns the part of the page about what an inconclusive sentence says."""
    heads = ("rate", "reference group", "group", "smallest breach it names, points", "found, %")
    rows = [
        (
            f"{each.rate:g}",
            f"{each.reference_n:,}",
            f"{each.n:,}",
            f"{100 * each.breach:+.0f}",
            f"{100 * each.found:.1f}",
        )
        for each in untold()
    ]
    return f"{UNTOLD}\n{_table(heads, rows)}"


def page() -> str:
    """Returns docs/verdicts.md."""
    return f"{OPENING}\n{false_part()}\n{limits_part()}\n{finding_part()}\n{untold_part()}\n"


def _of_limits() -> Iterable[Sequence[str]]:
    for says, ends, of in (
        ("Wilson's", wilson, rates_limits.wilson),
        ("Jeffreys'", jeffreys, rates_limits.jeffreys),
        ("the one further out", wider, rates_limits.wider),
    ):
        worst = [max(cells(truths, FIGURE, ends).values()) for truths in (NOWHERE, EDGES)]
        found = least_found(FIGURE, ends=ends)[0]
        covered = np.array([pair.difference for pair in grids.pairs_of(of)])
        least = f"{100 * covered.min():.1f}"
        yield (says, *map(_share, worst), f"{100 * found:.1f}", f"{100 * covered.mean():.1f}",
               least if covered.min() >= LEAST_EXACT else f"**{least}**")  # fmt: skip


def _found() -> Iterable[Sequence[str]]:
    for alpha, says in zip(LEVELS, ("one window, 0.05", "one of 13, 0.05 / 13"), strict=True):
        for groups, metrics in ((2, 1), (12, 1), (12, 7)):
            size = (groups - 1) * metrics
            drawn = min(finds(world, VIEWS, alpha) for world in gaps(groups, metrics))
            least, _ = least_found(alpha * LARGEST / size)  # the level of a smaller family: alpha / size
            last = (f"{gap_found(alpha):.3f}", f"{size_for_the_gap(alpha):,}") if size == LARGEST else ("", "")
            yield says, str(size), f"{100 * drawn:.1f}", f"{100 * least:.1f}", *last


def _share(share: float) -> str:
    text = f"{100 * share:.1f}"
    return f"**{text}**" if share > FIGURE else text


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
