"""What came of review: how often the model errs by experts' answers, beside what labels say; how far people agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.charts.words import day, group_name, interval, number, window
from dashboard.metrics import agreement
from dashboard.metrics.reviewed import Frame, Reviewed
from dashboard.report.reviewed import RATES, reviewed_readings
from dashboard.report.scope import Reading
from dashboard.review import states_cases
from dashboard.review.ledger import Recorded
from dashboard.ui import load, parts, people, say
from dashboard.ui.state import Scope

LABELLED = {
    "reviewed_error_rate": "accuracy",
    "reviewed_true_positive_rate": "true_positive_rate",
    "reviewed_false_positive_rate": "false_positive_rate",
}
WORDS = {
    "reviewed_error_rate": "Wrong",
    "reviewed_true_positive_rate": "Found, of those who are positive",
    "reviewed_false_positive_rate": "False alarms, of those who are not",
}


def section(scope: Scope) -> None:
    """Does show what came of a draw: estimates by group, agreement, what showing the answer did."""
    draws = people.ledger().events(scope.model, "queued", newest_first=True)
    if not draws:
        parts.nothing(
            "No cases have been drawn yet.", "Flags alone say nothing of the rest: draw cases in the view Draw."
        )
        return
    numbers = {one.sequence: _named(one) for one in draws}
    chosen = st.selectbox(
        "Of which draw", list(numbers), format_func=numbers.__getitem__, key="results-draw", width=520
    )
    one = next(draw for draw in draws if draw.sequence == chosen)
    cases = people.ledger().states("case", scope.model)
    found = reviewed(scope, one, cases)
    readings = list(_readings(scope, one, found))
    parts.section(sentence(readings), _beside(found))
    rows = [_row(reading, _labelled(scope, one, reading)) for reading in readings]
    parts.table(rows, "By experts' answers, and by labels", ("By review", "By labels", "Reviewed"))
    parts.download(pd.DataFrame([reading.as_dict() for reading in readings]), "reviewed")
    _agreement([case for case in cases if case["answers"]])


def _named(one: Recorded) -> str:
    frame = one.event.body["frame"]
    days = window(date.fromisoformat(frame["since"]), date.fromisoformat(frame["until"]), year=True)
    return (
        f"{say.many(len(one.event.body['items']), 'case')} of {days}, drawn {day(one.at.date())} by {one.event.actor}"
    )


def reviewed(scope: Scope, one: Recorded, cases: Sequence[dict[str, Any]]) -> Reviewed:
    """Returns the cases of a draw and those flagged before it, as the estimators take them."""
    frame = one.event.body["frame"]
    items = {_key(scope.model, item): item for item in one.event.body["items"] if item["pi"] is not None}
    rows = [row for case in cases if (row := _entry(scope, one, frame, items, case)) is not None]
    group, decision, answer, pi, flagged, looked = (np.array([row[place] for row in rows]) for place in range(6))
    flags = {str(name): int((flagged.astype(bool) & (group == name)).sum()) for name in frame["sizes"]}
    frames = {name: Frame(size, size - flags.get(name, 0)) for name, size in frame["sizes"].items()}
    return Reviewed(
        group.astype(str), decision.astype(bool), answer.astype(bool), pi.astype(float), flagged.astype(bool),
        looked.astype(bool), frames,
    )  # fmt: skip


def _key(model: str, item: dict[str, Any]) -> str:
    return states_cases.case_key(model, item)


def _entry(
    scope: Scope, one: Recorded, frame: dict[str, Any], items: dict[str, Any], case: dict[str, Any]
) -> tuple[str, bool, bool, float, bool, bool] | None:
    """Returns group, decision, answer, chance, flagged, reviewed of a case; None where it has no part in the draw."""
    _, when, version, id_ = people.case_of(case["key"])
    inside = frame["since"] <= when < frame["until"] and frame["version"] in (None, version)
    before = inside and any(flag["sequence"] < one.sequence for flag in case["flags"])
    item = items.get(case["key"])
    if item is None and not before:
        return None
    group = item["stratum"] if item else _group(scope, frame["attribute"], when, version, id_)
    settled, shown = states_cases.settled(case), _shown(case)
    looked = settled is not None and shown is not None
    right = settled == shown
    if load.contract(scope.model).task == "binary":
        return group, shown == "1", settled == "1", float(item["pi"]) if item else 1.0, before, looked
    return group, True, right, float(item["pi"]) if item else 1.0, before, looked


def _shown(case: dict[str, Any]) -> str | None:
    """Returns what the model had said, as it was shown to whoever concluded."""
    return next((str(answer["shown"]) for answer in case["answers"] if answer.get("shown") is not None), None)


def _group(scope: Scope, attribute: str | None, when: str, version: str, id_: str) -> str:
    if not attribute:
        return ""
    case = load.case(scope.model, date.fromisoformat(when), version, id_) or {}
    return "*".join(str(case.get(name)) for name in attribute.split("*"))


def _readings(scope: Scope, one: Recorded, found: Reviewed) -> Sequence[Reading]:
    frame = one.event.body["frame"]
    binary = load.contract(scope.model).task == "binary"
    metrics = tuple(RATES) if binary else ("reviewed_error_rate",)
    asked = load.model(scope.model).scope(
        date.fromisoformat(frame["since"]), date.fromisoformat(frame["until"]), version=frame["version"],
        metrics=metrics, kinds=("performance",),
    )  # fmt: skip
    attribute = frame["attribute"] if frame["attribute"] and len(found.frames) > 1 else ""
    of_groups = reviewed_readings(found, asked, attribute) if attribute else ()
    return [*reviewed_readings(found, asked), *of_groups]


def sentence(readings: Sequence[Reading]) -> str:
    """Returns how often the model errs by experts' answers."""
    whole = next((one for one in readings if one.metric == "reviewed_error_rate" and one.group is None), None)
    if whole is None or whole.value is None:
        why = whole.note.removeprefix("cannot be computed: ") if whole else "nothing was drawn"
        return f"How often it errs can’t be said from review yet: {why}."
    between = interval(whole.low, whole.high, "share")
    return (
        f"By experts’ answers it is wrong for {number(whole.value, 'share')} of cases ({between}; {whole.n} reviewed)."
    )


