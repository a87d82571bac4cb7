"""A gap taken apart: other mix and another rate add up to it, as on the raw rows; its change likewise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard import charts
from dashboard.errors import EvenhandError
from dashboard.metrics.decomposition import decomposed, gap_decomposed
from dashboard.rates import Rate
from dashboard.report.gap_words import change_sentence, gap_sentence
from dashboard.ui import menu
from dashboard.workspace_why import explained
from tests.worlds import GROUPS, START, Spec, World, build

ENTRY = Path(dashboard.ui.__file__).with_name("app.py")
NONE = (None, None)


@st.composite
def groups(draw: Any) -> dict[str, Rate]:
    """Returns rates of some of five groups, a few without trials."""
    names = draw(st.lists(st.sampled_from("abcde"), min_size=1, unique=True))
    found = {}
    for name in names:
        trials = draw(st.integers(0, 40))
        found[name] = Rate(draw(st.integers(0, trials)), trials)
    return found


def together(rates: Mapping[str, Rate]) -> float | None:
    return Rate(sum(r.hits for r in rates.values()), sum(r.trials for r in rates.values())).value


@given(groups(), groups())
def test_the_parts_of_a_gap_add_up_and_a_group_of_one_side_only_is_all_mix(
    ours: dict[str, Rate], theirs: dict[str, Rate]
) -> None:
    parts, sides = decomposed(theirs, ours), (together(ours), together(theirs))
    if sides[0] is None or sides[1] is None:
        assert parts == []
        return
    assert sum(part.total for part in parts) == pytest.approx(sides[0] - sides[1], abs=1e-12)
    for part in parts:
        if not part.before.trials or not part.now.trials:
            assert part.rate == 0


@given(groups(), groups(), groups(), groups())
def test_the_parts_of_a_gaps_change_add_up(
    was: dict[str, Rate], now: dict[str, Rate], was_other: dict[str, Rate], now_other: dict[str, Rate]
) -> None:
    parts = gap_decomposed((was, now), (was_other, now_other))
    a, b, c, d = (together(rates) for rates in (was, now, was_other, now_other))
    if a is None or b is None or c is None or d is None:
        assert parts == []
        return
    assert sum(part.total for part in parts) == pytest.approx((b - d) - (a - c), abs=1e-12)
    assert sum(part.mix for part in parts) + sum(part.rate for part in parts) == pytest.approx((b - d) - (a - c))
    swapped = gap_decomposed((was_other, now_other), (was, now))
    assert sum(part.mix for part in swapped) == pytest.approx(-sum(part.mix for part in parts))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(Spec(seed=5, rows=6000, days=14, without=frozenset()), tmp_path_factory.mktemp("gaps"))


MIDDLE, END = START + timedelta(days=7), START + timedelta(days=14)
COUNTED = {
    "selection_rate": (lambda f: f["said"].notna(), lambda f: f["said"] == 1),
    "true_positive_rate": (lambda f: (f["label"] == 1) & f["said"].notna(), lambda f: f["said"] == 1),
    "accuracy": (lambda f: f["label"].notna() & f["said"].notna(), lambda f: f["said"] == f["label"]),
}


def raw(world: World, metric: str, attribute: str, group: str, since: date, until: date) -> pd.DataFrame:
    """Returns the raw rows that a rate of a group counts, with what they hit."""
    frame = world.frame
    counts, hits = COUNTED[metric]
    rows = frame[(frame["day"] >= since) & (frame["day"] < until) & (frame[GROUPS[attribute]] == group)]
    rows = rows[counts(rows)]
    return rows.assign(hit=hits(rows))


def by_hand(before: pd.DataFrame, now: pd.DataFrame, by: str) -> tuple[float, float]:
    """Returns mix and rate by Kitagawa's formula, written out over the raw rows."""
    middle = (before["hit"].mean() + now["hit"].mean()) / 2
    mix = rate = 0.0
    for level in set(before[GROUPS[by]]) | set(now[GROUPS[by]]):
        old, new = before[before[GROUPS[by]] == level], now[now[GROUPS[by]] == level]
        shares = len(old) / len(before), len(new) / len(now)
        first = old["hit"].mean() if len(old) else new["hit"].mean()
        last = new["hit"].mean() if len(new) else old["hit"].mean()
        mix += (shares[1] - shares[0]) * ((first + last) / 2 - middle)
        rate += (last - first) * sum(shares) / 2
    return mix, rate


