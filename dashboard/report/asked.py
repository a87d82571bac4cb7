"""A question as the command line puts it, checked and turned into a scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from dashboard.errors import EvenhandError, nearest
from dashboard.metrics import METRICS, metric
from dashboard.report.scope import KINDS, Scope
from dashboard.report.service import part_of
from dashboard.report.versions import metric_names

PERIODS = ("day", "week", "month")


def asked(
    make: Callable[..., Scope],
    kinds: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    attributes: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    version: str | None = None,
    since: date | None = None,
    until: date | None = None,
    by: str | None = None,
    versus: str | None = None,
) -> Scope:
    """Returns the scope that `make` (a model's `scope`) gives for these words; refuses those that are not known.

    A metric names its kind; an attribute alone asks for what has groups, a feature alone for drift, or, of answers by
    endpoint or status, for the service; `versus` (another
    version) for differences of the metrics between the two versions.
    """
    _known("kind", kinds or (), KINDS)
    _known("period", [by] if by else (), PERIODS)
    if versus is not None:
        names, kinds, features = metric_names(metrics), ("performance",), None
        given = {"metrics": names, "kinds": kinds, "attributes": tuple(attributes or ())}
        return make(since, until, version=version, versus=versus, by=by, **given)
    names = tuple(metric(name).name for name in metrics or ())
    chosen: dict[str, Any] = {"metrics": names or None, "version": version, "by": by}
    implied = kinds or [kind for kind in KINDS if any(METRICS[name].kind == kind for name in names)]
    if not implied:
        alone = "service" if all(part_of(feature) for feature in features or ()) else "drift"
        implied = ["performance", "fairness", "data"] if attributes else [alone] if features else KINDS
    return make(
        since,
        until,
        kinds=tuple(dict.fromkeys(implied)),
        attributes=tuple(attributes or ()),
        features=tuple(features) if features else None,
        **chosen,
    )


def _known(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise EvenhandError(f"There is no {what} '{name}'", f"One of {', '.join(known)}", nearest(name, known))
