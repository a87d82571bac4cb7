"""The two models in service: trained in earnest on the half-year before the log starts, and timed in earnest."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from .patients import CATEGORICAL, NUMERIC

THRESHOLD = 0.25
INPUTS = [*NUMERIC, *CATEGORICAL, "sex"]
TEXT = [*CATEGORICAL, "sex"]
LATENCIES = Path(__file__).with_name("latencies.json")


def first_model(seen: pd.DataFrame, label: NDArray[np.int8]) -> Pipeline:
    """Returns v1, a logistic regression: every input counts alone and in a straight line."""
    numeric = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    inputs = make_column_transformer((numeric, list(NUMERIC)), (OneHotEncoder(handle_unknown="ignore"), TEXT))
    return make_pipeline(inputs, LogisticRegression(C=1.0, max_iter=400)).fit(seen[INPUTS], label)


def second_model(seen: pd.DataFrame, label: NDArray[np.int8], seed: int) -> Pipeline:
    """Returns v2, boosted trees: steps and products of inputs, missing values as they are."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    inputs = make_column_transformer(("passthrough", list(NUMERIC)), (codes, TEXT))
    trees = HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=120,
        max_leaf_nodes=15,
        min_samples_leaf=40,
        l2_regularization=1.0,
        random_state=seed,
    )
    return make_pipeline(inputs, trees).fit(seen[INPUTS], label)


def scores(model: Pipeline, seen: pd.DataFrame) -> NDArray[np.float64]:
    """Returns P(deterioration) to four digits, never quite 0 or 1."""
    chance: NDArray[np.float64] = model.predict_proba(seen[INPUTS])[:, 1]
    return np.clip(np.round(chance, 4), 0.0001, 0.9999)


def timed(model: Pipeline, seen: pd.DataFrame, calls: int, warm_up: int = 50) -> list[float]:
    """Returns the milliseconds of `calls` calls, each for one patient, as a service at the bedside would make them."""
    rows = [seen[INPUTS].iloc[[i]] for i in range(warm_up + calls)]
    taken = []
    for row in rows:
        began = time.perf_counter()
        scores(model, row)
        taken.append(round((time.perf_counter() - began) * 1_000, 3))
    return sorted(taken[warm_up:])


def write_latencies(
    models: Mapping[str, Pipeline], seen: pd.DataFrame, calls: int = 1_000, path: Path = LATENCIES
) -> None:
    """Does the measuring that cannot be repeated to the last digit, once, and keeps what it found."""
    found = {name: timed(model, seen, calls) for name, model in models.items()}
    lines = ",\n".join(f'  "{name}": {json.dumps(taken)}' for name, taken in found.items())
    path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def latencies(version: NDArray[np.str_], rng: np.random.Generator, path: Path = LATENCIES) -> NDArray[np.float64]:
    """Returns a measured latency for each call, drawn from those of its version, in milliseconds."""
    known = json.loads(path.read_text(encoding="utf-8"))
    out = np.empty(len(version))
    for name, taken in known.items():
        here = version == name
        out[here] = rng.choice(np.asarray(taken), size=int(here.sum()))
    return out
