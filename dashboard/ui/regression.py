"""How far off a model's numbers are: the picture of its errors, and how far off by group."""

from __future__ import annotations

from dashboard import charts
from dashboard.charts.errors import error_histogram
from dashboard.ui import headlines, load, parts, say, verdicts
from dashboard.ui.load import errors
from dashboard.ui.state import Scope


def section(scope: Scope) -> None:
    """Does draw the errors of a regression's labelled cases, and their size by group of the scope's attribute.

    Draws nothing for other models and where nothing is labelled: the page says that.
    """
    contract = load.contract(scope.model)
    if contract.task != "regression":
        return
    edges, shares = errors.error_bars(scope)
    if not len(shares):
        return
    readings = load.readings(scope, kinds=("performance",), labels=True)
    told = headlines.errors(readings, contract.tolerance)
    parts.section("How far off", told)
    lean = say.one(readings, "mean_error")
    figure = error_histogram(edges, shares, contract.tolerance, lean["value"] if lean else None)
    parts.picture(figure, "errors", told)
    parts.note(_drawn(contract.tolerance))
    if scope.attribute:
        _by_group(scope, scope.attribute)


def _drawn(tolerance: float | None) -> str:
    band = (
        "The contract names no tolerance: with [model] tolerance = … the share beyond it is counted."
        if tolerance is None
        else "The pale band is what the contract tolerates."
    )
    return f"{band} The one case in a hundred that lies farthest out is not drawn."


def _by_group(scope: Scope, attribute: str) -> None:
    found = load.readings(scope, ("mean_absolute_error",), labels=True, attribute=attribute)
    known = found[found["group"] != "unknown"]
    if known["value"].notna().any():
        shown = verdicts.drawn(known, None)
        parts.section(f"How far off, by {say.plain(attribute)}", "Mean absolute error, with its 95 % interval.")
        parts.picture(charts.interval_dots(shown), "errors-by-group", say.alt(shown))
        parts.note(say.some(shown, known))
        parts.download(found, f"errors-by-{attribute}")
