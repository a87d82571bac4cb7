"""Streams of predictions with one planted effect each, the same bytes for the same arguments.

A stream is 20 weeks from Monday 5 January 2026: a reference of 8 weeks, then 12 that are judged one by one. In the
fifth of these the effect begins and stays. Two streams of the same rows and seed are drawn from the same random
numbers: they differ by their effect and what follows from it, and by nothing else.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

START = date(2026, 1, 5)
REFERENCE, JUDGED, BEGINS = 8, 12, 4  # weeks; the effect is in the judged weeks from number 4 on, counted from 0
NUMERIC = tuple(f"f{i:02d}" for i in range(1, 13))
CATEGORICAL = {
    "site": {"north": 1 / 3, "south": 1 / 3, "west": 1 / 3},
    "payer": {"public": 0.30, "private": 0.45, "none": 0.25},
    "arrival": {"walk-in": 0.5, "ambulance": 0.3, "referral": 0.2},
    "ward": {"A": 0.3, "B": 0.25, "C": 0.2, "D": 0.15, "E": 0.1},
}
OUTCOMES = ("decision", "label")
WATCHED = (*NUMERIC, *CATEGORICAL, "score", *OUTCOMES)
MEAN, SD = 100.0, 15.0
UNIT_MEAN, UNIT_SD = 6.0, 1.2  # of the feature whose unit changes; the values are never under 0
CORRELATED, CORRELATION = (0, 1), 0.6  # which two features
SHIFTED, MEASURED, FORGOTTEN = 2, 4, 3  # which feature moves, which changes its unit, that the label forgets
SHIFT, TIMES, SITE = 0.25, 9.0, "north"
MIX = {"public": 0.45, "private": 0.45 * 0.55 / 0.70, "none": 0.25 * 0.55 / 0.70}
WEIGHTS = np.array([0.5, 0.4, 0.5, 0.6, 0.2, 0.3, 0.3, 0.2, 0.2, 0.1, 0.1, 0.0])
PAYER_WEIGHTS = np.array([0.4, 0.0, -0.2])
INTERCEPT, THRESHOLD = -1.3, 0.3
DAY_SD, DAY_MEMORY = 0.1, 0.7  # standard deviations of a feature, or log-odds of a category; from a day to the next

# What an alarm may name to have found the effect: columns, or metrics where it is not one column that changed.
PLANTED: dict[str, frozenset[str]] = {
    "no drift": frozenset(),
    "no drift, days vary": frozenset(),
    "shift": frozenset({NUMERIC[SHIFTED]}),
    "unit": frozenset({NUMERIC[MEASURED]}),
    "correlation": frozenset({"domain_auc"}),  # neither feature's own distribution changed
    "mix": frozenset({"payer"}),
    "label": frozenset({"label", "accuracy", "roc_auc", "concept_shift"}),
}
Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Stream:
    """What decides the bytes: the scenario, the rows of a week, the seed; `weeks` is fewer where time is short."""

    scenario: str
    rows: int
    seed: int
    weeks: int = REFERENCE + JUDGED

    @classmethod
    def named(cls, name: str) -> Stream:
        """Returns the stream of a file's name, all its weeks taken to be there."""
        scenario, rows, seed = name.rsplit("-", 2)
        return cls(next(known for known in PLANTED if _plain(known) == scenario), int(rows), int(seed))

    @property
    def name(self) -> str:
        """Returns the name of its file, without ending."""
        return f"{_plain(self.scenario)}-{self.rows}-{self.seed}"


@dataclass(frozen=True)
class Week:
    """One week as drawn: features in standard units, categories as codes, uniform numbers for labels and times."""

    z: Numbers
    codes: dict[str, Codes]
    chance: Numbers
    places: Numbers
    unit: Numbers = field(repr=False)


def _plain(scenario: str) -> str:
    return scenario.replace(",", "").replace(" ", "-")


def monday(week: int) -> date:
    """Returns the first day of a week, counted from 0.

    >>> monday(REFERENCE)
    datetime.date(2026, 3, 2)
    """
    return START + timedelta(days=7 * week)


def table(stream: Stream, week: int) -> pa.Table:
    """Returns the rows of one week, in order of time, as a model's log would have them."""
    import pyarrow as pa

    return pa.table({name: pa.array(values) for name, values in rows(stream, week).items()})


def rows(stream: Stream, week: int) -> dict[str, NDArray[Any]]:
    """Returns the columns of one week. Scores come from the values as logged, labels from the values as they are."""
    changed = stream.scenario if week >= REFERENCE + BEGINS else ""
    drawn = _drawn(stream, week, changed)
    true = MEAN + SD * drawn.z
    true[:, MEASURED] = np.maximum(UNIT_MEAN + UNIT_SD * drawn.z[:, MEASURED], 0.0)
    logged = true.copy()
    logged[:, MEASURED] *= drawn.unit
    score = _probability(logged, drawn.codes["payer"], WEIGHTS)
    forgotten = np.where(np.arange(len(WEIGHTS)) == FORGOTTEN, 0.0, WEIGHTS)
    chance = _probability(true, drawn.codes["payer"], forgotten if changed == "label" else WEIGHTS)
    first = week * stream.rows
    found: dict[str, NDArray[Any]] = {"id": np.arange(first, first + stream.rows), "time": _times(week, drawn.places)}
    found |= {name: np.round(logged[:, at], 3) for at, name in enumerate(NUMERIC)}
    found |= {name: np.array(list(values))[drawn.codes[name]] for name, values in CATEGORICAL.items()}
    found["score"] = np.round(score, 6)
    found["decision"] = (found["score"] >= THRESHOLD).astype(np.int8)
    found["label"] = (drawn.chance < chance).astype(np.int8)
    return found


