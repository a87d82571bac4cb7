"""When did it begin, and for whom? A panel for each group under one date axis, all to one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import DATES, GRID, TEXT, Drawn, band_of, hover, in_unit, marks_of, sheet, starts_of
from dashboard.charts.palette import QUIET, REFERENCE, STATES, UNJUDGED, state_of
from dashboard.charts.words import group_name, interval, made_of, missing, unit_of, window
from dashboard.metrics import METRICS

PANEL, NAME, FOOT, TOP = 104, 26, 26, 24  # pixels: a panel, the name above it, the dates below all, the versions above
WIDE = 4  # what has an interval of more than so many times the usual width may run out of its panel


def disparity_over_time(
    readings: pd.DataFrame,
    allowed: Sequence[float | None] | None = None,
    starts: Mapping[str, str] | None = None,
    reference: str | None = None,
    settled: str | None = None,
) -> go.Figure:
    """Returns one disparity over time: a panel for each group, or one where it is about no single group.

    `readings` has the 17 columns; with a column `state` each dot carries its mark and its interval as a whisker,
    without one the intervals are a band. What ends after `settled` is hollow. The line at 0 (of a ratio at 1) is no
    difference; `allowed` is the policy's range. The `reference` of a rate comes first and stands in every panel as a
    quiet line; the other groups come in the order in which they are given.
    """
    if readings.empty:
        return sheet(PANEL)
    unit = unit_of(str(readings["metric"].iloc[0]))
    panels = _panels(readings, reference)
    tall = TOP + FOOT + len(panels) * (PANEL + NAME)
    inside = tall - TOP - FOOT
    base = readings[readings["group"] == reference] if reference else readings.iloc[:0]
    traces, shapes, words, axes = [], [], [], {}
    for place, (group, rows) in enumerate(panels):
        name = "" if place == 0 else str(place + 1)
        top = 1 - (place * (PANEL + NAME) + NAME) / inside
        axes[f"yaxis{name}"] = _axis(readings, allowed, unit) | {"domain": [max(top - PANEL / inside, 0), top]}
        quiet = base if group != reference else base.iloc[:0]
        colour = REFERENCE if group is not None and group == reference else UNJUDGED.colour
        lines, drawn = _panel(rows, quiet, colour, f"y{name}", settled)
        traces += lines
        shapes += [*_levels(_none(readings), allowed, f"y{name}"), *drawn]
        words += _named(group, group == reference, top)
    uprights = starts_of(starts)
    return sheet(
        tall,
        traces,
        shapes=[*shapes, *(line for line, _ in uprights)],
        annotations=[*words, *(text for _, text in uprights)],
        margin={"l": 8, "r": 8, "t": TOP, "b": FOOT},
        xaxis=DATES
        | {
            "range": [str(readings["since"].min()), str(readings["until"].max())],
            "anchor": f"y{len(panels) if len(panels) > 1 else ''}",
        },
        **axes,
    )


def _panels(readings: pd.DataFrame, reference: str | None) -> list[tuple[str | None, pd.DataFrame]]:
    """Returns what stands in each panel: the reference first, then the others; else everything in one."""
    groups = list(dict.fromkeys(str(group) for group in readings["group"].dropna()))
    if not groups:
        return [(None, readings)]
    groups.sort(key=lambda group: group != reference)
    return [(group, readings[readings["group"] == group]) for group in groups]


def _axis(readings: pd.DataFrame, allowed: Sequence[float | None] | None, unit: Any) -> Drawn:
    axis = {"zeroline": False, "automargin": True, "tickfont": {"size": TEXT - 2}, "gridcolor": GRID}
    told = readings[readings["state"] != "cannot be computed"] if "state" in readings else readings
    told = readings if told["value"].isna().all() else told  # too few cases reach too far
    value, low, high = (told[key].astype(float) for key in ("value", "low", "high"))
    usual = (high - low) <= WIDE * (high - low).median()
    if "state" in told:  # the further a distribution has moved, the wider its interval: it is what has to be seen
        usual |= told["state"] == "outside"
    ends = [end for column in (value, low, high) for end in column[usual].dropna()] or list(value.dropna())
    ends += [float(end) for end in allowed or () if end is not None and not missing(end)]
    ends += [none] if (none := _none(readings)) is not None else []
    least, most = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = 0.08 * ((most - least) or 1.0)
    return axis | in_unit(least - room, most + room, unit, about=4)


def _none(readings: pd.DataFrame) -> float | None:
    """Returns where no difference lies, None for what is no contrast."""
    metric = str(readings["metric"].iloc[0])
    known = METRICS.get(metric)
    at = {"near zero": 0.0, "near one": 1.0}.get(known.better if known else "")
    return at if at is not None else {"points": 0.0, "ratio": 1.0}.get(unit_of(metric))


def _levels(none: float | None, allowed: Sequence[float | None] | None, axis: str) -> list[Drawn]:
    drawn = [band_of(allowed, "y") | {"yref": axis}] if allowed else []
    if none is not None:
        line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis, "y0": none, "y1": none}
        drawn.append(line | {"layer": "below", "line": {"color": QUIET, "width": 1}})
    return drawn


def _named(group: str | None, is_reference: bool, top: float) -> list[Drawn]:
    if group is None:
        return []
    text = f"<b>{group_name(group)}</b>" + (" (reference)" if is_reference else "")
    at = {"x": 0, "xref": "paper", "y": top, "yref": "paper", "xanchor": "left", "yanchor": "bottom", "xshift": 5}
    return [at | {"text": text, "showarrow": False}]


def _panel(
    rows: pd.DataFrame, base: pd.DataFrame, colour: str, axis: str, settled: str | None
) -> tuple[list[Drawn], list[Drawn]]:
    """Returns a panel's traces and shapes."""
    known = rows[rows["value"].notna()].sort_values("since")
    quiet = [_line(base[base["value"].notna()].sort_values("since"), REFERENCE, axis, dash="dot")] if len(base) else []
    if "state" not in rows:
        drawn = [_band(known, colour, axis), _line(known, colour, axis), *_dots(known, colour, axis, settled)]
        return [*quiet, *drawn], []
    judged, others = known[known["state"].notna()], known[known["state"].isna()]
    trace, shapes = marks_of(
        _middles(judged), list(judged["value"]), list(judged["state"]), _facts(judged), axis
    )  # fmt: skip
    plain = _dots(others, UNJUDGED.colour, axis, settled)
    return [*quiet, _line(known, QUIET, axis), *_whiskers(known, axis), *plain, trace], shapes


