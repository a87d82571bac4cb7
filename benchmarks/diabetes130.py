"""The main job on real data: a readmission model on 101,766 hospital stays, through the product's command line.

    python benchmarks/diabetes130.py DATA_DIR OUT [--batch 8]

DATA_DIR holds `diabetes130_slim.csv.gz` (UCI 296, Strack et al. 2014, CC BY 4.0). A scikit-learn model is trained
on the first 60 % of the stays by `encounter_id` (there are no dates; the id is a proxy for time) and predicts the
rest, 8 stays a call, on one thread; a stay's latency is the measured time of its call. The stays are laid over 180
days in the order of their ids. A readmission becomes known on its day (drawn, within 30), its absence after 30
days. Then `evenhand` takes over; its answers are printed beside scikit-learn's on the raw rows.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import threadpoolctl  # type: ignore[import-untyped]
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

MODEL = "readmission"
NUMERIC = ["time_in_hospital", "num_lab_procedures", "num_procedures", "num_medications", "number_outpatient"]
NUMERIC += ["number_emergency", "number_inpatient", "number_diagnoses"]
CATEGORICAL = ["diagnosis", "medical_specialty", "payer_code", "admission_type_id", "admission_source_id"]
CATEGORICAL += ["discharge_disposition_id", "max_glu_serum", "A1Cresult", "insulin", "change", "diabetesMed"]
INPUTS = [*NUMERIC, *CATEGORICAL]
TRAINING_SHARE, DAYS, SELECTED, SEED = 0.6, 180, 0.20, 130
START = pd.Timestamp("2026-01-01", tz="UTC")
DIAGNOSES = {  # first digits of the ICD-9 code, as in Strack et al., table 2
    "circulatory": [(390, 459), (785, 785)],
    "respiratory": [(460, 519), (786, 786)],
    "digestive": [(520, 579), (787, 787)],
    "diabetes": [(250, 250)],
    "injury": [(800, 999)],
    "musculoskeletal": [(710, 739)],
    "genitourinary": [(580, 629), (788, 788)],
    "neoplasms": [(140, 239)],
}
# ---------------------------------------------------------------------------------------------------- the model


def stays(folder: Path) -> pd.DataFrame:
    """Returns the stays in order of their ids, with what the file calls unknown as missing."""
    frame = pd.read_csv(folder / "diabetes130_slim.csv.gz", keep_default_na=False, dtype={"diag_1": str})
    frame = frame.sort_values("encounter_id", ignore_index=True)
    frame["diagnosis"] = diagnosis(pd.to_numeric(frame["diag_1"], errors="coerce"))
    frame["age_from"] = frame["age"].str.extract(r"\[(\d+)-", expand=False).astype(int)
    frame["race"] = frame["race"].mask(frame["race"] == "Unknown")
    frame["gender"] = frame["gender"].mask(frame["gender"] == "Unknown/Invalid")
    return frame.astype(dict.fromkeys(CATEGORICAL, str))


def diagnosis(code: pd.Series[float]) -> NDArray[np.str_]:
    """Returns the group of each ICD-9 code; external causes and the unknown are "other"."""
    whole = code.floordiv(1)
    groups = [np.any([whole.between(low, high) for low, high in ranges], axis=0) for ranges in DIAGNOSES.values()]
    return np.select(groups, list(DIAGNOSES), default="other").astype(np.str_)


def new_model() -> Pipeline:
    """Returns an unfitted model: boosted trees, rare categories together."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=200)
    inputs = make_column_transformer((codes, CATEGORICAL), remainder="passthrough")
    trees = HistGradientBoostingClassifier(
        learning_rate=0.06, max_iter=150, max_leaf_nodes=15, min_samples_leaf=60, random_state=SEED
    )
    return make_pipeline(inputs, trees)


def threshold(training: pd.DataFrame) -> float:
    """Returns the score above which a fifth of the training stays lie, each scored without its patient in training."""
    folds = GroupKFold(n_splits=5)
    unseen = cross_val_predict(
        new_model(),
        training[INPUTS],
        training["readmit_30_days"],
        groups=training["patient_nbr"],
        cv=folds,
        method="predict_proba",
    )[:, 1]
    return float(round(np.quantile(unseen, 1 - SELECTED), 4))


