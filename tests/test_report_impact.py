"""Local Law 144's counts against the raw rows: selections, the exact median, who is above it, who is unknown."""

from __future__ import annotations

import re
from datetime import date, timedelta
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from dashboard import rules
from dashboard.charts.words import group_name
from dashboard.metrics.four_fifths import screen
from dashboard.report import impact
from dashboard.report.impact import Tallies, middle_scores, tallies
from dashboard.ui import menu, reports
from dashboard.workspace import Model
from tests.test_odd_models import ENTRY, opened
from tests.worlds import Spec, World, build, specs
from tests.worlds import found as found_of

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


@settings(max_examples=40, deadline=None)
@given(some.lists(some.tuples(some.integers(0, 12), some.integers(1, 4)), max_size=12), some.data())
def test_the_middle_two_of_counted_scores_are_those_of_the_sorted_ones(
    counted: list[tuple[int, int]], data: some.DataObject
) -> None:
    low, high = sorted(data.draw(some.tuples(some.integers(-1, 13), some.integers(-1, 13))))
    every = sorted(score for score, n in counted for _ in range(n))
    expected = (every[(len(every) - 1) // 2], every[len(every) // 2]) if every else None
    told = [-inf if score < low else inf if score >= high else score for score, _ in counted]
    found = middle_scores([((), None, score, n) for score, (_, n) in zip(told, counted, strict=True)])
    if expected is None:
        assert found is None
    elif all(low <= score < high for score in expected):
        assert found == expected  # however the scores outside are told apart
    else:
        assert found is not None
        assert not -inf < found[0] <= found[1] < inf  # seen, and read again


def one_day(folder: Path, scores: list[float], more: str = "", reference: list[float] | None = None) -> Model:
    """Returns a model of one day's scores; `reference` are those that the bins were cut from, of a day before."""
    model = found_of(folder, f"{Spec(without=frozenset({'subject'})).contract}\n{more}")
    for day, of in enumerate([reference or [], scores]):
        if of:
            model.log(rows_of(day, of))
            model.rollup()
    return model


def rows_of(day: int, scores: list[float], version: str = "v1", first: int = 0) -> pd.DataFrame:
    n = len(scores)
    ids = [f"{day}-{k}" for k in range(first, first + n)]
    at = pd.Timestamp("2026-01-24") + pd.Timedelta(days=day, hours=12)
    return pd.DataFrame({"prediction_id": ids, "predicted_at": at, "model_version": version, "score": scores,
                         "sex": ["F", "M"] * (n // 2) + ["F"] * (n % 2), "age": 50.0})  # fmt: skip


def above(model: Model, day: int = 0, version: str | None = None) -> tuple[float | None, int, int]:
    """Returns the median of a day's scores, how many lie strictly above it, and how many there are."""
    first = date(2026, 1, 24) + timedelta(days=day)
    scope = model.scope(first, first + timedelta(days=1), version=version)
    one = tallies(model.paths, model.source(), scope, ("sex",))
    return one.median, one.whole().above, one.whole().scored


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.1, 0.2, 0.3, 0.9], (0.25, 2, 4)),  # even: the mean of the middle two, which no score is
        ([0.1, 0.2, 0.9], (0.2, 1, 3)),
        ([0.5] * 7, (0.5, 0, 7)),  # all tied: none strictly above
        ([0.1, 0.5, 0.5, 0.5, 0.9], (0.5, 1, 5)),
        ([0.0, 1.0], (0.5, 1, 2)),
        (
            [0.3, float(np.nextafter(0.3, 1))],
            (pytest.approx(0.3), 1, 2),
        ),  # neighbours: their mean rounds to one of them
    ],
)
def test_the_median_of_known_scores(scores: list[float], expected: tuple[float, int, int], tmp_path: Path) -> None:
    assert above(one_day(tmp_path, scores), 1) == expected


def test_scores_that_the_bins_do_not_know_have_their_exact_median_too(tmp_path: Path) -> None:
    """The bins were cut from two scores: thousands lie in one of them."""
    scores = np.round(np.random.default_rng(3).beta(2, 5, 3001), 6)
    found = above(one_day(tmp_path, scores.tolist(), reference=[0.25, 0.75] * 4), 1)
    assert found == (np.median(scores), (scores > np.median(scores)).sum(), 3001)


def test_a_shadow_version_and_a_row_that_came_twice_do_not_move_the_median(tmp_path: Path) -> None:
    model = one_day(tmp_path, [0.1, 0.2, 0.3], more='[versions]\nshadow = ["v9"]\n')
    model.log(rows_of(1, [0.8, 0.9, 0.9, 0.9], "v9"))
    again = rows_of(1, [0.1, 0.2, 0.3]).assign(latency_ms=7.0)  # other bytes, the same keys
    model.log(pd.concat([again, rows_of(1, [0.4], first=3)]))
    model.rollup()
    assert above(model, 1) == (pytest.approx(0.25), 2, 4)
    assert above(model, 1, "v9") == (pytest.approx(0.9), 0, 4)


def test_of_a_large_log_only_the_scores_beside_the_median_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(Spec(seed=8, rows=4000, days=3), tmp_path)
    seen: list[int] = []
    whole = impact._read
    monkeypatch.setattr(impact, "_read", lambda *given: seen.append(len(found := whole(*given))) or found)
    agrees(read(world), world.frame)
    assert len(seen) == 1
    assert seen[0] < 0.1 * len(world.frame)


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
    assert rule.read in words
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
    sent = {"report": "Local Law 144", "sex-is": "sex", "race-is": "age_band", "window": "all"}
    sent |= {"without-sex-age_band": group_name(small[0]), "why-sex-age_band": "Too few to say."}
    words = opened(world.model.paths.root.parent.parent, "reports", monkeypatch, **sent)[1]
    assert "Too few to say." in words  # what was left out, and why, is part of the URL


def texts(app: AppTest) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", element.proto.body) for element in app.get("html"))
