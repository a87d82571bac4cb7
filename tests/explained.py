"""A log with a known explanation: a linear model of four inputs, what each added to the log-odds logged beside it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from dashboard.workspace import Model
from tests.worlds import START, found

WEIGHTS = {"lactate": 1.2, "age": 0.8, "pulse": 0.4, "bed": 0.0}
SPLIT, END = START + timedelta(days=56), START + timedelta(days=63)
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
"""
FEATURES = "".join(f'[features.{name}]\nkind = "numeric"\n' for name in WEIGHTS)
ATTRIBUTIONS = "[attributions]\n" + "".join(f'{name} = "shap_{name}"\n' for name in WEIGHTS)
POLICY = f"""
version = "1"
[windows]
reference = {{ since = "{START}", until = "{SPLIT}" }}
drift = "7d"
[[rule]]
metric = "attribution_ndcg"
min = 0.90
"""


def drawn(rows: int = 5000, seed: int = 3, late: dict[str, float] | None = None) -> pd.DataFrame:
    """Returns 63 days of cases; in the last 7 the model weighs inputs as `late` says."""
    random = np.random.default_rng(seed)
    days = random.integers(0, 63, rows)
    inputs = random.normal(size=(rows, len(WEIGHTS)))
    then, now = (np.array([given[name] for name in WEIGHTS]) for given in (WEIGHTS, late or WEIGHTS))
    added = inputs * np.where((days >= 56)[:, None], now, then)
    frame = pd.DataFrame(inputs, columns=list(WEIGHTS))
    frame[[f"shap_{name}" for name in WEIGHTS]] = added
    frame["id"] = [f"c{i}" for i in range(rows)]
    frame["time"] = pd.Timestamp(START) + pd.to_timedelta(days * 86_400 + random.integers(0, 86_400, rows), unit="s")
    frame["version"] = random.choice(["v1", "v2"], rows)
    frame["score"] = 1 / (1 + np.exp(1 - added.sum(axis=1)))
    return frame.sort_values("time", ignore_index=True)


def model(folder: Path, frame: pd.DataFrame, logged: bool = True) -> Model:
    """Returns the model that has counted the log, attributions in it or left out."""
    about = found(folder, CONTRACT + FEATURES + (ATTRIBUTIONS if logged else ""), policy=POLICY)
    about.log(frame if logged else frame.drop(columns=[f"shap_{name}" for name in WEIGHTS]))
    about.rollup()
    return about
