"""`evenhand init`: what is guessed from a file, how sure, and that the guess can be used as it is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import contract, ingest, policy, settings
from dashboard.errors import EvenhandError
from dashboard.policy.proposal import rounded_up

N = 2000


def log(**more: object) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    score = rng.random(N).round(4)
    start = pd.Timestamp("2026-01-01")
    return pd.DataFrame(
        {
            "encounter_id": np.arange(N) + 1000,
            "predicted_at": [start + dt.timedelta(minutes=int(m)) for m in np.linspace(0, 120 * 1440 - 1, N)],
            "model_version": np.where(np.arange(N) < 1200, "v1", "v2"),
            "patient_id": rng.integers(0, 900, N),
            "score": score,
            "decision": (score > 0.5).astype(int),
            "label": (rng.random(N) < score).astype(int),
            "latency_ms": rng.exponential(30, N).round(2),
            "sex": rng.choice(["F", "M"], N),
            "age": rng.integers(17, 96, N),
            "insurance": rng.choice(["public", "private", "none"], N),
            "lactate": rng.normal(2, 1, N).round(2),
            "arrival": rng.choice(["walk-in", "ambulance"], N),
            "note": [f"note number {i % 300}" for i in range(N)],
            **more,
        }
    )


def written(folder: Path, frame: pd.DataFrame, name: str = "log.csv") -> Path:
    path = folder / name
    frame.to_csv(path, index=False)
    return path


def test_roles_are_found_by_name_and_content(tmp_path: Path) -> None:
    found = ingest.propose(written(tmp_path, log()), "triage")
    assert found.contract.columns == {
        "time": "predicted_at",
        "id": "encounter_id",
        "subject": "patient_id",
        "version": "model_version",
        "decision": "decision",
        "label": "label",
        "score": "score",
        "latency_ms": "latency_ms",
    }
    assert (found.contract.task, found.contract.positive, found.contract.negative) == ("binary", "1", "0")
    assert [(a.name, a.column, a.edges) for a in found.contract.attributes] == [
        ("sex", "sex", ()),
        ("age_band", "age", (18, 40, 65)),
        ("insurance", "insurance", ()),
    ]
    assert {f.name: f.kind for f in found.contract.features} == {
        "age": "numeric",
        "lactate": "numeric",
        "arrival": "categorical",
    }


def test_every_column_is_accounted_for_with_a_reason(tmp_path: Path) -> None:
    frame = log()
    guesses = ingest.propose(written(tmp_path, frame), "triage").guesses
    assert {guess.column for guess in guesses} - {""} == set(frame.columns)
    assert {guess.confidence for guess in guesses} == {"sure", "likely", "guess"}
    assert all(guess.why for guess in guesses)
    sure = {guess.role: guess.confidence for guess in guesses}
    assert (sure["time"], sure["id"], sure["attribute sex"]) == ("sure", "likely", "likely")


def test_the_proposal_takes_its_own_file_in(tmp_path: Path) -> None:
    file = written(tmp_path, log())
    found = ingest.propose(file, "triage")
    agreed = contract.parse(contract.render(found.contract), "the proposal")
    assert agreed == found.contract
    [receipt] = ingest.predictions(settings.model_paths(tmp_path / "w", "triage"), agreed, [file])
    assert (receipt.accepted, receipt.rejected, receipt.notes) == (N, 0, ())


def test_the_policy_has_a_reference_of_56_days(tmp_path: Path) -> None:
    found = ingest.propose(written(tmp_path, log()), "triage")
    parsed = policy.parse(found.policy, "the proposal", found.contract)
    reference = parsed.windows.reference
    assert reference is not None
    assert (reference.until - reference.since).days >= 56


def test_an_age_that_is_always_adult_has_no_edge_at_18(tmp_path: Path) -> None:
    frame = log(age=np.random.default_rng(2).integers(20, 80, N))
    [age] = [a for a in ingest.propose(written(tmp_path, frame), "triage").contract.attributes if a.column == "age"]
    assert age.edges == (40, 65)


def test_age_bands_as_text_are_groups_as_they_are(tmp_path: Path) -> None:
    frame = log(age=np.random.default_rng(2).choice(["[0-10)", "[10-20)"], N))
    [age] = [a for a in ingest.propose(written(tmp_path, frame), "triage").contract.attributes if a.column == "age"]
    assert (age.name, age.edges) == ("age", ())


def test_class_probabilities_make_it_multiclass(tmp_path: Path) -> None:
    frame = log().drop(columns=["score", "decision"])
    frame[["p_low", "p_mid", "p_high"]] = np.random.default_rng(3).dirichlet([1, 1, 1], N).round(4)
    frame["label"] = np.random.default_rng(4).choice(["low", "mid", "high"], N)
    found = ingest.propose(written(tmp_path, frame), "acuity").contract
    assert (found.task, found.scores) == ("multiclass", {"low": "p_low", "mid": "p_mid", "high": "p_high"})


def test_a_score_outside_0_and_1_makes_it_regression(tmp_path: Path) -> None:
    frame = log(
        prediction=np.random.default_rng(5).normal(100, 20, N), actual=np.random.default_rng(6).normal(100, 20, N)
    )
    found = ingest.propose(written(tmp_path, frame.drop(columns=["score", "decision", "label"])), "stay").contract
    assert (found.task, found.columns["score"], found.columns["label"]) == ("regression", "prediction", "actual")


def test_without_a_usual_positive_the_rarer_value_is_guessed(tmp_path: Path) -> None:
    frame = log(label=np.where(np.arange(N) % 9 == 0, "died", "lived")).drop(columns=["decision"])
    found = ingest.propose(written(tmp_path, frame), "triage")
    assert (found.contract.positive, found.contract.negative) == ("died", "lived")
    [guess] = [guess for guess in found.guesses if guess.role == "positive"]
    assert guess.confidence == "guess"


@pytest.mark.parametrize(
    ("gone", "said"), [("predicted_at", "the time of a prediction"), ("score", "a score or a decision")]
)
def test_what_cannot_be_guessed_is_said(tmp_path: Path, gone: str, said: str) -> None:
    frame = log().drop(columns=[gone, "decision"])
    if gone == "score":
        frame = frame.drop(columns=["lactate"])
    with pytest.raises(EvenhandError, match=said):
        ingest.propose(written(tmp_path, frame), "triage")


def test_the_same_is_guessed_from_parquet(tmp_path: Path) -> None:
    frame = log()
    frame.to_parquet(tmp_path / "log.parquet")
    from_parquet = ingest.propose(tmp_path / "log.parquet", "triage")
    assert from_parquet.contract == ingest.propose(written(tmp_path, frame), "triage").contract


def test_a_profile_counts_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b,c\n1,x,\n2,y,\n,y,\n")
    [a, b, c] = ingest.profile(file)
    assert (a.kind, a.missing, a.distinct, a.minimum, a.maximum, a.unique) == ("BIGINT", 1, 2, 1, 2, True)
    assert (b.values, b.family) == ((("y", 2), ("x", 1)), "text")
    assert (c.given, c.family) == (0, "unknown")


def test_a_few_broken_rows_do_not_hide_what_a_column_is(tmp_path: Path) -> None:
    frame = log()
    frame.loc[5, "score"] = 17.0
    frame.loc[6, "encounter_id"] = frame.loc[7, "encounter_id"]
    found = ingest.propose(written(tmp_path, frame), "triage")
    assert found.contract.task == "binary"
    assert found.contract.columns["id"] == "encounter_id"
    said = {guess.role: guess.why for guess in found.guesses}
    assert "1 come again and would be turned away" in said["id"]
    assert "1 lie outside [0, 1] and would be turned away" in said["score"]


def test_a_label_is_known_by_having_the_decisions_two_values(tmp_path: Path) -> None:
    frame = log(repaid=log()["label"].astype(float)).drop(columns="label")
    found = ingest.propose(written(tmp_path, frame), "loans")
    assert found.contract.columns["label"] == "repaid"
    assert found.contract.positive == "1"
    assert next(guess for guess in found.guesses if guess.role == "label").confidence == "guess"


@pytest.mark.parametrize("days", [120, 20])
def test_the_promise_on_latency_is_what_the_reference_shows_rounded_up(tmp_path: Path, days: int) -> None:
    rng = np.random.default_rng(4)
    at = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.linspace(0, days * 1440 - 1, N).round(), unit="min")
    late = at >= pd.Timestamp("2026-02-26")  # after the reference it takes ten times as long
    latency = rng.exponential(30, N) * np.where(late, 10, 1)
    latency[:3] = [np.nan, np.inf, -5]
    found = ingest.propose(written(tmp_path, log(predicted_at=at, latency_ms=latency)), "triage")
    known = latency[np.isfinite(latency) & (latency >= 0) & ~late]
    p99 = float(np.quantile(known, 0.99))
    proposed = policy.parse(found.policy, "proposal", found.contract)
    (promise,) = proposed.promises
    assert promise.within_ms == rounded_up(p99)
    assert p99 <= rounded_up(p99) <= 1.5 * p99
    assert promise.share == 0.98
    where = "the first 56 days of log.csv" if days == 120 else "log.csv"
    assert f"# Measured on {where}: 99 of 100 answers stayed within {p99:,.4g} ms (n = {len(known):,})" in found.policy
    assert np.mean(known > rounded_up(p99)) <= 0.01


def test_a_few_answers_promise_nothing_of_their_own(tmp_path: Path) -> None:
    found = ingest.propose(written(tmp_path, log()[:300]), "triage")
    assert "Measured on" not in found.policy
    assert "within_ms = 1000" in found.policy
