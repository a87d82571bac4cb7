"""Bad input ends in a clear message, with nothing lost and nothing half done."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashboard import contract, ingest, log, settings
from dashboard.errors import EvenhandError

GOOD = "a,2026-01-01 10:00:00,v1,0.5,1,0,12.5,ok,F,1.5"


def refused(intake: Any, *files: Any) -> str:
    with pytest.raises(ingest.IntakeError) as caught:
        intake.predictions(*files)
    assert not caught.value.receipts
    assert not list(intake.paths.batches.glob("*")) if intake.paths.batches.exists() else True
    return str(caught.value)


def test_a_directory_is_said(intake: Any) -> None:
    assert "is a directory" in refused(intake, intake.folder)


def test_an_empty_file_is_said(intake: Any) -> None:
    (intake.folder / "a.csv").touch()
    (intake.folder / "a.parquet").touch()
    assert "is empty" in refused(intake, intake.folder / "a.csv")
    assert "is empty" in refused(intake, intake.folder / "a.parquet")


def test_a_header_without_rows_is_said_and_harms_nothing(intake: Any) -> None:
    receipt = intake.predictions(intake.write("a.csv"))
    assert receipt.rows == 0
    assert "the file has no rows" in receipt.notes


def test_no_such_file_is_said(intake: Any) -> None:
    with pytest.raises(EvenhandError, match="There is no file"):
        intake.predictions(intake.folder / "nothing-*.csv")


@pytest.mark.parametrize("kept", [0.5, 0.99, 6], ids=["half", "nearly all", "six bytes"])
def test_a_truncated_parquet_is_said(intake: Any, kept: float) -> None:
    path = intake.folder / "a.parquet"
    pq.write_table(pa.table({"id": list(range(1000)), "time": ["2026-01-01"] * 1000, "score": [0.5] * 1000}), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if kept < 1 else int(kept)])
    assert "is cut off" in refused(intake, path)


def test_a_parquet_broken_inside_is_said(intake: Any) -> None:
    path = intake.folder / "a.parquet"
    pq.write_table(pa.table({"id": list(range(1000)), "time": ["2026-01-01"] * 1000, "score": [0.5] * 1000}), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : -8] = b"\0" * len(content[len(content) // 2 : -8])
    path.write_bytes(content)
    assert "nothing of it was taken in" in refused(intake, path)


def test_a_truncated_gzip_is_said(intake: Any) -> None:
    path = intake.write("a.csv", *[GOOD.replace("a,", f"{os.urandom(8).hex()},", 1) for _ in range(2000)])
    subprocess.run(["gzip", str(path)], check=True)
    packed = path.with_suffix(".csv.gz")
    packed.write_bytes(packed.read_bytes()[:-2000])
    assert str(packed) in refused(intake, packed)


def test_an_unknown_ending_is_said(intake: Any) -> None:
    assert "Parquet (.parquet), CSV" in refused(intake, intake.write("a.xlsx", GOOD))


def test_a_utf16_file_is_said(intake: Any) -> None:
    path = intake.folder / "a.csv"
    path.write_text("id,time,score\n", encoding="utf-16")
    assert "UTF-16" in refused(intake, path)


def test_lines_in_another_encoding_are_rejected_and_the_rest_is_kept(intake: Any) -> None:
    path = intake.write("a.csv", GOOD)
    with path.open("ab") as sink:
        sink.write("b,2026-01-01,v1,0.5,,,,ok,Ren\u00e9,1\n".encode("latin-1"))
        sink.write("c,2026-01-01,v1,0.5,,,,ok,Ren\u00e9,1\n".encode())
    receipt = intake.predictions(path)
    assert (receipt.accepted, receipt.reasons) == (2, {"broken line: not UTF-8": 1})
    assert "Ren\\xe9" in intake.rejected()["broken line: not UTF-8"]


def test_mixed_line_endings_lose_nothing(intake: Any) -> None:
    path = intake.folder / "a.csv"
    path.write_bytes(
        b"id,time,score,sex\na,2026-01-01,0.5,F\nb,2026-01-01,0.5,F\r\nc,2026-01-01,0.5,F\r\nd,2026-01-01,0.5,F\n"
    )
    receipt = intake.predictions(path)
    assert (receipt.accepted, receipt.rejected) == (4, 0)
    assert intake.rows("predictions", "id, x_sex") == [(name, "F") for name in "abcd"]


def test_a_quote_that_is_never_closed_breaks_one_line(intake: Any) -> None:
    rows = [f"{i},2026-01-01,v1,0.5,,,,ok,F,1" for i in range(3000)]
    rows[10] = '10,2026-01-01,v1,0.5,,,,ok,"F,1'
    rows[20] = '20,2026-01-01,v1,0.5,,,,ok,"two\nlines",1'
    receipt = intake.predictions(intake.write("a.csv", *rows))
    assert (receipt.accepted, receipt.reasons) == (2999, {"broken line: quote not closed": 1})
    assert intake.rejected() == {"broken line: quote not closed": rows[10]}
    assert ("20", "two\nlines") in intake.rows("predictions", "id, x_sex")


@pytest.mark.parametrize(
    ("role", "meant"), [("time", "time"), ("id", "id"), ("score", "score")], ids=["time", "id", "score"]
)
def test_a_column_that_is_not_there_is_said_with_the_nearest(intake: Any, role: str, meant: str) -> None:
    columns = {**intake.contract.columns, role: f"{meant}_x"}
    columns.pop("decision")
    wrong = replace(intake, contract=replace(intake.contract, columns=columns))
    assert f"Did you mean '{meant}'?" in refused(wrong, intake.write("a.csv", GOOD))


def test_a_protected_attribute_that_is_not_there_is_said(intake: Any) -> None:
    wrong = replace(intake, contract=replace(intake.contract, attributes=(contract.Attribute("sex", "sexx"),)))
    assert "Did you mean 'sex'?" in refused(wrong, intake.write("a.csv", GOOD))


def test_a_missing_optional_column_is_null_and_said(intake: Any) -> None:
    receipt = intake.predictions(intake.write("a.csv", "a,2026-01-01,0.5,F", header="id,time,score,sex"))
    assert any("'lactate' (feature): null" in note for note in receipt.notes)
    assert intake.rows("predictions", "latency_ms, label, x_lactate") == [(None, None, None)]


@pytest.mark.parametrize("name", ["../other", "a/b", "", "Triage", "tri age", "-a", "a--b", "x" * 65, "."])
def test_a_model_name_cannot_leave_the_workspace(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvenhandError, match="cannot be a model's name"):
        settings.model_paths(tmp_path, name)


def test_a_workspace_that_cannot_be_written_is_said(intake: Any) -> None:
    (intake.folder / "workspace").write_text("a file where the directory should be")
    assert "Could not write" in refused(intake, intake.write("a.csv", GOOD))


def test_good_files_stay_when_one_is_bad(intake: Any) -> None:
    files = [intake.write("a.csv", GOOD), intake.folder / "b.csv", intake.write("c.csv", GOOD.replace("a,", "c,", 1))]
    files[1].touch()
    with pytest.raises(ingest.IntakeError) as caught:
        intake.predictions(intake.folder / "[abc].csv")
    assert [receipt.source for receipt in caught.value.receipts] == ["a.csv", "c.csv"]
    assert list(caught.value.failures) == [str(files[1])]
    assert "1 of 3 files were not taken in" in str(caught.value)
    assert len(intake.rows("predictions")) == 2


@pytest.mark.parametrize("header", ["id,time,score,Sex,sex", "id,time,score,sex,sex"])
def test_two_columns_of_one_name_are_said(intake: Any, header: str) -> None:
    assert "has both" in refused(intake, intake.write("a.csv", "a,2026-01-01,0.5,F,F", header=header))


def test_a_json_array_is_said(intake: Any) -> None:
    assert "One JSON object per line" in refused(intake, intake.write("a.json", "[{}]", header=None))


def test_names_in_a_file_cannot_become_sql(intake: Any) -> None:
    hostile = """a"b'; DROP TABLE x; --"""
    quoted = hostile.replace('"', '""')
    intake.predictions(intake.write("a.csv", "a,2026-01-01,0.5,F,'; SELECT 1", header=f'id,time,score,sex,"{quoted}"'))
    assert intake.rows("predictions", f'"x_{quoted}"') == [("'; SELECT 1",)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_leaves_nothing(intake: Any, small_disk: Path) -> None:
    full = replace(intake, paths=settings.model_paths(small_disk, "triage"))
    full.predictions(intake.write("a.csv", GOOD))
    before = full.everything()
    noise = [f"{os.urandom(40).hex()},2026-01-01,v1,0.5,1,0,12.5,ok,F,1.5" for _ in range(100_000)]
    with pytest.raises(ingest.IntakeError, match=r"disk is full|No space left"):
        full.predictions(intake.write("b.csv", *noise))
    assert full.everything() == before
    assert [path.name for path in full.paths.staging.iterdir()] == [".writer"]
    assert len(log.read_records(full.paths.log)) == 1


def test_a_failure_leaves_no_temporary_files(intake: Any) -> None:
    with suppress(EvenhandError):
        intake.predictions(intake.write("a.csv", "x", header="nothing"))
    assert [path.name for path in intake.paths.staging.iterdir()] == [".writer"]
