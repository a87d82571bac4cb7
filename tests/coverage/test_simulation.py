"""All other intervals contain the truth as often as docs/intervals.md says: drawn from worlds whose truth is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.metrics import METRICS
from tests.coverage import page
from tests.coverage.simulation import Study, coverage
from tests.coverage.studies import FIGURE, hardest, studies, study_of

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "intervals.md"
FEW = 1000  # replications in the fast tests


def test_every_metric_has_its_interval_on_the_page() -> None:
    text = DOCS.read_text(encoding="utf-8")
    named = {metric: study_of(metric) for metric in METRICS}
    enumerated = {"a rate", "a difference of two rates", "a ratio of two rates"}
    assert {metric: name for metric, name in named.items() if name and name not in {*enumerated, *studies()}} == {}
    assert [name for name in studies() if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("study", list(hardest()), ids=lambda study: study.name)
def test_no_interval_falls_under_its_figure_where_it_is_claimed(study: Study) -> None:
    """A thousand draws: what is not under the figure by more than three standard errors may well reach it."""
    for found in coverage(study, FEW):
        assert found.coverage + 3 * found.error >= FIGURE, found
        assert found.undefined < FEW / 20


@pytest.mark.slow
@pytest.mark.parametrize("name", list(studies()))
def test_ten_thousand_draws_show_what_the_page_says(name: str) -> None:
    study, text = studies()[name], DOCS.read_text(encoding="utf-8")
    found = coverage(study, page.REPLICATIONS)
    assert min(each.coverage for each in found if each.point.claimed) >= FIGURE
    for row in (page.row_of(study, found), *page.missed_of(study, found)):
        assert f"| {' | '.join(row)} |" in text, "run: python -m tests.coverage > docs/intervals.md"