def answers(model: Pipeline, rows: pd.DataFrame, batch: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the score of every row, and the milliseconds of the call it was answered in."""
    score, taken = np.empty(len(rows)), np.empty(len(rows))
    parts = [slice(first, first + batch) for first in range(0, len(rows), batch)]
    inputs = [rows.iloc[part] for part in parts]
    for number, (part, row) in enumerate(zip(parts, inputs, strict=True)):
        began = time.perf_counter()
        score[part] = model.predict_proba(row)[:, 1]
        taken[part] = (time.perf_counter() - began) * 1_000
        if number % 500 == 0:
            print(f"\rpredicting: {part.start:,} of {len(rows):,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return np.round(score, 6), np.round(taken, 3)


# --------------------------------------------------------------------------------------------- what is delivered


def predictions(model: Pipeline, rows: pd.DataFrame, limit: float, batch: int) -> pd.DataFrame:
    """Returns the log as a hospital would export it."""
    score, taken = answers(model, rows[INPUTS], batch)
    place = (np.arange(len(rows)) + 0.5) / len(rows)
    made = pd.DataFrame(
        {
            "encounter_id": rows["encounter_id"],
            "predicted_at": START + pd.to_timedelta(np.round(place * DAYS * 86_400), unit="s"),
            "model_version": "2026.1",
            "score": score,
            "decision": (score >= limit).astype(np.int8),
            "latency_ms": taken,
            "status": "ok",
        },
        index=rows.index,
    )
    return made.join(rows[["patient_nbr", "race", "gender", "age_from", *INPUTS]])


def labels(log: pd.DataFrame, readmitted: pd.Series[int]) -> pd.DataFrame:
    """Returns what became of each stay and when it was known: the day of the readmission, else after 30 days."""
    days = np.where(readmitted == 1, np.random.default_rng(SEED).uniform(1, 30, len(log)), 30.0)
    known = (log["predicted_at"] + pd.to_timedelta(days, unit="D")).dt.ceil("s")
    text = known.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pd.DataFrame({"encounter_id": log["encounter_id"], "readmit_30_days": readmitted, "labeled_at": text})


def contract(limit: float) -> str:
    """Returns contract.toml."""
    numeric = "".join(f'[features.{name}]\nkind = "numeric"\nmin = 0\n' for name in NUMERIC)
    categorical = "".join(f'[features.{name}]\nkind = "categorical"\n' for name in CATEGORICAL)
    return f"""[model]
name = "{MODEL}"
task = "binary"
positive = "1"
negative = "0"
threshold = {limit}
purpose = "Finds diabetic patients who will be back in hospital within 30 days, so that somebody calls them"
owner = "Benchmark"

[columns]
id = "encounter_id"
time = "predicted_at"
version = "model_version"
score = "score"
decision = "decision"
label = "readmit_30_days"
labeled_at = "labeled_at"
latency_ms = "latency_ms"
status = "status"
subject = "patient_nbr"

[attributes.race]
column = "race"
reference = "Caucasian"
[attributes.gender]
column = "gender"
reference = "Female"
[attributes.age_band]
column = "age_from"
edges = [30, 60, 80]
reference = "60-79"

[fairness]
intersections = [["race", "gender"], ["gender", "age_band"], ["race", "age_band"]]

{numeric}{categorical}"""


POLICY = """version = "2026-01"
minimum_n = 50

[windows]
reference = { since = "2026-01-01", until = "2026-02-26" }
every = "28d"
drift = "7d"

[[rule]]
metric = "roc_auc"
min = 0.60
[[rule]]
metric = "true_positive_rate_difference"
attribute = "*"
between = [-0.10, 0.10]
[[rule]]
metric = "selection_rate_ratio"
attribute = "race"
min = 0.80
[[rule]]
metric = "psi"
feature = "*"
max = 0.1
[[rule]]
metric = "latency_p95"
max = 50
"""


def prepare(data: Path, out: Path, batch: int) -> None:
    """Does the part before the product: trains, predicts, writes predictions, labels, contract and policy."""
    frame = stays(data)
    first = round(len(frame) * TRAINING_SHARE)
    training, rest = frame[:first], frame[first:]
    limit = threshold(training)
    model = new_model().fit(training[INPUTS], training["readmit_30_days"])
    with threadpoolctl.threadpool_limits(1):
        log = predictions(model, rest, limit, batch)
    out.mkdir(parents=True, exist_ok=True)
    log.to_parquet(out / "predictions.parquet", index=False, compression="zstd")
    labels(log, rest["readmit_30_days"]).to_csv(out / "labels.csv", index=False, lineterminator="\n")
    (out / "contract.toml").write_text(contract(limit), encoding="utf-8")
    (out / "policy.toml").write_text(POLICY, encoding="utf-8")
    p50, p95 = np.quantile(log["latency_ms"], [0.5, 0.95])
    print(f"trained on {first:,} stays, predicted {len(log):,} in calls of {batch}, threshold {limit}")
    print(f"latency of a call: p50 {p50:.2f} ms, p95 {p95:.2f} ms")


# ---------------------------------------------------------------------------------------------------- the product


def product(out: Path, workspace: Path) -> list[dict[str, Any]]:
    """Returns the readings, after everything a user would type: ingest, label, roll up, read, check."""
    model = workspace / "models" / MODEL
    model.mkdir(parents=True, exist_ok=True)
    for name in ("contract.toml", "policy.toml"):
        shutil.copyfile(out / name, model / name)
    evenhand(workspace, ["ingest", MODEL, str(out / "predictions.parquet")])
    evenhand(workspace, ["ingest", MODEL, "--labels", str(out / "labels.csv")])
    evenhand(workspace, ["rollup", MODEL])
    found: list[dict[str, Any]] = []
    for extra in (["--kind", "performance"], ["--kind", "performance", "--attribute", "race"]):
        found += json.loads(evenhand(workspace, ["readings", MODEL, *extra, "--format", "json"], show=False))
    evenhand(workspace, ["check", MODEL], allowed=(0, 1, 2))
    return found


def evenhand(workspace: Path, words: Sequence[str], allowed: Sequence[int] = (0,), show: bool = True) -> str:
    """Returns what the command printed; prints the command, its seconds and, where asked, its answer."""
    began = time.perf_counter()
    environment = {**os.environ, "EVENHAND_WORKSPACE": str(workspace)}
    command = Path(sys.executable).with_name("evenhand")
    done = subprocess.run([str(command), *words], env=environment, stdout=subprocess.PIPE, text=True, check=False)
    print(f"\n$ evenhand {' '.join(words)}    [{time.perf_counter() - began:.2f} s, exit {done.returncode}]")
    if show:
        print(done.stdout.rstrip())
    if done.returncode not in allowed:
        raise SystemExit(f"evenhand {words[0]} ended with {done.returncode}")
    return done.stdout


# ---------------------------------------------------------------------------------------------------- the answer


def raw_rows(out: Path) -> dict[tuple[str, str | None], tuple[float, float | None]]:
    """Returns the same numbers from the raw rows with pandas and scikit-learn, by (metric, race).

    With each rate its design effect by patient, which the product estimates from 256 buckets of patients.
    """
    rows = pd.read_parquet(out / "predictions.parquet").merge(pd.read_csv(out / "labels.csv"), on="encounter_id")
    groups: list[tuple[str | None, pd.DataFrame]] = [(None, rows)]
    groups += [(str(race), part) for race, part in rows.assign(race=rows["race"].fillna("unknown")).groupby("race")]
    found: dict[tuple[str, str | None], tuple[float, float | None]] = {}
    for race, part in groups:
        ill, selected = part["readmit_30_days"] == 1, part["decision"] == 1
        found["roc_auc", race] = float(roc_auc_score(ill, part["score"])), None
        hits = {"accuracy": ill == selected, "selection_rate": selected, "prevalence": ill}
        hits |= {"true_positive_rate": selected[ill], "true_negative_rate": ~selected[~ill], "precision": ill[selected]}
        for metric, hit in hits.items():
            found[metric, race] = float(hit.mean()), by_patient(hit, part["patient_nbr"])
    return found


def by_patient(hit: pd.Series[bool], patients: pd.Series[int]) -> float:
    """Returns the design effect: the cluster-robust variance of the rate over that of independent stays."""
    rate = float(hit.mean())
    residuals = (hit - rate).groupby(patients).sum()
    number = len(residuals)
    return float((residuals**2).sum()) * number / (number - 1) / (len(hit) * rate * (1 - rate))


def show(
    readings: Sequence[dict[str, Any]], expected: dict[tuple[str, str | None], tuple[float, float | None]]
) -> None:
    """Does the printing: the product's numbers with their intervals, and how far they are from the raw rows.

    What a rate's stays are worth, "about k independent", is n / design effect; beside it the design effect by patient.
    """
    print(
        f"\n{'metric':20} {'race':16} {'value':>7}  {'95 % interval':17} {'n':>7} {'numerator':>9} {'raw rows':>9}"
        f" {'independent':>11} {'n / k':>6} {'by patient':>10}"
    )
    by = {(row["metric"], row["group"]): row for row in readings if row["version"] is None}
    for (metric, race), (oracle, effect) in sorted(expected.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        row = by[metric, race]
        value, low, high = (row[name] for name in ("value", "low", "high"))
        hits = "" if row["numerator"] is None else f"{row['numerator']:,.0f}"
        interval = f"{low:.4f} to {high:.4f}"
        told = re.search(r"about (\d+) independent", row["note"])
        worth = int(told[1]) if told else row["n"]
        print(
            f"{metric:20} {race or 'all':16} {value:7.4f}  {interval:17} {row['n']:7,} {hits:>9} {value - oracle:+9.1e}"
            f" {worth:11,} {row['n'] / worth:6.2f} {'' if effect is None else f'{effect:.2f}':>10}"
        )


def main() -> None:
    """Does what the command line asks."""
    parser = argparse.ArgumentParser(
        description="Train, predict and review a readmission model on real hospital stays."
    )
    parser.add_argument("data", type=Path, help="folder with diabetes130_slim.csv.gz")
    parser.add_argument("out", type=Path)
    parser.add_argument("--batch", type=int, default=8, help="stays a call; the latency is that of the call")
    parser.add_argument("--only-prepare", action="store_true", help="stop before the product")
    parser.add_argument("--again", action="store_true", help="predict again even where OUT has predictions")
    args = parser.parse_args()
    if args.again or not (args.out / "policy.toml").exists():
        prepare(args.data, args.out, args.batch)
    if not args.only_prepare:
        show(product(args.out, args.out / "workspace"), raw_rows(args.out))


if __name__ == "__main__":
    main()
