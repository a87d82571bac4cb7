"""The tables that need labels, from one coded chunk, for every breakdown: outcomes, bins, ranks, subjects, delays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.bins import Bins, score_bin
from dashboard.rates import SUBJECT_BUCKETS
from dashboard.rollup.chunk import SCALE, UNITS, Chunk, Mask, Table, about, named, numbered
from dashboard.rollup.tallying import Cells, Key, Keys, cells, fixed, tally
from dashboard.sql.coding import NONE

CLIP = 1e-15  # log loss sees no probability below this
BINNED_CLASSES = 50  # with more, probabilities are not binned
Sums = dict[str, NDArray[Any]]
OF_SUBJECTS = ("brier_sum", "log_loss_sum", "rank_sum")


@dataclass(frozen=True)
class Said:
    """What a chunk's scores come to: sums by row, score bins by class (None: of a binary model), the label's rank."""

    scored: Mask
    sums: Sums = field(default_factory=dict)
    bins: dict[str | None, NDArray[np.int64]] = field(default_factory=dict)
    ranks: Key | None = None


def outcome_tables(chunk: Chunk) -> Iterator[Table]:
    """Yields what needs labels, for every breakdown."""
    contract = chunk.coding.contract
    said = _said(chunk)
    truth = Keys.of(*chunk.truth)
    everything = chunk.always.by(*chunk.groups(contract.attributes)).holding(truth)
    summed = {name: values for name, values in said.sums.items() if name != "rank_sum"}
    if contract.decides:
        summed |= {"scored": said.scored}
    if contract.task != "regression":  # what it predicts has no bounds: its sum would not fit
        summed |= {"score_sum": chunk.score_steps}
    crossed = cells(everything, summed)
    delays = chunk.column("delay")
    delay = Keys.of(chunk.truth[0], Key("delay", delays, numbered(int(delays.max(initial=0)) + 1)))
    binned = {name: _binned(chunk, codes).holding(truth) for name, codes in said.bins.items()}
    for name, attributes in chunk.coding.breakdowns:
        groups = chunk.groups(attributes)
        keys = chunk.always.by(*groups)
        if contract.decides:
            yield "outcomes", named(_over(crossed, [attribute.name for attribute in attributes]), name, attributes)
            if chunk.coding.has_subject:
                yield "subjects", named(_subjects(chunk, keys, said), name, attributes)
        where = said.scored & in_largest(chunk.bins, groups) if binned else None
        for of_class, bins in binned.items():
            table = named(tally(keys.holding(bins), where=where), name, attributes)
            yield "bins", table if of_class is None else about("class", of_class, table)
        if said.ranks:
            ranked = Keys.of(chunk.truth[0], said.ranks)
            yield "ranks", named(tally(keys.holding(ranked), where=said.ranks.codes > 0), name, attributes)
        if delays.max(initial=-1) >= 0:
            yield "delays", named(tally(keys.holding(delay), where=delays >= 0), name, attributes)


def _over(crossed: Cells, chosen: Sequence[str]) -> pa.Table:
    return crossed.over("day", "version", *chosen, "label", "decision").table()


def _said(chunk: Chunk) -> Said:
    """Returns what the chunk's scores come to, by task."""
    task = chunk.coding.contract.task
    found = _binary(chunk) if task == "binary" else _multiclass(chunk) if task == "multiclass" else Said(_there(chunk))
    if "weight" in chunk.coding.contract.columns and chunk.coding.contract.decides:
        weight = chunk.column("weight").astype(float)
        found.sums.update(weight_sum=fixed(weight, UNITS), weight_sq=fixed(weight**2, UNITS))
    return found


def _there(chunk: Chunk) -> Mask:
    there: Mask = ~np.isnan(chunk.score)
    return there


