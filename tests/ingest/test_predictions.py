"""Prediction files: what is accepted, repeated and rejected, and how values are cast."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import strategies as st

from dashboard import contract, ingest, log, settings, store

GOOD = "a,2026-01-01 10:00:00,v1,0.5,1,0,12.5,ok,F,1.5"


def test_every_delivered_row_is_accepted_repeated_or_rejected(intake: Any) -> None:
    file = intake.write(
        "a.csv",
        GOOD,
        GOOD,  # the same again
        "a,2026-01-01 10:00:00,v1,0.6,1,0,12.5,ok,F,1.5",  # the same id, other content
        "b,,v1,0.5,,,,,,",
        "c,soon,v1,0.5,,,,,,",
        "d,2026-01-01,v1,1.5,,,,,,",
        "e,2026-01-01,v1,-0.1,,,,,,",
        "f,2026-01-01,v1,nan,,,,,,",
        "g,2026-01-01,v1,inf,,,,,,",
        "h,2026-01-01,v1,high,,,,,,",
        "i,2026-01-01,v1,0.5,perhaps,,,,,",
        "j,2026-01-01,v1,0.5,,2,,,,",
        "k,2026-01-01,v1,0.5,,,slow,,,",
        "l,2026-01-01,v1,0.5,,,-3,,,",
        "m,2026-01-01,v1,,,,,ok,,",
        "n,too few",
        "o,2026-01-01,v1,0.5,1,0,1,ok,F,1,too many",
        "p,2026-01-01,v1,,,,,timeout,,",  # a failed request has no score
    )
    receipt = intake.predictions(file)
    assert (receipt.accepted, receipt.repeated, receipt.rejected) == (2, 1, 15)
    assert receipt.rows == 18
    assert sum(receipt.reasons.values()) == receipt.rejected
    assert receipt.reasons["score outside [0, 1]"] == 2
    assert set(receipt.reasons) == {
        "duplicate id with other content",
        "no time",
        "time not understood",
        "score outside [0, 1]",
        "score is NaN",
        "score is infinite",
        "score is not a number",
        "decision not understood",
        "label not understood",
        "latency_ms is not a number",
        "latency_ms is negative",
        "no score and no decision",
        "broken line: too few fields",
        "broken line: too many fields",
    }


def test_a_rejected_row_is_kept_as_it_was_delivered(intake: Any) -> None:
    file = intake.write(
        "a.csv", GOOD, ' x ,2026-01-01,v1,7,,,,,F,"1,5"', "n,too few", "a,2026-01-01 10:00,v1,.9,1,0,1,ok,F,1"
    )
    intake.predictions(file)
    kept = intake.rejected()
    assert kept["score outside [0, 1]"]["id"] == " x "
    assert kept["score outside [0, 1]"]["lactate"] == "1,5"
    assert kept["broken line: too few fields"] == "n,too few"
    assert kept["duplicate id with other content"]["score"] == ".9"
    assert intake.rows("rejected", "number") == [(2,), (3,), (4,)]  # a broken line has its line's number


def test_the_same_file_twice_changes_nothing(intake: Any) -> None:
    file = intake.write("a.csv", GOOD, "b,2026-01-02,v1,7,,,,,,")
    intake.predictions(file)
    before = intake.everything()
    again = intake.predictions(file.rename(intake.folder / "renamed.csv"))
    assert (again.accepted, again.repeated, again.rejected) == (0, 2, 0)
    assert "came before" in again.notes[0]
    assert intake.everything() == before


def test_a_row_already_in_the_log_is_repeated_or_a_duplicate(intake: Any) -> None:
    intake.predictions(intake.write("a.csv", GOOD, "b,2026-01-02,v1,0.2,0,,,,,"))
    receipt = intake.predictions(
        intake.write(
            "b.csv", GOOD, "b,2026-01-02,v1,0.3,0,,,,,", "b,2026-01-02,v2,0.3,0,,,,,", "b,2026-01-03,v1,0.3,0,,,,,"
        )
    )
    assert (receipt.accepted, receipt.repeated, receipt.rejected) == (2, 1, 1)
    assert len(intake.rows("predictions", "id")) == 4


def test_rows_without_an_id_are_named_by_batch_and_row(intake: Any) -> None:
    columns = {k: v for k, v in intake.contract.columns.items() if k != "id"}
    other = replace(intake, contract=replace(intake.contract, columns=columns))
    receipt = other.predictions(intake.write("a.csv", GOOD, GOOD))
    assert receipt.accepted == 2
    assert intake.rows("predictions", "id") == [(f"{receipt.batch}:1",), (f"{receipt.batch}:2",)]


@pytest.mark.parametrize(
    ("written", "zone", "utc"),
    [
        ("2026-01-01T00:00:00-05:00", "UTC", datetime(2026, 1, 1, 5)),
        ("2026-01-01T00:00:00Z", "America/New_York", datetime(2026, 1, 1, 0)),
        ("2026-01-01 00:00:00", "America/New_York", datetime(2026, 1, 1, 5)),
        ("2026-07-01 00:00:00", "America/New_York", datetime(2026, 7, 1, 4)),
        ("2026-01-01 12:00:00.123456+05:30", "UTC", datetime(2026, 1, 1, 6, 30, 0, 123456)),
        ("1767225600", "America/New_York", datetime(2026, 1, 1)),
        ("1767225600123", "UTC", datetime(2026, 1, 1, 0, 0, 0, 123000)),
        ("2026-01-01", "Asia/Kolkata", datetime(2025, 12, 31, 18, 30)),
    ],
)
def test_times_become_utc(intake: Any, written: str, zone: str, utc: datetime) -> None:
    zoned = replace(intake, contract=replace(intake.contract, timezone=zone))
    zoned.predictions(intake.write("a.csv", f"a,{written},v1,0.5,,,,,,"))
    assert intake.rows("predictions", "time") == [(utc,)]
    assert log.files(intake.paths.log, "predictions")[0].day == utc.date()


def test_typed_times_become_utc_like_written_ones(intake: Any) -> None:
    zoned = replace(intake, contract=replace(intake.contract, timezone="America/New_York"))
    plain = datetime(2026, 1, 1, 10)
    table = pa.table(
        {
            "id": ["a", "b"],
            "time": pa.array([plain, plain], pa.timestamp("ns")),
            "score": [0.1, 0.2],
            "sex": ["F", None],
            "lactate": [1.0, None],
        }
    )
    ingest.frame(intake.paths, zoned.contract, table)
    aware = table.set_column(1, "time", pa.array([plain.replace(tzinfo=UTC)] * 2, pa.timestamp("us", "Europe/Berlin")))
    ingest.frame(intake.paths, zoned.contract, aware.set_column(0, "id", pa.array(["c", "d"])))
    assert intake.rows("predictions", "id, time") == [
        ("a", datetime(2026, 1, 1, 15)),
        ("b", datetime(2026, 1, 1, 15)),
        ("c", plain),
        ("d", plain),
    ]


def test_a_time_format_reads_other_times(intake: Any) -> None:
    other = replace(intake, contract=replace(intake.contract, time_format="%m/%d/%Y %H:%M"))
    other.predictions(intake.write("a.csv", "a,01/31/2026 14:05,v1,0.5,,,,,,"))
    assert intake.rows("predictions", "time") == [(datetime(2026, 1, 31, 14, 5),)]


def test_labels_and_decisions_are_one_and_zero_however_they_are_spelt(intake: Any) -> None:
    spelt = ["1", "1.0", "true", "TRUE", " 1 ", "0", "0.0", "false"]
    rows = [f"{i},2026-01-01,v1,0.5,{word},{word},,,," for i, word in enumerate(spelt)]
    intake.predictions(intake.write("a.csv", *rows))
    expected = [(1, 1)] * 5 + [(0, 0)] * 3
    assert [row[1:] for row in intake.rows("predictions", "CAST(id AS INT), decision, label")] == expected


def test_a_feature_that_is_no_number_is_null_and_counted(intake: Any) -> None:
    rows = [f"{i},2026-01-01,v1,0.5,,,,,,{value}" for i, value in enumerate(["1.5", "high", "<2", "", "nan", "inf"])]
    receipt = intake.predictions(intake.write("a.csv", *rows))
    assert receipt.accepted == 6
    assert "column 'lactate': 3 values are not numbers: null" in receipt.notes
    assert [row[1] for row in intake.rows("predictions", "id, x_lactate")] == [1.5, None, None, None, None, None]


def test_groups_are_trimmed_and_composed(intake: Any) -> None:
    values = ["  F ", "e\u0301", "", "   ", "\u00a0M\t"]
    intake.predictions(intake.write("a.csv", *[f"{i},2026-01-01,v1,0.5,,,,,{v}," for i, v in enumerate(values)]))
    assert [row[1] for row in intake.rows("predictions", "id, x_sex")] == ["F", "\u00e9", None, None, "M"]


def test_new_missing_and_changed_columns_are_said(intake: Any) -> None:
    intake.predictions(intake.write("a.csv", GOOD))
    wider = "id,time,version,score,decision,label,ms,sex,lactate,ward"
    receipt = intake.predictions(intake.write("b.csv", "b,2026-01-02,v1,0.5,1,0,3,F,high,north", header=wider))
    said = " ".join(receipt.notes)
    assert "column 'ward' is new since b.csv" in said
    assert "column 'status' was delivered before and is missing" in said
    assert "column 'lactate' changed its type from number (DOUBLE) to text (VARCHAR)" in said
    assert intake.rows("predictions", "id, status, x_ward") == [("a", "ok", None), ("b", None, "north")]


def test_the_forms_say_the_same(intake: Any) -> None:
    rows = [
        {"id": str(i), "time": f"2026-01-0{i + 1} 10:00:00", "score": i / 10, "decision": i % 2, "sex": "F"}
        for i in range(5)
    ]
    frame = pd.DataFrame(rows)
    frame.to_csv(intake.folder / "a.csv", index=False)
    (intake.folder / "b.csv.gz").write_bytes(gzip.compress((intake.folder / "a.csv").read_bytes()))
    (intake.folder / "c.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    frame.to_parquet(intake.folder / "d.parquet")
    frame.to_csv(intake.folder / "e.tsv", index=False, sep="\t")
    found = set()
    for place, file in enumerate(("a.csv", "b.csv.gz", "c.jsonl", "d.parquet", "e.tsv")):
        one = replace(intake, paths=settings.model_paths(intake.folder / str(place), "triage"))
        assert one.predictions(intake.folder / file).accepted == 5
        found.add(str(one.rows("predictions", "id, time, version, score, decision, label, x_sex, x_lactate")))
    assert len(found) == 1


def test_json_lines_that_are_no_objects_are_rejected_as_they_came(intake: Any) -> None:
    good = '{"id": "a", "time": "2026-01-01", "score": 0.5, "sex": "F", "late": {"x": 1}}'
    receipt = intake.predictions(
        intake.write("a.jsonl", good, "{broken", "[1, 2]", '{"id": "b", "score": 0.1}', header=None)
    )
    assert (receipt.accepted, receipt.rejected) == (1, 3)
    assert receipt.reasons == {"not a JSON object": 2, "no time": 1}
    assert {row for (row,) in intake.rows("rejected", "row")} == {"{broken", "[1, 2]", '{"id": "b", "score": 0.1}'}
    assert intake.rows("predictions", "x_late") == [('{"x":1}',)]


FRAME = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "time": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]),
        "score": [0.1, 0.2, 0.3],
        "sex": ["F", "M", None],
        "lactate": [1.0, None, 2.0],
    }
)


@pytest.mark.parametrize(
    "data",
    [FRAME, FRAME.iloc[::-1], pl.from_pandas(FRAME), pl.from_pandas(FRAME).lazy(), pa.Table.from_pandas(FRAME)],
    ids=["pandas", "reversed", "polars", "lazy", "arrow"],
)
def test_frames_of_every_kind_are_the_same_batch(intake: Any, data: Any) -> None:
    first = ingest.frame(intake.paths, intake.contract, pa.Table.from_pandas(FRAME, preserve_index=False))
    again = ingest.frame(intake.paths, intake.contract, data)
    assert (first.accepted, again.accepted, again.repeated) == (3, 0, 3)
    assert intake.rows("predictions", "id, score, x_sex, x_lactate") == [
        ("a", 0.1, "F", 1.0),
        ("b", 0.2, "M", None),
        ("c", 0.3, None, 2.0),
    ]


def test_a_key_takes_a_frame_in_once(intake: Any) -> None:
    ingest.frame(intake.paths, intake.contract, FRAME, key="monday")
    assert ingest.frame(intake.paths, intake.contract, FRAME.assign(score=0.9), key="monday").repeated == 3


def test_a_column_of_mixed_objects_is_text(intake: Any) -> None:
    frame = FRAME.assign(note=[1, "two", None])
    ingest.frame(intake.paths, intake.contract, frame)
    assert intake.rows("predictions", "id, x_note") == [("a", "1"), ("b", "two"), ("c", None)]


def test_the_likeliest_class_is_decided_at_intake(intake: Any) -> None:
    text = """
