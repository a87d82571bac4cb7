"""Thresholds: counts by score bin say what raw rows say, the frontier is the best there is, the page keeps it."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats
from sklearn import metrics as sk
from sklearn.base import BaseEstimator, ClassifierMixin
from streamlit.testing.v1 import AppTest

import dashboard.ui
from dashboard import Workspace, charts
from dashboard.errors import EvenhandError
from dashboard.metrics import thresholds
from dashboard.metrics.lots import EQUAL, equalised
from dashboard.metrics.thresholds import Binned, best, gains, group_frontier, point, single_frontier
from dashboard.metrics.value import mean_of_values
from dashboard.report import what_if
from dashboard.review import events, events_kinds, events_releases
from dashboard.review.ledger import Ledger
from dashboard.settings import read
from dashboard.ui import menu, record
from dashboard.ui import what_if as words
from tests.test_odd_models import COLUMNS, MODEL, multiclass, opened, regression
from tests.test_odd_models import counted as of_rows
from tests.worlds import GROUPS, Spec, World, build

WORTH = {"tp": 90.0, "fp": -10.0, "fn": -200.0, "tn": 0.0}


def counted(world: World, attribute: str) -> what_if.WhatIf:
    found = what_if.what_if(world.model.source(), world.model.scope(world.since, world.until, attributes=(attribute,)))
    assert found is not None
    return found


@pytest.mark.parametrize("attribute", ["sex", "age_band"])
def test_every_rate_at_every_threshold_is_that_of_the_raw_rows(attribute: str, tmp_path: Path) -> None:
    world = build(Spec(rows=900, scores=40, seed=5), tmp_path)
    found, frame = counted(world, attribute), world.frame
    frame = frame[frame["score"].notna()]
    for place in range(0, found.binned.places, 7):
        at = found.threshold(place)
        shown = what_if.rates(found, [place] * len(found.groups)).set_index(["group", "rate"])
        for group, rows in frame.groupby(frame[GROUPS[attribute]]):
            said = (rows["score"] >= at).astype(int)
            known = rows["label"].notna()
            y, p = rows["label"][known].astype(int), said[known]
            assert shown.loc[(group, "selection_rate"), "value"] == pytest.approx(said.mean())
            if y.any():
                assert shown.loc[(group, "true_positive_rate"), "value"] == pytest.approx(sk.recall_score(y, p))
            if p.any():
                assert shown.loc[(group, "precision"), "value"] == pytest.approx(sk.precision_score(y, p))


def test_the_goals_are_those_of_the_raw_rows(tmp_path: Path) -> None:
    world = build(Spec(rows=900, scores=40, seed=5), tmp_path)
    found = counted(world, "sex")
    frame = world.frame[world.frame["score"].notna() & world.frame["label"].notna()]
    for place in (0, found.present, found.binned.places - 1):
        said, y = (frame["score"] >= found.threshold(place)).astype(int), frame["label"].astype(int)
        places = [place] * len(found.groups)
        reach = [
            what_if.reached(found, places, "selection_rate", goal).goal for goal in ("accuracy", "balanced_accuracy")
        ]
        assert reach == pytest.approx([sk.accuracy_score(y, said), sk.balanced_accuracy_score(y, said)])
        each = point(found.binned, places, "precision", gains(found.binned, "value_per_case", WORTH))
        cells = sk.confusion_matrix(y, said, labels=[0, 1]).ravel()
        assert each.goal == pytest.approx(cells @ [WORTH[name] for name in ("tn", "fp", "fn", "tp")] / len(y))


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 10_000), some.sampled_from(thresholds.RATES), some.sampled_from(thresholds.GOALS))
def test_no_choice_of_thresholds_beats_the_frontier_at_its_gap(seed: int, rate: str, goal: str) -> None:
    counts = np.random.default_rng(seed).integers(0, 9, (2, 3, 6))
    binned = Binned(counts, np.linspace(0.2, 0.8, 5), (True, True))
    gain = gains(binned, goal, WORTH)
    every = [point(binned, places, rate, gain) for places in itertools.product(range(7), repeat=2)]
    for one in group_frontier(binned, rate, gain, (3, 3)):
        assert one.goal == pytest.approx(max(p.goal for p in every if p.gap <= one.gap + 1e-9))
    alone = [p for p in every if p.places[0] == p.places[1]]
    assert single_frontier(binned, rate, gain) == best(alone)


def test_a_group_that_is_not_compared_keeps_its_threshold_and_opens_no_gap() -> None:
    counts = np.random.default_rng(1).integers(0, 9, (3, 3, 6))
    binned = Binned(counts, np.linspace(0.2, 0.8, 5), (True, True, False))
    gain = gains(binned, "accuracy")
    found = group_frontier(binned, "true_positive_rate", gain, (3, 3, 2))
    assert found
    assert all(one.places[2] == 2 for one in found)
    two = Binned(counts[:2], binned.edges, (True, True))
    assert found[0].gap == pytest.approx(point(two, found[0].places[:2], "true_positive_rate", gain[:2]).gap)


class Score(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Says what it is given: a score."""

    def fit(self, x: Any, y: Any) -> Score:
        self.classes_, self.fitted_ = np.array([0, 1]), True
        return self

    def predict_proba(self, x: Any) -> Any:
        return np.column_stack([1 - np.asarray(x)[:, 0], np.asarray(x)[:, 0]])