def _binary(chunk: Chunk) -> Said:
    """Returns losses of labelled rows, entropies of scored ones (bits), ranks among the reference's scores."""
    label, score, scored = chunk.column("label"), chunk.score, _there(chunk)
    judged = scored & (label != NONE)
    of_one, of_none = (np.log(np.maximum(given, CLIP)) for given in (score, 1 - score))
    given = np.where(label == 1, score, 1 - score)
    brier, log_loss = (1 - given) ** 2, -np.where(label == 1, of_one, of_none)
    sums = _losses(judged, brier, log_loss) | {"clipped": judged & (given < CLIP)}
    sums |= _entropies(scored, -(score * of_one + (1 - score) * of_none) / np.log(2))
    bins = score_bin(score, chunk.bins.score_edges)
    if chunk.coding.has_subject:
        sums["rank_sum"] = np.where(judged, np.rint(np.array(chunk.bins.score_ranks) * SCALE)[bins], 0)
    return Said(scored, sums, {None: bins})


def _multiclass(chunk: Chunk) -> Said:
    """Returns the same from the probabilities of every class; Brier score: the sum over classes of (p - hit)^2."""
    names = chunk.coding.names["label"]
    classes = sorted(chunk.coding.contract.classes)
    if not classes:
        return Said(_there(chunk))
    given = chunk.probabilities
    scored: Mask = ~np.isnan(given.sum(axis=1))
    place = np.full(NONE + 1, -1)
    place[[names.index(name) for name in classes]] = np.arange(len(classes))
    label = place[chunk.column("label")]
    judged = scored & (label >= 0)
    of_label = np.where(judged, given[np.arange(len(given)), label], np.nan)
    hit = label[:, None] == np.arange(len(classes))
    brier = ((given - hit) ** 2).sum(axis=1)
    sums = _losses(judged, brier, -np.log(np.maximum(of_label, CLIP))) | {"clipped": judged & (of_label < CLIP)}
    sums |= _entropies(scored, -(given * np.log2(np.maximum(given, CLIP))).sum(axis=1))
    # Ties go to the class that is later in the alphabet, as in scikit-learn's top_k_accuracy_score.
    later = np.arange(len(classes)) > label[:, None]
    above = (given > of_label[:, None]) | ((given == of_label[:, None]) & later)
    ranks = Key("rank", np.where(judged, above.sum(axis=1) + 1, 0), numbered(len(classes) + 1))
    bins: dict[str | None, NDArray[np.int64]] = {}
    if len(classes) <= BINNED_CLASSES:
        bins |= {name: score_bin(column, chunk.bins.score_edges) for name, column in zip(classes, given.T, strict=True)}
    return Said(scored, sums, bins, ranks)


def _losses(judged: Mask, brier: NDArray[np.float64], log_loss: NDArray[np.float64]) -> Sums:
    """Returns losses and their squares in fixed point, 0 where there is no label or no score."""
    losses = {"brier_sum": brier, "brier_sq": brier**2, "log_loss_sum": log_loss, "log_loss_sq": log_loss**2}
    return {name: np.where(judged, np.rint(loss * SCALE), 0) for name, loss in losses.items()}


def _entropies(scored: Mask, bits: NDArray[np.float64]) -> Sums:
    """Returns entropies and their squares in fixed point, 0 where there is no score."""
    bits = np.maximum(bits, 0.0)
    return {
        name: np.where(scored, np.rint(x * SCALE), 0) for name, x in (("entropy_sum", bits), ("entropy_sq", bits**2))
    }


def _binned(chunk: Chunk, codes: NDArray[np.int64]) -> Keys:
    return Keys.of(Key("bin", codes, numbered(len(chunk.bins.score_edges) + 1)))


def _subjects(chunk: Chunk, keys: Keys, said: Said) -> pa.Table:
    buckets = Key("bucket", chunk.column("bucket"), numbered(SUBJECT_BUCKETS))
    sums = {name: values for name, values in said.sums.items() if name in OF_SUBJECTS}
    return tally(keys.by(buckets, *chunk.truth), sums)


def in_largest(bins: Bins, groups: Sequence[Key]) -> Mask:
    """Returns which rows' scores are binned: all, but for an attribute of many groups those of the groups it names.

    They are frozen: a group binned on some days only would have an area of those days only.
    """
    kept = bins.groups.get(groups[0].name) if len(groups) == 1 else None
    if kept is None:
        return np.ones(1, dtype=bool)
    named_groups: Mask = np.array([name in kept for name in groups[0].stands_for.to_pylist()])[groups[0].codes]
    return named_groups
