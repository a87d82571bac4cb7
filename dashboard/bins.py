"""The bins: where scores, latencies and numeric features are cut, frozen so that every window is cut alike.

They are taken once from the reference window (`rollup.freezing`) and kept in bins.json and in every rollup.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.bins_losses import LossFacts, LossTables

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
CELLS = 4096  # grid cells of a numeric feature
SHIFT = 12  # a grid step's cell is step >> SHIFT
LARGEST = 2.0**38 - 1  # no step lies beyond: 16,384 times the reference's width, and 2^24 of them add up exactly
SCORE_CELLS = 65_536
COARSE = 64  # coarse score bins: where two versions' scores are counted together


@dataclass(frozen=True)
class Grid:
    """Where a numeric feature's bins lie: steps floor((value - low) * scale), cells of 2^SHIFT steps, bins of cells.

    `cuts` are the cells at which a new bin begins. Steps are integers, so that their sums are exact everywhere.
    """

    low: float
    scale: float
    cuts: tuple[int, ...]

    @property
    def bins(self) -> int:
        return len(self.cuts) + 1

    def steps(self, values: Floats) -> Floats:
        """Returns every value in steps, whole numbers."""
        steps = (values - self.low) * self.scale
        np.floor(steps, out=steps)
        return np.clip(steps, -LARGEST, LARGEST, out=steps)

    def bin_of(self, steps: Floats) -> Codes:
        """Returns the bin of every step; NaN is not one."""
        lookup = np.searchsorted(np.array(self.cuts, dtype=np.int64), np.arange(CELLS), side="right")
        cells = (steps * 2.0**-SHIFT).astype(np.int64)  # towards 0, where what is below the first cell goes anyway
        return lookup.take(cells, mode="clip")

    def value(self, steps: Floats, n: Codes) -> Floats:
        """Returns what n values whose steps add up to `steps` add up to, each taken at its step's middle."""
        return n * self.low + (steps + n / 2) / self.scale


@dataclass(frozen=True)
class Scale:
    """What a regression is counted in: powers of ten, so that decimals stay what they are, and a centre of the labels.

    An error of `error` and a label `label` above `centre` count as 1; `values` are the bins of what is predicted.
    """

    centre: float
    label: float
    error: float
    values: Grid


PLAIN = ("since", "until", "score_edges", "score_exact", "groups", "score_values", "score_ranks")


@dataclass(frozen=True)
class Bins:
    """All frozen edges. Score bin i holds the scores with score_edges[i-1] <= score < score_edges[i].

    `score_values` says what each score bin stands for, the mean of the reference's scores in it (where it has none,
    the middle); `score_ranks` the share of the reference's scores below it, half of those in it included. A
    multiclass model's probabilities share their bins.
    """

    since: str
    until: str
    score_edges: tuple[float, ...]
    score_exact: bool
    grids: dict[str, Grid]
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)  # attributes with many: those with score bins
    score_values: tuple[float, ...] = ()
    score_ranks: tuple[float, ...] = ()
    scale: Scale | None = None
    own: dict[str, Grid] = field(default_factory=dict)  # how sure several classes are
    losses: LossFacts | None = None
    loss_tables: LossTables | None = field(default=None, compare=False, repr=False)  # there while counting only

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def text(self) -> str:
        """The bins as JSON, one text for one set of bins."""
        plain = {name: getattr(self, name) for name in PLAIN}
        grids = {name: asdict(grid) for name, grid in self.grids.items()}
        scale = asdict(self.scale) if self.scale else None
        more: dict[str, Any] = {"losses": asdict(self.losses)} if self.losses else {}
        more |= {"own": {name: asdict(grid) for name, grid in self.own.items()}} if self.own else {}
        return json.dumps(plain | {"grids": grids, "scale": scale} | more, sort_keys=True)

    @property
    def own_grids(self) -> dict[str, Grid]:
        """The grid of each number made of a model's answers: a regression's score, how sure several classes are."""
        return {"score": self.scale.values} if self.scale else self.own

    @property
    def coarse(self) -> Codes:
        """The coarse bin of every score bin, by its rank in the reference."""
        found: Codes = np.minimum(np.floor(np.array(self.score_ranks) * COARSE), COARSE - 1).astype(np.int64)
        return found


def parse(text: str) -> Bins:
    """Returns the bins that `Bins.text` wrote."""
    found = json.loads(text)
    grids, own = ({name: _grid(given) for name, given in found.get(part, {}).items()} for part in ("grids", "own"))
    scale = found.get("scale") and Scale(**found["scale"] | {"values": _grid(found["scale"]["values"])})
    losses = LossFacts.of(found["losses"]) if "losses" in found else None
    groups = {name: tuple(kept) for name, kept in found["groups"].items()}
    edges, values, ranks = (tuple(found[name]) for name in ("score_edges", "score_values", "score_ranks"))
    return Bins(
        found["since"], found["until"], edges, found["score_exact"], grids, groups, values, ranks, scale, own, losses
    )


def _grid(given: dict[str, Any]) -> Grid:
    return Grid(given["low"], given["scale"], tuple(given["cuts"]))


def read(path: Path) -> Bins | None:
    """Returns the bins of a model's bins.json; None where there is none, or none that can be read: they are remade."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def score_cell(scores: Any) -> Any:
    """Returns the lookup cell of scores: fine near 0, where rare outcomes put them."""
    return np.floor(np.sqrt(np.sqrt(scores)) * SCORE_CELLS)


def score_bin(scores: Floats, edges: Sequence[float]) -> Codes:
    """Returns the number of edges that are not above each score; no two edges may share a lookup cell.

    The cell says which edge to look at; the comparison decides, so a score equal to an edge lies above it.

    >>> score_bin(np.array([0.0, 0.29, 0.3, 1.0]), (0.3, 0.5)).tolist()
    [0, 0, 1, 2]
    """
    known = np.array(edges)
    cells = score_cell(known).astype(np.int64)
    lower = np.searchsorted(cells, np.arange(SCORE_CELLS + 1), side="left")
    edge = np.full(SCORE_CELLS + 1, np.inf)
    edge[cells] = known
    at = np.clip(np.nan_to_num(score_cell(scores)), 0, SCORE_CELLS).astype(np.int64)
    found: Codes = lower[at] + (scores >= edge[at])
    return found


def nearest_bin(values: Floats, edges: Floats) -> Codes:
    """Returns the number of edges that are not above each value, for edges that grow by a common factor.

    The logarithm only guesses; comparisons with the edges beside the guess decide.

    >>> nearest_bin(np.array([0.5, 1.0, 3.9, 4.0, 99.0]), np.array([1.0, 2.0, 4.0])).tolist()
    [0, 1, 2, 3, 3]
    """
    growth = np.log(edges[1] / edges[0])
    with np.errstate(divide="ignore"):
        guess = np.floor(np.log(values / edges[0]) / growth) + 1
    at = np.clip(np.nan_to_num(guess, neginf=0), 1, len(edges)).astype(np.int64)
    bounded = np.concatenate(([-np.inf], edges, [np.inf]))
    found: Codes = at + (values >= bounded[at + 1]) - (values < bounded[at])
    return found
