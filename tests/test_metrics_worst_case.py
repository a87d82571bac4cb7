"""Whatever the missing labels say: the bounds hold every completion of the raw rows, and two completions reach them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics import performance, worst_case
from dashboard.metrics.performance import RATES, Confusion, f1

FUNCTIONS = {name: function for name, function in RATES.items() if name != "selection_rate"} | {"f1": f1}
ROWS = st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from([0, 1, 2])), min_size=1, max_size=7)


def counted(rows: list[tuple[int, int]]) -> Confusion:
    table = [[rows.count((label, decision)) for decision in range(3)] for label in range(3)]
    return Confusion.of(table)


def completions(rows: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Returns the rows with every possible set of labels in place of those that are missing."""
    unlabelled = [place for place, (label, _) in enumerate(rows) if label == 2]
    found = []
    for labels in product([0, 1], repeat=len(unlabelled)):
        given_ = dict(zip(unlabelled, labels, strict=True))
        found.append([(given_.get(place, label), decision) for place, (label, decision) in enumerate(rows)])
    return found


@pytest.mark.parametrize("metric", FUNCTIONS)
@given(rows=ROWS)
def test_every_completion_lies_between_the_bounds_and_the_ends_are_reached(
    metric: str, rows: list[tuple[int, int]]
) -> None:
    found = worst_case.bounds(metric, FUNCTIONS[metric], counted(rows))
    values = [FUNCTIONS[metric](counted(labelled)).value for labelled in completions(rows)]
    known = [value for value in values if value is not None]
    if found is None:
        assert len(known) < len(values)  # an end cannot be computed: some completion has no denominator
    else:
        assert (min(known), max(known)) == pytest.approx(found)


@pytest.mark.parametrize("metric", FUNCTIONS)
@given(rows=ROWS)
def test_labels_that_change_nothing_are_not_counted_as_missing(metric: str, rows: list[tuple[int, int]]) -> None:
    cells = counted(rows)
    values = {FUNCTIONS[metric](counted(labelled)).value for labelled in completions(rows)}
    if not worst_case.missing(metric, cells):
        assert len(values) == 1
        assert worst_case.note(worst_case.bounds(metric, FUNCTIONS[metric], cells), 0) == ""


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_share_is_the_accuracy_of_the_same_counts(right: int, wrong: int, without: int) -> None:
    cells = Confusion.of([[right, wrong, 0], [0, 0, 0], [without, 0, 0]])
    known = worst_case.bounds("accuracy", performance.accuracy, cells)
    assert worst_case.share_bounds(right, right + wrong, without) == known


def test_no_missing_label_leaves_the_value_itself() -> None:
    cells = Confusion.of([[50, 10], [20, 20]])
    for metric, function in FUNCTIONS.items():
        value = function(cells).value
        assert worst_case.bounds(metric, function, cells) == (value, value)
