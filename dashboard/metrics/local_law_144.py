"""Impact ratios as New York City's Local Law 144 defines them: each category against the most selected one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

SMALL = 0.02  # a category with a smaller share of the data may be left out


@dataclass(frozen=True)
class Category:
    """One category: of `n` people `hits` were selected, or scored above the median; `share` is of all the data.

    `ratio` is None where the category is left out, or where no ratio can be computed.
    """

    name: str
    hits: int
    n: int
    rate: float
    share: float
    ratio: float | None
    left_out: bool = False

    @property
    def may_be_left_out(self) -> bool:
        """Whether the category is under 2 % of the data."""
        return self.share < SMALL


@dataclass(frozen=True)
class Impact:
    """The table of one classification. `highest` is the category with ratio 1; `why` says why there are no ratios."""

    categories: tuple[Category, ...]
    unknown: int
    highest: str | None
    why: str = ""


def impact(counts: Mapping[str, tuple[int, int]], unknown: int = 0, without: Collection[str] = ()) -> Impact:
    """Returns the impact ratios of categories given as (hits, n), with `unknown` people whose category is not known.

    6 RCNY 5-300: rate of the category / rate of the most selected category. Hits are selections, or for scores people
    who score strictly above the median of the full sample. Categories named in `without` are left out, if they are
    under 2 % of the data (6 RCNY 5-301(d)): they keep number and rate, have no ratio and cannot be the highest.

    >>> [(c.name, round(c.ratio, 3)) for c in impact({"Male": (667, 1390), "Female": (555, 1181)}).categories]
    [('Male', 1.0), ('Female', 0.979)]
    """
    whole = sum(n for _, n in counts.values()) + unknown
    there = {name: (hits, n) for name, (hits, n) in counts.items() if n}
    out = {name for name in there if name in without and there[name][1] / whole < SMALL}
    rates = {name: hits / n for name, (hits, n) in there.items()}
    held = {name: rate for name, rate in rates.items() if name not in out}
    top = max(held, key=lambda name: (held[name], there[name][1]), default=None)
    best = held[top] if top is not None else 0.0
    why = "" if best else "every rate is 0" if held else "no category has a case"
    categories = tuple(
        Category(
            name, hits, n, rates[name], n / whole, held[name] / best if best and name in held else None, name in out
        )
        for name, (hits, n) in there.items()
    )
    return Impact(categories, unknown, top if best else None, why)
