"""docs/verdicts.md: how often a verdict is wrong, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    cells,
    gap_found,
    gaps,
    least_found,
    size_for_the_gap,
)  # fmt: skip
from tests.verdicts.views import LEVELS, finds

OPENING = f"""\
# Verdicts: how often they are wrong

A [policy](policy.md) judges many findings at once, and chance alone makes some group look apart. How often it does can
be counted: take a world in which every difference is known, draw {VIEWS:,} views of it, judge each as `evenhand check`
does, and see what is called `outside`. The allowed range is -0.02 to 0.02 here; every group is compared with one
reference group, 2, 4 or 12 groups with 1 or 7 rates drawn independently; 50 to 2,000 cases stand in a denominator.

What comes out:

* **Where no group differs**, something is called outside in at most 5 % of views, whatever the rates and sizes.
* **Where every difference lies exactly at the range's edge**, the same holds where all denominators are equal, and with
  denominators up to 40 times apart for rates from 0.3 to 0.7. It does **not** hold where a small group with a rate near
  0 or 1 is compared with a large one: those cells are in bold.
* **With the default schedule**, 13 windows a year at alpha 0.05 / 13, it holds for each window in every cell below.
  That is per window: what is bold at 0.05 is too often outside in a year of windows too.
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
Why the bold cells: with few cases and a rate near 0 or 1 the chance of a surprising count is lopsided, and far out in
the tail, where a family of 77 is judged, the interval allows for too little of it. Two groups of like size share the
fault, and it cancels. The remedies are more cases (a larger `minimum_n`), a wider range, or the schedule's level.
"""

FINDING = f"""
## A true gap of 0.10 is found

One group's one rate lies 0.10 above or below the reference group's, every other difference is none, and all have
{LARGE:,} cases. *Drawn*: the smallest share of {VIEWS:,} views in which that finding is outside, over
rates from {LOWEST:g} to {HIGHEST:g} in steps of 0.05; the smallest of many draws lies somewhat under the truth.
*At least*: the exact chance at the worst rates, every outcome weighted, where nothing else is outside. *Smallest gap*
and *cases needed* are what is found in 95 % of views at the worst rates, in the family of {LARGEST} findings.
"""


def false_part() -> str:
    """Returns the part of the page about what is outside by chance."""
    parts = ["## Outside by chance", CELLS.strip("\n")]
    for (apart, alpha), heading in HEADINGS.items():
        found = cells(apart, alpha)
        rows = [(f"{rate:g}", *(_share(found[rate, sizes]) for sizes in SIZES)) for rate in RATES]
        parts += [f"### {heading}", _table(("rate", *(f"{n:,}, {m:,}" for n, m in SIZES)), rows)]
    return "\n\n".join([*parts, WHY.strip("\n")])


def finding_part() -> str:
    """Returns the part of the page about what is found."""
    heads = ("level", "findings judged", "drawn, %", "at least, %", "smallest gap", "cases needed")
    return f"{FINDING}\n{_table(heads, _found())}"


def page() -> str:
    """Returns docs/verdicts.md."""
    return f"{OPENING}\n{false_part()}\n{finding_part()}\n"


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
