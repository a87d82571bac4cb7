"""Small random logs of a model of several classes, for tests: the rows as a pandas frame, and the counted model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from dashboard.report import Reading
from dashboard.workspace import Model
from tests.worlds import found

START = pd.Timestamp("2026-01-24")
CONTRACT = """
[model]
name = "triage"
task = "multiclass"
[columns]
id = "id"
time = "time"
version = "version"
decision = "said"
label = "label"
{more}
{scores}
[attributes.sex]
column = "sex"
[attributes.age_band]
column = "age"
edges = [40, 65]
[fairness]
intersections = [["sex", "age_band"]]
"""
GROUPS = {"sex": "sex", "age_band": "band", "sex*age_band": "both"}


@dataclass(frozen=True)
class ClassSpec:
    """What to draw: how many classes, how many distinct probabilities (None: any), with which columns."""

    seed: int = 0
    rows: int = 900
    days: int = 10
    classes: int = 4
    digits: int | None = None
    scores: bool = True
    subjects: bool = False
    weights: bool = False

    @cached_property
    def names(self) -> list[str]:
        """The classes, not in the alphabet's order."""
        return ["low", "mid", "high", "at once", "never", "other"][: self.classes]

    @property
    def contract(self) -> str:
        lines = ['subject = "patient"'] * self.subjects + ['weight = "weight"'] * self.weights
        of_class = [f'"{name}" = "p_{name}"' for name in self.names]
        return CONTRACT.format(
            more="\n".join(lines), scores="\n".join(["[columns.scores]", *of_class]) if self.scores else ""
        )


@dataclass(frozen=True)
class ClassWorld:
    """The rows as they were drawn and the model that took them in and counted them."""

    spec: ClassSpec
    frame: pd.DataFrame
    model: Model


def drawn(spec: ClassSpec) -> pd.DataFrame:
    """Returns the rows; some have no label, some no decision or no probabilities, some labels are rare."""
    random, n, names = np.random.default_rng(spec.seed), spec.rows, np.array(spec.names, dtype=object)
    chances = random.dirichlet(np.linspace(0.4, 1.6, spec.classes), n)
    if spec.digits:
        chances = np.round(chances, spec.digits)
    cumulated = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    label = names[np.minimum((random.random((n, 1)) > cumulated).sum(axis=1), spec.classes - 1)]
    said = names[np.argmax(chances, axis=1)]
    label[random.random(n) < 0.15] = None
    said[random.random(n) < 0.05] = names[0]
    frame = pd.DataFrame(chances, columns=[f"p_{name}" for name in names])
    if spec.scores:
        frame.loc[random.random(n) < 0.05] = np.nan
    frame = frame.assign(
        id=[f"i{k}" for k in range(n)], label=label, said=said, version=random.choice(["v1", "v2"], n),
        time=START + pd.to_timedelta(random.integers(0, spec.days * 86_400, n), unit="s"),
        sex=random.choice(["F", "M"], n, p=[0.55, 0.45]), age=random.integers(18, 95, n),
        patient=[f"s{k}" for k in random.integers(0, max(n // 4, 2), n)], weight=random.choice([1.0, 2.5, 8.0], n),
    )  # fmt: skip
    frame["day"] = frame["time"].dt.date
    frame["band"] = pd.cut(frame["age"], [-np.inf, 40, 65, np.inf], right=False, labels=["<40", "40-64", "65+"])
    frame["band"] = frame["band"].astype(object)
    frame["both"] = frame["sex"] + "*" + frame["band"]
    return frame


def counted(spec: ClassSpec, folder: Path) -> ClassWorld:
    """Returns the world of a spec, logged and counted."""
    frame = drawn(spec)
    model = found(folder, spec.contract)
    away = ["day", "band", "both"]
    away += [f"p_{name}" for name in spec.names] if not spec.scores else []
    away += ["patient"] * (not spec.subjects) + ["weight"] * (not spec.weights)
    model.log(frame.drop(columns=away))
    model.rollup()
    return ClassWorld(spec, frame, model)


def rows_of(frame: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Returns the raw rows that a reading is about."""
    day = frame["day"].astype(str)
    chosen = (day >= reading.since) & (day < reading.until)
    if reading.version is not None:
        chosen &= frame["version"] == reading.version
    if reading.attribute is not None:
        chosen &= frame[GROUPS[reading.attribute]] == reading.group
    return frame[chosen]
