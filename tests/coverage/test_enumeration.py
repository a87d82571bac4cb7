"""Rates, differences and ratios contain the truth as often as docs/intervals.md says: every outcome weighted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from dashboard.rates import Difference, Rate, Ratio
from dashboard.rates_limits import wider
from tests.coverage import enumeration, grids, page

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "intervals.md"
AGAIN = "run: python -m tests.coverage > docs/intervals.md"


@given(st.integers(1, 60), st.integers(1, 60))
def test_whole_tables_of_intervals_are_those_of_the_library(n: int, m: int) -> None:
    group = tuple(side[:, None] for side in enumeration.limits(n, wider))
    reference = tuple(side[None, :] for side in enumeration.limits(m, wider))
    differences, ratios = enumeration.mover(group, reference), enumeration.mover_ratio(group, reference)
    random = np.random.default_rng(n * 100 + m)
    for i, j in zip(random.integers(n + 1, size=9), random.integers(m + 1, size=9), strict=True):
        first, second = Rate(int(i), n), Rate(int(j), m)
        assert Difference(first, second).interval() == pytest.approx([side[i, j] for side in differences], abs=1e-14)
        low, high = Ratio(first, second).interval()
        assert (low, np.inf if high is None else high) == pytest.approx([side[i, j] for side in ratios], rel=1e-13)


def test_enumerating_is_adding_up_the_outcomes_that_cover() -> None:
    n, p, m, q = 7, 0.3, 5, 0.6
    difference = ratio = alone = 0.0
    for i in range(n + 1):
        low, high = Rate(i, n).interval()
        alone += binom.pmf(i, n, p) * ((low or 0) <= p <= (high or 0))
        for j in range(m + 1):
            weight = binom.pmf(i, n, p) * binom.pmf(j, m, q)
            low, high = Difference(Rate(i, n), Rate(j, m)).interval()
            difference += weight * ((low or 0) <= p - q <= (high or 0))
            low, high = Ratio(Rate(i, n), Rate(j, m)).interval()
            ratio += weight * ((low or 0) <= p / q <= (np.inf if high is None else high))
    assert enumeration.of_a_pair(n, p, m, q) == pytest.approx((difference, ratio), abs=1e-8)
    assert enumeration.of_a_rate(n, np.array([p])) == pytest.approx([alone], abs=1e-12)


def test_wilson_covers_on_average_and_at_every_point() -> None:
    assert 0.94 <= grids.rates().mean() <= 0.965
    assert all(0.94 <= of_size.mean() <= 0.965 for of_size in grids.rates())
    assert grids.rates().min() >= 0.92


def test_between_the_points_wilson_falls_short_at_50_and_51_cases_only() -> None:
    """Every rate from 0.02 to 0.98: the smallest coverage lies at a limit of some number of hits."""
    assert [n for n, least, _ in grids.between() if least < 0.92] == [50, 51]
    assert min(least for _, least, _ in grids.between()) > 0.915
    assert min(least for n, least, _ in grids.between() if n > 51) > 0.925
    for n, _, rate in grids.between()[:2]:
        assert min(rate, 1 - rate) < 0.021, n


@pytest.mark.slow
def test_wilson_covers_every_rate_at_larger_sizes_too() -> None:
    assert min(enumeration.worst_of_a_rate(n)[0] for n in (*range(501, 1000, 3), *range(1000, 5001, 40))) > 0.925


@pytest.mark.parametrize("contrast", ["difference", "ratio"])
def test_contrasts_cover_on_average_and_at_every_point(contrast: str) -> None:
    covered = np.array([getattr(pair, contrast) for pair in grids.pairs()])
    assert 0.94 <= covered.mean() <= 0.965
    assert covered.min() >= 0.92


def test_between_the_points_no_contrast_falls_short() -> None:
    assert min(pair.difference for pair in grids.searched()) > 0.92
    assert min(pair.ratio for pair in grids.searched()) > 0.92


def test_the_enumerated_part_of_the_page_is_current() -> None:
    assert page.exact_part() in DOCS.read_text(encoding="utf-8"), AGAIN