def test_thresholds_without_lots_come_within_half_a_point_of_fairlearns_with_them() -> None:
    """Equal selection rates need lots, which fairlearn draws; ours leaves at most two points between groups."""
    from fairlearn.postprocessing import ThresholdOptimizer

    random = np.random.default_rng(3)
    n = 4000
    group = random.choice([0, 1], n)
    score = np.round(random.beta(1.2 + group, 2.0, n), 2)
    label = (random.random(n) < score).astype(int)
    x = score[:, None]
    theirs = ThresholdOptimizer(
        estimator=Score().fit(x, label), constraints="demographic_parity", objective="accuracy_score", prefit=True,
        predict_method="predict_proba",
    ).fit(x, label, sensitive_features=group)  # fmt: skip
    chances = theirs._pmf_predict(x, sensitive_features=group)[:, 1]
    reached = float(np.where(label == 1, chances, 1 - chances).mean())
    edges = np.arange(1, 101) / 100
    counts = np.zeros((2, 3, 101), dtype=np.int64)
    np.add.at(counts, (group, label, np.rint(score * 100).astype(int)), 1)
    binned = Binned(counts, edges, (True, True))
    frontier = group_frontier(binned, "selection_rate", gains(binned, "accuracy"), (50, 50))
    assert max(one.goal for one in frontier if one.gap <= 0.02) >= reached - 0.005


def test_a_threshold_between_edges_is_moved_to_the_nearest() -> None:
    edges = np.array([0.2, 0.5])
    assert [thresholds.value_of(edges, thresholds.nearest(edges, at)) for at in (0.02, 0.33, 0.36, 0.9)] == [
        0,
        0.2,
        0.5,
        0.5,
    ]
    assert thresholds.value_of(edges, 3) == np.inf


def a_proposal(**changes: object) -> events_releases.Proposed:
    given = {
        "event_id": events.new_id(), "name": "Ada Osei", "role": "clinical lead", "model": "triage", "version": "v2",
        "since": date(2026, 3, 1), "until": date(2026, 3, 29), "attribute": "sex", "thresholds": {"F": 0.3, "M": None},
        "instead_of": 0.25, "rationale": "too many are missed", "rollup_number": 3, "rollup_identity": "ab",
        "shown": ({"rate": "precision", "value": 0.4},),
    }  # fmt: skip
    return events_releases.Proposed(**given | changes)  # type: ignore[arg-type]


