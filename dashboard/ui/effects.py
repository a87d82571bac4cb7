"""What it does: how far each input has moved, how much the model leans on it, what that costs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import Unit, interval, number
from dashboard.report import importance
from dashboard.report.effects import ACCURACY, Effect, assumed, effects, known_effects, metric
from dashboard.report.scope import Scope as Asked
from dashboard.ui import load, parts, say
from dashboard.ui.state import Scope

HOW = (
    "The labelled cases of the reference, weighed to where this input's values lie now, all else as it was. It holds "
    "while the same values still mean the same. Single effects need not add up: inputs move together."
)
HEAD = "Each input: how far it moved, what the model leans on, what it does"
FAR = 0.1  # of the index: moved far, where the policy says nothing
SMALL = 0.005  # of accuracy: half a point


def asked(scope: Scope) -> Asked:
    """Returns the drift window and its reference as what is asked of the report."""
    model = load.model(scope.model)
    name = metric(model.source())
    return model.scope(*load.drift_days(scope), version=scope.version, metrics=(name,), kinds=("drift",))


def section(scope: Scope, moved: pd.DataFrame) -> None:
    """Does draw the view; `moved` are the inputs' readings of the index, with states."""
    source = load.model(scope.model).source()
    found = known_effects(source, asked(scope))
    if found is None:
        with st.spinner("Reading the labelled reference, once"):
            found = effects(source, asked(scope))
    if not found:
        parts.nothing(
            "What drift does can't be said here.",
            "It takes 500 labelled cases of the reference, and two days of either window.",
        )
        return
    says = sentence(found, moved, metric(source) == ACCURACY, assumed(source, asked(scope)))
    parts.section(says, HOW)
    rows = frame(found, metric(source))
    drawn = rows[rows["value"].notna()].head(12)
    if len(drawn):
        parts.picture(charts.effect_dots(drawn), "drift-effects", says)
    counted = importance.known(source, scope.version)
    shares = {one.feature: one.share for one in counted.of} if counted else {}
    told = _rows(rows, moved, shares)
    empty = {name for name in ("Counts for", "Note") if len({row[name] for row in told}) == 1}
    kept = [{name: value for name, value in row.items() if name not in empty} for row in told]
    parts.table(kept, HEAD, ("PSI", "Counts for", "Effect", "95 % interval"), ("State",))
    if "Note" in empty and told[0]["Note"]:
        parts.note(f"Of every input: {told[0]['Note']}.")
    if not counted:
        parts.note("How much the model leans on each input is learnt in the view \u201cWhy it decides\u201d.")
    parts.note(together(scope))
    parts.download(rows, "drift-effects")


def frame(found: Sequence[Effect], name: str) -> pd.DataFrame:
    """Returns effects as a table, one row an input."""
    rows = []
    for one in found:
        low, high = one.measure.interval(0.95)
        told = {
            "feature": one.feature,
            "group": None,
            "metric": name,
            "value": one.measure.value,
            "low": low,
            "high": high,
        }
        state = "outside" if _worse(one, name == ACCURACY) else None
        rows.append(
            told
            | {"n": one.measure.n, "numerator": None, "denominator": None, "state": state, "note": one.measure.note}
        )
    return pd.DataFrame(rows)


def sentence(found: Sequence[Effect], moved: pd.DataFrame, of_accuracy: bool, said: str = "") -> str:
    """Returns what costs most, and what moved far and costs nothing that can be shown; `said` is what it assumes.

    >>> from dashboard.metrics.drift_effect import drift_effect
    >>> import numpy as np
    >>> days = np.ones((9, 1), dtype=np.int64)
    >>> bad = drift_effect(days * [90.0, 50.0], days * [100, 100], days * [20, 80])
    >>> none = drift_effect(days * [70.0, 70.0], days * [100, 100], days * [20, 80])
    >>> moves = pd.DataFrame({"feature": ["lactate", "bed"], "value": [0.4, 0.5], "state": ["outside", "outside"]})
    >>> sentence([Effect("lactate", bad), Effect("bed", none)], moves, True)
    'Of what moved, lactate costs about 12.0 points of accuracy; bed moved far and does no harm that can be shown.'
    >>> sentence([Effect("lactate", bad)], moves, True, "v2 erred as v1 did")
    'Of what moved, lactate would cost about 12.0 points of accuracy, if v2 erred as v1 did.'
    """
    worse = [one for one in found if _worse(one, of_accuracy)]
    far = {str(row["feature"]) for row in moved.to_dict("records") if _far(row)}
    idle = [_named(one) for one in found if one.feature in far and one not in worse]
    if not worse:
        though = f", though {say.listed(idle)} moved far" if idle else ""
        return f"No input\u2019s drift does harm that can be shown{though}."
    told = f"{_costs(worse, of_accuracy, 'would cost' if said else 'costs')}{f', if {said}' if said else ''}"
    harmless = f"; {say.listed(idle)} moved far and {'do' if len(idle) > 1 else 'does'} no harm that can be shown"
    return f"Of what moved, {told}{harmless if idle else ''}."


