"""The rollup's laws: counted by days or at once, in any order, by anyone, killed or not, the counts are the same."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard import Workspace, store
from dashboard.errors import EvenhandError
from dashboard.rollup import publishing
from dashboard.rollup.counting import INPUT_TABLES, OUTCOME_TABLES
from dashboard.workspace import Model
from tests.worlds import START, Spec, delivered, draw, found

SPEC = Spec(seed=11, rows=500, days=5, without=frozenset())
POLICY = f"""
version = "1"
[windows]
reference = {{ since = "{START}", until = "{START + timedelta(days=2)}" }}
[[rule]]
metric = "accuracy"
min = 0.1
"""
TABLES = (*INPUT_TABLES, *OUTCOME_TABLES)
Tables = dict[str, list[tuple[object, ...]]]


def tables(model: Model, only: Sequence[str] = TABLES) -> Tables:
    """Returns the newest rollup's tables as sorted rows."""
    with store.Snapshot(publishing.path(model.paths.rollup, model.number())) as snapshot:
        return {name: sorted(snapshot.rows(f"SELECT * FROM {name}"), key=repr) for name in only}


def empty(folder: Path, spec: Spec = SPEC) -> Model:
    return found(folder, spec.contract, policy=POLICY)


def rows(spec: Spec = SPEC, **changed: object) -> pd.DataFrame:
    return delivered(draw(spec).assign(**changed), spec)


