"""`kill -9` at any moment leaves nothing or the whole batch, and a rerun completes it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from dashboard import log

KILLS = 32
DAYS = 180
ROWS = 3600
WHATS: tuple[log.What, ...] = ("predictions", "rejected")
CHILD = """
import sys
from pathlib import Path
from dashboard import contract, ingest, settings
workspace, agreed, file = sys.argv[1:]
paths = settings.model_paths(Path(workspace), "triage")
print("ready", flush=True)
sys.stdin.readline()
ingest.predictions(paths, contract.read(agreed), [file], threads=1)
print("done", flush=True)
sys.stdin.readline()
"""


@dataclass
class Reader:
    """Looks at the log all the while, as a page does: through the records, at the files that they name."""

    root: Path
    seen: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    looks: int = 0

    def look(self) -> None:
        files = log.files(self.root, "predictions")
        self.seen.add(sum(file.rows for file in files))
        for file in random.Random(self.looks).sample(files, min(6, len(files))):
            if pq.read_metadata(file.path).num_rows != file.rows:
                self.wrong.append(f"{file.path} has not the rows that its record names")
        self.wrong += [f"{file.path} is not there" for file in files if not file.path.exists()]
        self.looks += 1

    @contextmanager
    def polling(self) -> Iterator[None]:
        stop = threading.Event()

        def poll() -> None:
            while not stop.is_set():
                try:
                    self.look()
                except Exception as error:
                    self.wrong.append(repr(error))
                time.sleep(0.05)

        thread = threading.Thread(target=poll)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@contextmanager
def ingesting(*arguments: Any) -> Iterator[subprocess.Popen[str]]:
    """Yields a process that is about to take a file in: it starts when a line is written to it."""
    command = [sys.executable, "-c", CHILD, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        if process.poll() is None:
            process.kill()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def delivered(intake: Any, number: int) -> Path:
    """Returns a file over 180 days, its rows unlike those of any other number."""
    first = date(2026, 1, 1)
    rows = [
        f"{number}-{i},{first + timedelta(days=i % DAYS)} 10:00,v1,0.5,1,0,{i % 7},ok,{'FM'[i % 2]},{i % 11}"
        for i in range(ROWS)
    ]
    path: Path = intake.write(f"{number}.csv", *rows, "broken")
    return path


def wait_for_renames(paths: Any, batches: int) -> None:
    """Does wait for the journal, which is written just before the first file is renamed into the log.

    It may be gone again before it is seen: then the batch's record is there.
    """
    until = time.monotonic() + 60
    while time.monotonic() < until and not list(paths.staging.glob("*/journal.json")):
        if len(list(paths.batches.glob("*.json"))) > batches:
            return
        time.sleep(0.001)


def unnamed(paths: Any) -> set[Path]:
    """Returns the files in the log that no record names."""
    named = {file.path for what in WHATS for file in log.files(paths.log, what)}
    return set(paths.log.rglob("*.parquet")) - named


def test_a_killed_intake_leaves_nothing_or_the_whole_batch(intake: Any) -> None:
    from tests.ingest.conftest import CONTRACT

    agreed = intake.folder / "contract.toml"
    agreed.write_text(CONTRACT)
    workspace = intake.folder / "workspace"
    with ingesting(workspace, agreed, delivered(intake, 0)) as process:
        started = time.monotonic()
        go(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        whole = time.monotonic() - started
    dice, reader = random.Random(20260101), Reader(intake.paths.log)
    batches, orphans, outcomes = 1, 0, {"nothing": 0, "whole": 0}
    with reader.polling():
        for kill in range(KILLS):
            file = delivered(intake, batches)
            with ingesting(workspace, agreed, file) as process:
                go(process)
                if kill % 4 == 1:
                    wait_for_renames(intake.paths, batches)
                    time.sleep(dice.uniform(0, 0.04))
                else:
                    time.sleep(whole * dice.uniform(0.55 if kill % 2 else 0.0, 1.1 if kill % 2 else 0.9))
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            visible = len(log.read_records(intake.paths.log))
            assert visible in (batches, batches + 1)
            orphans += visible == batches and bool(unnamed(intake.paths))
            outcomes["whole" if visible > batches else "nothing"] += 1
            if kill % 8 == 7 or visible > batches:
                receipt = intake.predictions(file, threads=1)
                assert (receipt.accepted, receipt.repeated) == ((0, ROWS + 1) if visible > batches else (ROWS, 0))
                batches += 1
    assert not reader.wrong
    assert reader.seen <= {ROWS * n for n in range(batches + 1)}
    assert reader.looks > KILLS
    assert outcomes["nothing"] > 0
    assert orphans > 0, "no kill fell between the first rename and the record"
    assert sum(file.rows for file in log.files(intake.paths.log, "predictions")) == ROWS * batches
    assert not unnamed(intake.paths)
    assert [path.name for path in intake.paths.staging.iterdir()] == [".writer"]
    print(f"\nkilled {KILLS} times within {whole:.2f} s each: {outcomes}, {orphans} amid renames, {reader.looks} looks")


def test_a_running_intake_is_not_cleared_by_another(intake: Any) -> None:
    from dashboard.ingest import publishing

    with publishing.workplace(intake.paths) as running:
        (running / "half").write_text("written")
        assert intake.predictions(delivered(intake, 1), threads=1).accepted == ROWS
        assert (running / "half").exists()
    assert not running.exists()
