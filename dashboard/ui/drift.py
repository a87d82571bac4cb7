"""The views of the Drift page: all inputs, a line each; one of them opened; every measure."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import title
from dashboard.policy import Finding
from dashboard.ui import attributions, concept, drift_words, effects, headlines, load, parts, say, verdicts
from dashboard.ui import together as inputs_together
from dashboard.ui.load import moved as loads
from dashboard.ui.state import Scope, followed

INPUTS, ONE, TOGETHER, LABELS, ALL = "Inputs", verdicts.ONE_INPUT, verdicts.TOGETHER, verdicts.LABELS, "All measures"
WHY = verdicts.WHY
DOES = verdicts.DOES


@dataclass(frozen=True)
class Asked:
    """What the page is about: the scope, the PSI of every feature with its states, the findings, the policy's range."""

    scope: Scope
    rows: pd.DataFrame
    findings: list[Finding]
    allowed: tuple[float | None, float | None] | None

    @property
    def inputs(self) -> pd.DataFrame:
        """Returns the rows of what the contract names as input."""
        return self.rows[self.rows["feature"].isin(loads.inputs(self.scope))]

    @property
    def own(self) -> pd.DataFrame:
        """Returns the rows of what the model makes of them, and of the labels."""
        return self.rows[~self.rows["feature"].isin(loads.inputs(self.scope))]


def asked(scope: Scope) -> Asked:
    """Returns what the page shows of a scope, the strongest evidence first."""
    findings, allowed = load.findings(scope, "drift"), verdicts.allowed(scope, "psi")
    rows = verdicts.with_states(load.drift(scope, ("psi",)), findings)
    limits = {f.feature: f.allowed[1] for f in reversed(findings) if f.metric == "psi"}
    rows = rows.assign(limit=pd.Series([limits.get(name) for name in rows["feature"]], rows.index, dtype=object))
    return Asked(scope, drift_words.ranked(rows, allowed), findings, allowed)


def opening(found: Asked) -> None:
    """Does say how many inputs moved, and which days are compared."""
    own = [str(name) for name in found.own["feature"]]
    inputs_ = [str(name) for name in found.inputs["feature"]]
    says, more = headlines.drift(found.findings, inputs_, own, effects.cost(found.scope))
    more = f"{more} {attributions.turned(found.findings)}".strip()
    parts.sentence("Drift", "Do the inputs look as they used to?", says, more)
    parts.note(say.drift_window(load.drift_days(found.scope), load.reference_days(found.scope)))


def inputs(found: Asked) -> None:
    """Does write a line for each input, and for what the model makes of them."""
    parts.section("Every input, the strongest evidence first", _how(found))
    _lines(found, found.inputs, "Inputs against the reference")
    if len(found.own):
        parts.section("What the model makes of them", drift_words.ANSWERS[load.contract(found.scope.model).task])
        _lines(found, found.own, "What the model answers against the reference")
    parts.download(lambda: load.drift(found.scope), "drift")


def _how(found: Asked) -> str:
    limit = found.allowed[1] if found.allowed else None
    line = "" if limit is None else f" The dashed line is what the policy allows, {limit:g}."
    return (
        "How far each has moved: population stability index (PSI), 0 is not at all. The small picture is one window "
        f"after the other, each on its own scale.{line} A name opens that input."
    )


def _lines(found: Asked, rows: pd.DataFrame, caption: str) -> None:
    query = found.scope.query() | {"view": ONE}
    opens = {str(name): query | {"feature": str(name)} for name in rows["feature"]}
    lines = drift_words.table(rows, loads.facts(found.scope), loads.trail(found.scope), units(found.scope), opens)
    parts.table(lines, caption, drift_words.NUMBERS, ("State",))


def units(scope: Scope) -> dict[str, str]:
    """Returns the unit of each feature that has one."""
    return {feature.name: feature.unit for feature in load.contract(scope.model).features if feature.unit}


def one(found: Asked) -> None:
    """Does open one feature: what is said of it, reference against now, over time, by group, by version."""
    feature = _box([str(name) for name in found.rows["feature"]])
    judged = [f for f in found.findings if f.metric == "psi" and f.feature == feature]
    parts.findings([(finding.state, finding.sentence) for finding in judged])
    facts = loads.facts(found.scope)
    fact = next(iter(facts[facts["feature"] == feature].to_dict("records")), None)
    moved = drift_words.what(fact, units(found.scope).get(feature, ""))
    lost = drift_words.gone(fact)
    parts.section("Reference against now", f"{feature}: {moved}" + (f"; missing {lost}." if lost != "–" else "."))
    _against(found, feature, moved)
    _over_time(found, feature)
    if box := parts.opened("By group: whose values moved", "drift-groups"):
        with box:
            _by_group(found, feature)
    if box := parts.opened("By version", "drift-versions"):
        with box:
            _by_version(found, feature)


