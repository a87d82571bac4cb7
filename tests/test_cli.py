"""The command line: results on stdout, errors in a sentence on stderr, exit codes that a script can trust."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from dashboard import cli
from dashboard.report import COLUMNS
from tests.worlds import START, Spec, build, delivered, draw, found

READING = {
    "kind", "metric", "attribute", "group", "reference", "feature", "version", "since", "until",
    "value", "low", "high", "n", "numerator", "denominator", "method", "note",
}  # fmt: skip
FINDING = {
    "rule", "state", "metric", "attribute", "group", "reference", "feature", "version", "since", "until",
    "value", "low", "high", "n", "allowed", "sentence",
}  # fmt: skip
WITHIN = 'version = "1"\n[[rule]]\nmetric = "accuracy"\nmin = 0.01\n'
OUTSIDE = 'version = "1"\n[[rule]]\nmetric = "accuracy"\nmin = 0.999\n'
UNSURE = 'version = "1"\nminimum_n = 10000\n[[rule]]\nmetric = "accuracy"\nmin = 0.01\n'


class Ran(NamedTuple):
    code: int
    out: str
    err: str


class Runner:
    """Runs the command line in this process, on one workspace."""

    def __init__(self, workspace: Path, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self.workspace, self.patch, self.captured = workspace, patch, captured

    def __call__(self, *words: str) -> Ran:
        self.patch.setattr(sys, "argv", ["evenhand", *words])
        self.patch.setenv("EVENHAND_WORKSPACE", str(self.workspace))
        self.captured.readouterr()
        with pytest.raises(SystemExit) as stopped:
            sys.exit(cli.main())  # type: ignore[func-returns-value]
        code = stopped.value.code
        return Ran(code if isinstance(code, int) else 0, *self.captured.readouterr())

    def refused(self, *words: str) -> str:
        """Returns what stderr says of a command that cannot run; checks that it is said as it should be."""
        ran = self(*words)
        assert ran.code == 3, ran
        assert ran.out == ""
        assert ran.err.startswith("evenhand: ")
        assert ran.err.count("\n") == 1
        assert "Traceback" not in ran.err
        return ran.err


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a workspace with a month of predictions, counted, and a policy that all of it keeps."""
    folder = tmp_path_factory.mktemp("workspace")
    build(Spec(seed=3, rows=900, days=30, without=frozenset()), folder, WITHIN)
    return folder


