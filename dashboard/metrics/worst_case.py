"""What a metric would be if the labels that are missing said the best, or the worst, of the model.

No assumption is made of the missing labels, so nothing narrower is certain. A case without a decision stays out: its
label would change none of these.
"""

from __future__ import annotations

from collections.abc import Callable

from dashboard.metrics.performance import (
    FN,
    FP,
    NEITHER,
    TN,
    TP,
    UNDECIDED_NEGATIVE,
    UNDECIDED_POSITIVE,
    UNLABELLED_NEGATIVE,
    UNLABELLED_POSITIVE,
    Cell,
    Confusion,
)
from dashboard.rates import Measure

Bounds = tuple[float, float]
RIGHT = {UNLABELLED_POSITIVE: TP, UNLABELLED_NEGATIVE: TN}
WRONG = {UNLABELLED_POSITIVE: FP, UNLABELLED_NEGATIVE: FN}
POSITIVE = {UNLABELLED_POSITIVE: TP, UNLABELLED_NEGATIVE: FN, NEITHER: UNDECIDED_POSITIVE}
NEGATIVE = {UNLABELLED_POSITIVE: FP, UNLABELLED_NEGATIVE: TN, NEITHER: UNDECIDED_NEGATIVE}
_DECIDED = {
    "precision": (UNLABELLED_POSITIVE,),
    "false_discovery_rate": (UNLABELLED_POSITIVE,),
    "negative_predictive_value": (UNLABELLED_NEGATIVE,),
    "false_omission_rate": (UNLABELLED_NEGATIVE,),
    "prevalence": (UNLABELLED_POSITIVE, UNLABELLED_NEGATIVE, NEITHER),
}


def missing(metric: str, cells: Confusion) -> int:
    """Returns how many missing labels could change a metric.

    >>> cells = Confusion.of([[50, 5, 0], [10, 35, 0], [20, 10, 2]])
    >>> missing("accuracy", cells), missing("precision", cells), missing("prevalence", cells)
    (30, 10, 32)
    """
    return cells.total(*_DECIDED.get(metric, (UNLABELLED_POSITIVE, UNLABELLED_NEGATIVE)))


def completed(cells: Confusion, labels: dict[Cell, Cell]) -> Confusion:
    """Returns the counts with what is unlabelled moved to the cells that its labels would put it in.

    >>> completed(Confusion.of([[50, 5, 0], [10, 35, 0], [20, 10, 2]]), RIGHT).counts
    ((70, 5, 0), (10, 45, 0), (0, 0, 2))
    """
    table = [list(row) for row in cells.counts]
    weights = None if cells.weights is None else cells.weights.copy()
    for unlabelled, labelled in labels.items():
        table[labelled[0]][labelled[1]] += table[unlabelled[0]][unlabelled[1]]
        table[unlabelled[0]][unlabelled[1]] = 0
        if weights is not None:
            weights[:, labelled[0], labelled[1]] += weights[:, unlabelled[0], unlabelled[1]]
    return Confusion(tuple(map(tuple, table)), weights=weights)


def bounds(metric: str, function: Callable[[Confusion], Measure], cells: Confusion) -> Bounds | None:
    """Returns the lowest and the highest value that the missing labels allow; None where one cannot be computed.

    The rates, F1 and balanced accuracy rise with every case that is right, so their ends are all missing labels right
    and all wrong; prevalence has them where all are positive and all negative.

    >>> from dashboard.metrics.performance import accuracy
    >>> bounds("accuracy", accuracy, Confusion.of([[50, 5, 0], [10, 35, 0], [20, 10, 0]]))
    (0.6538461538461539, 0.8846153846153846)
    """
    ends = (POSITIVE, NEGATIVE) if metric == "prevalence" else (RIGHT, WRONG)
    first, second = (function(completed(cells, labels)).value for labels in ends)
    return None if first is None or second is None else (min(first, second), max(first, second))


def share_bounds(hits: float, trials: float, without: int) -> Bounds | None:
    """Returns the bounds of hits of trials where `without` more trials are not known to be hits or misses.

    >>> share_bounds(70, 100, 25)
    (0.56, 0.76)
    """
    n = trials + without
    return (hits / n, (hits + without) / n) if n else None


def apart(one: Bounds | None, other: Bounds | None) -> Bounds | None:
    """Returns the bounds of the difference of two rates of different cases: each at its worst for it, and at its best.

    >>> [round(end, 2) for end in apart((0.5, 0.7), (0.6, 0.65))]
    [-0.15, 0.1]
    """
    return None if one is None or other is None else (one[0] - other[1], one[1] - other[0])


def note(found: Bounds | None, without: int) -> str:
    """Returns the bounds in words, "" where no label is missing or nothing can be said.

    >>> note((0.7812, 0.8604), 214)
    'between 0.781 and 0.860 whatever the 214 missing labels say'
    """
    if not without or found is None:
        return ""
    said = f"the {without:,} missing labels say" if without > 1 else "the missing label says"
    low, high = (round(end, 3) + 0.0 for end in found)  # never "-0.000"
    return f"between {low:.3f} and {high:.3f} whatever {said}"