def written(stream: Stream, folder: Path) -> Path:
    """Returns the Parquet file of a stream, a row group for each week; one that is there is not written again."""
    import pyarrow.parquet as pq

    path = folder / f"{stream.name}.parquet"
    if path.exists():
        return path
    part = path.with_suffix(".part")
    with pq.ParquetWriter(part, table(stream, 0).schema) as sink:
        for week in range(stream.weeks):
            sink.write_table(table(stream, week), row_group_size=stream.rows)
    part.rename(path)
    return path


def weeks(path: Path, since: int, until: int) -> pd.DataFrame:
    """Returns the rows of the weeks from `since` until, and without, `until`, as a tool's user has them: in pandas."""
    import pyarrow.parquet as pq

    found: pd.DataFrame = pq.ParquetFile(path).read_row_groups(list(range(since, until))).to_pandas()
    return found


def length(path: Path) -> int:
    """Returns how many weeks a file holds."""
    import pyarrow.parquet as pq

    return int(pq.ParquetFile(path).num_row_groups)


def _drawn(stream: Stream, week: int, changed: str) -> Week:
    random = np.random.default_rng([stream.seed, stream.rows, week])
    n = stream.rows
    z = random.standard_normal((n, len(NUMERIC)))
    uniform = {name: random.random(n) for name in CATEGORICAL}
    chance, places = random.random(n), np.sort(random.random(n))
    of_day = _days(stream.seed)[7 * week + (places * 7).astype(np.int64)] if "days vary" in stream.scenario else None
    rho = -CORRELATION if changed == "correlation" else CORRELATION
    first, second = CORRELATED
    z[:, second] = rho * z[:, first] + np.sqrt(1 - rho**2) * z[:, second]
    if changed == "shift":
        z[:, SHIFTED] += SHIFT
    if of_day is not None:
        z += of_day[:, : len(NUMERIC)]
    codes, at = {}, len(NUMERIC)
    for name, shares in CATEGORICAL.items():
        wanted = np.array(list(MIX.values() if changed == "mix" and name == "payer" else shares.values()))
        moved = None if of_day is None else of_day[:, at : at + len(wanted)]
        codes[name], at = _chosen(uniform[name], wanted, moved), at + len(wanted)
    here = codes["site"] == list(CATEGORICAL["site"]).index(SITE)
    return Week(z, codes, chance, places, np.where(here & (changed == "unit"), TIMES, 1.0))


def _chosen(uniform: Numbers, shares: Numbers, moved: Numbers | None) -> Codes:
    """Returns the category of each row; `moved` is added to the log-odds."""
    if moved is None:
        return np.searchsorted(np.cumsum(shares)[:-1], uniform, side="right")
    weights = shares * np.exp(moved)
    edges = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    found: Codes = (uniform[:, None] >= edges).sum(axis=1)
    return found


def _days(seed: int) -> Numbers:
    """Returns what each day adds to each feature and category: a first-order autoregressive walk, stationary."""
    width = len(NUMERIC) + sum(len(shares) for shares in CATEGORICAL.values())
    random = np.random.default_rng([seed, 1_000_003])
    noise = DAY_SD * random.standard_normal((7 * (REFERENCE + JUDGED), width))
    noise[1:] *= np.sqrt(1 - DAY_MEMORY**2)
    for day in range(1, len(noise)):
        noise[day] += DAY_MEMORY * noise[day - 1]
    return noise


def _probability(values: Numbers, payer: Codes, weights: Numbers) -> Numbers:
    """Returns the fixed logistic model's probabilities."""
    centre, scale = np.full(len(NUMERIC), MEAN), np.full(len(NUMERIC), SD)
    centre[MEASURED], scale[MEASURED] = UNIT_MEAN, UNIT_SD
    logit = INTERCEPT + ((values - centre) / scale) @ weights + PAYER_WEIGHTS[payer]
    found: Numbers = 1 / (1 + np.exp(-logit))
    return found


def _times(week: int, places: Numbers) -> NDArray[np.datetime64]:
    start = np.datetime64(monday(week), "us")
    return start + (places * 7 * 86_400_000_000).astype(np.int64).astype("timedelta64[us]")


if __name__ == "__main__":
    folder, weeks_held, *names = sys.argv[1:]
    for name in names:
        written(replace(Stream.named(name), weeks=int(weeks_held)), Path(folder))
