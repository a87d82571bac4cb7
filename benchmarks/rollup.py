"""The rollup of a large log beside a plain scan of the same columns, in turns; and the refresh after one new day.

    python benchmarks/rollup.py FOLDER [--rows 5000000] [--rounds 3] [--subject]

Aims at 5 million rows: a full rollup in at most 6 times the scan, under 1.5 GB; one new day under a tenth of that.
FOLDER keeps the log, so that a second run is quick. Every figure is of a fresh process, imports left out.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from dashboard.workspace import Model, Workspace

HERE = Path(__file__).resolve().parent
NUMBERS = [*(f"x_f{i:02d}" for i in range(1, 13)), "x_age", "score", "label", "decision", "latency_ms"]
TEXTS = ["version", "status", "x_sex", "x_race", "x_ward", "x_arrival", "x_weekday_type", "x_device"]


def made(folder: Path, rows: int, subject: bool) -> Path:
    """Returns a workspace whose log holds the rows, the last day apart in a file that is not taken in yet."""
    place = folder / f"rollup-{rows}{'-subject' if subject else ''}"
    workspace = place / "workspace"
    if (place / "ready").exists():
        return place
    more = ["--subject"] if subject else []
    subprocess.run([sys.executable, HERE / "five_million.py", place, "--rows", str(rows), *more], check=True)
    for name, when in (("most", "<"), ("last", ">=")):
        duckdb.sql(
            f"COPY (FROM '{place / 'predictions.parquet'}' WHERE predicted_at {when} (SELECT max(predicted_at)::DATE "
            f"FROM '{place / 'predictions.parquet'}')) TO '{place / name}.parquet'"
        )
    model = workspace / "models" / "five-million"
    model.mkdir(parents=True)
    (model / "contract.toml").write_text((place / "contract.toml").read_text())
    Workspace(workspace).model("five-million").ingest([place / "most.parquet"])
    (place / "ready").touch()
    return place


def scan(model: Model) -> None:
    """Does sum the numbers and count the texts that the rollup reads."""
    wanted = ", ".join([*(f"sum({name})" for name in NUMBERS), *(f"count({name})" for name in TEXTS), "max(time)"])
    files = str([str(path) for path in sorted(model.paths.predictions.glob("*/*.parquet"))])
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(f"SELECT {wanted} FROM read_parquet({files})").fetchall()


def everything(model: Model) -> None:
    """Does count the whole log into a new rollup."""
    model.rollup(everything=True)


def refresh(model: Model) -> None:
    """Does count what is new."""
    assert len(model.rollup().days) == 1


def only(what: str, workspace: Path) -> None:
    """Does one of them and prints its seconds and its peak memory in MB."""
    model = Workspace(workspace).model("five-million")
    start = time.perf_counter()
    {"scan": scan, "everything": everything, "refresh": refresh}[what](model)
    seconds = time.perf_counter() - start
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024]))


def timed(what: str, workspace: Path) -> tuple[float, int]:
    """Returns the seconds and the peak memory (MB) of one of them in a process of its own."""
    command = [sys.executable, __file__, str(workspace), "--only", what]
    seconds, memory = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return float(seconds), int(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--subject", action="store_true")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        only(args.only, args.folder)
        return
    place = made(args.folder, args.rows, args.subject)
    workspace = place / "workspace"
    rounds = [(timed("scan", workspace), timed("everything", workspace)) for _ in range(args.rounds)]
    for (scanned, _), (counted, memory) in rounds:
        print(f"scan {scanned:.2f} s, rollup {counted:.2f} s: {counted / scanned:.1f} times, {memory} MB")
    full = statistics.median(counted for _, (counted, _) in rounds)
    print(f"median {statistics.median(c / s for (s, _), (c, _) in rounds):.1f} times")
    Workspace(workspace).model("five-million").ingest([place / "last.parquet"])
    seconds, _ = timed("refresh", workspace)
    print(f"refresh after one new day {seconds:.2f} s: {seconds / full:.3f} of the full rollup")
    (place / "ready").unlink()  # the last day is in now: the next run starts afresh


if __name__ == "__main__":
    main()
