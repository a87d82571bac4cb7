"""A model against physicians on the same patients: who foresees death within two months better, and is it noise?

    python benchmarks/support2.py DATA_DIR OUT

DATA_DIR holds `support2.csv.gz` (UCI 880, SUPPORT2, Knaus et al. 1995, CC BY 4.0): 9,105 seriously ill inpatients, the
SUPPORT model's probability of surviving two months (`surv2m`) and the physician's own (`prg2m`). Both become versions
of one model that score the same patients, the physician as its shadow: score = 1 - probability of surviving, decided
positive at 0.5; label = died within 60 days. Patients without one of the two estimates are left out. There are no
dates: patients are laid over 180 days in the order of their numbers, so nothing over time means anything here. The
product's differences are printed beside paired DeLong on the raw rows.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard import Workspace
from dashboard.report import Reading
from dashboard.report.standings import Standing, standings
from dashboard.workspace import Model

NAME, DAYS, WITHIN, THRESHOLD = "support2", 180, 60, 0.5
MODEL, PHYSICIAN = "model", "physician"
START = pd.Timestamp("2026-01-01", tz="UTC")
METRICS = ("roc_auc", "accuracy", "true_positive_rate", "false_positive_rate", "precision")
CALIBRATION = ("calibration_error", "expected_calibration_error")
CONTRACT = f"""[model]
name = "{NAME}"
task = "binary"
positive = "1"
threshold = {THRESHOLD}
purpose = "Foresees which seriously ill inpatients die within two months"
owner = "Benchmark"

[columns]
id = "sno"
time = "predicted_at"
version = "by"
score = "score"
label = "died"

[attributes.sex]
column = "sex"
reference = "male"
[attributes.race]
column = "race"
reference = "white"
[attributes.age_band]
column = "age"
edges = [45, 65, 80]

[versions]
shadow = ["{PHYSICIAN}"]
"""


def patients(folder: Path) -> pd.DataFrame:
    """Returns the patients whose label is known and whom both the model and the physician judged."""
    frame = pd.read_csv(folder / "support2.csv.gz").sort_values("sno", ignore_index=True)
    died = (frame["death"] == 1) & (frame["d.time"] <= WITHIN)
    followed = died | (frame["d.time"] > WITHIN)  # who was lost before has no label; in this file nobody is
    both = frame["surv2m"].notna() & frame["prg2m"].notna()
    print(
        f"{len(frame):,} patients; {int((~followed).sum())} lost before {WITHIN} days, {int((~both).sum()):,} without"
    )
    share = died[followed & both].mean()
    print(f"one of the two estimates; {int((followed & both).sum()):,} are compared, {share:.1%} died")
    return frame.assign(died=died.astype(int))[followed & both].reset_index(drop=True)


def log(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns the log: a row for each patient and each of the two."""
    place = (np.arange(len(rows)) + 0.5) / len(rows)
    base = rows[["sno", "died", "sex", "race", "age"]].assign(
        predicted_at=START + pd.to_timedelta(np.round(place * DAYS * 86_400), unit="s")
    )
    survives = {MODEL: rows["surv2m"], PHYSICIAN: rows["prg2m"]}
    return pd.concat([base.assign(by=name, score=(1 - p).round(9)) for name, p in survives.items()], ignore_index=True)


def reviewed(rows: pd.DataFrame, workspace: Path) -> Model:
    """Returns the model of the product, with the log taken in and counted."""
    shutil.rmtree(workspace, ignore_errors=True)
    root = workspace / "models" / NAME
    root.mkdir(parents=True)
    (root / "contract.toml").write_text(CONTRACT, encoding="utf-8")
    model = Workspace(workspace).model(NAME)
    model.log(log(rows))
    model.rollup()
    return model


