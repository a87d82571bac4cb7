"""Writes the log of the sample model `triage`: emergency departments A, B and C, January to June 2026.

    python sample_data/generate.py OUT [--seed 2026] [--encounters 60000]
    python sample_data/generate.py --measure-latency

The same seed gives the same files. README.md says what is planted.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.pipeline import Pipeline

if not __package__:  # run as a script: this folder is still a package (PEP 366)
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    __package__ = Path(__file__).resolve().parent.name

from . import effects, models, patients
from .patients import Period, stream

HERE = Path(__file__).resolve().parent
TRAINING = Period("2025-07-01", 184)
LOG = Period("2026-01-01", 181)
AS_OF = pd.Timestamp("2026-07-01")  # labels that would arrive later have not arrived
TRAINING_SHARE = 0.5  # encounters in the training half-year for each in the log
ORDER = [
    "prediction_id",
    "predicted_at",
    "model_version",
    "score",
    "decision",
    "latency_ms",
    "status",
    "patient_id",
    "site",
]
ORDER += ["sex", "ethnicity", "insurance", *patients.NUMERIC, *patients.CATEGORICAL]
Progress = Callable[[str], object]


@dataclass(frozen=True)
class SampleFiles:
    """What `generate` wrote: predictions by month (Parquet), labels by week of arrival (CSV), each in order of time."""

    contract: Path
    policy: Path
    predictions: tuple[Path, ...]
    labels: tuple[Path, ...]


def generate(
    out: Path, seed: int = 2026, encounters: int = 60_000, progress: Progress = lambda sentence: None
) -> SampleFiles:
    """Does everything: draws the patients, trains both models, lets them predict, and writes the files into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    progress("Drawing patients")
    known = patients.people(int(encounters * 1.1), stream(seed, "people"))
    fitted = trained(known, seed, int(encounters * TRAINING_SHARE), progress)
    progress("Predicting")
    log, labels = predicted(known, seed, encounters, fitted)
    progress("Writing files")
    kept = [Path(shutil.copyfile(HERE / name, out / name)) for name in ("contract.toml", "policy.toml")]
    delivered = effects.broken_rows(log, stream(seed, "broken rows"))
    return SampleFiles(kept[0], kept[1], write_predictions(delivered, out), write_labels(labels, out))


def trained(known: pd.DataFrame, seed: int, encounters: int, progress: Progress) -> dict[str, Pipeline]:
    """Returns v1 and v2, both trained on the half-year before the log, v2 on a label that overlooks women over 65."""
    rng = stream(seed, "training")
    visits = patients.visits(TRAINING, encounters, known, rng)
    true = patients.measured(visits, known, rng)
    label = patients.deteriorated(true, rng)
    seen = patients.partly_measured(true, rng)
    progress("Training v1")
    first = models.first_model(seen, label)
    progress("Training v2")
    second = models.second_model(seen, effects.admissions(seen, label, rng), seed)
    return {"v1": first, "v2": second}


def predicted(
    known: pd.DataFrame, seed: int, encounters: int, fitted: dict[str, Pipeline]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the log, one row per encounter, and its labels with the instant each arrives."""
    visits = patients.visits(LOG, encounters, known, stream(seed, "visits"))
    visits = effects.traffic_spike(visits, stream(seed, "spike"))
    visits = effects.ageing_at_one_site(visits, known, stream(seed, "ageing"))
    known = effects.small_group(known, visits, stream(seed, "small group"))
    true = patients.measured(visits, known, stream(seed, "measured"))
    label = patients.deteriorated(true, stream(seed, "outcome"))
    seen = patients.partly_measured(true, stream(seed, "missing"))
    seen = effects.lactate_in_other_unit(seen)
    seen = effects.oxygen_missing(seen, stream(seed, "oxygen"))
    log = answered(seen, fitted, seed)
    days = effects.delays(log, label, stream(seed, "delays"))
    arrived = (log["time"] + pd.to_timedelta(days, unit="D")).dt.floor("s")
    return log, pd.DataFrame({"prediction_id": log["prediction_id"], "deteriorated": label, "labeled_at": arrived})


def answered(seen: pd.DataFrame, fitted: dict[str, Pipeline], seed: int) -> pd.DataFrame:
    """Returns what the models answered, how long it took and whether it failed; v2 takes over on its first day."""
    log = seen.copy()
    log.insert(0, "prediction_id", [f"E{number:07d}" for number in range(1, len(seen) + 1)])
    log["model_version"] = (seen["time"] >= effects.SECOND_MODEL_SINCE).map({False: "v1", True: "v2"})
    for name, model in fitted.items():
        here = log["model_version"] == name
        log.loc[here, "score"] = models.scores(model, seen[here])
    log["decision"] = (log["score"] >= models.THRESHOLD).astype("Int8")
    log["latency_ms"] = models.latencies(log["model_version"].to_numpy(str), stream(seed, "latency"))
    log = effects.slower_calls(log, stream(seed, "slower"))
    return effects.queueing(log, stream(seed, "queueing"))


def write_predictions(log: pd.DataFrame, out: Path) -> tuple[Path, ...]:
    """Returns one Parquet file a month; a row without a time stays in the month of the rows around it."""
    month = log["time"].ffill().bfill().dt.strftime("%Y-%m")
    table = log.assign(predicted_at=log["time"].dt.tz_localize("UTC"), latency_ms=log["latency_ms"].round(3))[ORDER]
    paths = []
    for name, rows in table.groupby(month):
        paths.append(out / "predictions" / f"{name}.parquet")
        paths[-1].parent.mkdir(exist_ok=True)
        rows.to_parquet(paths[-1], index=False, compression="zstd")
    return tuple(paths)


def write_labels(labels: pd.DataFrame, out: Path) -> tuple[Path, ...]:
    """Returns one CSV file for each week in which labels arrived, up to the day the sample ends."""
    arrived = labels[labels["labeled_at"] < AS_OF].sort_values(["labeled_at", "prediction_id"])
    monday = arrived["labeled_at"].dt.to_period("W").dt.start_time.dt.strftime("%Y-%m-%d")
    table = arrived.assign(labeled_at=arrived["labeled_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    paths = []
    for name, rows in table.groupby(monday):
        paths.append(out / "labels" / f"{name}.csv")
        paths[-1].parent.mkdir(exist_ok=True)
        rows.to_csv(paths[-1], index=False, lineterminator="\n")
    return tuple(paths)


def measure_latency(seed: int = 2026) -> Path:
    """Returns the file of measured latencies, measured anew: 1,000 calls of each model, one patient a call."""
    known = patients.people(66_000, stream(seed, "people"))
    fitted = trained(known, seed, 30_000, print)
    visits = patients.visits(LOG, 2_000, known, stream(seed, "visits"))
    true = patients.measured(visits, known, stream(seed, "measured"))
    models.write_latencies(fitted, patients.partly_measured(true, stream(seed, "missing")))
    return models.LATENCIES


def main() -> None:
    """Does what the command line asks."""
    parser = argparse.ArgumentParser(description="Write the log of the sample model, or measure its models' latency.")
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--encounters", type=int, default=60_000)
    parser.add_argument("--measure-latency", action="store_true")
    args = parser.parse_args()
    if args.measure_latency:
        print(measure_latency(args.seed))
    elif args.out is None:
        parser.error("say which folder to write to, for example: python sample_data/generate.py sample")
    else:
        files = generate(args.out, args.seed, args.encounters, lambda sentence: print(sentence, file=sys.stderr))
        print(f"{args.out}: {len(files.predictions)} prediction files, {len(files.labels)} label files")


if __name__ == "__main__":
    main()
