"""The emergency departments: who comes, when, what is measured, and what becomes of them. Nothing here is planted."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Random = np.random.Generator

SITES = {"A": 0.28, "B": 0.46, "C": 0.26}
SEXES = {"M": 0.49, "F": 0.51}
ETHNICITIES = {"White": 0.56, "Black": 0.19, "Hispanic": 0.15, "Asian": 0.085, "": 0.015}
COMPLAINTS = {"chest pain": 0.17, "breathing": 0.16, "abdominal": 0.20, "fever": 0.13, "injury": 0.21, "other": 0.13}
ARRIVALS = {"walk-in": 0.62, "ambulance": 0.28, "referral": 0.10}
NUMERIC = (
    "age",
    "heart_rate",
    "systolic_bp",
    "respiratory_rate",
    "temperature",
    "oxygen_saturation",
    "pain",
    "lactate",
    "creatinine",
    "white_cells",
    "sodium",
    "crp",
)
CATEGORICAL = ("complaint", "arrival_mode")
HOURS = np.array([3, 2, 2, 2, 2, 2, 3, 4, 5, 6, 7, 7, 7, 6, 6, 6, 6, 6, 6, 6, 6, 5, 4, 4], dtype=float)
WEEKDAYS = np.array([1.08, 1.02, 1.0, 1.0, 1.0, 0.96, 0.94])  # Monday first
ARE_LABS_TAKEN = {
    "lactate": -0.1,
    "creatinine": 1.4,
    "white_cells": 1.4,
    "sodium": 1.4,
    "crp": 0.5,
}  # logit at average acuity


@dataclass(frozen=True)
class Period:
    """A first day and a number of whole days."""

    since: str
    days: int


def stream(seed: int, name: str) -> Random:
    """Returns a random stream of its own for each name, so that one step can change without changing the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def pick(shares: Mapping[str, float], n: int, rng: Random) -> NDArray[np.str_]:
    """Returns n of the names, drawn with their shares."""
    return rng.choice(list(shares), size=n, p=np.fromiter(shares.values(), float) / sum(shares.values()))


def people(n: int, rng: Random) -> pd.DataFrame:
    """Returns n people who may fall ill: one row each, with the site they go to and how often they come."""
    child = rng.random(n) < 0.07
    age = np.where(child, rng.uniform(1, 18, n), 18 + 78 * rng.beta(1.35, 1.65, n))
    return pd.DataFrame(
        {
            "patient_id": [f"P{i:06d}" for i in range(1, n + 1)],
            "age_in_2026": age,
            "sex": pick(SEXES, n, rng),
            "ethnicity": pick(ETHNICITIES, n, rng),
            "insurance": insurance(age, rng),
            "site": pick(SITES, n, rng),
            "frailty": rng.normal(0, 0.35, n),
            "visits_expected": rng.gamma(1.5, 1.0, n),
        }
    )


def insurance(age: Floats, rng: Random) -> NDArray[np.str_]:
    """Returns each person's insurance; most of those over 65 have Medicare."""
    younger = pick({"Private": 0.56, "Medicaid": 0.30, "Uninsured": 0.14}, len(age), rng)
    older = pick({"Medicare": 0.80, "Private": 0.08, "Medicaid": 0.12}, len(age), rng)
    return np.where(age >= 65, older, younger)


def arrivals(period: Period, n: int, rng: Random) -> pd.DatetimeIndex:
    """Returns n instants in order: days busier on Mondays, hours busier by day."""
    first = np.datetime64(period.since, "D")
    weekday = pd.DatetimeIndex(first + np.arange(period.days)).day_of_week.to_numpy()
    share = WEEKDAYS[weekday] / WEEKDAYS[weekday].sum()
    day = np.repeat(np.arange(period.days), even(n, share))
    hour = rng.choice(24, size=n, p=HOURS / HOURS.sum())
    seconds = day * 86_400.0 + hour * 3_600 + rng.integers(0, 3_600_000, n) / 1_000
    return pd.DatetimeIndex(first.astype("M8[ms]") + (np.sort(seconds) * 1_000).astype("m8[ms]")).as_unit("ms")


def even(n: int, share: Floats) -> NDArray[np.int64]:
    """Returns whole numbers that add up to n, as near to n * share as can be."""
    bounds: NDArray[np.int64] = np.rint(n * np.append(0.0, share.cumsum())).astype(np.int64)
    return np.diff(bounds)