def delong(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Returns the difference of areas, model minus physician, with its 95 % interval: DeLong (1988) on the raw rows."""
    ill = (rows["died"] == 1).to_numpy()
    placed: list[list[NDArray[np.float64]]] = [[], []]
    for survives in (rows["surv2m"].to_numpy(), rows["prg2m"].to_numpy()):
        above = survives[~ill][None, :] - survives[ill][:, None]
        wins = (above > 0) + (above == 0) / 2
        placed[0].append(wins.mean(axis=1))
        placed[1].append(wins.mean(axis=0))
    one, other = (np.cov(each) / len(each[0]) for each in placed)
    matrix = one + other
    areas = [side.mean() for side in placed[0]]
    reach = 1.959964 * float(np.sqrt(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]))
    value = float(areas[0] - areas[1])
    return value, value - reach, value + reach


def number(reading: Reading | None) -> str:
    """Returns a value with its interval."""
    if reading is None or reading.value is None:
        return "–"
    if reading.low is None or reading.high is None:
        return f"{reading.value:.3f}"
    return f"{reading.value:.3f} ({reading.low:.3f} to {reading.high:.3f})"


def show(model: Model, attribute: str | None) -> None:
    """Does print how the two compare, for everybody or by group."""
    asked = {"attributes": (attribute,) if attribute else ()}
    own = {
        (r.metric, r.version, r.group): r
        for r in model.readings(kinds=("performance",), metrics=(*METRICS, *CALIBRATION), version="*", **asked)
    }
    judged = standings(model.versus(PHYSICIAN, MODEL, METRICS, **asked))
    print(f"\nBy {attribute}" if attribute else "\nEverybody", end="")
    print(f", differences ({MODEL} - {PHYSICIAN}) at {100 * judged[0].level:.4g} %")
    print(f"{'group':10}{'metric':28}{'n':>6}  {MODEL:26}{PHYSICIAN:26}{'difference':26}the {MODEL} is")
    for group in dict.fromkeys(one.reading.group for one in judged):
        for one in judged:
            if one.reading.group == group:
                line(one, own)
        for metric in CALIBRATION:
            sides = [number(own.get((metric, name, group))) for name in (MODEL, PHYSICIAN)]
            print(f"{group or '':10}{metric:28}{'':>6}  {sides[0]:26}{sides[1]:26}".rstrip())


def line(one: Standing, own: dict[tuple[str, str | None, str | None], Reading]) -> None:
    """Does print one difference."""
    reading = one.reading
    metric = reading.metric.removesuffix("_version_difference")
    sides = [number(own.get((metric, name, reading.group))) for name in (MODEL, PHYSICIAN)]
    place = f"{reading.group or '':10}{metric:28}{reading.n:6,}"
    print(f"{place}  {sides[0]:26}{sides[1]:26}{number(reading):26}{one.verdict}")


def check(model: Model, rows: pd.DataFrame, groups: Sequence[str]) -> None:
    """Does print the difference of areas beside paired DeLong on the raw rows."""
    print(f"\n{'roc_auc, model - physician':28}{'product':34}DeLong on the raw rows")
    parts: list[tuple[str | None, str | None, pd.DataFrame]] = [(None, None, rows)]
    for attribute in groups:
        named = rows[attribute].fillna("unknown")
        parts += [(attribute, str(group), part) for group, part in rows.groupby(named)]
    for attribute, group, part in parts:
        asked = {"attributes": (attribute,) if attribute else ()}
        found = next(r for r in model.versus(PHYSICIAN, MODEL, ("roc_auc",), **asked) if r.group == group)
        value, low, high = delong(part)
        print(f"{group or 'everybody':28}{number(found):34}{value:.3f} ({low:.3f} to {high:.3f})")


def main() -> None:
    """Does what the command line asks."""
    parser = argparse.ArgumentParser(description="Compare a model with physicians on the same patients.")
    parser.add_argument("data", type=Path, help="folder with support2.csv.gz")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    rows = patients(args.data)
    model = reviewed(rows, args.out / "workspace")
    for attribute in (None, "sex", "race", "age_band"):
        show(model, attribute)
    check(model, rows, ("sex", "race"))


if __name__ == "__main__":
    main()