@pytest.fixture
def run(workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(workspace, monkeypatch, capsys)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(tmp_path, monkeypatch, capsys)


def test_from_files_to_findings_with_the_real_script(tmp_path: Path) -> None:
    raw = delivered(draw(Spec(rows=400)), Spec())
    found(tmp_path / "w", Spec().contract, policy=OUTSIDE)
    raw.drop(columns="label").to_csv(tmp_path / "predictions.csv", index=False)
    raw.loc[raw["label"].notna(), ["prediction_id", "label"]].to_parquet(tmp_path / "labels.parquet")
    script = Path(sys.executable).parent / "evenhand"

    def call(*words: str) -> Ran:
        command = [str(script), *words, "--workspace", str(tmp_path / "w")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    taken = call("ingest", "triage", str(tmp_path / "predictions.csv"))
    assert (taken.code, "400 accepted, 0 repeated, 0 rejected" in taken.out) == (0, True)
    assert call("ingest", "triage", "--labels", str(tmp_path / "labels.parquet")).code == 0
    counted = call("rollup", "triage")
    assert (counted.code, counted.out.startswith("rollup 1: 10 days, 400 rows")) == (0, True)
    checked = call("check", "triage", "--format", "json")
    assert checked.code == 1
    assert {finding["state"] for finding in json.loads(checked.out)} == {"outside"}


def test_readings_are_json_with_exactly_the_agreed_keys(run: Runner) -> None:
    for words in (
        ("--attribute", "sex*age_band"),
        ("--by", "week", "--version", "*"),
        ("--kind", "drift", "--since", "2026-02-01"),
        ("--kind", "service", "--kind", "data"),
    ):
        ran = run("readings", "triage", "--format", "json", *words)
        assert ran.code == 0
        rows = json.loads(ran.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
        assert rows
        assert all(set(row) == READING for row in rows)
        assert all(row["value"] is not None or row["note"] for row in rows)


def test_json_and_csv_hold_the_same_readings(run: Runner) -> None:
    words = ("readings", "triage", "--attribute", "sex")
    rows = json.loads(run(*words, "--format", "json").out)
    lines = list(csv.DictReader(io.StringIO(run(*words, "--format", "csv").out)))
    assert lines == [{name: "" if row[name] is None else str(row[name]) for name in COLUMNS} for row in rows]


def test_a_table_names_every_metric(run: Runner) -> None:
    ran = run("readings", "triage", "--metric", "accuracy", "--metric", "roc_auc")
    assert ran.code == 0
    assert "accuracy" in ran.out
    assert "roc_auc" in ran.out


def test_as_of_a_past_day_the_log_ends_there(run: Runner) -> None:
    words = ("readings", "triage", "--metric", "count", "--format", "json")
    (then,), (now,) = (json.loads(run(*words, *more).out) for more in (("--as-of", "2026-02-01"), ()))
    (same,) = json.loads(run(*words, "--until", "2026-02-01").out)
    assert then == same
    assert now["value"] > then["value"]
    assert "Nothing was known on 2025-01-01" in run.refused("readings", "triage", "--as-of", "2025-01-01")


def test_dates_and_periods_are_taken_as_said(run: Runner) -> None:
    ran = run(
        *("readings", "triage", "--metric", "count", "--by", "day", "--format", "json"),
        *("--since", "2026-01-26", "--until", "2026-01-29"),
    )
    assert [row["since"] for row in json.loads(ran.out)] == ["2026-01-26", "2026-01-27", "2026-01-28"]


@pytest.mark.parametrize(("policy", "code"), [(WITHIN, 0), (OUTSIDE, 1), (UNSURE, 2)])
def test_check_exits_by_the_worst_finding(run: Runner, policy: str, code: int) -> None:
    path = run.workspace / "models" / "triage" / "policy.toml"
    path.write_text(policy, encoding="utf-8")
    try:
        ran, said = run("check", "triage", "--format", "json"), run("check", "triage")
    finally:
        path.write_text(WITHIN, encoding="utf-8")
    assert (ran.code, said.code) == (code, code)
    findings = json.loads(ran.out)
    assert findings
    assert all(set(finding) == FINDING for finding in findings)
    assert findings[0]["sentence"] in said.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("readings triag", "no model 'triag'"),
        ("readings ../triage", "cannot be a model's name"),
        ("readings triage --attribute race", "no attribute 'race'"),
        ("readings triage --attribute age_band*sex", "no attribute 'age_band*sex'"),
        ("readings triage --feature lactat", "Did you mean 'lactate'?"),
        ("readings triage --metric acuracy", "Did you mean 'accuracy'?"),
        ("readings triage --metric recall", "Did you mean 'true_positive_rate'?"),
        ("readings triage --kind fairnes", "Did you mean 'fairness'?"),
        ("readings triage --version v9", "no version 'v9'"),
        ("readings triage --by year", "no period 'year'"),
        ("readings triage --format xml", "'xml' is not known"),
        ("readings triage --since 2026-02-05 --until 2026-02-01", "must hold a day"),
        ("rollup triage --engine spark", "'spark' is not there yet"),
        ("ingest triage nowhere.csv", "nowhere.csv"),
        ("check sepsis", "no model 'sepsis'"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(run: Runner, words: str, said: str) -> None:
    assert said in run.refused(*words.split())


@pytest.mark.parametrize("words", ["check", "readings triage --since yesterday", "readings triage --nothing", "chek"])
def test_a_wrong_command_line_is_not_an_inconclusive_check(run: Runner, words: str) -> None:
    ran = run(*words.split())
    assert (ran.code, ran.out) == (3, "")
    assert "Error:" in ran.err
    assert "Traceback" not in ran.err


def test_a_window_without_data_is_said(run: Runner) -> None:
    window = ("--since", "2030-01-01", "--until", "2030-02-01", "--format", "json")
    ran = run("readings", "triage", "--metric", "accuracy", *window)
    assert ran.code == 0
    assert [(row["value"], bool(row["note"])) for row in json.loads(ran.out)] == [(None, True)]
    for words in (("--attribute", "sex"), ("--kind", "service"), ("--by", "day"), ()):
        ran = run("readings", "triage", *window, *words)
        assert ran.code == 0
        rows = json.loads(ran.out)
        assert all(row["value"] in (None, 0) for row in rows)
        assert rows or "holds nothing" in ran.err


def test_before_anything_is_counted_the_next_step_is_said(elsewhere: Runner) -> None:
    assert "evenhand init triage FILE" in elsewhere.refused("readings", "triage")
    model = found(elsewhere.workspace, Spec().contract)
    assert "evenhand ingest triage FILE" in elsewhere.refused("rollup", "triage")
    assert "evenhand rollup triage" in elsewhere.refused("readings", "triage")
    model.log(delivered(draw(Spec()), Spec()))
    model.rollup()
    assert "has no policy.toml" in elsewhere.refused("check", "triage")


def test_a_policy_that_is_wrong_is_said(elsewhere: Runner) -> None:
    build(Spec(rows=200), elsewhere.workspace)
    path = elsewhere.workspace / "models" / "triage" / "policy.toml"
    for text, said in (
        (WITHIN.replace("accuracy", "acuracy"), "Did you mean 'accuracy'?"),
        ("version = ", "not valid TOML"),
        (WITHIN.replace("[[rule]]", "[[rules]]"), "'rules'"),
    ):
        path.write_text(text, encoding="utf-8")
        for command in ("check", "readings", "rollup"):
            assert said in elsewhere.refused(command, "triage")


def test_a_contract_that_does_not_fit_is_said(elsewhere: Runner) -> None:
    file = elsewhere.workspace / "predictions.csv"
    delivered(draw(Spec(rows=50)), Spec()).to_csv(file, index=False)
    for name, old, new, said in (
        ("a", '"predicted_at"', '"when"', "names the column 'when' for time"),
        ("b", 'column = "sex"', 'column = "gender"', "names the column 'gender' for attribute sex"),
        ("c", 'task = "binary"', 'task = "binry"', "task"),
        ("d", "[columns]", "[colums]", "'colums'"),
    ):
        found(elsewhere.workspace, Spec(name=name).contract.replace(old, new), name=name)
        assert said in elsewhere.refused("ingest", name, str(file))


def test_without_labels_or_with_one_class_there_are_readings_and_no_verdict(elsewhere: Runner) -> None:
    raw = delivered(draw(Spec(rows=300)), Spec())
    policy = WITHIN + '[[rule]]\nmetric = "roc_auc"\nmin = 0.5\n'
    for name, label in (("without", None), ("single", 1)):
        model = found(elsewhere.workspace, Spec(name=name).contract, name=name, policy=policy)
        model.log(raw.assign(label=label))
        model.rollup()
        rows = json.loads(elsewhere("readings", name, "--format", "json").out)
        area = next(row for row in rows if row["metric"] == "roc_auc")
        assert (area["value"], bool(area["note"])) == (None, True)
        ran = elsewhere("check", name, "--format", "json")
        assert ran.code == 2
        states = {finding["metric"]: finding["state"] for finding in json.loads(ran.out)}
        assert states["roc_auc"] == "cannot be computed"


def test_a_damaged_rollup_is_said(elsewhere: Runner) -> None:
    model = build(Spec(rows=200), elsewhere.workspace).model
    (model.paths.rollup / "2.duckdb").write_bytes(b"torn")
    assert "evenhand rollup MODEL --all" in elsewhere.refused("readings", "triage")
    assert elsewhere("rollup", "triage").out.startswith("rollup 3: 10 days, 200 rows")


def test_a_reader_that_leaves_early_gets_no_traceback(workspace: Path) -> None:
    script = Path(sys.executable).parent / "evenhand"
    command = [str(script), "readings", "triage", "--by", "day", "--format", "json", "--workspace", str(workspace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(100)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_rollup_says_what_it_did(run: Runner) -> None:
    assert run("rollup", "triage").out.endswith("nothing new\n")
    assert START.isoformat() in run("readings", "triage", "--metric", "count").out


def test_a_version_against_another_is_read_by_metric_and_group(run: Runner) -> None:
    ran = run("readings", "triage", "--version", "v2", "--versus", "v1", "--metric", "accuracy", "--format", "json")
    (found,) = json.loads(ran.out)
    assert (found["metric"], found["version"], found["reference"]) == ("accuracy_version_difference", "v2", "v1")
    assert found["low"] < found["value"] < found["high"]
    by_group = json.loads(
        run("readings", "triage", "--version", "v2", "--versus", "v1", "--attribute", "sex", "--format", "json").out
    )
    assert {row["metric"].endswith("_version_difference") for row in by_group} == {True}
    assert "F" in {row["group"] for row in by_group}


def test_a_version_is_not_compared_with_itself_or_with_none(run: Runner) -> None:
    assert "Which version" in run.refused("readings", "triage", "--versus", "v1")
    assert "not the same" in run.refused("readings", "triage", "--version", "v1", "--versus", "v1")
    assert "Did you mean 'v1'" in run.refused("readings", "triage", "--version", "v2", "--versus", "v11")
    assert "'accuracy'" in run.refused("readings", "triage", "--version", "v2", "--versus", "v1", "--metric", "acuracy")


def test_why_a_rate_changed_is_a_sentence_and_a_table(run: Runner) -> None:
    middle = str(START + timedelta(days=15))
    words = ("why", "triage", "accuracy", "--by", "sex", "--since", middle, "--until", str(START + timedelta(days=30)))
    ran = run(*words)
    assert ran.code == 0
    assert ran.out.startswith("Accuracy ")
    assert "share_before" in ran.out
    as_json = run(*words, "--format", "json")
    rows = json.loads(as_json.out)
    assert as_json.err.startswith("Accuracy ")
    assert sum(row["total"] for row in rows) == pytest.approx(sum(row["mix"] + row["rate"] for row in rows))
    assert "no attribute 'sx'" in run.refused("why", "triage", "accuracy", "--by", "sx", *words[5:])
    assert "share days" in run.refused(
        *words, "--before-since", str(START), "--before-until", str(START + timedelta(16))
    )
