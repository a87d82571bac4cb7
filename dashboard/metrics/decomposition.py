"""Why a rate changed: because the groups' shares moved (mix), or because it moved within the groups (rate).

Two groups of one window are taken apart alike, one in the place of before: their gap is other mix, or another rate
among like cases. The change of a gap is the difference of its two groups' changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.rates import Rate

Windows = tuple[Mapping[str, Rate], Mapping[str, Rate]]  # before, now


@dataclass(frozen=True, slots=True)
class Part:
    """What one group adds to the change of a rate. A rate is None where the group has no trials in that window."""

    group: str
    before: Rate
    now: Rate
    share_before: float
    share_now: float
    mix: float
    rate: float

    @property
    def total(self) -> float:
        return self.mix + self.rate


@dataclass(frozen=True, slots=True)
class GapPart:
    """What one group of the other attribute adds to the change of a gap: a part of the group's, one of the reference's.

    `group` and `reference` are None where it has no trials among them in either window.
    """

    name: str
    group: Part | None
    reference: Part | None

    @property
    def mix(self) -> float:
        return (self.group.mix if self.group else 0.0) - (self.reference.mix if self.reference else 0.0)

    @property
    def rate(self) -> float:
        return (self.group.rate if self.group else 0.0) - (self.reference.rate if self.reference else 0.0)

    @property
    def total(self) -> float:
        return self.mix + self.rate


def decomposed(before: Mapping[str, Rate], now: Mapping[str, Rate]) -> list[Part]:
    """Returns what each group adds to the change of the rate of all of them together, in the order given.

    mix = change of its share x (its mean rate - the mean overall rate), rate = change of its rate x its mean share;
    share is that of the trials, mean that of the two windows. The parts of all groups add up to the change. A group
    without trials in one window has no rate there: the other's is used, so that all of it is mix. [] where a window
    has no trials. Source: Kitagawa, Journal of the American Statistical Association 50 (1955) 1168.

    >>> parts = decomposed({"F": Rate(40, 50), "M": Rate(45, 50)}, {"F": Rate(60, 80), "M": Rate(18, 20)})
    >>> [(part.group, round(part.mix, 4), round(part.rate, 4)) for part in parts]
    [('F', -0.012, -0.0325), ('M', -0.0255, 0.0)]
    """
    groups = list(dict.fromkeys((*before, *now)))
    pairs = [(group, before.get(group, Rate(0, 0)), now.get(group, Rate(0, 0))) for group in groups]
    then_all, now_all = (_together(side) for side in (before, now))
    if then_all.value is None or now_all.value is None:
        return []
    middle = (then_all.value + now_all.value) / 2
    parts = []
    for group, old, new in pairs:
        shares = old.trials / then_all.trials, new.trials / now_all.trials
        first, last = _filled(old, new)
        mix = (shares[1] - shares[0]) * ((first + last) / 2 - middle)
        parts.append(Part(group, old, new, *shares, mix, (last - first) * (shares[0] + shares[1]) / 2))
    return parts


def gap_decomposed(group: Windows, reference: Windows) -> list[GapPart]:
    """Returns what each group of another attribute adds to the change of the gap between two, in the order given.

    Each argument holds one compared group's rates before and now. The parts add up to the change of group minus
    reference. [] where one of the four has no trials.

    >>> women = {"<65": Rate(40, 50), "65+": Rate(25, 50)}, {"<65": Rate(8, 10), "65+": Rate(45, 90)}
    >>> men = {"<65": Rate(40, 50), "65+": Rate(30, 50)}, {"<65": Rate(40, 50), "65+": Rate(30, 50)}
    >>> [(part.name, round(part.mix, 3), round(part.rate, 3)) for part in gap_decomposed(women, men)]
    [('<65', -0.084, 0.0), ('65+', -0.036, 0.0)]
    """
    ours, theirs = ({part.group: part for part in decomposed(*windows)} for windows in (group, reference))
    if not ours or not theirs:
        return []
    return [GapPart(name, ours.get(name), theirs.get(name)) for name in dict.fromkeys((*ours, *theirs))]


def _together(rates: Mapping[str, Rate]) -> Rate:
    return Rate(sum(rate.hits for rate in rates.values()), sum(rate.trials for rate in rates.values()))


def _filled(old: Rate, new: Rate) -> tuple[float, float]:
    """Returns both rates, one in place of the other where a window has none."""
    first, last = old.value, new.value
    first = last if first is None else first
    return first or 0.0, first or 0.0 if last is None else last
