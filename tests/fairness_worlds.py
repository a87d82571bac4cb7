"""Logs whose groups are awkward to compare: too many, one only, without positives, unknown, without the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from dashboard.policy.proposal import propose
from dashboard.workspace import Model
from tests import errors_world
from tests.classes import ClassSpec, drawn
from tests.worlds import Spec, delivered, draw, found

SPEC = Spec(rows=1500, days=90, seed=3)
CLASSES = ClassSpec(rows=1500, days=90, classes=3)
STAY = errors_world.ErrorSpec(rows=1500, days=90, cutoff=14.0)


def counted(folder: Path, name: str, contract: str, given: pd.DataFrame) -> Model:
    """Returns the model of that name with the proposed policy, its rows logged and counted."""
    for known in ("triage", "stay"):
        contract = contract.replace(f'name = "{known}"', f'name = "{name}"')
    model = found(folder, contract, name)
    model.log(given)
    model.rollup()
    extent = model.extent()
    model.paths.policy.write_text(propose(model.contract, extent.first, extent.last), encoding="utf-8")
    return model


def binary(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame], contract: str = "") -> Model:
    """Returns a binary model whose rows are changed before they are delivered."""
    return counted(folder, name, contract or SPEC.contract, delivered(change(draw(SPEC)), SPEC))


def many(folder: Path) -> Model:
    """Returns a model with 500 groups, the largest of them large enough to be judged."""
    random = np.random.default_rng(4)
    spec = replace(SPEC, rows=15_000)
    shares = 1 / np.arange(4, 504)
    raw = draw(spec).assign(sex=[f"ward {k:03}" for k in random.choice(500, 15_000, p=shares / shares.sum())])
    raw.loc[raw["sex"].eq("ward 007") & (random.random(15_000) < 0.5), "decision"] = 0.0
    return counted(folder, "many", spec.contract.replace('reference = "M"\n', ""), delivered(raw, spec))


def alone(folder: Path) -> Model:
    """Returns a model that knows one group only."""
    return binary(folder, "alone", lambda raw: raw.assign(sex="M"))


def none_positive(folder: Path) -> Model:
    """Returns a model with a group of which no case is labelled positive."""

    def change(raw: pd.DataFrame) -> pd.DataFrame:
        return raw.assign(label=raw["label"].where(~raw["sex"].eq("X"), 0.0))

    return binary(folder, "none-positive", change)


def missing(folder: Path) -> Model:
    """Returns a model that does not know the group of 40 of 100 cases."""

    def change(raw: pd.DataFrame) -> pd.DataFrame:
        sex = np.where(np.arange(len(raw)) % 5 < 2, None, np.where(np.arange(len(raw)) % 2, "F", "M"))
        return raw.assign(sex=sex)

    return binary(folder, "missing", change)


def unknown(folder: Path) -> Model:
    """Returns a model that knows nobody's group."""
    return binary(folder, "unknown", lambda raw: raw.assign(sex=None))


def unlabelled(folder: Path) -> Model:
    """Returns a model none of whose cases has a label."""
    return binary(folder, "unlabelled", lambda raw: raw.assign(label=np.nan))


def no_reference(folder: Path) -> Model:
    """Returns a model whose reference group stopped coming after the first month."""

    def change(raw: pd.DataFrame) -> pd.DataFrame:
        late = raw["predicted_at"] > raw["predicted_at"].min() + pd.Timedelta(days=30)
        return raw[~(late & raw["sex"].eq("M"))]

    return binary(folder, "no-reference", change)


def classes(folder: Path) -> Model:
    """Returns a model of three classes."""
    away = ["day", "band", "both", "patient", "weight"]
    return counted(folder, "classes", CLASSES.contract, drawn(CLASSES).drop(columns=away))


def stay(folder: Path) -> Model:
    """Returns a model that predicts a number, with a tolerance and a cut-off; for F it says too little."""
    raw = errors_world.draw(STAY)
    raw.loc[raw["sex"].eq("F"), "predicted"] -= 3.0
    return counted(folder, "stay", STAY.contract, raw.drop(columns=["day", "band", "both"]))


WORLDS = (many, alone, none_positive, missing, unknown, unlabelled, no_reference, classes, stay)