@pytest.mark.parametrize("metric", COUNTED)
@pytest.mark.parametrize(
    ("attribute", "group", "by"), [("sex", "F", "age_band"), ("sex", "X", "age_band"), ("age_band", "18-39", "sex")]
)
def test_a_gap_is_kitagawas_on_the_raw_rows(world: World, metric: str, attribute: str, group: str, by: str) -> None:
    found = world.model.gap(metric, attribute, group, by, (START, END))
    ours, theirs = (raw(world, metric, attribute, name, START, END) for name in (group, found.of.reference))
    assert (found.mix, found.rate) == pytest.approx(by_hand(theirs, ours, by), abs=1e-12)
    assert found.difference.value == pytest.approx(ours["hit"].mean() - theirs["hit"].mean())
    assert found.frame()["total"].sum() == pytest.approx(found.difference.value)
    assert found.frame()["trials_group"].sum() == len(ours)
    assert gap_sentence(found).endswith(".")


@pytest.mark.parametrize("metric", COUNTED)
def test_the_change_of_a_gap_is_the_difference_of_its_groups_changes(world: World, metric: str) -> None:
    found = world.model.gap_change(metric, "sex", "F", "age_band", (MIDDLE, END), (START, MIDDLE))
    changes = [
        by_hand(*(raw(world, metric, "sex", sex, *days) for days in ((START, MIDDLE), (MIDDLE, END))), "age_band")
        for sex in ("F", "M")
    ]
    assert (found.mix, found.rate) == pytest.approx(
        (changes[0][0] - changes[1][0], changes[0][1] - changes[1][1]), abs=1e-12
    )
    gaps = [world.model.gap(metric, "sex", "F", "age_band", d).difference for d in ((START, MIDDLE), (MIDDLE, END))]
    assert found.difference.value == pytest.approx(float(gaps[1].value or 0) - float(gaps[0].value or 0))
    low, high = found.difference.interval(0.95)
    widths = [(lambda ends: (ends[1] or 0) - (ends[0] or 0))(gap.interval(0.95)) for gap in gaps]
    assert max(widths) < float(high or 0) - float(low or 0) < sum(widths)
    assert found.frame()["total"].sum() == pytest.approx(found.difference.value)
    assert change_sentence(found).endswith(".")


def test_the_gaps_own_interval_is_that_of_the_fairness_reading(world: World) -> None:
    found = world.model.gap("selection_rate", "sex", "F", "age_band", (START, END))
    asked: dict[str, Any] = {"metrics": ("selection_rate_difference",), "attributes": ("sex",), "since": START}
    (reading,) = [r for r in world.model.readings(**asked, until=END) if r.group == "F"]
    assert found.difference.interval(0.95) == pytest.approx((reading.low, reading.high))


def test_a_gap_that_chance_makes_is_called_so_and_none_of_it_lost(world: World) -> None:
    found = world.model.gap("accuracy", "sex", "F", "age_band", (START, START + timedelta(days=1)))
    assert found.by_chance
    assert "chance alone does as much" in gap_sentence(found)
    clear = world.model.gap("prevalence", "sex", "X", "age_band", (START, END))  # all of X are positive
    assert not clear.by_chance
    assert "chance" not in gap_sentence(clear)


