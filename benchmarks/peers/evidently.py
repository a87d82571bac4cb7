"""Evidently's DataDriftPreset as it comes: each week against the reference.

Columns by its default test (up to 1,000 reference rows p < 0.05, beyond that a distance of at least 0.1), the dataset
where at least half of the columns drift.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evidently
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

from benchmarks.peers.data import CATEGORICAL, NUMERIC, OUTCOMES, REFERENCE, WATCHED, length, weeks
from benchmarks.peers.runner import Alarm, run

COLUMNS, WHOLE = "drifted columns", "dataset drift"
DEFINITION = DataDefinition(numerical_columns=[*NUMERIC, "score"], categorical_columns=[*CATEGORICAL, *OUTCOMES])


def dataset(frame: pd.DataFrame) -> Dataset:
    """Returns the watched columns as Evidently wants them."""
    return Dataset.from_pandas(frame[list(WATCHED)], data_definition=DEFINITION)


def alarms(found: list[dict[str, Any]]) -> list[Alarm]:
    """Returns the columns that drifted, and the dataset where it did; the preset's own count must agree."""
    columns = [m for m in found if m["config"]["type"].endswith(":ValueDrift")]
    (total,) = (m for m in found if m["config"]["type"].endswith(":DriftedColumnsCount"))
    drifted = [m["config"]["column"] for m in columns if _drifted(m)]
    assert (len(columns), len(drifted)) == (len(WATCHED), total["value"]["count"]), found
    whole = [(WHOLE, "dataset")] if total["value"]["share"] >= total["config"]["drift_share"] else []
    return [*((COLUMNS, name) for name in drifted), *whole]


def _drifted(metric: dict[str, Any]) -> bool:
    value, threshold = float(metric["value"]), metric["config"]["threshold"]
    return value < threshold if "p_value" in metric["config"]["method"] else value >= threshold


def judge(path: Path) -> Iterator[list[Alarm]]:
    reference = dataset(weeks(path, 0, REFERENCE))
    yield []
    for week in range(REFERENCE, length(path)):
        report = Report([DataDriftPreset()]).run(dataset(weeks(path, week, week + 1)), reference)
        yield alarms(report.dict()["metrics"])


if __name__ == "__main__":
    run("Evidently", evidently.__version__, (COLUMNS, WHOLE), judge)
