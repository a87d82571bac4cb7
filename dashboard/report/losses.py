"""Brier score and log loss of a group's cells, of two classes or more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dashboard.metrics.clusters import loss_design_effect
from dashboard.metrics.losses import brier_score, heavy_tail, log_loss
from dashboard.rates import Measure
from dashboard.report.cells import Cells
from dashboard.report.scope import Scope

LOSSES = ("brier_score", "log_loss")
CLIP = 1e-15  # no probability below this is taken for a log loss


def losses_of(scope: Scope, cells: Cells, tails: tuple[str, str], worst: float = 1.0) -> Iterator[tuple[str, Measure]]:
    """Yields Brier score and log loss from their sums, weighted where the log is; `tails` are notes on each."""
    plain, n = cells.losses, cells.lossy
    brier, brier_sq, log, log_sq, clipped = cells.weighed or plain
    rows, briers, logs = cells.loss_buckets if cells.loss_buckets is not None else (None, None, None)
    if scope.wants("brier_score"):
        deff = loss_design_effect(rows, briers, plain[0], plain[1]) * cells.kish
        yield "brier_score", brier_score(brier, brier_sq, n, deff=deff, worst=worst, note=tails[0])
    if scope.wants("log_loss"):
        deff = loss_design_effect(rows, logs, plain[2], plain[3]) * cells.kish
        yield "log_loss", log_loss(log, log_sq, n, clipped, deff=deff, note=tails[1])


def tails_of(binned: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[str, str]:
    """Returns what is to be said of the squared losses and of the log losses behind score bins of labels 0 and 1."""
    given, counts = np.concatenate([1 - values, values]), binned.ravel()
    return heavy_tail((1 - given) ** 2, counts), log_tail(given, counts)


def log_tail(given: NDArray[np.float64], counts: NDArray[np.int64]) -> str:
    """Returns what is to be said of the log losses of cases whose label was given these probabilities."""
    return heavy_tail(-np.log(np.maximum(given, CLIP)), counts)
