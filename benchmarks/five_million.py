"""Writes a large synthetic prediction log with its contract, the same bytes for the same arguments.

    python benchmarks/five_million.py OUT --rows 5000000 --format parquet|csv [--subject] [--days 180] [--seed 1]

OUT gets `predictions.parquet` (or `.csv`) in time order and `contract.toml` for a model called `five-million`.
Scores are logit-normal with a base rate of about 10 %; labels are drawn from the scores, so they are calibrated.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

CHUNK = 250_000
START = np.datetime64("2026-01-01T00:00:00", "us")
NUMERIC = tuple(f"f{i:02d}" for i in range(1, 13))
CATEGORICAL = {
    "ward": ("north", "south", "east", "west", "day"),
    "arrival": ("walk-in", "ambulance", "referral"),
    "weekday_type": ("weekday", "weekend"),
    "device": tuple(f"D{i:02d}" for i in range(12)),
}
GROUPS = {
    "sex": (("M", "F"), (0.49, 0.51)),
    "race": (("White", "Black", "Hispanic", "Asian", "Other", ""), (0.60, 0.18, 0.12, 0.06, 0.03, 0.01)),
}
THRESHOLD = 0.2


@dataclass(frozen=True)
class Size:
    """What decides the bytes that are written."""

    rows: int
    days: int
    seed: int
    subject: bool


def chunk(size: Size, first: int) -> pa.Table:
    """Returns up to CHUNK rows from row number `first`; a chunk's seed is its own, so their order does not matter."""
    n = min(CHUNK, size.rows - first)
    rng = np.random.default_rng([size.seed, first])
    numbers = rng.standard_normal((len(NUMERIC), n), dtype=np.float32)
    score = scores(numbers, rng)
    label = (rng.random(n) < score).astype(np.int8)
    columns: dict[str, Any] = {
        "prediction_id": np.arange(first, first + n, dtype=np.int64),
        "predicted_at": times(size, first, n, rng),
        "model_version": np.where(rng.random(n) < 0.9, "v1", "v2") if first < size.rows // 2 else np.full(n, "v2"),
        "score": score,
        "decision": (score >= THRESHOLD).astype(np.int8),
        "label": label,
        "latency_ms": np.round(np.exp(rng.normal(3.4, 0.5, n)), 3),
        "status": np.where(rng.random(n) < 0.998, "ok", "timeout"),
    }
    if size.subject:
        columns["patient_id"] = rng.integers(0, max(1, size.rows // 2), n)
    columns |= {name: pick(rng, values, shares, n) for name, (values, shares) in GROUPS.items()}
    columns["age"] = np.clip(np.round(rng.normal(52, 20, n)), 0, 100).astype(np.int16)
    columns |= {name: features(numbers[i], rng) for i, name in enumerate(NUMERIC)}
    columns |= {name: pick(rng, values, None, n) for name, values in CATEGORICAL.items()}
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def scores(numbers: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float64]:
    """Returns scores of mean about 0.1 that depend on the features, to six digits."""
    weights = np.linspace(0.6, 0.05, len(NUMERIC))
    logit = -2.9 + weights @ numbers + rng.normal(0, 0.5, numbers.shape[1])
    return np.round(1 / (1 + np.exp(-logit)), 6)


def times(size: Size, first: int, n: int, rng: np.random.Generator) -> NDArray[np.datetime64]:
    """Returns rising instants, even over the days, that no two rows share by construction."""
    place = (np.arange(first, first + n) + rng.random(n)) / size.rows
    micros = (place * size.days * 86_400_000_000).astype(np.int64)
    return START + micros.astype("timedelta64[us]")


def features(values: NDArray[np.float32], rng: np.random.Generator) -> pa.Array:
    """Returns one feature around 100 with 2 % missing."""
    return pa.array(np.round(100 + 15 * values.astype(np.float64), 3), mask=rng.random(len(values)) < 0.02)


def pick(rng: np.random.Generator, values: tuple[str, ...], shares: tuple[float, ...] | None, n: int) -> pa.Array:
    """Returns n of the values, as text; the empty string is what a real export has where nothing is known."""
    codes = rng.choice(len(values), size=n, p=shares).astype(np.int8)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(values)).cast(pa.string())


def chunks(size: Size) -> Iterator[pa.Table]:
    """Returns the log piece by piece."""
    for first in range(0, size.rows, CHUNK):
        yield chunk(size, first)
        print(f"\r{min(first + CHUNK, size.rows):,} of {size.rows:,} rows", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def write(size: Size, path: Path) -> Path:
    """Does the writing: Parquet or CSV, by the path's ending."""
    schema = chunk(Size(1, size.days, size.seed, size.subject), 0).schema
    if path.suffix == ".csv":
        with pacsv.CSVWriter(path, schema, write_options=pacsv.WriteOptions(quoting_style="needed")) as sink:
            for table in chunks(size):
                sink.write_table(table)
    else:
        with pq.ParquetWriter(path, schema, compression="zstd") as sink:
            for table in chunks(size):
                sink.write_table(table)
    return path


def contract(size: Size) -> str:
    """Returns contract.toml for the log."""
    subject = 'subject = "patient_id"\n' if size.subject else ""
    numeric = "".join(f'[features.{name}]\nkind = "numeric"\nmin = 0\nmax = 200\n' for name in NUMERIC)
    categorical = "".join(f'[features.{name}]\nkind = "categorical"\n' for name in CATEGORICAL)
    return f"""# A synthetic log of {size.rows:,} predictions over {size.days} days, for measuring speed.
[model]
name = "five-million"
task = "binary"
positive = "1"
threshold = {THRESHOLD}
purpose = "Measuring how fast a large log is taken in, counted and read"
owner = "benchmark"

[columns]
id = "prediction_id"
time = "predicted_at"
version = "model_version"
score = "score"
decision = "decision"
label = "label"
latency_ms = "latency_ms"
status = "status"
{subject}
[attributes.sex]
column = "sex"
reference = "M"
[attributes.age_band]
column = "age"
edges = [18, 40, 65]
[attributes.race]
column = "race"
reference = "White"

{numeric}{categorical}"""


def main() -> None:
    """Does what the command line asks."""
    parser = argparse.ArgumentParser(description="Write a large synthetic prediction log and its contract.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--subject", action="store_true", help="add a patient_id column, two rows a patient on average")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    size = Size(args.rows, args.days, args.seed, args.subject)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "contract.toml").write_text(contract(size), encoding="utf-8")
    began = time.perf_counter()
    path = write(size, args.out / f"predictions.{args.format}")
    megabytes = path.stat().st_size / 1e6
    print(f"{path}: {size.rows:,} rows, {megabytes:,.0f} MB in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
