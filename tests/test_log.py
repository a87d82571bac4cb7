"""The log's records: read in order of arrival, files exist only through them, replaced files do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dashboard import log
from dashboard.errors import EvenhandError

FIRST = log.Record(
    batch="p1",
    kind="predictions",
    source="a.csv",
    digest="d1",
    arrived_at="2026-01-02T00:00:00.000000",
    columns={"id": "BIGINT", "note": "VARCHAR"},
    accepted=3,
    repeated=1,
    rejected=1,
    reasons={"no time": 1},
    files=(
        {"path": "predictions/day=2026-01-02/p1.parquet", "day": "2026-01-02", "rows": 2, "what": "predictions"},
        {"path": "predictions/day=2026-01-01/p1.parquet", "day": "2026-01-01", "rows": 1, "what": "predictions"},
        {"path": "waiting/p1.parquet", "day": None, "rows": 9, "what": "waiting"},
    ),
)
LATER = replace(
    FIRST,
    batch="a0",
    digest="d2",
    arrived_at="2026-01-03T00:00:00.000000",
    columns={"id": "DOUBLE", "note": "NULL", "new": "VARCHAR"},
    files=({"path": "waiting/a0.parquet", "day": None, "rows": 4, "what": "waiting"},),
    replaces=("waiting/p1.parquet", "predictions/day=2026-01-02/p1.parquet"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("batches", "staging"):
        (tmp_path / name).mkdir()
    for record in (LATER, FIRST):
        log.write_record(tmp_path, tmp_path / "staging", record)
    return tmp_path


def test_what_is_written_is_read_in_order_of_arrival(root: Path) -> None:
    assert log.read_records(root) == [FIRST, LATER]
    assert [record["batch"] for record in log.records(root)] == ["p1", "a0"]
    assert FIRST.rows == 5
    assert not list((root / "staging").iterdir())


def test_a_replaced_file_does_not_exist(root: Path) -> None:
    assert [(file.day, file.rows) for file in log.files(root, "predictions")] == [(date(2026, 1, 1), 1)]
    assert [(file.path, file.day, file.batch) for file in log.files(root, "waiting")] == [
        (root / "waiting/a0.parquet", log.NO_DAY, "a0")
    ]


def test_columns_keep_the_type_they_last_had_with_content(root: Path) -> None:
    assert log.columns_before(log.read_records(root)) == {"id": "DOUBLE", "note": "VARCHAR", "new": "VARCHAR"}


def test_an_empty_log_has_nothing(tmp_path: Path) -> None:
    assert log.read_records(tmp_path) == []
    assert log.files(tmp_path, "predictions") == []


def test_a_record_that_cannot_be_read_is_said(root: Path) -> None:
    (root / "batches" / "p1.json").write_text('{"batch": ')
    with pytest.raises(EvenhandError, match=r"p1\.json cannot be read"):
        log.read_records(root)
