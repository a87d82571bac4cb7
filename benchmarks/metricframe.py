"""The same numbers as fairlearn's MetricFrame, side by side: seven metrics over thirty intersectional groups.

    python benchmarks/metricframe.py [--rows 1000000] [--rounds 3]

Ours counts the cells from the raw arrays and reads the metrics off them; both start from the same arrays in memory.
Aim at 1 million rows: at least 100 times faster, and the same numbers.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
from fairlearn import metrics as fairlearn
from numpy.typing import NDArray
from sklearn import metrics as sklearn

from dashboard.metrics import performance
from dashboard.metrics.performance import Confusion
from dashboard.rollup.tallying import Key, Keys, tally

SEXES, RACES, AGES = ("F", "M"), ("a", "b", "c", "d", "e"), ("<40", "40-64", "65+")
THEIRS = {
    "accuracy": sklearn.accuracy_score,
    "true_positive_rate": fairlearn.true_positive_rate,
    "true_negative_rate": fairlearn.true_negative_rate,
    "false_positive_rate": fairlearn.false_positive_rate,
    "false_negative_rate": fairlearn.false_negative_rate,
    "precision": sklearn.precision_score,
    "selection_rate": fairlearn.selection_rate,
}
Codes = NDArray[np.int64]


def drawn(rows: int) -> tuple[Codes, Codes, list[Codes]]:
    """Returns labels, decisions and the codes of three attributes."""
    rng = np.random.default_rng(7)
    label = (rng.random(rows) < 0.2).astype(np.int64)
    decision = (rng.random(rows) < 0.1 + 0.5 * label).astype(np.int64)
    return label, decision, [rng.integers(0, len(names), rows) for names in (SEXES, RACES, AGES)]


def theirs(label: Codes, decision: Codes, groups: list[Codes]) -> pd.DataFrame:
    """Returns fairlearn's numbers, a row for each group."""
    features = pd.DataFrame(dict(zip(("sex", "race", "age"), groups, strict=True)))
    return fairlearn.MetricFrame(metrics=THEIRS, y_true=label, y_pred=decision, sensitive_features=features).by_group


def ours(label: Codes, decision: Codes, groups: list[Codes]) -> dict[tuple[int, ...], list[float | None]]:
    """Returns our numbers by group: cells first, then the metrics."""
    names = [SEXES, RACES, AGES, (0, 1), (0, 1)]
    keys = Keys.of(
        *(
            Key(str(i), codes, pa.array(range(len(n))))
            for i, (codes, n) in enumerate(zip([*groups, label, decision], names, strict=True))
        )
    )
    cells: dict[tuple[int, ...], NDArray[np.int64]] = {}
    for row in tally(keys).to_pylist():
        group = tuple(row[str(i)] for i in range(len(groups)))
        cells.setdefault(group, np.zeros((2, 2), dtype=np.int64))[row["3"], row["4"]] = row["n"]
    return {
        group: [performance.RATES[name](Confusion.of(table)).value for name in THEIRS] for group, table in cells.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    data = drawn(args.rows)
    ratios = []
    for _ in range(args.rounds):
        start = time.perf_counter()
        mine = ours(*data)
        between = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame = theirs(*data)
        end = time.perf_counter()
        worst = max(
            abs(frame.loc[group].to_numpy(float) - np.array(values, float)).max() for group, values in mine.items()
        )
        ratios.append((end - between) / (between - start))
        print(
            f"MetricFrame {end - between:.2f} s, cells and metrics {between - start:.3f} s: "
            f"{ratios[-1]:.0f} times faster, {len(mine)} groups, largest difference {worst:.0e}"
        )
    print(f"median {statistics.median(ratios):.0f} times")


if __name__ == "__main__":
    main()
