"""NannyML as it comes: univariate drift, CBPE and realised performance, in chunks of a week.

Jensen-Shannon distance for every column; the alarm limits of everything are the mean of the reference's weeks plus and
minus three standard deviations.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nannyml
import pandas as pd

from benchmarks.peers.data import OUTCOMES, REFERENCE, WATCHED, length, weeks
from benchmarks.peers.runner import Alarm, run

TIME = {"timestamp_column_name": "time", "chunk_period": "W"}
MODEL = {
    "problem_type": "classification_binary",
    "y_pred_proba": "score",
    "y_pred": "decision",
    "y_true": "label",
    "metrics": ["roc_auc", "accuracy"],
}


def calculators() -> dict[str, Any]:
    """Returns what judges a week, by the way it finds things."""
    watched = {"column_names": list(WATCHED), "treat_as_categorical": list(OUTCOMES)}
    return {
        "univariate": nannyml.UnivariateDriftCalculator(**watched, **TIME),
        "estimated performance": nannyml.CBPE(**MODEL, **TIME),
        "realised performance": nannyml.PerformanceCalculator(**MODEL, **TIME),
    }


def alarms(way: str, calculator: Any, frame: pd.DataFrame) -> Iterator[Alarm]:
    """Yields what one of them alarms about in the week that the frame holds."""
    ask = getattr(calculator, "estimate", None) or calculator.calculate
    table = ask(frame).filter(period="analysis").to_df()
    latest = table.loc[table["chunk", *["chunk"] * (table.columns.nlevels - 2), "start_date"].idxmax()]
    for column in table.columns:
        if column[-1] == "alert" and latest[column]:
            yield way, str(column[0])


def judge(path: Path) -> Iterator[list[Alarm]]:
    reference = weeks(path, 0, REFERENCE)
    fitted = {way: calculator.fit(reference) for way, calculator in calculators().items()}
    yield []
    for week in range(REFERENCE, length(path)):
        frame = weeks(path, week, week + 1)
        yield [alarm for way, calculator in fitted.items() for alarm in alarms(way, calculator, frame)]


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="The resulting number of chunks is too low")
    run("NannyML", nannyml.__version__, tuple(calculators()), judge)