def test_a_proposal_comes_back_from_the_ledger_as_it_was_made(tmp_path: Path) -> None:
    ledger, made = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}"), a_proposal()
    ledger.append(made)
    (recorded,) = ledger.events("triage", "proposed")
    assert events_kinds.act(recorded.event) == made
    (row,) = record.acts_table([recorded])
    assert row["What"] == "proposed the thresholds F 0.3, M above all scores in place of 0.25"
    assert str(row["Who"]).endswith("not verified")
    assert ledger.verify().intact


@pytest.mark.parametrize(
    "wrong",
    [{"rationale": " "}, {"thresholds": {}}, {"thresholds": {"": 1.5}}, {"thresholds": {"": 0.25}}, {"name": ""}],
)
def test_a_proposal_without_reason_threshold_or_name_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(EvenhandError):
        a_proposal(**wrong)


def test_the_picture_draws_both_lines_and_names_what_is_marked(tmp_path: Path) -> None:
    found = counted(build(Spec(rows=900, seed=5), tmp_path), "sex")
    reached = what_if.frontiers(found, "true_positive_rate", "balanced_accuracy").assign(words="at 0.5")
    figure = charts.frontier(reached, {"now": (0.1, 0.6), "chosen": (0.05, 0.6)}, "gap", "goal")
    assert [trace.name for trace in figure.data[:2]] == ["one threshold for everybody", "one threshold for each group"]
    assert [note.text for note in figure.layout.annotations] == ["now", "chosen"]
    each, one = reached[reached["kind"] == "each"], reached[reached["kind"] == "one"]
    for row in one.to_dict("records"):
        assert each.loc[each["gap"] <= row["gap"] + 1e-12, "goal"].max() >= row["goal"] - 0.01


