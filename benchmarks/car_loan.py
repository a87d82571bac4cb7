"""The same 100,000 synthetic car loans twice: as they are, and with faults put into two inputs.

The data are NannyML's (package 0.13.1, Apache-2.0, synthetic), not shipped here. The time of each loan is in the data.
When its outcome became known is not: here 30 days later, so that the last month of the log has no labels yet. Scores
and decisions are those of the data. Then `evenhand` takes over; its answers are printed beside pandas' and
scikit-learn's on the raw rows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import accuracy_score, roc_auc_score

from benchmarks.diabetes130 import evenhand

MODELS = {"car-loan": "", "car-loan-dq": "dq_"}
DAYS_TO_LABEL = 30
NUMERIC = ["car_value", "debt_to_income_ratio", "loan_length", "driver_tenure"]
CATEGORICAL = ["salary_range", "repaid_loan_on_prev_car", "size_of_downpayment"]
CONTRACT = """[model]
name = "{name}"
task = "binary"
positive = "1"
negative = "0"
threshold = 0.5
purpose = "Predicts whether a car loan will be repaid"
owner = "Benchmark"

[columns]
id = "id"
time = "timestamp"
score = "y_pred_proba"
decision = "y_pred"
label = "repaid"
labeled_at = "labeled_at"

[attributes.salary_range]
column = "salary_range"
reference = "40K - 60K €"

{features}"""
POLICY = """version = "2018-01"
minimum_n = 50

[windows]
reference = { since = "2018-01-01", until = "2018-10-30" }
every = "28d"
drift = "7d"

[[rule]]
metric = "accuracy"
min = 0.90
[[rule]]
metric = "roc_auc"
min = 0.95
[[rule]]
metric = "estimated_accuracy"
min = 0.90
[[rule]]
metric = "true_positive_rate_difference"
attribute = "salary_range"
between = [-0.10, 0.10]
[[rule]]
metric = "selection_rate_ratio"
attribute = "salary_range"
min = 0.80
[[rule]]
metric = "psi"
feature = "*"
max = 0.1
[[rule]]
metric = "missing_rate"
feature = "*"
max = 0.05
"""


def loans(folder: Path, twin: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the log as it would be exported, and the labels that are known when it ends."""
    reference, analysis = (
        pd.read_csv(folder / f"synthetic_car_loan_{twin}{name}.csv.gz") for name in ("reference", "analysis")
    )
    late = pd.read_csv(folder / "synthetic_car_loan_analysis_target.csv.gz")
    log = pd.concat([reference.drop(columns="repaid"), analysis], ignore_index=True)
    known = pd.concat([reference[["id", "repaid"]], late], ignore_index=True).astype({"repaid": int})
    made = pd.to_datetime(log["timestamp"])
    known = known.merge(pd.DataFrame({"id": log["id"], "labeled_at": made + pd.Timedelta(days=DAYS_TO_LABEL)}), on="id")
    known = known[known["labeled_at"] <= made.max()]
    return log, known.assign(labeled_at=known["labeled_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))


def deliver(folder: Path, workspace: Path, name: str, twin: str) -> None:
    """Does everything that a user would type: contract, policy, ingest, label, roll up."""
    out = workspace.parent / name
    out.mkdir(parents=True, exist_ok=True)
    log, labels = loans(folder, twin)
    log.to_csv(out / "predictions.csv", index=False, lineterminator="\n")
    labels.to_csv(out / "labels.csv", index=False, lineterminator="\n")
    kinds = {**dict.fromkeys(NUMERIC, "numeric"), **dict.fromkeys(CATEGORICAL, "categorical")}
    features = "".join(f'[features.{feature}]\nkind = "{kind}"\n' for feature, kind in kinds.items())
    model = workspace / "models" / name
    model.mkdir(parents=True, exist_ok=True)
    (model / "contract.toml").write_text(CONTRACT.format(name=name, features=features), encoding="utf-8")
    (model / "policy.toml").write_text(POLICY, encoding="utf-8")
    evenhand(workspace, ["ingest", name, str(out / "predictions.csv")])
    evenhand(workspace, ["ingest", name, "--labels", str(out / "labels.csv")])
    evenhand(workspace, ["rollup", name])


def raw_rows(out: Path) -> dict[str, pd.Series[float]]:
    """Returns accuracy and area under the ROC curve of each calendar month, from the raw rows."""
    rows = pd.read_csv(out / "predictions.csv", parse_dates=["timestamp"]).merge(
        pd.read_csv(out / "labels.csv"), on="id"
    )
    months = rows.groupby(rows["timestamp"].dt.strftime("%Y-%m-01"))
    return {
        "accuracy": pd.Series({month: accuracy_score(part["repaid"], part["y_pred"]) for month, part in months}),
        "roc_auc": pd.Series({month: roc_auc_score(part["repaid"], part["y_pred_proba"]) for month, part in months}),
    }


def show(readings: list[Mapping[str, Any]], expected: Mapping[str, pd.Series[float]]) -> None:
    """Does the printing: the product's number of each month with its interval, and how far it is from the raw rows."""
    print(f"\n{'month':10} {'metric':10} {'value':>7}  {'95 % interval':17} {'n':>6} {'raw rows':>9}")
    for row in readings:
        metric, month = row["metric"], str(row["since"])
        if row["value"] is not None and month in expected[metric]:
            interval = f"{row['low']:.4f} to {row['high']:.4f}"
            oracle = expected[metric][month]
            print(
                f"{month:10} {metric:10} {row['value']:7.4f}  {interval:17} {row['n']:6,} {row['value'] - oracle:+9.1e}"
            )


def main() -> None:
    """Does what the command line asks."""
    parser = argparse.ArgumentParser(description="Review a model of car loans, with and without faults in its inputs.")
    parser.add_argument("data", type=Path, help="folder with synthetic_car_loan_*.csv.gz")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    workspace = args.out / "workspace"
    for name, twin in MODELS.items():
        if not (workspace / "models" / name / "log").exists():
            deliver(args.data, workspace, name, twin)
        by_month = ["--by", "month", "--metric", "accuracy", "--metric", "roc_auc", "--format", "json"]
        show(json.loads(evenhand(workspace, ["readings", name, *by_month], show=False)), raw_rows(args.out / name))
        evenhand(workspace, ["events", name])
        evenhand(workspace, ["check", name], allowed=(0, 1, 2))


if __name__ == "__main__":
    main()
