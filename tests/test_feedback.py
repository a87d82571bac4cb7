"""Feedback to training: settled cases with their weights, each subject for ever on one side."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dashboard import cases, cli, contract, feedback
from dashboard.errors import EvenhandError
from dashboard.review.events import new_id
from dashboard.review.events_cases import Answered, Claimed, Concluded, Flagged, Queued
from dashboard.review.ledger import of
from dashboard.review.roles import Person, typed
from dashboard.settings import Settings, read

N = 30
ANSWER = "=1+1"  # what a spreadsheet would run


@pytest.fixture
def settings(sample: Path, tmp_path: Path) -> Settings:
    """Returns a workspace with 30 settled cases of the sample: drawn at 1 in 10, every third chosen instead."""
    workspace = tmp_path / "workspace"
    (workspace / "models").mkdir(parents=True)
    (workspace / "models" / "triage").symlink_to(sample / "models" / "triage")
    found = read(workspace)
    paths, ledger = found.model("triage"), of(found)
    chosen = cases.cases(paths, contract.read(paths.contract), cases.Filters(date(2026, 6, 29), date(2026, 7, 1)), N)
    items = [
        {"day": str(one["day"]), "version": one["version"], "id": one["id"]}
        | ({"sources": ["uncertain"], "pi": None} if k % 3 == 0 else {"sources": ["random"], "pi": 0.1})
        for k, one in enumerate(chosen)
    ]
    ledger.append(Queued(event_id=new_id(), name="Rae", role="reviewer", model="triage", frame={}, items=items))
    for item in items:
        on: dict[str, Any] = {"name": "Bo", "role": "expert", "model": "triage", "version": item["version"]}
        on |= {"day": date.fromisoformat(item["day"]), "id": item["id"]}
        until = datetime.now(UTC) + timedelta(hours=1)
        ledger.append(Claimed(event_id=new_id(), until=until, **on))
        ledger.append(Answered(event_id=new_id(), answer=ANSWER, **on))
        ledger.append(Concluded(event_id=new_id(), answer=ANSWER, shown="0", reason="wrong-input", **on))
    first = on | {"name": "Di"}
    ledger.append(Flagged(event_id=new_id(), reason="unfair", **first))
    return found


def test_every_settled_case_is_in_exactly_one_of_the_two_files(settings: Settings, tmp_path: Path) -> None:
    both = [rows(settings, use, tmp_path / f"{use}.parquet") for use in feedback.USES]
    ids = [row["id"] for part in both for row in part]
    assert (len(ids), len(set(ids))) == (N, N)
    assert all(both)
    assert {row["weight"] for part in both for row in part if row["source"] == "random"} == {10.0}
    assert {row["weight"] for part in both for row in part if row["source"] == "uncertain"} == {None}
    (several,) = [row for part in both for row in part if row["source"] == "several"]
    assert several["sources"].split() == ["flag", "random"]
    row = both[0][0]
    assert (row["label"], row["raters"], row["share"], row["guideline"], row["reason"]) == (
        ANSWER, 1, 1.0, "1", "wrong-input",
    )  # fmt: skip
    paths = settings.model("triage")
    held = contract.read(paths.contract)
    logged = cases.case(paths, held, date.fromisoformat(row["day"]), row["version"], row["id"])
    assert logged is not None
    assert {name.removeprefix("input."): row[name] for name in row if name.startswith("input.")} == logged["inputs"]


def rows(settings: Settings, use: str, out: Path) -> list[dict[str, Any]]:
    feedback.export(settings, "triage", use, out, typed("Ada"))
    found: list[dict[str, Any]] = pq.read_table(out).to_pylist()
    return found


def test_a_subject_stays_where_it_was_sent_and_a_fifth_is_for_evaluation(tmp_path: Path) -> None:
    found = read(tmp_path)
    first = feedback.lock(found)
    sent = {f"p-{k}": first.use(f"p-{k}") for k in range(4000)}
    again = feedback.lock(read(tmp_path))
    assert sent == {name: again.use(name) for name in sent}
    assert sum(use == "evaluate" for use in sent.values()) / 4000 == pytest.approx(0.2, abs=0.03)
    assert stat.S_IMODE((tmp_path / "feedback.key").stat().st_mode) == 0o600
    assert feedback.Lock(b"other", 0.2).use("p-1") in feedback.USES
    assert sent != {name: feedback.Lock(b"other", 0.2).use(name) for name in sent}


@pytest.mark.parametrize(("share", "said"), [("0.3", "0.2 when the first case was sent"), ("2", "share between")])
def test_the_share_cannot_move_once_it_was_used(share: str, said: str, tmp_path: Path) -> None:
    feedback.lock(read(tmp_path))
    (tmp_path / "evenhand.toml").write_text(f"[feedback]\nevaluate = {share}\n", encoding="utf-8")
    with pytest.raises(EvenhandError, match=said):
        feedback.lock(read(tmp_path))


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (lambda s, p: feedback.export(s, "triage", "both", p / "a.csv", typed("Ada")), "train or evaluate"),
        (lambda s, p: feedback.export(s, "triage", "train", p / "a.xlsx", typed("Ada")), "parquet or .csv"),
        (lambda s, p: feedback.export(s, "triage", "evaluate", p / "t.csv", typed("Ada")), "never share a file"),
        (lambda s, p: feedback.export(s, "triage", "train", p / "a.csv",
                                      Person("Vic", frozenset({"viewer"}), "login|vic")), "Vic|viewer|may"),
    ],
)  # fmt: skip
def test_what_would_mix_or_may_not_be_is_refused_and_not_written(
    does: Callable[[Settings, Path], object], said: str, settings: Settings, tmp_path: Path
) -> None:
    feedback.export(settings, "triage", "train", tmp_path / "t.csv", typed("Ada"))
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(EvenhandError, match=said):
        does(settings, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert len(of(settings).events("triage", "exported")) == 1


def test_the_csv_runs_nothing_and_the_record_names_the_file(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "t.csv"
    found = feedback.export(settings, "triage", "train", out, typed("Ada"))
    with out.open(encoding="utf-8", newline="") as file:
        read_back = list(csv.DictReader(file))
    assert {row["label"] for row in read_back} == {f"'{ANSWER}"}
    manifest = json.loads((tmp_path / "t.csv.manifest.json").read_text())
    (recorded,) = of(settings).events("triage", "exported")
    digest = sha256(out.read_bytes()).hexdigest()
    assert (manifest["for"], manifest["sha256"], manifest["rows"]) == ("train", digest, len(found.rows))
    assert (recorded.event.subject["sha256"], recorded.event.body["counts"]["for"]) == (digest, "train")


def test_where_people_sign_in_the_command_acts_as_the_machines_account(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings.workspace / "evenhand.toml").write_text('[login]\nclient_id = "x"\n', encoding="utf-8")
    words = [
        "evenhand",
        "export",
        "feedback",
        "triage",
        "--for",
        "train",
        "--name",
        "Rae",
        "--out",
        str(tmp_path / "f.csv"),
    ]
    monkeypatch.setattr("sys.argv", [*words, "--workspace", str(settings.workspace)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (0, None)
    (made,) = of(read(settings.workspace)).events(kind="exported")
    assert made.event.verified
    assert made.event.actor.startswith("Rae, as ")
    assert made.event.identity.startswith("account|")