def visits(period: Period, n: int, known: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns n visits in order of time: `time` and `person`, the row number in `known`; some people come again."""
    weight = known["visits_expected"].to_numpy()
    who = rng.choice(len(known), size=n, p=weight / weight.sum())
    return pd.DataFrame({"time": arrivals(period, n, rng), "person": who})


def measured(visits: pd.DataFrame, known: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the visits with who came and every vital sign and laboratory value in the contract's units."""
    n = len(visits)
    who = known.iloc[visits["person"]].reset_index(drop=True)
    years = (visits["time"] - pd.Timestamp("2026-01-01")).dt.days.to_numpy() / 365.25
    age = np.floor(np.clip(who["age_in_2026"].to_numpy() + years, 0, 99))
    acuity = rng.normal(0, 1, n) + who["frailty"].to_numpy()
    values = vitals(acuity, rng) | labs(acuity, rng)
    return pd.DataFrame(
        {
            "time": visits["time"],
            **{name: who[name] for name in ("patient_id", "site", "sex", "ethnicity", "insurance")},
            "age": age,
            "complaint": pick(COMPLAINTS, n, rng),
            "arrival_mode": np.where((acuity > 0.9) & (rng.random(n) < 0.5), "ambulance", pick(ARRIVALS, n, rng)),
            **values,
            "acuity": acuity,
        }
    )


def vitals(acuity: Floats, rng: Random) -> dict[str, Floats]:
    """Returns the vital signs; the sicker, the further from normal."""
    n = len(acuity)
    fever = rng.random(n) < 0.12
    return {
        "heart_rate": np.round(np.clip(84 + 8 * acuity + rng.normal(0, 13, n), 35, 210)),
        "systolic_bp": np.round(np.clip(133 - 7 * acuity + rng.normal(0, 17, n), 55, 240)),
        "respiratory_rate": np.round(np.clip(17.5 + 1.7 * acuity + rng.normal(0, 2.6, n), 6, 55)),
        "temperature": np.round(np.clip(36.8 + rng.normal(0, 0.4, n) + 1.5 * fever, 33.0, 42.0), 1),
        "oxygen_saturation": np.round(np.clip(97.2 - 1.1 * acuity + rng.normal(0, 1.9, n), 70, 100)),
        "pain": np.round(np.clip(4.5 + rng.normal(0, 2.6, n), 0, 10)),
    }


def labs(acuity: Floats, rng: Random) -> dict[str, Floats]:
    """Returns the laboratory values in the units of contract.toml."""
    n = len(acuity)
    return {
        "lactate": np.round(np.exp(0.25 + 0.30 * acuity + rng.normal(0, 0.33, n)), 1),
        "creatinine": np.round(np.exp(-0.05 + 0.10 * acuity + rng.normal(0, 0.30, n)), 2),
        "white_cells": np.round(np.exp(2.15 + 0.08 * acuity + rng.normal(0, 0.28, n)), 1),
        "sodium": np.round(139 - 0.4 * acuity + rng.normal(0, 3.3, n)),
        "crp": np.round(np.exp(2.2 + 0.35 * acuity + rng.normal(0, 1.0, n)), 1),
    }


def risk(seen: pd.DataFrame) -> Floats:
    """Returns the true chance of deterioration within 48 hours: steps and products a linear model cannot follow."""
    shock = seen["heart_rate"] / seen["systolic_bp"]
    logit = (
        -4.35
        + 1.9 * (shock > 0.75)
        + 1.6 * (shock > 0.95)
        + 2.1 * (seen["respiratory_rate"] >= 22)
        + 2.4 * (seen["oxygen_saturation"] < 94)
        + 2.2 * (np.abs(seen["temperature"] - 37.2) > 1.1)
        + 0.9 * (seen["lactate"] > 2.0)
        + 1.0 * (seen["creatinine"] > 1.35)
        + 1.0 * (seen["crp"] > 40)
        + 0.012 * (seen["age"] - 50)
        + 0.35 * (seen["arrival_mode"] == "ambulance")
    )
    chance: Floats = 1 / (1 + np.exp(-logit.to_numpy(float)))
    return chance


def deteriorated(seen: pd.DataFrame, rng: Random) -> NDArray[np.int8]:
    """Returns the label: 1 where the patient deteriorated."""
    return (rng.random(len(seen)) < risk(seen)).astype(np.int8)


def partly_measured(seen: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the values less those nobody took: blood is taken more often from the sicker; 1 % of vitals miss."""
    out = seen.copy()
    blood = rng.logistic(0, 1, len(seen))  # one needle: a patient with CRP has sodium too
    for name, logit in ARE_LABS_TAKEN.items():
        out.loc[blood > logit + 0.6 * seen["acuity"], name] = np.nan
    for name in ("heart_rate", "systolic_bp", "respiratory_rate", "temperature", "oxygen_saturation", "pain"):
        out.loc[rng.random(len(seen)) < 0.01, name] = np.nan
    return out.drop(columns="acuity")
