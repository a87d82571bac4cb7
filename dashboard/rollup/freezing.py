"""Taking the bins from the reference window, once: the same log gives the same bins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import store
from dashboard.bins import CELLS, SHIFT, Bins, Grid, Scale, score_bin, score_cell
from dashboard.contract import Contract
from dashboard.rollup.own import how_sure
from dashboard.sql import identifier, literal
from dashboard.sql.coding import delivered, escaped

Floats = NDArray[np.float64]
FINE = 256  # bins of a numeric feature
SAMPLE = 120_000  # reference rows that the edges are taken from, chosen by a hash of their ids
EXACT_SCORES = 1024  # up to so many distinct scores are kept as they are
SPREAD = (0.0005, 0.9995)
FARTHEST_POWER = 100
BINNED_GROUPS = 50  # score bins are kept for so many groups of an attribute, the largest of the reference


def freeze(contract: Contract, files: Sequence[Path], since: date, until: date, rows: int) -> Bins:
    """Returns bins from the reference window's prediction files.

    Numeric features: 256 reference quantiles on a grid of 4,096 cells. Scores: each distinct score where they are
    few, else every hundredth, a hundred reference quantiles and the threshold. How sure several classes are and the
    number a regression predicts: as features are.
    """
    columns = [feature.name for feature in contract.features if feature.kind == "numeric"]
    with store.connect() as connection:
        read = f"read_parquet({store.paths(files)}, union_by_name = true)"
        there = {name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()}  # noqa: S608
        wanted = [identifier(delivered(name)) for name in columns if delivered(name) in there]
        given = [f"p_{name}" for name in contract.classes] or ["score"]
        labels = ["label"] if contract.task == "regression" else []
        numbers = [f"TRY_CAST({name} AS DOUBLE) AS {name}" for name in wanted]
        sample = connection.execute(
            f"SELECT {', '.join([*map(identifier, given + labels), *numbers])} FROM {read} "  # noqa: S608
            f"WHERE hash(id, {literal(contract.name)}) % {max(1, rows // SAMPLE)} = 0"
        ).fetchnumpy()
        groups = {
            a.name: _largest(connection, read, a.column)
            for a in contract.attributes
            if not a.edges and delivered(a.column) in there
        }
    grids = {name: grid(_known(sample.get(delivered(name), ()))) for name in columns}
    scores = np.sort(np.concatenate([np.zeros(0), *(_known(sample[name]) for name in given)]))
    edges, exact = score_edges(scores, contract) if contract.task != "regression" else ((), False)
    many = {name: kept for name, kept in groups.items() if kept}
    scale = regression_scale(_plain(sample["score"]), _plain(sample["label"])) if labels else None
    sure = how_sure(np.column_stack([_plain(sample[name]) for name in given])) if contract.classes else {}
    own = {name: grid(_known(values)) for name, values in sure.items()}
    frozen = (since.isoformat(), until.isoformat(), edges, exact, grids, many)
    return Bins(*frozen, *(standing(scores, edges, exact) if not labels else ((), ())), scale, own)


def standing(scores: Floats, edges: Sequence[float], exact: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Returns what each score bin stands for and its rank, from the reference's scores.

    >>> standing(np.array([0.1, 0.3, 0.5, 0.5]), (0.4, 0.8), exact=False)
    ((0.2, 0.5, 0.9), (0.25, 0.75, 1.0))
    """
    lows, highs = np.array([0.0, *edges]), np.array([*edges, 1.0])
    bins = score_bin(scores, edges) if edges else np.zeros(len(scores), dtype=np.int64)
    n = np.bincount(bins, minlength=len(lows))
    means = np.bincount(bins, weights=scores, minlength=len(lows)) / np.maximum(n, 1)
    values = lows if exact else np.clip(np.where(n > 0, means, (lows + highs) / 2), lows, highs)
    ranks = (np.cumsum(n) - n / 2) / max(len(scores), 1)
    return tuple(values.tolist()), tuple(ranks.tolist())


def _largest(connection: store.Connection, read: str, column: str) -> tuple[str, ...]:
    """Returns the BINNED_GROUPS largest groups of a text column; () where it has no more than that."""
    name = identifier(delivered(column))
    found = connection.execute(
        f"SELECT {name}, count(*) AS n FROM {read} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 "  # noqa: S608
        f"LIMIT {BINNED_GROUPS + 1}"
    ).fetchall()
    return tuple(escaped(group) for group, _ in found[:BINNED_GROUPS]) if len(found) > BINNED_GROUPS else ()


def _known(values: Any) -> Floats:
    """Returns the finite values, sorted."""
    present = _plain(values)
    return np.sort(present[np.isfinite(present)])


def _plain(values: Any) -> Floats:
    """Returns numbers, NaN where there is none."""
    numbers: Floats = np.ma.filled(np.ma.asarray(values).astype(float), np.nan)
    return numbers


def regression_scale(scores: Floats, labels: Floats) -> Scale:
    """Returns the units of a regression, from the reference's scores and those of its labels that are known.

    Without labels the scores stand for them, and a tenth of their unit for that of errors.

    >>> found = regression_scale(np.array([10.0, 20.0, 30.0, 40.0]), np.array([12.0, 19.0, np.nan, np.nan]))
    >>> found.centre, found.label, found.error
    (16.0, 1.0, 1.0)
    """
    values, known = _known(scores), _known(labels)
    errors = _known(np.abs(scores - labels))
    of = known if len(known) else values
    label = _power_of_ten(_width(of))
    error = _power_of_ten(_width(np.concatenate((-errors, errors)))) if errors.any() else label / 10
    middle = float(np.median(of)) if len(of) else 0.0
    return Scale(float(np.rint(middle / label) * label), label, error, grid(values))


def _width(values: Floats) -> float:
    """Returns how wide values are, not swayed by a few that lie far out: the first of these that is not 0."""
    for share in (0.25, 0.05, 0.0):
        low, high = np.quantile(values, [share, 1 - share]) if len(values) else (0.0, 0.0)
        if high > low:
            return float(high - low)
    return float(np.abs(values).max(initial=0.0)) or 1.0


def _power_of_ten(size: float) -> float:
    """Returns the largest power of ten not above a size.

    >>> _power_of_ten(35.0), _power_of_ten(0.002)
    (10.0, 0.001)
    """
    return float(f"1e{min(max(Decimal(size).adjusted(), -FARTHEST_POWER), FARTHEST_POWER)}")


def grid(values: Floats) -> Grid:
    """Returns the grid of a feature from its sorted reference values.

    >>> grid(np.array([0.0, 1.0, 1.0, 2.0])).cuts
    (338, 2048, 3757)
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


def score_edges(scores: Floats, contract: Contract) -> tuple[tuple[float, ...], bool]:
    """Returns the score bins' left edges (without 0) and whether each distinct score has a bin of its own.

    At most one edge lies in a lookup cell; the threshold goes first, then the hundredths, then the quantiles.
    """
    distinct = np.unique(scores)
    exact = len(distinct) <= EXACT_SCORES
    quantiles = distinct if exact else np.quantile(scores, np.arange(1, 101) / 101)
    wanted = [contract.threshold, *(k / 100 for k in range(1, 101)), *(float(q) for q in quantiles)]
    if exact:
        wanted = [contract.threshold, *(float(q) for q in distinct), *wanted]
    taken: dict[int, float] = {}
    for edge in wanted:
        if 0 < edge <= 1:
            taken.setdefault(int(score_cell(edge)), edge)
    return tuple(sorted(taken.values())), exact and {*taken.values()} >= {float(s) for s in distinct if s > 0}
