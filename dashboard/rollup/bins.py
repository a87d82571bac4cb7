"""The bins: edges taken once from the reference window, kept in bins.json, the same for every later window.

A bin file is made at the first rollup and changes only when it is made anew on purpose; then every day is
counted again. The reference rows are sampled by a hash of their ids, so the same log gives the same bins.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from dashboard import store
from dashboard.contract import Contract
from dashboard.sql import literal
from dashboard.sql.tallies import CELLS, SHIFT, Grid, delivered

FINE = 256  # bins of a numeric feature
SAMPLE = 120_000  # reference rows that the edges are taken from
EXACT_SCORES = 1024  # up to so many distinct scores are kept as they are
SCORE_CELLS = 65_536
BINNED_GROUPS = 50
SPREAD = (0.0005, 0.9995)


@dataclass(frozen=True)
class Bins:
    """The frozen edges. Score bin i holds the scores with score_edges[i-1] <= score < score_edges[i]."""

    since: str
    until: str
    score_edges: tuple[float, ...]
    score_exact: bool
    grids: dict[str, Grid]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, indent=1)


def read(path: Path) -> Bins | None:
    """Returns the bins of a model's bins.json; None where there is none yet."""
    return parse(path.read_text(encoding="utf-8")) if path.is_file() else None


def parse(text: str) -> Bins:
    """Returns the bins that `Bins.text` wrote."""
    found = json.loads(text)
    grids = {name: Grid(g["low"], g["scale"], tuple(g["cuts"])) for name, g in found["grids"].items()}
    return Bins(found["since"], found["until"], tuple(found["score_edges"]), found["score_exact"], grids)


def freeze(contract: Contract, files: Sequence[Path], since: date, until: date, rows: int) -> Bins:
    """Returns bins from the reference window's prediction files.

    Numeric features: 256 reference quantiles on a grid of 4,096 cells. Scores: each distinct score where they are
    few, else every hundredth, a hundred reference quantiles and the threshold.
    """
    columns = [f.name for f in contract.features if f.kind == "numeric"]
    every = max(1, rows // SAMPLE)
    wanted = ", ".join(["score", *(delivered(name) for name in columns)])
    with store.connect() as connection:
        sample = connection.execute(
            f"SELECT {wanted} FROM read_parquet({store.paths(files)}, union_by_name = true) "  # noqa: S608
            f"WHERE hash(id, {literal(contract.name)}) % {every} = 0"
        ).fetchnumpy()
    grids = {name: grid(_known(sample[f"x_{name}"])) for name in columns}
    edges, exact = score_edges(_known(sample["score"]), contract) if contract.task == "binary" else ((), False)
    return Bins(since.isoformat(), until.isoformat(), edges, exact, grids)


def _known(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Returns the values that are there, sorted: a masked array's NULLs left out."""
    present = values.compressed() if isinstance(values, np.ma.MaskedArray) else np.asarray(values, dtype=float)
    present = present.astype(float)
    return np.sort(present[np.isfinite(present)])


def grid(values: np.ndarray[Any, np.dtype[np.float64]]) -> Grid:
    """Returns the grid of a feature from its sorted reference values.

    >>> grid(np.array([0.0, 1.0, 1.0, 2.0])).cuts
    (372, 2048, 3724)
    """
    if not len(values):
        return Grid(0.0, 1.0, ())
    low, high = (float(np.quantile(values, q)) for q in SPREAD)
    width = (high - low) or max(abs(high), 1.0)
    low, width = low - 0.1 * width, 1.2 * width
    scale = (CELLS << SHIFT) / width
    distinct = np.unique(values)
    marks = distinct if len(distinct) <= FINE else np.quantile(values, np.arange(1, FINE) / FINE)
    cells = np.clip(np.floor((marks - low) * scale).astype(np.int64) >> SHIFT, 0, CELLS - 1)
    return Grid(low, scale, tuple(int(cell) for cell in np.unique(cells) if cell > 0))


def score_edges(scores: np.ndarray[Any, np.dtype[np.float64]], contract: Contract) -> tuple[tuple[float, ...], bool]:
    """Returns the score bins' left edges (without 0) and whether each distinct score has a bin of its own.

    At most one edge lies in a cell of the lookup grid floor(sqrt(sqrt(score)) * 65,536), so that one comparison
    places a score exactly; the threshold goes first, then the hundredths, then the quantiles.
    """
    distinct = np.unique(scores)
    exact = len(distinct) <= EXACT_SCORES
    quantiles = distinct if exact else np.quantile(scores, np.arange(1, 101) / 101)
    wanted = [contract.threshold, *(k / 100 for k in range(1, 101)), *(float(q) for q in quantiles)]
    taken: dict[int, float] = {}
    for edge in wanted:
        if 0 < edge <= 1:
            taken.setdefault(score_cell(edge), edge)
    return tuple(sorted(taken.values())), exact and len({score_cell(s) for s in distinct}) == len(distinct)


def score_cell(score: float) -> int:
    """Returns the lookup cell of a score."""
    return int(np.floor(np.sqrt(np.sqrt(score)) * SCORE_CELLS))


def score_lists(edges: Sequence[float]) -> tuple[list[int], list[float]]:
    """Returns, per lookup cell, the bin of scores below the cell's edge, and that edge (2 where it has none)."""
    cells = np.array([score_cell(edge) for edge in edges], dtype=np.int64)
    lower = np.searchsorted(cells, np.arange(SCORE_CELLS + 1), side="left")
    following = np.full(SCORE_CELLS + 1, 2.0)
    following[cells] = edges
    return [int(b) for b in lower], [float(e) for e in following]
