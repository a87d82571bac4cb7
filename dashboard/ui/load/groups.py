"""What the Groups page reads: one metric where attributes cross, scores by label, the mix over time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.contract import UNKNOWN_GROUP
from dashboard.metrics import METRICS
from dashboard.policy.rules import MINIMUM_N
from dashboard.rates import Difference, Measure
from dashboard.report import mix
from dashboard.report.cells import ordered
from dashboard.report.mix import Mix
from dashboard.report.scope import needs_labels, period
from dashboard.report.score_shapes import score_shapes
from dashboard.ui.load import ENTRIES, Key, days, drift, drift_days, key, model_of, policy, reference_days
from dashboard.ui.state import Scope
from dashboard.workspace import frame

ENDS = ("value", "low", "high")
DRAWN = 13  # groups whose weeks are counted: twelve, and unknown


@dataclass(frozen=True)
class Served:
    """The mix of an attribute's groups: weeks or months (`over`), and each group then and now (`table`)."""

    over: pd.DataFrame
    table: pd.DataFrame
    reference: tuple[date, date] | None


def late(metric: str) -> bool:
    """Returns whether a metric waits for labels."""
    return needs_labels(metric)


def minimum_n(scope: Scope) -> int:
    """Returns the smallest denominator that the policy judges; that of the default policy where there is none."""
    rules = policy(scope.model)
    return rules.minimum_n if rules else MINIMUM_N


def crossed(scope: Scope, metric: str, attributes: tuple[str, ...], of_class: str | None = None) -> pd.DataFrame:
    """Returns one metric's readings of everybody and by each of the attributes; `smallest` is what `minimum_n` is for.

    `of_class` is a class of several; without one the metric is over all classes.
    """
    since, until = days(scope, labels=late(metric))
    return _crossed(key(scope.model), since, until, scope.version, metric, attributes, of_class)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _crossed(
    key: Key, since: date, until: date, version: str | None, metric: str, attributes: tuple[str, ...], of: str | None
) -> pd.DataFrame:
    asked: dict[str, Any] = {"since": since, "until": until, "version": version, "metrics": (metric,)}
    asked["kinds"] = (METRICS[metric].kind,)
    found = [one for names in ((), attributes) for one in model_of(key).readings(attributes=names, **asked)]
    kept = [one for one in found if one.feature == of]
    smallest = [one.measure.minimum() if one.measure else 0 for one in kept]
    return frame(kept).assign(smallest=smallest)


def shapes(scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns how scores lie by group of the scope's attribute and label, as bars, and their medians."""
    return _shapes(key(scope.model), *days(scope, labels=True), scope.version, scope.attribute or "")


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _shapes(
    key: Key, since: date, until: date, version: str | None, attribute: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = model_of(key)
    return score_shapes(found.source(), found.scope(since, until, version=version, attributes=(attribute,)))


def served(scope: Scope, by: str) -> Served:
    """Returns the mix of the scope's attribute: over the whole log by week or month, and now against the reference."""
    whole = days(replace(scope, window="all"))
    now = drift_days(scope)
    return _served(key(scope.model), whole, now, reference_days(scope), scope.version, scope.attribute or "", by)


@st.cache_data(max_entries=ENTRIES, show_spinner=False)
def _served(
    key: Key,
    whole: tuple[date, date],
    now: tuple[date, date],
    reference: tuple[date, date] | None,
    version: str | None,
    attribute: str,
    by: str,
) -> Served:
    found = model_of(key)
    source, asked = found.source(), found.scope(*whole, version=version, by=by)
    over = mix.over_time(source, asked, attribute, by)
    current = mix.mixes(source, found.scope(*now, version=version), attribute).get((None, version), Mix())
    apart = reference if reference and not (now[0] < reference[1] and reference[0] < now[1]) else None
    before = mix.reference_mix(source, reference, attribute) if reference else Mix()
    names = _largest(before, current, *over.values())
    rows = [
        {"group": group, "since": since.isoformat(), "until": until.isoformat()} | _rate(one.share(group))
        for (bucket, _), one in ordered(over)
        for since, until in [period(asked, bucket)]
        for group in names[:DRAWN]
    ]
    table = [_then_and_now(group, before, current, apart is not None) for group in names]
    columns = ["group", "since", "until", *ENDS, "numerator", "n"]
    return Served(pd.DataFrame(rows, columns=columns), pd.DataFrame(table), apart)


def _largest(*mixes: Mix) -> list[str]:
    """Returns all groups, the largest first, what is unknown before all others: it has a panel of its own."""
    cases: Counter[str] = Counter()
    for one in mixes:
        cases.update(one.cases)
    return sorted(cases, key=lambda group: (group != UNKNOWN_GROUP, -cases[group]))


def _rate(rate: Measure) -> dict[str, Any]:
    low, high = rate.interval()
    return {"value": rate.value, "low": low, "high": high, "numerator": rate.numerator, "n": rate.n}


def _then_and_now(group: str, before: Mix, current: Mix, apart: bool) -> dict[str, Any]:
    then, here, covered = before.share(group), current.share(group), current.coverage(group)
    change: Measure = Difference(here, then)
    told: dict[str, Any] = {"group": group}
    told |= {f"reference_{name}": value for name, value in _rate(then).items()}
    told |= {f"now_{name}": value for name, value in _rate(here).items()}
    told |= {f"change_{name}": value if apart else None for name, value in _rate(change).items() if name in ENDS}
    return told | {"labelled": covered.value, "labelled_n": covered.numerator, "known": group != UNKNOWN_GROUP}


def mix_psi(scope: Scope) -> dict[str, Any]:
    """Returns the reading of how far the mix by the scope's attribute has moved since the reference."""
    found = drift(scope, ("mix_psi",), attribute=scope.attribute).to_dict("records")
    return {str(name): value for name, value in found[0].items()} if found else {}
