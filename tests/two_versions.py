"""Cases that two versions score, for tests: what is true of them, what each says, the model that took them in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from dashboard.workspace import Model
from tests.worlds import found

START = date(2026, 1, 5)
CONTRACT = """
[model]
name = "triage"
task = "binary"
positive = "1"
[columns]
id = "id"
time = "time"
version = "version"
score = "score"
label = "label"
{columns}
[attributes.sex]
column = "sex"
[attributes.site]
column = "site"
[fairness]
intersections = [["sex", "site"]]
{more}
"""


def cases(seed: int, n: int = 2400, days: int = 8) -> pd.DataFrame:
    """Returns cases and what is true of them; nobody is without a label but one in twelve."""
    random = np.random.default_rng(seed)
    ill = random.random(n) < 0.35
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in range(n)],
            "time": pd.Timestamp(START) + pd.to_timedelta(random.integers(0, days * 86_400, n), unit="s"),
            "sex": random.choice(["F", "M"], n),
            "site": random.choice(np.array(["A", "B", None], dtype=object), n, p=[0.6, 0.3, 0.1]),
            "label": np.where(random.random(n) < 1 / 12, np.nan, ill.astype(float)),
            "ill": ill,
            "patient": [f"p{i}" for i in random.integers(0, n // 4, n)],
            "value": random.normal(3, 2, n).round(2),
            "weight": random.uniform(0.5, 2, n).round(3),
        }
    )


def scored(rows: pd.DataFrame, version: str, skill: float, seed: int) -> pd.DataFrame:
    """Returns the rows with a version's scores, of two decimals; the same patient is as hard for every version."""
    own, shared = np.random.default_rng(seed), np.random.default_rng(99)
    hard = shared.normal(0, 1, len(rows))
    logit = skill * (rows["ill"] * 2 - 1) + hard + own.normal(0, 0.6, len(rows))
    return rows.assign(version=version, score=(1 / (1 + np.exp(-logit))).round(2))


def model_of(folder: Path, *parts: pd.DataFrame, columns: str = "", more: str = "") -> Model:
    model = found(folder, CONTRACT.format(columns=columns, more=more))
    model.log(pd.concat(parts, ignore_index=True).drop(columns="ill"))
    model.rollup()
    return model


def two() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the rows of v1 and those of the better v2, of the same cases."""
    rows = cases(1)
    return scored(rows, "v1", 0.5, 2), scored(rows, "v2", 0.8, 3)
