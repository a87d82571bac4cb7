"""Drift is as seldom called by chance, and found as often, as docs/drift.md says: by the library's own functions.

The quick tests draw the first of the page's views; the slow one draws all and compares the page.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dashboard.metrics import drift
from dashboard.metrics.histograms import Categories, Histogram
from tests.drift import page
from tests.drift.page import DAYS, FIGURE, FOUND, LARGE, ROWS, SHIFTS, WATCH, alarms, finds
from tests.drift.views import (
    EARLIER,
    FEATURES,
    FINE,
    NUMERIC,
    Judging,
    World,
    _added,
    checked,
    judged,
    measures_of,
    outside,
)

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "drift.md"
FEW = 30
SLACK = 3 * np.sqrt(FIGURE * (1 - FIGURE) / FEW)  # three standard errors of a share of so few views


@pytest.mark.parametrize("rows", ROWS)
def test_without_drift_hardly_a_view_shows_any(rows: int) -> None:
    strict, usual = alarms(World(rows), FEW, Judging(0.0, held=False), Judging(WATCH))
    assert usual <= FIGURE
    assert strict <= FIGURE + SLACK  # no tolerance at all: what is more than chance


def test_days_that_differ_are_no_drift_but_would_be_to_who_counts_rows() -> None:
    held, alone = alarms(World(70_000, days=DAYS), FEW, Judging(WATCH), Judging(WATCH, held=False))
    assert held <= FIGURE + SLACK
    assert alone > 4 * FIGURE  # the world is one in which it matters


@pytest.mark.parametrize(("shift", "most"), SHIFTS)
def test_a_shift_is_found(shift: float, most: float) -> None:
    (states,) = outside(World(LARGE, shift), FEW, Judging(most)).values()
    assert states[:, 0].mean() >= FOUND
    assert states[:, 1:].mean() < FIGURE / FEATURES  # and that feature only


def test_a_shift_half_as_large_as_the_limit_is_not_called() -> None:
    (share,) = finds(World(LARGE, 0.25), FEW, Judging(0.2))
    assert share == 0.0


def test_a_view_is_judged_as_check_judges_it() -> None:
    for view in World(LARGE, 0.25, DAYS).views(2):
        for judging in (Judging(WATCH), Judging(WATCH, looks=52, held=False), Judging(0.0, held=False)):
            measures = measures_of(view, judging.held)
            states = [f.state for f in sorted(checked(judging.policy, measures), key=lambda f: str(f.feature))]
            assert judged(judging, measures) == [state == "outside" for state in states]


def test_a_view_holds_what_its_world_says() -> None:
    (view,) = World(1000, shift=0.5).views(1)
    assert len(view) == FEATURES
    assert {len(windows) for windows in view} == {EARLIER + 1}
    assert {window.n for windows in view for window in windows} == {1000}
    assert [isinstance(windows[0], Histogram) for windows in view].count(True) == NUMERIC
    mean = [float(window.counts @ np.arange(FINE)) / 1000 for window in view[0] if isinstance(window, Histogram)]
    assert mean[-1] > max(mean[:-1]) + 5  # half a standard deviation is some 9 of 64 bins of equal count


def test_the_reference_is_the_sum_of_its_windows() -> None:
    (view,) = World(500).views(1)
    for windows in view:
        whole = _added(windows[:-1])
        assert whole.n == 500 * EARLIER
        assert drift.psi(whole, windows[-1]).value == pytest.approx(
            drift.psi(sum(windows[1:-1], windows[0]), windows[-1]).value  # type: ignore[type-var]
        )
    assert isinstance(_added([Categories({"a": 1}), Categories({"b": 2})]), Categories)


def test_the_page_has_the_words_and_the_shape_of_what_is_drawn() -> None:
    """The numbers are compared by the slow test; here all else is."""
    drawn = page.page(views=1)
    assert _without_shares(drawn) == _without_shares(DOCS.read_text(encoding="utf-8")), _HOW


@pytest.mark.slow
def test_every_figure_is_what_the_page_says() -> None:
    assert page.page() == DOCS.read_text(encoding="utf-8"), _HOW


def test_every_figure_that_the_page_promises_is_kept() -> None:
    """No share of the columns that hold is in bold, every shift among independent rows is found."""
    text = DOCS.read_text(encoding="utf-8")
    nothing, restless, finding = (_rows(part) for part in text.split("\n## ")[1:])
    assert not any("**" in cell for row in nothing for cell in row)
    assert not any("**" in cell for row in restless for cell in row[2:4] if row[1] == "0.5")
    assert all(float(cell) >= 100 * FOUND for row in finding if not row[2] for cell in row[4:5])


_HOW = "run: python -m tests.drift > docs/drift.md"


def _without_shares(text: str) -> str:
    return re.sub(r"\*?\*?\d+\.\d\*?\*?(?= \|)", "#", text)


def _rows(part: str) -> list[list[str]]:
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
