"""Events of a model, from its log: what was planted is found with its hours, beside what may have caused it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import Workspace
from dashboard.log import Record
from dashboard.policy import Policy, Rule, history
from dashboard.report.anomalies import delivery_events, pipeline_events
from dashboard.report.events import Event
from dashboard.report.watched import grid, p95
from dashboard.review.events_releases import SignedOff
from dashboard.review.ledger import Ledger
from dashboard.workspace import Model

CONTRACT = """
[model]
name = "triage"
task = "{task}"
timezone = "{zone}"
{positive}
[columns]
id = "id"
time = "time"
version = "version"
score = "score"
latency_ms = "latency_ms"
status = "status"
[features.age]
kind = "numeric"
[features.ward]
kind = "categorical"
"""
START = pd.Timestamp("2026-02-02")  # a Monday
Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def drawn(seed: int = 0, weeks: int = 10, an_hour: float = 9.0) -> pd.DataFrame:
    """Returns ten weeks of a service to which nothing happens, in UTC."""
    random = np.random.default_rng(seed)
    hours = np.arange(168 * weeks)
    rhythm = an_hour * (1 + 0.7 * np.sin((hours % 24 - 6) / 24 * 2 * np.pi)) * np.where(hours // 24 % 7 >= 5, 0.6, 1)
    at = np.repeat(hours, random.poisson(rhythm))
    n = len(at)
    return pd.DataFrame(
        {
            "id": [f"p{i}" for i in range(n)],
            "time": START + pd.to_timedelta(at * 3600 + random.integers(0, 3600, n), unit="s"),
            "version": "v1",
            "score": random.beta(1.2, 6, n),
            "latency_ms": random.lognormal(3, 0.3, n),
            "status": random.choice(["ok", "timeout"], n, p=[0.995, 0.005]),
            "age": np.where(random.random(n) < 0.02, np.nan, random.integers(18, 90, n).astype(float)),
            "ward": random.choice(np.array(["A", "B", None], dtype=object), n, p=[0.5, 0.48, 0.02]),
        }
    )


def counted(
    folder: Path, frame: pd.DataFrame, zone: str = "UTC", task: str = "binary", several: tuple[pd.DataFrame, ...] = ()
) -> Model:
    """Returns the model that has taken in the rows and counted them."""
    home = folder / "models" / "triage"
    home.mkdir(parents=True)
    positive = 'positive = "1"' if task == "binary" else ""
    (home / "contract.toml").write_text(CONTRACT.format(task=task, zone=zone, positive=positive), encoding="utf-8")
    model = Workspace(folder).model("triage")
    for part in (frame, *several):
        model.log(part)
    model.rollup()
    return model


def pipeline(model: Model) -> list[Event]:
    return [event for event in model.events() if event.series]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Model]:
    """Returns a log with a silence, a crowd, wards missing, slower answers that stay, and an end in the afternoon."""
    frame, random = drawn(), np.random.default_rng(1)
    frame = frame[~frame["time"].between("2026-03-25T08:00", "2026-03-25T16:59:59")]
    crowd = frame.sample(600, random_state=2).assign(id=[f"c{i}" for i in range(600)])
    crowd["time"] = pd.Timestamp("2026-04-01T13:00") + pd.to_timedelta(random.integers(0, 4 * 3600, 600), unit="s")
    frame = pd.concat([frame, crowd]).sort_values("time", ignore_index=True)
    frame.loc[
        frame["time"].between("2026-03-17", "2026-03-18T23:59:59") & (random.random(len(frame)) < 0.3), "ward"
    ] = None
    frame.loc[frame["time"] >= "2026-03-20", "latency_ms"] *= 4
    frame = frame[frame["time"] < "2026-04-12T09:00"].assign(
        version=lambda rows: np.where(rows["time"] < "2026-03-20", "v1", "v2")
    )
    return frame, counted(tmp_path_factory.mktemp("planted"), frame)


def test_what_is_planted_is_found_with_its_hours_and_nothing_else(planted: tuple[pd.DataFrame, Model]) -> None:
    found = {event.series + event.kind[0]: event for event in pipeline(planted[1]) if event.series}
    assert sorted(found) == ["latencyc", "missinga", "silencea", "volumea"]
    assert len(pipeline(planted[1])) == 4
    silent = next(event for event in pipeline(planted[1]) if event.series == "silence")
    assert (silent.since, silent.until) == (datetime(2026, 3, 25, 8), datetime(2026, 3, 25, 17))
    assert silent.sentence.startswith("No predictions came for 9 hours on 25 March from 08:00 to 17:00; usually ")
    assert (found["volumea"].since, found["volumea"].until) == (datetime(2026, 4, 1, 13), datetime(2026, 4, 1, 17))
    assert found["missinga"].feature == "ward"
    assert (found["missinga"].since, found["missinga"].until) == (datetime(2026, 3, 17), datetime(2026, 3, 19))
    assert found["latencyc"].since == datetime(2026, 3, 20)
    assert found["latencyc"].value == pytest.approx(4 * (found["latencyc"].usual or 0), rel=0.1)


def test_a_silence_up_to_the_end_of_the_log_says_so(planted: tuple[pd.DataFrame, Model]) -> None:
    assert pipeline(planted[1])[-1].series != "silence"  # delivered months later: the export ended there
    last = pipeline_events(planted[1].source(), datetime(2026, 4, 13))[-1]
    assert (last.since, last.until) == (datetime(2026, 4, 12, 9), datetime(2026, 4, 13))
    assert last.sentence.startswith("No predictions came for 15 hours, from 12 April, 09:00 up to the end of the log;")


def test_hours_after_the_newest_delivery_are_not_silent_but_to_come(planted: tuple[pd.DataFrame, Model]) -> None:
    told = grid(planted[1].source(), datetime(2026, 4, 12, 10, 30))
    assert told.until == len(told.n) - 14
    assert np.isnan(told.n[told.until :]).all()
    assert np.isnan(dict(told.by_day())["volume"].values[0, -1])


def test_causes_stand_beside_their_effects(planted: tuple[pd.DataFrame, Model]) -> None:
    kinds = [(event.kind, event.since.date()) for event in planted[1].events(date(2026, 3, 20), date(2026, 3, 21))]
    assert ("version", date(2026, 3, 20)) in kinds
    assert ("change", date(2026, 3, 20)) in kinds
    assert planted[1].events(until=date(2026, 2, 1)) == []


def test_as_of_a_past_day_nothing_later_is_told(planted: tuple[pd.DataFrame, Model]) -> None:
    then = planted[1].as_of(date(2026, 3, 26))
    assert [event.series for event in then.events() if event.series == "silence"] == ["silence"]
    assert all(event.since < datetime(2026, 3, 26) for event in then.events())


def test_what_the_rollup_says_is_worked_out_once(
    planted: tuple[pd.DataFrame, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = planted[1].events()
    monkeypatch.setattr("dashboard.workspace_events.pipeline_events", lambda *given: pytest.fail("worked out twice"))
    assert planted[1].events() == before


def test_hours_are_counted_as_pandas_counts_them(planted: tuple[pd.DataFrame, Model]) -> None:
    frame, told = planted[0], grid(planted[1].source())
    by_hour = frame.assign(gone=frame[["age", "ward"]].isna().sum(axis=1), failed=frame["status"] != "ok").groupby(
        frame["time"].dt.floor("h")
    )
    index = pd.date_range(START, periods=len(told.n), freq="h")
    for name, column in (("missing", "gone"), ("failed", "failed"), ("scores", "score")):
        expected = by_hour[column].sum().reindex(index, fill_value=0).to_numpy(float)
        np.testing.assert_allclose(getattr(told, name), expected, atol=1e-6)
    np.testing.assert_array_equal(told.n, by_hour.size().reindex(index, fill_value=0))


def test_the_slowest_twentieth_is_numpys_quantile() -> None:
    random = np.random.default_rng(3)
    places, bins = random.integers(0, 5, 2000), random.integers(300, 700, 2000)
    counts = random.integers(1, 9, 2000)
    for place, value in enumerate(p95(places, bins, counts, 5)):
        answers = np.repeat(bins[places == place], counts[places == place])
        rank = np.quantile(answers, 0.95, method="inverted_cdf")
        assert value == pytest.approx(np.log(0.01 * 1.02 ** (rank - 0.5)), abs=1e-4)
    assert p95(np.array([0, 0]), np.array([10, 900]), np.array([1, 1]), 1)[0] < 0  # one slow answer says nothing


def test_a_habit_keeps_its_hour_when_clocks_are_changed(tmp_path: Path) -> None:
    frame = drawn(4, 12, 40.0)  # until 26 April; clocks are changed on 29 March
    local = frame["time"].dt.tz_localize("Europe/Berlin", ambiguous="raise", nonexistent="NaT")
    frame = frame.assign(time=local).dropna(subset="time")
    model = counted(tmp_path, frame, "Europe/Berlin")
    assert pipeline(model) == []
    assert np.isnan(grid(model.source()).n[(date(2026, 3, 29) - date(2026, 2, 2)).days * 24 + 2])


def test_a_number_that_is_predicted_has_its_mean(tmp_path: Path) -> None:
    frame = drawn(5, 6)
    frame["score"] = np.random.default_rng(6).normal(250, 40, len(frame)) + 30 * (frame["time"] >= "2026-03-01")
    (event,) = pipeline(counted(tmp_path, frame, task="regression"))
    assert (event.series, event.kind, event.since.date()) == ("score", "change", date(2026, 3, 1))
    assert (event.usual, event.value) == (pytest.approx(250, abs=3), pytest.approx(280, abs=3))


def test_a_log_of_a_few_days_says_nothing(tmp_path: Path) -> None:
    assert pipeline(counted(tmp_path, drawn(7).query("time < '2026-02-05'"))) == []


def test_a_changed_delivery_stands_at_the_days_it_is_about(tmp_path: Path) -> None:
    frame = drawn(8, 2)
    early, late = frame[frame["time"] < "2026-02-09"], frame[frame["time"] >= "2026-02-09"]
    model = counted(tmp_path, early, several=(late.assign(bed="B7"),))
    (event,) = [event for event in model.events() if event.kind == "schema"]
    assert event.since == datetime(2026, 2, 9)
    assert "bed" in event.sentence


def record(at: int, rejected: int) -> Record:
    files = ({"what": "predictions", "day": f"2026-03-{at:02}", "rows": 1000, "path": "x"},)
    return Record(
        f"b{at}", "predictions", f"{at}.csv", "", f"2026-03-{at:02}T23:00", {}, 1000, 0, rejected, files=files
    )


def test_a_delivery_of_which_more_than_usual_is_turned_away_is_an_event_of_its_days() -> None:
    deliveries = [record(day, 300 if day == 9 else 2) for day in range(1, 15)]
    (event,) = delivery_events(deliveries)
    assert (event.since, event.until) == (datetime(2026, 3, 9), datetime(2026, 3, 10))
    assert event.sentence == "23\u202f% of the rows of 9.csv were turned away (300 of 1,300); usually 0.2\u202f%."


def test_policies_are_remembered_where_they_change_and_only_there(tmp_path: Path) -> None:
    path = tmp_path / "policies.jsonl"
    first, second = (Policy(version, (Rule("accuracy", (0.8, None)),)) for version in ("1", "2"))
    for policy in (first, first, second, second, first, None):
        history.remember(path, policy, datetime(2026, 3, 1, tzinfo=UTC))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"at": "half a line')
    assert [seen.version for seen in history.history(path)] == ["1", "2", "1"]
    history.remember(tmp_path / "nowhere" / "policies.jsonl", first)  # what cannot be written stops nobody


def test_a_changed_policy_and_a_sign_off_are_events(tmp_path: Path) -> None:
    model = counted(tmp_path, drawn(9, 1))
    for limit in ("0.8", "0.9"):
        text = f'version = "2026-01"\n[[rule]]\nmetric = "latency_p95"\nmax = {limit}\n'
        model.paths.policy.write_text(text, encoding="utf-8")
        Workspace(tmp_path).model("triage").findings()
    given = {"event_id": "e1", "model": "triage", "version": None, "readings_digest": "0" * 64, "rollup_number": 1}
    given |= {"since": date(2026, 2, 2), "until": date(2026, 2, 9), "rollup_identity": "0" * 64}
    given |= {"policy_version": "2026-01", "policy_digest": "", "contract_digest": "", "findings": ()}
    given |= {"name": "Ada", "role": "reviewer", "decision": "approve", "statement": "I have seen it."}
    Ledger(model.settings.ledger).append(SignedOff(**given))
    told = {event.kind: event.sentence for event in Workspace(tmp_path).model("triage").events()}  # the last of each
    assert told["policy"] == "Policy 2026-01 was edited: its rules or windows are others, its version is the same."
    assert told["sign-off"] == "Approved by Ada."


def test_the_command_line_prints_them(planted: tuple[pd.DataFrame, Model], capsys: pytest.CaptureFixture[str]) -> None:
    from dashboard import cli

    where = ["triage", "--workspace", str(planted[1].settings.workspace)]
    cli.app(
        ["events", *where, "--since", "2026-03-25", "--until", "2026-03-26", "--format", "json"], standalone_mode=False
    )
    rows = json.loads(capsys.readouterr().out)
    assert ("silence", "2026-03-25T08:00", "2026-03-25T17:00") in [
        (row["series"], row["since"], row["until"]) for row in rows
    ]
    cli.app(["events", *where], standalone_mode=False)
    assert "Version v2 began to predict." in capsys.readouterr().out
