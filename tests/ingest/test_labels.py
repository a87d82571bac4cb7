"""Labels of their own: filed under their prediction's day, corrected, early, late, repeated."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from dashboard import ingest, log
from dashboard.errors import EvenhandError

PREDICTIONS = (
    "a,2026-01-01 10:00,v1,0.5,,,,,,",
    "b,2026-01-02 10:00,v1,0.5,,,,,,",
    "b,2026-01-02 10:00,v2,0.6,,,,,,",
    "c,2026-01-03 10:00,v1,0.5,,,,,,",
)


@pytest.fixture
def filled(intake: Any) -> Any:
    intake.predictions(intake.write("predictions.csv", *PREDICTIONS))
    return intake


def labels(intake: Any, name: str, *lines: str, header: str = "id,label") -> ingest.Receipt:
    receipt: ingest.Receipt = intake.labels(intake.write(name, *lines, header=header))
    return receipt


def filed(intake: Any) -> list[tuple[Any, ...]]:
    return sorted((entry.day, entry.rows) for entry in log.files(intake.paths.log, "labels"))


def test_a_label_is_filed_under_its_predictions_day(filled: Any) -> None:
    receipt = labels(filled, "l.csv", "a,1", "b,0")
    assert (receipt.accepted, receipt.days) == (2, (date(2026, 1, 1), date(2026, 1, 2)))
    assert filed(filled) == [(date(2026, 1, 1), 1), (date(2026, 1, 2), 1)]
    assert filled.rows("labels", "id, version, label") == [("a", None, 1), ("b", None, 0)]


def test_a_label_may_name_the_version(filled: Any) -> None:
    labels(filled, "l.csv", "b,0,v2", "a,1,v9", header="id,label,version")
    assert filled.rows("labels", "id, version, label") == [("b", "v2", 0)]
    assert filled.rows("waiting", "id, version") == [("a", "v9")]


@pytest.mark.parametrize("time", ["2026-01-01 10:00", "2026-01-03", ""], ids=["right", "wrong", "none"])
def test_the_time_in_a_label_file_only_saves_looking(filled: Any, time: str) -> None:
    labels(filled, "l.csv", f"a,1,{time}", header="id,label,time")
    assert filed(filled) == [(date(2026, 1, 1), 1)]


def test_labels_before_their_prediction_wait_and_are_filed_when_it_comes(intake: Any) -> None:
    first = labels(intake, "l.csv", "a,1", "z,0")
    assert first.accepted == 2
    assert "2 labels wait for their prediction" in first.notes
    assert len(intake.rows("waiting")) == 2
    receipt = intake.predictions(intake.write("predictions.csv", *PREDICTIONS))
    assert "1 labels that had come before were filed" in receipt.notes
    assert intake.rows("labels", "id, label") == [("a", 1)]
    assert intake.rows("waiting", "id, label") == [("z", 0)]
    last = log.read_records(intake.paths.log)[-1]
    assert [path.split("/")[0] for path in last.replaces] == ["waiting"]
    assert len(log.files(intake.paths.log, "waiting")) == 1


def test_a_replaced_file_goes_after_a_day(intake: Any) -> None:
    labels(intake, "l.csv", "a,1")
    [waiting] = log.files(intake.paths.log, "waiting")
    receipt = intake.predictions(intake.write("predictions.csv", *PREDICTIONS))
    labels(intake, "m.csv", "b,1")
    assert waiting.path.exists()  # a reader may hold it
    record = intake.paths.batches / f"{receipt.batch}.json"
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "arrived_at": "2026-01-01T00:00:00.000000"}))
    labels(intake, "n.csv", "c,1")
    assert not waiting.path.exists()


def test_a_waiting_label_keeps_when_it_arrived(intake: Any) -> None:
    labels(intake, "l.csv", "a,1")
    arrived = intake.rows("waiting", "arrived_at")
    intake.predictions(intake.write("predictions.csv", *PREDICTIONS))
    assert intake.rows("labels", "arrived_at") == arrived


def test_a_corrected_label_is_a_new_row(filled: Any) -> None:
    labels(filled, "one.csv", "a,1")
    assert labels(filled, "two.csv", "a,0").accepted == 1
    assert labels(filled, "three.csv", "a,1", "").accepted == 1  # corrected back: not what the log says last
    assert labels(filled, "four.csv", "a,1", "c,1").repeated == 1
    assert filled.rows("labels", "id, label") == [("a", 0), ("a", 1), ("a", 1), ("c", 1)]


def test_a_label_of_the_same_instant_is_repeated(filled: Any) -> None:
    header = "id,label,labeled_at"
    labels(filled, "one.csv", "a,1,2026-02-01", "a,0,2026-02-02", header=header)
    receipt = labels(filled, "two.csv", "a,1,2026-02-01", "a,1,2026-02-03", "a,1,2026-02-03", header=header)
    assert (receipt.accepted, receipt.repeated) == (1, 2)


def test_labels_that_cannot_be_read_are_rejected(filled: Any) -> None:
    receipt = labels(filled, "l.csv", "a,1,soon", ",1,", "b,,", "c,7,", "c,1,2026-02-01", header="id,label,labeled_at")
    assert receipt.reasons == {"labeled_at not understood": 1, "no id": 1, "no label": 1, "label not understood": 1}
    assert (receipt.accepted, receipt.rejected) == (1, 4)


def test_the_same_label_file_twice_changes_nothing(filled: Any) -> None:
    labels(filled, "l.csv", "a,1", "z,9")
    before = filled.everything()
    assert labels(filled, "again.csv", "a,1", "z,9").repeated == 2
    assert filled.everything() == before


def test_labels_may_come_as_a_frame(filled: Any) -> None:
    frame = pd.DataFrame({"id": ["a", "c"], "label": [1, 0]})
    assert ingest.frame(filled.paths, filled.contract, frame, kind="labels").accepted == 2
    assert filled.rows("labels", "id, label") == [("a", 1), ("c", 0)]


def test_a_label_file_without_labels_says_the_nearest_column(filled: Any) -> None:
    with pytest.raises(EvenhandError, match=r"no column 'label'.*Did you mean 'lable'"):
        labels(filled, "l.csv", "a,1", header="id,lable")


def test_labels_need_an_id_in_the_contract(filled: Any) -> None:
    columns = {role: column for role, column in filled.contract.columns.items() if role != "id"}
    other = replace(filled, contract=replace(filled.contract, columns=columns))
    with pytest.raises(EvenhandError, match="names no id"):
        labels(other, "l.csv", "a,1")
