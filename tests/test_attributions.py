"""Attributions as logged: what the contract says of them, what intake keeps, what is counted, whether order drifts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from dashboard import contract, ingest
from dashboard.errors import EvenhandError
from dashboard.metrics.attributions import Daily, attribution_ndcg, ndcg, shares
from dashboard.report.attributions import moves, sentence
from tests import explained
from tests.explained import ATTRIBUTIONS, CONTRACT, END, FEATURES, SPLIT, WEIGHTS
from tests.test_rollup import tables
from tests.worlds import found

TEXT = CONTRACT + FEATURES


def test_the_contract_names_them_writes_them_and_keeps_its_digest_without() -> None:
    full = contract.parse(TEXT + ATTRIBUTIONS, "here")
    assert full.attributions == {name: f"shap_{name}" for name in WEIGHTS}
    assert set(full.attributions.values()) <= full.numeric
    again = contract.parse(contract.render(full), "there")
    assert again == full
    plain = contract.parse(TEXT, "here")
    assert plain.digest != full.digest
    assert (
        plain.digest == "fbd6dfb5d1697ef007aba68042ee7c4d22c292e540bb8920004bb1e43abcb8ca"
    )  # as it was before there were attributions


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('lactat = "shap"', "lactate"),
        ('lactate = "score"', "the column 'score' is score already"),
        ('lactate = "AGE"', "is the feature age already"),
        ('lactate = "shap"\nage = "shap"', "is the attribution of lactate already"),
        ("lactate = 3", "A text in quotes was expected"),
    ],
)
def test_a_mistake_is_named(line: str, says: str) -> None:
    with pytest.raises(EvenhandError, match=says):
        contract.parse(f"{TEXT}[attributions]\n{line}\n", "here")


def test_they_are_recognised_by_their_names(tmp_path: Path) -> None:
    frame = explained.drawn(300).rename(columns={"shap_age": "attribution_age", "shap_pulse": "Pulse_SHAP"})
    frame["shap_other"] = frame["age"]  # of no column there is
    frame.to_csv(tmp_path / "log.csv", index=False)
    proposed = ingest.propose(tmp_path / "log.csv", "triage").contract
    named = {"lactate": "shap_lactate", "age": "attribution_age", "pulse": "Pulse_SHAP", "bed": "shap_bed"}
    assert dict(proposed.attributions) == named
    assert {feature.name for feature in proposed.features} == {*WEIGHTS, "shap_other"}


def test_one_that_is_no_number_is_null_and_counted(tmp_path: Path) -> None:
    model = found(tmp_path, TEXT + ATTRIBUTIONS)
    frame = explained.drawn(200)
    frame["shap_lactate"] = frame["shap_lactate"].astype(object)
    frame.loc[:4, "shap_lactate"] = "n/a"
    receipt = model.log(frame)
    assert receipt.rejected == 0
    assert any("shap_lactate" in note for note in receipt.notes)
    model.rollup()
    assert sum(row[3] for row in tables(model, ["attributions"])["attributions"] if row[2] == "lactate") == 195


def test_what_is_counted_is_what_pandas_sums(tmp_path: Path) -> None:
    frame = explained.drawn(900)
    frame.loc[frame.index % 7 == 0, "shap_age"] = np.nan
    model = explained.model(tmp_path, frame)
    day = frame["time"].dt.date
    for name in WEIGHTS:
        values = (frame[f"shap_{name}"] * 1e9).round()
        sums = pd.DataFrame({"n": values.notna(), "size": values.abs(), "total": values, "day": day})
        wanted = sums.assign(version=frame["version"]).groupby(["day", "version"]).sum()
        found_rows = [row for row in tables(model, ["attributions"])["attributions"] if row[2] == name]
        assert len(found_rows) == int((wanted["n"] > 0).sum())
        for when, version, _, n, size, total in found_rows:
            row = wanted.loc[(when, version)]
            assert (n, size, total) == (row["n"], row["size"], row["total"])


def test_merging_days_equals_counting_once(tmp_path: Path) -> None:
    frame = explained.drawn(400)
    once, daily = (found(tmp_path / name, TEXT + ATTRIBUTIONS, policy=explained.POLICY) for name in ("once", "daily"))
    once.log(frame)
    once.rollup()
    parts = [part for _, part in frame.groupby(frame["time"].dt.day_of_year // 9)]
    for part in [parts[3], *parts[:3], *parts[4:]]:
        daily.log(part)
        daily.rollup()
    assert tables(daily, ["attributions"]) == tables(once, ["attributions"])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=2, max_size=12))
def test_ndcg_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    then, now = np.array(pairs, dtype=float).T
    if then.any():
        assert ndcg(then, now) == pytest.approx(ndcg_score([then], [now]), abs=1e-12)


def by_raw_rows(frame: pd.DataFrame) -> float:
    """Returns the NDCG of the last 7 days by scikit-learn."""
    late = frame["time"].dt.date >= SPLIT
    sizes = frame[[f"shap_{name}" for name in WEIGHTS]].abs()
    return float(ndcg_score([sizes[~late].mean()], [sizes[late].mean()]))


def test_a_turned_order_is_found_and_a_kept_one_is_not(tmp_path: Path) -> None:
    turned = {"lactate": 0.1, "age": 0.3, "pulse": 0.7, "bed": 1.4}
    for name, late, state in (("kept", None, "within"), ("turned", turned, "outside")):
        frame = explained.drawn(late=late)
        model = explained.model(tmp_path / name, frame)
        (finding,) = (f for f in model.findings() if f.metric == "attribution_ndcg")
        assert finding.state == state
        (reading,) = model.readings(kinds=("drift",), metrics=("attribution_ndcg",), since=SPLIT, until=END)
        assert reading.value == pytest.approx(by_raw_rows(frame), abs=1e-6)
        assert reading.low is not None
        assert reading.high is not None
        assert reading.low <= reading.value <= reading.high
        assert "attribution_ndcg" not in {one.metric for one in model.readings(kinds=("drift",), since=SPLIT)}
    moved = moves(model.source(), model.scope(kinds=("drift",), since=SPLIT, until=END))
    assert [(one.feature, one.first, one.now) for one in moved] == [
        ("lactate", 1, 4), ("age", 2, 3), ("pulse", 3, 2), ("bed", 4, 1),
    ]  # fmt: skip
    assert sentence(moved) == "lactate was 1st of 4 by attribution, now 4th."


def test_it_is_refused_in_words_without_attributions(tmp_path: Path) -> None:
    model = explained.model(tmp_path, explained.drawn(800), logged=False)
    (finding,) = model.findings()
    assert (finding.state, "no attributions are logged" in finding.sentence) == ("cannot be computed", True)


def days(random: np.random.Generator, number: int, means: list[float]) -> Daily:
    """Returns days whose means differ from each other as days do, by a factor of each input's own."""
    counts = random.integers(40, 60, (number, 1)) * np.ones(len(means))
    return Daily(counts, counts * np.array(means) * np.exp(random.normal(0, 0.15, (number, len(means)))))


