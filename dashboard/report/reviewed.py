"""What experts' review says of the model, as readings: beside those that labels make, never mixed with them.

It takes plain values: who flagged, drew and reviewed the cases is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dashboard.metrics import reviewed
from dashboard.metrics.reviewed import Reviewed
from dashboard.rates import Measure, undefined
from dashboard.report.scope import Place, Reading, Scope, reading

RATES: dict[str, Callable[[Reviewed], Measure]] = {
    "reviewed_error_rate": reviewed.error_rate,
    "reviewed_true_positive_rate": reviewed.true_positive_rate,
    "reviewed_false_positive_rate": reviewed.false_positive_rate,
}


def reviewed_readings(cases: Reviewed, scope: Scope, attribute: str = "") -> Iterator[Reading]:
    """Yields the rates of everybody, or with an attribute of each of its groups, `cases.frames` being those.

    The cases are those of the scope's days and version, all of them: its periods and attributes are not looked at. A
    scope without `metrics` wants all three. The note of an error rate says how many flags were upheld: a count.
    """
    parts = [(name, cases.of(name)) for name in cases.frames] if attribute else [(None, cases)]
    for group, part in parts:
        place = Place(scope.version, attribute or None, group)
        flags = part.upheld()
        upheld = f"flags: {flags}" if flags.flags else ""
        for name, rate in RATES.items():
            if scope.wants(name):
                yield reading(scope, name, place, rate(part), upheld if name == "reviewed_error_rate" else "")


def without_reviews(scope: Scope) -> Iterator[Reading]:
    """Yields that they cannot be computed from the log, where they are asked for by name."""
    for name in RATES:
        if scope.names(name):
            yield reading(scope, name, Place(scope.version), undefined("reviews are kept beside the log, not in it"))