def _box(names: list[str]) -> str:
    """Returns the feature that is opened, which always stands in the URL: the first may be another one next week."""
    shown, written = (st.session_state.get(name) for name in ("feature", "feature-written"))
    linked = st.query_params.get("feature") if shown is None else followed("feature", shown, written)
    if linked in names:
        st.session_state["feature"] = linked
    chosen = str(st.selectbox("Feature", names, key="feature", width=320))
    st.query_params["feature"] = st.session_state["feature-written"] = chosen
    return chosen


def _against(found: Asked, feature: str, moved: str) -> None:
    shares = load.distribution(found.scope, feature)
    if shares.empty:
        parts.nothing("This one has no distribution to draw.", "Its values are all missing in one of the two windows.")
        return
    if "category" in shares:
        parts.picture(charts.categories_against_now(shares), f"shares-{feature}", say.shares(shares))
    else:
        figure = charts.reference_against_now(shares, load.unit(found.scope, feature))
        parts.picture(figure, f"shares-{feature}", f"{say.moved(found.rows, feature)}; {moved}")
    parts.download(shares, f"distribution-{feature}")


def _over_time(found: Asked, feature: str) -> None:
    rows = loads.over_time(found.scope, feature)
    if not rows["value"].notna().any():
        return
    judged = rows["state"].notna().any()
    how = "A mark is what the policy said of that window, all features judged together." if judged else "Not judged."
    parts.section(f"{feature}, window by window", how)
    figure = charts.disparity_over_time(rows, found.allowed, load.version_starts(found.scope.model))
    parts.picture(figure, f"psi-{feature}", say.alt(rows, "since"), states=rows["state"].dropna())
    parts.download(rows, f"psi-{feature}")


def _by_group(found: Asked, feature: str) -> None:
    attribute = found.scope.attribute
    if attribute is None:
        parts.nothing("No protected attribute is declared.", "Declare one in contract.toml: [attributes.NAME].")
        return
    rows, unit = loads.groups(found.scope, feature), units(found.scope).get(feature, "")
    if rows.empty:
        parts.nothing("No group has values in both windows.", "Choose another attribute or window at the top.")
        return
    name = say.plain(attribute)
    says = drift_words.groups_say(rows, name, unit)
    parts.findings([(None, says)])
    figure = charts.interval_dots(rows.drop(columns="feature"))
    parts.picture(figure, f"psi-{feature}-by-{attribute.replace('*', '-')}", says)
    right = ("PSI", "95 % interval", "Missing", "n then", "n now")
    parts.table(drift_words.group_table(rows, unit), f"{feature} by {name}, reference and now", right)
    parts.note(
        "Each group against itself in the reference; plain 95 % intervals, days assumed independent, no verdict."
    )
    parts.download(rows, f"psi-{feature}-by-group")


def _by_version(found: Asked, feature: str) -> None:
    rows = loads.by_version(found.scope, feature)
    rows = rows[rows["version"].notna()] if len(rows) else rows
    if rows.empty:
        parts.nothing("No version has values here.", "Choose another window at the top.")
        return
    parts.readings_table(rows, f"{title('psi')} of {feature} against the reference, by version", by="version")
    parts.download(rows, f"psi-{feature}-by-version")


def measures(found: Asked) -> None:
    """Does show every measure of every feature."""
    shown = load.drift(found.scope).drop(columns=["kind", "attribute", "group", "reference"])
    parts.grid(shown, "drift", "Drift readings")
    parts.download(shown, "drift-all")


def labels(found: Asked) -> None:
    """Does show whether a score still means what it meant."""
    concept.section(found.scope)


def together(found: Asked) -> None:
    """Does show whether the inputs of the window can be told from the reference's."""
    inputs_together.section(found.scope)


def does(found: Asked) -> None:
    """Does show what each input's drift does to the model."""
    effects.section(found.scope, found.inputs)


def why(found: Asked) -> None:
    """Does show which inputs count most, and whether their order is the reference's."""
    attributions.section(found.scope)
