"""What happened when: the line of time with everything on it, its table, and what is out of the ordinary now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.charts.words import day, window
from dashboard.policy import Finding
from dashboard.report.events import COLUMNS, Event, in_order, on
from dashboard.report.unit_changes import UnitChange
from dashboard.ui import load, marks, parts
from dashboard.ui.say import many
from dashboard.ui.state import Scope

SERIES = {  # of the pipeline: its lane, and the page that shows it
    "silence": ("Predictions", "service"),
    "volume": ("Predictions", "service"),
    "errors": ("Failures", "service"),
    "latency": ("Latency", "service"),
    "missing": ("Missing values", "data"),
    "out_of_range": ("Impossible values", "data"),
    "constant": ("Stuck values", "data"),
    "rejected": ("Rows turned away", "data"),
    "score": ("Score", "drift"),
    "input": ("Inputs", "drift"),
    "unit": ("Inputs", "data"),
    "performance": ("How good", "performance"),
}
KINDS = {
    "version": ("Versions", "performance"),
    "schema": ("Columns and policy", "data"),
    "policy": ("Columns and policy", "overview"),
    "outside": ("Checks outside", "overview"),
    "sign-off": ("Sign-offs", "signoff"),
}
RECENT = 35  # days at the end of the log that the first lines of the overview are about
NEEDED = 14  # days before anything can be said to be unusual
LEVELS = ("input", "performance")
LEVELS_TOLD = 4  # in sentences, the newest
NAMED = 5  # of what is out of the ordinary
AROUND = timedelta(days=14)
ROWS = 200  # of the table; the download has all


def events(model: str, findings: Sequence[Finding]) -> list[Event]:
    """Returns what happened to a model, and on which days a check is outside its range, in order."""
    return in_order([*load.model(model).events(), *_outside(findings)])


def log(model: str) -> tuple[date, date]:
    """Returns the first day of the log and the day after its last."""
    extent = load.held(model).extent
    return extent.first, extent.last + timedelta(days=1)


def coming(scope: Scope) -> None:
    """Does say that predictions have stopped, or where the log ends."""
    found = load.model(scope.model).feed()
    if found.state == "stopped":
        parts.linked_sentences([(found.sentence, "service", scope.window)], "feed")
    elif found.state == "ended":
        parts.note(found.sentence)


def unusual(scope: Scope, happened: Sequence[Event]) -> None:
    """Does say what in the pipeline was out of the ordinary lately, the most unusual first."""
    first, end = log(scope.model)
    if (end - first).days <= NEEDED:
        parts.note(f"What is usual in the pipeline is known after two weeks; this log has {(end - first).days} days.")
        return
    found = recent(happened, end)
    if not found:
        parts.note("Nothing in the pipeline was out of the ordinary in the last five weeks of the log.")
        return
    more = f" {len(found) - NAMED} more are below." if len(found) > NAMED else ""
    parts.section(
        "Out of the ordinary in the last five weeks",
        f"Against the same hours of the week over the eight weeks before; no rule of the policy judges this.{more}",
    )
    told = found[:NAMED]
    parts.linked_sentences(
        [(event.sentence, place(event)[1], around(event, (first, end))) for event in told], "unusual"
    )


def units(changes: Sequence[UnitChange], scope: Scope) -> list[tuple[str, str, str]]:
    """Returns the units that seem to have changed, each with what the model made of it, as linked sentences."""
    return [(f"{one.sentence} {one.effect}".strip(), "data", scope.window) for one in changes]


def recent(happened: Sequence[Event], end: date) -> list[Event]:
    """Returns the pipeline's events at the end of the log: silences first, then what is furthest from the usual.

    Units that changed and levels that stayed stand in sentences of their own.
    """
    start = end - timedelta(days=RECENT)
    here = [
        event
        for event in happened
        if event.series
        and event.series not in ("unit", "constant", *LEVELS)
        and (event.series != "silence" or event.until)  # what lasts is told before, as are these
        and (event.until or event.since) > on(start)
        and (event.kind == "anomaly" or event.since >= on(start))
    ]
    return sorted(here, key=lambda event: (event.series != "silence", -event.ratio, event.since))


def timeline(scope: Scope, happened: Sequence[Event]) -> None:
    """Does draw everything that happened over one axis of time, filtered, with the table behind it."""
    parts.section(
        "What happened when",
        "Bars last as long as what they stand for; an open triangle is a level that has stayed since. "
        "Dotted lines run down from new versions, columns and policies.",
    )
    stayed = standing(happened, log(scope.model))
    parts.linked_sentences(stayed, "stayed")
    rows = frame(happened)
    chosen = _chosen([lane for lane in charts.LANES if (rows["lane"] == lane).any()])
    shown = rows[rows["lane"].isin(chosen)] if chosen else rows
    kept = [event for event in happened if not chosen or place(event)[0] in chosen]
    first, end = log(scope.model)
    parts.picture(charts.timeline(shown, (first, end)), "timeline", words(kept))
    later = [event for event in kept if event.since >= on(end)]
    if later:
        parts.note(f"{many(len(later), 'event')} after the last day of the log: in the table, not in the picture.")
    box = parts.opened("The same as a table, with links", "events")
    if box:
        with box:
            _table(scope, kept)
    parts.download(lambda: pd.DataFrame([event.as_dict() for event in kept], columns=list(COLUMNS)), "events")


def standing(happened: Sequence[Event], log: tuple[date, date]) -> list[tuple[str, str, str]]:
    """Returns the newest levels of inputs and of how good the model is that still hold, as linked sentences."""
    held = [event for event in happened if event.series in LEVELS and event.kind == "change"]
    return [(event.sentence, place(event)[1], around(event, log)) for event in held[-LEVELS_TOLD:]]


def _chosen(lanes: Sequence[str]) -> list[str]:
    """Returns the lanes that are asked for; none is all. They are part of the URL."""
    if len(lanes) < 3:
        return []
    return list(st.pills("Show only", lanes, selection_mode="multi", key="lanes", bind="query-params"))


def _table(scope: Scope, happened: Sequence[Event]) -> None:
    rows: list[dict[str, object]] = []
    for event in list(reversed(happened))[:ROWS]:
        lane, page = place(event)
        query = scope.query() | ({"window": around(event, log(scope.model))} if event.series else {})
        link = marks.Linked(f"{page.capitalize()} →", page, query) if page != "overview" else ""
        rows.append({"When": _when(event), "What": event.sentence, "Where": lane, "Shown on": link})
    parts.table(rows, f"What happened, newest first{'' if len(happened) <= ROWS else f': the last {ROWS}'}")


def frame(happened: Sequence[Event]) -> pd.DataFrame:
    """Returns events as the picture takes them: time, until, lane, stays, text, short."""
    rows = [
        (event.since, event.until, place(event)[0], event.kind == "change", event.sentence, event.short)
        for event in happened
    ]
    found = pd.DataFrame(rows, columns=["time", "until", "lane", "stays", "text", "short"])
    return found.assign(time=pd.to_datetime(found["time"]), until=pd.to_datetime(found["until"]))


def place(event: Event) -> tuple[str, str]:
    """Returns the lane of an event and the page that shows more of it."""
    return SERIES[event.series] if event.series else KINDS[event.kind]


def around(event: Event, log: tuple[date, date]) -> str:
    """Returns the window of an event with two weeks before and after it, as far as the log goes."""
    before, after = event.since.date() - AROUND, (event.until or event.since).date() + AROUND
    return f"{max(before, log[0])}..{min(after, log[1])}"


def words(happened: Sequence[Event]) -> str:
    """Returns the line of time in words."""
    return " ".join(_told(event) for event in happened) or "Nothing happened."


def _told(event: Event) -> str:
    return event.sentence if event.series and event.series != "rejected" else f"{_when(event)}: {event.sentence}"


def _when(event: Event) -> str:
    if event.until is None:
        return day(event.since.date(), year=True)
    if event.since.time() == event.until.time() == on(event.since.date()).time():
        return window(event.since.date(), event.until.date(), year=True)
    same = event.since.date() == event.until.date()
    end = f"{event.until:%H:%M}" if same else f"{day(event.until.date())}, {event.until:%H:%M}"
    return f"{day(event.since.date(), year=True)}, {event.since:%H:%M} to {end}"


def _outside(findings: Sequence[Finding]) -> list[Event]:
    counted = Counter((f.since, f.until, f.kind) for f in findings if f.state == "outside" and f.since)
    return [
        Event(
            "outside",
            on(date.fromisoformat(str(since))),
            on(date.fromisoformat(str(until))),
            f"{kind.capitalize()}: {n} outside.",
        )
        for (since, until, kind), n in counted.items()
    ]
