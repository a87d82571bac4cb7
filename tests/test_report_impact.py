"""Local Law 144's counts against the raw rows: selections, the exact median, who is above it, who is unknown."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from streamlit.testing.v1 import AppTest

from dashboard import rules
from dashboard.metrics.four_fifths import screen
from dashboard.report.impact import Tallies, tallies
from dashboard.ui import menu, reports
from tests.test_odd_models import ENTRY, opened
from tests.worlds import Spec, World, build, specs

NAMES = ("sex", "age_band")
COLUMNS = ["sex_group", "age_group"]


def read(world: World, version: str | None = None, since: int = 0, until: int = 99) -> Tallies:
    first, end = world.since + timedelta(days=since), min(world.since + timedelta(days=until), world.until)
    return tallies(world.model.paths, world.model.source(), world.model.scope(first, end, version=version), NAMES)


def agrees(found: Tallies, rows: pd.DataFrame) -> None:
    median = rows["score"].median()
    assert found.median == pytest.approx(median) if rows["score"].notna().any() else found.median is None
    for groups, of in rows.groupby(COLUMNS):
        tally = found.by_groups[groups]  # type: ignore[index]
        assert (tally.decided, tally.selected) == (of["said"].count(), (of["said"] == 1).sum())
        assert (tally.scored, tally.above) == (of["score"].count(), (of["score"] > median).sum())
    assert len(found.by_groups) == rows.groupby(COLUMNS).ngroups


@settings(max_examples=6, deadline=None)
@given(specs())
def test_the_counts_are_those_of_the_raw_rows(tmp_path_factory: pytest.TempPathFactory, spec: Spec) -> None:
    world = build(spec, tmp_path_factory.mktemp("world"))
    agrees(read(world), world.frame)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=4, rows=900, days=9, labels="late"), tmp_path_factory.mktemp("world"))


def test_a_window_and_a_version_have_a_median_of_their_own(world: World) -> None:
    days = pd.to_datetime(world.frame["predicted_at"]).dt.normalize() - pd.Timestamp(world.since)
    week = world.frame[(days.dt.days >= 2) & (days.dt.days < 5) & (world.frame["model_version"] == "v1")]
    agrees(read(world, "v1", 2, 5), week)


def test_half_lies_strictly_above_the_median_where_no_two_scores_are_equal(tmp_path: Path) -> None:
    world = build(Spec(seed=2, rows=200, days=1, threshold=0.5), tmp_path)
    whole = read(world).whole()
    scores = world.frame["score"]
    assert whole.above == (scores > scores.median()).sum() <= whole.scored / 2


def test_rows_that_are_not_counted_yet_are_not_in_it(world: World, tmp_path: Path) -> None:
    later = build(Spec(seed=4, rows=300, days=9), tmp_path)
    before = read(later)
    later.model.log(pd.DataFrame({"prediction_id": ["new"], "predicted_at": [pd.Timestamp(later.since)],
                                  "model_version": ["v1"], "score": [0.9], "sex": ["F"], "age": [50.0]}))  # fmt: skip
    assert read(later) == before


def test_sex_alone_is_the_sum_over_the_other_and_unknown_is_published(world: World) -> None:
    found = read(world)
    unknown = world.frame["sex_group"] == "unknown"
    for scores, column in ((False, "said"), (True, "score")):
        one = reports.ratios(found, ("sex",), scores)
        assert one.unknown == world.frame.loc[unknown, column].count()
        both = reports.ratios(found, NAMES, scores)
        assert both.unknown == world.frame.loc[unknown | (world.frame["age_group"] == "unknown"), column].count()
        assert sum(c.n for c in both.categories) + both.unknown == world.frame[column].count()


def test_what_is_left_out_stays_in_the_table_with_its_number_and_its_reason(world: World) -> None:
    found = read(world)
    both = reports.ratios(found, NAMES, False)
    small = [c.name for c in both.categories if c.may_be_left_out]
    assert small
    left = reports.ratios(found, NAMES, False, small)
    assert left.highest not in small
    rows = reports.in_words(left, False)
    assert sum(row["Impact ratio"] == "left out" for row in rows) == len(small)
    assert all(row["Number"] for row in rows)
    numbers = reports.csv(left, False, "too few")
    assert (numbers["justification"] == "too few").sum() == len(small)
    assert numbers.iloc[-1]["n"] == left.unknown


def test_the_headline_names_the_lowest_group_and_what_chance_would_do() -> None:
    says, more = reports.headline(screen({"A": (480, 800), "B": (120, 400), "C": (150, 400)}), "sex")
    assert says.startswith("B is selected 0.50 times as often as A: under four fifths, which draws attention; 1 more")
    assert "less than 0.1" in more
    says, more = reports.headline(screen({"A": (48, 80), "B": (22, 40)}), "sex")
    assert says == "By sex, no group is selected less than four fifths as often as A."
    assert re.search(r"by chance in \d+", more)
    assert "cannot be compared" in reports.headline(screen({"A": (0, 8), "B": (0, 4)}), "sex")[0]


@pytest.mark.parametrize("report", ["Four-fifths rule", "Local Law 144"])
def test_each_report_names_its_source_its_day_and_passes_nobody(
    report: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"report": report, "sex-is": "sex", "race-is": "age_band", "attribute": "sex"}
    heading, words = opened(world.model.paths.root.parent.parent, "reports", monkeypatch, **query)
    rule = rules.rule("local_law_144" if "Law" in report else "four_fifths")
    assert heading.endswith(".")
    assert rule.citation in words
    assert str(rule.as_of.year) in words
    assert not re.search(r"\b(compl(?!ete)\w+|pass\w*|fail\w*)\b", words.replace(rule.limits, ""), re.IGNORECASE)
    if "Law" in report:
        unknown = world.frame.loc[world.frame["sex_group"] == "unknown", "said"].count()
        assert f"{unknown:,} with unknown sex were" in words
        assert "By sex and age band" in words
        assert "lowest impact ratio by sex is" in heading
        assert "four fifths" not in words


def test_nothing_is_left_out_until_its_justification_is_typed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(world.model.paths.root.parent.parent))
    app = AppTest.from_file(str(ENTRY), default_timeout=60)
    for name, value in {"report": "Local Law 144", "sex-is": "sex", "race-is": "age_band", "window": "all"}.items():
        app.query_params[name] = value
    app.run().switch_page(str(menu.file("reports"))).run()
    small = [c.name for c in reports.ratios(read(world), NAMES, False).categories if c.may_be_left_out]
    app.multiselect(key="without-sex-age_band").select(small[0]).run()
    assert "Nothing is left out until" in texts(app)
    assert "left out" not in texts(app).replace("is left out until", "")
    app.text_input(key="why-sex-age_band").input("Too few to say.").run()
    assert not app.exception
    assert "Too few to say." in texts(app)
    assert texts(app).count(" left out ") == 2  # in the table of selections and in that of scores


def texts(app: AppTest) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", element.proto.body) for element in app.get("html"))
