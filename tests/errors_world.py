"""Small random logs of a model that predicts a number, for tests: the rows as a pandas frame, and the counted model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dashboard.report import Reading
from dashboard.workspace import Model
from tests.worlds import found

START = pd.Timestamp("2026-01-24")
CONTRACT = """
[model]
name = "{name}"
task = "regression"
{tolerance}
[columns]
id = "id"
time = "time"
version = "version"
score = "predicted"
label = "stayed"
{subject}
[attributes.sex]
column = "sex"
[attributes.age_band]
column = "age"
edges = [40, 65]
[fairness]
intersections = [["sex", "age_band"]]
[features.age]
kind = "numeric"
[features.ward]
kind = "categorical"
"""
GROUPS = {"sex": "sex", "age_band": "band", "sex*age_band": "both"}


@dataclass(frozen=True)
class ErrorSpec:
    """What to draw. Labels are `size` times a few, and `late` ones are delivered in a file of their own."""

    rows: int = 900
    days: int = 10
    size: float = 1.0
    tolerance: float | None = 5.0
    cutoff: float | None = None
    labels: str = "inside"
    subjects: bool = False
    seed: int = 8
    name: str = "stay"

    @property
    def contract(self) -> str:
        tolerance = "" if self.tolerance is None else f"tolerance = {self.tolerance * self.size!r}"
        tolerance += "" if self.cutoff is None else f"\ncutoff = {self.cutoff * self.size!r}"
        return CONTRACT.format(
            name=self.name, tolerance=tolerance, subject='subject = "patient"' if self.subjects else ""
        )


def draw(spec: ErrorSpec) -> pd.DataFrame:
    """Returns rows whose error grows with age and in ward C; 20 of 100 have no label, a few a label of 0."""
    random, n = np.random.default_rng(spec.seed), spec.rows
    age, ward = random.integers(18, 95, n).astype(float), random.choice(["A", "B", "C"], n)
    spread = 1 + age / 30 + 4 * (ward == "C")
    predicted = np.round(random.gamma(4, 3, n) + age / 10, 3)
    stayed = np.round(np.maximum(predicted - 0.4 + random.laplace(0, spread / 2), 0), 3)
    stayed[random.random(n) < 0.2] = np.nan
    sex = random.choice(["F", "M"], n)
    raw = pd.DataFrame(
        {
            "id": [f"i{k}" for k in range(n)],
            "time": START + pd.to_timedelta(random.integers(0, spec.days * 86_400, n), unit="s"),
            "version": random.choice(["v1", "v2"], n, p=[0.6, 0.4]),
            "predicted": predicted * spec.size,
            "stayed": stayed * spec.size,
            "patient": [f"s{k}" for k in random.integers(0, max(n // 3, 1), n)],
            "sex": sex,
            "age": age,
            "ward": ward,
        }
    )
    band = np.select([age < 40, age < 65], ["<40", "40-64"], "65+")
    return raw.assign(day=raw["time"].dt.date, band=band, both=np.char.add(np.char.add(sex, "*"), band))


def build(spec: ErrorSpec, folder: Path) -> tuple[Model, pd.DataFrame]:
    """Returns the counted model of a spec, and its rows."""
    raw = draw(spec)
    model = found(folder, spec.contract, spec.name)
    given = raw.drop(columns=["day", "band", "both"])
    model.log(given if spec.labels == "inside" else given.drop(columns="stayed"))
    if spec.labels == "late":
        model.log_labels(raw.loc[raw["stayed"].notna(), ["id", "stayed"]])
    model.rollup()
    return model, raw


def rows_of(raw: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Returns the raw rows that a reading is about."""
    days = raw["day"].astype(str)
    chosen = (days >= reading.since) & (days < reading.until)
    if reading.version is not None:
        chosen &= raw["version"] == reading.version
    if reading.attribute is not None:
        chosen &= raw[GROUPS[reading.attribute]] == reading.group
    rows: pd.DataFrame = raw[chosen]
    return rows
