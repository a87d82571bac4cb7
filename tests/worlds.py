"""Small random prediction logs for tests: the rows as a pandas frame, and the model that has counted them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from sklearn import metrics as sk

from dashboard import Workspace
from dashboard.report import Reading
from dashboard.workspace import Model

START = date(2026, 1, 24)  # a Saturday: the days that follow lie in two months and three weeks
BANDS = ("<18", "18-39", "40-64", "65+")
ROLES = {
    "id": "prediction_id",
    "time": "predicted_at",
    "version": "model_version",
    "score": "score",
    "decision": "decision",
    "label": "label",
    "latency_ms": "latency_ms",
    "status": "status",
    "subject": "patient_id",
}
RATES = (
    "accuracy", "true_positive_rate", "true_negative_rate", "false_positive_rate", "false_negative_rate", "precision",
    "negative_predictive_value", "false_discovery_rate", "false_omission_rate", "selection_rate", "prevalence",
)  # fmt: skip
REST = """
[attributes.sex]
column = "sex"
reference = "M"
[attributes.age_band]
column = "age"
edges = [18, 40, 65]
[fairness]
intersections = [["sex", "age_band"]]
[features.lactate]
kind = "numeric"
min = 0
max = 20
[features.age]
kind = "numeric"
[features.ward]
kind = "categorical"
"""


@dataclass(frozen=True)
class Spec:
    """What a world is like. `roles` that are left out are not delivered; `labels` come inside, late or never."""

    seed: int = 0
    rows: int = 600
    days: int = 10
    scores: int | None = None  # how many distinct ones
    labels: str = "inside"
    without: frozenset[str] = frozenset({"subject"})
    threshold: float = 0.5
    name: str = "triage"

    @property
    def contract(self) -> str:
        columns = "\n".join(f'{role} = "{column}"' for role, column in ROLES.items() if role not in self.without)
        model = f'name = "{self.name}"\ntask = "binary"\npositive = "1"\nthreshold = {self.threshold}'
        return f"[model]\n{model}\n[columns]\n{columns}\n{REST}"


@dataclass(frozen=True)
class World:
    """The rows as they were drawn (`frame`) and the model that took them in and counted them."""

    spec: Spec
    frame: pd.DataFrame
    model: Model
    since: date = START

    @cached_property
    def until(self) -> date:
        return (pd.Timestamp(START) + pd.Timedelta(days=self.spec.days)).date()


def specs(**fixed: object) -> st.SearchStrategy[Spec]:
    """Returns the strategy of worlds worth looking at; what is given is fixed."""
    absent = ["", "decision", "subject", "subject decision", "subject score"]
    drawn = {
        "seed": st.integers(0, 2**20),
        "rows": st.sampled_from([200, 500, 900, 2000]),
        "days": st.sampled_from([1, 3, 9, 14]),
        "scores": st.sampled_from([None, None, 3, 40]),
        "labels": st.sampled_from(["inside", "late", "never"]),
        "without": st.sampled_from([frozenset(roles.split()) for roles in absent]),
        "threshold": st.sampled_from([0.5, 0.29, 1 / 3]),
    }
    return st.builds(Spec, **(drawn | {name: st.just(value) for name, value in fixed.items()}))


def draw(spec: Spec) -> pd.DataFrame:
    """Returns the rows: delivered columns, and beside them what they mean: said, truth, group columns, day.

    Few groups are like the others: nobody under 18 in most worlds, sex "X" has one class only, some values unknown.
    """
    random = np.random.default_rng(spec.seed)
    n = spec.rows
    scores = random.beta(1.2, 1.8, n)
    if spec.scores:
        scores = random.choice(np.round(random.random(spec.scores), 3), n)
    scores[random.random(n) < 0.02] = 0.0
    scores[random.random(n) < 0.02] = 1.0
    scores[random.random(n) < 0.03] = spec.threshold
    sex = random.choice(np.array(["F", "M", "X", "unknown", None], dtype=object), n, p=[0.45, 0.42, 0.06, 0.02, 0.05])
    age = random.integers(18 if spec.seed % 3 else 1, 97, n).astype(float)
    age[random.random(n) < 0.04] = np.nan
    label = (random.random(n) < scores).astype(float)
    label[sex == "X"] = 1.0
    label[random.random(n) < 0.15] = np.nan
    if spec.labels == "never":
        label[:] = np.nan
    seconds = random.integers(0, spec.days * 86_400, n)
    decision = ((scores >= spec.threshold) ^ (random.random(n) < 0.05)).astype(float)
    if "score" not in spec.without:  # a row with neither is rejected
        decision[random.random(n) < 0.1] = np.nan
    frame = pd.DataFrame(
        {
            "prediction_id": [f"p{i}" for i in range(n)],
            "predicted_at": pd.Timestamp(START) + pd.to_timedelta(seconds, unit="s"),
            "model_version": random.choice(["v1", "v2"], n, p=[0.7, 0.3]),
            "score": scores,
            "decision": decision,
            "label": label,
            "latency_ms": np.where(random.random(n) < 0.03, np.nan, random.lognormal(3.5, 0.8, n)),
            "status": random.choice(np.array(["ok", "timeout", None], dtype=object), n, p=[0.9, 0.06, 0.04]),
            "patient_id": [f"s{i}" for i in random.integers(0, max(n // 3, 2), n)],
            "sex": sex,
            "age": age,
            "lactate": np.where(random.random(n) < 0.07, np.nan, random.gamma(2.0, 1.5, n)),
            "ward": random.choice(np.array(["A", "B", "C", None], dtype=object), n, p=[0.5, 0.3, 0.15, 0.05]),
        }
    )
    return meant(frame, spec)


def meant(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Returns the frame with what the contract makes of it; columns of roles left out are emptied."""
    frame = frame.copy()
    for role in spec.without & {"score", "decision"}:
        frame[ROLES[role]] = np.nan
    over = (frame["score"] >= spec.threshold).astype(float).where(frame["score"].notna())
    frame["said"] = frame["decision"].where(frame["decision"].notna(), over)
    frame["day"] = frame["predicted_at"].dt.date
    frame["sex_group"] = frame["sex"].where(frame["sex"].notna(), "unknown").astype(object)
    band = pd.cut(frame["age"], [-np.inf, 18, 40, 65, np.inf], right=False, labels=list(BANDS))
    frame["age_group"] = band.astype(object).where(frame["age"].notna(), "unknown")
    frame["both_group"] = frame["sex_group"] + "*" + frame["age_group"]
    return frame


