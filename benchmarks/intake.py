"""Intake of a large CSV beside DuckDB's own COPY from that CSV to Parquet, in turns, in fresh processes.

    python benchmarks/intake.py [--rows 5000000] [--rounds 3] [--shuffled] [--folder DIR]

The log has 12 numeric and 4 categorical features, 3 attributes, id, time, version, score, decision, label, latency
and status over 180 days. Aim: at most 4 times COPY. Prints one line per round, then the median and the peak memory.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def copy(csv: Path, folder: Path) -> None:
    """Does what the figure is measured against."""
    import duckdb

    statement = f"COPY (FROM read_csv('{csv}')) TO '{folder / 'copy.parquet'}'"
    duckdb.connect(config={"threads": "2"}).execute(statement)


def intake(csv: Path, folder: Path) -> None:
    """Does take the file into a new log."""
    from dashboard import contract, ingest, settings

    paths = settings.model_paths(folder / "workspace", "five-million")
    [receipt] = ingest.predictions(paths, contract.read(csv.parent / "contract.toml"), [csv], threads=2)
    print(f"{receipt.accepted:,} accepted, {receipt.rejected:,} rejected, {len(receipt.days)} days", file=sys.stderr)


def timed(what: str, csv: Path, folder: Path) -> tuple[float, float, int]:
    """Returns seconds, processor seconds and peak memory (MB) of one of the two, in a process and folder of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, __file__, "--only", what, "--csv", str(csv), "--folder", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, busy, memory = done.stdout.split()
    shutil.rmtree(folder)
    return float(seconds), float(busy), int(memory)


def only(what: str, csv: Path, folder: Path) -> None:
    """Does one of the two and prints seconds and processor seconds, imports left out, and peak memory."""
    import duckdb  # noqa: F401

    import dashboard.ingest  # noqa: F401

    start, busy = time.perf_counter(), time.process_time()
    {"copy": copy, "intake": intake}[what](csv, folder)
    print(
        time.perf_counter() - start,
        time.process_time() - busy,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def made(folder: Path, rows: int, shuffled: bool) -> Path:
    """Returns the CSV, made if it is not there."""
    place = folder / f"rows-{rows}"
    if not (place / "predictions.csv").exists():
        script = HERE / "five_million.py"
        subprocess.run([sys.executable, script, place, "--rows", str(rows), "--format", "csv"], check=True)
    if not shuffled:
        return place / "predictions.csv"
    other = folder / f"rows-{rows}-shuffled"
    other.mkdir(exist_ok=True)
    shutil.copy(place / "contract.toml", other)
    statement = (
        f"COPY (FROM read_csv('{place / 'predictions.csv'}', all_varchar = true) ORDER BY hash(prediction_id)) "
        f"TO '{other / 'predictions.csv'}' (FORMAT csv, HEADER true)"
    )
    # in a process of its own: a child's peak memory begins with its parent's
    subprocess.run([sys.executable, "-c", f"import duckdb; duckdb.execute({statement!r})"], check=True)
    return other / "predictions.csv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shuffled", action="store_true", help="rows in no order of time")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "evenhand-intake")
    parser.add_argument("--only", choices=["copy", "intake"], help=argparse.SUPPRESS)
    parser.add_argument("--csv", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        only(given.only, given.csv, given.folder)
        return
    csv = made(given.folder, given.rows, given.shuffled)
    print(f"{given.rows:,} rows, {csv.stat().st_size / 1e6:,.0f} MB of CSV{', shuffled' if given.shuffled else ''}")
    ratios, busy_ratios, peaks = [], [], []
    for number in range(given.rounds):
        plain, plain_busy, _ = timed("copy", csv, given.folder / "run")
        ours, ours_busy, memory = timed("intake", csv, given.folder / "run")
        ratios.append(ours / plain)
        busy_ratios.append(ours_busy / plain_busy)
        peaks.append(memory)
        print(f"round {number + 1}: COPY {plain:.1f} s, intake {ours:.1f} s, {ours / plain:.2f} times", end="")
        print(f" (processor {plain_busy:.1f} s, {ours_busy:.1f} s, {ours_busy / plain_busy:.2f} times)", end="")
        print(f", peak {memory:,} MB", flush=True)
    print(f"median {statistics.median(ratios):.2f} times COPY", end="")
    print(f" (processor {statistics.median(busy_ratios):.2f} times), peak memory {max(peaks):,} MB")


if __name__ == "__main__":
    main()
