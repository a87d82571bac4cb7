"""The cases page's parts: the filter, the table, one case as a clinician reads it, and the flag."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, get_args

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import MINUS, day, in_order, number
from dashboard.contract import Feature
from dashboard.errors import EvenhandError
from dashboard.review.events import new_id
from dashboard.review.events_cases import REASONS, Flagged, Severity
from dashboard.ui import load, login, marks, parts, people, say
from dashboard.ui.say import many
from dashboard.ui.state import Scope

LIMIT = 200
OUTCOMES = {
    "wrong": "wrong answers",
    "false negative": "missed cases (false negatives)",
    "false positive": "false alarms (false positives)",
    "true positive": "found cases (true positives)",
    "true negative": "cases rightly left alone",
    "no label yet": "cases without a label yet",
    "any": "cases",
}
Address = tuple[date, str, str]


def filter_row(scope: Scope) -> dict[str, Any]:
    """Returns the filters that are chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        outcomes = _outcomes(scope)
        first = outcomes.index("any") if st.query_params.get("id") else 0  # a link to one case shows it, right or wrong
        outcome = st.selectbox("Show", outcomes, first, format_func=OUTCOMES.__getitem__, key="outcome", width=260)
        group = st.selectbox(
            say.plain(scope.attribute or "group").capitalize(), ["any", *_groups(scope)], key="group", width=200
        )
        id_ = st.text_input("Id", key="id", width=180, placeholder="exactly", bind="query-params")
    chosen: dict[str, Any] = {"outcome": None if outcome == "any" else outcome, "id": id_.strip() or None}
    return chosen if group == "any" else chosen | {"attribute": scope.attribute, "group": group}


def _outcomes(scope: Scope) -> list[str]:
    """Returns the outcomes that cases of a task have: a number is not right or wrong, a class not positive."""
    classes = {"regression": ("any", "no label yet"), "multiclass": ("wrong", "no label yet", "any")}
    return list(classes.get(load.contract(scope.model).task, tuple(OUTCOMES)))


def _groups(scope: Scope) -> list[str]:
    if scope.attribute is None:
        return []
    counted = load.readings(scope, ("count",), ("data",), attribute=scope.attribute)
    return in_order(str(group) for group in counted["group"].dropna())