def at_page(workspace: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> AppTest:
    monkeypatch.setenv("EVENHAND_WORKSPACE", str(workspace))
    app = AppTest.from_file(str(Path(dashboard.ui.__file__).with_name("app.py")), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page(str(menu.file("what_if"))).run()
    assert not app.exception
    return app


def heading(app: AppTest) -> str:
    return re.search(r"<h1[^>]*>(.*?)</h1>", " ".join(e.proto.body for e in app.get("html")))[1]  # type: ignore[index]


def test_a_threshold_that_is_moved_is_told_and_kept(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = tmp_path / "workspace"
    (workspace / "models").mkdir(parents=True)
    (workspace / "models" / "triage").symlink_to(sample / "models" / "triage")
    app = at_page(workspace, monkeypatch, attribute="sex")
    assert heading(app).startswith("At 0.25 it finds ")
    app.slider(key="threshold").set_value(0.4).run()
    assert heading(app).startswith("With 0.40 in place of 0.25 it finds ")
    app.text_input(key="propose-name").input("Ada Osei")
    app.text_input(key="propose-role").input("Clinical lead")
    app.text_area(key="propose-why").input("Too many false alarms")
    app.button[0].click().run()
    assert [message.value for message in app.success]
    (recorded,) = Ledger(read(workspace).ledger).events("triage", "proposed")
    assert (recorded.event.body["thresholds"], recorded.event.verified) == ({"": 0.4}, False)
    app.switch_page(str(menu.file("audit"))).run()
    assert "proposed the threshold 0.4 in place of 0.25" in " ".join(e.proto.body for e in app.get("html"))


def test_each_group_has_its_slider(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = at_page(sample, monkeypatch, attribute="site")
    app.radio(key="thresholds").set_value(words.EACH).run()
    app.slider(key="threshold-A").set_value(0.1).run()
    assert not app.exception
    assert heading(app).startswith("With 0.10 for A in place of 0.25 it finds ")


@pytest.mark.parametrize("make", [multiclass, regression])
def test_a_model_without_a_threshold_says_so(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    st.cache_data.clear()
    assert opened(tmp_path, "what_if", monkeypatch)[0] == "This model decides by no threshold."


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (Spec(without=frozenset({"subject", "score"})), "There are no scores in these days."),
        (Spec(labels="never"), "No labels of both kinds have come for these days."),
    ],
)
def test_without_scores_or_labels_it_says_so(
    spec: Spec, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(spec, tmp_path)
    st.cache_data.clear()
    assert opened(tmp_path, "what_if", monkeypatch)[0] == says


def test_groups_whose_scores_are_not_counted_are_said_to_be_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    n = 3000
    score, site = np.round(random.random(n), 2), random.choice([f"s{k:02}" for k in range(60)], n)
    given = pd.DataFrame({"id": [f"i{k}" for k in range(n)], "time": pd.Timestamp("2026-01-24"), "score": score})
    given = given.assign(label=(random.random(n) < score).astype(int), site=site)
    given["time"] += pd.to_timedelta(random.integers(0, 9 * 86_400, n), unit="s")
    columns = COLUMNS.format(more='score = "score"')
    model = of_rows(
        tmp_path,
        f'{MODEL.format(task="binary")}positive = "1"\n{columns}[attributes.site]\ncolumn = "site"\n',
        given,
        False,
    )
    extent = model.extent()
    found = what_if.what_if(model.source(), model.scope(extent.first, extent.last, attributes=("site",)))
    assert found is not None
    assert (len(found.groups), len(found.unbinned)) == (50, 10)
    assert re.search(r"\d+ cases of s\d\d; .* and 2 more are not in it", words.left_out(found))


VALUE = '[value]\nunit = "EUR"\n' + "".join(f"{name} = {worth}\n" for name, worth in WORTH.items())


def valued(spec: Spec, folder: Path) -> World:
    """Returns a world whose contract says what cases are worth."""
    world = build(spec, folder)
    path = world.model.paths.contract
    path.write_text(
        path.read_text(encoding="utf-8").replace("[attributes.sex]", f"{VALUE}[attributes.sex]", 1), "utf-8"
    )
    model = Workspace(folder).model(spec.name)
    model.rollup()
    return replace(world, model=model)


def worth_of(frame: pd.DataFrame, thresholds: dict[str, float]) -> pd.Series:
    """Returns what each case is worth under a threshold for each group of sex."""
    said = frame["score"] >= frame["sex_group"].map(thresholds)
    names = np.select([said & (frame["label"] == 1), said, frame["label"] == 1], ["tp", "fp", "fn"], "tn")
    return pd.Series(names, frame.index).map(WORTH)


def test_the_change_in_value_is_that_of_the_same_raw_rows_under_two_thresholds(tmp_path: Path) -> None:
    world = valued(Spec(rows=4000, scores=40, seed=5), tmp_path)
    found = counted(world, "sex")
    frame = world.frame[world.frame["score"].notna() & world.frame["label"].notna()]
    places = [found.place(at) for at in np.linspace(0.3, 0.7, len(found.groups))]
    before, after = ({group: found.threshold(place) for group, place in zip(found.groups, at, strict=True)}
                     for at in ([found.present] * len(places), places))  # fmt: skip
    now, then = (worth_of(frame, thresholds) for thresholds in (before, after))
    told = what_if.worths(found, places)
    for group, worth in told.items():
        rows = frame["sex_group"] == group if group else frame["label"].notna()
        assert worth.now.value == pytest.approx(now[rows].mean())
        assert worth.then.value == pytest.approx(then[rows].mean())
        assert worth.change.value == pytest.approx((then - now)[rows].mean())
        assert worth.change.numerator == pytest.approx((then - now)[rows].sum())
    change = stats.ttest_rel(then, now).confidence_interval()
    assert told[""].change.interval() == pytest.approx((change.low, change.high), abs=0.04 * (change.high - change.low))
    apart = stats.ttest_ind(then, now).confidence_interval()
    assert change.high - change.low < 0.8 * (apart.high - apart.low)
    table = what_if.value_table(found, places)
    assert list(table["value_change"]) == [worth.change.value for worth in told.values()]


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 10_000))
def test_what_changes_is_the_value_then_less_the_value_now(seed: int) -> None:
    random = np.random.default_rng(seed)
    binned = Binned(random.integers(0, 9, (3, 3, 6)), np.linspace(0.2, 0.8, 5), (True, True, False))
    now, then = random.integers(0, 7, (2, 3))
    changed = thresholds.changes(binned, now, then, WORTH)
    labelled = int(binned.all[:, :2].sum())
    assert sum(changed.values()) == labelled
    assert all(often >= 0 for often in changed.values())
    gain = gains(binned, "value_per_case", WORTH)
    every = np.arange(3)
    assert sum(by * often for by, often in changed.items()) == pytest.approx(
        labelled * float(gain[every, then].sum() - gain[every, now].sum())
    )
    assert thresholds.changes(binned, now, now, WORTH) == {0.0: labelled}


def test_the_change_contains_the_truth_where_few_cases_change() -> None:
    random, shares = np.random.default_rng(1), np.array([0.97, 0.02, 0.01])
    values = np.array([0.0, -10.0, 290.0])
    inside = 0
    for counts in random.multinomial(300, shares, 400):
        low, high = mean_of_values(dict(zip(values, map(float, counts), strict=True))).interval()
        inside += low <= values @ shares <= high  # type: ignore[operator]
    assert inside >= 0.92 * 400
    none = mean_of_values({0.0: 300.0, 290.0: 0.0})
    assert none.value == 0
    assert none.interval()[1] > 0  # type: ignore[operator]


def test_where_persons_come_often_the_change_is_less_sure(tmp_path: Path) -> None:
    world = valued(Spec(rows=1500, seed=5, without=frozenset()), tmp_path)
    found = counted(world, "sex")
    places = [found.place(0.3)] * len(found.groups)
    alone = replace(found, deffs={})
    wide, narrow = (of.interval() for of in (what_if.worths(one, places)[""].change for one in (found, alone)))
    sizes = world.frame.loc[world.frame["label"].notna() & world.frame["said"].notna(), "patient_id"].value_counts()
    assert found.deffs["change", ""] == pytest.approx((sizes**2).sum() / sizes.sum(), rel=0.15)
    assert wide[1] - wide[0] > 1.2 * (narrow[1] - narrow[0])  # type: ignore[operator]


PARITY = {
    "selection_rate": "demographic_parity",
    "true_positive_rate": "true_positive_rate_parity",
    "false_positive_rate": "false_positive_rate_parity",
}


@pytest.mark.parametrize("rate", PARITY)
@pytest.mark.parametrize("goal", ["accuracy", "balanced_accuracy"])
def test_with_lots_it_reaches_what_fairlearns_threshold_optimizer_reaches(rate: str, goal: str) -> None:
    from fairlearn.postprocessing import ThresholdOptimizer

    random, n = np.random.default_rng(7), 3000
    group = random.choice(3, n, p=[0.5, 0.3, 0.2])
    score = np.round(random.beta(1.2 + group * 0.7, 2.0, n), 2)
    label = (random.random(n) < score).astype(int)
    x = score[:, None]
    theirs = ThresholdOptimizer(estimator=Score().fit(x, label), constraints=PARITY[rate], objective=f"{goal}_score",
                                prefit=True, predict_method="predict_proba")  # fmt: skip
    chances = theirs.fit(x, label, sensitive_features=group)._pmf_predict(x, sensitive_features=group)[:, 1]
    right = np.where(label == 1, chances, 1 - chances)
    halves = (right[label == 1].mean() + right[label == 0].mean()) / 2
    counts = np.zeros((3, 3, 101), dtype=np.int64)
    np.add.at(counts, (group, label, np.rint(score * 100).astype(int)), 1)
    binned = Binned(counts, np.arange(1, 101) / 100, (True, True, True))
    found = equalised(binned, rate, goal, {}, (50, 50, 50))
    assert found.goal == pytest.approx(right.mean() if goal == "accuracy" else halves, abs=1e-4)
    among = {"selection_rate": label >= 0, "true_positive_rate": label == 1, "false_positive_rate": label == 0}[rate]
    for mix in found.mixes:
        assert chances[(group == mix.group) & among].mean() == pytest.approx(found.rate, abs=2e-3)
        above = thresholds.rates(binned, rate)[mix.group]
        mixed = mix.chance * above[mix.lot] + (1 - mix.chance) * above[mix.sure]
        assert mixed == pytest.approx(found.rate)


@settings(max_examples=40, deadline=None)
@given(some.integers(0, 10_000), some.sampled_from(EQUAL), some.sampled_from(["accuracy", "value_per_case"]))
def test_no_equal_rates_without_lots_beat_equal_rates_with_them(seed: int, rate: str, goal: str) -> None:
    counts = np.random.default_rng(seed).integers(1, 9, (2, 3, 6))
    binned = Binned(counts, np.linspace(0.2, 0.8, 5), (True, True))
    drawn = equalised(binned, rate, goal, WORTH, (3, 3))
    gain = gains(binned, goal, WORTH)
    for places in itertools.product(range(7), repeat=2):
        one = point(binned, places, rate, gain)
        assert one.gap > 1e-12 or one.goal <= drawn.goal + 1e-9


def tables(app: AppTest) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", element.proto.body) for element in app.get("html"))


def test_a_view_that_was_sent_opens_as_it_was(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"attribute": "site", "thresholds": words.EACH, "threshold-A": "0.1", "threshold-C": "0.4"}
    asked |= {"gap-in": "selection_rate", "goal": "value_per_case"}
    app = at_page(sample, monkeypatch, **asked)
    assert heading(app).startswith("With 0.10 for A and 0.40 for C in place of 0.25 it finds ")
    assert "between groups in selection rate" in heading(app)
    assert (app.selectbox(key="gap-in").value, app.selectbox(key="goal").value) == ("selection_rate", "value_per_case")
    assert [app.slider(key=f"threshold-{group}").value for group in "ABC"] == [0.1, 0.25, 0.4]
    app.slider(key="threshold-B").set_value(0.3).run()
    app.selectbox(key="gap-in").set_value("precision").run()
    assert app.query_params["gap-in"] == "precision"
    sent = asked | {"threshold-B": "0.3", "gap-in": "precision"}  # the sliders' part is written by the browser
    again = at_page(sample, monkeypatch, **sent)
    assert heading(again) == heading(app)
    assert tables(again) == tables(app)


def test_the_page_tells_the_change_in_value_with_its_interval(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = at_page(sample, monkeypatch, attribute="sex")
    assert "A case then" not in tables(app)
    app.slider(key="threshold").set_value(0.4).run()
    told = re.search(r"instead of [\d.,−]+ EUR: a change of −\d+ \(−\d+ to −\d+\) EUR, −[\d,]+ EUR over", tables(app))
    assert told
    assert "takes them all to change alike" in tables(app)  # the sample has subjects


def test_what_lots_would_reach_is_told_when_it_is_asked_for(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = at_page(sample, monkeypatch, attribute="site", **{"gap-in": "true_positive_rate"})
    assert "With and without lots" not in tables(app)
    app.session_state["opened-lots"] = True
    app.run()
    assert not app.exception
    assert re.search(r"With lots every group has a true positive rate of [\d.]+.%, at a balanced accuracy", tables(app))
    assert "ThresholdOptimizer, with lots" in tables(app)
    assert "need the group of every case" in tables(app)
    app.selectbox(key="gap-in").set_value("precision").run()
    assert "no rule that makes precision equal" in tables(app)