def by_day(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [part for _, part in frame.groupby(frame["predicted_at"].dt.date)]


def late(frame: pd.DataFrame, **more: object) -> pd.DataFrame:
    return frame.loc[frame["label"].notna(), ["prediction_id", "label"]].assign(**more)


def at_once(folder: Path, frame: pd.DataFrame, spec: Spec = SPEC) -> Model:
    model = empty(folder, spec)
    model.log(frame)
    model.rollup()
    return model


def many_groups(spec: Spec) -> pd.DataFrame:
    return rows(spec, sex=[f"g{k}" for k in np.random.default_rng(5).integers(0, 90, spec.rows)])


@pytest.mark.parametrize("drawn", [rows, many_groups])
def test_merging_days_equals_counting_once(tmp_path: Path, drawn: object) -> None:
    assert callable(drawn)
    frame = drawn(SPEC)
    together = at_once(tmp_path / "together", frame)
    apart = empty(tmp_path / "apart")
    first, second, *others = by_day(frame)
    apart.log(pd.concat([first, second]))
    apart.rollup()
    for part in reversed(others):
        apart.log(part)
        apart.rollup()
    assert apart.number() == len(others) + 1
    assert tables(apart) == tables(together)


def test_labels_in_pieces_equal_labels_at_once(tmp_path: Path) -> None:
    frame = rows()
    inside = at_once(tmp_path / "inside", frame)
    pieces = empty(tmp_path / "pieces")
    pieces.log(frame.drop(columns="label"))
    pieces.rollup()
    labels = late(frame)
    for part in (labels[::3], labels[1::3], labels[2::3]):
        pieces.log_labels(part)
        pieces.rollup()
    kept = [name for name in TABLES if name != "delays"]  # inside, nobody knows when a label came
    assert tables(pieces, kept) == tables(inside, kept)


def test_labels_that_come_before_their_prediction_count(tmp_path: Path) -> None:
    frame = rows()
    first, second, *others = by_day(frame)
    model = empty(tmp_path / "early")
    model.log(pd.concat([first, second]).drop(columns="label"))
    model.log_labels(late(frame))
    model.rollup()
    model.log(pd.concat(others).drop(columns="label"))
    model.rollup()
    after = at_once(tmp_path / "after", frame.drop(columns="label"))
    after.log_labels(late(frame))
    after.rollup()
    kept = [name for name in TABLES if name != "delays"]
    assert tables(model, kept) == tables(after, kept)


def test_a_new_day_is_the_only_one_counted_again(tmp_path: Path) -> None:
    *before, last = by_day(rows())
    model = at_once(tmp_path, pd.concat(before))
    model.log(last)
    built = model.rollup()
    assert built.days == (START + timedelta(days=4),)
    assert built.rows == len(last)


def test_late_labels_touch_their_days_and_leave_the_inputs_as_they_are(tmp_path: Path) -> None:
    frame = rows()
    model = at_once(tmp_path, frame.drop(columns="label"))
    spoil(model)
    touched = by_day(frame)[2]
    model.log_labels(late(touched))
    assert model.rollup().days == (START + timedelta(days=2),)
    counted = tables(model)
    assert {row[-1] for row in counted["quality"]} == {-7}  # carried over, spoiled as it was, on every day
    spoiled = {row[0] for row in counted["outcomes"] if -7 in row}
    assert spoiled == {START + timedelta(days=k) for k in (0, 1, 3, 4)}


def spoil(model: Model) -> None:
    """Does put wrong numbers into the newest rollup, to see which rows the next one takes over."""
    with store.connect() as connection:
        store.attach(connection, publishing.path(model.paths.rollup, model.number()), "spoiled")
        connection.execute("UPDATE spoiled.quality SET out_of_range = -7; UPDATE spoiled.outcomes SET clipped = -7")


def test_a_corrected_label_replaces_the_earlier_one(tmp_path: Path) -> None:
    frame = rows(label=1.0)
    model = at_once(tmp_path, frame.drop(columns="label"))
    ids = frame["prediction_id"]
    for label, at in ((1, "2026-02-01"), (0, "2026-02-03"), (1, "2026-02-02")):  # the last to come is not the latest
        model.log_labels(pd.DataFrame({"prediction_id": ids, "label": label, "labeled_at": pd.Timestamp(at)}))
        model.rollup()
    (prevalence,) = model.readings(metrics=("prevalence",))
    assert (prevalence.value, prevalence.n) == (0.0, len(frame))


def test_a_label_delivered_inside_is_replaced_by_a_later_one_and_not_by_an_earlier_one(tmp_path: Path) -> None:
    contract = SPEC.contract.replace('label = "label"', 'label = "label"\nlabeled_at = "known_at"')
    frame = rows(label=1.0).assign(known_at=pd.Timestamp("2026-02-10"))
    model = found(tmp_path, contract)
    model.log(frame)
    half = len(frame) // 2
    for part, at in ((frame[:half], "2026-02-09"), (frame[half:], "2026-02-11")):
        model.log_labels(
            pd.DataFrame({"prediction_id": part["prediction_id"], "label": 0, "known_at": pd.Timestamp(at)})
        )
    model.rollup()
    (prevalence,) = model.readings(metrics=("prevalence",))
    assert prevalence.numerator == half


def test_a_label_without_a_version_is_that_of_every_version(tmp_path: Path) -> None:
    one = rows().assign(model_version="v1", label=None).drop(columns="label")
    model = at_once(tmp_path, pd.concat([one, one.assign(model_version="v2")]))
    model.log_labels(pd.DataFrame({"prediction_id": one["prediction_id"], "label": 1}))
    model.rollup()
    assert {(r.version, r.value) for r in model.readings(metrics=("label_coverage",), version="*")} == {
        ("v1", 1.0),
        ("v2", 1.0),
    }
    model.log_labels(pd.DataFrame({"prediction_id": one["prediction_id"], "label": 0, "model_version": "v2"}))
    model.rollup()
    assert {(r.version, r.value) for r in model.readings(metrics=("prevalence",), version="*")} == {
        ("v1", 1.0),
        ("v2", 0.0),
    }


def test_nothing_new_publishes_nothing(tmp_path: Path) -> None:
    model = at_once(tmp_path, rows())
    assert (model.number(), model.rollup().days, model.number()) == (1, (), 1)
    receipt = model.log(rows().sample(frac=1, random_state=1))
    assert (receipt.accepted, receipt.repeated) == (0, len(rows()))
    assert (model.rollup().days, model.number()) == ((), 1)


def test_everything_counts_every_day_again_to_the_same(tmp_path: Path) -> None:
    model = at_once(tmp_path, rows())
    before = tables(model)
    built = model.rollup(everything=True)
    assert (len(built.days), built.number) == (5, 2)
    assert tables(model) == before


@pytest.mark.parametrize("change", [("threshold = 0.5", "threshold = 0.7"), ("edges = [18, 40, 65]", "edges = [50]")])
def test_a_changed_contract_counts_every_day_again(tmp_path: Path, change: tuple[str, str]) -> None:
    frame = rows().drop(columns="decision")
    model = at_once(tmp_path / "changed", frame)
    text = model.paths.contract.read_text()
    model.paths.contract.write_text(text.replace(*change))
    again = Workspace(tmp_path / "changed").model("triage")
    assert len(again.rollup().days) == 5
    fresh = found(tmp_path / "fresh", text.replace(*change), policy=POLICY)
    fresh.log(frame)
    fresh.rollup()
    assert tables(again) == tables(fresh)
    assert tables(again) != tables(at_once(tmp_path / "old", frame))


def test_another_reference_takes_other_bins_and_counts_every_day_again(tmp_path: Path) -> None:
    model = at_once(tmp_path, rows())
    before = model.source().bins.digest
    model.paths.policy.write_text(POLICY.replace(str(START + timedelta(days=2)), str(START + timedelta(days=4))))
    again = Workspace(tmp_path).model("triage")
    assert len(again.rollup().days) == 5
    assert again.source().bins.digest != before


def test_a_reader_keeps_its_snapshot_while_others_are_published(tmp_path: Path) -> None:
    first, *others = by_day(rows(Spec(seed=11, rows=300, days=6, without=SPEC.without)))
    model = at_once(tmp_path, first)
    held = store.Snapshot(publishing.path(model.paths.rollup, 1))
    for part in others:
        model.log(part)
        model.rollup()
    assert publishing.numbers(model.paths.rollup) == [4, 5, 6]
    assert held.rows("SELECT sum(n) FROM volume") == [(len(first),)]
    assert model.extent().rows == 300
    held.close()


def test_a_rollup_deleted_and_counted_again_is_the_one_that_is_read(tmp_path: Path) -> None:
    *before, last = by_day(rows())
    model = at_once(tmp_path, pd.concat(before))
    rows_before = model.extent().rows
    shutil.rmtree(model.paths.rollup)
    model.log(last)
    model.rollup()
    assert model.number() == 1
    assert model.extent().rows == rows_before + len(last)


def test_a_damaged_rollup_is_counted_again_from_the_log(tmp_path: Path) -> None:
    model = at_once(tmp_path, rows())
    before = tables(model)
    publishing.path(model.paths.rollup, 1).write_bytes(b"not a database")
    again = Workspace(tmp_path).model("triage")
    with pytest.raises(EvenhandError, match="cannot be opened"):
        again.extent()
    assert again.rollup().number == 2
    assert tables(again) == before


def test_torn_bins_are_taken_again(tmp_path: Path) -> None:
    model = at_once(tmp_path, rows())
    before = tables(model)
    (model.paths.rollup / "bins.json").write_text('{"since": "2026')
    (model.paths.rollup / "bins.for").unlink()
    model.rollup()
    assert tables(model) == before


def test_two_builders_at_once_count_once(tmp_path: Path) -> None:
    model = at_once(tmp_path, rows())
    model.log(rows(Spec(seed=12, rows=400, days=5, without=SPEC.without), prediction_id=[f"q{k}" for k in range(400)]))
    with ThreadPoolExecutor(2) as pool:
        built = list(pool.map(lambda other: other.rollup(), [Workspace(tmp_path).model("triage") for _ in range(2)]))
    assert sorted(len(b.days) for b in built) == [0, 5]
    assert {b.number for b in built} == {2}
    assert model.extent().rows == 900


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(tmp_path: Path, threads: int) -> None:
    plain = at_once(tmp_path / "plain", rows())
    model = empty(tmp_path / "threads")
    (tmp_path / "threads" / "evenhand.toml").write_text(f'[engine]\nthreads = {threads}\nmemory_limit = "500MB"\n')
    model = Workspace(tmp_path / "threads").model("triage")
    model.log(rows().sample(frac=1, random_state=threads))
    model.rollup()
    assert tables(model) == tables(plain)


def test_progress_ends_at_all_rows(tmp_path: Path) -> None:
    model = empty(tmp_path)
    model.log(rows())
    seen: list[tuple[int, int]] = []
    model.rollup(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (SPEC.rows, SPEC.rows)


def test_an_empty_log_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EvenhandError, match=r"no predictions in its log.*evenhand ingest triage"):
        empty(tmp_path).rollup()
    with pytest.raises(EvenhandError, match=r"Nothing of model 'triage' has been counted yet.*evenhand rollup triage"):
        empty(tmp_path / "other").readings()


BUILD = """
import sys
from dashboard import Workspace
model = Workspace(sys.argv[1]).model("triage")
print("go", flush=True)
model.rollup()
"""


def test_a_killed_build_leaves_the_older_rollup_and_the_next_run_works(tmp_path: Path) -> None:
    big = Spec(seed=13, rows=1200, days=20, without=frozenset())
    *before, last = by_day(rows(big))
    model = at_once(tmp_path / "killed", pd.concat(before), big)
    model.log(last)
    model.log_labels(late(rows(big), labeled_at=pd.Timestamp("2026-04-01")))
    held = tables(model)
    moments = random.Random(2)
    kills = 0
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", BUILD, str(tmp_path / "killed")], stdout=subprocess.PIPE)
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            end = time.monotonic() + moments.random() * 0.6
            while time.monotonic() < end:  # a reader that polls sees the older one or the newer, whole
                assert model.extent().rows in (1200 - len(last), 1200)
            process.send_signal(signal.SIGKILL)
        kills += process.returncode == -signal.SIGKILL
        if model.number() == 1:
            assert tables(model) == held
            assert model.extent().rows == 1200 - len(last)
    assert kills >= 1
    model.rollup()
    assert model.extent().rows == 1200
    assert [path.name for path in model.paths.rollup.glob("build-*")] == []
    known: Mapping[str, str] = model.source().snapshot.meta()
    assert json.loads(known["bins"])["since"] == START.isoformat()
    assert date.fromisoformat(known["built_at"][:10]) >= START
    whole = at_once(tmp_path / "whole", rows(big), big)
    whole.log_labels(late(rows(big), labeled_at=pd.Timestamp("2026-04-01")))
    whole.rollup()
    assert tables(model) == tables(whole)
