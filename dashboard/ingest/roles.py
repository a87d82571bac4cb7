"""Which column plays which role: by its name and what is in it.

Sure: name and content both say so. Likely: one says so and the other agrees. Guess: nothing contradicts it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dashboard.ingest.profiles import ColumnProfile

Confidence = Literal["sure", "likely", "guess"]
NEARLY_ALL = 0.99  # a few broken rows do not hide what a column is: they would be turned away
NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "predicted_at|prediction_time|scored_at|predicted_on|prediction_timestamp",
        "timestamp|time|datetime|event_time|created_at|requested_at|date|ts|encounter_time|admitted_at",
    ),
    "labeled_at": ("labeled_at|labelled_at|label_time|label_date|outcome_at|outcome_date", ""),
    "id": ("prediction_id|request_id|inference_id|row_id|id|uuid", r".*_id|encounter.*|case.*|.*_uuid|.*_nr|.*_number"),
    "subject": ("patient_id|subject_id|person_id|member_id|customer_id|user_id|mrn|patient_nbr|patient|subject", ""),
    "version": ("model_version|version", "model|model_name|model_id|release"),
    "decision": ("decision|prediction|predicted|pred|y_pred|predicted_label|predicted_class|y_hat", ".*_pred|pred_.*"),
    "label": (
        "label|y_true|actual|outcome|truth|ground_truth|y",
        "target|class|true_.*|actual_.*|.*_label|readmitted|readmission|event|result",
    ),
    "score": (
        "score|probability|prob|proba|y_prob|y_score|risk_score|predicted_probability|y_proba|risk",
        ".*score.*|.*prob.*|p|confidence|.*risk.*|prediction|predicted|pred|y_pred|y_hat|predicted_value",
    ),
    "latency_ms": ("latency_ms|duration_ms|response_time_ms|elapsed_ms|latency_millis", "latency|.*_ms"),
    "status": ("status|status_code|http_status", "error|error_code|outcome_code"),
    "endpoint": ("endpoint|route", "url|path|service"),
    "energy_wh": ("energy_wh", ""),
    "cost": ("cost_usd|cost_eur|prediction_cost|inference_cost", "cost|price"),
    "value": ("value|business_value", ""),
    "weight": ("weight|sample_weight", ""),
}


@dataclass(frozen=True)
class Guess:
    """What a column was taken for, how sure that is, and why."""

    column: str
    role: str
    confidence: Confidence
    why: str


def named(column: ColumnProfile, pattern: str) -> bool:
    """Returns whether a column's name fits a pattern, whatever its case and separators."""
    return (
        bool(pattern) and re.fullmatch(pattern, re.sub(r"[^a-z0-9]+", "_", column.name.lower()).strip("_")) is not None
    )


def role_of(role: str, columns: list[ColumnProfile]) -> Guess | None:
    """Returns the column that fits a role best: by name and content, else by content alone where that is telling."""
    plain, loose = NAMES[role]
    for pattern, confidence, why in (
        (plain, "sure", "name and content"),
        (loose, "likely", "name, and content agrees"),
    ):
        for column in columns:
            if named(column, pattern) and _fits(role, column):
                strays = _strays(role, column)
                sure = _certain("likely" if strays else confidence, column)
                return Guess(column.name, role, sure, f"{why}: {described(column)}{strays}")
    if role == "time":
        for column in columns:
            if column.family == "time":
                return Guess(column.name, role, "guess", f"the first column of times: {described(column)}")
    if role == "score":
        for column in columns:
            if is_share(column) and not column.whole and column.distinct > 20:
                return Guess(column.name, role, "guess", f"numbers in [0, 1]: {described(column)}")
    return None


def label_like(decided: ColumnProfile, columns: list[ColumnProfile]) -> Guess | None:
    """Returns the one column that has exactly the decision's two values, if there is just one."""
    known = _spelled(decided)
    alike = [column for column in columns if len(known) == 2 and _spelled(column) == known]
    if len(alike) != 1:
        return None
    return Guess(alike[0].name, "label", "guess", f"the decision's two values: {described(alike[0])}")


def _spelled(column: ColumnProfile) -> set[str]:
    """Returns a column's commonest values, 1.0 and 1 being one."""
    return {value.removesuffix(".0") for value, _ in column.values}


def _certain(confidence: str, column: ColumnProfile) -> Confidence:
    if column.given == 0:
        return "guess"
    return "sure" if confidence == "sure" else "likely"


def _fits(role: str, column: ColumnProfile) -> bool:
    """Does the content allow the role?"""
    if column.given == 0:
        return role in ("label", "labeled_at")
    number = column.family == "number"
    if role in ("time", "labeled_at"):
        return column.family == "time" or (number and (column.minimum or 0) > 1e9)
    if role == "id":
        return (
            column.distinct >= NEARLY_ALL * column.given
            and column.family in ("text", "number")
            and (column.whole or not number)
        )
    if role == "score":
        return number and not (column.whole and column.distinct <= 2 and column.given > 100)
    if role in ("latency_ms", "energy_wh", "value", "weight"):
        return number
    if role == "cost":
        return number and (column.minimum or 0) >= 0
    if role == "label":
        return column.distinct <= 50 or number
    if role == "decision":
        return column.distinct <= 50
    return role == "subject" or column.distinct <= 200


def _strays(role: str, column: ColumnProfile) -> str:
    """Returns how many rows would be turned away for an id that is there already or a score that is no share."""
    twice, outside = column.given - column.distinct, column.given - column.shares
    if role == "id" and twice:
        return f"; {twice:,} come again and would be turned away"
    if role == "score" and outside and is_share(column):
        return f"; {outside:,} lie outside [0, 1] and would be turned away"
    return ""


def is_share(column: ColumnProfile) -> bool:
    """Returns whether a column holds numbers in [0, 1], a few strays apart."""
    return column.minimum is not None and column.shares >= NEARLY_ALL * column.given


def described(column: ColumnProfile) -> str:
    """Returns what is in a column, in a few words."""
    if column.given == 0:
        return "empty so far"
    missing = f", {column.missing / column.rows:.0%} missing" if column.missing else ""
    if column.unique:
        return f"{column.family}, no value twice{missing}"
    if column.distinct <= 4:
        return f"{', '.join(value for value, _ in column.values)}{missing}"
    return f"{column.family}, {column.distinct:,} different values{missing}"


def class_scores(left: dict[str, ColumnProfile]) -> dict[str, str]:
    """Returns class to column where three or more columns are named p_<class> (or prob_, proba_, score_)."""
    for prefix in ("p_", "prob_", "proba_", "probability_", "score_"):
        found = [c.name for c in left.values() if c.name.lower().startswith(prefix) and is_share(c)]
        if len(found) >= 3:
            return {name[len(prefix) :]: name for name in found}
    return {}


def attribution_columns(left: dict[str, ColumnProfile]) -> dict[str, str]:
    """Returns input (lower case) to column where numbers are named shap_<input>, attribution_<input>, <input>_shap."""
    there = {name.casefold() for name in left}
    found: dict[str, str] = {}
    for column in left.values():
        match = re.fullmatch(r"(?:shap_|attribution_)(.+)|(.+)_shap", column.name.casefold())
        of = (match[1] or match[2]) if match else ""
        if of in there and column.family == "number":
            found.setdefault(of, column.name)
    return found