def _worse(one: Effect, of_accuracy: bool) -> bool:
    low, high = one.measure.interval(0.95)
    if low is None or high is None:
        return False
    return high < 0 and -(one.measure.value or 0) >= SMALL if of_accuracy else low > 0


def _named(one: Effect) -> str:
    return one.feature.replace("_", " ")


def _size(one: Effect, of_accuracy: bool) -> str:
    size = abs(one.measure.value or 0)
    return f"{100 * size:.1f}" if of_accuracy else f"{size:.3g}"


def _costs(worse: Sequence[Effect], of_accuracy: bool, costs: str = "costs") -> str:
    """Returns what each costs, the unit once."""
    unit = "points of accuracy" if of_accuracy else "of mean error"
    told = [f"{_named(one)} {costs} about {_size(one, of_accuracy)} {unit}" for one in worse[:1]]
    return ", ".join([*told, *(f"{_named(one)} {_size(one, of_accuracy)}" for one in worse[1:3])])


def _far(row: dict[object, object]) -> bool:
    value = row.get("value")
    return row.get("state") == "outside" or (isinstance(value, float) and value >= FAR and row.get("state") is None)


def cost(scope: Scope) -> str:
    """Returns what moves cost most, in half a sentence, where it is known without reading the log; "" else.

    Where another version answers now than in the reference it says nothing: how that one errs is not known from there.
    """
    source = load.model(scope.model).source()
    if asked(scope).reference is None or assumed(source, asked(scope)):
        return ""
    found = known_effects(source, asked(scope)) or []
    of_accuracy = metric(source) == ACCURACY
    return _costs([one for one in found if _worse(one, of_accuracy)], of_accuracy)


def together(scope: Scope) -> str:
    """Returns the estimated and the earlier performance beside each other: what all drift together is thought to do."""
    name = "mean_absolute_error" if load.contract(scope.model).task == "regression" else "accuracy"
    days, reference = load.drift_days(scope), load.reference_days(scope)
    if reference is None:
        return ""
    model, kinds = load.model(scope.model), ("performance",)
    now = model.readings(
        since=days[0], until=days[1], metrics=(f"estimated_{name}",), version=scope.version, kinds=kinds
    )
    then = model.readings(since=reference[0], until=reference[1], metrics=(name,), version=scope.version, kinds=kinds)
    if not now or not then or now[0].value is None or then[0].value is None:
        return ""
    unit: Unit = "share" if name == "accuracy" else "label"
    low, high = now[0].low, now[0].high
    limits = f" ({interval(low, high, unit)})" if low is not None and high is not None else ""
    estimated = f"{name.replace('_', ' ')} is estimated at {number(now[0].value, unit)}{limits} on these days"
    other = ", of another version" if assumed(model.source(), asked(scope)) else ""
    return f"All inputs together: {estimated}; on the reference it was {number(then[0].value, unit)}{other}."


def _rows(rows: pd.DataFrame, moved: pd.DataFrame, shares: dict[str, float | None]) -> list[dict[str, object]]:
    index = {str(row["feature"]): row for row in moved.to_dict("records")}
    told: list[dict[str, object]] = []
    for row in rows.to_dict("records"):
        name, share = str(row["feature"]), shares.get(str(row["feature"]))
        psi = index.get(name, {})
        unit: Unit = "points" if row["metric"] == ACCURACY else "label"
        counted = row["value"] is not None and row["value"] == row["value"]
        told.append(
            {
                "Input": name.replace("_", " "),
                "State": psi.get("state"),
                "PSI": number(psi.get("value"), "ratio"),
                "Counts for": number(share, "share") if share is not None else "–",
                "Effect": number(row["value"], unit) if counted else "can’t be computed",
                "95 % interval": interval(row["low"], row["high"], unit) if counted else "",
                "Note": row["note"],
            }
        )
    return told
