"""A model of the loss, fitted on the labelled reference: how far off a regression is expected to be (DLE).

Gradient boosted trees without interactions, of |error| and of error^2 on the features and the predicted value, all in
their frozen bins; then the mean residual of every group, so that each with enough labels has its own level. Being
additive it is kept as a table for each input, and counting looks them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashboard import bins_losses, store
from dashboard.bins import Bins, Scale
from dashboard.bins_losses import FOLDS, LOSSES, MODELS, LossFacts, LossTables
from dashboard.contract import Contract
from dashboard.log import FileEntry
from dashboard.metrics.errors import SCALE
from dashboard.rollup.chunk import Chunk
from dashboard.rollup.counting import Work, distinct_names
from dashboard.rollup.expected import Whole, codes, texts
from dashboard.rollup.rows import typed, with_labels
from dashboard.settings import ModelPaths, cannot_write
from dashboard.sql import listing, literal
from dashboard.sql.coding import Coding, coded

ENOUGH = 500  # labelled rows, of the reference and of a group in it
SAMPLE = 20_000  # labelled rows that it is fitted on, at most about so many
CATEGORIES = 60
FARTHEST = 1000.0  # error units: what lies beyond would be all that the model of error^2 sees
ROUNDS = 20  # of fitting the groups' levels: the breakdowns overlap
Floats = NDArray[np.float64]
Pieces = tuple[Floats, dict[str, Floats]]


@dataclass(frozen=True)
class Rows:
    """Labelled reference rows: losses (rows, kinds) in error units, a code for each input, each row's block."""

    losses: Floats
    codes: dict[str, Whole]
    sizes: dict[str, int]
    levels: dict[str, tuple[str | None, ...]]
    blocks: Whole
    versions: tuple[str, ...]

    @property
    def groups(self) -> list[str]:
        return [name for name in self.codes if name.startswith("group:")]


def with_losses(
    paths: ModelPaths, contract: Contract, bins: Bins, files: Sequence[FileEntry], labels: Sequence[FileEntry]
) -> Bins:
    """Returns the bins with the loss model, which is made when the reference first has ENOUGH labels, and then kept."""
    if bins.scale is None:
        return bins
    kept = paths.rollup / "losses.json"
    try:
        found = bins_losses.parse(kept.read_text(encoding="utf-8"), bins.digest)
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if found is None:
        rows = _reference(contract, bins, bins.scale, files, labels)
        if rows is None:
            return bins
        found = fit(rows)
        try:
            kept.write_text(bins_losses.written(*found, bins.digest), encoding="utf-8")
        except OSError as error:
            raise cannot_write(kept, error) from error
    return replace(bins, losses=found[0], loss_tables=found[1])


def _reference(
    contract: Contract, bins: Bins, scale: Scale, files: Sequence[FileEntry], labels: Sequence[FileEntry]
) -> Rows | None:
    """Returns the labelled rows of the reference window, None where they are too few."""
    since, until = date.fromisoformat(bins.since), date.fromisoformat(bins.until)
    chosen = [entry for entry in files if since <= entry.day < until] or list(files)
    days = sorted({entry.day for entry in chosen})
    late = tuple(entry for entry in labels if entry.day in set(days))
    work = Work(tuple(days), tuple(chosen), late, inputs=True)
    with store.connect() as connection:
        source = with_labels(connection, typed(connection, contract, work.predictions), work.labels)
        in_service = f" AND NOT list_contains({listing(contract.shadow)}, version)" if contract.shadow else ""
        usable = f"(SELECT * FROM {source} WHERE score IS NOT NULL AND label IS NOT NULL{in_service})"  # noqa: S608
        ((n,),) = connection.execute(f"SELECT count(*) FROM {usable}").fetchall()  # noqa: S608
        if n < ENOUGH:
            return None
        every = f"hash(id, {literal(contract.name)}) % {max(1, n // SAMPLE)} = 0"
        coding = Coding(contract, distinct_names(connection, contract, work), days[0].isoformat(), True)
        rows = connection.sql(coded(coding, f"{usable} WHERE {every}")).to_arrow_table()
    span = [days[0] + timedelta(days=after) for after in range((days[-1] - days[0]).days + 1)]
    found = _rows(Chunk(coding, bins, pa.array(span, pa.date32()), rows), scale)
    return found if len(found.losses) >= ENOUGH else None


def _rows(chunk: Chunk, scale: Scale) -> Rows:
    off = np.clip(np.abs(chunk.score - chunk.column("truth").astype(float)) / scale.error, 0, FARTHEST)
    losses = np.column_stack((off, off**2))
    levels = {name: _levels(name, *given) for name, given in texts(chunk).items()}
    found = codes(chunk, levels)
    sizes = {name: len(given) + 1 for name, given in levels.items()}
    sizes |= {f"number:{name}": grid.bins + 1 for name, grid in chunk.bins.grids.items()}
    sizes |= {"value": scale.values.bins + 1}
    blocks = chunk.column("bucket" if chunk.coding.has_subject else "day").astype(np.int64)
    versions = chunk.column("version")
    names = [None, *chunk.coding.names["version"]]
    known = tuple(sorted(str(names[code]) for code in np.unique(versions)))
    # In an order of its own, so that the same rows make the same model however they were delivered.
    order = np.lexsort((*found.values(), blocks, losses[:, 0]))
    ordered = {name: values[order] for name, values in found.items()}
    return Rows(losses[order], ordered, sizes, levels, _numbered(blocks[order]), known)


def _levels(name: str, of_rows: Whole, names: Sequence[str | None]) -> tuple[str | None, ...]:
    """Returns the names that an input of text knows: the most frequent categories, the groups with ENOUGH rows."""
    n = np.bincount(of_rows, minlength=len(names))
    least, most = (ENOUGH, len(names)) if name.startswith("group:") else (1, CATEGORIES)
    return tuple(names[place] for place in np.argsort(-n, kind="stable")[:most] if n[place] >= least)