def sentence(found: pd.DataFrame, filters: dict[str, Any]) -> tuple[str, str]:
    """Returns how many cases the filter shows, and what they are."""
    what = OUTCOMES[filters["outcome"] or "any"].split(" (")[0]
    of = f" among {say.group(filters['group'])}" if filters.get("group") else ""
    single = what.replace("answers", "answer").replace("cases", "case").replace("alarms", "alarm")
    n = f"The newest {LIMIT} {what}" if len(found) == LIMIT else many(len(found), single, what)
    return f"{n}{of}.", "Newest first. Open one to see what the model was given, and flag what is wrong."


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Returns the cases as the table shows them: address, answer, truth, groups."""
    hidden = {"day", "latency_ms", "status"}
    return found[[name for name in found.columns if name not in hidden]]


def chosen(shown: pd.DataFrame) -> Address | None:
    """Returns the address of the case that is opened, by its row or by the box below the table."""
    config: Any = {
        "time": st.column_config.DatetimeColumn("Time", format="D MMM YYYY, HH:mm"),
        "score": st.column_config.NumberColumn("Score", format="percent"),
        "id": "Id",
        "version": "Version",
        "outcome": "Outcome",
        "decision": "Said",
        "label": "Label",
    }
    event = st.dataframe(
        shown, key="cases-table", hide_index=True, on_select="rerun", selection_mode="single-row", column_config=config,
        height=380, alt="Cases, newest first; select a row to open one",
    )  # fmt: skip
    rows = event["selection"]["rows"]
    names = [f"{row.id} · {row.version} · {row.time:%Y-%m-%d}" for row in shown.itertuples()]
    picked = st.selectbox("Case", names, index=rows[0] if rows else None, placeholder="Open one by its id", width=360)
    if picked is None:
        return None
    row = shown.iloc[names.index(picked)]
    return pd.Timestamp(row["time"]).date(), str(row["version"]), str(row["id"])


def answer(case: dict[str, Any]) -> str:
    """Returns what the model said and what happened, in a sentence."""
    said = "" if case.get("score") is None else f"The model said {number(case['score'], 'share')}"
    words: dict[Any, tuple[str, str]] = {
        1: ("and decided yes", "It happened."),
        0: ("and decided no", "It did not happen."),
    }
    decided, truth = (
        words.get(case.get("decision"), ("", ""))[0],
        words.get(case.get("label"), ("", "No label yet."))[1],
    )
    return f"{said} {decided}. {truth} {day(case['time'], year=True)}, version {case['version']}.".replace(
        " .", "."
    ).strip()


def inputs(scope: Scope, case: dict[str, Any]) -> list[dict[str, object]]:
    """Returns what the model was given: each input with its unit, its possible range and where it lies among all."""
    rows: list[dict[str, object]] = []
    contract = load.contract(scope.model)
    added = {name: case["inputs"].get(column) for name, column in contract.attributions.items()}
    largest = max((abs(value) for value in added.values() if value is not None), default=0.0)
    for feature in contract.features:
        given = case["inputs"].get(feature.name)
        told = "missing" if given is None else f"{given:,.4g}" if isinstance(given, float) else str(given)
        row: dict[str, object] = {
            "Input": feature.name.replace("_", " "),
            "Value": f"{told} {feature.unit}".strip() if given is not None else told,
            "Among all": _among(feature, given, load.distribution(scope, feature.name)),
            "Possible": _possible(feature),
        }
        rows.append(row | ({"Added to the answer": _added(added.get(feature.name), largest)} if added else {}))
    return rows


def _added(value: float | None, largest: float) -> marks.Pictured | str:
    """Returns what an input added to this answer, as logged: a bar to the right is more, to the left less."""
    if value is None:
        return "not logged"
    return marks.Pictured(charts.signed_bar(value, largest), f"{value:+.3g}".replace("-", MINUS) if value else "0")


def _possible(feature: Feature) -> str:
    """Returns the range that the contract allows.

    >>> _possible(Feature("age", "numeric", minimum=0)), _possible(Feature("age", "numeric", minimum=0, maximum=120))
    ('at least 0', '0 to 120')
    """
    low, high = feature.minimum, feature.maximum
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    return f"at least {low:g}" if low is not None else f"at most {high:g}" if high is not None else ""


def _among(feature: Feature, given: Any, shares: pd.DataFrame) -> marks.Pictured | str:
    """Returns where a value lies among all of the reference, as a strip and in words; of a category its share."""
    if shares.empty:
        return ""
    if "category" in shares:
        own = float(shares.loc[shares["category"] == given, "reference"].sum())
        return "" if given is None else f"{own * 100:.0f} of 100 have it"
    if given is None:
        return marks.Pictured(charts.strip(shares, None, feature.minimum, feature.maximum), "")
    value = float(given)
    below = float(shares.loc[shares["high"] <= value, "reference"].sum())
    impossible = (feature.minimum is not None and value < feature.minimum) or (
        feature.maximum is not None and value > feature.maximum
    )
    words = f"above {below * 100:.0f} of 100" + ("; not a possible value" if impossible else "")
    return marks.Pictured(charts.strip(shares, value, feature.minimum, feature.maximum), words)


def features(scope: Scope, case: dict[str, Any]) -> list[str]:
    """Returns the numeric inputs that the case has a value for."""
    numeric = (feature.name for feature in load.contract(scope.model).features if feature.kind == "numeric")
    return [name for name in numeric if case["inputs"].get(name) is not None]


def value(case: dict[str, Any], feature: str) -> float:
    """Returns the case's value of a numeric input."""
    return float(case["inputs"][feature])


def here(case: dict[str, Any], feature: str) -> str:
    """Returns in words what the picture of a case shows."""
    return f"{feature} in the reference and now; this case has {value(case, feature):,.4g}"


def flags(found: Sequence[tuple[Any, Flagged]]) -> None:
    """Does list the flags that a case has already."""
    for recorded, done in found:
        who = f"Flagged by {done.name} ({done.role}), {day(recorded.at.date())}"
        parts.findings([("outside", f"{REASONS[done.reason]}. {done.comment}", who)])


def flag_form(scope: Scope, case: dict[str, Any]) -> None:
    """Does show the flag's form and, when it is sent, put the flag into the ledger."""
    parts.section("Flag this case", login.kept())
    kept = f"flag-{case['id']}-{case['version']}"
    identity = st.session_state.setdefault(kept, new_id())
    with st.form("flag", border=True):
        name, role = login.name_and_role("flag", "Emergency physician")
        reason = st.radio("What is wrong", list(REASONS), format_func=REASONS.__getitem__, key="flag-reason")
        severity = st.radio("How bad it is", get_args(Severity), 1, key="flag-severity", horizontal=True)
        right_answer = st.text_input("The right answer, if you know it", key="flag-answer")
        comment = st.text_area("Comment", key="flag-comment")
        sent = st.form_submit_button("Flag this case")
    if not sent:
        return
    try:
        typed = {"name": name, "role": role, "reason": reason, "severity": severity, "comment": comment}
        typed |= {"right_answer": right_answer or None}
        recorded = people.flag(scope, case, identity, **typed)
    except EvenhandError as error:
        parts.nothing(f"Not flagged. {error.found}", error.expected, error.todo)
        return
    del st.session_state[kept]
    st.success(f"Flagged. Act {recorded.sequence} of the record.", icon=":material/check:")
