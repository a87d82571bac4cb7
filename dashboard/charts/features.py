"""Do the inputs look as they used to? Reference against now for one feature; what is missing, by feature and day."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import in_unit, sheet, upright
from dashboard.charts.palette import REFERENCE, UNJUDGED
from dashboard.charts.words import number

LONGEST = 12  # letters of a name beside a picture
GAPS = [[0.0, "rgba(173, 122, 0, 0)"], [0.001, "rgba(173, 122, 0, 0.12)"], [1.0, "rgba(173, 122, 0, 0.95)"]]


def reference_against_now(bins: pd.DataFrame, unit: str = "", here: float | None = None) -> go.Figure:
    """Returns a numeric feature's distribution in the reference (grey area) and now (line).

    `bins` has the columns low, high (edges, ascending), reference and now (shares); densities are drawn, so that
    bins of different widths compare. `here` marks the value of one case.
    """
    figure = sheet(height=280)
    low, high = bins["low"].astype(float), bins["high"].astype(float)
    width = (high - low).where(lambda w: w > 0, 1.0)
    x = [*low, float(high.iloc[-1])]
    for name, colour, fill in (("reference", REFERENCE, "rgba(107, 127, 149, 0.28)"), ("now", UNJUDGED.colour, None)):
        density = bins[name].astype(float) / width
        figure.add_scatter(
            x=x, y=[*density, float(density.iloc[-1])], mode="lines", name=name,
            line={"shape": "hv", "color": colour, "width": 1 if fill else 2}, hoverinfo="text",
            fill="tozeroy" if fill else None, fillcolor=fill,
            hovertext=[
                f"{a:.3g} to {b:.3g}<br>{name}: {number(share, 'share')}"
                for a, b, share in zip(low, high, bins[name], strict=True)
            ],
        )  # fmt: skip
    _legend(figure)
    if here is not None:
        upright(figure, here, "this case")
    figure.update_yaxes(showticklabels=False, rangemode="tozero", showgrid=False)
    figure.update_xaxes(title=unit or None)
    return figure


def categories_against_now(shares: pd.DataFrame) -> go.Figure:
    """Returns a categorical feature's shares in the reference (grey diamond) and now (dot), a row each.

    `shares` has the columns category, reference and now.
    """
    rows = shares.sort_values("reference", ascending=False)
    names = [str(name) for name in rows["category"]]
    figure = sheet(height=60 + 30 * len(names))
    for name, a, b in zip(names, rows["reference"], rows["now"], strict=True):
        figure.add_scatter(
            x=[a, b],
            y=[name, name],
            mode="lines",
            line={"color": REFERENCE, "width": 1.5},
            hoverinfo="skip",
            showlegend=False,
        )
    for column, symbol, colour in (("reference", "diamond", REFERENCE), ("now", "circle", UNJUDGED.colour)):
        figure.add_scatter(
            x=rows[column], y=names, mode="markers", name=column,
            marker={"symbol": symbol, "color": colour, "size": 10, "line_color": colour},
            hovertemplate=f"%{{y}}<br>{column}: %{{x:.1%}}<extra></extra>",
        )  # fmt: skip
    _legend(figure)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", showgrid=True)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")  # "1" is a name here, not a number
    return figure


def _legend(figure: go.Figure) -> None:
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "itemclick": False}
    )


def missing_strip(quality: pd.DataFrame) -> go.Figure:
    """Returns the share missing by feature (row) and day (column): the darker, the more; nothing missing is blank.

    `quality` has the columns day, feature, n and missing.
    """
    table = quality.assign(share=quality["missing"] / quality["n"].where(quality["n"] > 0)).pivot_table(
        index="feature", columns="day", values="share", aggfunc="mean"
    )
    table = table.loc[table.mean(axis=1).sort_values(ascending=False).index]
    figure = sheet(height=50 + 20 * len(table))
    figure.add_heatmap(
        x=list(table.columns), y=[str(name) for name in table.index], z=table.to_numpy(), zmin=0, zmax=1, ygap=2,
        colorscale=GAPS, showscale=False, hovertemplate="%{y}, %{x|%-d %B}<br>%{z:.1%} missing<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="")
    figure.update_xaxes(type="date", tickformat="%-d %b", nticks=8)
    return figure


def reasons_strip(turned_away: pd.DataFrame) -> go.Figure:
    """Returns the share of rows turned away by reason (row) and delivery (column, in order of arrival).

    `turned_away` has the columns delivery, arrived, reason, rows, of and share; two deliveries of one name are one.
    """
    order = list(dict.fromkeys(turned_away["delivery"].astype(str)))
    commonest = turned_away.groupby("reason")["rows"].sum().sort_values(ascending=False).index
    table = turned_away.pivot_table(index="reason", columns="delivery", values="share", aggfunc="mean")
    table = table.reindex(index=commonest, columns=order)
    counts = turned_away.pivot_table(index="reason", columns="delivery", values="rows", aggfunc="sum")
    shown = counts.reindex(index=commonest, columns=order).fillna(0).astype(int)
    figure = sheet(height=70 + 26 * len(table))
    figure.add_heatmap(
        x=order, y=[str(name) for name in table.index], z=table.to_numpy(), customdata=shown.to_numpy(), xgap=2, ygap=2,
        colorscale=GAPS, zmin=0, zmax=float(turned_away["share"].max()), showscale=False,
        hovertemplate="%{y}<br>%{x}<br>%{customdata:,} rows, %{z:.2%} of the delivery<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False, ticks="", type="category")
    figure.update_xaxes(type="category", nticks=8)
    return figure


def orders(moves: pd.DataFrame) -> go.Figure:
    """Returns inputs by place in the reference (left) and now (right), a line each; those that moved are drawn strong.

    `moves` has the columns feature, before and after (shares), first and now (places, 1 on top).
    """
    rows = moves[moves["first"].notna() & moves["now"].notna()]
    traces, names = [], []
    for row in rows.to_dict("records"):
        colour = REFERENCE if row["first"] == row["now"] else UNJUDGED.colour
        traces.append({
            "type": "scatter", "x": [0, 1], "y": [row["first"], row["now"]], "mode": "lines+markers",
            "line": {"color": colour, "width": 1.5 if row["first"] == row["now"] else 2.5}, "marker": {"size": 9},
            "hoverinfo": "text", "hovertext": [f"<b>{row['feature']}</b>"] * 2, "cliponaxis": False,
        })  # fmt: skip
    for side, place, share, anchor in ((0, "first", "before", "right"), (1, "now", "after", "left")):
        for at, alike in rows.groupby(place, sort=True):
            words = ", ".join(
                f"{_short(name)} {number(part, 'share')}"
                for name, part in zip(alike["feature"], alike[share], strict=True)
            )
            shift = -12 if anchor == "right" else 12
            names.append({
                "x": side, "y": at, "text": words, "showarrow": False, "xanchor": anchor, "xshift": shift,
            })  # fmt: skip
    last = max(2.0, float(rows[["first", "now"]].max().max()))
    return sheet(
        70 + 34 * int(last), traces, annotations=names,
        xaxis={"range": [-0.9, 1.9], "tickvals": [0, 1], "ticktext": ["reference", "now"], "side": "top", "ticks": ""},
        yaxis={"range": [last + 0.5, 0.5], "showticklabels": False, "showgrid": False},
    )  # fmt: skip


def _short(name: object) -> str:
    """Returns a name that fits beside a picture on a phone; the table below it has all of it."""
    return text if len(text := str(name)) <= LONGEST else f"{text[: LONGEST - 1]}…"


def shares_of_inputs(rows: pd.DataFrame) -> go.Figure:
    """Returns each input's share of all importances with its limits; `rows` has feature, share, low and high."""
    known = rows[rows["share"].notna()]
    reach = [(known["high"] - known["share"]).tolist(), (known["share"] - known["low"]).tolist()]
    trace = {
        "type": "scatter", "mode": "markers", "x": known["share"].tolist(), "y": list(range(len(known))),
        "error_x": {"type": "data", "array": reach[0], "arrayminus": reach[1], "thickness": 2, "width": 0},
        "marker": {"size": 11, "color": UNJUDGED.colour}, "hoverinfo": "text", "cliponaxis": False,
        "hovertext": [
            f"<b>{name}</b><br>{number(share, 'share')}"
            for name, share in zip(known["feature"], known["share"], strict=True)
        ],
    }  # fmt: skip
    top = min(1.0, 1.08 * float(known["high"].fillna(known["share"]).max() if len(known) else 1.0))
    return sheet(
        60 + 32 * max(len(known), 1), [trace],
        xaxis=in_unit(-0.01, top, "share") | {"showgrid": True, "rangemode": "tozero"},
        yaxis={
            "tickvals": list(range(len(known))), "ticktext": [str(name) for name in known["feature"]],
            "range": [len(known) - 0.4, -0.6], "showgrid": False, "ticks": "",
        },
    )  # fmt: skip