def _numbered(blocks: Whole) -> Whole:
    """Returns the blocks numbered from 0; with fewer than there are folds each row is one of its own."""
    found, numbers = np.unique(blocks, return_inverse=True)
    return np.arange(len(blocks)) if len(found) < FOLDS else numbers


def fit(rows: Rows) -> tuple[LossFacts, LossTables]:
    """Returns the loss model of labelled rows, and what is known of its residuals."""
    from threadpoolctl import threadpool_limits

    fold = rows.blocks % FOLDS
    everything = np.ones(len(fold), dtype=bool)
    with threadpool_limits(1):  # small trees: several threads wait for each other longer than they work
        pieces = [_fitted(rows, kept) for kept in (everything, *(fold != left_out for left_out in range(FOLDS)))]
    residuals = np.empty_like(rows.losses)
    for left_out, piece in enumerate(pieces[1:]):
        there = fold == left_out
        residuals[there] = rows.losses[there] - _expected(piece, rows, there)
    tables = LossTables(
        _whole([base for base, _ in pieces]),
        {name: _whole([inputs[name] for _, inputs in pieces]) for name in rows.codes},
        rows.levels,
    )
    groups = {name.removeprefix("group:"): _sizes(rows, name) for name in rows.groups}
    absolute, square = residuals.T
    facts = LossFacts(
        tables.digest,
        rows.versions,
        int(rows.blocks.max()) + 1,
        (float(absolute.var()), float(square.var())),
        (_deff(absolute, rows.blocks), _deff(square, rows.blocks)),
        float(rows.losses[:, 1].mean()),
        {"": {"": len(rows.losses)}} | groups,
    )
    return facts, tables


def _sizes(rows: Rows, name: str) -> dict[str, int]:
    """Returns how many rows each group with a level of its own has."""
    n = np.bincount(rows.codes[name], minlength=rows.sizes[name])
    return {str(group): int(n[place]) for place, group in enumerate(rows.levels[name])}


def _fitted(rows: Rows, kept: NDArray[np.bool_]) -> Pieces:
    """Returns base and tables, a column for each loss, fitted on the rows kept."""
    tables = {name: np.zeros((size, len(LOSSES))) for name, size in rows.sizes.items() if name in rows.codes}
    base = rows.losses[kept].mean(axis=0)
    names = [name for name in rows.codes if not name.startswith("group:") and np.ptp(rows.codes[name][kept]) > 0]
    if names:
        inputs = np.column_stack([_column(rows, name) for name in names])
        models = [boosted(inputs[kept], rows.losses[kept, loss], names) for loss in range(len(LOSSES))]
        start = inputs[:1]
        base = np.array([model.predict(start)[0] for model in models])
        for place, name in enumerate(names):
            tables[name] = _alone(models, start, place, _levelled(rows, name)) - base
    left = (rows.losses - _expected((base, tables), rows))[kept]
    for _ in range(ROUNDS if rows.groups else 0):
        for name in rows.groups:
            group = rows.codes[name][kept]
            n = np.maximum(np.bincount(group, minlength=rows.sizes[name]), 1)
            sums = [np.bincount(group, weights=of, minlength=rows.sizes[name]) for of in left.T]
            step = (np.array(sums) / n).T
            step[-1] = 0.0  # groups with few labels have no level of their own
            tables[name] = tables[name] + step
            left = left - step[group]
    return base, tables


def _column(rows: Rows, name: str) -> Floats:
    return _levelled(rows, name)[rows.codes[name]]


def _levelled(rows: Rows, name: str) -> Floats:
    """Returns each code as the trees take it: of numbers, what is missing lies below all bins."""
    levels = np.arange(rows.sizes[name], dtype=float)
    if name not in rows.levels:
        levels[-1] = -1.0
    return levels


def boosted(inputs: Floats, losses: Floats, names: Sequence[str]) -> Any:
    """Returns trees without interactions: what they say is a sum over inputs."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        max_iter=60,
        learning_rate=0.15,
        max_leaf_nodes=8,
        min_samples_leaf=50,
        early_stopping=False,
        interaction_cst="no_interactions",
        categorical_features=[place for place, name in enumerate(names) if name.startswith("category:")],
        random_state=0,
    )
    return model.fit(inputs, losses)


def _alone(models: Sequence[Any], start: Floats, place: int, levels: Floats) -> Floats:
    """Returns what the models say of one row with one input changed to each of its levels."""
    varied = np.repeat(start, len(levels), axis=0)
    varied[:, place] = levels
    return np.column_stack([model.predict(varied) for model in models])


def _expected(piece: Pieces, rows: Rows, there: Any = slice(None)) -> Floats:
    base, inputs = piece
    found: Floats = base + np.sum([table[rows.codes[name][there]] for name, table in inputs.items()], axis=0)
    return found


def _whole(pieces: Sequence[Floats]) -> Whole:
    """Returns tables of several models as one, in millionths: a column for each loss and model."""
    stacked = np.stack(pieces, axis=-1)  # (..., losses, models)
    return np.rint(stacked * SCALE).astype(np.int64).reshape(*stacked.shape[:-2], len(LOSSES) * MODELS)


def _deff(residuals: Floats, blocks: Whole) -> float:
    """Returns how many times larger blocks make the variance of the residuals' mean, at least 1."""
    centred = residuals - residuals.mean()
    alone, sums = float(centred @ centred), np.bincount(blocks, weights=centred)
    return max(1.0, float(sums @ sums) / alone * len(sums) / (len(sums) - 1)) if alone > 0 else 1.0
