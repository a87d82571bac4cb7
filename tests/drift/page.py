"""docs/drift.md: how often drift is called where there is none, and which shifts are found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.drift.views import EARLIER, Judging, World, outside

VIEWS = 1000
FIGURE, FOUND = 0.05, 0.95
WATCH, HIGH = 0.02, 0.2  # the limits of the population stability index that are judged
ROWS = (100, 1000, 10_000, 100_000)
DAYS = 0.1
RESTLESS = ((7000, 0.5), (70_000, 0.5), (7000, 0.8))  # rows of a window, how a day follows its last
SHIFTS = ((0.25, WATCH), (0.6, HIGH))
LARGE = 5000
SHIFTED = [(0.0, EARLIER, shift) for shift in SHIFTS] + [(0.0, 16, SHIFTS[0])] + [(DAYS, EARLIER, s) for s in SHIFTS]

OPENING = f"""\
# Drift: how often it cries wolf, and what it finds

Whether a feature has drifted is [judged](policy.md) by its population stability index (PSI), together with that of all
other features, week after week. How often that is wrong can be counted: take a world in which every shift is known,
draw {VIEWS:,} views of it, judge each as `evenhand check` does, and see what is called `outside`. A view is 50 features
in a window and in the reference before it: 40 numeric ones, some with a tenth of their values missing, and 10 with two
to six categories. All counts are drawn, in 64 fine bins, for the reference too; all figures come from the functions
that the product runs. A share of 5 % of {VIEWS:,} views is known to +- 0.7.

What comes out:

* **Without drift**, something is called outside in at most 5 % of views, from 100 to 100,000 rows a window, and where
  days differ too, if the reference has eight windows to hold a week against.
* **With fewer windows** rows are counted as if days did not differ. Where they do, that cries wolf: those figures are
  in bold. A finding then says "days assumed independent".
* **A shift of 0.25 standard deviations** in one of 50 features is found in at least 95 % of views with {LARGE:,} rows a
  window that are independent, with max {WATCH:g}; one of 0.6 with max {HIGH:g}.
* **Where days differ by {DAYS:g}** the same shifts are found less often, see the last table: weeks differ by a quarter
  of the smaller shift themselves.

What the model answers is watched in the same way: scores, decisions and labels; of two classes the confidence; of
several the score of each class, the top score, the margin (the first less the second) and the entropy of the scores (0
where one class has it all, 1 where all are alike); of a regression the number it predicts. A model that grows unsure
shows in these before any label comes, with the shares of its decisions unmoved.

The page is made by `python -m tests.drift > docs/drift.md`; tests make it again and compare.
"""
NOTHING = f"""\
## Nothing has drifted, rows are independent

The share of views, in per cent, in which any of 50 features is outside. *Max {WATCH:g}* is the limit that
`evenhand init` proposes to watch. *Max 0* is stricter than any policy should be: whatever is more than chance is
outside, so it shows how well chance is known. *Held* against the {EARLIER} windows that the reference is made of, as
where a policy names a reference of 56 days or more; *days assumed independent* as where it has fewer windows.
"""
RESTLESS_TEXT = f"""\
## Nothing has drifted, but days differ

Each feature's daily mean wanders by {DAYS:g} of its standard deviation and takes 0.5 or 0.8 of its way from one day
to the next, in the reference and now alike; a window is seven days. Columns as above, max {WATCH:g}. The last column
is what a test that only counts rows would do: the more rows, the surer it is of weather.
"""
FINDING = f"""\
## A shift is found

One feature of 50 is shifted by so many standard deviations, in a window of {LARGE:,} rows. The share of views, in per
cent, in which that feature is outside: judged on one window (alpha 0.05), and on one of the 52 windows of a year
(alpha 0.05 / 52).
"""
RESTLESS_FINDING = f"""\
One window of 52 is judged at a fiftieth of the level, and {EARLIER} earlier windows say little about so rare a week:
that is why a reference of 16 finds more. Where days differ as above, a week is only as good as the weeks before it: a
shift must stand out from how much weeks differ, whatever the number of rows. That is the price of not crying wolf; more
windows in the reference, or longer ones, buy some of it back.
"""


def nothing_part(views: int = VIEWS) -> str:
    """Returns the part of the page about independent rows without drift."""
    judgings = [Judging(most, held=held) for held in (True, False) for most in (WATCH, 0.0)]
    found = [(f"{rows:,}", *map(_share, alarms(World(rows), views, *judgings))) for rows in ROWS]
    heads = [f"{'held' if one.held else 'days assumed independent'}, max {one.most:g}" for one in judgings]
    return f"{NOTHING}\n{_table(('rows of a window', *heads), found)}"


def restless_part(views: int = VIEWS) -> str:
    """Returns the part of the page about days that differ."""
    judgings = (Judging(WATCH), Judging(WATCH, looks=52), Judging(WATCH, held=False))
    found = [
        (f"{rows:,}", f"{rho:g}", *map(_share, alarms(World(rows, days=DAYS, rho=rho), views, *judgings)))
        for rows, rho in RESTLESS
    ]
    heads = ("rows of a window", "follows by", "held", "held, one of 52", "days assumed independent")
    return f"{RESTLESS_TEXT}\n{_table(heads, found)}"


def finding_part(views: int = VIEWS) -> str:
    """Returns the part of the page about what is found."""
    found = []
    for days, earlier, (shift, most) in SHIFTED:
        world = World(LARGE, shift, days, earlier=earlier)
        shares = finds(world, views, Judging(most), Judging(most, looks=52))
        told = (f"{shift:g}", f"{most:g}", f"{days:g}" if days else "", f"{earlier}")
        found.append((*told, *(f"{100 * share:.1f}" for share in shares)))
    heads = ("shift", "max", "days differ by", "windows of the reference", "one window, %", "one of 52, %")
    return f"{FINDING}\n{_table(heads, found)}\n\n{RESTLESS_FINDING.rstrip()}"


def alarms(world: World, views: int, *judgings: Judging) -> list[float]:
    """Returns the share of a world's views in which anything is outside, for each way of judging."""
    return [float(found.any(axis=1).mean()) for found in outside(world, views, *judgings).values()]


def finds(world: World, views: int, *judgings: Judging) -> list[float]:
    """Returns the share of a world's views in which the shifted feature is outside, for each way of judging."""
    return [float(found[:, 0].mean()) for found in outside(world, views, *judgings).values()]


def page(views: int = VIEWS) -> str:
    """Returns docs/drift.md."""
    parts = (nothing_part(views), restless_part(views), finding_part(views))
    return "\n".join([OPENING, *(f"{part}\n" for part in parts)])


def _share(share: float) -> str:
    text = f"{100 * share:.1f}"
    return f"**{text}**" if share > FIGURE else text


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
