"""What happened when: a lane for each kind of event over one axis of time, so that causes stand above their effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, GRID, Drawn, sheet
from dashboard.charts.palette import QUIET, STATES, UNJUDGED
from dashboard.charts.words import missing

PIPELINE = "#8a6fd1"  # no state's colour: no policy judges it
LANES = {
    "Versions": ("diamond-tall", UNJUDGED.colour),
    "Columns and policy": ("square", STATES["inconclusive"].colour),
    "Predictions": ("circle", PIPELINE),
    "Failures": ("circle", PIPELINE),
    "Latency": ("circle", PIPELINE),
    "Missing values": ("circle", PIPELINE),
    "Impossible values": ("circle", PIPELINE),
    "Stuck values": ("circle", PIPELINE),
    "Units": ("circle", PIPELINE),
    "Rows turned away": ("circle", PIPELINE),
    "Inputs": ("circle", PIPELINE),
    "Score": ("circle", PIPELINE),
    "How good": ("circle", PIPELINE),
    "Checks outside": ("triangle-up", STATES["outside"].colour),
    "Sign-offs": ("diamond", STATES["within"].colour),
}
CAUSES = ("Versions", "Columns and policy")
STAYED = "triangle-right-open"
HIGH = 42  # pixels of a lane
NEAR = 0.008  # of the time shown: what lies so near is one mark
BEGINNING = 0.03  # what began with the log is no cause of what came later
CHARACTER = 0.0185  # of a phone's width, with room beside the mark
HOVERED = 5  # events that one mark tells in full


def timeline(events: pd.DataFrame, log: tuple[object, object] | None = None) -> go.Figure:
    """Returns what happened on lanes over one axis of time; a thin line runs down from every version and policy.

    `events` has the columns time, until (None for a moment), lane (of LANES), stays (a level that stayed), text and
    short; `log` is the first and the last day to show, whatever happened on them.
    """
    span = _span(events, log)
    if events.empty or span is None:
        return sheet(HIGH)
    marks = [mark for lane in LANES for mark in _merged(events[events["lane"] == lane], span)]
    lanes = list(dict.fromkeys(mark["lane"] for mark in marks))
    depth = {lane: -place for place, lane in enumerate(lanes)}
    whole = {"xref": "paper", "x0": 0, "x1": 1}
    lines = [_line(y, y) | whole | {"layer": "below"} for y in depth.values()]
    after = span[0] + (span[1] - span[0]) * BEGINNING
    lines += [_drop(mark, -len(lanes) + 0.6) for mark in marks if mark["lane"] in CAUSES and mark["time"] > after]
    return sheet(
        56 + HIGH * len(lanes),
        [trace for lane in lanes for trace in _traces([m for m in marks if m["lane"] == lane], depth[lane], span)],
        shapes=lines,
        annotations=[_name(lane, depth[lane]) for lane in lanes] + _labels(marks, depth, span),
        yaxis={"visible": False, "range": [0.6 - len(lanes), 0.75], "fixedrange": True},
        xaxis=DATES | {"range": list(span)},
    )


def _span(events: pd.DataFrame, log: tuple[object, object] | None) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Returns what is shown: the log, with room for half a mark at both ends; without one from the first event on."""
    if log is None and events.empty:
        return None
    ends = log or (events["time"].min(), events[["time", "until"]].max(axis=None))
    first, last = (pd.Timestamp(str(end)) for end in ends)
    room = max((last - first) / 60, pd.Timedelta(hours=1))
    return first - room, last + room


def _merged(events: pd.DataFrame, span: tuple[pd.Timestamp, pd.Timestamp]) -> list[dict[str, Any]]:
    """Returns one lane's marks: events that lie very near each other are one, which says how many."""
    near, marks = (span[1] - span[0]) * NEAR, list[dict[str, Any]]()
    for row in events.sort_values("time", kind="stable").to_dict("records"):
        until = row["time"] if missing(row["until"]) else row["until"]
        last = marks[-1] if marks else None
        if last and last["stays"] == row["stays"] and row["time"] - last["time"] <= near:
            last["told"].append(row["text"])
            last |= {"until": max(until, last["until"]), "short": f"{len(last['told'])} events"}
        elif span[0] <= row["time"] <= span[1] or span[0] <= until <= span[1]:
            marks.append({str(k): v for k, v in row.items()} | {"until": until, "told": [row["text"]]})
    return marks