def test_its_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    then, now = [4.0, 3.0, 2.0, 1.0], [1.0, 2.4, 2.0, 2.8]
    truth = ndcg(np.array(then), np.array(now))
    held = [
        low <= truth <= high
        for low, high in (attribution_ndcg(days(random, 56, then), days(random, 7, now)).interval() for _ in range(80))
        if low is not None and high is not None
    ]
    assert np.mean(held) > 0.9
    found = attribution_ndcg(days(random, 56, then), days(random, 7, now))
    widths = [np.subtract(*found.interval(level)[::-1]) for level in (0.5, 0.9, 0.99, 0.999, 0.99999)]
    assert widths == sorted(widths)


def test_shares_have_the_limits_of_a_bootstrap_of_days() -> None:
    random = np.random.default_rng(2)
    drawn = days(random, 40, [4.0, 3.0, 2.0, 1.0])
    share, low, high = shares(drawn)
    assert share.sum() == pytest.approx(1)
    times = random.multinomial(40, np.full(40, 1 / 40), 4000).astype(float)
    means = (times @ drawn.sums) / (times @ drawn.counts)
    spread = (means / means.sum(axis=1, keepdims=True)).std(axis=0)
    assert (high - low) / 2 == pytest.approx(2.0227 * np.sqrt(40 / 39) * spread, rel=0.06)
