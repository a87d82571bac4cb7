"""Expected confusion of a model of several classes, before labels arrive; each class calibrated against the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics import forecasts
from dashboard.metrics.estimation import DRAWS, Calibrator, Expected, Part
from dashboard.metrics.forecasts import NOTHING, Forecast

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClassesPart:
    """The cases of one group and version: counts by class, decision and bin of the class's probability."""

    counts: Mapping[str, Mapping[str, Floats]]
    calibrators: Mapping[str, Calibrator]


@dataclass(frozen=True)
class ExpectedClasses:
    """Expected counts, their variances (classes, decisions) and draws (DRAWS, classes, decisions); cases by decision.

    `parts` are for each class what is decided so and the rest, by bin.
    """

    names: tuple[str, ...]
    cells: Floats
    variance: Floats
    draws: Floats
    decided: Floats
    parts: Mapping[str, tuple[Part, ...]]

    @property
    def n(self) -> int:
        return round(float(self.decided.sum()))

    def against_rest(self, name: str) -> Expected:
        """Returns the expected cells of one class against all others."""
        k = self.names.index(name)
        others = np.arange(len(self.names)) != k
        rest = float(self.decided[others].sum())
        tp, fn = float(self.cells[k, k]), float(self.cells[k, others].sum())
        spread = float(self.variance[k, k]), float(self.variance[k, others].sum())
        drawn = self.draws[:, k, k], self.draws[:, k, others].sum(axis=1)
        return Expected(tp, fn, float(self.decided[k]), rest, *spread, *drawn, self.parts.get(name, ()))


def expected_classes(parts: Sequence[ClassesPart]) -> ExpectedClasses:
    """Returns the expected confusion matrix, the sum of its parts.

    Cell (class, decision) = sum over the cases so decided of P(class | the probability it was given). Calibrated one
    by one these do not add up, so each decision's column is scaled to its count.

    >>> sure = Calibrator(np.array([0.2, 0.6]), np.full((DRAWS, 2), 0.5), 1, 1, True, np.zeros(2))
    >>> bins = {"a": {"a": np.array([0.0, 5.0])}, "b": {"a": np.array([5.0, 0.0])}}
    >>> expected_classes([ClassesPart(bins, {"a": sure, "b": sure})]).cells[:, 0].tolist()
    [3.75, 1.25]
    """
    names = tuple(sorted({name for part in parts for own in (part.counts, *part.counts.values()) for name in own}))
    size = len(names)
    cells, variance, decided = np.zeros((size, size)), np.zeros((size, size)), np.zeros(size)
    draws = np.zeros((DRAWS, size, size))
    for part in parts:
        raw, spread, drawn, counted = _part(part, names)
        scale = _scale(raw, counted)
        cells += raw * scale
        variance += spread * scale**2
        draws += drawn * _scale(drawn, counted)[:, None, :]
        decided += counted
    return ExpectedClasses(names, cells, variance, draws, decided, _against_rest(parts, names))


def _part(part: ClassesPart, names: Sequence[str]) -> tuple[Floats, Floats, Floats, Floats]:
    size = len(names)
    raw, spread, decided = np.zeros((size, size)), np.zeros((size, size)), np.zeros(size)
    drawn = np.zeros((DRAWS, size, size))
    for name, by_decision in part.counts.items():
        k, calibrator = names.index(name), part.calibrators[name]
        chance = calibrator.probability * (1 - calibrator.probability)
        for decision, counts in by_decision.items():
            d = names.index(decision)
            raw[k, d], spread[k, d] = counts @ calibrator.probability, counts @ chance
            drawn[:, k, d] = calibrator.draws @ counts
            decided[d] = max(decided[d], counts.sum())
    return raw, spread, drawn, decided


def _scale(cells: Floats, decided: Floats) -> Floats:
    """Returns for each decision its count over the sum of its column, of matrices whose last axes are those."""
    total = cells.sum(axis=-2)
    share: Floats = np.divide(decided, total, out=np.ones_like(total), where=total > 0)
    return share


def _against_rest(parts: Sequence[ClassesPart], names: Sequence[str]) -> dict[str, tuple[Part, ...]]:
    found: dict[str, tuple[Part, ...]] = {}
    for name in names:
        of_class = []
        for part in parts:
            if name not in part.counts:
                continue
            nothing = np.zeros(len(part.calibrators[name].scores))
            rest = sum((n for d, n in part.counts[name].items() if d != name), nothing)
            of_class.append(Part(rest, part.counts[name].get(name, nothing), part.calibrators[name]))
        found[name] = tuple(of_class)
    return found


def forecast(metric: str, found: ExpectedClasses) -> Forecast:
    """Returns the forecast of a metric over all classes; of a metric of one class see `against_rest`.

    Cells of different decisions are of different cases, so the right ones are independent of each other; the labels'
    variance of an average over classes takes the classes for independent, too.
    """
    return OVERALL[metric](found)


def _accuracy(found: ExpectedClasses) -> Forecast:
    if not found.n:
        return Forecast(None, 0.0, NOTHING, 0, 0, why="0 cases")
    hits, of = float(np.trace(found.cells)), float(found.decided.sum())
    draws = np.trace(found.draws, axis1=1, axis2=2) / of
    return Forecast(hits / of, float(np.trace(found.variance)) / of**2, draws, found.n, found.n, hits, of)


def _average(metric: str, weighted: bool, found: ExpectedClasses) -> Forecast:
    """Returns the mean over the classes that have cases, each alike or by its expected number of labels."""
    kept = [name for name, own in zip(found.names, found.cells.sum(axis=1), strict=True) if own > 0]
    each = [forecasts.forecast(metric, found.against_rest(name)) for name in kept]
    lacking = [name for name, one in zip(kept, each, strict=True) if one.value is None]
    if lacking or not each:
        return Forecast(None, 0.0, NOTHING, found.n, 0, why=f"not of every class: {', '.join(lacking) or 'none'}")
    places = [found.names.index(name) for name in kept]
    own, drawn = found.cells.sum(axis=1)[places], found.draws.sum(axis=2)[:, places]
    share = own / own.sum() if weighted else np.full(len(each), 1 / len(each))
    moved = drawn / drawn.sum(axis=1, keepdims=True) if weighted else share
    value = float(share @ np.array([one.value or 0.0 for one in each]))
    draws = (moved * np.stack([one.draws for one in each], axis=1)).sum(axis=1)
    noise = float(share**2 @ np.array([one.noise for one in each]))
    return Forecast(value, noise, draws, found.n, min(one.smallest for one in each))


OVERALL: Mapping[str, Callable[[ExpectedClasses], Forecast]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": partial(_average, "true_positive_rate", False),
    "roc_auc_macro": partial(_average, "roc_auc", False),
    **{
        f"{metric}_{how}": partial(_average, metric, how == "weighted")
        for metric in ("true_positive_rate", "precision", "f1")
        for how in ("macro", "weighted")
    },
}
OF_ONE = tuple(name for name in (*forecasts.SHARES, "roc_auc") if name != "accuracy")
