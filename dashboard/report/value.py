"""Value readings: what the cases are worth, by the contract's value matrix and by the logged value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from dashboard.metrics import value
from dashboard.rates import SUBJECT_BUCKETS, Measure, undefined
from dashboard.report.cells import Key, arrays, ordered, outcomes, rows
from dashboard.report.performance import Source
from dashboard.report.scope import Place, Reading, Scope, reading

MATRIX: dict[str, Callable[..., Measure]] = {
    "value_per_case": value.value_per_case,
    "total_value": value.total_value,
}
LOGGED: dict[str, Callable[[value.Logged], Measure]] = {
    "logged_value_per_case": value.logged_value_per_case,
    "total_logged_value": value.total_logged_value,
}
NO_MATRIX = "the contract has no value matrix: [value] with tp, fp, fn and tn"
NO_COLUMN = "the contract names no value column"


def value_readings(source: Source, scope: Scope) -> Iterator[Reading]:
    """Yields what the cases are worth, for everybody or each group of the scope's attributes.

    Where the contract has nothing to say on it there is no reading, unless one is asked for by name.
    """
    for attribute in scope.attributes or ("",):
        if scope.any_of(*MATRIX):
            yield from _of_matrix(source, scope, attribute)
        if scope.any_of(*LOGGED):
            yield from _of_column(source, scope, attribute)


def _of_matrix(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    contract = source.contract
    worth = contract.value.cells if contract.value else {}
    if not worth or contract.task != "binary":
        yield from _absent(scope, tuple(MATRIX), NO_MATRIX)
        return
    for key, cells in ordered(outcomes(source.snapshot, contract, scope, attribute)):
        for name, function in MATRIX.items():
            if scope.wants(name):
                yield reading(scope, name, _place(attribute, key), function(cells.confusion(), worth), _unit(source))


def _of_column(source: Source, scope: Scope, attribute: str) -> Iterator[Reading]:
    if "value" not in source.contract.columns:
        yield from _absent(scope, tuple(LOGGED), NO_COLUMN)
        return
    unweighted = "its cases count alike, whatever their weight" if "weight" in source.contract.columns else ""
    note = "; ".join(part for part in (_unit(source), unweighted) if part)
    for key, sums in ordered(_logged(source, scope, attribute)):
        for name, function in LOGGED.items():
            if scope.wants(name):
                yield reading(scope, name, _place(attribute, key), function(sums), note)


def _logged(source: Source, scope: Scope, attribute: str) -> dict[Key, value.Logged]:
    parameters = scope.parameters(source.contract, attribute=attribute)
    buckets: dict[Key, np.ndarray[tuple[int, int], np.dtype[np.float64]]] = defaultdict(
        lambda: np.zeros((2, SUBJECT_BUCKETS))
    )
    if "subject" in source.contract.columns:
        for bucket, version, group, hashes, counts, totals in arrays(source.snapshot, "subject_values", parameters):
            buckets[bucket, version, group][:, hashes] += (counts, totals)
    found: dict[Key, value.Logged] = {}
    for bucket, version, group, n, total, squares in rows(source.snapshot, "values", parameters):
        key = bucket, version, group
        of_subjects = tuple(buckets[key]) if key in buckets else (None, None)
        found[key] = value.Logged(int(n), int(total), int(squares), *of_subjects)
    return found


def _absent(scope: Scope, names: tuple[str, ...], why: str) -> Iterator[Reading]:
    for name in names:
        if scope.names(name):
            yield reading(scope, name, Place(None if scope.version == "*" else scope.version), undefined(why))


def _place(attribute: str, key: Key) -> Place:
    bucket, version, group = key
    return Place(version, attribute or None, group if attribute else None, bucket=bucket)


def _unit(source: Source) -> str:
    """Returns what the numbers are in, for the note."""
    unit = source.contract.value.unit if source.contract.value else ""
    return f"in {unit}" if unit else ""