def _beside(found: Reviewed) -> str:
    flags = found.upheld()
    told = f" Flags are counts, no rate: {flags}." if flags.flags else ""
    drawn, looked = int((~found.flagged).sum()), int((~found.flagged & found.reviewed).sum())
    return f"{looked} of {drawn} cases drawn by chance are reviewed; each stands for the cases it was drawn from.{told}"


def _labelled(scope: Scope, one: Recorded, reading: Reading) -> tuple[float | None, float | None, float | None]:
    """Returns what labels say of the same: value and limits; an error rate is what accuracy leaves."""
    frame = one.event.body["frame"]
    asked: dict[str, Any] = {"since": date.fromisoformat(frame["since"]), "until": date.fromisoformat(frame["until"])}
    names = (str(frame["attribute"]),) if reading.group is not None else ()
    name = LABELLED[reading.metric]
    known = load.model(scope.model).readings(
        metrics=(name,), version=frame["version"], kinds=("performance",), attributes=names, **asked
    )
    found = next((row for row in known if row.group == reading.group and row.value is not None), None)
    if found is None or found.value is None or found.low is None or found.high is None:
        return None, None, None
    return (
        (1 - found.value, 1 - found.high, 1 - found.low) if name == "accuracy" else (found.value, found.low, found.high)
    )


def _row(reading: Reading, labels: tuple[float | None, float | None, float | None]) -> dict[str, object]:
    def told(value: float | None, low: float | None, high: float | None) -> str:
        return "can’t be computed" if value is None else f"{number(value, 'share')} ({interval(low, high, 'share')})"

    return {
        "Group": "Everybody" if reading.group is None else group_name(reading.group),
        "What": WORDS[reading.metric],
        "By review": told(reading.value, reading.low, reading.high),
        "By labels": told(*labels),
        "Reviewed": f"{reading.n:,}",
        "Note": reading.note,
    }


def _agreement(cases: Sequence[dict[str, Any]]) -> None:
    """Does show how far two people agree, and what showing the model's answer did."""
    concluded = [answer for case in cases for answer in case["answers"] if answer["final"] is not None]
    twice = [[answer["blind"] for answer in case["answers"][:2]] for case in cases if len(case["answers"]) > 1]
    rows = []
    if twice:
        ratings = agreement.codes(twice)
        for name, of in (
            ("Agree", agreement.raw_agreement), ("Cohen’s kappa", agreement.cohens_kappa),
            ("Krippendorff’s alpha", agreement.krippendorffs_alpha), ("Gwet’s AC1", agreement.gwets_ac1),
        ):  # fmt: skip
            measure = of(ratings)
            low, high = measure.interval(0.95)
            value = "can’t be computed" if measure.value is None else number(measure.value, "ratio")
            rows.append(
                {"Two people": name, "Value": value, "95 % interval": interval(low, high, "ratio"), "Cases": measure.n}
            )
        parts.section("Do people agree?", agreement.collapse(ratings))
        parts.table(rows, "On cases that two people answered before they saw anything", ("Value", "Cases"))
    if concluded:
        blind, shown, after = ([answer[name] for answer in concluded] for name in ("blind", "shown", "final"))
        bias = agreement.automation_bias(blind, shown, after)
        told = [
            {
                "After the model’s answer was shown": words,
                "Share": number(rate.value, "share"),
                "Of": f"{rate.trials:,.0f}",
            }
            for words, rate in (("changed towards it", bias.towards), ("changed away from it", bias.away))
        ]
        parts.section("Does showing the model’s answer change theirs?")
        parts.table(told, "Answers given before, and after", ("Share", "Of"))