GROUPS = {"sex": "sex_group", "age_band": "age_group", "sex*age_band": "both_group"}
MEANT = ("said", "day", *GROUPS.values())


def delivered(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Returns the columns as a system would deliver them."""
    absent = [ROLES[role] for role in spec.without]
    return frame.drop(columns=[*MEANT, *absent], errors="ignore")


def found(folder: Path, contract: str, name: str = "triage", policy: str | None = None) -> Model:
    """Returns a model with that contract in a new workspace."""
    root = folder / "models" / name
    root.mkdir(parents=True)
    (root / "contract.toml").write_text(contract, encoding="utf-8")
    if policy is not None:
        (root / "policy.toml").write_text(policy, encoding="utf-8")
    return Workspace(folder).model(name)


def build(spec: Spec, folder: Path, policy: str | None = None) -> World:
    """Returns the world of a spec, logged and counted."""
    frame = draw(spec)
    model = found(folder, spec.contract, spec.name, policy)
    rows = delivered(frame, spec)
    if spec.labels == "late":
        model.log(rows.assign(label=None).drop(columns="label"))
        late = rows.loc[rows["label"].notna(), ["prediction_id", "label"]]
        if len(late):
            model.log_labels(late)
    else:
        model.log(rows)
    model.rollup()
    return World(spec, frame, model)


def rows_of(frame: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Returns the raw rows that a reading is about."""
    chosen = (frame["day"] >= date.fromisoformat(reading.since)) & (frame["day"] < date.fromisoformat(reading.until))
    if reading.version is not None:
        chosen &= frame["model_version"] == reading.version
    if reading.attribute is not None and reading.group is not None:
        chosen &= frame[GROUPS[reading.attribute]] == reading.group
    return frame[chosen]


def by_sklearn(rows: pd.DataFrame) -> dict[str, float]:
    """Returns every rate, F1 and label coverage of raw rows; NaN where it has no denominator."""
    both = rows[rows["label"].notna() & rows["said"].notna()]
    decided, labelled = rows["said"].dropna(), rows["label"].dropna()
    values = dict.fromkeys((*RATES, "f1", "balanced_accuracy", "matthews_correlation"), np.nan)
    if len(both):
        precision, recall, f1, _ = sk.precision_recall_fscore_support(
            both["label"], both["said"], labels=[0.0, 1.0], zero_division=np.nan
        )
        values |= {"accuracy": sk.accuracy_score(both["label"], both["said"]), "f1": f1[1]}
        values |= {"true_positive_rate": recall[1], "false_negative_rate": 1 - recall[1]}
        values |= {"true_negative_rate": recall[0], "false_positive_rate": 1 - recall[0]}
        values |= {"precision": precision[1], "false_discovery_rate": 1 - precision[1]}
        values |= {"negative_predictive_value": precision[0], "false_omission_rate": 1 - precision[0]}
        values |= {"balanced_accuracy": np.mean(recall)}  # NaN where a class has no case
        if both["label"].nunique() == both["said"].nunique() == 2:
            values |= {"matthews_correlation": sk.matthews_corrcoef(both["label"], both["said"])}
    values["selection_rate"] = decided.mean() if len(decided) else np.nan
    values["prevalence"] = labelled.mean() if len(labelled) else np.nan
    return values | {"count": len(rows), "label_coverage": len(labelled) / len(rows) if len(rows) else np.nan}
