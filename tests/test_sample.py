"""The sample holds what its README says: each planted effect is measured in the written files with pandas alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from dashboard import contract as contracts
from dashboard import demo
from dashboard.rollup import Built
from dashboard.workspace import Model
from sample_data.generate import SampleFiles, generate
from tests.worlds import Spec, build

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    return generate(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def delivered(files: SampleFiles) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in files.predictions], ignore_index=True)


@pytest.fixture(scope="module")
def log(files: SampleFiles, delivered: pd.DataFrame) -> pd.DataFrame:
    """The rows that are in order, with their label where it has arrived."""
    good = delivered[delivered["predicted_at"].notna() & ~(delivered["score"] > 1)].drop_duplicates("prediction_id")
    labels = pd.concat([pd.read_csv(path, parse_dates=["labeled_at"]) for path in files.labels])
    joined = good.merge(labels, how="left", on="prediction_id", validate="one_to_one")
    return joined.assign(
        day=joined["predicted_at"].dt.tz_localize(None).dt.normalize(),
        woman_over_65=(joined["sex"] == "F") & (joined["age"] >= 65),
        missed=joined["decision"].eq(0),
    )


@pytest.fixture(scope="module")
def judged(log: pd.DataFrame) -> pd.DataFrame:
    return log[log["deteriorated"].notna() & log["decision"].notna()]


def sensitivity(rows: pd.DataFrame) -> float:
    return 1 - float(rows.loc[rows["deteriorated"] == 1, "missed"].mean())


def between(rows: pd.DataFrame, since: str, until: str) -> pd.DataFrame:
    return rows[(rows["day"] >= since) & (rows["day"] < until)]


def test_same_seed_gives_the_same_bytes_also_as_a_script(tmp_path: Path) -> None:
    generate(tmp_path / "called", seed=7, encounters=2_000)
    command = [sys.executable, str(ROOT / "sample_data" / "generate.py"), str(tmp_path / "run")]
    subprocess.run([*command, "--seed", "7", "--encounters", "2000"], check=True, capture_output=True, cwd=tmp_path)
    assert contents(tmp_path / "called") == contents(tmp_path / "run")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_sizes_and_shares_are_as_the_readme_says(
    files: SampleFiles, log: pd.DataFrame, delivered: pd.DataFrame
) -> None:
    assert (len(files.predictions), len(log), len(delivered)) == (6, 60_000, 60_120)
    assert sum(path.stat().st_size for path in (*files.predictions, *files.labels)) < 10_000_000
    assert log["day"].nunique() == 181
    assert log["deteriorated"].mean() == pytest.approx(0.145, abs=0.005)
    assert log["site"].value_counts(normalize=True).to_dict() == pytest.approx(
        {"A": 0.28, "B": 0.46, "C": 0.26}, abs=0.01
    )
    assert list(log.groupby("model_version")["day"].max()) == [pd.Timestamp("2026-03-31"), pd.Timestamp("2026-06-30")]


def test_contract_names_columns_that_are_delivered(files: SampleFiles, log: pd.DataFrame) -> None:
    contract = contracts.read(files.contract)
    assert {*contract.columns.values(), *contract.named_columns} <= set(log.columns)
    decided = log[log["status"] == "ok"]
    assert (decided["decision"] == (decided["score"] >= contract.threshold)).all()


def test_site_c_sends_lactate_nine_times_too_large_from_3_may(log: pd.DataFrame) -> None:
    days = log["day"] >= "2026-05-03"
    middle = log.groupby([days, "site"])["lactate"].median()
    assert middle[True, "C"] / middle[False, "C"] == pytest.approx(9, rel=0.1)
    assert middle[True, "A"] == pytest.approx(middle[False, "A"], abs=0.11)
    assert set(log.loc[log["lactate"] > 20, "site"]) == {"C"}


def test_patients_grow_older_at_site_b_only(log: pd.DataFrame) -> None:
    age = log.groupby(["site", log["day"].dt.month])["age"].mean().unstack()
    assert age.loc["B", 6] - age.loc["B", 1] > 15
    assert age.loc["B"].diff()[3:].min() > 1
    assert (age.loc[["A", "C"]].max(axis=1) - age.loc[["A", "C"]].min(axis=1)).max() < 2


def test_v2_is_more_accurate_and_finds_fewer_women_over_65(judged: pd.DataFrame) -> None:
    right = judged["deteriorated"] == judged["decision"]
    accuracy = right.groupby(judged["model_version"]).mean()
    assert accuracy["v2"] > accuracy["v1"] + 0.01
    for women, rows in judged.groupby("woman_over_65"):
        by = {version: sensitivity(part) for version, part in rows.groupby("model_version")}
        assert (by["v2"] < by["v1"] - 0.14) if women else (by["v2"] > by["v1"])


def test_women_over_65_stand_out_in_the_window_that_is_judged(judged: pd.DataFrame) -> None:
    window = between(judged, "2026-04-23", "2026-05-21")
    men = window[(window["sex"] == "M") & window["age"].between(40, 64)]
    assert sensitivity(window[window["woman_over_65"]]) < sensitivity(men) - 0.25


def test_medicaid_looks_worse_only_where_labels_are_missing(judged: pd.DataFrame) -> None:
    rows = judged[(judged["model_version"] == "v2") & ~judged["woman_over_65"]]
    by = [
        {insurance: sensitivity(part) for insurance, part in days.groupby("insurance")}
        for days in (between(rows, "2026-04-01", "2026-06-10"), between(rows, "2026-06-10", "2026-07-01"))
    ]
    assert abs(by[0]["Medicaid"] - by[0]["Private"]) < 0.06
    assert by[1]["Medicaid"] < by[1]["Private"] - 0.15


def test_labels_take_1_to_21_days_and_medicaid_longer(log: pd.DataFrame) -> None:
    complete = between(log, "2026-01-01", "2026-06-09")
    assert complete["deteriorated"].notna().all()
    days = (complete["labeled_at"] - complete["predicted_at"]).dt.total_seconds() / 86_400
    assert days.min() >= 0.999
    assert days.max() <= 21
    middle = days.groupby(complete["insurance"]).median()
    assert middle["Medicaid"] > 12
    assert middle.drop("Medicaid").max() < 4


def test_calls_are_slower_from_2_june_and_queue_on_one_afternoon(log: pd.DataFrame) -> None:
    crowded = (log["day"] == "2026-05-27") & log["predicted_at"].dt.hour.between(13, 16)
    assert crowded.sum() > 5 * ((log["day"] == "2026-05-20") & log["predicted_at"].dt.hour.between(13, 16)).sum()
    failed = (log["status"] != "ok").groupby(crowded).mean()
    assert failed[True] > 0.02 > 0.005 > failed[False]
    p95 = log.loc[~crowded, "latency_ms"].groupby(log["day"] >= "2026-06-02").quantile(0.95)
    assert p95[True] > 20 > p95[False]


def test_oxygen_is_missing_at_site_a_for_four_days(log: pd.DataFrame) -> None:
    burst = (log["site"] == "A") & (log["day"] >= "2026-06-09") & (log["day"] < "2026-06-13")
    missing = log["oxygen_saturation"].isna().groupby(burst).mean()
    assert missing[True] > 0.25
    assert missing[False] < 0.02


def test_small_group_stays_too_small_to_judge(log: pd.DataFrame) -> None:
    assert (log["ethnicity"] == "Pacific Islander").sum() == 20


def test_rows_to_turn_away_are_forty_of_each_kind(delivered: pd.DataFrame) -> None:
    twice = delivered["prediction_id"].duplicated().sum()
    assert ((delivered["score"] > 1).sum(), delivered["predicted_at"].isna().sum(), twice) == (40, 40, 40)


def test_nothing_else_moves(log: pd.DataFrame) -> None:
    """Between the reference and the last judged week, no unplanted input's mean moves by a tenth of its spread."""
    quiet = ["heart_rate", "systolic_bp", "respiratory_rate", "temperature", "pain", "creatinine", "sodium", "crp"]
    before, now = between(log, "2026-01-01", "2026-02-26")[quiet], between(log, "2026-06-18", "2026-06-25")[quiet]
    assert ((now.mean() - before.mean()).abs() / before.std()).max() < 0.1
    assert (now.isna().mean() - before.isna().mean()).abs().max() < 0.03


def test_a_sample_from_an_older_version_is_kept_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(Spec(rows=60, days=2), tmp_path).model
    steps = list(demo.build(tmp_path))
    assert "contract.toml and policy.toml are not what this version's sample has" in steps[-2]
    assert str(model.paths.root) in steps[-1]
    shipped = Path(__file__).resolve().parent.parent / "sample_data"
    for file in (model.paths.contract, model.paths.policy):
        file.write_bytes((shipped / file.name).read_bytes())
    monkeypatch.setattr(Model, "rollup", lambda self: Built(1, ""))
    assert list(demo.build(tmp_path)) == [f"The sample model is in {tmp_path} already"]
    model.paths.policy.write_text('version = "1"', encoding="utf-8")
    assert "Its policy.toml is not" in list(demo.build(tmp_path))[1]
    assert model.paths.policy.read_text(encoding="utf-8") == 'version = "1"'