def _traces(marks: Sequence[Mapping[str, Any]], y: float, span: tuple[pd.Timestamp, pd.Timestamp]) -> list[Drawn]:
    """Returns a lane's bars and, at their beginnings, its marks; of a level that stayed the bar is thin and open."""
    if not marks:
        return []
    symbol, colour = LANES[marks[0]["lane"]]
    found: list[Drawn] = []
    for stays, width in ((False, 6), (True, 2)):
        bars = [(mark["time"], span[1] if stays else mark["until"]) for mark in marks if mark["stays"] == stays]
        bars = [(since, until) for since, until in bars if until > since]
        if bars:
            xs = [x for bar in bars for x in (*bar, None)]
            found.append(
                {
                    "type": "scatter", "x": xs, "y": [None if x is None else y for x in xs], "mode": "lines",
                    "line": {"color": colour, "width": width}, "hoverinfo": "skip",
                }
            )  # fmt: skip
    found.append(
        {
            "type": "scatter", "x": [mark["time"] for mark in marks], "y": [y] * len(marks), "mode": "markers",
            "hovertext": [_told(mark["told"]) for mark in marks], "hoverinfo": "text", "cliponaxis": False,
            "marker": {
                "symbol": [STAYED if mark["stays"] else symbol for mark in marks], "size": 12, "color": colour,
                "line": {"width": 2, "color": colour},
            },
        }
    )  # fmt: skip
    return found


def _told(texts: Sequence[str]) -> str:
    """Returns what one mark stands for: its events, those beyond HOVERED counted."""
    more = len(texts) - HOVERED
    return "<br>".join([*map(_folded, texts[:HOVERED]), *([f"and {more} more in the table"] if more > 0 else [])])


def _folded(text: str, width: int = 56) -> str:
    """Returns a text in lines of about so many characters."""
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{word}"
    return "<br>".join(lines)


def _name(lane: str, y: float) -> Drawn:
    """Returns a lane's name above its line, at the left: beside it would leave a phone no room for time."""
    at = {"xref": "paper", "x": 0, "xanchor": "left", "y": y, "yshift": 16, "showarrow": False}
    return at | {"text": lane, "font": {"size": 12}, "opacity": 0.75}


def _labels(
    marks: Sequence[Mapping[str, Any]], depth: Mapping[str, float], span: tuple[pd.Timestamp, pd.Timestamp]
) -> list[Drawn]:
    """Returns the few words of each mark beside it where they have room on a phone: after it, else before it."""
    found: list[Drawn] = []
    for lane, y in depth.items():
        here = [mark for mark in marks if mark["lane"] == lane]
        taken, over = span[0], False
        for mark, end in zip(here, [*(after["time"] for after in here[1:]), span[1]], strict=True):
            long = (span[1] - span[0]) * CHARACTER * (len(mark["short"]) + 2)
            over |= mark["stays"]
            past = mark["time"] if mark["stays"] else mark["until"]
            if mark["short"] and past + long <= end:
                found.append(_words(mark, past, y, "left", over))
                taken = past + long
            elif mark["short"] and mark["time"] - long >= taken:
                found.append(_words(mark, mark["time"], y, "right", over))
                taken = past
            else:
                taken = past
    return found


def _words(mark: Mapping[str, Any], x: pd.Timestamp, y: float, side: str, over: bool) -> Drawn:
    """Returns a mark's few words: beside it, above the line of a level that stayed."""
    shift = {"xanchor": side, "xshift": 9 if side == "left" else -9, "showarrow": False, "font": {"size": 12.5}}
    return shift | {"x": x, "y": y, "text": mark["short"], "yanchor": "bottom" if over else "middle"}


def _line(y0: float, y1: float) -> Drawn:
    return {"type": "line", "y0": y0, "y1": y1, "line": {"color": GRID, "width": 2}}


def _drop(mark: Mapping[str, Any], bottom: float) -> Drawn:
    """Returns the line that runs from a cause down through everything that may be its effect."""
    down = {"x0": mark["time"], "x1": mark["time"], "y0": 0, "y1": bottom, "layer": "below"}
    return {"type": "line", "line": {"color": QUIET, "width": 1, "dash": "dot"}} | down
