"""When labels come: the share that has come by each day after the prediction, and what is missing by day."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.features import GAPS
from dashboard.charts.figure import DATES, Drawn, level_of, sheet, upright_of
from dashboard.charts.palette import UNJUDGED, group_colours
from dashboard.charts.words import day, group_name, in_order, interval, number

NEARLY_ALL = 0.99
MOST = 8  # lines that can be told apart
NAMED_AT = (0.3, 0.9)  # between which shares the names of lines stand, so that none covers another


def delay_curves(curves: pd.DataFrame, reference: str | None = None) -> go.Figure:
    """Returns how many labels have come by each day, a step line for each group, its interval pale behind it.

    `curves` has the columns group (or None), delay, share, low, high and n; of more than eight groups the largest are
    drawn.
    """
    groups = drawn_groups(curves)
    colours = group_colours(groups, reference)
    line, words = level_of(NEARLY_ALL, "99 of 100")
    traces: list[Drawn] = []
    names: list[Drawn] = [words]
    lowest, highest = NAMED_AT
    for place, group in enumerate(groups or [None]):
        rows = curves if group is None else curves[curves["group"] == group]
        colour = colours.get(group or "", UNJUDGED.colour)
        traces += [*_band(rows, colour), _step(rows, group, colour)]
        at = lowest + (highest - lowest) * (place + 0.5) / max(len(groups), 1)
        names += [
            {"x": int(found), "y": at, "text": group_name(group), "showarrow": False, "xanchor": "left", "xshift": 6,
             "font": {"color": colour}}
            for found in rows.loc[rows["share"] >= at, "delay"][:1]
        ]  # fmt: skip
    shares = {"tickformat": ".0%", "range": [0, 1.08], "tickvals": [0, 0.25, 0.5, 0.75, 1]}
    days = {"title": {"text": "days after the prediction"}, "rangemode": "tozero"}
    return sheet(300, traces, shapes=[line], annotations=names, xaxis=days, yaxis=shares)


def drawn_groups(curves: pd.DataFrame) -> list[str]:
    """Returns the groups that are drawn, in their order everywhere; [] where there are none."""
    largest = curves.dropna(subset="group").groupby("group")["n"].max().sort_values(ascending=False)
    return in_order(str(group) for group in largest.index[:MOST])


def _band(rows: pd.DataFrame, colour: str) -> list[Drawn]:
    edge = {"x": rows["delay"].tolist(), "mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
    channels = ", ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return [
        edge | {"y": rows["low"].tolist()},
        edge | {"y": rows["high"].tolist(), "fill": "tonexty", "fillcolor": f"rgba({channels}, 0.18)"},
    ]


def _step(rows: pd.DataFrame, group: str | None, colour: str) -> Drawn:
    return {
        "x": rows["delay"].tolist(), "y": rows["share"].tolist(), "mode": "lines", "hoverinfo": "text",
        "line": {"shape": "hv", "color": colour, "width": 2},
        "hovertext": [
            f"<b>{group_name(group)}</b><br>{number(row['share'], 'share')} within {row['delay']} days"
            f"<br>{interval(row['low'], row['high'], 'share')}"
            for row in rows.to_dict("records")
        ],
    }  # fmt: skip


def missing_labels(coverage: pd.DataFrame, settled: str | None = None) -> go.Figure:
    """Returns the share of cases without their label by group (row) and day (column): the darker, the more.

    `coverage` are readings of label_coverage by day; from the day `settled` on labels are still coming.
    """
    known = coverage[coverage["value"].notna()]
    gaps = known.assign(missing=1 - known["value"].astype(float), group=known["group"].fillna(""))
    table = gaps.pivot_table(index="group", columns="since", values="missing", aggfunc="mean")
    table = table.reindex(in_order(table.index))
    strip = {
        "type": "heatmap", "x": list(table.columns), "y": [group_name(name or None) for name in table.index],
        "z": table.to_numpy(), "zmin": 0, "zmax": 1, "ygap": 2, "colorscale": GAPS, "showscale": False,
        "hovertemplate": "%{y}, %{x|%-d %B}<br>%{z:.1%} without label<extra></extra>",
    }  # fmt: skip
    if table.empty:
        return sheet(84)
    half = pd.Timedelta(hours=12)
    drawn: dict[str, list[Drawn]] = {}
    if settled is not None and settled in table.columns[1:]:
        edge = pd.Timestamp(settled)
        words_on_top = f"labels complete to {day(edge - 2 * half)}"
        line, words = upright_of((edge - half).isoformat(), words_on_top)
        drawn = {
            "shapes": [line | {"layer": "above"}],
            "annotations": [words | {"xanchor": "right", "xshift": -3}],
        }
    ends = [pd.Timestamp(table.columns[0]) - half, pd.Timestamp(table.columns[-1]) + half]
    rows = {"autorange": "reversed", "showgrid": False, "ticks": "", "type": "category"}
    room = {"l": 8, "r": 8, "t": 28, "b": 8}
    return sheet(
        84 + 22 * len(table),
        [strip],
        margin=room,
        xaxis=DATES | {"range": [end.isoformat() for end in ends]},
        yaxis=rows,
        **drawn,
    )
