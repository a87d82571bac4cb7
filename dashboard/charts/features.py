"""Do the inputs look as they used to? Reference against now for one feature; what is missing, by feature and day."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.figure import sheet, upright
from dashboard.charts.palette import REFERENCE, UNJUDGED
from dashboard.charts.words import number

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
