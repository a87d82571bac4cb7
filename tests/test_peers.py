"""The streams of benchmarks/peers hold what they say and nothing else; the comparison counts what was alarmed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from benchmarks.peers import __main__ as peers
from benchmarks.peers import data
from benchmarks.peers.comparison import verdicts
from benchmarks.peers.page import page
from dashboard import contract, policy

ROWS, SEED = 4_000, 7
BEFORE, SINCE = data.REFERENCE + data.BEGINS - 1, data.REFERENCE + data.BEGINS
INPUTS = (*data.NUMERIC, *data.CATEGORICAL)
FOLLOWS = {"score", "decision", "label"}


def week(scenario: str, number: int, seed: int = SEED) -> pd.DataFrame:
    """Returns the rows of one week of a stream."""
    return pd.DataFrame(data.rows(data.Stream(scenario, ROWS, seed), number))


def changed(scenario: str, number: int = SINCE) -> set[str]:
    """Returns the columns in which a stream differs from the one without drift of the same seed."""
    still, moved = week("no drift", number), week(scenario, number)
    return {name for name in still if not still[name].equals(moved[name])}


@pytest.mark.parametrize("scenario", [name for name, right in data.PLANTED.items() if right])
def test_before_its_effect_a_stream_is_the_one_without_drift(scenario: str) -> None:
    assert [changed(scenario, number) for number in (0, data.REFERENCE, BEFORE)] == [set()] * 3
    assert changed(scenario) != set()


def test_a_shift_moves_one_feature_by_a_quarter_of_its_deviation() -> None:
    still, moved = (week(name, SINCE)["f03"] for name in ("no drift", "shift"))
    assert np.allclose(moved - still, data.SHIFT * data.SD, atol=2e-3)
    assert changed("shift") - FOLLOWS == {"f03"}


def test_a_unit_changes_at_one_site_only_and_the_labels_do_not_know() -> None:
    still, moved = week("no drift", SINCE), week("unit", SINCE)
    there = moved["site"] == data.SITE
    assert np.allclose(moved["f05"][there], data.TIMES * still["f05"][there], atol=0.01)
    assert moved["f05"][~there].equals(still["f05"][~there])
    assert changed("unit") == {"f05", "score", "decision"}


def test_a_correlation_turns_and_each_feature_alone_stays() -> None:
    still, moved = week("no drift", SINCE), week("correlation", SINCE)
    assert still["f01"].corr(still["f02"]) == pytest.approx(data.CORRELATION, abs=0.04)
    assert moved["f01"].corr(moved["f02"]) == pytest.approx(-data.CORRELATION, abs=0.04)
    earlier = week("no drift", 0)
    assert min(stats.ks_2samp(earlier[name], moved[name]).pvalue for name in ("f01", "f02")) > 0.01
    assert changed("correlation") - FOLLOWS == {"f02"}  # drawn from f01 with the other sign: another value, one law


def test_the_mix_moves_one_payer_from_30_to_45_per_cent() -> None:
    shares = [(week(name, SINCE)["payer"] == "public").mean() for name in ("no drift", "mix")]
    assert shares == pytest.approx([0.30, 0.45], abs=0.03)
    assert sum(data.MIX.values()) == pytest.approx(1)
    assert changed("mix") - FOLLOWS == {"payer"}


def test_a_change_of_labels_changes_labels_only_and_what_scores_are_worth() -> None:
    assert changed("label") == {"label"}
    still, moved = (week(name, SINCE) for name in ("no drift", "label"))
    areas = [roc_auc_score(found["label"], found["score"]) for found in (still, moved)]
    assert areas[0] - areas[1] > 0.03


def test_days_vary_in_the_reference_as_much_as_after_it() -> None:
    def between(scenario: str, number: int) -> float:
        found = week(scenario, number)
        return float(found.groupby(found["time"].dt.date)["f07"].mean().std() / data.SD)

    quiet, varied = ([between(name, number) for number in range(20)] for name in data.PLANTED if "no drift" in name)
    assert np.mean(quiet) < 0.06 < np.mean(varied[: data.REFERENCE])
    assert np.mean(varied[: data.REFERENCE]) == pytest.approx(np.mean(varied[data.REFERENCE :]), rel=0.6)


def test_a_file_holds_a_week_in_each_part_and_the_same_bytes_again(tmp_path: Path) -> None:
    stream = data.Stream("no drift, days vary", 50, 3, 9)
    path = data.written(stream, tmp_path)
    assert data.Stream.named(path.stem) == data.Stream(stream.scenario, 50, 3)
    assert data.length(path) == 9
    found = data.weeks(path, 8, 9)
    assert found["time"].between("2026-03-02", "2026-03-09", inclusive="left").all()
    assert found["time"].is_monotonic_increasing
    first = path.read_bytes()
    path.unlink()
    assert data.written(stream, tmp_path).read_bytes() == first


def test_no_two_streams_of_a_size_are_drawn_from_the_same_numbers() -> None:
    for size in peers.SIZES:
        seeds = [stream.seed for stream in size.streams]
        assert len(set(seeds)) == len(seeds)
        assert set(size.scenarios) <= set(data.PLANTED)


def test_our_policy_and_contract_are_ours(tmp_path: Path) -> None:
    from benchmarks.peers import evenhand

    where = tmp_path / "contract.toml"
    where.write_text(evenhand.contract(), encoding="utf-8")
    rules = policy.read(evenhand.POLICY, contract.read(where))
    assert rules.windows.reference is not None
    assert rules.windows.reference.until == data.monday(data.REFERENCE)


def test_evenhand_finds_a_unit_change_in_its_first_week(tmp_path: Path) -> None:
    from benchmarks.peers import evenhand

    judge = evenhand.judge(data.written(data.Stream("unit", 1_500, 3, SINCE + 1), tmp_path))
    assert next(judge) == []
    weeks = list(judge)
    assert [("drift rules", "f05") in week for week in weeks] == [False] * data.BEGINS + [True]
    assert list(tmp_path.glob("*.workspace")) == []


def line(scenario: str, weeks: Sequence[Sequence[str]], tool: str = "T") -> dict[str, Any]:
    """Returns what a tool with one way prints of a stream."""
    alarms = [[["way", name] for name in week] for week in weeks]
    stream = data.Stream(scenario, 1000, 1).name
    return {"stream": stream, "tool": tool, "ways": ["way"], "alarms": alarms, "once": 1, "week": 1, "peak_mb": 1}


def test_an_alarm_counts_by_when_it_comes_and_what_it_names() -> None:
    found = {
        row["scenario"]: row
        for row in verdicts(
            [
                line("no drift", [["f01"], [], [], []]),
                line("shift", [[], ["f03"], [], [], ["score"], ["f03"]]),  # early is false, score is not its name
                line("mix", [[], [], [], [], ["score"]]),
                line("label", [[], []]),  # stopped before the effect: says nothing of it
            ]
        )
    }
    assert (found["no drift"]["alarmed"], found["no drift"]["weeks"]) == (2, 4 + 4 + 4 + 2)
    assert [found["shift"][key] for key in ("streams", "found", "else", "delay")] == [1, 1, 0, 1.0]
    assert [found["mix"][key] for key in ("streams", "found", "else", "delay")] == [1, 0, 1, None]
    assert "label" not in found


def test_the_page_is_the_one_its_figures_make() -> None:
    kept = json.loads(peers.KEPT.read_text(encoding="utf-8"))
    assert peers.PAGE.read_text(encoding="utf-8") == page(kept)
    assert {row["tool"] for row in kept["costs"]} == {"Evenhand", "NannyML", "Evidently"}


def test_the_peers_are_pinned_and_no_address_is_named() -> None:
    for tool in ("evidently", "nannyml"):
        pinned = (peers.HERE / f"{tool}.txt").read_text(encoding="utf-8").splitlines()
        assert all(name.count("==") == 1 and "/" not in name for name in pinned)
        assert any(name.startswith(f"{tool}==") for name in pinned)
