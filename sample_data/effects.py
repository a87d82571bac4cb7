"""What is planted in the sample, one function each; README.md says where a reader finds it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .patients import Random

SECOND_MODEL_SINCE = "2026-04-01"
UNIT_CHANGED, UNIT_SITE, UNIT_FACTOR = "2026-05-03", "C", 9.0
AGEING_SINCE, AGEING_UNTIL, AGEING_SITE = "2026-03-01", "2026-06-15", "B"
SPIKE_FROM, SPIKE_UNTIL, SPIKE_SHARE = "2026-05-27 13:00", "2026-05-27 17:00", 0.006
SLOWER_SINCE, SLOWER_SHARE = "2026-06-02", 0.20
BURST_FROM, BURST_UNTIL, BURST_SITE, BURST_SHARE = "2026-06-09", "2026-06-13", "A", 0.35
SMALL_GROUP, SMALL_GROUP_SIZE = "Pacific Islander", 20
LATE_INSURANCE = "Medicaid"
UNRECORDED_SHARE = 0.65
BROKEN_SHARE = 0.002


def traffic_spike(visits: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the visits with a share of them brought together in one afternoon, in order of time."""
    start, stop = pd.Timestamp(SPIKE_FROM), pd.Timestamp(SPIKE_UNTIL)
    moved = rng.random(len(visits)) < SPIKE_SHARE
    seconds = rng.uniform(0, (stop - start).total_seconds(), int(moved.sum()))
    out = visits.copy()
    out.loc[moved, "time"] = (start + pd.to_timedelta(seconds, unit="s")).as_unit("ms")
    return out.sort_values("time", kind="stable", ignore_index=True)


def ageing_at_one_site(visits: pd.DataFrame, known: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the visits where, at one site, more and more often the oldest of three possible patients comes."""
    here = np.flatnonzero(known["site"] == AGEING_SITE)
    age = known["age_in_2026"].to_numpy()
    since, until = pd.Timestamp(AGEING_SINCE), pd.Timestamp(AGEING_UNTIL)
    chance = ((visits["time"] - since) / (until - since)).clip(0, 1).to_numpy()
    affected = (known["site"].to_numpy()[visits["person"]] == AGEING_SITE) & (rng.random(len(visits)) < chance)
    three = np.column_stack([visits["person"].to_numpy(), rng.choice(here, size=(len(visits), 2))])
    oldest = three[np.arange(len(visits)), age[three].argmax(axis=1)]
    return visits.assign(person=np.where(affected, oldest, visits["person"]))


def small_group(known: pd.DataFrame, visits: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the people with an ethnicity that only a handful of all who come have."""
    times = visits["person"].value_counts()
    once = np.sort(times.index[times == 1].to_numpy())
    out = known.copy()
    out.loc[rng.choice(once, size=min(SMALL_GROUP_SIZE, len(once)), replace=False), "ethnicity"] = SMALL_GROUP
    return out


def lactate_in_other_unit(seen: pd.DataFrame) -> pd.DataFrame:
    """Returns the values as delivered: from one day on, one site sends lactate in mg/dL instead of mmol/L."""
    changed = (seen["site"] == UNIT_SITE) & (seen["time"] >= UNIT_CHANGED)
    return seen.assign(lactate=np.round(seen["lactate"].where(~changed, seen["lactate"] * UNIT_FACTOR), 1))


def oxygen_missing(seen: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the values with a third of one site's oxygen saturations missing for four days."""
    days = (seen["time"] >= BURST_FROM) & (seen["time"] < BURST_UNTIL) & (seen["site"] == BURST_SITE)
    lost = days & (rng.random(len(seen)) < BURST_SHARE)
    return seen.assign(oxygen_saturation=seen["oxygen_saturation"].mask(lost))


def admissions(seen: pd.DataFrame, label: NDArray[np.int8], rng: Random) -> NDArray[np.int8]:
    """Returns the label v2 learned: admission to intensive care, where most deteriorating women over 65 never were."""
    women = ((seen["sex"] == "F") & (seen["age"] >= 65)).to_numpy()
    return np.where(women & (rng.random(len(seen)) < UNRECORDED_SHARE), 0, label).astype(np.int8)


def slower_calls(log: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the log with a fifth of the calls 25 to 60 ms slower from one day on: they wait for another system."""
    slow = (log["time"] >= SLOWER_SINCE) & (rng.random(len(log)) < SLOWER_SHARE)
    return log.assign(latency_ms=log["latency_ms"] + np.where(slow, rng.uniform(25, 60, len(log)), 0))


def queueing(log: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the log with a long queue in the crowded afternoon: slow answers, and one call in twenty given up."""
    crowded = (log["time"] >= SPIKE_FROM) & (log["time"] < SPIKE_UNTIL)
    waited = np.where(crowded, rng.gamma(2.0, 60.0, len(log)), 0)
    failed = rng.random(len(log)) < np.where(crowded, 0.05, 0.001)
    out = log.assign(latency_ms=log["latency_ms"] + waited, status=np.where(failed, "timeout", "ok"))
    out.loc[failed, "latency_ms"] = 1_000.0
    out["score"] = out["score"].mask(failed)
    out["decision"] = out["decision"].mask(failed)
    return out


def delays(log: pd.DataFrame, label: NDArray[np.int8], rng: Random) -> NDArray[np.float64]:
    """Returns the days until each label: 1 to 10; under one insurance 1 to 4 if the model missed it, else 12 to 21."""
    n = len(log)
    usual = np.clip(1 + rng.gamma(2.0, 1.3, n), 1, 10)
    late = np.where(rng.random(n) < 0.05, usual, rng.uniform(12, 21, n))
    missed = (label == 1) & log["decision"].eq(0).fillna(False).to_numpy(bool)
    slow = np.where(missed, rng.uniform(1, 4, n), late)
    return np.where(log["insurance"] == LATE_INSURANCE, slow, usual)


def broken_rows(log: pd.DataFrame, rng: Random) -> pd.DataFrame:
    """Returns the log with some rows added that must be turned away: a score in per cent, no time, an id sent twice."""
    each = max(1, round(len(log) * BROKEN_SHARE / 3))
    good = np.flatnonzero(log["status"] == "ok")
    places = rng.choice(good, size=(3, each), replace=False)
    per_cent, timeless, twice = (log.iloc[np.sort(place)].copy() for place in places)
    per_cent = per_cent.assign(score=per_cent["score"] * 100 + 2, prediction_id=per_cent["prediction_id"] + "-PCT")
    timeless = timeless.assign(
        time=pd.Series(pd.NaT, timeless.index), prediction_id=timeless["prediction_id"] + "-NOTIME"
    )
    twice = twice.assign(latency_ms=twice["latency_ms"] + 1)
    added = pd.concat([log, per_cent, timeless, twice], keys=range(4), names=["kind", "row"])
    return added.sort_index(level=["row", "kind"], kind="stable").reset_index(drop=True)
