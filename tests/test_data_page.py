"""The Data page: rows turned away are counted, filtered, shown as delivered and written out whole."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from dashboard import charts
from dashboard.cases_rejected import COLUMNS, Wanted, rejected, write
from dashboard.contract import Contract
from dashboard.log import Record, standing
from dashboard.report import rows
from dashboard.ui import deliveries, schema, turned_away
from dashboard.workspace import Model, Workspace
from tests.test_odd_models import opened
from tests.worlds import Spec, build, delivered

VIEWS = ("Values", "Turned away", "Schema", "Deliveries")
CONTRACT = """[model]
name = "m"
task = "binary"
positive = "1"
[columns]
id = "visit"
time = "seen"
score = "risk"
"""


def row(k: int, risk: object = 0.5, seen: str = "2026-01-05 10:00") -> dict[str, object]:
    return {"visit": f"v{k}", "seen": seen, "risk": risk, "note": "=1+1"}


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """A model with two deliveries: five rows turned away of the first, one broken line of the second."""
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    (folder / "contract.toml").write_text(CONTRACT)
    found = Workspace(tmp_path).model("m")
    rows = [row(1), row(2), row(3, 40.0), row(4, 50.0), row(5, 60.0), row(6, seen=""), row(1, 0.7)]
    pd.DataFrame(rows).to_csv(tmp_path / "=first.csv", index=False)
    (tmp_path / "second.csv").write_text("visit,seen,risk\nv9,2026-01-06 10:00,0.2\n=HYPERLINK(1),2026-01-06\n")
    found.ingest([tmp_path / "=first.csv"])
    found.ingest([tmp_path / "second.csv"])
    return found


def content(model: Model, wanted: Wanted, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    for form in ("csv", "parquet"):
        write(model.paths, wanted, folder / f"rows.{form}", form)  # type: ignore[arg-type]
    return pd.read_csv(folder / "rows.csv"), pd.read_parquet(folder / "rows.parquet")


def test_every_row_that_was_turned_away_is_written_with_its_reason(model: Model, tmp_path: Path) -> None:
    csv, parquet = content(model, Wanted(), tmp_path)
    counted = sum(record.rejected for record in model.batches())
    assert list(csv.columns) == list(parquet.columns) == list(COLUMNS)
    assert len(csv) == len(parquet) == counted > 4
    assert parquet["reason"].value_counts()["score outside [0, 1]"] == 3
    assert {json.loads(text)["visit"] for text in parquet.loc[parquet["reason"] == "no time", "row"]} == {"v6"}


def test_no_text_of_the_csv_begins_a_formula_and_parquet_has_it_as_delivered(model: Model, tmp_path: Path) -> None:
    csv, parquet = content(model, Wanted(), tmp_path)
    texts = csv[["reason", "source", "row"]].astype(str)
    assert not texts.apply(lambda column: column.str.match(r"[=+\-@\t\r]")).any().any()
    assert (texts["source"] == "'=first.csv").any()
    assert (parquet["row"].str.startswith("=HYPERLINK")).any()


@pytest.mark.parametrize("reason", [None, "score outside [0, 1]", "no time", "nothing of the kind"])
def test_counts_from_records_equal_the_rows_that_are_written(reason: str | None, model: Model, tmp_path: Path) -> None:
    for batch in (None, *(record.batch for record in model.batches())):
        for arrived in (None, date.today(), date(2020, 1, 1)):
            wanted = Wanted(reason, batch, arrived)
            expected = sum(wanted.of(record) for record in model.batches())
            if arrived is None or arrived.year == 2020:
                assert len(content(model, wanted, tmp_path)[1]) == expected
                assert len(rejected(model.paths, wanted, 100)) == expected


def test_the_table_has_no_more_rows_than_asked_for_newest_delivery_first(model: Model) -> None:
    few = rejected(model.paths, Wanted(), 2)
    assert len(few) == 2
    assert few[0]["source"] == "second.csv"


def test_taken_in_again_counts_once(model: Model, tmp_path: Path) -> None:
    before = deliveries.sentence(model.batches())[0]
    model.ingest([tmp_path / "=first.csv"], again=True)
    assert len(model.batches()) == 3
    assert len(standing(model.batches())) == 2
    assert deliveries.sentence(model.batches())[0] == before
    assert len(rejected(model.paths, Wanted(), 100)) == sum(r.rejected for r in standing(model.batches()))


@pytest.mark.parametrize(
    ("reason", "marked"),
    [
        ("no time", {"seen"}),
        ("time outside 1900 to 2200", {"seen"}),
        ("score outside [0, 1]", {"risk"}),
        ("duplicate id with other content", {"visit"}),
        ("no score and no decision", {"risk"}),
        ("broken line: too few fields", set()),
    ],
)
def test_the_field_that_a_reason_is_about_is_marked_and_first(reason: str, marked: set[str]) -> None:
    contract = Contract("m", "binary", columns={"id": "visit", "time": "seen", "score": "risk"})
    shown = turned_away.as_delivered(json.dumps(row(3, None)), reason, contract)
    assert {cells["Field"] for cells in shown if cells["Wrong"]} == marked
    assert {str(cells["Field"]) for cells in shown[: len(marked)]} == marked
    assert ("risk", "(empty)") in [(cells["Field"], cells["As delivered"]) for cells in shown]


def test_a_line_that_is_no_row_is_shown_whole() -> None:
    contract = Contract("m", "binary")
    assert turned_away.as_delivered("a,b", "broken line: too few fields", contract)[0]["As delivered"] == "a,b"
    assert turned_away.as_delivered("[1]", "not a JSON object", contract)[0]["As delivered"] == "[1]"


def test_every_reason_has_a_next_step_that_the_command_line_knows() -> None:
    for reason in ("no time", "labeled_at not understood", "label not understood", "no id", "latency_ms is negative"):
        todo = turned_away.todo(reason, "triage")
        assert "evenhand ingest triage FILE" in todo
        assert "{" not in todo


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_by_its_url(view: str, sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heading, words = opened(sample, "data", monkeypatch, view=view)
    assert heading.startswith("120 of 118,059 rows were turned away, for three reasons; lactate at site C")
    sections = {
        "Values": "Missing values",
        "Turned away": "The rows",
        "Schema": "New categories",
        "Deliveries": "Newest first",
    }
    assert {name for name, section in sections.items() if section in words} == {view}


def test_nothing_turned_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(turned_away.parts, "nothing", lambda found, *todo: said.append(found))
    turned_away.section(None, [Record("b", "predictions", "f", "d", "2026-01-01", {}, 5, 0, 0)])  # type: ignore[arg-type]
    assert said == ["No row was turned away."]


def delivery(k: int, kind: str = "predictions", **columns: str) -> Record:
    return Record(f"b{k}", kind, f"f{k}.csv", "d", f"2026-01-0{k}", columns, 5, 0, 0)  # type: ignore[arg-type]


def test_columns_appear_vanish_come_back_and_change_their_type() -> None:
    records = [
        delivery(1, id="VARCHAR", score="DOUBLE", age="BIGINT"),
        delivery(2, id="VARCHAR", score="FLOAT", age="NULL", ward="VARCHAR"),
        delivery(3, id="VARCHAR", age="VARCHAR", ward="VARCHAR"),
        delivery(4, id="VARCHAR", score="DOUBLE", age="VARCHAR", ward="VARCHAR"),
    ]
    found = schema.strip(records)
    happened = [tuple(row) for row in found.loc[found["what"] != "", ["column", "batch", "what"]].to_numpy()]
    assert happened == [
        ("ward", "b2", "appeared"), ("age", "b3", "type"), ("score", "b3", "vanished"), ("score", "b4", "appeared"),
    ]  # fmt: skip
    told = schema.words(found, 4)
    assert told.startswith("ward appeared with f2.csv (2 January); age changed its type with f3.csv")
    assert told.endswith("and 1 more.")
    assert (
        schema.words(schema.strip(records[:1]), 1) == "Nothing changed: one delivery with the same columns and types."
    )
    figure = charts.columns_strip(schema.recent(found))
    assert [trace.name for trace in figure.data[1:]] == ["appeared", "vanished", "changed its type"]
    grid = figure.data[0]
    assert grid.z[list(grid.y).index("score")].tolist() == [1, 1, 0, 1]


def test_of_many_columns_those_that_changed_are_shown() -> None:
    many = {f"c{k}": "DOUBLE" for k in range(70)}
    shown = schema.recent(
        schema.strip([delivery(1, **many), delivery(2, **many | {"c69": "VARCHAR", "new": "DOUBLE"})])
    )
    assert shown["column"].nunique() == schema.COLUMNS
    assert {"c69", "new"} < set(shown["column"])


def test_new_categories_are_those_that_the_reference_does_not_have(tmp_path: Path) -> None:
    world = build(Spec(seed=4, rows=1500, days=100), tmp_path)
    late = delivered(world.frame, world.spec).head(5).assign(predicted_at=pd.Timestamp("2026-04-22 12:00"), ward="Z")
    late["prediction_id"] = [f"late{k}" for k in range(5)]
    world.model.log(late)
    world.model.rollup()
    after = world.model.plan().by_log.reference
    assert after is not None
    asked = {"shadow": [], "after": after.until}
    assert rows(world.model.source().snapshot, "new_categories", asked) == [("ward", "Z", date(2026, 4, 22), 5)]


def test_rates_of_rows_are_told_in_words_or_why_there_are_none() -> None:
    columns = ["metric", "feature", "value", "low", "high", "numerator", "denominator", "note"]
    told = [
        ("late_rate", None, 0.25, 0.2, 0.3, 25, 100, ""),
        ("rejected_rate", None, None, None, None, None, None, "cannot be computed: not counted"),
        ("wrong_type_rate", "pulse", 0.0003, 0.0, 0.001, 3, 10_000, ""),
        ("wrong_type_rate", "age", 0.0, 0.0, 0.001, 0, 10_000, ""),
        ("wrong_type_rate", "crp", None, None, None, None, None, "cannot be computed: not counted"),
        ("wrong_type_rate", "urea", None, None, None, None, None, "cannot be computed: not counted"),
    ]
    late, rejected_, pulse, unknown = deliveries.rates(pd.DataFrame(told, columns=columns, dtype=object))
    assert late["Rows"] == "25 of 100 taken in"
    assert (rejected_["Share"], rejected_["Rows"]) == ("–", "cannot be computed: not counted")
    assert unknown == {"What": "not a number, so not kept"} | {k: v for k, v in rejected_.items() if k != "What"}
    assert (pulse["What"], pulse["Share"]) == ("not a number, so not kept: pulse", "0.03\u202f%")