def test_what_cannot_be_taken_apart_is_refused_with_what_to_do(world: World) -> None:
    model, days = world.model, (START, END)
    with pytest.raises(EvenhandError, match=r"no attribute 'insurance'"):
        model.gap("accuracy", "sex", "F", "insurance", days)
    with pytest.raises(EvenhandError, match=r"taken apart by another attribute, not by sex"):
        model.gap("accuracy", "sex", "F", "sex", days)
    with pytest.raises(EvenhandError, match=r"no group 'W'.*F, M"):
        model.gap("accuracy", "sex", "W", "age_band", days)
    with pytest.raises(EvenhandError, match="is the reference"):
        model.gap("accuracy", "sex", "M", "age_band", days)
    with pytest.raises(EvenhandError, match="hits of trials"):
        model.gap("roc_auc", "sex", "F", "age_band", days)
    with pytest.raises(EvenhandError, match="share days"):
        model.gap_change("accuracy", "sex", "F", "age_band", days, (START, MIDDLE))
    with pytest.raises(EvenhandError, match="names no group"):
        explained(model, "accuracy", "age_band", days, NONE, NONE, "sex")


def test_the_command_line_says_the_gap_and_with_days_before_its_change(world: World) -> None:
    said, rows = explained(world.model, "accuracy", "age_band", (MIDDLE, END), NONE, NONE, "sex=F")
    assert said.startswith("Accuracy for F is ")
    assert {row["among"] for row in rows} >= {"18-39", "40-64", "65+", "unknown"}
    said, rows = explained(world.model, "accuracy", "age_band", (MIDDLE, END), (START, MIDDLE), NONE, "sex=F")
    assert "a change of" in said
    changed = world.model.gap_change("accuracy", "sex", "F", "age_band", (MIDDLE, END), (START, MIDDLE))
    assert sum(row["total"] for row in rows) == pytest.approx(changed.difference.value)


def test_the_bars_lead_from_one_gap_to_the_other_in_points() -> None:
    steps = [("65+: within", -0.2), ("<65: within", 0.05)]
    figure = charts.waterfall((("before", -0.02), ("now", -0.27)), -0.1, steps, "higher", "points", "Other mix")
    bars, ends = figure.data
    assert sum(bars.x) == pytest.approx(ends.x[1] - ends.x[0])
    assert list(bars.base) == pytest.approx([-0.02, -0.12, -0.32])
    assert "%" not in "".join(note.text for note in figure.layout.annotations)
    assert figure.layout.yaxis.ticktext[1] == "Other mix"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, sample: Path) -> Any:
    def start(**query: str) -> str:
        monkeypatch.setenv("EVENHAND_WORKSPACE", str(sample))
        app = AppTest.from_file(str(ENTRY), default_timeout=60)
        for name, value in (query | {"view": "Mix against rate"}).items():
            app.query_params[name] = value
        app.run()
        app.switch_page(str(menu.file("fairness"))).run()
        assert not app.exception, app.exception[0].message
        bodies = (element.proto.body for element in app.get("html"))
        said = unescape(re.sub(r"<[^>]+>", " ", " ".join(body for body in bodies if "<style" not in body)))
        assert "could not be shown" not in said
        return said

    return start


def test_the_view_says_why_women_are_overlooked_more_often_within_the_same_age(shown: Any) -> None:
    text = shown(attribute="sex", metric="true_positive_rate")
    assert "Why F and M differ" in text
    assert re.search(
        r"True positive rate for F is 15 points below that for M \(\d+ to \d+\).*within the same age", text
    )
    assert "most among 65+" in text
    assert "a change of" in text
    assert 'intersections = [["sex", "' in text  # what else could be declared


def test_the_view_says_what_to_declare_where_nothing_is_counted_together(shown: Any) -> None:
    assert 'intersections = [["site", "sex"]]' in shown(attribute="site", metric="true_positive_rate")


def test_a_window_without_labels_breaks_nothing(shown: Any) -> None:
    text = shown(attribute="sex", metric="true_positive_rate", version="v1", window="2026-06-02..2026-06-30")
    assert "Nothing can be compared here." in text