def _line(rows: pd.DataFrame, colour: str, axis: str, dash: str = "solid") -> Drawn:
    return {
        "type": "scatter", "x": _middles(rows), "y": list(rows["value"]), "yaxis": axis, "mode": "lines",
        "line": {"color": colour, "width": 1.5, "dash": dash}, "hoverinfo": "skip",
    }  # fmt: skip


def _band(rows: pd.DataFrame, colour: str, axis: str) -> Drawn:
    bounded = rows[rows["low"].notna() & rows["high"].notna()]
    at = _middles(bounded)
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return {
        "type": "scatter", "x": [*at, *at[::-1]], "y": [*bounded["high"], *bounded["low"][::-1]], "yaxis": axis,
        "fill": "toself", "fillcolor": f"rgba({red}, {green}, {blue}, 0.16)", "line": {"width": 0}, "mode": "lines",
        "hoverinfo": "skip",
    }  # fmt: skip


def _dots(rows: pd.DataFrame, colour: str, axis: str, settled: str | None) -> list[Drawn]:
    """Returns the dots without a verdict, hollow where labels are still coming."""
    if rows.empty:
        return []
    late = [settled is not None and str(until) > settled for until in rows["until"]]
    symbols = ["circle-open" if hollow else "circle" for hollow in late]
    return [
        {
            "type": "scatter", "x": _middles(rows), "y": list(rows["value"]), "yaxis": axis, "mode": "markers",
            "marker": {"symbol": symbols, "size": 7, "color": colour, "line": {"width": 1.8, "color": colour}},
            "hovertext": _facts(rows), "hoverinfo": "text",
        }
    ]  # fmt: skip


def _whiskers(rows: pd.DataFrame, axis: str) -> list[Drawn]:
    """Returns the intervals as upright lines, one broken line a colour."""
    lines: dict[str, tuple[list[Any], list[Any]]] = {}
    for at, row in zip(_middles(rows), rows.to_dict("records"), strict=True):
        if not missing(row["low"]) and not missing(row["high"]):
            colour = state_of(row["state"]).colour if row["state"] in STATES else UNJUDGED.colour
            xs, ys = lines.setdefault(colour, ([], []))
            xs += [at, at, None]
            ys += [row["low"], row["high"], None]
    return [
        {"type": "scatter", "x": xs, "y": ys, "yaxis": axis, "mode": "lines", "hoverinfo": "skip",
         "line": {"color": colour, "width": 2.5}}
        for colour, (xs, ys) in lines.items()
    ]  # fmt: skip


def _middles(rows: pd.DataFrame) -> list[str]:
    since, until = pd.to_datetime(rows["since"]), pd.to_datetime(rows["until"])
    return [moment.isoformat() for moment in since + (until - since) / 2]


def _facts(rows: pd.DataFrame) -> list[str]:
    return [_fact(row) for row in rows.to_dict("records")]


def _fact(row: Mapping[Any, Any]) -> str:
    unit = unit_of(str(row["metric"]))
    head = window(row["since"], row["until"]) + ("" if missing(row["group"]) else f", {group_name(row['group'])}")
    word = STATES[row["state"]].word if row.get("state") in STATES else ""
    note = "" if missing(row["note"]) else str(row["note"])
    between, of = interval(row["low"], row["high"], unit), made_of(row["numerator"], row["denominator"], unit)
    return hover(head, row["value"], unit, between, of, word, note)