[model]
name = "acuity"
task = "multiclass"
[columns]
id = "id"
time = "time"
label = "label"
[columns.scores]
low = "p_low"
mid = "p_mid"
high = "p_high"
"""
    other = replace(intake, contract=contract.parse(text, "the test"))
    header = "id,time,label,p_low,p_mid,p_high"
    rows = [
        "a,2026-01-01,low,0.2,0.7,0.1",
        "b,2026-01-01,high,0.4,0.4,0.2",
        "c,2026-01-01,other,1,0,0",
        "d,2026-01-01,,2,0,0",
    ]
    receipt = other.predictions(intake.write("a.csv", *rows, header=header))
    assert receipt.reasons == {"label not understood": 1, "probability of low outside [0, 1]": 1}
    assert intake.rows("predictions", "id, decision, label, score, p_high") == [
        ("a", "mid", "low", 0.7, 0.1),
        ("b", "low", "high", 0.4, 0.2),
    ]


def test_a_regression_label_is_a_number(intake: Any) -> None:
    text = '[model]\nname="stay"\ntask="regression"\n[columns]\ntime="time"\nscore="days"\nlabel="truth"\n'
    other = replace(intake, contract=contract.parse(text, "the test"))
    rows = ["2026-01-01,12.5,13", "2026-01-01,-3,", "2026-01-01,1e400,2", "2026-01-01,2,long"]
    receipt = other.predictions(intake.write("a.csv", *rows, header="time,days,truth"))
    assert (receipt.accepted, receipt.reasons) == (2, {"score is infinite": 1, "label not understood": 1})
    assert intake.rows("predictions", "score, label, decision") == [(-3.0, None, None), (12.5, 13.0, None)]


def test_columns_have_the_same_types_in_every_batch(intake: Any) -> None:
    intake.predictions(intake.write("a.csv", GOOD))
    narrow = pa.table({"id": [1], "time": [date(2026, 1, 1)], "score": [1], "sex": [None]})
    pq.write_table(narrow, intake.folder / "b.parquet")
    intake.predictions(intake.folder / "b.parquet")
    with store.connect(threads=1) as connection:
        types = {
            tuple(connection.execute(f"DESCRIBE FROM '{file.path}'").fetchall())[:15]
            for file in log.files(intake.paths.log, "predictions")
        }
    assert len(types) == 1


def test_again_takes_content_in_under_a_corrected_contract(intake: Any) -> None:
    file = intake.write("a.csv", "a,2026-01-01,v1,0.5,yes,,,,,")
    assert intake.predictions(file).rejected == 1
    right = replace(intake, contract=replace(intake.contract, positive="yes"))
    assert right.predictions(file).repeated == 1
    assert right.predictions(file, again=True).accepted == 1
    assert intake.rows("predictions", "decision") == [(1,)]
    assert intake.rows("rejected") == []


def test_progress_ends_where_everything_is_done(intake: Any) -> None:
    told: list[tuple[int, int]] = []
    files = [intake.write("a.csv", GOOD), intake.write("b.csv", "b,2026-01-02,v1,0.5,,,,,,")]
    intake.predictions(*files, progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


SCORES = st.one_of(st.floats(-0.5, 1.5), st.sampled_from(["", "nan", "inf", "x", "0.5"]))
ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), SCORES), max_size=12)


@hypothesis.settings(max_examples=15, deadline=None)
@hypothesis.given(files=st.lists(ROWS, min_size=1, max_size=3))
def test_counts_add_up_for_any_rows(
    files: list[list[tuple[int, int, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("any")
    paths = settings.model_paths(folder / "workspace", "any")
    agreed = contract.parse(
        '[model]\nname="any"\ntask="binary"\npositive="1"\n[columns]\nid="i"\ntime="t"\nscore="s"', "x"
    )
    accepted = 0
    for number, rows in enumerate(files):
        file = folder / f"{number}.csv"
        file.write_text("i,t,s\n" + "".join(f"{i},2026-01-0{day},{score}\n" for i, day, score in rows))
        [receipt] = ingest.predictions(paths, agreed, [file], threads=1)
        assert receipt.rows == len(rows)
        accepted += receipt.accepted
    assert sum(file.rows for file in log.files(paths.log, "predictions")) == accepted
    keys = {
        (i, day)
        for rows in files
        for i, day, score in rows
        if score not in ("", "nan", "inf", "x") and 0 <= float(score) <= 1
    }
    assert accepted == len(keys)
